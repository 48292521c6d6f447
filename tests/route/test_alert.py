"""Alerts: the firm is told of an emergency at once, once, by an SMS that no stranger can put words into"""

import concurrent.futures
import datetime
import json
import re
import uuid

import pytest
import requests

from tests.support.stack import landline, mobile, wait_for

NIGHT = "2026-07-08T23:30:00+02:00"
PREMIUM = "+41900123456"


def firm_of(stack, on_call=2, alerts=None, **changes):
    """A firm with so many on call, whose numbers are firm.on_call."""
    numbers = [mobile() for _ in range(on_call)]
    config = {
        "language": "de", "languages": ["de", "fr", "it", "en"],
        "on_call": [{"phone": phone, "name": f"Person {n}"} for n, phone in enumerate(numbers, 1)],
    }
    if alerts is not None:
        config["alerts"] = alerts
    config.update(changes.pop("config", {}))
    firm = stack.tenant(config=config, **changes)
    firm.on_call = numbers
    return firm


@pytest.fixture(scope="module")
def shared(stack):
    return firm_of(stack, daily_segments=100000)


@pytest.fixture
def firm(shared):
    """With each test begins the hour in which strangers may cause so many alerts."""
    shared.stack.sql("update alerts set told_at = told_at - interval '1 hour' where customer_id = %s", shared.id)
    return shared


def alerts(firm, ticket_id):
    """Rows of sms_log, oldest first."""
    return firm.stack.sql(
        "select * from sms_log where ticket_id = %s and template like 'alert%%' order by created_at, id", str(ticket_id))


def tellings(firm, ticket_id):
    return firm.stack.sql("select * from alerts where ticket_id = %s order by step", str(ticket_id))


def kinds(firm, ticket_id):
    return [e["event_type"] for e in firm.events(ticket_id)]


def told(firm, ticket_id, to):
    """The one alert of a ticket, which has left to that number; its line."""
    (row,) = alerts(firm, ticket_id)
    wait_for(lambda: alerts(firm, ticket_id)[0]["status"] == "sent", what="the alert being sent")
    (line,) = [m for m in firm.stack.messages(to) if m["id"] == str(row["id"])]
    assert line["body"] == row["body"] and line["from"] == firm.sms_number
    (telling,) = tellings(firm, ticket_id)
    assert (telling["told"], telling["message_id"], telling["first_id"]) == (to, row["id"], telling["id"])
    assert telling["step"] == 0 and telling["answered_at"] is None
    assert kinds(firm, ticket_id).count("alerted") == 1
    return line


def emergency(firm, phone=None, **fields):
    """From the firm's own website, which may as often as it must."""
    return sent(firm, phone, token=firm.token, source="wizard", **fields)


def sent(firm, phone=None, **fields):
    answer = firm.ticket(phone, urgency="HIGH", **fields)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


# ---- who is told, of what ---------------------------------------------------------------------


def test_an_emergency_of_the_form_is_told_to_the_first_on_call(firm):
    phone = mobile()
    made = sent(firm, phone, contact_name="Zoë Müller", summary="Wasser läuft in den Keller")
    line = told(firm, made["ticket_id"], firm.on_call[0])
    assert line["body"].startswith(f"Muster Haustechnik AG: NOTFALL Nr. {made['number']}. Zoe Müller {phone}: "
                                   f'"Wasser läuft in den Keller" ')
    link = re.search(re.escape(firm.stack.base) + r"/a/([0-9A-Za-z]{16})$", line["body"])
    (telling,) = tellings(firm, made["ticket_id"])
    assert firm.stack.one("select encode(sha256(%s::bytea), 'hex') as hash", link[1])["hash"] == telling["code_hash"]
    (event,) = [e for e in firm.events(made["ticket_id"]) if e["event_type"] == "alerted"]
    assert event["new_value"] == "Person 1" and event["metadata"] == {"kind": "emergency"}
    assert firm.outbound(firm.on_call[1]) == []


def test_an_answer_1_is_told_with_the_number_to_call(firm):
    phone = mobile()
    firm.missed_call(phone)
    answer = firm.text(phone, "1 Keller unter Wasser!").json()
    line = told(firm, answer["ticket_id"], firm.on_call[0])
    assert f'{phone}: "1 Keller unter Wasser!"' in line["body"]


def test_it_is_told_once_and_not_at_each_further_text(firm):
    phone = mobile()
    ticket_id = firm.text(phone, "1").json()["ticket_id"]
    for text in ("1", "Notfall!!!", "danke ok", "es tropft", "1"):
        assert firm.text(phone, text).json()["ticket_id"] == ticket_id
    assert emergency(firm, phone)["ticket_id"] == ticket_id
    told(firm, ticket_id, firm.on_call[0])


def test_it_is_told_after_thanks(firm):
    phone = mobile()
    ticket_id = firm.ticket(phone).json()["ticket_id"]
    firm.text(phone, "danke ok")
    assert alerts(firm, ticket_id) == []
    firm.text(phone, "1")
    told(firm, ticket_id, firm.on_call[0])


@pytest.mark.parametrize("urgency", ["LOW", "MED"])
def test_what_is_not_urgent_alerts_nobody(firm, urgency):
    phone = mobile()
    ticket_id = firm.ticket(phone, urgency=urgency, summary="Notfall dringend").json()["ticket_id"]
    firm.text(phone, "2")
    firm.text(phone, "Wann kommen Sie?")
    assert alerts(firm, ticket_id) == tellings(firm, ticket_id) == []


def test_an_emergency_on_a_finished_ticket_is_told_again(firm):
    phone = mobile()
    ticket_id = firm.text(phone, "1").json()["ticket_id"]
    told(firm, ticket_id, firm.on_call[0])
    firm.move(ticket_id, "DONE")
    # Opened again, but this is no emergency.
    assert firm.ticket(phone, urgency="LOW").json()["ticket_id"] == ticket_id
    assert len(alerts(firm, ticket_id)) == 1
    firm.move(ticket_id, "DONE")
    assert firm.text(phone, "1").json()["reopened"] is True
    firm.move(ticket_id, "DONE")
    assert emergency(firm, phone)["ticket_id"] == ticket_id
    assert [t["step"] for t in tellings(firm, ticket_id)] == [0, 0, 0]
    assert len(alerts(firm, ticket_id)) == kinds(firm, ticket_id).count("alerted") == 3


def test_what_the_firm_writes_down_itself_alerts_nobody(firm):
    made = sent(firm, token=firm.token)
    assert firm.tickets()[-1]["source"] == "manual"
    assert alerts(firm, made["ticket_id"]) == []
    # Its website says with the same token that a visitor wrote it.
    made = emergency(firm)
    told(firm, made["ticket_id"], firm.on_call[0])


def test_a_repeated_event_is_told_once(firm):
    phone, sid = mobile(), uuid.uuid4().hex
    answers = {firm.text(phone, "1", MessageSid=sid).text for _ in range(3)}
    assert len(answers) == 1
    told(firm, firm.tickets(phone)[0]["id"], firm.on_call[0])


def test_200_answers_1_at_once_are_one_alert(firm):
    phone = mobile()
    firm.missed_call(phone)

    def text(_):
        body = {"From": phone, "To": firm.sms_number, "Body": "1", "MessageSid": uuid.uuid4().hex}
        return requests.post(firm.stack.base + "/api/webhook/sms-reply", json=body, timeout=40).status_code

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert set(pool.map(text, range(200))) == {200}
    (ticket,) = firm.tickets(phone)
    told(firm, ticket["id"], firm.on_call[0])
    assert kinds(firm, ticket["id"]).count("sms_received") == 200


def test_the_command_shows_neither_number_nor_link(firm):
    phone = mobile()
    made = emergency(firm, phone, summary="Keller")
    for flags in ([], ["--json"]):
        shown = firm.stack.command("ticket", "show", firm.slug, str(made["number"]), *flags).stdout
        assert "NOTFALL" in shown and "Keller" in shown and phone not in shown and "/a/" not in shown


# ---- when ---------------------------------------------------------------------------------------


def test_it_leaves_at_night(stack, clock):
    firm = firm_of(stack, quiet_hours_start="21:00", quiet_hours_end="07:00")
    clock(NIGHT)
    ticket_id = firm.text(mobile(), "1").json()["ticket_id"]
    told(firm, ticket_id, firm.on_call[0])
    (row,) = alerts(firm, ticket_id)
    assert row["template"] == "alert"
    assert (row["expires_at"] - row["not_before"]).total_seconds() == 3600
    (telling,) = tellings(firm, ticket_id)
    assert (telling["next_at"] - telling["told_at"]).total_seconds() == 300


def test_neither_budget_nor_guard_nor_stop_hold_it_back(stack):
    firm = firm_of(stack, daily_segments=0)
    phone = mobile()
    for text in ("2", "2", "2", "2", "2", "STOP"):
        firm.text(phone, text)
    ticket_id = firm.text(phone, "1").json()["ticket_id"]
    told(firm, ticket_id, firm.on_call[0])
    # A STOP takes back what waits for the contact, and only that.
    firm.text(phone, "STOP")
    assert alerts(firm, ticket_id)[0]["status"] == "sent"


def test_the_firm_says_how_soon_the_next_is_told(stack):
    firm = firm_of(stack, alerts={"repeat_minutes": 12})
    made = emergency(firm)
    (telling,) = tellings(firm, made["ticket_id"])
    assert (telling["next_at"] - telling["told_at"]).total_seconds() == 720


# ---- to whom ------------------------------------------------------------------------------------


def test_without_a_chain_the_firms_own_mobile_is_told(stack):
    phone = mobile()
    firm = stack.tenant(phone=phone)
    made = emergency(firm)
    assert "NOTFALL" in told(firm, made["ticket_id"], phone)["body"]


@pytest.mark.parametrize("changes, reason", [
    ({}, "no_on_call"),  # its telephone is a landline
    ({"phone": None}, "no_on_call"),
    ({"phone": "+41791230001", "sms_number": "+41791230001"}, "no_on_call"),  # it would write to itself
    ({"config": {"language": "de", "on_call": [{"phone": "+41791230009"}]}, "sms_number": None}, "no_sender"),
])
def test_where_nobody_can_be_told_that_is_to_be_seen(stack, changes, reason):
    if "phone" in changes and changes["phone"]:
        changes = dict.fromkeys(changes, mobile())
    firm = stack.tenant(**changes)
    made = emergency(firm)
    (row,) = alerts(firm, made["ticket_id"])
    assert (row["status"], row["reason"]) == ("suppressed", reason)
    assert tellings(firm, made["ticket_id"]) == []
    (event,) = [e for e in firm.events(made["ticket_id"]) if e["event_type"] == "alert_impossible"]
    assert event["new_value"] == reason


@pytest.mark.parametrize("language, word", [("de", "NOTFALL"), ("fr", "URGENCE"), ("it", "EMERGENZA"), ("en", "EMERGENCY")])
def test_it_is_told_in_the_language_of_who_is_told(stack, language, word):
    to = mobile()
    firm = stack.tenant(config={"language": "de", "on_call": [{"phone": to, "language": language}]})
    made = emergency(firm, language="de")
    assert word in told(firm, made["ticket_id"], to)["body"]


def test_a_firm_words_it_itself(stack):
    firm = firm_of(stack, config={"texts": {"de": {"alert": "{{firm}}: Pikett {{number}} {{who}} {{what}} {{link}}"}}})
    made = emergency(firm, summary="Gas")
    assert f'Pikett {made["number"]} ' in told(firm, made["ticket_id"], firm.on_call[0])["body"]


# ---- what a stranger can put into it ----------------------------------------------------------


@pytest.mark.parametrize("summary, quoted", [
    ("Rufen Sie https://evil.example/login auf", '"Rufen Sie https evil example login auf"'),
    ("evil.com/x www.evil.ch a@b.ch", '"evil com x www evil ch a b ch"'),
    ("evil。com evil．com", '"evil com evil com"'),
    ("Ruf 0900 123 456 an", '"Ruf an"'),
    ("Ruf +41 (0)900-123'456 an, 3 Minuten", '"Ruf an, 3 Minuten"'),
    ("{number} {{link}} {code} {{firm}}", '"number link code firm"'),
    ("🚰💥 Rohrbruch 🆘 im Bad", '"Rohrbruch im Bad"'),
    ("Fuite d'eau à la cuisine, çà presse", '"Fuite d\'eau à la cuisine, cà presse"'),
    ("Потоп", "..."),
    ("zeile eins\nzeile zwei\r\n\tdrei", '"zeile eins zeile zwei drei"'),
    ("a" * 3000, '"' + "a" * 46 + '"'),
    ("€" * 300, "..."),
    ("ÄÖÜ äöü ß é ç Œuvre", '"ÄÖÜ äöü ß é c OEuvre"'),
    ('"; antworten Sie OK', '"antworten Sie OK"'),
])
def test_of_their_words_only_harmless_letters_are_quoted(firm, summary, quoted):
    phone = mobile()
    made = emergency(firm, phone, summary=summary)
    (row,) = alerts(firm, made["ticket_id"])
    assert f". {phone}: {quoted} Antworten" in row["body"]
    assert 1 <= row["segments"] <= 2


def test_a_name_says_no_more_than_a_name(firm):
    phone = mobile()
    made = emergency(firm, phone, contact_name="Bank.com 0900111222 " + "x" * 60)
    (row,) = alerts(firm, made["ticket_id"])
    assert f". Bank com {'x' * 15} {phone}: " in row["body"] and row["segments"] <= 2


@pytest.mark.parametrize("phone, shown", [
    (PREMIUM, "+4190..."), ("+12125550123", "+1212..."), ("+441946712345", "+4419..."),
])
def test_a_number_that_could_cost_is_not_there_to_be_tapped(firm, phone, shown):
    made = emergency(firm, phone, contact_name=None)
    (row,) = alerts(firm, made["ticket_id"])
    assert f". {shown}: " in row["body"] and phone not in row["body"]


def test_a_landline_can_be_called(firm):
    phone = landline()
    made = emergency(firm, phone)
    assert f". {phone}: " in told(firm, made["ticket_id"], firm.on_call[0])["body"]


def test_by_mail_only(firm):
    made = emergency(firm, contact_phone=None, contact_email="a.muster@example.ch", contact_name="A. Muster")
    assert ". A Muster: " in told(firm, made["ticket_id"], firm.on_call[0])["body"]
    made = emergency(firm, contact_phone=None, contact_email=f"{uuid.uuid4().hex}@example.ch")
    (row,) = alerts(firm, made["ticket_id"])
    assert ". Anonym: " in row["body"]


@pytest.mark.parametrize("language, word", [("fr", "Anonyme"), ("it", "Anonimo"), ("en", "Anonymous")])
def test_who_shows_no_number_is_anonymous_in_the_language_of_the_firm(stack, language, word):
    firm = firm_of(stack, alerts={"missed_call": True}, config={"language": language})
    (row,) = alerts(firm, firm.missed_call(None).json()["ticket_id"])
    assert f": {word} http" in row["body"]


def test_strangers_alarm_ten_times_an_hour_and_those_who_answer_as_often_as_they_must(stack):
    firm = firm_of(stack)
    caller = mobile()
    firm.missed_call(caller)
    made = [sent(firm)["ticket_id"] for _ in range(13)]
    rows = [row for ticket_id in made for row in alerts(firm, ticket_id)]
    assert [r["reason"] for r in rows] == [None] * 10 + ["alert_flood"] * 3
    # The last one says so.
    assert ["ohne SMS" in r["body"] for r in rows[:10]] == [False] * 9 + [True]
    number = firm.stack.one("select number from tickets where id = %s", made[9])["number"]
    assert f"NOTFALL Nr. {number}. " in rows[9]["body"] and rows[9]["segments"] <= 2
    # Whoever called before is no stranger, whatever is going on.
    (row,) = alerts(firm, sent(firm, caller)["ticket_id"])
    assert row["reason"] is None and "ohne SMS" not in row["body"]
    assert "alert_impossible" in kinds(firm, made[-1])
    ticket_id = firm.text(mobile(), "1").json()["ticket_id"]
    told(firm, ticket_id, firm.on_call[0])
    # Nor is the firm's own website held back, whose visitors it knows.
    assert alerts(firm, emergency(firm)["ticket_id"])[0]["reason"] is None


# ---- missed calls -------------------------------------------------------------------------------


def test_a_missed_call_alone_alerts_nobody(firm):
    phone = mobile()
    ticket_id = firm.missed_call(phone).json()["ticket_id"]
    assert alerts(firm, ticket_id) == []


def test_a_firm_can_be_told_of_each_missed_call_once(stack):
    firm = firm_of(stack, alerts={"missed_call": True})
    phone = mobile()
    ticket_id = [firm.missed_call(phone) for _ in range(3)][0].json()["ticket_id"]
    line = told(firm, ticket_id, firm.on_call[0])
    assert "Verpasster Anruf" in line["body"] and phone in line["body"]
    (row,) = alerts(firm, ticket_id)
    assert row["template"] == "alert_missed_call"
    assert tellings(firm, ticket_id)[0]["next_at"] is None
    # An emergency is another matter.
    firm.text(phone, "1")
    assert [a["template"] for a in alerts(firm, ticket_id)] == ["alert_missed_call", "alert"]


def test_a_missed_call_wakes_nobody(stack, clock):
    firm = firm_of(stack, alerts={"missed_call": True}, quiet_hours_start="21:00", quiet_hours_end="07:00")
    clock(NIGHT)
    ticket_id = firm.missed_call(None).json()["ticket_id"]
    (row,) = alerts(firm, ticket_id)
    assert row["status"] == "queued" and "Anonym" in row["body"]
    assert row["not_before"].isoformat() == "2026-07-09T05:00:00+00:00"


# ---- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("config, pointer", [
    ({"on_call": "+41791234567"}, "/config/on_call"),
    ({"on_call": [{"phone": f"+4179123456{n}"} for n in range(9)]}, "/config/on_call"),
    ({"on_call": [{"name": "Reto"}]}, "/config/on_call/0/phone"),
    ({"on_call": [{"phone": "+41791234567"}, {"phone": "+41442100010"}]}, "/config/on_call/1/phone"),
    ({"on_call": [{"phone": "079 123 45 67"}]}, "/config/on_call/0/phone"),
    ({"on_call": [{"phone": "+4179123456"}]}, "/config/on_call/0/phone"),
    ({"on_call": [{"phone": 41791234567}]}, "/config/on_call/0/phone"),
    ({"on_call": [{"phone": PREMIUM}]}, "/config/on_call/0/phone"),
    ({"on_call": [{"phone": "+41791234567", "language": "rm"}]}, "/config/on_call/0/language"),
    ({"on_call": [{"phone": "+41791234567", "name": " "}]}, "/config/on_call/0/name"),
    ({"on_call": [{"phone": "+41791234567", "name": "x" * 61}]}, "/config/on_call/0/name"),
    ({"on_call": [{"phone": "+41791234567", "nickname": "R"}]}, "/config/on_call/0/nickname"),
    ({"on_call": ["+41791234567"]}, "/config/on_call/0"),
    ({"alerts": {"repeat_minutes": 0}}, "/config/alerts/repeat_minutes"),
    ({"alerts": {"repeat_minutes": 61}}, "/config/alerts/repeat_minutes"),
    ({"alerts": {"missed_call": "yes"}}, "/config/alerts/missed_call"),
    ({"alerts": {"frob": 1}}, "/config/alerts/frob"),
    ({"texts": {"de": {"alert": "{{firm}}: {{number}} {{who}}"}}}, "/config/texts/de/alert"),
])
def test_a_wrong_setting_is_named(stack, config, pointer):
    document = {"slug": "t-" + uuid.uuid4().hex[:12], "name": "Muster AG", "config": config}
    out = stack.command("tenant", "add", "--file", "-", stdin=json.dumps(document), check=False)
    assert out.returncode == 1 and f"{pointer}:" in out.stderr, out.stderr


def test_alerts_do_not_go_to_the_number_they_come_from(stack, firm):
    out = stack.command("tenant", "set", firm.slug, f'config.on_call=[{{"phone": "{firm.sms_number}"}}]', check=False)
    assert out.returncode == 1 and "/config/on_call/0/phone" in out.stderr


# ---- an SMS answers it ------------------------------------------------------------------------


def alarm(firm):
    return emergency(firm)["ticket_id"]


def telling_of(firm, ticket_id):
    (row,) = tellings(firm, ticket_id)
    return row


def inbox(firm, ticket_id):
    return firm.stack.sql("select * from sms_log where ticket_id = %s and direction = 'inbound' order by created_at", str(ticket_id))


@pytest.mark.parametrize("text", [
    "ok", "OK!", "Okay", "ja", "Ja, fahre hin", "oui", "Sì", "yes", "👍", "1", "übernehme", "Ich übernehme", "komme", "bin unterwegs",
    "je m'en charge", "j'arrive", "arrivo", "on my way", "alles klar", "d'accord", 'Gefällt „Muster: NOTFALL Nr. 3“',
])
def test_a_yes_answers_it(firm, text):
    ticket_id = alarm(firm)
    answer = firm.text(firm.on_call[0], text).json()
    assert (answer["meaning"], answer["ticket_id"], answer["answered"]) == ("alert_answered", ticket_id, "none")
    row = telling_of(firm, ticket_id)
    assert row["answered_by"] == "Person 1" and row["answered_at"] is not None and row["next_at"] is None
    (event,) = [e for e in firm.events(ticket_id) if e["event_type"] == "alert_answered"]
    assert event["new_value"] == "Person 1" and event["metadata"] == {"kind": "emergency", "by": "sms"}
    assert firm.stack.one("select unread from tickets where id = %s", ticket_id)["unread"] is False
    # It is no customer's text: no ticket, no contact, no answer, but it is kept.
    assert firm.tickets(firm.on_call[0]) == []
    assert [m["body"] for m in inbox(firm, ticket_id)] == [text]
    assert [m for m in firm.outbound(firm.on_call[0]) if not m["template"].startswith("alert")] == []
    assert not firm.stack.sql("select 1 as one from contacts where customer_id = %s and phone = %s", firm.id, firm.on_call[0])


@pytest.mark.parametrize("text", ["nein", "Nein danke", "kann nicht", "no", "non, pas maintenant", "can't", "bin krank, geht nicht"])
def test_a_no_hands_it_on_at_once(firm, text):
    ticket_id = alarm(firm)
    assert firm.text(firm.on_call[0], text).json()["meaning"] == "alert_declined"
    row = telling_of(firm, ticket_id)
    assert row["answered_at"] is None and row["next_at"] < row["told_at"] + datetime.timedelta(seconds=60)
    assert kinds(firm, ticket_id).count("alert_declined") == 1
    firm.text(firm.on_call[0], "ok")


def test_a_no_of_the_only_one_waits_its_minutes(stack):
    firm = firm_of(stack, on_call=1)
    ticket_id = alarm(firm)
    assert firm.text(firm.on_call[0], "nein").json()["meaning"] == "alert_noted"
    row = telling_of(firm, ticket_id)
    assert row["next_at"] == row["told_at"] + datetime.timedelta(minutes=5)


@pytest.mark.parametrize("text", ["Welche Adresse?", "Notfall", "2", "3", "Wo ist das", "ok?", "danke aber bin auf dem Dach"])
def test_anything_else_is_kept_with_the_ticket_and_answers_nothing(firm, text):
    ticket_id = alarm(firm)
    assert firm.text(firm.on_call[0], text).json()["meaning"] == "alert_noted"
    row = telling_of(firm, ticket_id)
    assert row["answered_at"] is None and row["next_at"] > row["told_at"] + datetime.timedelta(seconds=60)
    (event,) = [e for e in firm.events(ticket_id) if e["event_type"] == "alert_noted"]
    assert event["new_value"] == text and event["metadata"]["by"] == "Person 1"
    assert firm.tickets(firm.on_call[0]) == []
    firm.text(firm.on_call[0], "ok")


def test_the_newest_is_answered_first(firm):
    first, second = alarm(firm), alarm(firm)
    assert firm.text(firm.on_call[0], "ok").json()["ticket_id"] == second
    assert firm.text(firm.on_call[0], "ok").json()["ticket_id"] == first


def test_who_was_told_of_nothing_is_a_contact_like_any_other(stack):
    firm = firm_of(stack)
    phone = firm.on_call[1]
    alarm(firm)
    assert firm.text(phone, "ok").json()["meaning"] == "courtesy"
    answer = firm.text(phone, "1").json()
    assert answer["meaning"] == "urgent" and answer["opened"] is True
    for _ in range(2):
        assert firm.text(firm.on_call[0], "ok").json()["meaning"] == "alert_answered"
    # All is answered: the first on call may report an emergency at home.
    assert firm.text(firm.on_call[0], "1").json()["meaning"] == "urgent"
    assert firm.text(firm.on_call[0], "ok").json()["meaning"] == "alert_answered"


def test_a_stranger_who_says_ok_answers_nothing(firm):
    ticket_id = alarm(firm)
    assert firm.text(mobile(), "ok").json()["meaning"] == "courtesy"
    assert telling_of(firm, ticket_id)["answered_at"] is None
    firm.text(firm.on_call[0], "ok")


def test_of_another_firm_on_call_answers_nothing(stack, firm):
    other = firm_of(stack)
    ticket_id = alarm(firm)
    assert firm.text(other.on_call[0], "ok").json()["meaning"] == "courtesy"
    assert other.text(firm.on_call[0], "ok").json()["meaning"] == "courtesy"
    assert telling_of(firm, ticket_id)["answered_at"] is None
    firm.text(firm.on_call[0], "ok")


def test_stop_is_a_stop_and_alerts_go_on(firm):
    ticket_id = alarm(firm)
    assert firm.text(firm.on_call[0], "STOP").json()["meaning"] == "stop"
    assert telling_of(firm, ticket_id)["answered_at"] is None
    again = alarm(firm)
    told(firm, again, firm.on_call[0])
    for _ in range(2):
        firm.text(firm.on_call[0], "ok")
    firm.text(firm.on_call[0], "START")


def test_a_repeated_ok_is_one(firm):
    older, newer = alarm(firm), alarm(firm)
    sid = uuid.uuid4().hex

    def text(_):
        body = {"From": firm.on_call[0], "To": firm.sms_number, "Body": "ok", "MessageSid": sid}
        return requests.post(firm.stack.base + "/api/webhook/sms-reply", json=body, timeout=40).text

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(text, range(40)))
    assert len(answers) == 1 and json.loads(answers.pop())["ticket_id"] == newer
    assert telling_of(firm, older)["answered_at"] is None
    firm.text(firm.on_call[0], "ok")


def test_whoever_moves_the_ticket_has_answered(firm):
    ticket_id = alarm(firm)
    firm.move(ticket_id, "IN_PROGRESS")
    row = telling_of(firm, ticket_id)
    assert row["answered_by"] == "api" and row["next_at"] is None


def test_what_still_waits_is_withdrawn_by_the_answer(stack, clock):
    firm = firm_of(stack, alerts={"missed_call": True}, quiet_hours_start="21:00", quiet_hours_end="07:00")
    clock(NIGHT)
    ticket_id = firm.missed_call(mobile()).json()["ticket_id"]
    assert alerts(firm, ticket_id)[0]["status"] == "queued"
    firm.move(ticket_id, "NEEDS_CALLBACK")
    (row,) = alerts(firm, ticket_id)
    assert (row["status"], row["reason"]) == ("suppressed", "answered")
