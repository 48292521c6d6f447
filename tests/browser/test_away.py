"""Postgres away while a visitor sends: nothing that was typed is lost, and it is sent again once there is an answer"""

import pytest

from tests.support.browser import Browser, well_behaved
from tests.support.processes import Processes
from tests.support.stack import mobile

TYPED = {"summary": "Der Hahn tropft.", "contact_name": "Eva Muster"}


@pytest.fixture(scope="module")
def visitor(own_stack):
    running = Browser(own_stack.base)
    yield running
    running.close()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_what_was_typed_outlives_an_outage(visitor, own_stack, javascript):
    firm = own_stack.tenant()
    processes = Processes(own_stack)
    phone = mobile()
    values = {**TYPED, "contact_phone": phone, "consent": "2026-11"}
    visitor.do("begin", url=f"/{firm.slug}/anfrage", javaScript=javascript, token=firm.form_token(), values=values, stay=True)
    own_stack.close()
    processes.stop_database()
    try:
        seen = visitor.do("sendInVain", stay=True, pictures=f"away-{'script' if javascript else 'plain'}")
    finally:
        processes.start_database()
    assert "Was Sie geschrieben haben, ist noch da" in seen["text"]
    assert seen["kept"] == values
    assert seen["overflow"] == []
    seen = visitor.do("sendAgain")
    well_behaved(seen)
    (ticket,) = firm.tickets(phone)
    assert ticket["contact_name"] == "Eva Muster" and "Der Hahn tropft." in ticket["summary"]
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("created") == 1
    assert f"Ihre Nummer: {ticket['number']}" in seen["text"]
    assert len(own_stack.wait_messages(phone)) == 1


def test_a_page_nobody_kept_says_so_kindly(visitor, own_stack):
    firm = own_stack.tenant()
    processes = Processes(own_stack)
    own_stack.close()
    processes.stop_database()
    try:
        seen = visitor.do("visit", url=f"/{firm.slug}/kontakt?lang=en", pictures="away-503-{look}")
    finally:
        processes.start_database()
    assert seen["status"] == 503
    assert (seen["violations"], seen["overflow"], len(seen["headings"])) == ([], [], 1)
    well_behaved(seen)
