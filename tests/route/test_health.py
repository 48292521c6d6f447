"""GET /healthz: whether requests can be served"""

import re

import pytest

from tests.support import problems

PATH = "/healthz"


def test_it_says_that_all_is_well(stack):
    answer = stack.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json()
    migrations = len(list((problems.ROOT / "schema").glob("[0-9]*.sql")))
    assert said == {"status": "ok", "database": "ok", "schema_version": migrations, "database_us": said["database_us"],
                    "stale_timers": said["stale_timers"]}
    assert 0 <= said["database_us"] < 30_000_000


def test_head_says_it_without_a_body(stack):
    answer = stack.request("HEAD", PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_it_needs_nothing_and_minds_nothing(stack):
    answer = stack.get(PATH + "?x=%00%ff&" + "y" * 2000, headers={"Authorization": "Bearer x", "User-Agent": "\x7f"})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_refused(stack, method):
    answer = stack.request(method, PATH)
    problems.check(answer, "method-not-allowed", route="health")
    assert answer.headers["Allow"].replace(" ", "").split(",") == ["GET", "HEAD"]


def test_each_request_has_a_name_of_its_own(stack):
    names = {stack.get(PATH, headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] for _ in range(3)}
    assert len(names) == 3 and "mine" not in names


def test_it_costs_one_round_trip_and_no_tenant(stack):
    answer = stack.get(PATH)
    line = stack.wait_line("health", answer)
    assert " 200 " in line and " db 1 " in line


# ---- timers -----------------------------------------------------------------------------------------

# Job and how long it may be silent, in seconds, of those that every installation has.
CRON = [(job, int(most)) for job, most in re.findall(
    r'(?m)^HEARTBEAT\("([a-z-]+)", "[^"]+", (\d+), CRON\)$', (problems.ROOT / "lib/heartbeat.def").read_text())]


# Of those that are done where somebody wants them.
OWN = [(job, int(most)) for job, most in re.findall(
    r'(?m)^HEARTBEAT\("([a-z-]+)", "[^"]+", (\d+), (?:BACKUP|OWN)\)$', (problems.ROOT / "lib/heartbeat.def").read_text())]


@pytest.fixture
def beats(stack):
    """Heartbeats at will; those of this stack's own jobs are put back."""
    kept = stack.sql("select job, host, last_success_at from heartbeats")
    stack.sql("delete from heartbeats")

    def beat(job, seconds, host="elsewhere"):
        stack.sql("insert into heartbeats values (%s, %s, now() - make_interval(secs => %s))", job, host, seconds)
    yield beat
    stack.sql("delete from heartbeats")
    for row in kept:
        stack.sql("insert into heartbeats values (%s, %s, %s)", row["job"], row["host"], row["last_success_at"])


def test_a_timer_that_is_silent_for_too_long_is_named_and_the_answer_is_still_200(stack, beats):
    assert len(CRON) >= 3
    for n, (job, most) in enumerate(CRON):
        beats(job, most - 60 if n % 2 else most + 60)
    answer = stack.get(PATH)
    assert answer.status_code == 200
    assert answer.json()["stale_timers"] == [job for n, (job, _) in enumerate(CRON) if n % 2 == 0]
    assert answer.json()["status"] == "ok"


def test_the_host_that_did_it_last_counts(stack, beats):
    for job, most in CRON:
        beats(job, 3 * most, "gone")
        beats(job, 5, "here")
    assert stack.get(PATH).json()["stale_timers"] == []


def test_what_never_succeeded_has_time_from_the_last_migration_on(stack, beats):
    longest = max(CRON, key=lambda c: c[1])
    assert longest[0] not in stack.get(PATH).json()["stale_timers"]
    stack.sql("update schema_migrations set applied_at = applied_at - interval '30 days'")
    try:
        assert stack.get(PATH).json()["stale_timers"] == [job for job, _ in CRON]
    finally:
        stack.sql("update schema_migrations set applied_at = applied_at + interval '30 days'")


def test_a_job_of_ones_own_counts_once_it_has_succeeded(stack, beats):
    assert {job for job, _ in OWN} == {"inbound-poll", "backup", "restore-rehearsal"}
    for job, most in CRON:
        beats(job, 5)
    for n, (job, most) in enumerate(OWN):
        assert stack.get(PATH).json()["stale_timers"] == [job for job, _ in OWN[:n]]
        beats(job, most + 60)
    assert stack.get(PATH).json()["stale_timers"] == [job for job, _ in OWN]
    for job, _ in OWN:
        beats(job, 5, "here")
    assert stack.get(PATH).json()["stale_timers"] == []


def test_doctor_misses_the_backups_only_where_they_were_set_up(stack, beats):
    def missed():
        lines = stack.command("doctor", check=False).stdout.splitlines()
        return [line for line in lines if "never succeeded" in line and any(job in line for job, _ in OWN)]
    assert missed() == []
    base = stack.state / "backup" / "base"
    base.mkdir(parents=True)
    try:
        lines = missed()
        assert [line.split()[:3] for line in lines] == [["warn", "timers", job] for job in ("backup", "restore-rehearsal")]
        assert all("see that its timer is installed" in line for line in lines)
        beats("backup", 5)
        beats("restore-rehearsal", 5)
        assert missed() == []
    finally:
        base.rmdir()
        base.parent.rmdir()


def test_doctor_names_the_same(stack, beats):
    stale, fresh = CRON[0], CRON[1]
    beats(stale[0], stale[1] + 120)
    beats(fresh[0], 120)
    said = stack.command("doctor", check=False).stdout
    lines = [line for line in said.splitlines() if " timers " in line]
    assert [line.split()[0] for line in lines if stale[0] in line] == ["FAIL"]
    assert [line.split()[0] for line in lines if fresh[0] in line] == ["ok"]
    assert [line.split()[0] for line in lines if CRON[2][0] in line] == ["warn"]
    assert "inbound-poll" not in said
