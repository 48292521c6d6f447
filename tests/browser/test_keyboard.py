"""Without a mouse: every stop is seen, none holds, and a whole way to a ticket goes by Tab, Space and Enter"""

import json

import pytest

from tests.support.browser import well_behaved
from tests.support.stack import ROOT, mobile


@pytest.fixture(scope="module")
def firm(stack):
    demo = json.loads((ROOT / "schema" / "demo" / "doerfler-ag.json").read_text())
    config = {**demo["config"], "on_call": []}
    return stack.tenant(name="Dörfler AG", config=config, modules=demo["modules"], daily_segments=1_000_000)


def check_stops(stops):
    assert [s for s in stops if not s["isInView"]] == []
    assert [s for s in stops if not s["isMarked"]] == []
    assert [s for s in stops if not s["label"]] == []


@pytest.mark.parametrize("page", ["", "/kontakt", "/anfrage?flow=offer"])
def test_every_stop_is_seen_and_none_is_a_trap(browser, firm, page):
    seen = browser.do("tabThrough", url=f"/{firm.slug}{page}")
    assert seen["end"] == "left"
    assert len(seen["stops"]) > 15
    check_stops(seen["stops"])
    well_behaved(seen)


def test_the_first_stop_leads_past_the_menu(browser, firm):
    seen = browser.do("skip", url=f"/{firm.slug}")
    assert seen["first"]["href"] == "#main" and seen["first"]["isInView"]
    assert seen["inMain"]


def test_a_ticket_by_keyboard(browser, firm):
    phone = mobile()
    seen = browser.do("askByKeyboard", url=f"/{firm.slug}/anfrage", way="request", token=firm.form_token(), steps=[
        {"intent": True},
        {"summary": "Der Hahn tropft."},
        {"contact_name": "Eva Muster", "contact_phone": phone},
        {"consent": True},
    ])
    check_stops(seen["stops"])
    # At each new step the focus is on its heading, so that a screen reader says it.
    assert seen["headings"] == ["Was sollen wir wissen?", "Wie erreichen wir Sie?", "Wann passt es Ihnen?"]
    well_behaved(seen)
    (ticket,) = firm.tickets(phone)
    assert (ticket["urgency"], ticket["intent"]) == ("MED", "reparatur")
    assert f"Ihre Nummer: {ticket['number']}" in seen["text"]
    assert len(firm.stack.wait_messages(phone)) == 1
