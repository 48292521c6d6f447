"""The package in a bare Debian with a systemd of its own: from its installation to its purge, in this order."""

import contextlib
import json
import os
import pathlib
import time

import pytest
import requests

from tests.container import package
from tests.container.conftest import LONG, MB, ROUNDS
from tests.support.load import Load, load_of
from tests.support.stack import mobile, wait_for

# Name: who may call.
ROUTES = {line.split()[0]: line.split()[3] for line in (package.ROOT / "cgi-bin" / "ROUTES").read_text().splitlines()
          if line and not line.startswith("#")}
CRONS = [route for route, caller in ROUTES.items() if caller == "cron"]
# Of all routes together, while their programs are restarted in turn.
LOAD_REQUESTS = 25000 if LONG else 3000
RESTARTS = 10 if LONG else 2
CONNECTIONS = 64 if LONG else 32
SLUG = "container"
DISPATCHER = "opsfabric-dispatcher.service"
IDLE_LIMIT_KB = 150 * 1024
# What the whole scenario counts, for docs/reliability.md.
FIGURES = pathlib.Path(os.environ.get("OPSFABRIC_CONTAINER_FIGURES", os.devnull))


def unit(route, kind):
    return f"opsfabric-{route.replace('_', '-')}{kind}"


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


def last_success(site, job):
    return site.one("select max(last_success_at) as at from heartbeats where job = %s", job)["at"]


# ---- installation ---------------------------------------------------------------------------------


def test_installation_on_a_bare_debian_asks_nothing(site, box, figures):
    begun = time.monotonic()
    said = site.install("this.deb")
    figures["install_s"] = round(time.monotonic() - begun)
    assert "Traceback" not in said.stderr
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


def everything_runs(site):
    for route in ROUTES:
        wait_for(lambda: site.is_active(unit(route, ".socket")), 180, f"{route}'s socket")
        wait_for(lambda: site.is_active(unit(route, "@1.service")), 180, f"{route}'s program")
    wait_for(lambda: site.is_active(DISPATCHER), 180, "the dispatcher")
    for route in CRONS:
        assert site.is_active(unit(route, ".timer")), route
    # A timer that met a restart has its next turn in a minute.
    wait_for(lambda: site.systemctl("list-units", "--failed", "--plain", "--no-legend", "opsfabric*", "nginx*", "postgresql*") == "",
             180, "no unit to be failed")
    site.wait_answers()


def test_everything_runs(site):
    everything_runs(site)


def doctor_is_content(site):
    # The timers have their turn first.
    done = wait_for(lambda: (lambda d: d if d.returncode == 0 else None)(site.command("doctor", check=False)),
                    300, "opsfabric doctor to be content: " + site.command("doctor", check=False).stdout)
    return done.stdout


def test_doctor_is_content(site):
    doctor_is_content(site)


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


def test_the_cron_secret_is_on_no_command_line(site, box):
    secret = site.env["CRON_SECRET"]
    assert len(secret) >= 16
    seen = box.shell("systemctl start --no-block opsfabric-escalate.service;"
                     " for i in $(seq 60); do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; done").stdout
    assert "nginx" in seen, "nothing was seen"
    assert secret not in seen


# ---- the sandbox ------------------------------------------------------------------------------------------


# Another host's, and one of this host where the database is not.
ELSEWHERE = ("192.0.2.7", "127.0.0.2")
PORT = "7777"
SECRET_FILES = ("/etc/shadow", "/etc/opsfabric/owner.conf", "/etc/opsfabric/opsfabric.conf")
FOREIGN = ("/etc", "/etc/opsfabric", "/usr/bin", "/usr/libexec/opsfabric", "/root", "/home", "/var/lib", "/var/lib/postgresql",
           "/var/log", "/var/spool", "/srv", "/opt", "/dev/shm", "/run", "/run/lock", "/boot")
TRIALS = len(SECRET_FILES) + len(FOREIGN) + len(ELSEWHERE)
PROBE = "/usr/local/bin/opsfabric-probe"
UNITS = [unit(route, "@probe.service") for route in ROUTES]


@pytest.fixture(scope="module")
def tempted(box, probe):
    """The probe is there, and so is another address with somebody who listens. What the probe is asked to try."""
    box.run("cp", probe, PROBE)
    # A disk of its own that anybody may write to.
    box.run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/srv")
    box.run("ip", "address", "add", f"{ELSEWHERE[0]}/32", "dev", "lo")
    box.run("systemd-run", "--quiet", "--unit=elsewhere", "--service-type=exec", PROBE, "listen", "0.0.0.0", PORT)
    addresses = [word for address in ELSEWHERE for word in (address, PORT)]
    return " ".join(["read", *SECRET_FILES, "write", *FOREIGN, "connect", *addresses])


def outcomes(text):
    """What the probe tried, and how it went."""
    words = [line.split(" ", 2) for line in text.splitlines()]
    return {(w[0], w[1]): w[2] for w in words if len(w) == 3 and w[0] in ("read", "write", "connect")}


@pytest.fixture(scope="module")
def probed(site, box, tempted):
    """What the probe says in the place of each unit's program, all other settings kept."""
    names = " ".join([*UNITS, DISPATCHER])
    box.shell(
        f"for unit in {names}; do mkdir -p /run/systemd/system/$unit.d;"
        f" printf '%s\\n' '[Service]' 'ExecStart=' 'ExecStart={PROBE} {tempted}' Type=exec Restart=no WatchdogSec=0"
        " >/run/systemd/system/$unit.d/probe.conf; done; systemctl daemon-reload;"
        f" systemctl stop {names}; systemctl start {names}")
    try:
        said = {}
        for name in [*UNITS, DISPATCHER]:
            said[name] = wait_for(
                lambda: (lambda lines: lines if len(lines) == TRIALS else None)(
                    outcomes(box.run("journalctl", "-b", "-o", "cat", "-u", name).stdout)), 180, f"the lines of {name}")
        return said
    finally:
        box.shell(f"for unit in {names}; do rm -r /run/systemd/system/$unit.d; done; systemctl stop {names};"
                  f" systemctl daemon-reload; systemctl reset-failed; systemctl start {DISPATCHER}")


def test_without_its_sandbox_a_handler_can_do_all_of_it(box, tempted):
    """The same without the units' settings: so it is they who refuse."""
    said = outcomes(box.run("systemd-run", "--quiet", "--pipe", "--wait", PROBE, *tempted.split()).stdout)
    assert len(said) == TRIALS and set(said.values()) == {"done"}, said
    box.shell("rm " + " ".join(f"{directory}/opsfabric-probe" for directory in FOREIGN))


@pytest.mark.parametrize("name", UNITS)
def test_no_handler_reads_a_secret_file(probed, name):
    assert [file for file in SECRET_FILES if probed[name]["read", file] == "done"] == []


@pytest.mark.parametrize("name", UNITS)
def test_no_handler_writes_outside_its_directories(probed, name):
    assert [directory for directory in FOREIGN if probed[name]["write", directory] == "done"] == []


@pytest.fixture(scope="module")
def filters_addresses(box, tempted):
    """Where the kernel cannot, systemd goes on without."""
    said = box.run("systemd-run", "--quiet", "--pipe", "--wait", "--property=IPAddressDeny=any",
                   PROBE, "connect", ELSEWHERE[0], PORT).stdout
    if said.endswith("done\n"):
        pytest.skip("this kernel has no filter of addresses for a unit")


@pytest.mark.parametrize("name", UNITS)
def test_no_handler_connects_to_any_address_but_the_databases(filters_addresses, probed, name):
    assert [address for address in ELSEWHERE if probed[name]["connect", address] == "done"] == []


def test_the_dispatcher_reaches_the_network_and_nothing_else(probed):
    said = dict(probed[DISPATCHER])
    assert [said.pop(("connect", address)) for address in ELSEWHERE] == ["done", "done"]
    assert "done" not in said.values(), said


def test_escalate_runs_every_minute(site, begun):
    wait_for(lambda: last_success(site, "escalate") > begun, 240, "the timer of escalate")


# ---- restarts -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def total(figures):
    counts = {"restarts": 0, "answered": 0, "failed": 0, "slowest_ms": 0}
    yield counts
    figures.update(counts)


def workers(site, route):
    return sorted(site.pids(f"opsfabric-{route.replace('_', '-')}@{i}.service") for i in (1, 2)
                  if site.is_active(unit(route, f"@{i}.service")))


@pytest.mark.parametrize("route", ROUTES)
def test_restarted_under_load_nothing_fails(site, firm, total, route):
    request, options, good = load_of(route, site, firm)
    share = LOAD_REQUESTS // len(ROUTES) // 100 + 1
    before = workers(site, route)
    # The operator sits on this machine, everybody else at an address of his own.
    headers = ["X-Real-IP: 127.0.0.1"] if ROUTES[route] == "operator" else []
    with Load(site, *request, connections=CONNECTIONS, headers=headers, **options) as load:
        for _ in range(RESTARTS):
            site.systemctl("restart", unit(route, ".target"))
            total["restarts"] += 1
            load.wait_more()
        wait_for(lambda: load.answered_hundreds >= share, 300, "enough requests")
    assert workers(site, route) != before
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
        box.shell("mkdir -p /run/systemd/system/opsfabric-dispatcher.service.d; printf '[Service]\\nWatchdogSec=5s\\n'"
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
    everything_runs(site)
    assert len(firm.tickets(phone)) == 1
    assert firm.text(phone, "2").status_code == 200
    assert firm.tickets(phone)[0]["status"] == "NEEDS_CALLBACK"
    site.wait_messages(phone, 2)
    doctor_is_content(site)


@contextlib.contextmanager
def under_load(site, firm, figures, name):
    """A ticket, a missed call, a reply and a page at once; what counts is what failed."""
    with contextlib.ExitStack() as running:
        loads = []
        for route in ("ticket", "missed_call", "sms_reply", "page"):
            request, options, good = load_of(route, site, firm)
            loads.append((route, running.enter_context(Load(site, *request, connections=8, **options)), good))
        yield
        for _, load, _ in loads:
            load.wait_more()
    failed = sum(load.failed(good) for _, load, good in loads)
    figures[f"{name}_answered"] = sum(load.answered for _, load, _ in loads)
    figures[f"{name}_failed"] = failed
    assert failed == 0, [(route, load.statuses, load.broken) for route, load, _ in loads]


def version(box):
    return box.run("dpkg-query", "-W", "-f", "${Version}", "opsfabric").stdout


def programs(site):
    return {route: site.show(unit(route, "@1.service"), "MainPID") for route in ROUTES}


def test_upgraded_under_load_nothing_fails(site, box, firm, figures):
    before, at = version(box), programs(site)
    with under_load(site, firm, figures, "upgrade"):
        site.install("next.deb")
    assert version(box) != before
    assert not set(programs(site).items()) & set(at.items()), "a program of before still runs"
    assert site.one("select count(*) from information_schema.columns where column_name = 'container_note'")["count"] == 1
    everything_runs(site)
    doctor_is_content(site)


def test_rolled_back_under_load_nothing_fails(site, box, firm, figures):
    before, at = version(box), programs(site)
    with under_load(site, firm, figures, "rollback"):
        site.install("this.deb", "--allow-downgrades")
    assert version(box) != before
    assert not set(programs(site).items()) & set(at.items()), "a program of before still runs"
    everything_runs(site)
    # The database stays newer than the programs.
    assert site.one("select count(*) from information_schema.columns where column_name = 'container_note'")["count"] == 1
    phone = mobile()
    assert firm.ticket(phone).status_code == 201
    site.wait_messages(phone)
    doctor_is_content(site)


def test_installed_once_more_after_a_rollback_it_leaves_the_newer_database(site, box):
    said = site.install("this.deb", "--reinstall")
    assert "newer than this version, and stays as it is" in said.stdout
    assert box.run("dpkg", "--audit").stdout == ""
    everything_runs(site)


def test_all_of_it_had_512_mb(box, figures):
    figures["memory_mb"] = round(box.memory_most() / MB)
    assert box.memory_kills() == 0


# ---- the end --------------------------------------------------------------------------------------------------------


def test_a_purge_leaves_the_database_and_nothing_else(site, box, firm):
    tickets = site.one("select count(*) from tickets")["count"]
    assert tickets > 0
    box.run("apt-get", "purge", "--yes", "opsfabric", timeout=300)
    left = box.shell(
        "ls -d /etc/opsfabric /usr/libexec/opsfabric /usr/bin/opsfabric /usr/share/opsfabric /run/opsfabric"
        " /etc/nginx/sites-enabled/opsfabric /etc/nginx/sites-available/opsfabric /lib/systemd/system/opsfabric*"
        " /etc/systemd/system/*opsfabric* 2>/dev/null || true").stdout
    assert left == ""
    assert site.systemctl("list-units", "--plain", "--no-legend", "opsfabric*") == ""
    assert box.run("pgrep", "-u", "opsfabric", check=False).stdout == ""
    assert box.run("nginx", "-t", check=False).returncode == 0
    assert site.one("select count(*) from tickets")["count"] == tickets


def test_installed_again_it_finds_its_database(site, box, firm):
    before = site.one("select count(*) from tickets")["count"]
    # A site that nginx does not take together with ours stays, and ours is said to be left out.
    other, enabled = "/etc/nginx/sites-enabled/other", "/etc/nginx/sites-enabled/opsfabric"
    box.shell(f"echo 'server {{ listen [::]:443 ssl backlog=77; ssl_reject_handshake on; }}' >{other}")
    said = site.install("this.deb")
    assert "duplicate listen options" in said.stdout + said.stderr
    assert box.run("test", "-e", enabled, check=False).returncode == 1
    box.shell(f"nginx -t -q && rm {other} && ln -s /etc/nginx/sites-available/opsfabric {enabled} && nginx -t -q && systemctl reload nginx")
    site.open(SLUG)
    site.arrive()
    everything_runs(site)
    assert site.one("select count(*) from tickets")["count"] == before
