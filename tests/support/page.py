"""page - a page as a browser reads it, and what holds for every page of ours"""

import html.parser
import json
import re
import urllib.parse

POLICY = {
    "default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "img-src": "'self' data: blob:",
    "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(html.parser.HTMLParser):
    """Elements with their attributes and text, in order. An element that is closed wrongly is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []  # [tag, attributes, text inside, open elements around it]
        self.open = []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        element = [tag, dict(attrs), "", [e[0] for e in self.open]]
        self.elements.append(element)
        if tag == "br":
            self.handle_data(" ")
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, [e[0] for e in self.open], self.getpos())
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, tag, **attrs):
        """Attributes of all elements of that name which have these."""
        return [a for name, a, _, _ in self.elements if name == tag and all(a.get(k.rstrip("_")) == v for k, v in attrs.items())]

    def texts(self, tag):
        return [" ".join(text.split()) for name, _, text, _ in self.elements if name == tag]

    def meta(self, name):
        (one,) = [a["content"] for a in self.all("meta") if name in (a.get("name"), a.get("property"))]
        return one

    def schema(self):
        """The JSON-LD, read as JSON."""
        scripts = [text for name, a, text, _ in self.elements if name == "script" and a.get("type") == "application/ld+json"]
        return [json.loads(text) for text in scripts]

    def links(self):
        return [a["href"] for a in self.all("a")]

    @property
    def text(self):
        (body,) = [text for name, _, text, _ in self.elements if name == "body"]
        return " ".join(body.split())


def policy_of(answer):
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


def check(answer, status=200, lang="de", logo="", braces=False):
    """What holds for every page of a firm. Returns it read."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = policy_of(answer)
    assert policy == {**POLICY, "img-src": POLICY["img-src"] + logo}
    page = Page(answer.text)
    assert page.all("html") == [{"lang": lang}]
    assert len(page.texts("h1")) == 1 and page.texts("h1")[0]
    assert len(page.texts("title")) == 1 and page.texts("title")[0]
    assert len(page.all("main")) == 1
    check_runs_nothing(page)
    check_headings(page)
    ids = [a["id"] for _, a, _, _ in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    # Every icon that is used is there.
    assert {a["href"] for a in page.all("use")} <= {f"#{i}" for i in ids}
    # Nothing that a template left behind.
    assert braces or not re.search(r"\{\{|\}\}|\{[a-z]+\}", re.sub(r"<script.*?</script>", "", answer.text, flags=re.S))
    return page


def check_runs_nothing(page):
    """No script or style in the page itself: the policy would refuse it, and say so in everybody's console."""
    assert page.all("style") == []
    for tag, attrs, text, _ in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], (tag, attrs)
        for name in ("href", "src", "action"):
            assert not re.match(r"\s*(javascript|vbscript|data:text)", attrs.get(name) or "", re.I), (tag, attrs)
        if tag == "script" and attrs.get("type") != "application/ld+json":
            assert text.strip() == "" and attrs["src"].startswith("/assets/"), (attrs, text)
    for a in page.all("link", rel="stylesheet"):
        assert a["href"].startswith("/") and not a["href"].startswith("//"), a


def check_headings(page):
    """They go down one step at a time, as who hears the page moves by them."""
    levels = [int(tag[1]) for tag, _, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1, levels
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:])), levels


def internal(base, links):
    """Of these addresses those on this host, without their fragments."""
    out = []
    for link in links:
        whole = urllib.parse.urljoin(base, link)
        if urllib.parse.urlsplit(whole).netloc == urllib.parse.urlsplit(base).netloc:
            out.append(urllib.parse.urldefrag(whole).url)
    return sorted(set(out))
