"""dispatcher - what is queued reaches the provider once, and each row says the truth about it

Accounts and providers side by side, time, several dispatchers, their ends and beginnings, on the outbox of tests/support/outbox.py;
how one message may end is test_outcome.py.
"""

import collections
import contextlib
import json
import os
import random
import signal
import time

import pytest

from tests.support.outbox import check_truth, cluster, outbox, wire  # noqa: F401
from tests.support.stack import wait_for

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))


# ---- accounts of firms ------------------------------------------------------------------------------


KEY, NEXT_KEY = "0123456789abcdef" * 4, "fedcba9876543210" * 4
SECRETS = {"ecall": ("ecall.username", "ecall.password"), "ecall_https": ("ecall.username", "ecall.password"),
           "twilio": ("twilio.account_sid", "twilio.api_key_sid", "twilio.api_key_secret"),
           "kannel": ("kannel.username", "kannel.password")}


def seal(outbox, name, key=KEY):
    """The firm's own account, as its operator brings it in."""
    values = {"username": "firm", "password": "its own", "account_sid": "AC" + "1" * 32, "api_key_sid": "firm",
              "api_key_secret": "its own"}
    for secret in SECRETS[name]:
        outbox.command("secret", "set", "muster-ag", secret, stdin=values[secret.split(".")[1]] + "\n", SECRETS_KEY=key)


@pytest.mark.parametrize("name", SECRETS)
def test_a_firm_sends_with_its_own_account(outbox, name):
    provider = outbox.provider()
    seal(outbox, name)
    outbox.dispatcher(provider.port, SECRETS_KEY=KEY)
    ids = outbox.queue(3, provider=name)
    outbox.wait_status(ids, "sent")
    assert {provider.accepted()[i][0]["account"] for i in ids} == {"firm"}
    # another firm's messages, and this one's when it has none any more, go with the installation's
    for secret in SECRETS[name]:
        outbox.command("secret", "remove", "muster-ag", secret)
    ids = outbox.queue(3, provider=name)
    outbox.wait_status(ids, "sent")
    assert {provider.accepted()[i][0]["account"] for i in ids} == {"it"}
    assert "its own" not in outbox.log.read_text()


def test_an_account_that_does_not_open_sends_with_no_other(outbox):
    provider = outbox.provider()
    seal(outbox, "ecall")
    child = outbox.dispatcher(provider.port, SECRETS_KEY=NEXT_KEY)
    ids = outbox.queue(2)
    wait_for(lambda: all(row["attempts"] and row["status"] == "queued" for row in outbox.rows(ids).values()))
    assert "does not open with SECRETS_KEY" in outbox.row(ids[0])["error"] and outbox.said("error: message")
    child.terminate()
    child.wait(120)
    assert provider.count() == 0
    # while the key is changed both open it, and afterwards the new one alone
    keys = {"SECRETS_KEY": NEXT_KEY, "SECRETS_KEY_OLD": KEY}
    outbox.dispatcher(provider.port, **keys)
    outbox.wait_status(ids, "sent")
    assert outbox.command("secret", "rotate", **keys).startswith("2 secrets are sealed")
    outbox.command("secret", "rotate", **keys)
    outbox.dispatcher(provider.port, SECRETS_KEY=NEXT_KEY)
    ids += outbox.queue(20)
    outbox.wait_status(ids, "sent")
    assert {provider.accepted()[i][0]["account"] for i in ids} == {"firm"}


def test_a_box_of_another_firm_opens_for_nobody(outbox):
    provider = outbox.provider()
    seal(outbox, "ecall")
    outbox.sql("update secrets s set sealed = o.sealed from secrets o where s.name = 'ecall.password' and o.name = 'ecall.username'")
    outbox.dispatcher(provider.port, SECRETS_KEY=KEY)
    [row_id] = outbox.queue()
    wait_for(lambda: outbox.row(row_id)["attempts"] >= 1 and outbox.row(row_id)["status"] == "queued")
    assert provider.count() == 0


# ---- providers side by side ----------------------------------------------------------------------


def test_one_that_is_slow_or_away_holds_up_nobody_else(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port, KANNEL_URL="http://127.0.0.1:1/cgi-bin/sendsms")
    slow = outbox.queue(150, "[fault:wait]", provider="twilio")
    away = outbox.queue(150, provider="kannel")
    # as many as it may have at a time, and no more
    wait_for(lambda: provider.count() == 100)
    # nobody is there: not each of them has to try
    wait_for(lambda: outbox.said("kannel cannot be reached"))
    ids = outbox.queue(150) + outbox.queue(150, provider="console")
    # before anybody's time is up
    outbox.wait_status(ids, "sent", seconds=25)
    statuses = collections.Counter(row["status"] for row in outbox.rows(slow).values())
    assert statuses == {"sending": 100, "queued": 50}
    provider.release()
    wait_for(lambda: provider.count() == 300)
    provider.release()
    outbox.wait_status(slow, "sent")
    assert check_truth(outbox, provider, slow) == {"sent": 150}


def test_a_provider_without_settings_loses_no_message(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port, TWILIO_ACCOUNT_SID="", KANNEL_URL="http://10.0.0.1/cgi-bin/sendsms")
    twilio, kannel = outbox.queue(provider="twilio"), outbox.queue(provider="kannel")
    outbox.wait_status(outbox.queue(), "sent")
    wait_for(lambda: all(row["attempts"] and row["status"] == "queued" for row in outbox.rows(twilio + kannel).values()))
    assert "TWILIO_ACCOUNT_SID" in outbox.row(twilio[0])["error"]
    assert "KANNEL_URL" in outbox.row(kannel[0])["error"]
    assert outbox.said("error: message")
    child.terminate()
    child.wait(120)
    outbox.dispatcher(provider.port)
    outbox.wait_status(twilio + kannel, "sent")


def test_nothing_leaves_while_the_clock_is_moved(outbox):
    """The firm's own provider, in an installation that tries things out with the console."""
    provider = outbox.provider()
    outbox.move_clock(1)
    outbox.dispatcher(provider.port, SMS_PROVIDER="console")
    real = outbox.queue(3, provider="twilio", lives="1 day")
    outbox.wait_status(outbox.queue(3, provider="console", lives="1 day"), "sent")
    assert {(row["status"], row["attempts"]) for row in outbox.rows(real).values()} == {("queued", 0)}
    (outbox.home / "clock").unlink()
    outbox.wait_status(real, "sent")
    assert check_truth(outbox, provider, real) == {"sent": 3}


def test_too_many_requests_waits_as_long_as_it_was_told(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    [row_id] = outbox.queue(1, "[first:busy]")
    row = wait_for(lambda: (lambda r: r if r["attempts"] == 1 and r["status"] == "queued" else None)(outbox.row(row_id)))
    assert (row["not_before"] - row["created_at"]).total_seconds() >= 1
    assert outbox.wait_status([row_id], "sent")[row_id]["attempts"] == 2


def test_wrong_credentials_burn_no_message(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port, ECALL_PASSWORD="wrong")
    [row_id] = outbox.queue()
    wait_for(lambda: outbox.row(row_id)["attempts"] >= 2 and outbox.row(row_id)["status"] == "queued")
    assert outbox.row(row_id)["error"].startswith("HTTP 401")
    assert outbox.said("error: message")
    child.terminate()
    child.wait(120)
    outbox.dispatcher(provider.port)
    outbox.wait_status([row_id], "sent")
    assert check_truth(outbox, provider, [row_id]) == {"sent": 1}


def test_a_provider_that_is_away_gets_it_when_it_is_back(outbox):
    first = outbox.provider()
    port = first.port
    first.stop()
    outbox.providers.remove(first)
    outbox.dispatcher(port)
    ids = outbox.queue(5)
    wait_for(lambda: all(r["attempts"] >= 2 for r in outbox.rows(ids).values()))
    assert all(r["status"] in ("queued", "sending") for r in outbox.rows(ids).values())
    provider = outbox.provider(port=port)
    outbox.wait_status(ids, "sent")
    assert check_truth(outbox, provider, ids) == {"sent": 5}


def test_a_provider_that_is_away_is_not_stormed(outbox):
    first = outbox.provider()
    port = first.port
    first.stop()
    outbox.providers.remove(first)
    outbox.dispatcher(port)
    ids = outbox.queue(1000)
    wait_for(lambda: outbox.said("ecall cannot be reached"))
    began = time.monotonic()
    tried = sum(row["attempts"] for row in outbox.rows(ids).values())
    wait_for(lambda: time.monotonic() - began > 5, 10)
    again = sum(row["attempts"] for row in outbox.rows(ids).values())
    # the first hundred at once, then one after 1, 2, 4 seconds
    assert again - tried <= 5 and again <= 210, (tried, again)
    provider = outbox.provider(port=port)
    outbox.wait_status(ids, "sent")
    assert outbox.said("ecall is reached again")
    assert check_truth(outbox, provider, ids) == {"sent": 1000}


def test_a_kept_connection_that_dies_is_not_asked_twice(outbox):
    """libcurl by itself would write the request again, on a new connection."""
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    wait_for((outbox.home / "run" / "dispatcher.sock").exists)
    for _ in range(5):
        first = outbox.queue(1, "[fault:drop_kept]")
        outbox.wake()
        outbox.wait_status(first, "sent")
        second = outbox.queue(1, "[fault:drop_kept]")
        outbox.wake()
        outbox.wait_status(second, "unknown")
        assert check_truth(outbox, provider, first + second) == {"sent": 1, "unknown": 1}
        assert len(provider.accepted()[second[0]]) == 1


# ---- time --------------------------------------------------------------------------------------


def test_not_before_and_expires_at(outbox):
    provider = outbox.provider()
    [late] = outbox.queue(1, lives="-1 s", after="-1 h")
    [early] = outbox.queue(1, after="2 s")
    [far] = outbox.queue(1, after="1 h", lives="2 h")
    # certainly not accepted, and the next attempt would come too late
    [hopeless] = outbox.queue(1, "[fault:busy]", lives="1.5 s")
    outbox.dispatcher(provider.port)
    rows = outbox.wait_status([late, early, hopeless], "sent", "expired")
    assert rows[late]["status"] == "expired" and rows[late]["attempts"] == 0
    assert rows[hopeless]["status"] == "expired"
    assert rows[early]["status"] == "sent" and rows[early]["status_at"] >= rows[early]["not_before"]
    assert outbox.row(far)["status"] == "queued"
    assert check_truth(outbox, provider, [late, early, hopeless]) == {"sent": 1, "expired": 2}


def test_a_datagram_is_faster_than_the_second(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    wait_for((outbox.home / "run" / "dispatcher.sock").exists)
    outbox.wait_status(outbox.queue(), "sent")

    def takes():
        begun = time.monotonic()
        ids = outbox.queue()
        outbox.wake()
        outbox.wait_status(ids, "sent")
        return time.monotonic() - begun

    # Looking every second finds each almost a second after the one before, however often; a busy machine is not busy each time.
    takes()
    wait_for(lambda: takes() < 0.5, what="one that is found at once")


def test_a_clock_that_jumps_sends_nothing_twice(outbox):
    outbox.dispatcher()
    outbox.dispatcher()
    ids = outbox.queue(3000, provider="console", lives="30 days", after="-1 day")
    file = outbox.home / "log" / "messages.jsonl"
    for hours in (8, 0, 16, 2, 24, 1):
        seen = file.read_bytes().count(b"\n") if file.exists() else 0
        wait_for(lambda: file.exists() and file.read_bytes().count(b"\n") >= min(3000, seen + 300))
        outbox.move_clock(hours)
    outbox.wait_status(ids, "sent")
    lines = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(ids)


def test_a_moved_clock_ends_a_dispatcher_of_a_real_provider(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port)
    held = outbox.queue(3, "[fault:wait]")
    wait_for(lambda: provider.count() == 3)
    outbox.move_clock(8)
    wait_for(lambda: outbox.said("the clock is moved"))
    provider.release()
    assert child.wait(120) == 1
    outbox.wait_status(held, "sent")
    assert outbox.dispatcher(provider.port).wait(120) == 1
    assert check_truth(outbox, provider, held) == {"sent": 3}


# ---- several, and ends ----------------------------------------------------------------------------


def test_three_side_by_side_never_send_twice(outbox):
    provider = outbox.provider("--delay", "0.01")
    children = [outbox.dispatcher(provider.port) for _ in range(3)]
    wait_for(lambda: len(outbox.sql("select 1 as one from pg_stat_activity where application_name = 'dispatcher'")) == 3, what="all three")
    ids = []

    def shared():
        """One may have sent all of them before the others looked."""
        ids.extend(outbox.queue(1500))
        outbox.wait_status(ids, "sent")
        log = outbox.log.read_text()
        return sum(f"dispatcher[{child.pid}]: info: message" in log for child in children) >= 2

    wait_for(shared, 240, "two of them to send")
    assert check_truth(outbox, provider, ids) == {"sent": len(ids)}
    assert provider.count() == len(ids)


def test_the_socket_of_a_killed_dispatcher_is_taken_over_and_a_living_one_keeps_its_own(outbox):
    path = outbox.home / "run" / "dispatcher.sock"
    provider = outbox.provider()
    owner = outbox.dispatcher(provider.port)
    wait_for(path.exists)
    made = path.stat().st_ctime_ns      # inode numbers are used again

    def is_anew():
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_ctime_ns != made
        return False

    outbox.dispatcher(provider.port)
    outbox.wait_status(outbox.queue(200), "sent")
    assert path.stat().st_ctime_ns == made
    owner.kill()
    owner.wait(120)
    wait_for(is_anew, what="the other to take the socket over")
    outbox.wake()
    outbox.wait_status(outbox.queue(), "sent")


def test_sigterm_finishes_what_is_under_way_and_begins_nothing(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port)
    held = outbox.queue(10, "[fault:wait]")
    wait_for(lambda: provider.count() == 10)
    child.terminate()
    wait_for(lambda: outbox.said("finishing what is under way"))
    later = outbox.queue(5)
    outbox.wake()
    assert child.poll() is None
    provider.release()
    assert child.wait(120) == 0
    assert {row["status"] for row in outbox.rows(held).values()} == {"sent"}
    assert {row["status"] for row in outbox.rows(later).values()} == {"queued"}
    assert not (outbox.home / "run" / "dispatcher.sock").exists()
    assert check_truth(outbox, provider, held) == {"sent": 10}


def test_a_late_outcome_counts_for_its_attempt(outbox):
    """A dispatcher that was stopped for longer than its lease."""
    provider = outbox.provider()
    sleeper = outbox.dispatcher(provider.port)
    ids = outbox.queue(3, "[fault:wait]")
    wait_for(lambda: provider.count() == 3)
    sleeper.send_signal(signal.SIGSTOP)
    provider.release()
    outbox.sql("update sms_log set claimed_until = clock_timestamp() where status = 'sending'")
    outbox.dispatcher(provider.port)
    outbox.wait_status(ids, "unknown")
    sleeper.send_signal(signal.SIGCONT)
    rows = outbox.wait_status(ids, "sent")
    assert all(row["attempts"] == 1 and row["provider_id"] for row in rows.values())
    assert check_truth(outbox, provider, ids) == {"sent": 3}


def test_postgres_goes_away_while_messages_are_under_way(outbox, cluster):
    provider = outbox.provider()
    cluster.stop()
    child = outbox.dispatcher(provider.port)
    wait_for(lambda: outbox.said("cannot connect"))
    cluster.start()
    held = outbox.queue(10, "[fault:wait]")
    wait_for(lambda: provider.count() == 10)
    cluster.stop()
    provider.release()
    wait_for(lambda: all(outbox.said(f"message {row_id}: ecall sent") for row_id in held))
    # stays, and keeps what it knows
    assert child.poll() is None
    cluster.start()
    outbox.wait_status(held, "sent")
    later = outbox.queue(10)
    outbox.wait_status(later, "sent")
    assert check_truth(outbox, provider, held + later) == {"sent": 20}


@pytest.mark.parametrize("statement", ["message_claim", "message_outcome"])
def test_a_commit_whose_answer_is_lost(outbox, wire, statement):
    """What was claimed but never begun goes back; an outcome is written again and changes nothing."""
    provider = outbox.provider()
    held = outbox.queue(2, "[fault:wait]")
    child = outbox.dispatcher(
        provider.port, DATABASE_SERVICE_URL=f"postgresql://opsfabric_service@/opsfabric?host={wire.host}")
    wait_for(lambda: provider.count() == 2)
    # It looks every second: what it looks for must be there before the first answer is lost.
    child.send_signal(signal.SIGSTOP)
    wait_for(lambda: not outbox.sql("select 1 as one from pg_stat_activity where application_name = 'dispatcher' and state = 'active'"),
             what="its last statement to end")
    ids = outbox.queue(20)
    wire.lose[statement] = 2
    child.send_signal(signal.SIGCONT)
    rows = outbox.wait_status(ids, "sent")
    wait_for(lambda: wire.lose[statement] == 0)
    assert {row["attempts"] for row in rows.values()} == {3 if statement == "message_claim" else 1}
    # what was under way all the time was not touched
    assert {row["status"] for row in outbox.rows(held).values()} == {"sending"}
    provider.release()
    outbox.wait_status(held, "sent")
    assert check_truth(outbox, provider, ids + held) == {"sent": 22}
    assert provider.count() == 22
    assert len(outbox.sql("select 1 as one from ticket_events where event_type = 'sms_sent'")) == 22
    child.terminate()
    assert child.wait(120) == 0


def test_connections_that_end_at_any_moment_leave_no_row_behind(outbox):
    provider = outbox.provider("--delay", "0.005")
    for _ in range(2):
        outbox.dispatcher(provider.port)
    ids = outbox.queue(4000)
    for _ in range(4 * ROUNDS):
        count = provider.count()
        outbox.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dispatcher'")
        wait_for(lambda: provider.count() > count or count == 4000)
    outbox.wait_status(ids, "sent", seconds=240)
    assert check_truth(outbox, provider, ids) == {"sent": 4000}
    assert provider.count() == 4000


def test_killed_at_any_moment_nothing_goes_twice_and_nothing_is_lost(outbox):
    faults = ("accept=60,accept_close=6,refuse=6,busy=6,fail=3,accept_fail=3,reset_after_reading=3,accept_reset=3,"
              "garbage=2,accept_garbage=2,accept_cut=2,accept_no_id=2,not_http=1,drop_kept=6")
    provider = outbox.provider("--delay", "0.05", "--reset", "0.02", "--faults", faults)
    children = [outbox.dispatcher(provider.port) for _ in range(3)]
    ids = []
    for _ in range(ROUNDS):
        ids += outbox.queue(300)
        count = provider.count()
        wait_for(lambda: provider.count() >= count + random.randrange(1, 60), 60)
        victim = random.randrange(3)
        children[victim].kill()
        children[victim].wait(120)
        children[victim] = outbox.dispatcher(provider.port)
    # All leases end, those of the living too: their late outcomes count. Who writes one now is let be.
    outbox.sql("update sms_log set claimed_until = clock_timestamp() where id in"
               " (select id from sms_log where status = 'sending' for update skip locked)")
    outbox.wait_status(ids, "sent", "failed", "unknown", "expired", seconds=240)
    counts = check_truth(outbox, provider, ids)
    assert counts["sent"] > len(ids) / 4, counts        # each kill leaves what was under way unknown


# ---- beginnings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("changes, words", [
    (dict(SMS_PROVIDER="ecall"), "ECALL_USERNAME must be set"),
    (dict(SMS_PROVIDER="ecall", ECALL_USERNAME="it"), "ECALL_PASSWORD must be set"),
    (dict(SMS_PROVIDER="ecall", ECALL_USERNAME="it", ECALL_PASSWORD="x", ECALL_NUMBER_PREFIX="0"), "ECALL_NUMBER_PREFIX"),
    (dict(SMS_PROVIDER="pigeon"), "pigeon"),
    (dict(DATABASE_SERVICE_URL=""), "DATABASE_SERVICE_URL is not set"),
])
def test_refuses_to_start(outbox, changes, words):
    assert outbox.dispatcher(**changes).wait(120) == 1
    assert outbox.said(words), outbox.log.read_text()


@pytest.mark.parametrize("role", ["postgres", "opsfabric_owner"])
def test_refuses_a_role_that_row_level_security_does_not_bind(outbox, cluster, role):
    assert outbox.dispatcher(DATABASE_SERVICE_URL=cluster.url(role)).wait(120) == 1
    assert outbox.said(f"role {role}"), outbox.log.read_text()
