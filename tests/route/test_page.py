"""GET /<slug>...: a firm's pages, as they are made from its config, in each language, whatever stands in there"""

import copy
import json
import re
import subprocess
import uuid
import xml.etree.ElementTree

import pytest
import requests

from tests.support import page as pages
from tests.support.stack import ROOT, mobile, wait_for

DEMO = {path.stem: json.loads(path.read_text()) for path in (ROOT / "schema/demo").glob("*.json")}
PAGES = ["", "/leistungen", "/kontakt", "/impressum", "/datenschutz"]
NOON = "2026-07-08T12:00:00+02:00"  # a Wednesday
KB = 1024


def addresses(slug):
    document = DEMO[slug]
    services = [f"/leistungen/{s['slug']}" for s in document["config"]["services"]]
    for language in document["config"]["languages"]:
        query = "" if language == document["config"]["language"] else f"?lang={language}"
        for path in PAGES + services:
            yield language, f"/{slug}{path}{query}"


EVERY = [pytest.param(slug, language, path, id=path) for slug in sorted(DEMO) for language, path in addresses(slug)]


def see(stack, path, status=200, lang="de", logo="", braces=False):
    """Past what nginx has kept of it, so that a test sees what it made."""
    join = "&" if "?" in path else "?"
    answer = stack.get(f"{path}{join}fresh={uuid.uuid4().hex}")
    return pages.check(answer, status, lang, logo, braces)


def firm_of(stack, **config):
    return stack.tenant(config={"language": "de", "languages": ["de", "fr", "it", "en"], **config})


# ---- every page of the demo firms --------------------------------------------------------------


@pytest.mark.parametrize("slug, language, path", EVERY)
def test_every_page_is_whole(stack, slug, language, path):
    answer = stack.get(path)
    page = pages.check(answer, lang=language)
    name = DEMO[slug]["name"]
    assert name in page.texts("title")[0]
    assert 20 <= len(page.meta("description")) <= 330
    assert answer.headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=10"
    assert "Set-Cookie" not in answer.headers
    # What the firm can be reached by stands on each of them.
    assert f"tel:{DEMO[slug]['phone']}" in page.links()
    for what in ("impressum", "datenschutz", "anfrage"):
        assert [l for l in page.links() if l.split("?")[0] == f"/{slug}/{what}"], what
    languages = {a["hreflang"] for a in page.all("link", rel="alternate")}
    assert languages == {*DEMO[slug]["config"]["languages"], "x-default"}


@pytest.mark.parametrize("slug", sorted(DEMO))
def test_every_link_between_the_pages_is_answered(stack, slug):
    """From page to page, as a visitor would: whatever is linked is there, in the language of the page it stands on."""
    todo, seen = [f"{stack.base}/{slug}"], {}
    while todo:
        url = todo.pop()
        if url in seen:
            continue
        answer = requests.get(url, allow_redirects=False, timeout=30)
        seen[url] = answer.status_code
        if "/anfrage" in url or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = pages.Page(answer.text)
        linked = [a["href"] for a in page.all("link", rel="stylesheet")] + page.links()
        todo += pages.internal(url, linked)
        lang = page.all("html")[0]["lang"]
        own = DEMO[slug]["config"]["language"]
        for href in page.links():
            if href.startswith(f"/{slug}") and not [a for a in page.all("a", href=href) if "hreflang" in a]:
                assert ("lang=" in href) == (lang != own), (url, href)
    assert set(seen.values()) == {200}, seen
    count = len(list(addresses(slug)))
    assert len([u for u in seen if not u.endswith(".css") and "/anfrage" not in u]) == count


@pytest.mark.parametrize("slug", sorted(DEMO))
def test_a_page_with_all_that_it_brings_is_small(stack, slug):
    for path in (f"/{slug}", f"/{slug}/kontakt", f"/{slug}/datenschutz"):
        total = 0
        page = pages.Page(stack.get(path).text)
        files = [a["href"] for a in page.all("link", rel="stylesheet")] + [a["src"] for a in page.all("script") if "src" in a]
        for one in [path, *files]:
            with stack.session.get(stack.base + one, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=30) as answer:
                raw = answer.raw.read(decode_content=False)
                total += len(raw) + sum(len(k) + len(v) + 4 for k, v in answer.headers.items())
        assert total < 60 * KB, (path, total)
        assert total < 20 * KB, (path, total)  # what they are now; a picture more has to be meant


@pytest.mark.parametrize("slug", sorted(DEMO))
def test_home_shows_what_the_config_says(stack, slug):
    document, config = DEMO[slug], DEMO[slug]["config"]
    page = see(stack, f"/{slug}", lang=config["language"])
    assert page.texts("h1") == [config["hero"]["claim"]]
    said = page.text
    wanted = [config["hero"]["subclaim"], *config["hero"]["benefits"], *config["certifications"], *config["service_area"],
              config["contact_person"], str(config["founded_year"]), str(config["google_review_count"])]
    wanted += [s[k] for s in config["services"] for k in ("name", "short_description")]
    wanted += [r[k] for r in config["reviews"] for k in ("text", "author", "ort")]
    assert [w for w in wanted if w not in said] == []
    assert f"{config['google_rating']}".replace(".", "," if config["language"] == "fr" else ".") in said
    assert page.all("a", href=f"tel:{document['phone']}")


@pytest.mark.parametrize("slug", sorted(DEMO))
def test_a_service_has_its_text_and_leads_to_its_request(stack, slug):
    config = DEMO[slug]["config"]
    for service in config["services"]:
        page = see(stack, f"/{slug}/leistungen/{service['slug']}", lang=config["language"])
        assert page.texts("h1") == [service["name"]]
        assert [w for w in (service["description"], *service["features"], service["cta_text"]) if w not in page.text] == []
        assert f"/{slug}/anfrage?intent={service['cta_intent']}" in page.links()
        others = {f"/{slug}/leistungen/{s['slug']}" for s in config["services"]} - {f"/{slug}/leistungen/{service['slug']}"}
        assert others <= set(page.links())


def test_contact_has_hours_of_each_day_and_days_off(stack, clock):
    clock(NOON)
    page = see(stack, "/doerfler-ag/kontakt")
    assert page.texts("th") == ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]
    assert page.texts("td") == ["07:00–12:00, 13:00–17:30"] * 4 + ["07:00–12:00, 13:00–16:00", "geschlossen", "geschlossen"]
    assert [a.get("class") for a in page.all("tr")] == [None, None, "is-today", None, None, None, None]
    for day in ("25. Dezember 2026", "26. Dezember 2026", "1. Januar 2027", "26. März 2027"):
        assert day in page.texts("li")
    assert "Seestrasse 114 8810 Horgen" in page.text and "Reto Dörfler" in page.text
    french = see(stack, "/doerfler-ag/kontakt?lang=fr", lang="fr")
    assert "1er janvier 2027" in french.texts("li") and french.texts("th")[0] == "lundi"


@pytest.mark.parametrize("instant, said", [
    (NOON, "Heute offen 07:00–12:00, 13:00–17:30"),
    ("2026-07-11T12:00:00+02:00", "Heute geschlossen"),  # a Saturday
    ("2026-12-25T12:00:00+01:00", "Heute geschlossen"),  # a holiday on a Friday
    ("2026-07-07T23:30:00+02:00", "Heute offen 07:00–12:00, 13:00–17:30"),
    ("2026-07-10T00:30:00+02:00", "Heute offen 07:00–12:00, 13:00–16:00"),  # Friday in Zurich, Thursday in London
])
def test_hours_today_are_those_of_the_firms_zone(stack, clock, instant, said):
    clock(instant)
    assert said in see(stack, "/doerfler-ag").text


# ---- JSON-LD -----------------------------------------------------------------------------------


def test_the_firm_is_told_to_search_engines_as_the_config_says(stack):
    (firm,) = see(stack, "/doerfler-ag").schema()
    document, config = DEMO["doerfler-ag"], DEMO["doerfler-ag"]["config"]
    assert firm["@context"] == "https://schema.org" and firm["name"] == document["name"]
    assert firm["telephone"] == document["phone"] and firm["url"] == f"{stack.base}/doerfler-ag"
    assert firm["address"] == {"@type": "PostalAddress", "streetAddress": config["address"], "postalCode": config["plz"],
                               "addressLocality": config["ort"], "addressCountry": "CH"}
    hours = [(h["dayOfWeek"].rsplit("/", 1)[1].lower(), h["opens"], h["closes"]) for h in firm["openingHoursSpecification"]]
    assert hours == [(day, s["from"], s["to"]) for day, slots in config["hours"].items() for s in slots]
    assert (firm["aggregateRating"]["ratingValue"], firm["aggregateRating"]["reviewCount"]) == (4.8, 127)
    assert firm["areaServed"] == config["service_area"] and firm["foundingDate"] == "1974"
    offers = firm["hasOfferCatalog"]["itemListElement"]
    assert [o["itemOffered"]["name"] for o in offers] == [s["name"] for s in config["services"]]
    assert all(requests.get(o["itemOffered"]["url"], timeout=30).status_code == 200 for o in offers)
    assert [(r["author"]["name"], r["reviewRating"]["ratingValue"], r["reviewBody"]) for r in firm["review"]] == [
        (r["author"], r["rating"], r["text"]) for r in config["reviews"]]


def accepted(stack, tmp_path, schemas):
    """What schema.org's own vocabulary, as types for TypeScript, says about them: "" or where they are wrong."""
    node = ROOT / "tests/node_modules"
    (tmp_path / "node_modules").exists() or (tmp_path / "node_modules").symlink_to(node)
    types = sorted({s["@type"] for s in schemas})
    lines = [f"import type {{ WithContext, {', '.join(types)} }} from 'schema-dts';"]
    lines += [f"export const s{n}: WithContext<{s['@type']}> = {json.dumps(s)};" for n, s in enumerate(schemas)]
    (tmp_path / "schemas.ts").write_text("\n".join(lines))
    done = subprocess.run(
        ["node", node / "typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution",
         "nodenext", "schemas.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


def test_a_validator_accepts_it(stack, tmp_path):
    paths = [path for slug in sorted(DEMO) for language, path in addresses(slug) if language == DEMO[slug]["config"]["language"]]
    found = [s for path in paths for s in pages.Page(stack.get(path).text).schema()]
    found += see(stack, f"/{stack.tenant(config=None).slug}").schema()
    assert {s["@type"] for s in found} == {"HomeAndConstructionBusiness", "HealthAndBeautyBusiness", "Service", "LocalBusiness"}
    assert accepted(stack, tmp_path, found) == ""
    # And would not, were something wrong.
    for wrong in ({"adress": {}}, {"telephone": 7}, {"aggregateRating": {"@type": "AggregateRating", "stars": 5}}):
        assert "error" in accepted(stack, tmp_path, [{**found[0], **wrong}])


# ---- parts that are missing ----------------------------------------------------------------------


def test_a_firm_without_any_config_has_decent_pages(stack):
    firm = stack.tenant(config=None)
    page = see(stack, f"/{firm.slug}")
    assert page.texts("h1") == ["Muster Haustechnik AG"]
    assert f"tel:{firm.phone}" in page.links() and f"/{firm.slug}/anfrage" in page.links()
    assert page.texts("h2") == ["Was können wir für Sie tun?"]
    for path in PAGES[1:]:
        see(stack, f"/{firm.slug}{path}")
    assert f"/{firm.slug}/leistungen" not in page.links()
    (schema,) = page.schema()
    assert schema["name"] == "Muster Haustechnik AG" and "aggregateRating" not in schema


@pytest.mark.parametrize("missing", sorted(set(DEMO["doerfler-ag"]["config"]) - {"sms", "quiet_hours", "on_call", "alerts", "texts"}))
def test_a_missing_part_leaves_no_hole(stack, missing):
    config = copy.deepcopy(DEMO["doerfler-ag"]["config"])
    del config[missing]
    if missing == "intents":
        for service in config["services"]:
            del service["cta_intent"]
    firm = stack.tenant(config=config)
    for path in PAGES:
        if missing == "languages":
            continue
        page = see(stack, f"/{firm.slug}{path}")
        for tag in ("h1", "h2", "h3", "dt", "dd", "th", "td", "li", "title", "b"):
            assert "" not in page.texts(tag), (path, tag)


def test_without_the_module_there_is_one_small_page(stack):
    config = DEMO["doerfler-ag"]["config"]
    firm = stack.tenant(config=config, modules={"website": False}, email="info@muster.example")
    page = see(stack, f"/{firm.slug}")
    assert page.texts("h1") == ["Muster Haustechnik AG"] and "Seestrasse 114" in page.text
    assert {f"tel:{firm.phone}", "mailto:info@muster.example", f"/{firm.slug}/anfrage"} <= set(page.links())
    assert config["hero"]["claim"] not in page.text
    assert not [l for l in page.links() if "leistungen" in l or "kontakt" in l]
    for path in ("/impressum", "/datenschutz"):
        see(stack, f"/{firm.slug}{path}")
    for path in ("/leistungen", "/kontakt", "/leistungen/bad"):
        see(stack, f"/{firm.slug}{path}", status=404)


# ---- what is not there --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/leistungen/fliegen", "/nichts", "/kontakt/oben", "/leistungen/bad/wanne", "/Kontakt", "/%22%3E%3Cscript%3E"])
def test_what_a_firm_does_not_have_is_404_in_its_own_dress(stack, path):
    page = see(stack, f"/doerfler-ag{path}", status=404)
    assert page.texts("h1") == ["Diese Seite gibt es nicht"] and "tel:+41434435200" in page.links()
    assert page.meta("robots") == "noindex"
    assert stack.get(f"/doerfler-ag{path}").headers["Cache-Control"] == "no-store", "there is no end of them, and only so much room"


@pytest.mark.parametrize("path", ["/nobody-at-all", "/nobody-at-all/kontakt", "/a", "/DOERFLER-AG", "/%c3%a4", "/" + "x" * 300, "/doerfler-ag%20"])
def test_nobodys_address_is_a_friendly_404(stack, path):
    answer = stack.get(path)
    assert answer.status_code == 404 and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert pages.policy_of(answer)["style-src"] == "'self'"
    page = pages.Page(answer.text)
    assert [a["lang"] for a in page.all("p")] == ["de", "fr", "it", "en"]
    pages.check_runs_nothing(page)


def test_a_firm_that_is_not_served_any_more_has_no_pages(stack):
    firm = stack.tenant()
    see(stack, f"/{firm.slug}")
    stack.command("tenant", "deactivate", firm.slug)
    for path in PAGES:  # by either worker, each of which remembers for five seconds
        wait_for(lambda p=path: stack.get(f"/{firm.slug}{p}?past=cache").status_code == 404, what=f"{path} to be gone")


@pytest.mark.parametrize("path, leads", [
    ("/doerfler-ag/kontakt/", "/doerfler-ag/kontakt"), ("/doerfler-ag/leistungen/bad/", "/doerfler-ag/leistungen/bad"),
    ("/doerfler-ag/kontakt/?lang=fr", "/doerfler-ag/kontakt?lang=fr"),
])
def test_a_slash_too_many_is_no_dead_end(stack, path, leads):
    answer = stack.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (301, leads)
    assert stack.get("/doerfler-ag/").status_code == 200


def test_head_is_the_same_without_the_page(stack):
    for path in ("/doerfler-ag", "/doerfler-ag/nichts"):
        full, head = stack.get(path), stack.request("HEAD", path)
        assert (head.status_code, head.content) == (full.status_code, b"")
        assert head.headers["Content-Security-Policy"] == full.headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_refused(stack, method):
    answer = stack.request(method, "/doerfler-ag")
    assert answer.status_code == 405
    assert answer.headers["Allow"].replace(" ", "").split(",") == ["GET", "HEAD"]


@pytest.mark.parametrize("slug", ["leistungen", "kontakt", "impressum", "datenschutz", "anfrage", "assets", "api", "a", "r"])
def test_no_firm_is_called_as_a_page_is(stack, slug):
    document = json.dumps({"slug": slug, "name": "Muster AG", "phone": mobile()})
    out = stack.command("tenant", "add", "--file", "-", stdin=document, check=False)
    assert out.returncode != 0 and "/slug" in out.stderr


# ---- the firm's own domain ------------------------------------------------------------------------


def test_the_own_domain_shows_the_same_without_the_slug(stack):
    host = {"Host": "www.salon-lumiere.example"}
    for path in ["/", *PAGES[1:], *[f"/leistungen/{s['slug']}" for s in DEMO["salon-lumiere"]["config"]["services"]]]:
        page = pages.check(stack.get(path, headers=host), lang="fr")
        assert not [l for l in page.links() if "salon-lumiere" in l and not l.startswith(("mailto:", "https://www.google"))]
        (canonical,) = page.all("link", rel="canonical")
        assert canonical["href"] == f"https://www.salon-lumiere.example{path}"
        for link in pages.internal("http://www.salon-lumiere.example/", page.links()):
            assert stack.get(link.removeprefix("http://www.salon-lumiere.example"), headers=host).status_code == 200, link
    # Under the slug as well, where the canonical address is that of the domain.
    (canonical,) = see(stack, "/salon-lumiere/kontakt", lang="fr").all("link", rel="canonical")
    assert canonical["href"] == "https://www.salon-lumiere.example/kontakt"


@pytest.mark.parametrize("host", ["WWW.Salon-Lumiere.EXAMPLE", "www.salon-lumiere.example:8080", "www.salon-lumiere.example."])
def test_a_host_is_read_as_browsers_write_it(stack, host):
    assert pages.check(stack.get("/kontakt", headers={"Host": host}), lang="fr").texts("h1") == ["Contact"]


def test_robots_are_led_to_all_pages(stack):
    host = {"Host": "www.salon-lumiere.example"}

    def get(path, headers):
        return requests.get(stack.base + path, headers=headers, timeout=30)

    robots = get("/robots.txt", host)
    assert robots.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Sitemap: https://www.salon-lumiere.example/sitemap.xml" in robots.text.splitlines()
    for path, headers, base in (("/sitemap.xml", host, "https://www.salon-lumiere.example"),
                                ("/doerfler-ag/sitemap.xml", {}, f"{stack.base}/doerfler-ag")):
        answer = get(path, headers)
        assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
        listed = [loc.text for loc in xml.etree.ElementTree.fromstring(answer.content).iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
        assert all(loc.startswith(base) for loc in listed)
        document = DEMO["salon-lumiere" if headers else "doerfler-ag"]
        assert len(listed) == len(set(listed)) == len(PAGES) + len(document["config"]["services"]) + 1  # the wizard
        for loc in listed:
            there = loc.removeprefix(base) or "/" if headers else loc.removeprefix(stack.base)
            assert get(there, headers).status_code == 200, loc
    assert get("/robots.txt", {}).status_code == 404  # which lets robots in


def test_another_host_is_nobodys(stack):
    for host in ("salon-lumiere.example", "evil.example", "www.salon-lumiere.example.evil.example"):
        assert stack.get("/kontakt", headers={"Host": host}).status_code == 404
        assert stack.get("/", headers={"Host": host}).headers["Location"] == f"{stack.base}/doerfler-ag"
        assert stack.get("/doerfler-ag", headers={"Host": host}).status_code == 200


def test_what_one_domain_has_is_not_kept_for_another(stack):
    for _ in range(2):
        assert "Lumière" in stack.get("/kontakt", headers={"Host": "www.salon-lumiere.example"}).text
        assert stack.get("/kontakt").status_code == 404


# ---- colours ---------------------------------------------------------------------------------------


def colours_of(page):
    return [a["href"] for a in page.all("link", rel="stylesheet") if "farben" in a["href"]][0]


def test_colours_have_an_address_for_ever(stack):
    firm = firm_of(stack, primary_color="#14508c", accent_color="#b3261e")
    address = colours_of(see(stack, f"/{firm.slug}"))
    sheet = stack.get(address)
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "--primary:#14508c" in sheet.text and "--accent:#b3261e" in sheet.text
    other = stack.get(f"/{firm.slug}/farben-00000000.css")
    assert other.text == sheet.text and "immutable" not in other.headers["Cache-Control"]


# ---- hostile texts -----------------------------------------------------------------------------------

NASTY = {
    "script": "</script><script>alert(1)</script>",
    "quotes": "\"><img src=x onerror=alert(1)> ' \" ` <!-- --> ]]> &amp; &lt;",
    "braces": "{{name}} {{{name}}} {{> head}} {{#services}} %s %n ${x}",
    "emoji": "👩‍🔧🚿🇨🇭 ﷽ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "right to left": "שלום עולם ‮ أهلا وسهلا",
    "long": "Rohrbruch und Heizungsausfall " * 166,
    "one word": "W" * 5000,
    "lines": "eins\u2028zwei\u2029drei\nvier\tfünf\u0085",
}


FREE = {"address", "plz", "ort", "contact_person", "certifications", "claim", "subclaim", "benefits", "name", "short_description",
        "description", "features", "cta_text", "label", "service_area", "author", "text", "company", "legal_form", "uid", "register",
        "represented_by"}


def fill(value, text, names, at=""):
    """The config with that text wherever one of these members stands."""
    if isinstance(value, dict):
        return {k: fill(v, text, names, k) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, text, names, at) for v in value[:1 if len(text) > 1000 and at != "languages" else None]]
    return text if isinstance(value, str) and at in names else value


def check_nasty(stack, text, names, braces):
    """Every page, with that text in each of these members: it is text, and nothing else is hurt."""
    config = fill(DEMO["doerfler-ag"]["config"], text, names)
    firm = stack.tenant()
    stack.sql("update customers set config = %s::jsonb, name = %s where slug = %s", json.dumps(config), text[:100], firm.slug)
    service = "notdienst"
    for path in (*PAGES, f"/leistungen/{service}", "/nichts"):
        for lang, query in (("de", ""), ("fr", "?lang=fr")):
            page = see(stack, f"/{firm.slug}{path}{query}", status=404 if path == "/nichts" else 200, lang=lang, braces=braces)
            assert page.all("img") == []
            for schema in page.schema():
                assert schema["name"] == (config["services"][0]["name"] if service in path else text[:100])
    page = see(stack, f"/{firm.slug}", braces=braces)
    assert page.texts("h1") == [" ".join(config["hero"]["claim"].split())]
    assert page.schema()[0]["review"][0]["reviewBody"] == config["reviews"][0]["text"]


@pytest.mark.parametrize("kind", sorted(NASTY))
def test_no_text_breaks_a_page(stack, kind):
    text = NASTY[kind]
    if len(text) < 1000:
        check_nasty(stack, text, FREE, braces=kind == "braces")
        return
    # More than a document may hold, if they all stood in one.
    names = sorted(FREE)
    for some in (names[0::3], names[1::3], names[2::3]):
        check_nasty(stack, text, set(some), braces=False)


@pytest.mark.parametrize("logo, origin", [
    ("https://cdn.example/logo.svg", " https://cdn.example"), ("https://cdn.example:8443/a b\"c.png", " https://cdn.example:8443"),
])
def test_a_logo_is_let_in_and_nobody_else(stack, logo, origin):
    firm = firm_of(stack, ort="Horgen")
    stack.sql("update customers set config = config || jsonb_build_object('logo_url', %s::text) where slug = %s", logo, firm.slug)
    page = see(stack, f"/{firm.slug}", logo=origin)
    assert page.all("img") == [{"src": logo, "alt": "Muster Haustechnik AG", "height": "44"}]


@pytest.mark.parametrize("logo", [
    "http://cdn.example/x.png", "//cdn.example/x.png", "data:image/png;base64,x", "javascript:alert(1)", "https://a.example; script-src *",
    "https://a.example/", "https:///x", "https://a@b.example/x", "https://ä.example/x", 7, {"a": 1},
])
def test_what_is_no_logo_is_left_out(stack, logo):
    firm = firm_of(stack, ort="Horgen")
    stack.sql("update customers set config = config || jsonb_build_object('logo_url', %s::jsonb) where slug = %s",
              json.dumps(logo), firm.slug)
    if logo == "https://a.example/":  # an address like any other
        assert len(see(stack, f"/{firm.slug}", logo=" https://a.example").all("img")) == 1
        return
    assert see(stack, f"/{firm.slug}").all("img") == []


# What stands in the row all the same, whatever `tenant set` refuses.
BROKEN = {
    "hero": ["x", 7, None, [], {"claim": 7, "benefits": "x"}],
    "services": ["x", {}, [7, None, {"name": "Ohne Adresse"}, {"slug": "ohne-namen"}, {"slug": "a", "name": "A", "features": 7}]],
    "hours": ["x", [], {"monday": "x", "tuesday": [7, {"from": "25:00", "to": 3}]}],
    "reviews": ["x", {}, [7, {"text": 7}, {"text": "Gut.", "rating": 99}, {"text": "Gut.", "rating": "5"}]],
    "google_rating": ["4.8", 0, 6, -1, 1e300],
    "founded_year": ["1974", 0, 99999, -5, 1974.5],
    "generation": [1, 0, 99, "2", 2.5],
    "certifications": ["x", [7, "", "  ", None], {"a": "b"}],
    "primary_color": ["red;}*{display:none", 7, "#12345", "url(x)"],
    "impressum": ["x", [], {"phone": "niemand", "email": 7}],
    "intents": ["x", [7, {"category": 7}]],
    "service_area": [7, [[[]]], {"a": 1}],
    "languages": ["x", [7, "xx"]],
    "language": [7, "xx"],
}


@pytest.mark.parametrize("member", sorted(BROKEN))
def test_what_makes_no_sense_is_left_out(stack, member):
    firm = firm_of(stack)
    whole = DEMO["doerfler-ag"]["config"]
    for value in BROKEN[member]:
        other = firm_of(stack) if value is not BROKEN[member][0] else firm
        stack.sql("update customers set config = %s::jsonb where slug = %s", json.dumps({**whole, member: value}), other.slug)
        for path in PAGES:
            page = see(stack, f"/{other.slug}{path}")
            for tag in ("h2", "h3", "dt", "dd", "li", "b"):
                assert "" not in page.texts(tag), (value, path, tag)
            assert not re.search(r"\b99\b\W*(von|Stern)", page.text)
