"""problems - what a problem document must be, by lib/problem.def and the route's page"""

import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPE = "urn:opsfabric:problem:"


@functools.lru_cache(maxsize=None)
def table():
    """slug -> (status, seconds of Retry-After, title)"""
    text = (ROOT / "lib/problem.def").read_text()
    rows = re.findall(r'^PROBLEM\(\w+, (\d+), (\d+),\s*"([a-z-]+)",\s*"([^"]+)"\)', text, re.M)
    return {slug: (int(status), int(again), title) for status, again, slug, title in rows}


@functools.lru_cache(maxsize=None)
def of_page(route):
    """The slugs that docs/routes/<route>.md lists."""
    page = (ROOT / f"docs/routes/{route}.md").read_text()
    return set(re.findall(r"^\| \d{3} \| `([a-z-]+)` \|", page, re.M))


def check(answer, slug, pointer=None, route=None):
    """The answer is this problem, complete, about that field, and the route's page knows it. Returns it."""
    status, again, title = table()[slug]
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.get("Retry-After") == (str(again) if again else None)
    problem = answer.json()
    assert problem["type"] == TYPE + slug
    assert problem["title"] == title
    assert problem["status"] == status
    assert problem["instance"] == answer.headers["X-Request-Id"]
    assert set(problem) <= {"type", "title", "status", "detail", "instance", "errors"}
    pointers = [e["pointer"] for e in problem.get("errors", [])]
    assert pointers == ([] if pointer is None else [pointer]), problem
    if route is not None:
        assert slug in of_page(route), f"docs/routes/{route}.md does not list {slug}"
    return problem
