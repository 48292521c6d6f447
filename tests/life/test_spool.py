"""Postgres away: webhooks that can be verified from memory are kept on the disk, and are tickets afterwards, exactly once"""

import base64
import collections
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import socket
import subprocess
import uuid

import pytest

from tests.support.fastcgi import Connection
from tests.support.processes import Processes, kill
from tests.support.spool import outages
from tests.support.stack import Stack, mobile, wait_for

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
# At full length once, for as long as a minute.
SECONDS = 60 if ROUNDS >= 50 else 3


@pytest.fixture(scope="module")
def firm(own_stack):
    return own_stack.tenant(daily_segments=1000000)


@pytest.fixture(scope="module")
def processes(own_stack):
    return Processes(own_stack)


@pytest.fixture(autouse=True)
def nobody_complains(processes):
    before = processes.complaints()
    yield
    assert processes.complaints() == before


@contextlib.contextmanager
def away(stack, processes, *words):
    """Without Postgres; words are what must be remembered."""
    processes.wait_spool()
    processes.wait_roster(*words)
    stack.close()
    processes.stop_database()
    try:
        yield
    finally:
        processes.start_database()
    processes.wait_spool()


# ---- what was acknowledged ---------------------------------------------------------------------


def test_what_was_acknowledged_is_a_ticket_exactly_once(own_stack):
    """All three routes under load, and whoever replays is killed while it does."""
    figures = outages(own_stack, 1, SECONDS)
    print(figures)
    assert figures["violations"] == []
    assert figures["killed"] >= 1


def test_a_worker_that_starts_meanwhile_remembers_as_well(own_stack, firm, processes):
    phone = mobile()
    with away(own_stack, processes, firm.phone):
        own_stack.run("--restart", "missed_call")
        answer = firm.missed_call(phone)
        assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
        assert "Retry-After" not in answer.headers
    assert [t["source"] for t in firm.tickets(phone)] == ["missed_call"]


def test_the_instant_is_the_one_at_which_it_came(own_stack, processes):
    """Just before midnight and quiet hours, and taken after both."""
    firm = own_stack.tenant(quiet_hours_start="23:59", quiet_hours_end="07:00")
    caller, twice = mobile(), mobile()
    try:
        with away(own_stack, processes, firm.phone):
            own_stack.clock("2026-11-24T23:30:00+01:00")
            assert firm.missed_call(twice).status_code == 202
            own_stack.clock("2026-11-24T23:50:00+01:00")
            assert firm.missed_call(twice).status_code == 202  # more than a quarter of an hour later: another text
            assert firm.missed_call(caller).status_code == 202
            own_stack.clock("2026-11-25T00:02:00+01:00")
            assert firm.missed_call(caller).status_code == 202  # another day, and within the quarter of an hour
        first, second = firm.tickets(caller)
        assert [t["dedupe_key"][-10:] for t in (first, second)] == ["2026-11-24", "2026-11-25"]
        assert first["created_at"].isoformat().startswith("2026-11-24T22:50")
        # the text itself was taken when people sleep
        (text,) = firm.outbound(caller)
        assert text["not_before"].isoformat().startswith("2026-11-25T06:00")
        assert firm.outbound(twice)
    finally:
        own_stack.clock(None)


# ---- who is believed from memory ---------------------------------------------------------------


def token_of(stack, firm):
    return json.loads(stack.command("token", "create", firm.slug, "--scope", "webhook", "--json").stdout)["token"]


def test_a_firms_token_counts_from_memory_and_is_not_kept(own_stack, processes):
    firm, other = own_stack.tenant(), own_stack.tenant()
    token, others = token_of(own_stack, firm), token_of(own_stack, other)
    phone, stranger, direct = mobile(), mobile(), mobile()
    call = {"From": phone, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
    notify = {"action": "notify", "owner": "1", "calls": [{
        "callId": uuid.uuid4().hex, "direction": "incoming", "state": "terminated", "remoteParty": {"identifier": direct}}]}
    hashes = [hashlib.sha256(t.encode()).hexdigest() for t in (token, others)]
    with away(own_stack, processes, firm.phone, *hashes):
        assert own_stack.post("/api/webhook/missed-call", call, token=token).status_code == 202
        # Nobody's, another firm's, or none where the firm has one: the database has to say.
        for headers in ({"Authorization": "Bearer ofk_wrong"}, {"Authorization": f"Bearer {others}"}, {}):
            refused = own_stack.post("/api/webhook/missed-call", {**call, "From": stranger}, headers=headers)
            assert refused.status_code == 503 and "Retry-After" in refused.headers, headers
        answer = own_stack.post(f"/api/webhook/missed-call/peoplefone/{token}", notify)
        assert (answer.status_code, answer.text) == (200, "")
        alive = own_stack.post(f"/api/webhook/missed-call/peoplefone/{token}", {"action": "keepAlive", "owner": "1"})
        assert (alive.status_code, alive.text) == (200, "")
        kept = [path.read_bytes() for path in processes.waiting()]
        assert len(kept) == 2
        assert not any(word.encode() in bytes_ for bytes_ in kept for word in (token, *hashes))
        assert {path.stat().st_mode & 0o777 for path in processes.waiting()} == {0o600}
    assert len(firm.tickets(phone)) == len(firm.tickets(direct)) == 1
    assert firm.tickets(stranger) == [] and other.tickets() == []


def test_a_firms_own_account_at_twilio_is_remembered(own_stack, processes):
    firm = own_stack.tenant()
    secret = uuid.uuid4().hex
    own_stack.command("secret", "set", firm.slug, "twilio.auth_token", stdin=secret)
    phone = mobile()
    form = {"AccountSid": "AC" + "0" * 32, "From": phone, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}

    def sent(key, **changes):
        fields = {**form, **changes}
        text = own_stack.env["APP_BASE_URL"] + "/api/webhook/missed-call" + "".join(k + fields[k] for k in sorted(fields))
        signature = base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()
        return own_stack.post("/api/webhook/missed-call", form=fields, headers={"X-Twilio-Signature": signature})

    roster = own_stack.state / "spool" / "roster"
    wait_for(lambda: f"trust:{firm.id} f \\x" in roster.read_text(), 60, "the secret to be remembered, sealed")
    assert secret not in roster.read_text() and roster.stat().st_mode & 0o777 == 0o600
    with away(own_stack, processes, firm.phone):
        answer = sent(secret)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/xml")
        assert sent("wrong", CallSid="another").status_code == 503
    assert len(firm.tickets(phone)) == 1


def test_a_number_that_is_not_remembered_waits_for_the_database(own_stack, processes, firm):
    stranger = mobile()
    call = {"From": mobile(), "To": stranger, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
    with away(own_stack, processes, firm.phone):
        assert own_stack.post("/api/webhook/missed-call", call).status_code == 503
        # Whoever may not hear of it has it kept: the firm may be new.
        answer = own_stack.get("/api/webhook/sms-reply/kannel", params={"from": mobile(), "to": stranger, "body": "1", "id": uuid.uuid4().hex})
        assert (answer.status_code, answer.text) == (200, "")
    kept = own_stack.sql("select outcome from inbound_events where customer_id is null and raw::text like %s", f"%{stranger}%")
    assert [row["outcome"] for row in kept] == ["unmatched"]


def test_who_was_revoked_while_nobody_looked_is_not_believed(own_stack, processes, firm):
    """The roster is older than the database's last answer: whoever reads it stood still, and may have missed something."""
    phone = mobile()
    roster = own_stack.state / "spool" / "roster"
    with away(own_stack, processes, firm.sms_number):
        read = roster.stat()
        # Within the day for which it would be believed, and before any worker of sms_reply began.
        os.utime(roster, ns=(read.st_atime_ns, read.st_mtime_ns - 12 * 3600 * 10**9))
        refused = firm.text(phone, "2")
        assert refused.status_code == 503 and "Retry-After" in refused.headers
        os.utime(roster, ns=(read.st_atime_ns, read.st_mtime_ns))
        assert firm.text(phone, "1").status_code == 202
    assert [row["body"] for row in own_stack.sql("select body from sms_log where from_number = %s", phone)] == ["1"]


# ---- what goes wrong ---------------------------------------------------------------------------


def test_what_cannot_be_taken_holds_nobody_up(own_stack, firm, processes):
    """A torn file, one of another program, and one that nobody understands: an operator decides."""
    phone, again = mobile(), mobile()
    with away(own_stack, processes, firm.phone):
        assert firm.missed_call(again).status_code == 202
        (good,) = processes.waiting()
        whole = good.read_bytes()
        lane = good.parent
        # Earlier than all others, in the same lane.
        came = int(good.name.split("-")[0])
        bad = [lane / f"{came - 4 + i:016}-{uuid.UUID(int=i)}" for i in range(1, 4)]
        bad[0].write_bytes(whole[:-20])
        bad[1].write_bytes(b"something else")
        payload = whole.split(b"\n", 1)[1].replace(b"/api/webhook/missed-call", b"/api/webhook/something!!")
        bad[2].write_bytes(b"opsfabric-spool 1 " + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
        assert firm.missed_call(phone).status_code == 202
    assert len(firm.tickets(phone)) == len(firm.tickets(again)) == 1
    listed = json.loads(own_stack.command("spool", "list", "--json").stdout)
    assert (listed["waiting"], listed["failed"]) == (0, [path.name for path in bad])
    assert "3 webhooks could not be taken" in own_stack.command("doctor", check=False).stdout
    log = (own_stack.state / "log" / "replay.log").read_text()
    assert all(f"{path.name} cannot be taken and lies in failed/" in log for path in bad)
    assert own_stack.command("spool", "retry", bad[0].name, check=False).returncode == 1
    shown = json.loads(own_stack.command("spool", "show", bad[2].name, "--json").stdout)
    assert shown["path"] == "/api/webhook/something!!" and shown["body"] is None
    own_stack.command("spool", "retry", bad[2].name)
    wait_for(lambda: len(processes.failed()) == 3 and not processes.waiting(), 60, "it to fail again")
    for path in bad:
        own_stack.command("spool", "discard", path.name)
    assert processes.failed() == []
    assert own_stack.command("spool", "discard", bad[0].name, check=False).returncode == 3


@pytest.fixture
def other_stack(private_dir):
    """started(SETTING=...): an installation of the test's own."""
    running = []

    def started(**settings):
        home = private_dir / uuid.uuid4().hex[:6]
        running.append(Stack.start(home, **settings))
        return running[-1]

    yield started
    for stack in running:
        stack.stop()


@pytest.fixture(scope="module")
def hasty(private_dir):
    """An installation that soon gives up one that alone fails, and has room for few."""
    stack = Stack.start(private_dir / "hasty", SPOOL_MAX="8", SPOOL_PATIENCE="1")
    yield stack
    stack.stop()


def test_no_more_wait_than_may(hasty):
    firm = hasty.tenant()
    processes = Processes(hasty)
    kept = []

    def is_refused():
        phone = mobile()
        status = firm.missed_call(phone).status_code
        if status == 202:
            kept.append(phone)
        return status == 503

    with away(hasty, processes, firm.phone):
        wait_for(is_refused, 60, "the bound to be noticed")
        assert len(kept) == len(processes.waiting()) >= 6
    assert [len(firm.tickets(phone)) for phone in kept] == [1] * len(kept)
    assert "SPOOL_MAX" in (hasty.state / "log" / "missed_call.log").read_text()


@contextlib.contextmanager
def poison(stack, sid, replays):
    """Postgres is well, but one event makes every statement that takes it fail; replays is what it does to whoever replays."""
    stack.sql(f"""
        create function poison() returns trigger language plpgsql as $$ begin
          if new.raw::text like '%{sid}%' then
            if current_setting('application_name') = 'replay' then {replays}; end if;
            raise exception 'poison' using errcode = 'XX000';
          end if;
          return new;
        end $$;
        create trigger poison before insert on inbound_events for each row execute function poison()""")
    try:
        yield
    finally:
        stack.sql("drop trigger poison on inbound_events; drop function poison()")


def outcomes(stack, sid):
    return [row["outcome"] for row in stack.sql("select outcome from inbound_events where raw::text like %s", f"%{sid}%")]


def test_one_that_alone_fails_does_not_hold_up_its_lane(hasty):
    """Nothing else waits, so only a write of replay's own shows that Postgres is well."""
    firm = hasty.tenant()
    processes = Processes(hasty)
    processes.wait_roster(firm.phone)
    phone, sid = mobile(), uuid.uuid4().hex
    with poison(hasty, sid, "null"):
        assert firm.missed_call(phone, CallSid=sid).status_code == 202
        assert firm.missed_call(phone).status_code == 202  # behind it
        processes.wait_spool()
        (failed,) = processes.failed()
        assert len(firm.tickets(phone)) == 1 and outcomes(hasty, sid) == []
    log = (hasty.state / "log" / "replay.log").read_text()
    assert f"{failed.name} cannot be taken and lies in failed/: it failed 3 times" in log
    assert "1 webhooks could not be taken" in hasty.command("doctor", check=False).stdout
    hasty.command("spool", "retry", failed.name)
    wait_for(lambda: len(outcomes(hasty, sid)) == 1, 60, "it to be taken")
    assert len(firm.tickets(phone)) == 1


def test_one_that_ends_whoever_replays_does_not_hold_up_its_lane(hasty):
    firm = hasty.tenant()
    processes = Processes(hasty)
    processes.wait_roster(firm.phone)
    phone, sid = mobile(), uuid.uuid4().hex
    killed = []

    def is_over():
        """Whoever has it in hand dies, and so does its backend, which has the contact's lock."""
        pids = processes.pids("replay")
        for row in hasty.sql("select pid from pg_stat_activity where application_name = 'replay' and wait_event = 'PgSleep'"):
            killed.extend(pid for pid in pids if kill(pid))
            hasty.sql("select pg_terminate_backend(%s, 10000)", row["pid"])
        return not processes.waiting()

    with poison(hasty, sid, "perform pg_sleep(60)"):
        assert firm.missed_call(phone, CallSid=sid).status_code == 202
        assert firm.missed_call(phone).status_code == 202
        wait_for(is_over, 120, "it to be given up")
    (failed,) = processes.failed()
    assert len(killed) >= 5
    assert len(firm.tickets(phone)) == 1 and outcomes(hasty, sid) == []
    assert f"{failed.name} cannot be taken and lies in failed/: replay died of it 5 times" in (
        hasty.state / "log" / "replay.log").read_text()
    hasty.command("spool", "discard", failed.name)


def tried(stack, words):
    """How often replay said that."""
    return (stack.state / "log" / "replay.log").read_text().count(words)


def test_an_outage_makes_nothing_fail(hasty):
    """Postgres takes no writes, then nobody there answers, for longer than one that alone fails may take."""
    firm = hasty.tenant()
    processes = Processes(hasty)
    processes.wait_roster(firm.phone)
    phone = mobile()
    hasty.sql("alter system set default_transaction_read_only = on")
    hasty.sql("select pg_reload_conf()")
    try:
        wait_for(lambda: firm.missed_call(phone).status_code == 202, 60, "Postgres to take no writes")
        before = tried(hasty, "read-only transaction")
        wait_for(lambda: tried(hasty, "read-only transaction") >= before + 8, 60, "replay to try it")
        frozen = processes.freeze()
        try:
            before = tried(hasty, "no answer")
            wait_for(lambda: tried(hasty, "no answer") >= before + 2, 60, "replay to have no answer")
        finally:
            processes.thaw(frozen)
        assert len(processes.waiting()) == 1 and processes.failed() == []
    finally:
        hasty.sql("alter system reset default_transaction_read_only")
        hasty.sql("select pg_reload_conf()")
    processes.wait_spool()
    assert processes.failed() == [] and len(firm.tickets(phone)) == 1


def test_an_operator_decides_about_what_waits(hasty):
    firm = hasty.tenant()
    processes = Processes(hasty)
    first, second, third = mobile(), mobile(), mobile()
    with away(hasty, processes, firm.phone):
        for phone in (first, second, third):
            assert firm.missed_call(phone).status_code == 202
        names = [path.name for path in processes.waiting()]
        listed = json.loads(hasty.command("spool", "list", "--waiting", "--json").stdout)
        assert (sorted(listed["waits"]), listed["waiting"], listed["failed"]) == (names, 3, [])
        assert f"waits   {names[0]}" in hasty.command("spool", "list", "--waiting").stdout
        assert second[1:] in hasty.command("spool", "show", names[1], "--full").stdout
        hasty.command("spool", "discard", names[0])
        hasty.command("spool", "aside", names[1])
        assert [path.name for path in processes.waiting()] == names[2:]
    assert [len(firm.tickets(phone)) for phone in (first, second, third)] == [0, 0, 1]
    hasty.command("spool", "retry", names[1])
    wait_for(lambda: firm.tickets(second), 60, "it to be taken")
    assert processes.failed() == []


def test_what_is_being_taken_is_not_discarded(hasty):
    """Who wants to is made to wait, and hears then that it is not there any more."""
    firm = hasty.tenant()
    processes = Processes(hasty)
    processes.wait_roster(firm.phone)
    phone, sid = mobile(), uuid.uuid4().hex
    in_hand = "select 1 from pg_stat_activity where application_name = 'replay' and wait_event = 'PgSleep'"
    with poison(hasty, sid, "perform pg_sleep(3); return new"):
        assert firm.missed_call(phone, CallSid=sid).status_code == 202
        (name,) = [path.name for path in processes.waiting()]
        wait_for(lambda: hasty.sql(in_hand) or not processes.waiting(), 60, "it to be taken")
        assert hasty.command("spool", "discard", name, check=False).returncode == 3
    assert len(firm.tickets(phone)) == 1 and processes.waiting() == [] and processes.failed() == []


def test_without_a_spool_it_is_503(own_stack, private_dir):
    """A worker by itself, with nobody where its database should be."""
    home = private_dir / "off"
    home.mkdir()
    env = {**os.environ, **own_stack.env, "OPSFABRIC_STATE": str(home), "SPOOL_DIR": "off", "DATABASE_URL": f"host={home} user=nobody"}
    call = json.dumps({"From": mobile(), "To": "+41445556677", "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex})
    with socket.socket(socket.AF_UNIX) as listener, open(home / "log", "w+") as log:
        listener.bind(str(home / "sock"))
        listener.listen()
        program = subprocess.Popen([own_stack.state / "programs" / "cgi-bin" / "missed_call"], env=env, stdin=listener, stderr=log)
        try:
            with Connection(home / "sock") as connection:
                answer = connection.request("POST", "/api/webhook/missed-call", call.encode()).answer()
        finally:
            program.terminate()
            program.wait(60)
    assert (answer.status, "retry-after" in answer.headers) == (503, True)
    assert not (home / "spool").exists()
    doctor = subprocess.run(
        [own_stack.state / "programs" / "bin" / "opsfabric", "doctor"], env=env, capture_output=True, text=True, timeout=60)
    assert "it is off" in doctor.stdout


@pytest.mark.parametrize("program", ["cgi-bin/missed_call", "cgi-bin/sms_status", "bin/replay"])
def test_a_spool_that_cannot_be_written_is_refused(own_stack, tmp_path, program):
    """A file stands where the directory should be: root could write any directory."""
    spool = tmp_path / "spool"
    spool.write_text("")
    done = subprocess.run(
        [own_stack.state / "programs" / program], env={**os.environ, **own_stack.env, "SPOOL_DIR": str(spool)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"spool: {spool}" in done.stderr and "SPOOL_DIR=off" in done.stderr


@pytest.mark.parametrize("program, setting", [("cgi-bin/missed_call", "SPOOL_MAX"), ("bin/replay", "SPOOL_MAX"), ("bin/replay", "SPOOL_PATIENCE")])
def test_a_bound_that_is_no_number_is_refused(own_stack, program, setting):
    done = subprocess.run(
        [own_stack.state / "programs" / program], env={**os.environ, **own_stack.env, setting: "plenty"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f'not started: {setting} is "plenty", not a number from 1 to ' in done.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB, for which one has to be root."""
    path = tmp_path / "disk"
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", path], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted by this user: {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_the_disk_of_the_spool_is_full(other_stack, small_disk):
    stack = other_stack(SPOOL_DIR=str(small_disk))
    firm = stack.tenant()
    processes = Processes(stack)
    roster = small_disk / "roster"
    wait_for(lambda: roster.exists() and f":{firm.phone} " in roster.read_text(), 60, "the roster")
    kept, refused = [], []

    def call():
        phone = mobile()
        answer = firm.missed_call(phone)
        (kept if answer.status_code == 202 else refused).append(phone)
        return answer

    def waiting():
        return list((small_disk / "wait").glob("*/*"))

    processes.stop_database()
    try:
        wait_for(lambda: call().status_code == 503, 60, "the disk to be full")
        full = call()
        assert full.status_code == 503 and "Retry-After" in full.headers
        assert len(waiting()) == len(kept) > 5
        assert "No space left on device; webhooks are told 503 until there is room" in (
            stack.state / "log" / "missed_call.log").read_text()
        # Somebody makes room.
        subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)
        assert call().status_code == 202
    finally:
        processes.start_database()
    wait_for(lambda: not waiting(), 60, "the spool to be empty")
    assert list((small_disk / "failed").iterdir()) == []
    assert [len(firm.tickets(phone)) for phone in kept] == [1] * len(kept)
    assert [len(firm.tickets(phone)) for phone in refused] == [0] * len(refused)


# ---- the disk of Postgres ------------------------------------------------------------------------


@pytest.fixture
def postgres_on_a_small_disk(other_stack):
    """An installation whose cluster has a file system of its own, and the mount point."""
    stack = other_stack(SPOOL_PATIENCE="1")
    firm = stack.tenant(daily_segments=1000000)
    stack.close()
    processes = Processes(stack)
    disk, aside = stack.state / "data", stack.state / "aside"
    processes.stop_database()
    disk.rename(aside)
    disk.mkdir(mode=0o700)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=0700", "tmpfs", disk], capture_output=True, text=True)
    if done.returncode != 0:
        disk.rmdir()
        aside.rename(disk)
        pytest.skip(f"a small file system cannot be mounted by this user: {done.stderr.strip()}")
    subprocess.run(["cp", "-a", f"{aside}/.", disk], check=True)
    shutil.rmtree(aside)
    processes.start_database()
    yield stack, firm, disk
    stack.stop()
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk):
    """Until not a block is left."""
    path = disk / "filler"
    with path.open("ab", buffering=0) as filler:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    filler.write(b"x" * size)
    return path


def is_sound(stack):
    """Every table and index holds together, says Postgres's own check."""
    binary = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_amcheck"))[-1]
    stack.sql("create extension if not exists amcheck")
    done = subprocess.run([binary, "-h", stack.state / "postgres", "-U", "postgres", "--heapallindexed", "opsfabric"],
                          capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr if done.returncode != 0 else ""


def test_the_disk_of_postgres_is_full(postgres_on_a_small_disk):
    """Webhooks are kept, all others are told 503, and with room it all goes on by itself."""
    stack, firm, disk = postgres_on_a_small_disk
    processes = Processes(stack)
    processes.wait_roster(firm.phone)
    programs = processes.everybody()
    calls, statuses = [], collections.Counter()

    def work():
        phone = mobile()
        answer = firm.missed_call(phone, CallerName="x" * 2000)
        statuses["call", answer.status_code] += 1
        if answer.status_code in (200, 202):
            calls.append(phone)
        statuses["ticket", firm.ticket(summary="x" * 1500).status_code] += 1
        return statuses["call", 202] >= 20 and statuses["ticket", 503] >= 20

    for _ in range(5):
        work()
    filler = fill(disk)
    wait_for(work, 120, "Postgres to have no room")
    assert {status for _, status in statuses} <= {200, 201, 202, 503}, statuses
    assert "No space left on device" in (stack.state / "log" / "postgres.log").read_text()
    filler.unlink()
    # Had it no room for its log, it ended and is started again by itself.
    processes.wait_database()
    stack.close()
    processes.wait_spool(120)
    wait_for(lambda: firm.ticket().status_code == 201, 60, "tickets to be taken")
    print(statuses)
    assert processes.failed() == []
    assert processes.everybody() == programs
    assert [phone for phone in calls if len(firm.tickets(phone)) != 1] == []
    assert is_sound(stack) == ""
