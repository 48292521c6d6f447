"""A firm whose texts mean harm, or are far too long: nothing runs, nothing breaks, nothing stands out of the window"""

import pytest

from tests.support.browser import well_behaved
from tests.support.stack import mobile

NASTY = """</script></style></title></textarea><script>alert(1)</script> "><img src=x onerror=alert(2)> '"`{{t.home}} 😀 שלום مرحبا \u202edlrow"""
LONG = (NASTY + " ").ljust(4900, "W").ljust(5000, "م")


def texts(says):
    """A firm that says the same at every place where it may say something; some of it shorter, for 128 KB is all it has."""
    less = says[:900]
    return {
        "language": "de", "languages": ["de", "en"], "sms_name": "Muster AG",
        "address": says, "plz": says, "ort": says, "contact_person": says,
        "primary_color": "#ffff00", "accent_color": "#fefefe", "founded_year": 1974, "generation": 2,
        "certifications": [says, less], "google_rating": 4.8, "google_review_count": 127,
        "hero": {"claim": says, "subclaim": says, "benefits": [says, less]},
        "services": [
            {"slug": "eins", "name": says, "short_description": says, "description": says, "icon": "</svg>",
             "features": [says], "cta_text": says, "cta_intent": "eins"},
            {"slug": "zwei", "name": less, "short_description": less, "icon": "wrench"},
        ],
        "intents": [
            {"value": "eins", "label": says, "category": "emergency", "safety": "gas"},
            {"value": "zwei", "label": less, "category": "request"},
            {"value": "drei", "label": less, "category": "offer"},
        ],
        "wizard": {"ways": {"emergency": {"label": says, "text": says}, "request": {"label": less, "text": less}}},
        "service_area": [says, less],
        "reviews": [{"author": less, "ort": less, "rating": 5, "text": says}],
        "impressum": {"company": says, "legal_form": less, "register": less, "represented_by": less, "address": less},
        "on_call": [{"phone": mobile(), "name": "Reto"}],
    }


@pytest.fixture(scope="module")
def firms(stack):
    return {
        "nasty": stack.tenant(name=NASTY[:80], config=texts(NASTY), daily_segments=1_000_000),
        "long": stack.tenant(name="W" * 120, config=texts(LONG), daily_segments=1_000_000),
    }


PAGES = ["", "/leistungen", "/leistungen/eins", "/kontakt", "/impressum", "/datenschutz", "/anfrage", "/anfrage?flow=emergency",
         "/anfrage?flow=request&phone=%3C/script%3E&ref=missed_call"]


# What is long begins with what means harm; of that alone there is a picture.
@pytest.mark.parametrize("kind, pages", [("nasty", ["", "/anfrage"]), ("long", PAGES)])
def test_no_text_breaks_a_page(browser, firms, kind, pages):
    for page in pages:
        place = page.strip("/") or "home"
        seen = browser.do("visit", url=f"/{firms[kind].slug}{page}", pictures=f"nasty-{place}-{{look}}" if kind == "nasty" else None)
        assert seen["status"] == 200, page
        assert len(seen["headings"]) == 1, page
        assert seen["violations"] == [], page
        assert seen["overflow"] == [], page
        well_behaved(seen)
        # It is all there, as text.
        if page == "":
            assert "</script>" in seen["text"] and "onerror=alert(2)>" in seen["text"]


def test_its_form_is_sent_all_the_same(browser, firms):
    firm = firms["nasty"]
    phone = mobile()
    seen = browser.do("ask", url=f"/{firm.slug}/anfrage?flow=emergency", token=firm.form_token(), look=True, values={
        "intent": "eins", "summary": NASTY, "contact_name": NASTY[:120], "contact_phone": phone, "consent": "2026-11"})
    well_behaved(seen)
    assert seen["violations"] == [] and seen["overflow"] == []
    (ticket,) = firm.tickets(phone)
    assert NASTY[:80] in ticket["summary"] and ticket["contact_name"].startswith(NASTY[:40])
    # Whoever is on call meets it as well.
    row = firm.stack.one("select body from sms_log where ticket_id = %s and template = 'alert'", ticket["id"])
    link = "/a/" + row["body"].split("/a/")[1].split()[0].rstrip(".,")
    seen = browser.do("visit", url=link, pictures="alert-nasty-{look}")
    assert seen["status"] == 200
    assert seen["violations"] == [] and seen["overflow"] == []
    assert "onerror=alert(2)>" in seen["text"]
    well_behaved(seen)
