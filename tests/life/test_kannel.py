"""A real Kannel: what leaves arrives as it was written, receipts come back, an answer becomes a ticket, a restart loses nothing"""

import concurrent.futures

import pytest

from tests.support.kannel import Kannel
from tests.support.stack import Stack, mobile, wait_for

TOKEN = "kannel-token-of-this-test"


@pytest.fixture(scope="module")
def kannel(private_dir):
    made = Kannel(private_dir / "kannel")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def installation(private_dir, kannel):
    running = Stack.start(private_dir / "of", WEBHOOK_TOKEN=TOKEN, **kannel.settings)
    kannel.configure(f"{running.base}/api/webhook/sms-reply/kannel/{TOKEN}")
    kannel.start()
    yield running
    running.stop()


@pytest.fixture
def firm(installation):
    return installation.tenant(daily_segments=10000)


def delivered(firm, phone, count=1):
    def all_of_them():
        rows = firm.outbound(phone)
        return rows if len(rows) >= count and all(m["status"] == "delivered" for m in rows) else None

    return wait_for(all_of_them, 120, f"{count} delivered message(s)")


@pytest.mark.parametrize("kind, body", [
    ("text", "Grüezi! Ä ö Ü, à è é ñ ß: 2 @ 3"), ("ucs-2", "Grüezi 🔧 «garçon» – œuvre… 👍🏽"),
])
def test_a_text_arrives_as_it_was_written(installation, firm, kannel, kind, body):
    phone = mobile()
    made = firm.ticket(mobile()).json()["ticket_id"]
    installation.sql(
        "insert into sms_log (id, customer_id, ticket_id, direction, from_number, to_number, body, segments, provider, status, not_before,"
        " expires_at, status_at, created_at)"
        " values (gen_random_uuid(), %s, %s, 'outbound', %s, %s, %s, 1, 'kannel', 'queued', now(), now() + '1 hour', now(), now())",
        firm.id, made, firm.sms_number, phone, body)
    delivered(firm, phone)
    assert kannel.wait_arrived(phone) == [(kind, body)]
    # The ticket's own confirmation went to somebody else, and its receipt comes when it comes.
    wait_for(lambda: [e["event_type"] for e in firm.events(made)].count("sms_delivered") == 2, what="both to be delivered")
    assert [e["event_type"] for e in firm.events(made)].count("sms_sent") == 2


def test_an_answer_becomes_a_ticket(firm, kannel):
    phone = mobile()
    call = {"from": phone, "to": firm.phone, "status": "no-answer"}
    assert firm.stack.post(f"/api/webhook/missed-call/generic/{TOKEN}", call).status_code == 200
    (asked,) = delivered(firm, phone)
    assert asked["template"].startswith("missed_call")
    kannel.text(phone, firm.sms_number, "1")
    (ticket,) = wait_for(lambda: [t for t in firm.tickets(phone) if t["urgency"] == "HIGH"], what="the ticket")
    assert len(delivered(firm, phone, 2)) == len(kannel.wait_arrived(phone, 2)) == 2
    kannel.text(phone, firm.sms_number, "Grüezi, es tröpfelt 🔧")
    wait_for(lambda: [e for e in firm.events(ticket["id"]) if e["new_value"] == "Grüezi, es tröpfelt 🔧"], what="the text")
    (ticket,) = firm.tickets(phone)
    assert ticket["source"] == "missed_call" and ticket["urgency"] == "HIGH"


def test_a_text_that_comes_while_smsbox_is_away_comes_later(firm, kannel):
    phone = mobile()
    kannel.stop("smsbox")
    kannel.text(phone, firm.sms_number, "1")
    kannel.start_smsbox()
    (ticket,) = wait_for(lambda: firm.tickets(phone), what="the ticket")
    assert ticket["urgency"] == "HIGH"
    delivered(firm, phone)
    assert len([e for e in firm.events(ticket["id"]) if e["event_type"] == "created"]) == 1
    assert len(kannel.wait_arrived(phone)) == 1


def test_a_restart_loses_and_doubles_nothing(firm, kannel):
    # Fewer than make a dispatcher leave a provider alone.
    phones = [mobile() for _ in range(9)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = [pool.submit(firm.ticket, phone) for phone in phones]
        wait_for(lambda: any(m["status"] != "queued" for m in firm.outbound()), what="the first to leave")
        kannel.stop()
        assert {m.result().status_code for m in made} == {201}
    phones.append(mobile())
    assert firm.ticket(phones[-1]).status_code == 201
    wait_for(lambda: [m for m in firm.outbound() if m["status"] == "queued" and m["attempts"] > 0], what="an attempt at nobody")
    kannel.start()
    rows = {}

    def all_ended():
        rows.update({m["to_number"]: m["status"] for m in firm.outbound()})
        # What nobody can say is never sent again; what arrived is known soon, and arrived once.
        return set(rows.values()) <= {"delivered", "unknown"} and all(
            len(kannel.arrived(phone)) == (status == "delivered") for phone, status in rows.items())

    wait_for(all_ended, 180, "all to end, as the phones have it")
    assert sorted(rows) == sorted(phones)
    assert rows[phones[-1]] == "delivered"
