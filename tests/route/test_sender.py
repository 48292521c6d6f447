"""sender: what may be answered comes from the firm's number, the rest from its name where it has one"""

import json

import pytest

from tests.support.stack import mobile

CONFIG = {"language": "de", "languages": ["de"], "status_messages": True}


def firm(stack, **changes):
    changes.setdefault("config", {**CONFIG, "sms": {"sender": "Muster AG"}})
    return stack.tenant(**changes)


def last(tenant, phone):
    row = tenant.outbound(phone)[-1]
    return row["template"], row["status"], row["from_number"], row["reason"]


def test_an_answer_is_expected_at_the_number_only(stack):
    tenant, phone = firm(stack), mobile()
    ticket = tenant.ticket(phone).json()["ticket_id"]
    assert stack.wait_messages(phone)[-1]["from"] == "Muster AG"
    tenant.move(ticket, "IN_PROGRESS")
    assert stack.wait_messages(phone, 2)[-1]["from"] == "Muster AG"
    # "answer this SMS if something is not in order"
    tenant.move(ticket, "DONE")
    assert stack.wait_messages(phone, 3)[-1]["from"] == tenant.sms_number
    caller = mobile()
    tenant.missed_call(caller)
    tenant.text(caller, "1")
    assert [m["from"] for m in stack.wait_messages(caller, 2)] == [tenant.sms_number] * 2


def test_a_firm_without_a_number_says_only_what_nobody_answers(stack):
    tenant, phone, caller = firm(stack, sms_number=None), mobile(), mobile()
    answer = tenant.ticket(phone).json()
    assert answer["confirmation"] == "queued"
    assert stack.wait_messages(phone)[-1]["from"] == "Muster AG"
    assert tenant.missed_call(caller).json()["reason"] == "no_sender"
    assert last(tenant, caller) == ("missed_call", "suppressed", None, "no_sender")
    tenant.move(answer["ticket_id"], "IN_PROGRESS")
    assert stack.wait_messages(phone, 2)[-1]["from"] == "Muster AG"
    tenant.move(answer["ticket_id"], "DONE")
    assert last(tenant, phone) == ("status_done", "suppressed", None, "no_sender")


def test_without_any_sender_nothing_leaves(stack):
    tenant, phone = firm(stack, sms_number=None, config=CONFIG), mobile()
    assert tenant.ticket(phone).json()["reason"] == "no_sender"


def test_a_message_keeps_the_provider_of_its_firm(stack):
    """The dispatcher of this stack has no account at Twilio: the message waits, and says why."""
    tenant, phone = firm(stack, config={**CONFIG, "sms": {"provider": "twilio"}}), mobile()
    tenant.ticket(phone)
    [row] = tenant.outbound(phone)
    assert (row["provider"], row["from_number"]) == ("twilio", tenant.sms_number)
    assert stack.messages(phone) == []
    stack.sql("update sms_log set status = 'expired' where id = %s and status = 'queued'", row["id"])


@pytest.mark.parametrize("setting, value, good", [
    ("provider", "twilio", True), ("provider", "console", True), ("provider", "pigeon", False), ("provider", 1, False),
    ("sender", "Muster AG", True), ("sender", "MUSTER-AG 24", False), ("sender", "Muster24", True), ("sender", "12345", False),
    ("sender", "+41790000009", True), ("sender", "M\u00fcller", False), ("sender", "a\nb", False), ("sender", " a", False),
    ("sender", "", False), ("sender", "MG" + "0" * 32, True), ("sender", "MG" + "0" * 31, False),
])
def test_settings_are_checked(stack, tenant, setting, value, good):
    patch = json.dumps({"config": {"sms": {setting: value}}})
    out = stack.command("tenant", "set", tenant.slug, "--file", "-", stdin=patch, check=False)
    assert (out.returncode == 0) == good, out.stderr
    if not good:
        assert f"/config/sms/{setting}" in out.stderr
