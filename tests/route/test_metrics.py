"""GET /metrics: what programs count and what waits, held against what was done"""

import concurrent.futures
import datetime
import json
import re
import shutil
import subprocess
import time
import uuid

import pytest
import requests
import yaml

from tests.support import problems
from tests.support.metrics import Scrape
from tests.support.processes import Processes
from tests.support.stack import ROOT, Stack, free_port, mobile, wait_for

PATH = "/metrics"
OUTCOMES = ["sent", "failed", "retry", "unknown", "expired"]
PROXY = "127.0.0.3"


@pytest.fixture(scope="module")
def own(private_dir):
    """An installation to break, behind a proxy that is believed."""
    running = Stack.start(private_dir / "own", OPSFABRIC_TRUSTED_PROXY=PROXY)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def processes(own):
    return Processes(own)


def lines_of(stack, route, answers):
    """The line of each answer in its program's log; it is written after the answer, and after its request was counted."""
    names = [a.headers["X-Request-Id"] for a in answers]
    log = stack.state / "log" / f"{route}.log"

    def found():
        lines = {n: [line for line in log.read_text(errors="replace").splitlines() if f" {n} " in line] for n in names}
        return [[line for (line,) in lines.values()]] if all(len(lines[n]) == 1 for n in names) else None

    return wait_for(found, what=f"a line for each in {log.name}")[0]


def promtool(text):
    return subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)


# ---- form ---------------------------------------------------------------------------------------


def test_promtool_finds_nothing_to_say(stack):
    stack.cron("/api/cron/escalate")  # so that there is a heartbeat
    answer = stack.get(PATH)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    said = promtool(answer.text)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    assert promtool("# TYPE x_seconds counter\nx_seconds 1\n").returncode != 0


def test_all_of_the_table_is_told_and_nothing_else(stack):
    stack.cron("/api/cron/escalate")
    scrape = Scrape.of(stack)
    table = dict(re.findall(r"^METRIC\((\w+), (\w+),", (ROOT / "lib/metric.def").read_text(), re.M))
    assert scrape.types == {f"opsfabric_{name}": kind for name, kind in table.items()}
    for name, kind in scrape.types.items():
        short = name.removeprefix("opsfabric_")
        assert scrape.all(short + "_count" if kind == "histogram" else short), name
    labels = {name: set(words.split(", ")) - {""} for name, words in
              re.findall(r'^METRIC\((\w+), \w+, "([^"]*)"', (ROOT / "lib/metric.def").read_text(), re.M)}
    for (name, of), _ in scrape.samples.items():
        short = re.sub("_(bucket|sum|count)$", "", name.removeprefix("opsfabric_"))
        assert {label for label, _ in of} - {"le"} == labels[short], name


def test_every_route_is_there(stack):
    scrape = Scrape.of(stack)
    for route in (ROOT / "cgi-bin/ROUTES").read_text().splitlines():
        if route and not route.startswith("#"):
            assert scrape.value("requests_total", route=route.split()[0], status="503") >= 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_method_is_refused(stack, method):
    problems.check(stack.request(method, PATH), "method-not-allowed", route="metrics")


def test_it_says_nothing_about_anybody(stack, tenant):
    phone = mobile()
    tenant.ticket(phone)
    text = stack.get(PATH).text
    assert tenant.slug not in text and phone[1:] not in text and "muster" not in text.lower()


# ---- Prometheus ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ask(stack, private_dir):
    """ask(query): what a real Prometheus answers that has the example's configuration and scraped twice."""
    home = private_dir / "prometheus"
    shutil.copytree(ROOT / "deploy" / "prometheus", home)
    config = yaml.safe_load((home / "prometheus.yml").read_text())
    config["global"] = dict.fromkeys(config["global"], "1s")
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [stack.base.removeprefix("http://")]
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    with (home / "log").open("wb") as log:
        child = subprocess.Popen(
            ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data", f"--web.listen-address={address}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home)

    def query(text):
        answer = requests.get(f"http://{address}/api/v1/query", params={"query": text}, timeout=20).json()
        assert answer["status"] == "success", (text, answer)
        return answer["data"]["result"]

    def has_scraped():
        try:
            (row,) = query('sum_over_time(up{job="opsfabric"}[5m])') or [None]
        except (requests.RequestException, ValueError):
            assert child.poll() is None, (home / "log").read_text()
            return False
        return row and float(row["value"][1]) >= 2

    try:
        stack.cron("/api/cron/escalate")
        wait_for(has_scraped, 180, "two scrapes")
        yield query
    finally:
        child.terminate()
        child.wait(60)


def test_prometheus_reads_it_with_the_examples_configuration(ask):
    (row,) = ask("up")
    assert row["metric"]["job"] == "opsfabric" and row["value"][1] == "1"
    (row,) = ask('opsfabric_timer_age_seconds{timer="escalate"}')
    assert row["metric"]["job"] == "opsfabric"
    assert float(ask('sum(opsfabric_requests_total{route="escalate",status="200"})')[0]["value"][1]) >= 1
    assert not [name for row in ask('{job="opsfabric"}') for name in row["metric"] if name.startswith("exported_")]


def test_every_panel_of_the_dashboard_shows_something(ask):
    dashboard = json.loads((ROOT / "deploy/grafana/opsfabric.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            rows = ask(target["expr"].replace("$__rate_interval", "5m"))
            # Of what there may be none at all, only what is there is shown.
            assert rows or target["expr"].endswith("> 0") or '"4..|5.."' in target["expr"], panel["title"]
            for name in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert all(name in row["metric"] for row in rows), (panel["title"], name)


def test_prometheus_has_every_alert(ask):
    rules = yaml.safe_load((ROOT / "deploy/prometheus/opsfabric.rules.yml").read_text())["groups"][0]["rules"]
    for rule in rules:
        ask(rule["expr"])


# ---- requests -----------------------------------------------------------------------------------


def test_requests_are_counted_as_the_log_tells_them(stack, tenant):
    before = Scrape.of(stack)
    good = [tenant.ticket() for _ in range(7)]
    bad = [stack.post("/api/ticket", {}) for _ in range(3)] + [stack.get("/api/ticket")]
    lines = lines_of(stack, "ticket", good + bad)
    after = Scrape.of(stack)

    def rise(name, **labels):
        return after.value(name, 0, route="ticket", **labels) - before.value(name, 0, route="ticket", **labels)

    assert [a.status_code for a in good + bad] == [201] * 7 + [422] * 3 + [405]
    assert (rise("requests_total", status="201"), rise("requests_total", status="422"), rise("requests_total", status="405")) == (7, 3, 1)
    assert after.requests("ticket") - before.requests("ticket") == rise("request_seconds_count") == 11
    told = [re.search(r" (\d{3}) (\d+)us db (\d+) (\d+)us ", line) for line in lines]
    assert rise("request_seconds_sum") == pytest.approx(sum(int(t[2]) for t in told) / 1e6)
    assert rise("request_database_round_trips_total") == sum(int(t[3]) for t in told) >= 7
    assert rise("request_database_seconds_total") == pytest.approx(sum(int(t[4]) for t in told) / 1e6)
    bounds = [labels["le"] for labels, _ in after.all("request_seconds_bucket") if labels["route"] == "ticket"]
    assert bounds == sorted(bounds, key=float) and bounds[-1] == "+Inf"
    for bound in bounds:
        assert rise("request_seconds_bucket", le=bound) == sum(int(t[2]) / 1e6 <= float(bound) for t in told)


def test_a_line_says_whose_request_it_was(stack, tenant):
    known = tenant.ticket()
    nobody = stack.post("/api/ticket", {"customer_slug": "x-" + uuid.uuid4().hex[:8], "contact_phone": mobile()})
    call = tenant.missed_call(mobile())
    moved = tenant.move(known.json()["ticket_id"], "SCHEDULED")
    other = stack.request("DELETE", "/api/ticket")
    (one,), (two,), (three,), (four,), (five,) = (
        lines_of(stack, route, [answer]) for route, answer in
        (("ticket", known), ("ticket", nobody), ("missed_call", call), ("ticket_status", moved), ("ticket", other)))
    form = r"{0}\[\d+\]: info: [0-9a-f]{{32}} {1} \d+us db \d+ \d+us {2} {0} {3}"
    assert re.fullmatch(form.format("ticket", 201, "POST", tenant.slug), one), one
    assert re.fullmatch(form.format("ticket", nobody.status_code, "POST", "- tenant-unknown"), two), two
    assert re.fullmatch(form.format("missed_call", 200, "POST", tenant.slug), three), three
    assert re.fullmatch(form.format("ticket_status", 200, "POST", tenant.slug), four), four
    assert re.fullmatch(form.format("ticket", 405, "DELETE", "- method-not-allowed"), five), five


def test_links_and_receipts_are_somebodys_too(stack, tenant):
    ticket_id = tenant.ticket(phone := mobile()).json()["ticket_id"]
    code = uuid.uuid4().hex[:16]
    stack.sql("insert into review_links (code, customer_id, ticket_id, created_at) values (%s, %s, %s, now())", code, tenant.id, ticket_id)
    (message,) = wait_for(lambda: tenant.outbound(phone), what="the confirmation")
    path = stack.receipt_path("generic", message["id"]).split("?")[0]
    answers = {"review_link": stack.get(f"/r/{code}"), "sms_status": stack.post(path, {"id": str(message["id"]), "status": "delivered"}),
               "page": stack.get(f"/{tenant.slug}?past={code}"), "wizard": stack.get(f"/{tenant.slug}/anfrage?past={code}")}
    for route, answer in answers.items():
        assert answer.status_code in (200, 302), route
        (line,) = lines_of(stack, route, [answer])
        assert line.endswith(f" {route} {tenant.slug}"), line


def test_scrapes_beside_work_lose_nothing_and_go_back_never(stack, tenant):
    before = Scrape.of(stack).value("requests_total", 0, route="ticket", status="201")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        work = [pool.submit(lambda: requests.post(
            stack.base + "/api/ticket", json={"customer_slug": tenant.slug, "contact_phone": mobile()}, timeout=40)) for _ in range(60)]
        scrapes = [pool.submit(lambda: requests.get(stack.base + PATH, timeout=40)) for _ in range(60)]
        answers = [w.result() for w in work]
    assert {a.status_code for a in answers} == {201}
    lines_of(stack, "ticket", answers)
    for text in (s.result().text for s in scrapes):
        scrape = Scrape(text)
        counted = scrape.value("requests_total", 0, route="ticket", status="201")
        assert before <= counted <= before + 60
        assert scrape.value("request_seconds_count", route="ticket") == scrape.value("request_seconds_bucket", route="ticket", le="+Inf")
    assert Scrape.of(stack).value("requests_total", route="ticket", status="201") == before + 60


# ---- messages -----------------------------------------------------------------------------------


def test_messages_are_counted_by_provider_and_outcome(stack, tenant):
    def count(scrape, outcome):
        return scrape.value("messages_total", provider="console", outcome=outcome)

    idle = "select from sms_log where provider = 'console' and (status = 'sending' or status = 'queued' and not_before < now())"
    wait_for(lambda: not stack.sql(idle), what="the outbox to be empty")
    before = Scrape.of(stack)
    phones = [mobile() for _ in range(4)]
    for phone in phones:
        tenant.ticket(phone)
    (log,) = (stack.state / "log").glob("dispatcher.log")
    for phone in phones:
        (row,) = stack.sql("select id from sms_log where customer_id = %s and to_number = %s", tenant.id, phone)
        form = rf"dispatcher\[\d+\]: info: message {row['id']}: console sent attempt 1 {tenant.slug} \+41 79 \*\*\* \*\* {phone[-2:]} in \d+ us$"
        wait_for(lambda f=form: re.search(f, log.read_text(errors="replace"), re.M), what=form)
    after = Scrape.of(stack)
    assert [count(after, o) - count(before, o) for o in OUTCOMES] == [4, 0, 0, 0, 0]
    assert {(labels["provider"], labels["outcome"]) for labels, _ in after.all("messages_total")} == {
        (p, o) for p in ("console", "ecall", "ecall_https", "kannel", "twilio") for o in OUTCOMES}


def test_one_that_expired_is_counted_and_named(stack, tenant):
    before = Scrape.of(stack).value("messages_total", provider="kannel", outcome="expired")
    message = queue(stack, tenant, "kannel", "queued", not_before="-2 h", expires="-1 h")
    log = stack.state / "log" / "dispatcher.log"
    wait_for(lambda: f"warning: message {message}: kannel expired attempt 0 {tenant.slug}" in log.read_text(errors="replace"),
             what="the line")
    wait_for(lambda: Scrape.of(stack).value("messages_total", provider="kannel", outcome="expired") == before + 1, what="the count")


def queue(stack, tenant, provider, status, not_before="0 s", expires="24 h", status_at="0 s"):
    """A row of the outbox, by the programs' clock."""
    message = str(uuid.uuid4())
    stack.sql(
        "insert into sms_log (id, customer_id, direction, template, to_number, body, segments, status, provider, not_before, expires_at,"
        " status_at, created_at) select %s, %s, 'outbound', 'confirmation', '+41791234567', 'x', 1, %s, %s, t + %s::interval,"
        " t + %s::interval, t + %s::interval, t from to_timestamp(%s) t",
        message, tenant.id, status, provider, not_before, expires, status_at, stack.now())
    return message


def test_the_queue_is_told_by_status_and_age(stack, tenant, clock):
    """While the clock is moved nothing of a real provider's leaves."""
    ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=3)
    clock(ahead.isoformat(timespec="seconds"))
    before = Scrape.of(stack)
    made = [queue(stack, tenant, "ecall", "queued", not_before="-10 min"), queue(stack, tenant, "ecall", "queued", not_before="-5 min"),
            queue(stack, tenant, "ecall", "queued", not_before="2 h"), queue(stack, tenant, "ecall", "unknown", status_at="-40 min")]
    try:
        after = Scrape.of(stack)

        def rise(status):
            return tuple(after.value(name, provider="ecall", status=status) - before.value(name, provider="ecall", status=status)
                         for name in ("queue_messages", "queue_oldest_seconds"))

        assert rise("queued")[0] == 2 and rise("deferred") == (1, 0) and rise("sending") == (0, 0) and rise("unknown")[0] == 1
        if before.value("queue_messages", provider="ecall", status="queued") == 0:
            assert 600 <= rise("queued")[1] < 700
        if before.value("queue_messages", provider="ecall", status="unknown") == 0:
            assert 2400 <= rise("unknown")[1] < 2500
        assert {labels["status"] for labels, _ in after.all("queue_messages")} == {"queued", "deferred", "sending", "unknown"}
    finally:
        stack.sql("delete from sms_log where id = any (%s::uuid[])", made)


# ---- what else the database knows ---------------------------------------------------------------


def test_the_schema_is_told(stack):
    scrape = Scrape.of(stack)
    assert scrape.value("schema_version") == len(list((ROOT / "schema").glob("[0-9]*.sql")))
    assert scrape.value("database_up") == 1 and 0 < scrape.value("database_seconds") < 60
    (version,) = re.findall(r"^project\(.*VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M)
    assert scrape.value("build_info", version=version) == 1


def test_a_report_for_nobody_waits_until_it_is_discarded(stack, tenant):
    before = Scrape.of(stack).value("quarantine_events", reason="unmatched")
    call = uuid.uuid4().hex
    answer = stack.post("/api/webhook/missed-call", {"From": mobile(), "To": mobile(), "CallStatus": "no-answer", "CallSid": call})
    assert answer.status_code == 404
    assert Scrape.of(stack).value("quarantine_events", reason="unmatched") == before + 1
    event = stack.one("select id::text from inbound_events where customer_id is null and event_id like %s", f"{call}%")
    stack.command("inbound", "discard", event["id"])
    assert Scrape.of(stack).value("quarantine_events", reason="unmatched") == before


def test_a_timers_age_is_told(stack, clock):
    assert stack.cron("/api/cron/escalate").status_code == 200
    assert Scrape.of(stack).value("timer_age_seconds", timer="escalate") < 60
    ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    clock(ahead.isoformat(timespec="seconds"))
    assert 7100 < Scrape.of(stack).value("timer_age_seconds", timer="escalate") < 7300


def test_what_failed_in_the_spool_is_told(stack):
    before = Scrape.of(stack)
    came = int((stack.now() - 3600) * 1e6)
    file = stack.state / "spool" / "failed" / f"{came:016d}-{uuid.uuid4()}"
    file.write_text("no request of ours")
    try:
        after = Scrape.of(stack)
        assert after.value("spool_files", place="failed") == before.value("spool_files", place="failed") + 1
        assert after.value("spool_oldest_seconds", place="failed") >= 3600
        assert {labels["place"] for labels, _ in after.all("spool_files")} == {"wait", "failed"}
    finally:
        file.unlink()
    assert Scrape.of(stack).value("spool_files", place="failed") == before.value("spool_files", place="failed")


# ---- who may look -------------------------------------------------------------------------------


class From(requests.adapters.HTTPAdapter):
    """From another address of this machine."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


def ask_from(stack, address, **headers):
    with requests.Session() as session:
        session.mount("http://", From(address))
        return session.get(stack.base + PATH, headers=headers, timeout=40)


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}])
def test_nobody_else_may_look_whatever_they_say(own, headers):
    answer = ask_from(own, "127.0.0.2", **headers)
    assert answer.status_code == 404 and "opsfabric_" not in answer.text
    assert answer.text == own.get(f"/x-{uuid.uuid4().hex[:8]}/nothing.php").text
    assert ask_from(own, "127.0.0.1", **headers).status_code == 200


@pytest.mark.parametrize("client,status", [
    ("203.0.113.7", 404), ("127.0.0.1", 200), ("127.0.0.1, 203.0.113.7", 404), ("2001:db8::1", 404)])
def test_behind_a_proxy_its_word_counts(own, client, status):
    """What a visitor writes into the header stands before what the proxy adds."""
    assert ask_from(own, PROXY, **{"X-Forwarded-For": client}).status_code == status


# ---- what may happen ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def firm(own):
    return own.tenant(daily_segments=1000000)


def tickets(own, firm, count=1):
    """So many, counted; the counter of 201."""
    answers = [firm.ticket() for _ in range(count)]
    assert {a.status_code for a in answers} <= {201}
    lines_of(own, "ticket", answers)
    return Scrape.of(own).value("requests_total", 0, route="ticket", status="201")


def test_counters_survive_their_workers(own, firm, processes):
    before = tickets(own, firm)
    old = processes.wait_running("ticket")
    own.run("--restart", "ticket")
    assert not set(old) & set(processes.wait_running("ticket"))
    assert tickets(own, firm, 0) == before
    assert tickets(own, firm, 3) == before + 3


@pytest.mark.parametrize("damage", ["rubbish", "another", "short", "gone"])
def test_a_damaged_file_is_replaced(own, firm, processes, damage):
    tickets(own, firm)
    file = own.state / "run" / "metrics" / "ticket.counters"
    size = file.stat().st_size
    # A worker that has the file in hand must not see it shrink, so it gets a new one.
    bad = {"rubbish": b"\xff" * size, "another": b"OPSFMET\0" + b"\1" * (size - 8), "short": b"OPSFMET\0", "gone": None}[damage]
    file.unlink()
    if bad is not None:
        file.write_bytes(bad)
    scrape = Scrape.of(own)
    assert not [labels for labels, _ in scrape.all("requests_total") if labels["route"] == "ticket"]
    assert scrape.value("requests_total", route="page", status="503") >= 0
    assert firm.ticket().status_code == 201
    own.run("--restart", "ticket")
    assert tickets(own, firm, 0) == 0 and tickets(own, firm, 2) == 2
    assert file.stat().st_size == size and processes.complaints() == []


def test_without_a_place_for_it_work_goes_on(own, firm, processes):
    directory = own.state / "run" / "metrics"
    kept = directory.with_name("kept")
    log = own.state / "log" / "ticket.log"
    said = log.read_text(errors="replace").count("what this process does is not counted")
    directory.rename(kept)
    directory.write_text("no directory")
    try:
        own.run("--restart", "ticket")
        assert {firm.ticket().status_code for _ in range(10)} == {201}
        # supervisord says that a program has started before it has said anything itself
        wait_for(lambda: log.read_text(errors="replace").count("what this process does is not counted") == said + processes.workers(),
                 what="each worker to say so")
        answer = own.get(PATH)
        assert answer.status_code == 200 and Scrape(answer.text).value("database_up") == 1
    finally:
        directory.unlink()
        kept.rename(directory)
        own.run("--restart", "ticket")
    assert tickets(own, firm, 2) >= 2


def test_without_postgres_it_says_so_and_tells_the_rest(own, firm, processes):
    before = tickets(own, firm)
    processes.stop_database()
    try:
        begun = time.monotonic()
        answer = own.get(PATH)
        assert answer.status_code == 200 and time.monotonic() - begun < 19  # nginx waits for twenty
        scrape = Scrape(answer.text)
        assert scrape.value("database_up") == 0 and scrape.value("requests_total", route="ticket", status="201") == before
        assert not scrape.all("queue_messages") and "opsfabric_schema_version" not in scrape.types
        assert promtool(answer.text).returncode == 0
        refused = firm.ticket()
        assert refused.status_code == 503
        lines_of(own, "ticket", [refused])
        after = Scrape.of(own)
        assert after.value("requests_total", route="ticket", status="503") == scrape.value("requests_total", route="ticket", status="503") + 1
    finally:
        own.close()
        processes.start_database()
    wait_for(lambda: Scrape.of(own).value("database_up") == 1, what="the database being back")
    assert tickets(own, firm, 1) == before + 1


def test_after_a_start_of_everything_it_goes_on(own, firm):
    """Until the host is started again: /run is empty then."""
    before = tickets(own, firm)
    own.stop()
    Stack.start(own.state, port=own.base.rsplit(":", 1)[1], OPSFABRIC_TRUSTED_PROXY=PROXY)
    assert tickets(own, firm, 1) == before + 1
    own.stop()
    shutil.rmtree(own.state / "run" / "metrics")
    Stack.start(own.state, port=own.base.rsplit(":", 1)[1], OPSFABRIC_TRUSTED_PROXY=PROXY)
    assert tickets(own, firm, 1) == 1
