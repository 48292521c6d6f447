"""The package in a bare Debian with a systemd of its own: installed, at work, restarted, upgraded and rolled back, in this order."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

import pytest
import requests

from tests.container import package, probing
from tests.container.conftest import LONG, MB, ROUNDS
from tests.container.site import DISPATCHER, REPLAY, ROUTES, unit
from tests.support.load import Load, load_of
from tests.support.pictures import Pictures, form_of, size
from tests.support.stack import mobile, wait_for

# Of all routes together, while their programs are restarted in turn.
LOAD_REQUESTS = 25000 if LONG else 3000
RESTARTS = 10 if LONG else 2
CONNECTIONS = 64 if LONG else 32
# In the short form the machine has something else to do.
PAUSE_MS = 0 if LONG else 40
SLUG = "container"
IDLE_LIMIT_KB = 150 * 1024
# What the whole scenario counts, for docs/reliability.md.
FIGURES = pathlib.Path(os.environ.get("OPSFABRIC_CONTAINER_FIGURES", os.devnull))


@pytest.fixture(scope="module")
def figures():
    numbers = {}
    yield numbers
    FIGURES.write_text(json.dumps(numbers))


@pytest.fixture(scope="module")
def begun(site):
    """When the main job began, by the database's clock."""
    return site.one("select now() as at")["at"]


@pytest.fixture(scope="module")
def firm(site, begun):
    return site.tenant(slug=SLUG, daily_segments=1000000)


# ---- installation ---------------------------------------------------------------------------------


def test_lintian_finds_no_error_in_what_is_shipped():
    subprocess.run(["lintian", "--fail-on", "error", "--display-level", ">=error", package.CACHE / "this.deb"], check=True)


def test_installation_on_a_bare_debian_asks_nothing(site, box, figures):
    begun = time.monotonic()
    said = site.install("this.deb")
    figures["install_s"] = round(time.monotonic() - begun)
    assert "Traceback" not in said
    site.open(SLUG)
    site.arrive()
    site.make_superuser()
    site.wait_answers()


def test_the_package_has_made_user_roles_and_schema(site, box):
    assert box.run("id", "-nG", "opsfabric").stdout.split() == ["opsfabric"]
    roles = site.sql("select rolname, rolsuper, rolbypassrls from pg_roles where rolname like 'opsfabric%%' order by 1")
    assert [r["rolname"] for r in roles] == ["opsfabric_owner", "opsfabric_service", "opsfabric_web"]
    assert not any(r["rolsuper"] or r["rolbypassrls"] for r in roles)
    site.command("migrate", "--status")
    modes = box.shell("stat -c '%a %U %G %n' /etc/opsfabric/opsfabric.conf /etc/opsfabric/owner.conf").stdout
    assert modes.splitlines() == [
        "640 root opsfabric /etc/opsfabric/opsfabric.conf", "600 root root /etc/opsfabric/owner.conf"]


def test_everything_runs(site):
    site.wait_runs()


def test_doctor_is_content(site):
    site.wait_doctor()


def test_idle_it_takes_less_than_150_mb(site, figures):
    programs = site.pss("opsfabric.slice")
    nginx = site.pss("nginx.service")
    figures["idle_mb"] = round((programs + nginx) / 1024)
    assert programs > 10000 and nginx > 1000, "these were not counted"
    assert programs + nginx < IDLE_LIMIT_KB, (programs, nginx)


def test_http_leads_to_https(site):
    answer = requests.get(site.base.replace("https:", "http:") + "/healthz", allow_redirects=False, timeout=60)
    assert answer.status_code == 308
    assert answer.headers["Location"] == site.base + "/healthz"


# ---- the main job -----------------------------------------------------------------------------------


def test_a_ticket_by_json_is_confirmed(site, firm):
    phone = mobile()
    answer = firm.ticket(phone, contact_name="Anna Muster", summary="Der Boiler tropft.")
    assert answer.status_code == 201, answer.text
    assert answer.json()["confirmation_sent"] is True
    assert firm.tickets(phone)[0]["summary"] == "Der Boiler tropft."
    site.wait_messages(phone)


def test_a_ticket_by_the_form_of_the_firms_page(site, firm):
    page = site.get(f"/{firm.slug}/anfrage?flow=request")
    assert page.status_code == 200 and "<form" in page.text
    phone = mobile()
    answer = site.post("/api/ticket", form={
        "customer_slug": firm.slug, "contact_phone": phone, "contact_name": "Beat Muster", "summary": "Kein Wasser",
        "intent": "request", "consent": "1", "form_token": firm.form_token()}, headers={"Accept": "text/html"})
    assert answer.status_code in (200, 201, 303), answer.text
    wait_for(lambda: firm.tickets(phone), 60, "the ticket")
    site.wait_messages(phone)


def test_a_missed_call_and_its_answer(site, firm):
    phone = mobile()
    called = firm.missed_call(phone)
    assert called.status_code == 200, called.text
    assert called.json()["status"] == "queued"
    site.wait_messages(phone)
    answered = firm.text(phone, "1")
    assert answered.status_code == 200
    ticket, = firm.tickets(phone)
    assert ticket["urgency"] == "HIGH"
    site.wait_messages(phone, 2)
    # and the firm is told
    site.one("select id from sms_log where ticket_id = %s and template = 'alert'", str(ticket["id"]))


def test_the_timer_asks_for_a_review(site, firm):
    phone = mobile()
    ticket = firm.ticket(phone).json()["ticket_id"]
    for status in ("SCHEDULED", "IN_PROGRESS", "DONE"):
        assert firm.move(ticket, status).status_code == 200
    site.command("clock", "set", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3 * 3600)))
    try:
        site.systemctl("start", "opsfabric-review-request.service")
        wait_for(lambda: [m for m in firm.outbound(phone) if m["template"] == "review_request" and m["status"] == "sent"],
                 120, "the review request to leave")
    finally:
        site.command("clock", "clear")
    assert site.show("opsfabric-review-request.timer", "NextElapseUSecRealtime") != ""
    assert "*:0/15" in site.show("opsfabric-review-request.timer", "TimersCalendar") or \
        "00/15" in site.show("opsfabric-review-request.timer", "TimersCalendar")


@pytest.mark.parametrize("name", ["a.jpg", "a.heic"])
def test_a_photo_is_converted_within_the_sandbox(site, firm, tmp_path, name):
    ticket = firm.ticket(mobile()).json()["ticket_id"]
    answer = site.post("/api/ticket/photo", headers={"Accept": "application/json"},
                       **form_of(site, ticket, Pictures(tmp_path).flag_as(name)))
    assert answer.status_code == 201, answer.text
    kept = site.state / "photos" / str(firm.id) / f"{answer.json()['photo_id']}.jpg"
    assert size(kept) == (400, 200)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_call_missed_while_postgres_is_away_is_kept_and_taken(site, firm):
    phone = mobile()
    roster = site.state / "spool" / "roster"
    wait_for(lambda: roster.exists() and f":{firm.phone} " in roster.read_text(), 60, "the roster")
    site.systemctl("stop", "postgresql.service", "postgresql@*.service")
    try:
        answer = firm.missed_call(phone)
        form = firm.ticket(mobile())
    finally:
        site.systemctl("start", "postgresql.service")
    assert answer.status_code == 202, answer.text
    assert form.status_code == 503 and "Retry-After" in form.headers
    wait_for(lambda: firm.tickets(phone), 120, "the ticket")
    site.wait_messages(phone)


def test_the_cron_secret_is_on_no_command_line(site, box):
    secret = site.env["CRON_SECRET"]
    assert len(secret) >= 16
    seen = box.shell("systemctl start --no-block opsfabric-escalate.service;"
                     " for i in $(seq 60); do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; done").stdout
    assert "nginx" in seen, "nothing was seen"
    assert secret not in seen


# ---- the sandbox ------------------------------------------------------------------------------------------


UNITS = [unit(route, "@probe.service") for route in ROUTES] + [REPLAY]
# By root, with capabilities and without a network.
BACKUPS = ["opsfabric-backup.service", "opsfabric-restore-rehearsal.service"]
ALL = [*UNITS, DISPATCHER, *BACKUPS]


@pytest.fixture(scope="module")
def tempted(box, probe):
    yield probing.tempt(box, probe)
    probing.untempt(box)


@pytest.fixture(scope="module")
def probed(site, box, tempted):
    said = probing.in_place_of(box, ALL, tempted)
    said["left in /dev/shm"] = box.path("/dev/shm/opsfabric-probe").exists()
    box.shell(f"rm -f {probing.LEFT}; systemctl start {DISPATCHER} {REPLAY}")
    return said


def done(said, verb, places):
    return [place for place in places if said[verb, place] == "done"]


def test_without_its_sandbox_a_handler_can_do_all_of_it(box, tempted):
    """The same without the units' settings: so it is they who refuse."""
    said = probing.outcomes(box.run("systemd-run", "--quiet", "--pipe", "--wait", probing.PROBE, *tempted.split()).stdout)
    assert len(said) == probing.TRIALS and set(said.values()) == {"done"}, said
    box.run("rm", *probing.LEFT.split())


@pytest.mark.parametrize("name", UNITS)
def test_no_handler_reads_a_secret_file(probed, name):
    assert done(probed[name], "read", probing.SECRET_FILES) == []


@pytest.mark.parametrize("name", UNITS)
def test_no_handler_writes_outside_its_directories(probed, name):
    assert done(probed[name], "write", probing.FOREIGN) == []


@pytest.mark.parametrize("directory, owners", [
    ("spool", [unit("missed_call", "@probe.service"), unit("sms_reply", "@probe.service"), unit("sms_status", "@probe.service"), REPLAY]),
    ("photos", [unit("ticket_photo", "@probe.service"), unit("retention", "@probe.service")]),
    ("log", [DISPATCHER]),
    (probing.BACKUPS, BACKUPS)])
def test_each_directory_is_written_by_those_whose_work_it_is(probed, directory, owners):
    path = str(pathlib.PurePath("/var/lib/opsfabric", directory))
    assert sorted(name for name in ALL if probed[name]["write", path] == "done") == sorted(owners)


@pytest.fixture(scope="module")
def filters_addresses(box, tempted):
    """Where the kernel cannot, systemd goes on without."""
    said = box.run("systemd-run", "--quiet", "--pipe", "--wait", "--property=IPAddressDeny=any",
                   probing.PROBE, "connect", probing.ELSEWHERE[0], probing.PORT).stdout
    if said.endswith("done\n"):
        pytest.skip("this kernel has no filter of addresses for a unit")


@pytest.mark.parametrize("name", UNITS)
def test_no_handler_connects_to_any_address_but_the_databases(filters_addresses, probed, name):
    assert done(probed[name], "connect", probing.ELSEWHERE) == []


def test_the_dispatcher_reaches_the_network_and_nothing_else(probed):
    said = probed[DISPATCHER]
    assert done(said, "connect", probing.ELSEWHERE) == list(probing.ELSEWHERE)
    assert done(said, "read", probing.SECRET_FILES) == [] == done(said, "write", probing.FOREIGN)


@pytest.mark.parametrize("name", BACKUPS)
def test_a_backup_has_no_network_and_writes_nothing_but_backups(probed, name):
    said = probed[name]
    assert done(said, "connect", probing.ELSEWHERE) == []
    # Postgres needs shared memory: it is one that nobody else sees.
    assert done(said, "write", probing.FOREIGN) == ["/dev/shm"] and not probed["left in /dev/shm"]


def test_escalate_runs_every_minute(site, begun):
    wait_for(lambda: site.last_success("escalate") > begun, 240, "the timer of escalate")


@pytest.mark.parametrize("job", ["review-request", "retention"])
def test_the_other_timers_fire_as_well(site, box, job):
    """Not at their hour, for which nobody waits, but by themselves."""
    name = f"opsfabric-{job}.timer"
    # One was written while the clock was set ahead.
    site.sql("delete from heartbeats where job = %s", job)
    box.shell(f"mkdir /run/systemd/system/{name}.d && cd /run/systemd/system/{name}.d &&"
              " printf '[Timer]\\nOnCalendar=*:*:0/2\\n' >often.conf && systemctl daemon-reload"
              f" && systemctl restart {name}")
    try:
        wait_for(lambda: site.last_success(job), 120, f"the timer of {job}")
    finally:
        box.shell(f"rm -r /run/systemd/system/{name}.d && systemctl daemon-reload && systemctl restart {name}")


def test_a_timer_that_meets_a_restart_of_nginx_has_its_turn_all_the_same(site, box):
    name = "opsfabric-retention.service"
    before = site.last_success("retention")
    site.systemctl("stop", "nginx.service")
    since = f"--since=@{int(time.time())}"
    site.systemctl("start", "--no-block", name)
    wait_for(lambda: "Will retry" in box.run("journalctl", "-b", "-o", "cat", "-u", name, since).stdout, 60, "nobody to answer")
    site.systemctl("start", "nginx.service")
    wait_for(lambda: site.show(name, "ActiveState") == "inactive", 60, "its end")
    assert site.show(name, "Result") == "success" and site.last_success("retention") not in (None, before)


# ---- restarts -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def total(figures):
    counts = {"restarts": 0, "answered": 0, "failed": 0, "slowest_ms": 0}
    yield counts
    figures.update(counts)


def workers(site, route):
    pids = site.systemctl("show", "--value", "--property=MainPID", *(unit(route, f"@{i}.service") for i in (1, 2))).split()
    return {pid for pid in pids if pid != "0"}


@pytest.mark.parametrize("route", ROUTES)
def test_restarted_under_load_nothing_fails(site, firm, total, route):
    request, options, good = load_of(route, site, firm)
    share = LOAD_REQUESTS // len(ROUTES) // 100 + 1
    before = workers(site, route)
    # The operator sits on this machine, everybody else at an address of his own.
    headers = ["X-Real-IP: 127.0.0.1"] if ROUTES[route] == "operator" else []
    with Load(site, *request, connections=CONNECTIONS, headers=headers, pause_ms=PAUSE_MS, **options) as load:
        for _ in range(RESTARTS):
            site.systemctl("restart", unit(route, ".target"))
            total["restarts"] += 1
            load.wait_more()
        wait_for(lambda: load.answered_hundreds >= share, 300, "enough requests")
    assert before and not workers(site, route) & before
    failed = load.failed(good)
    total["answered"] += load.answered
    total["failed"] += failed
    total["slowest_ms"] = max(total["slowest_ms"], load.result["max_ms"])
    assert failed == 0, (load.statuses, load.broken)


def test_enough_requests_were_made(total):
    assert total["answered"] >= (20000 if LONG else 2000)
    assert total["failed"] == 0


def test_the_dispatcher_restarted_loses_no_message(site, firm):
    phones = [mobile() for _ in range(20)]
    for n, phone in enumerate(phones):
        assert firm.missed_call(phone).status_code == 200
        if n % 5 == 0:
            site.systemctl("restart", DISPATCHER)
    for phone in phones:
        assert len(site.wait_messages(phone)) == 1


def test_a_frozen_dispatcher_is_replaced_by_the_watchdog(site, box, firm, figures):
    name = DISPATCHER
    assert site.show(name, "WatchdogUSec") == "1min"
    if not LONG:
        # Its real patience is a minute.
        box.shell("mkdir -p /run/systemd/system/opsfabric-dispatcher.service.d; printf '[Service]\\nWatchdogSec=3s\\n'"
                  " >/run/systemd/system/opsfabric-dispatcher.service.d/short.conf; systemctl daemon-reload")
        site.systemctl("restart", name)
    frozen = site.show(name, "MainPID")
    begun = time.monotonic()
    box.shell(f"kill -STOP {frozen}")
    wait_for(lambda: site.show(name, "MainPID") not in ("0", frozen) and site.is_active(name), 180, "another dispatcher")
    figures["watchdog_s"] = round(time.monotonic() - begun)
    if not LONG:
        box.shell("rm -r /run/systemd/system/opsfabric-dispatcher.service.d; systemctl daemon-reload")
        site.systemctl("restart", name)
    phone = mobile()
    assert firm.missed_call(phone).status_code == 200
    site.wait_messages(phone)


def test_nginx_reloaded_under_load_nothing_fails(site, firm):
    """A kept connection that nginx closes, and on which its client sends in that moment, is the client's to repeat."""
    request, options, good = load_of("missed_call", site, firm)
    with Load(site, *request, connections=8, headers=["Connection: close"], **options) as load:
        for _ in range(ROUNDS):
            site.systemctl("reload", "nginx.service")
            load.wait_more()
    assert load.failed(good) == 0, (load.statuses, load.broken)


# ---- reboot, upgrade, rollback ----------------------------------------------------------------------------------


def test_after_a_reboot_everything_is_back(site, box, firm, figures):
    phone = mobile()
    assert firm.missed_call(phone).status_code == 200
    begun = time.monotonic()
    box.reboot()
    site.arrive()
    site.wait_answers()
    figures["reboot_s"] = round(time.monotonic() - begun)
    site.wait_runs()
    assert len(firm.tickets(phone)) == 1
    assert firm.text(phone, "2").status_code == 200
    assert firm.tickets(phone)[0]["status"] == "NEEDS_CALLBACK"
    site.wait_messages(phone, 2)
    site.wait_doctor()


@contextlib.contextmanager
def under_load(site, firm, figures, name):
    """A ticket, a missed call, a reply and a page at once; what counts is what failed."""
    with contextlib.ExitStack() as running:
        loads = []
        for route in ("ticket", "missed_call", "sms_reply", "page"):
            request, options, good = load_of(route, site, firm)
            loads.append((route, running.enter_context(Load(site, *request, connections=8, pause_ms=PAUSE_MS, **options)), good))
        yield
        for _, load, _ in loads:
            load.wait_more()
    failed = sum(load.failed(good) for _, load, good in loads)
    figures[f"{name}_answered"] = sum(load.answered for _, load, _ in loads)
    figures[f"{name}_failed"] = failed
    assert failed == 0, [(route, load.statuses, load.broken) for route, load, _ in loads]


def test_upgraded_under_load_nothing_fails(site, firm, figures):
    before, at = site.version(), site.programs()
    with under_load(site, firm, figures, "upgrade"):
        site.install("next.deb")
    assert site.version() != before
    assert not set(site.programs().items()) & set(at.items()), "a program of before still runs"
    assert site.one("select count(*) from information_schema.columns where column_name = 'container_note'")["count"] == 1
    site.wait_runs()
    site.wait_doctor()


def test_rolled_back_under_load_nothing_fails(site, firm, figures):
    before, at = site.version(), site.programs()
    with under_load(site, firm, figures, "rollback"):
        said = site.install("this.deb", "--allow-downgrades")
    assert site.version() != before
    assert "newer than this version, and stays as it is" in said
    assert not set(site.programs().items()) & set(at.items()), "a program of before still runs"
    site.wait_runs()
    # The database stays newer than the programs.
    assert site.one("select count(*) from information_schema.columns where column_name = 'container_note'")["count"] == 1
    phone = mobile()
    assert firm.ticket(phone).status_code == 201
    site.wait_messages(phone)
    site.wait_doctor()


# Changed by the package as well, and not.
OWN_FILES = ("/etc/nginx/sites-available/opsfabric", "/etc/opsfabric/nginx/operator.conf")
REPLACED = "/etc/opsfabric/nginx/listen_local.conf"


def test_an_upgrade_brings_files_of_nginx_and_units_and_keeps_what_is_the_sysadmins(site, box):
    for file in OWN_FILES:
        box.shell(f"echo '# changed by the sysadmin' >>{file}")
    box.run("nginx", "-t")
    kept = [box.path(file).read_text() for file in OWN_FILES]
    before = site.programs()
    assert "X-Container-Note" not in site.get("/healthz").headers
    said = site.install("changed.deb", *site.KEEP)
    assert "nginx refuses" not in said
    wait_for(lambda: site.get("/healthz").headers.get("X-Container-Note") == "changed", 120, "nginx to show what is new")
    box.run("nginx", "-t")
    assert site.show("opsfabric-ticket@1.service", "TasksMax") == "17"
    assert site.programs()["ticket"] != before["ticket"]
    assert [box.path(file).read_text() for file in OWN_FILES] == kept
    # What the package has instead lies beside it, where there is something to look at.
    assert box.path(OWN_FILES[0] + ".dpkg-dist").read_text().endswith("# changed by the package\n")
    assert not box.path(OWN_FILES[1] + ".dpkg-dist").exists()
    assert box.path(REPLACED).read_text().endswith("# changed by the package\n")
    site.wait_runs()


def test_installed_while_the_database_is_away_it_is_not_left_half_done(site):
    before = site.programs()
    site.systemctl("stop", "postgresql.service", "postgresql@*.service")
    said = site.install("this.deb", "--allow-downgrades", *site.KEEP)
    assert "what ran before still runs" in said
    assert site.is_installed_well()
    assert site.programs() == before
    assert "X-Container-Note" not in site.get("/healthz").headers
    command, = site.told(said)
    site.systemctl("start", "postgresql.service")
    site.box.shell(command)
    wait_for(lambda: not set(site.programs().items()) & set(before.items()), 180, "the end of all programs of before")
    site.wait_runs()


def test_all_of_it_had_512_mb(box, figures):
    figures["memory_mb"] = round(box.memory_most() / MB)
    assert box.memory_kills() == 0
