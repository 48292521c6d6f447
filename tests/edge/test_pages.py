"""What nginx does with pages: keeps them some seconds, shows them while everything else is away, and hands out their files"""

import concurrent.futures
import gzip
import re
import time
import uuid

import pytest
import requests

from tests.edge.test_nginx import Raw, own_nginx
from tests.support import page as pages
from tests.support.processes import Processes
from tests.support.stack import ROOT, wait_for

FRESH = 5  # seconds for which a page is kept
OLD = FRESH + 10  # and for which an old one is shown while a new one is fetched


def log(stack):
    return (stack.state / "log" / "page.log").read_text(errors="replace")


def reached(stack, *answers, least=()):
    """Those of the answers that the program made; least are among them, whose lines may be late."""
    wait_for(lambda: all(a.headers["X-Request-Id"] in log(stack) for a in least), what="the lines in page.log")
    # That of a later request comes after those before it, on either worker soon.
    for _ in range(4):
        last = stack.get(f"/doerfler-ag?past={uuid.uuid4().hex}")
        wait_for(lambda a=last: a.headers["X-Request-Id"] in log(stack), what="the line in page.log")
    return [a for a in answers if a.headers["X-Request-Id"] in log(stack)]


def while_fresh(ask):
    """What ask() returns where all of it was asked while the first page was fresh: else it is asked once more."""
    def asked():
        begun = time.monotonic()
        answers = ask()
        return answers if time.monotonic() - begun < FRESH - 1 else None

    return wait_for(asked, 120, "a machine that is quick enough")


# ---- what is kept --------------------------------------------------------------------------------


def test_a_kept_page_reaches_no_program(stack):
    def ask():
        path = f"/{stack.tenant().slug}"
        return [stack.get(path) for _ in range(21)]

    first, *again = while_fresh(ask)
    assert {a.text for a in again} == {first.text} and first.status_code == 200
    assert len({a.headers["X-Request-Id"] for a in [first, *again]}) == 21
    assert reached(stack, first, *again, least=[first]) == [first]


def test_of_many_who_come_at_once_one_reaches_the_program(stack):
    def ask():
        path = f"/{stack.tenant().slug}/kontakt"
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            return list(pool.map(lambda _: requests.get(stack.base + path, timeout=60), range(40)))

    answers = while_fresh(ask)
    assert {a.status_code for a in answers} == {200} and len({a.text for a in answers}) == 1
    # Who made the page may write its line late.
    assert len(wait_for(lambda: reached(stack, *answers), what="the line of one")) == 1


def test_each_language_is_kept_by_itself(stack):
    def ask():
        path = f"/{stack.tenant().slug}"
        return [stack.get(path + query) for query in ("", "?lang=fr") * 2]

    german, french, *again = while_fresh(ask)
    assert [pages.Page(a.text).all("html")[0]["lang"] for a in (german, french, *again)] == ["de", "fr"] * 2
    assert reached(stack, german, french, *again, least=[german, french]) == [german, french]


@pytest.mark.parametrize("query", ["x=1", "lang=xx", "lang=fr&x=1", "LANG=fr", "lang="])
def test_what_is_asked_for_otherwise_is_for_one(stack, query):
    firm = stack.tenant()
    answers = [stack.get(f"/{firm.slug}?{query}") for _ in range(2)]
    assert reached(stack, *answers, least=answers) == answers
    stack.get(f"/{firm.slug}")
    third = stack.get(f"/{firm.slug}?{query}")
    assert reached(stack, third, least=[third]) == [third]


def test_head_keeps_the_whole_page(stack):
    def ask():
        path = f"/{stack.tenant().slug}"
        return stack.request("HEAD", path), stack.get(path)

    head, page = while_fresh(ask)
    assert head.content == b"" and pages.check(page).texts("h1") == ["Muster Haustechnik AG"]
    assert reached(stack, head, page, least=[head]) == [head]


def test_a_change_is_seen_within_seconds(stack):
    firm = stack.tenant()
    stack.get(f"/{firm.slug}")
    stack.command("tenant", "set", firm.slug, "config.hero.claim=Ganz neu.")
    begun = time.monotonic()
    wait_for(lambda: "Ganz neu." in stack.get(f"/{firm.slug}").text, what="the new claim")
    assert time.monotonic() - begun < 2 * FRESH + 35


def test_a_post_is_no_question_for_a_kept_page(stack):
    stack.get("/doerfler-ag")
    assert stack.post("/doerfler-ag", form={"a": "b"}).status_code == 405


def test_a_404_of_nobody_is_not_kept(stack):
    slug = "t-" + uuid.uuid4().hex[:12]
    assert stack.get(f"/{slug}").status_code == 404
    stack.tenant(slug=slug)
    assert stack.get(f"/{slug}").status_code == 200


def test_two_hosts_in_one_request_are_one(stack):
    """The one that nginx keeps the page under is the one whose page it is."""
    port = stack.base.rsplit(":", 1)[1]
    own = "www.salon-lumiere.example"
    for line, host in ((f"http://{own}:{port}/impressum", "nobody.example"), (f"http://nobody.example:{port}/impressum", own)):
        answer = Raw(stack, f"GET {line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.status_code == (200 if own in line else 404)
    assert stack.get("/impressum", headers={"Host": own}).status_code == 200
    assert stack.get("/impressum", headers={"Host": "nobody.example"}).status_code == 404


# ---- while something is away ------------------------------------------------------------------------


def stays(get, before, seconds):
    """These pages, by path, are shown as they were for so long."""
    begun = time.monotonic()

    def look():
        for path, text in before.items():
            answer = get(path)
            assert (answer.status_code, answer.text) == (200, text), path
        return time.monotonic() - begun > seconds

    wait_for(look, seconds + 20, "the pages to be old")


def test_pages_are_shown_while_postgres_is_away(own_stack):
    """As long as it lasts; what nobody has seen lately is told to be unavailable, as a page."""
    seen = ["/doerfler-ag", "/doerfler-ag/kontakt", "/doerfler-ag?lang=fr"]
    before = {path: own_stack.get(path).text for path in seen}
    processes = Processes(own_stack)
    processes.stop_database()
    try:
        failed = log(own_stack).count(" 503 ")
        stays(own_stack.get, before, OLD + 2)
        # They were too old by then, and the program was asked in vain.
        assert log(own_stack).count(" 503 ") > failed + len(seen)
        answer = own_stack.get("/doerfler-ag/impressum")
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "2"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert own_stack.get("/").status_code == 302
    finally:
        processes.start_database()
    processes.wait_database()
    wait_for(lambda: own_stack.get("/doerfler-ag/impressum").status_code == 200, what="the page that was not there")


def test_pages_are_shown_while_the_program_is_away(stack, tmp_path):
    path = tmp_path / "away"
    path.symlink_to(stack.state / "run" / "page.sock")
    firm = stack.tenant()
    with own_nginx(stack, tmp_path, {"page": path}) as server:
        before = {f"/{firm.slug}": server.get(f"/{firm.slug}").text}
        path.unlink()
        stays(server.get, before, FRESH + 1)
        assert server.get(f"/{firm.slug}/kontakt").status_code == 503


# ---- files --------------------------------------------------------------------------------------


def assets(stack):
    build = (stack.state / "programs").resolve()
    return dict(re.findall(r'"\w+", "(/assets/(\w+)-[0-9a-f]{8}\.\w+)"', (build / "generated/assets.def").read_text()))


def test_files_are_kept_for_ever_under_the_hash_of_what_is_in_them(stack):
    listed = assets(stack)
    assert {f"{name}" for name in listed.values()} == {p.stem for p in (ROOT / "nginx/assets").iterdir()}
    kinds = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml; charset=utf-8"}
    for address, name in listed.items():
        answer = stack.get(address)
        kind = address.rsplit(".", 1)[1]
        assert answer.status_code == 200 and answer.headers["Content-Type"] == kinds[kind]
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        # As it was written, but that what it names is named by its hash as well.
        written = (ROOT / f"nginx/assets/{name}.{kind}").read_text()
        assert re.sub(r"(\./\w+)-[0-9a-f]{8}\.", r"\1.", answer.text) == written
        for other in re.findall(r"\./([\w-]+\.\w+)", answer.text):
            assert f"/assets/{other}" in listed, (address, other)


def test_a_name_of_before_leads_to_the_newest(stack):
    """A page that was kept over an upgrade is never without its style."""
    newest = stack.get(next(a for a, name in assets(stack).items() if name == "site"))
    for name in ("site-00000000.css", "site.css"):
        answer = stack.get(f"/assets/{name}")
        assert answer.status_code == 200 and answer.text == newest.text
        assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("path", [
    "/assets/", "/assets", "/assets/nothing-00000000.css", "/assets/nothing.css", "/assets/site-0000000.css", "/assets/../opsfabric.conf",
    "/assets/%2e%2e/opsfabric.conf", "/assets/site.css/", "/.newest/assets/site.css", "/.newest/assets/site-00000000.css",
])
def test_there_is_nothing_else(stack, path):
    answer = Raw(stack, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.status_code == 404 and "text/html" in answer.headers["Content-Type"]


def test_pages_and_files_travel_small(stack):
    for path in ("/doerfler-ag", *assets(stack)):
        with requests.get(stack.base + path, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=30) as answer:
            raw = answer.raw.read(decode_content=False)
            whole = requests.get(stack.base + path, headers={"Accept-Encoding": "identity"}, timeout=30)
            assert "Content-Encoding" not in whole.headers
            if len(whole.content) < 512:  # a packet is a packet
                continue
            assert answer.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in answer.headers["Vary"]
            assert gzip.decompress(raw) == whole.content and len(raw) < len(whole.content), path


# ---- what nginx says itself ----------------------------------------------------------------------


def test_errors_keep_to_the_policy_as_well(stack):
    for path, status in (("/index.html", 404), ("/r/abc", 404), ("/nobody-at-all", 404)):
        answer = stack.get(path)
        assert answer.status_code == status
        assert pages.policy_of(answer) == {"default-src": "'none'", "style-src": "'self'", "base-uri": "'none'",
                                           "form-action": "'none'", "frame-ancestors": "'none'"}
        page = pages.Page(answer.text)
        pages.check_runs_nothing(page)
        for a in page.all("link", rel="stylesheet"):
            assert stack.get(a["href"]).status_code == 200
