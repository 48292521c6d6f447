"""The public form in the hands of somebody with many numbers and many addresses: docs/security.md

A short form of what tests/long/run does (attack).
"""

import pytest

from tests.support.campaign import ATTACK_SETTINGS, attack_rounds, settle
from tests.support.stack import Stack, mobile


@pytest.fixture(scope="module")
def limited(private_dir):
    """As on a server: nginx limits, and believes one proxy."""
    running = Stack.start(private_dir / "limited", **ATTACK_SETTINGS)
    yield running
    running.stop()


def test_strangers_numbers_cost_little_and_people_are_served(limited):
    figures = attack_rounds(limited, 1, requests=800)
    print(figures)
    assert figures["violations"] == []
    assert figures["requests"] == 800 and figures["kept"] > 600 and figures["refused"] > 0
    assert 0 < figures["sent_to_strangers"] <= 40, "of an hour, and perhaps of the next"
    assert figures["slowest_s"] < 40


def test_what_an_attack_left_in_the_queue_holds_nobody_up(limited):
    """The dispatcher was away while thousands were queued: then those who called are not behind them."""
    firm = limited.tenant()
    limited.sql(
        "insert into contacts (id, customer_id, phone, created_at, seen_at)"
        " select gen_random_uuid(), %s, '+4178' || 2000000 + n, now(), now() from generate_series(1, 5000) n", firm.id)
    limited.sql(
        "insert into sms_log (id, customer_id, contact_id, direction, template, from_number, to_number, body, segments, provider, status,"
        " not_before, expires_at, status_at, created_at)"
        " select gen_random_uuid(), customer_id, id, 'outbound', 'ticket_confirmation', '+41790000001', phone, 'x', 1, 'console', 'queued',"
        " now(), now() + interval '1 hour', now(), now() from contacts where customer_id = %s", firm.id)
    caller = mobile()
    assert firm.missed_call(caller).json()["status"] == "queued"
    limited.wait_messages(caller)
    settle(limited)
    fates = {row["status"]: row["count"] for row in limited.sql(
        "select status, count(*) from sms_log where customer_id = %s and contact_id <> (select id from contacts where phone = %s)"
        " group by status", firm.id, caller)}
    assert fates["suppressed"] >= 4960 and fates["sent"] == 5000 - fates["suppressed"]
    took = limited.one(
        "select extract(epoch from max(status_at) - min(status_at)) as s from sms_log"
        " where customer_id = %s and status = 'suppressed'", firm.id)["s"]
    assert took < 30, "a hundred at a time, one second after the other, would take fifty"
