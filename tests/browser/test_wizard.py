"""From a firm's page to its ticket as a visitor goes: on a phone and wide, without a script, off line, back and forth

What the page says is held against the ticket, the consent and the message that left.
"""

import json
import re

import pytest

from tests.support.browser import well_behaved
from tests.support.stack import ROOT, mobile

VERSION = "2026-11"
TYPED = {
    "emergency": {
        "intent": "wasserschaden", "summary": "Im Keller", "contact_name": "Eva Muster", "street": "Seestrasse 1",
        "postcode": "8810", "place": "Horgen"},
    "request": {
        "intent": "reparatur", "summary": "Der Hahn tropft.\nSeit gestern.", "contact_name": "Eva Muster",
        "place": "Horgen", "time_wish": "this_week", "time_note": "vormittags"},
    "offer": {
        "intent": "badumbau", "summary": "Dusche statt Wanne", "contact_name": "Eva Muster",
        "contact_email": "eva@muster.example", "street": "Seestrasse 1", "postcode": "8810", "place": "Horgen",
        "time_frame": "quarter", "budget": "20'000"},
}
URGENCY = {"emergency": "HIGH", "request": "MED", "offer": "LOW"}


@pytest.fixture(scope="module")
def firm(stack):
    """The demo firm's pages, with nobody else's tickets."""
    demo = json.loads((ROOT / "schema" / "demo" / "doerfler-ag.json").read_text())
    config = {**demo["config"], "on_call": [{"phone": mobile(), "name": "Reto Dörfler"}]}
    return stack.tenant(name="Dörfler AG", config=config, modules=demo["modules"], daily_segments=1_000_000)


def typed(way, phone, **changes):
    """In the order of the form; the consent last."""
    return {**TYPED[way], "contact_phone": phone, **changes, "consent": VERSION}


def form_of(firm, way):
    return f"/{firm.slug}/anfrage?flow={way}"


def the_ticket(firm, phone, way):
    """Exactly one, as it was asked for, with its consent; and its message, if it had one."""
    (ticket,) = firm.tickets(phone)
    assert (ticket["source"], ticket["urgency"], ticket["intent"]) == ("wizard", URGENCY[way], TYPED[way]["intent"])
    assert ticket["contact_name"] == "Eva Muster"
    assert TYPED[way]["summary"] in ticket["summary"]
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("created") == 1
    consent = firm.stack.one("select * from consents where ticket_id = %s", ticket["id"])
    assert (consent["text_version"], consent["language"], consent["given_at"]) == (VERSION, "de", ticket["created_at"])
    return ticket


def thanked(seen, firm, ticket, message, urgent):
    """The page repeats the number, and the promise of the message."""
    assert f"/{firm.slug}/anfrage/danke?" in seen["url"]
    assert f"Ihre Nummer: {ticket['number']}" in seen["text"]
    assert "Sie erhalten gleich eine SMS" in seen["text"]
    promise = "Wir rufen Sie gleich an." if urgent else re.search(r"Wir melden uns .*\.", message["body"])[0]
    assert promise in message["body"] and promise in seen["text"]


def check_once(firm, phone, way):
    """However often it was sent."""
    ticket = the_ticket(firm, phone, way)
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0
    (row,) = firm.outbound(phone)
    assert row["ticket_id"] == ticket["id"]
    assert len(firm.stack.wait_messages(phone)) == 1
    return ticket


# ---- to a ticket -----------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("device", ["phone", "desktop"])
@pytest.mark.parametrize("way", TYPED)
def test_each_way_leads_to_a_ticket(browser, firm, way, device, javascript):
    phone = mobile()
    seen = browser.do(
        "ask", url=f"/{firm.slug}/anfrage", way=way, device=device, javaScript=javascript, token=firm.form_token(),
        values=typed(way, phone), look=javascript, pictures=f"wizard-{way}-{device}-{'step' if javascript else 'plain'}-{{n}}")
    well_behaved(seen)
    ticket = the_ticket(firm, phone, way)
    (message,) = firm.stack.wait_messages(phone)
    assert str(ticket["number"]) in message["body"]
    thanked(seen, firm, ticket, message, way == "emergency")
    if way == "emergency":
        assert "Haupthahn" in seen["text"]
        firm.stack.wait_messages(firm.stack.one(
            "select m.to_number from sms_log m where m.ticket_id = %s and m.template = 'alert'", ticket["id"])["to_number"])
    if not javascript:
        return
    assert seen["violations"] == [] and seen["overflow"] == []
    steps = seen["steps"]
    assert len(steps) == {"emergency": 3, "request": 4, "offer": 4}[way]
    for n, step in enumerate(steps, 1):
        assert step["progress"] == [f"Schritt {n} von {len(steps)}"]
        assert len(step["legend"]) == 1
        assert step["violations"] == [] and step["overflow"] == []
        assert [role for role, said in step["spoken"] if not said.strip()] == []


def test_the_whole_way_with_the_form_s_own_clock(browser, firm):
    """Nothing helped along: the signed time of the page itself, which counts from three seconds."""
    phone = mobile()
    seen = browser.do("ask", url=form_of(firm, "request"), values=typed("request", phone), patience=True)
    thanked(seen, firm, check_once(firm, phone, "request"), firm.stack.wait_messages(phone)[0], False)


def test_each_field_is_read_out_by_its_name(browser, firm):
    seen = browser.do("look", url=form_of(firm, "offer"), script=False)
    said = [(role, name) for role, name in seen["spoken"] if role in ("textbox", "radio", "checkbox", "button")]
    assert sorted(said) == sorted([
        ("radio", "Neue Heizung oder Wärmepumpe"), ("radio", "Bad umbauen"), ("textbox", "Beschreibung"),
        ("textbox", "Vor- und Nachname"), ("textbox", "Telefon"), ("textbox", "E-Mail"),
        ("textbox", "Strasse und Nummer (freiwillig)"), ("textbox", "PLZ (freiwillig)"), ("textbox", "Ort"),
        ("radio", "In einem Monat"), ("radio", "In drei Monaten"), ("radio", "In einem Jahr"), ("radio", "Noch offen"),
        ("textbox", "Budget (freiwillig)"), ("checkbox", seen["consent"]), ("button", "Absenden"),
    ])
    assert seen["consent"].startswith("Ich bin einverstanden")
    assert ("radiogroup", "Bis wann soll es fertig sein? (freiwillig)") in map(tuple, seen["spoken"])


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_two_taps_are_one_ticket(browser, firm, javascript):
    phone = mobile()
    seen = browser.do("askTwice", url=form_of(firm, "request"), javaScript=javascript, token=firm.form_token(), values=typed("request", phone))
    ticket = check_once(firm, phone, "request")
    assert f"Ihre Nummer: {ticket['number']}" in seen["text"]


# ---- nothing is lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cut, reload", [("request", False), ("request", True), ("answer", False)], ids=["request", "reload", "answer"])
def test_the_line_is_cut(browser, firm, cut, reload):
    phone = mobile()
    values = typed("offer", phone)
    seen = browser.do("askOffline", url=form_of(firm, "offer"), cut=cut, reload=reload, token=firm.form_token(), values=values,
                      pictures="wizard-{n}")
    assert seen["notice"].startswith("Keine Verbindung. Was Sie geschrieben haben, ist noch da")
    assert seen["button"] == "Nochmals senden"
    assert seen["violations"] == []
    assert seen["typed"] == values
    if reload:
        assert seen["reloaded"] == values
    well_behaved(seen, ["beforeunload"] if reload else [])
    ticket = check_once(firm, phone, "offer")
    assert f"Ihre Nummer: {ticket['number']}" in seen["text"]


def test_back_and_reload_keep_what_was_typed(browser, firm):
    values = {"intent": "reparatur", "summary": "Der Hahn tropft."}
    seen = browser.do("wander", url=form_of(firm, "request"), values=values)
    for way, step in (("own", 0), ("browser", 0), ("reload", 1)):
        assert {n: seen[way]["typed"].get(n) for n in values} == values, way
        assert seen[way]["step"] == step, way
    # Only who leaves the form is asked whether to.
    assert seen["dialogsBefore"] == []
    well_behaved(seen, ["beforeunload"])


def test_who_leaves_is_asked_and_who_typed_nothing_is_not(browser, firm):
    seen = browser.do("abandon", url=form_of(firm, "request"), values={})
    assert (seen["dialogs"], seen["away"]) == ([], True)
    seen = browser.do("abandon", url=form_of(firm, "request"), values={"intent": "reparatur"})
    assert (seen["dialogs"], seen["away"]) == (["beforeunload"], True)
    # The tab remembers.
    assert seen["back"]["intent"] == "reparatur"


# ---- what is wrong is said where it is -----------------------------------------------------------------


MISSING = {
    "intent": "Wählen Sie aus, was zutrifft.",
    "contact_name": "Geben Sie Ihren Namen an.",
    "contact_phone": "Geben Sie eine Telefonnummer an.",
    "consent": "Setzen Sie hier ein Häkchen",
}


def test_what_is_missing_stands_at_the_field(browser, firm):
    """Without a script all of it at once, and a list above that leads to each."""
    seen = browser.do("err", url=form_of(firm, "emergency"), script=False, values={"street": "Seestrasse 1"}, pictures="wizard-{n}-plain")
    assert {e["name"] for e in seen["errors"]} == set(MISSING)
    for error in seen["errors"]:
        assert MISSING[error["name"]] in error["text"]
    assert seen["typed"]["street"] == "Seestrasse 1"
    assert seen["focus"] == "errors"
    assert seen["violations"] == []
    well_behaved(seen)
    # With one, step by step.
    seen = browser.do("err", url=form_of(firm, "emergency"), values={"summary": "Im Keller"}, pictures="wizard-{n}-script")
    assert [e["name"] for e in seen["errors"]] == ["intent"]
    assert MISSING["intent"] in seen["errors"][0]["text"]
    assert (seen["focus"], seen["violations"]) == ("intent", [])
    well_behaved(seen)


def test_what_only_the_server_knows_is_said_at_the_field(browser, firm):
    """The script lets the number pass; the form comes back at its step, and is sent from there."""
    values = typed("request", "+41 79 000")
    seen = browser.do("correct", url=form_of(firm, "request"), token=firm.form_token(), values=values, field="contact_phone",
                      right=(phone := mobile()), pictures="wizard-corrected-{n}")
    assert seen["step"] == 2
    assert "Diese Telefonnummer gibt es so nicht." in seen["error"]
    assert seen["typed"] == values
    assert seen["violations"] == []
    well_behaved(seen)
    assert f"Ihre Nummer: {check_once(firm, phone, 'request')['number']}" in seen["text"]


# ---- who comes from elsewhere ---------------------------------------------------------------------------


def test_who_called_is_greeted_and_known(browser, firm):
    phone = mobile()
    firm.missed_call(phone)
    seen = browser.do("look", url=f"/{firm.slug}/anfrage?ref=missed_call&intent=gasgeruch&phone={phone.replace('+', '%2B')}",
                      pictures="wizard-called-{n}")
    assert "Sie haben uns angerufen" in seen["text"]
    assert seen["values"]["intent"] == "gasgeruch"
    assert seen["values"]["contact_phone"].replace(" ", "") in (phone, "0" + phone[3:])
    assert "118" in seen["text"]
    assert (seen["violations"], seen["overflow"]) == ([], [])
    well_behaved(seen)


def test_the_second_firm_on_its_own_domain(browser, stack):
    """In French, on its own address throughout; its number in the firm's country."""
    phone = "+447712" + mobile()[-6:]
    host = f"http://www.salon-lumiere.example:{stack.base.rsplit(':', 1)[1]}"
    demo = stack.one("select id from customers where slug = 'salon-lumiere'")
    seen = browser.do("ask", url=f"{host}/anfrage", way="offer", look=True, pictures="salon-wizard-{n}", patience=True, values={
        "intent": "couleur", "summary": "Un balayage", "contact_name": "Élodie M.", "contact_phone": phone,
        "contact_email": "elodie@muster.example", "consent": VERSION})
    well_behaved(seen)
    assert seen["url"].startswith(f"{host}/anfrage/danke?")
    assert seen["language"] == "fr"
    assert [s["violations"] + s["overflow"] for s in seen["steps"]] == [[]] * len(seen["steps"])
    ticket = stack.one("select * from tickets where customer_id = %s and contact_phone = %s", demo["id"], phone)
    assert (ticket["urgency"], ticket["intent"], ticket["source"]) == ("LOW", "couleur", "wizard")
    assert stack.one("select language from consents where ticket_id = %s", ticket["id"])["language"] == "fr"
    assert f"{ticket['number']}" in seen["text"]
    assert stack.one("select status from sms_log where ticket_id = %s and direction = 'outbound'", ticket["id"])["status"] in ("queued", "sending", "sent")
