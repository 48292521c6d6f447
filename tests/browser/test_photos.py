"""Photos of what is broken: chosen in the form with a preview, sent once the ticket is there, or one by one without a script"""

import pytest

from tests.support.browser import well_behaved
from tests.support.pictures import Pictures
from tests.support.stack import mobile

TYPED = {"summary": "Der Hahn tropft.", "contact_name": "Eva Muster"}


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(daily_segments=1_000_000)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    pictures = Pictures(tmp_path_factory.mktemp("photos"))
    for name in ("hahn.jpg", "leck.png", "rohr.heic"):
        pictures.flag_as(name)
    pictures.path("kein-bild.jpg").write_bytes(b"<script>alert(1)</script>" * 100)
    return {p: str(pictures.path(p)) for p in ("hahn.jpg", "leck.png", "rohr.heic", "kein-bild.jpg")}


def stored(firm, phone):
    (ticket,) = firm.tickets(phone)
    return firm.stack.one("select count(*) from photos where ticket_id = %s", ticket["id"])["count"]


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_photos_go_with_the_request(browser, firm, files, device):
    phone = mobile()
    seen = browser.do(
        "askWithPhotos", url=f"/{firm.slug}/anfrage?flow=request", device=device, token=firm.form_token(),
        values={**TYPED, "contact_phone": phone, "consent": "2026-11"}, files=[files["hahn.jpg"], files["leck.png"], files["kein-bild.jpg"]],
        remove="leck.png", more=[files["rohr.heic"]], pictures=f"photos-{device}-{{n}}")
    assert seen["previews"] == ["hahn.jpg", "leck.png", "kein-bild.jpg"]
    assert seen["kept"] == ["hahn.jpg", "kein-bild.jpg"]
    assert seen["violations"] == [] and seen["overflow"] == []
    # The ticket was there before the first photo left; what is no picture is refused and holds nothing up.
    assert seen["posts"] == ["/api/ticket", "/api/ticket/photo", "/api/ticket/photo"]
    assert "Das ist kein Bild" in seen["refused"]
    assert "Danke, Ihre Anfrage ist da" in seen["told"]
    assert seen["states"][-1] == "sent"
    assert stored(firm, phone) == 2
    well_behaved(seen)


def test_one_photo_without_a_script(browser, firm, files):
    phone = mobile()
    seen = browser.do(
        "askThenPhoto", url=f"/{firm.slug}/anfrage?flow=request", javaScript=False, token=firm.form_token(),
        values={**TYPED, "contact_phone": phone, "consent": "2026-11"}, file=files["hahn.jpg"], pictures="photos-plain-{n}")
    assert "Danke, das Foto ist da." in seen["text"]
    assert seen["overflow"] == []
    assert "/anfrage/danke?" in seen["back"]
    assert stored(firm, phone) == 1
    well_behaved(seen)
