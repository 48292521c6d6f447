"""Every page of a firm, on a phone and wide, by day and by night: looked at, read out, weighed, followed

The two demo firms, one by its slug and one on its own domain, and one whose texts mean harm. What each looks
like is kept under build/<preset>/screenshots.
"""

import html.parser
import json
import urllib.parse

import pytest

from tests.support.browser import well_behaved
from tests.support.stack import ROOT

HEAVIEST = 60_000
FIRMS = {
    "doerfler": ("", "/doerfler-ag", "de"),
    "salon": ("www.salon-lumiere.example", "/", "fr"),
}


class Links(html.parser.HTMLParser):
    """The addresses that a page of ours leads to, and what it is made of."""

    def __init__(self, text):
        super().__init__()
        self.pages, self.files = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" and attributes.get("href"):
            self.pages.add(attributes["href"])
        if tag in ("script", "img") and attributes.get("src"):
            self.files.add(attributes["src"])
        if tag == "link" and attributes.get("rel") in ("stylesheet", "icon", "alternate", "canonical"):
            self.files.add(attributes["href"])


def crawl(stack, host, start):
    """Every address of ours that can be reached from start: {address: (status, type)}."""
    own = f"http://{host}" if host else stack.base
    port = stack.base.rsplit(":", 1)[1]
    seen, waiting = {}, [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        # Not stack.get(): docs/openapi.yaml names the addresses with a slug.
        answer = stack.session.get(stack.base + path, headers={"Host": f"{host}:{port}"} if host else None, timeout=40)
        kind = answer.headers["Content-Type"].split(";")[0]
        seen[path] = (answer.status_code, kind)
        if kind != "text/html":
            continue
        links = Links(answer.text)
        for target in links.pages | links.files:
            there = urllib.parse.urlsplit(urllib.parse.urljoin(f"{own}{path}", target))
            if there.scheme not in ("http", "https") or there.netloc not in (host, f"{host}:{port}", stack.base[7:]):
                continue
            waiting.append(there.path + (f"?{there.query}" if there.query else ""))
    return seen


def places(seen):
    """Those pages of a crawl that differ in more than their language or what they were asked for; one service of all."""
    pages = sorted({p.split("?")[0] for p, (_, kind) in seen.items() if kind == "text/html"})
    services = [p for p in pages if "/leistungen/" in p]
    ways = sorted(p for p in seen if "/anfrage?flow=" in p and "&" not in p)
    return [p for p in pages if p not in services[1:]] + ways


def check_place(browser, url, name, status=200):
    seen = browser.do("visit", url=url, pictures=f"{name}-{{look}}")
    assert seen["status"] == status
    assert len(seen["headings"]) == 1 and seen["headings"][0].strip()
    assert seen["title"].strip()
    assert seen["violations"] == []
    assert seen["overflow"] == []
    assert [role for role, said in seen["spoken"] if not said.strip()] == []
    assert 2000 < seen["bytes"] < HEAVIEST
    well_behaved(seen)
    return seen


@pytest.fixture(scope="module")
def crawled(stack):
    return {firm: crawl(stack, host, start) for firm, (host, start, _) in FIRMS.items()}


@pytest.mark.parametrize("firm", FIRMS)
def test_every_link_leads_somewhere(crawled, firm):
    seen = crawled[firm]
    prefix = FIRMS[firm][1].rstrip("/")
    assert {p: a for p, a in seen.items() if a[0] != 200} == {}
    for page in ("leistungen", "kontakt", "anfrage", "impressum", "datenschutz"):
        assert f"{prefix}/{page}" in seen
    assert sum("/leistungen/" in p and "?" not in p for p in seen) == {"doerfler": 4, "salon": 3}[firm]
    assert any("lang=en" in p for p in seen)


@pytest.mark.parametrize("firm", FIRMS)
def test_every_page(browser, stack, crawled, firm):
    host, start, language = FIRMS[firm]
    base = f"http://{host}:{stack.base.rsplit(':', 1)[1]}" if host else ""
    for place in places(crawled[firm]):
        name = place.strip("/").replace("?flow=", "-").replace("/", "-") or "home"
        seen = check_place(browser, base + place, f"{firm}-{name}")
        assert seen["language"] == language


def test_a_firm_that_says_little(browser, stack):
    """Missing parts leave no hole; without the module there is one page with the ways to reach the firm, and the form."""
    plain = stack.tenant()
    bare = stack.tenant(modules={"website": False})
    for firm, name in ((plain, "plain"), (bare, "bare")):
        seen = check_place(browser, f"/{firm.slug}", f"{name}-home")
        assert firm.phone[3:5] in seen["text"]
        check_place(browser, f"/{firm.slug}/anfrage", f"{name}-anfrage")
    assert {a[0] for a in crawl(stack, "", f"/{bare.slug}").values()} == {200}


def test_what_is_not_there(browser, stack):
    for url, name in (("/doerfler-ag/gibt-es-nicht", "404-firm"), ("/niemand-da", "404-nobody"), ("/a/0123456789abcdefghij", "404-alert")):
        check_place(browser, url, name, 404)
