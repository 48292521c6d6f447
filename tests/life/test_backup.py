"""deploy/backup, opsfabric restore-rehearsal: backups that can be restored, and damaged ones that are found before they are needed"""

import datetime
import fcntl
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import time

import psycopg2
import pytest

from tests.support.pictures import Pictures, form_of
from tests.support.processes import Processes
from tests.support.stack import ROOT, Stack, mobile, wait_for

LONG = 400


def env_of(stack):
    return {**os.environ, "OPSFABRIC_STATE": str(stack.state)}


def backup(stack, *arguments, check=True):
    done = subprocess.run([ROOT / "deploy" / "backup", *map(str, arguments)], env=env_of(stack), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LONG)
    if check:
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done


def rehearse(stack, *arguments, **kwargs):
    return stack.command("restore-rehearsal", *map(str, arguments), timeout=LONG, **kwargs)


def ctl(stack, *words):
    done = subprocess.run(["supervisorctl", "-c", "supervisor/supervisord.conf", *words], cwd=stack.state,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def settled(firm):
    wait_for(lambda: all(m["status"] not in ("queued", "sending") for m in firm.outbound()), seconds=180, what="its messages")


class Installation:
    """A stack whose Postgres archives, with a firm, a photo and one backup."""

    def __init__(self, directory):
        self.stack = Stack.start(directory / "kept")
        self.home = self.stack.state / "backup"
        refused = backup(self.stack, check=False)
        assert refused.returncode == 1 and "is not set up" in refused.stderr
        assert "Restart Postgres once" in backup(self.stack, "--setup").stdout
        refused = backup(self.stack, check=False)
        assert refused.returncode == 1 and "archive_mode is off" in refused.stderr
        self.stack.close()
        self.stack.run("--restart", "postgres")
        wait_for(lambda: self.stack.get("/healthz").status_code == 200, seconds=180, what="the database")
        doctor = self.stack.command("doctor", check=False).stdout
        assert "backup has never succeeded" in doctor and "restore-rehearsal has never succeeded" in doctor
        self.firm = self.stack.tenant()
        self.ticket = self.firm.ticket(contact_name="Anna", summary="Boiler; 'tropft'\t\\n", metadata={"a": "b"}).json()["ticket_id"]
        pictures = directory / "pictures"
        pictures.mkdir()
        answer = self.stack.post("/api/ticket/photo", headers={"Accept": "application/json"},
                                 **form_of(self.stack, self.ticket, Pictures(pictures).flag_as("a.jpg")))
        assert answer.status_code == 201, answer.text
        self.photo = answer.json()["photo_id"]
        self.firm.text(mobile(), "Hallo, es tropft")
        settled(self.firm)
        time.sleep(1 - time.time() % 1)  # photos of the second in which a backup begins are not looked for
        backup(self.stack)

    def newest(self, home=None):
        return max((home or self.home).glob("base/*Z"))

    def copy(self, directory):
        """Somewhere to do damage."""
        subprocess.run(["cp", "-a", str(self.home), str(directory)], check=True)
        return directory


@pytest.fixture(scope="module")
def kept(private_dir):
    installation = Installation(private_dir)
    yield installation
    installation.stack.stop()


@pytest.fixture
def copy(kept, private_dir):
    directory = kept.copy(private_dir / "copy")
    yield directory
    shutil.rmtree(directory)


def heap_of(kept, table):
    return kept.stack.one("select pg_relation_filepath(%s::regclass) as path", table)["path"]


# ---- what is good is found to be -------------------------------------------------------------------


def test_a_backup_is_rehearsed_and_both_are_seen(kept):
    base = kept.newest()
    assert {p.name for p in base.iterdir()} == {"data", "firms", "photos", "counts", "ended", "last_wal", "SHA256SUMS"}
    assert base.stat().st_mode & 0o77 == 0
    if os.geteuid() == 0:  # what root writes lies in no directory of the user postgres
        assert [(p.stat().st_uid, p.stat().st_mode & 0o777) for p in (kept.home, base.parent)] == [(0, 0o710)] * 2
        assert (kept.home / "wal").owner() == "postgres"
    photo = base / "photos" / str(kept.firm.id) / f"{kept.photo}.jpg"
    assert photo.read_bytes() == (kept.stack.state / "photos" / str(kept.firm.id) / f"{kept.photo}.jpg").read_bytes()
    before = len(kept.stack.messages())
    out = rehearse(kept.stack).stdout
    assert "FAIL" not in out and out.endswith("The backup can be restored\n")
    for word in ("base backup is as it was written", "the log is whole", "Postgres has recovered", "tickets: ",
                 "constraints, keys and row level security hold", "pg_amcheck", "each photo has its file"):
        assert word in out
    jobs = {r["job"] for r in kept.stack.sql("select job from heartbeats where last_success_at > now() - interval '1 hour'")}
    assert {"backup", "restore-rehearsal"} <= jobs
    # nothing of it is left, and nothing left the house
    assert not list(kept.home.glob("rehearsal*")) and len(kept.stack.messages()) == before
    kept.stack.sql("update heartbeats set last_success_at = now() - interval '9 days' where job in ('backup', 'restore-rehearsal')")
    doctor = kept.stack.command("doctor", check=False)
    assert doctor.returncode == 1
    assert [line for line in doctor.stdout.splitlines() if line.startswith("FAIL") and "backup last succeeded" in line]
    assert [line for line in doctor.stdout.splitlines() if line.startswith("FAIL") and "restore-rehearsal last succeeded" in line]
    kept.stack.sql("update heartbeats set last_success_at = now() where job in ('backup', 'restore-rehearsal')")


# ---- what is damaged is found, and named -----------------------------------------------------------


def damaged(kept, copy):
    done = rehearse(kept.stack, "--from", copy, check=False)
    assert done.returncode == 1 and "this backup is damaged" in done.stderr, done.stdout + done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if line.startswith("FAIL"))


def test_a_byte_that_flipped_in_a_table(kept, copy):
    heap = heap_of(kept, "tickets")
    path = kept.newest(copy) / "data" / heap
    content = bytearray(path.read_bytes())
    content[-40] ^= 0x10  # of the last row's text
    path.write_bytes(content)
    assert heap in damaged(kept, copy)


def test_a_file_that_is_cut_short(kept, copy):
    heap = heap_of(kept, "sms_log")
    path = kept.newest(copy) / "data" / heap
    path.write_bytes(path.read_bytes()[:-8192])
    assert heap in damaged(kept, copy)


def test_a_segment_of_the_log_that_is_missing(kept, copy):
    # the middle one of those since the backup
    first = (kept.newest(copy) / "last_wal").read_text().strip()
    for _ in range(2):
        kept.stack.sql("select pg_logical_emit_message(true, 'test', 'x')")
        last = kept.stack.one("select pg_walfile_name(pg_switch_wal()) as name")["name"]
        wait_for(lambda: (kept.home / "wal" / f"{last}.gz").exists(), seconds=180, what="the segment being archived")
    # Those as well that Postgres has archived by itself, a minute after the last.
    for path in (kept.home / "wal").glob("*.gz"):
        if len(path.name) == 27 and path.name[:24] <= last and not (copy / "wal" / path.name).exists():
            shutil.copy(path, copy / "wal")
    middle = sorted(p.name[:24] for p in (copy / "wal").glob("*.gz") if len(p.name) == 27 and first < p.name[:24] < last)[0]
    (copy / "wal" / f"{middle}.gz").unlink()
    assert f"segments of the log are missing: {middle}" in damaged(kept, copy)


def test_a_segment_of_the_log_that_is_damaged(kept, copy):
    last = (kept.newest(copy) / "last_wal").read_text().strip()
    path = copy / "wal" / f"{last}.gz"
    path.write_bytes(path.read_bytes()[:-100])
    assert f"segments of the log are damaged: {last}" in damaged(kept, copy)


def test_a_dump_and_a_photo_that_are_damaged(kept, copy):
    base = kept.newest(copy)
    dump = base / "firms" / f"{kept.firm.slug}.sql.gz"
    dump.write_bytes(dump.read_bytes()[:-20])
    (base / "photos" / str(kept.firm.id) / f"{kept.photo}.jpg").unlink()
    counts = base / "counts"
    counts.write_text(re.sub(r"^customers \d+", "customers 99", counts.read_text(), flags=re.M))
    said = damaged(kept, copy)
    assert dump.name in said and f"{kept.photo}.jpg" in said and "1 photos have no file" in said
    assert re.search(r"there are \d+ dumps of firms, and there were 99 firms at the time", said)


def test_rows_that_break_a_constraint(kept, private_dir):
    """Stored all the same, as after an index that lied: it is in the backup, whole, and found by asking again."""
    stack = kept.stack
    stack.sql("alter table ticket_events disable trigger all")
    stack.sql("""insert into ticket_events (id, customer_id, ticket_id, event_type, created_at)
                 values (gen_random_uuid(), %s, gen_random_uuid(), 'created', now())""", str(kept.firm.id))
    stack.sql("alter table ticket_events enable trigger all")
    stack.sql("alter table consents no force row level security")
    try:
        time.sleep(1 - time.time() % 1)  # a backup's name is its second
        backup(stack)
        done = rehearse(stack, check=False)
        assert done.returncode == 1
        assert "of ticket_events: 1 rows do not keep it" in done.stdout and "row level security is off for 1 tables" in done.stdout
    finally:
        shutil.rmtree(kept.newest())
        stack.sql("alter table consents force row level security")
        stack.sql("delete from ticket_events e where not exists (select from tickets t where t.id = e.ticket_id)")


def test_a_photo_that_rotted_in_the_last_backup_is_copied_anew(kept, private_dir):
    photo = pathlib.Path("photos", str(kept.firm.id), f"{kept.photo}.jpg")
    first = kept.newest()
    time.sleep(1 - time.time() % 1)
    with (kept.home / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waits = subprocess.Popen([ROOT / "deploy" / "backup"], env=env_of(kept.stack), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, text=True)
        assert "waiting for its end" in waits.stdout.readline()
    assert "backups are kept" in waits.communicate(timeout=LONG)[0] and waits.returncode == 0
    second = kept.newest()
    assert second != first and (second / photo).samefile(first / photo)
    content = (second / photo).read_bytes()
    (second / photo).unlink()
    (second / photo).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    time.sleep(1 - time.time() % 1)
    assert "is not what it was in the last backup" in backup(kept.stack).stderr
    assert kept.newest() != second and (kept.newest() / photo).read_bytes() == content
    shutil.rmtree(second)

    # an instant before the end of the newest needs the one before; by name any can be had
    newest, target = kept.newest(), private_dir / "chosen"
    began = datetime.datetime.strptime(newest.name, "%Y%m%dT%H%M%SZ").isoformat() + "Z"
    ended = (newest / "ended").read_text().strip()
    for words, chosen in ((["--at", began], first), (["--at", ended], newest), ([], newest), (["--base", first.name], first)):
        out = backup(kept.stack, "--restore", target, *words).stdout
        assert f"{target} is {chosen.name}" in out
        shutil.rmtree(target)
    for words in (["--at", began, "--base", newest.name], ["--base", "20200101T000000Z"], ["--at", "2020-01-01T00:00:00Z"]):
        refused = backup(kept.stack, "--restore", target, *words, check=False)
        assert refused.returncode == 1 and "there is no backup" in refused.stderr and not target.exists()


# ---- the log ---------------------------------------------------------------------------------------


def test_a_segment_is_archived_once_and_never_written_over(kept, tmp_path):
    home = tmp_path / "home"
    for name in ("base", "wal"):
        (home / name).mkdir(parents=True)
    segment, name = tmp_path / "segment", "0000000100000000000000AA"
    segment.write_bytes(b"one" * 1000)
    for _ in range(2):
        backup(kept.stack, "--to", home, "--archive", segment, name)
    assert gzip.decompress((home / "wal" / f"{name}.gz").read_bytes()) == segment.read_bytes()
    segment.write_bytes(b"two" * 1000)
    done = backup(kept.stack, "--to", home, "--archive", segment, name, check=False)
    assert done.returncode == 1 and "holds something else" in done.stderr
    backup(kept.stack, "--to", home, "--fetch", tmp_path / "fetched", name)
    assert (tmp_path / "fetched").read_bytes() == b"one" * 1000
    assert backup(kept.stack, "--to", home, "--fetch", tmp_path / "none", "0000000100000000000000AB", check=False).returncode == 1
    assert [p.name for p in (home / "wal").iterdir()] == [f"{name}.gz"]


def test_a_full_disk_is_said_before_anything_is_written(kept, private_dir):
    home = private_dir / "small"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(home)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small file system")
    try:
        for name in ("base", "wal"):
            (home / name).mkdir()
        done = backup(kept.stack, "--to", home, check=False)
        assert done.returncode == 1 and "no room" in done.stderr and "Nothing was changed" in done.stderr
        assert list((home / "base").iterdir()) == []
        segment = private_dir / "segment"
        segment.write_bytes(os.urandom(1024))
        done = backup(kept.stack, "--to", home, "--archive", segment, "0000000100000000000000AA", check=False)
        assert done.returncode == 1 and "nearly full" in done.stderr
        assert list((home / "wal").iterdir()) == []
    finally:
        subprocess.run(["umount", str(home)], check=True)


# ---- one firm elsewhere ----------------------------------------------------------------------------


def test_a_firms_dump_is_read_in_elsewhere(kept):
    stack, firm = kept.stack, kept.firm
    ctl(stack, "stop", "dispatcher")
    waiting = mobile()
    firm.missed_call(waiting)
    time.sleep(1 - time.time() % 1)
    backup(stack)
    at = ["-h", str(stack.state / "postgres"), "-U", "postgres"]
    subprocess.run(["createdb", *at, "-O", "opsfabric_owner", "elsewhere"], check=True)
    psql = ["psql", "-X", "-q", *at, "-v", "ON_ERROR_STOP=1", "-d", "elsewhere"]
    subprocess.run([*psql, "-f", str(ROOT / "schema/roles.sql")], check=True, capture_output=True)
    url = stack.env["DATABASE_OWNER_URL"].replace("/opsfabric?", "/elsewhere?")
    env = {**os.environ, **stack.env, "DATABASE_OWNER_URL": url}
    subprocess.run([stack.state / "programs/bin/opsfabric", "migrate"], env=env, check=True, capture_output=True)
    dump = gzip.decompress((kept.newest() / "firms" / f"{firm.slug}.sql.gz").read_bytes())
    done = subprocess.run(psql, input=dump, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    db = psycopg2.connect(host=str(stack.state / "postgres"), dbname="elsewhere", user="postgres")
    db.autocommit = True
    try:
        with db.cursor() as cursor:
            for table in ("customers", "tenant_addresses", "contacts", "tickets", "ticket_events", "inbound_events", "photos"):
                column = "id" if table == "customers" else "customer_id"
                query = f"select coalesce(json_agg(to_jsonb(x) order by to_jsonb(x)::text)::text, '') from {table} x where {column} = '{firm.id}'"
                cursor.execute(query)
                there = cursor.fetchone()[0]
                here = stack.one(query + " or false")["coalesce"]
                assert there == here and there, table
            cursor.execute("select status, count(*) from sms_log group by 1")
            statuses = dict(cursor.fetchall())
            assert statuses.get("unknown") == 1 and not {"queued", "sending"} & set(statuses)
            cursor.execute("select count(*) from customers")
            assert cursor.fetchone()[0] == 1
            cursor.execute("select max(number) from tickets")
            number = cursor.fetchone()[0]
            cursor.execute(f"""select nextval('ticket_number."{firm.id}"')""")
            assert cursor.fetchone()[0] == number + 1
    finally:
        db.close()
        subprocess.run(["dropdb", *at, "elsewhere"], check=True)
        ctl(stack, "start", "dispatcher")
    stack.wait_messages(waiting)
    # each firm has one, and no other's rows
    dumps = {p.name.removesuffix(".sql.gz") for p in (kept.newest() / "firms").iterdir()}
    assert dumps == {r["slug"] for r in stack.sql("select slug from customers")}


# ---- to an instant, and nothing leaves twice ---------------------------------------------------------


def test_back_to_an_instant_between_two_tickets_and_nothing_leaves_twice(kept):
    stack = kept.stack
    firm = stack.tenant()
    ctl(stack, "stop", "dispatcher")
    phones = [mobile() for _ in range(4)]
    for phone in phones[:3]:
        firm.missed_call(phone)
    time.sleep(1 - time.time() % 1)
    backup(stack)
    firm.missed_call(phones[3])  # in the log, not in the base
    instant = datetime.datetime.now(datetime.timezone.utc)
    later = mobile()
    wait_for(lambda: datetime.datetime.now(datetime.timezone.utc) > instant + datetime.timedelta(milliseconds=50), what="the next instant")
    firm.missed_call(later)
    ctl(stack, "start", "dispatcher")
    for phone in [*phones, later]:
        stack.wait_messages(phone)
    settled(firm)
    last = stack.one("select pg_walfile_name(pg_switch_wal()) as name")["name"]
    wait_for(lambda: (kept.home / "wal" / f"{last}.gz").exists(), seconds=180, what="the log being archived")

    ctl(stack, "stop", "postgres")
    stack.close()
    (stack.state / "data").rename(stack.state / "data.before")
    refused = backup(stack, "--restore", stack.state / "data.before", check=False)
    assert refused.returncode == 1 and "data.before is there" in refused.stderr
    out = backup(stack, "--restore", stack.state / "data", "--at", instant.isoformat()).stdout
    assert "opsfabric restored" in out
    ctl(stack, "start", "postgres")
    wait_for(lambda: stack.get("/healthz").status_code == 200 and not stack.one("select pg_is_in_recovery() as still")["still"],
             seconds=120, what="the recovery")  # while that runs, reading is possible
    assert {t["contact_phone"] for t in firm.tickets()} == set(phones)
    assert firm.tickets(later) == []
    # the dispatcher was there all the time
    wait_for(lambda: {m["status"] for m in firm.outbound()} == {"unknown"}, seconds=180, what="unknown messages")
    wait_for(lambda: "was restored or copied" in (stack.state / "log/dispatcher.log").read_text(), what="the line")
    assert "of 4 messages nobody knows whether they had left" in stack.command("doctor", check=False).stdout
    for message in firm.outbound():
        stack.command("message", "resolve", str(message["id"]), "sent")
    assert [len(stack.messages(phone)) for phone in [*phones, later]] == [1] * 5
    # life goes on, on another timeline, and is backed up again
    fresh = mobile()
    firm.missed_call(fresh)
    stack.wait_messages(fresh)
    # which the next restore will follow
    wait_for((kept.home / "wal" / "00000002.history.gz").exists, seconds=180, what="the history of the timeline")
    assert stack.one("show archive_mode")["archive_mode"] == "on"
    time.sleep(1 - time.time() % 1)
    out = backup(stack, "--keep", 2).stdout
    assert "2 backups are kept" in out and len(list(kept.home.glob("base/*"))) == 2
    oldest = min(kept.home.glob("base/*Z"))
    label = (oldest / "data/backup_label").read_text()
    first = label.split("(file ")[1].split(")")[0]
    assert all(p.name[8:24] >= first[8:24] for p in (kept.home / "wal").glob("????????????????????????.gz"))
    assert rehearse(stack).stdout.endswith("The backup can be restored\n")
    assert Processes(stack).complaints() == []


def test_archiving_ends_where_the_program_goes(kept):
    stack = kept.stack

    def command():
        return stack.one("show archive_command")["archive_command"]

    ours = command()
    assert " --archive " in ours
    stack.sql("alter system set archive_command = '/bin/true # of somebody else'")
    stack.sql("select pg_reload_conf()")
    assert "nothing was changed" in backup(stack, "--unset").stdout
    wait_for(lambda: command() == "/bin/true # of somebody else", seconds=120, what="Postgres reading its settings")
    assert "Postgres archives its log" in backup(stack, "--setup").stdout
    wait_for(lambda: command() == ours, seconds=120, what="Postgres reading its settings")
    assert "until it is restarted" in backup(stack, "--unset").stdout
    wait_for(lambda: command() == "/bin/true", seconds=120, what="Postgres reading its settings")
    left = {r["name"] for r in stack.sql("select name from pg_file_settings where name like 'archive%%'")}
    assert left == {"archive_command"}
    assert "nothing was changed" in backup(stack, "--unset").stdout
