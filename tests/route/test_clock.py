"""opsfabric clock: moves all programs at once, and time runs on from there"""

import datetime
import json
import os
import signal
import subprocess

import pytest

from tests.support.stack import mobile, wait_for

NIGHT = "2026-07-07T23:30:00+02:00"
UTC = datetime.timezone.utc
NEAR = 300  # seconds that a busy machine may take; the clocks are months apart


@pytest.fixture
def clock(stack):
    """What the other tests do by themselves, with the command."""
    def move(to):
        stack.command("clock", *(("set", to) if to else ("clear",)))

    yield move
    move(None)


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def shown(stack):
    return json.loads(stack.command("clock", "show", "--json").stdout)


def at_handlers(firm):
    """The instant at which a handler believes to work."""
    made = firm.missed_call(mobile()).json()
    return firm.stack.one("select created_at from tickets where id = %s", made["ticket_id"])["created_at"]


def seconds(delta):
    return abs(delta.total_seconds())


def test_setting_it_moves_every_handler_at_once(tenant, clock):
    clock(NIGHT)
    # As many requests as it takes to meet each worker.
    for _ in range(12):
        assert seconds(at_handlers(tenant) - instant(NIGHT)) < NEAR
    made = tenant.ticket(mobile()).json()
    ticket = tenant.stack.one("select * from tickets where id = %s", made["ticket_id"])
    assert seconds(ticket["created_at"] - instant(NIGHT)) < NEAR
    assert ticket["dedupe_key"].endswith(":2026-07-07")


def test_it_moves_the_dispatcher(stack, clock):
    night = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    caller = mobile()
    clock(NIGHT)
    night.missed_call(caller)
    clock("2026-07-08T07:00:10+02:00")
    stack.wait_messages(caller)
    (row,) = wait_for(lambda: [m for m in night.outbound(caller) if m["status"] == "sent"], what="its outcome")
    assert 0 <= (row["status_at"] - instant("2026-07-08T07:00:10+02:00")).total_seconds() < NEAR


def test_time_runs_on(tenant, clock):
    clock(NIGHT)
    first = at_handlers(tenant)
    second = at_handlers(tenant)
    assert instant(NIGHT) <= first < second < instant(NIGHT) + datetime.timedelta(seconds=NEAR)
    now, later = (instant(shown(tenant.stack)["now"]) for _ in range(2))
    assert second < now < later < instant(NIGHT) + datetime.timedelta(seconds=NEAR)


def test_show_says_what_time_it_is_and_whether_it_was_moved(stack, clock):
    told = shown(stack)
    assert told["moved"] is False
    assert seconds(instant(told["now"]) - datetime.datetime.now(UTC)) < NEAR
    clock(NIGHT)
    told = shown(stack)
    assert told["moved"] is True and seconds(instant(told["now"]) - instant(NIGHT)) < NEAR
    ahead = instant(NIGHT) - datetime.datetime.now(UTC)
    assert abs(told["offset_seconds"] - ahead.total_seconds()) < NEAR
    words = stack.command("clock", "show").stdout
    assert "2026-07-07T21:30" in words and "moved" in words


def test_clear_goes_back_to_the_systems_clock(tenant, clock):
    clock(NIGHT)
    at_handlers(tenant)
    clock(None)
    assert seconds(at_handlers(tenant) - datetime.datetime.now(UTC)) < NEAR
    clock(None)  # again does no harm
    assert shown(tenant.stack)["moved"] is False


def test_it_moves_back_as_well_as_forth(tenant, clock):
    for where in ("2030-02-28T12:00:00Z", "2026-03-29T02:30:00+01:00", "2031-12-31T23:59:00-05:00"):
        clock(where)
        assert seconds(at_handlers(tenant) - instant(where)) < NEAR


@pytest.mark.parametrize("text", [
    "", "now", "yesterday", "2026-07-08", "2026-07-08T10:00:00", "2026-02-30T10:00:00Z", "2026-07-08T25:00:00Z",
    "2026-07-08T10:00:00+2:00", "2026-07-08T10:00:00Z and more", "-1",
])
def test_what_is_no_instant_is_refused(stack, clock, text):
    clock(NIGHT)
    out = stack.command("clock", "set", text, check=False)
    assert out.returncode == 2 and out.stderr and not out.stdout
    assert seconds(instant(shown(stack)["now"]) - instant(NIGHT)) < NEAR


def test_a_fraction_and_any_zone_are_understood(stack, clock):
    clock("2026-07-08T10:00:00.250-11:30")
    assert seconds(instant(shown(stack)["now"]) - instant("2026-07-08T21:30:00+00:00")) < NEAR


def test_a_message_that_waited_too_long_is_not_sent(stack, tenant, clock):
    """The text to a caller of the night is pointless by noon."""
    night = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    caller, witness = mobile(), mobile()
    clock(NIGHT)
    assert night.missed_call(caller).json()["status"] == "deferred"
    clock("2026-07-08T12:00:00+02:00")
    wait_for(lambda: night.outbound(caller)[0]["status"] == "expired", what="its end")
    tenant.missed_call(witness)
    stack.wait_messages(witness)
    assert stack.messages(caller) == [] and len(night.outbound(caller)) == 1


def test_a_program_that_starts_later_is_where_the_others_are(stack, tenant, clock):
    clock(NIGHT)
    notes = sorted((stack.state / "run" / "pid").glob("missed_call*"))
    old = {f: f.read_text() for f in notes}
    for f, pid in old.items():  # one after the other, or the socket would be closed
        os.kill(int(pid), signal.SIGTERM)
        wait_for(lambda: f.read_text() not in ("", pid), what="a new one")
    for _ in range(8):
        assert seconds(at_handlers(tenant) - instant(NIGHT)) < NEAR


# ---- programs that would really send ---------------------------------------------------------


def real(stack, **more):
    """The environment of the stack, but with a provider that sends; to an address where nobody is."""
    return {
        **os.environ, **stack.env, "SMS_PROVIDER": "ecall", "ECALL_USERNAME": "u", "ECALL_PASSWORD": "p",
        "ECALL_URL": "http://127.0.0.1:9/", **more,
    }


@pytest.mark.parametrize("program", ["cgi-bin/missed_call", "cgi-bin/review_request", "bin/dispatcher"])
def test_they_do_not_start_while_the_clock_is_moved(stack, clock, program):
    clock(NIGHT)
    out = subprocess.run(
        [stack.state / "programs" / program], env=real(stack), cwd=stack.state, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120)
    assert out.returncode != 0 and "clock" in out.stderr


def test_they_end_when_the_clock_is_moved(stack, clock, tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        running = subprocess.Popen(
            [stack.state / "programs" / "bin" / "dispatcher"], env=real(stack), cwd=stack.state,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        wait_for(lambda: b"SMS_PROVIDER is ecall" in log.read_bytes(), what="its start")
        assert running.poll() is None
        clock(NIGHT)
        assert running.wait(120) != 0
        assert b"clock" in log.read_bytes()
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()


def test_they_do_not_move_it(stack, clock):
    clock(None)
    out = subprocess.run(
        [stack.state / "programs" / "bin" / "opsfabric", "clock", "set", NIGHT], env=real(stack), cwd=stack.state,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert out.returncode == 1 and out.stderr
    assert shown(stack)["moved"] is False
