"""deploy/run as whoever starts it meets it: what it says, what it passes on, and that nothing stays behind"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import threading
import urllib.parse

import pytest

from tests.support.processes import Processes, kill
from tests.support.stack import ROOT, Stack, free_port, mobile, wait_for

RUN = str(ROOT / "deploy" / "run")
NOW = "2026-11-29T02:30:00+01:00"
FIRM = "doerfler-ag"


def table():
    """The variables of lib/config.def."""
    return re.findall(r"^CONFIG\(([A-Z_]+),", (ROOT / "lib" / "config.def").read_text(), re.M)


def environment(state, port, **settings):
    """The caller's, without what the caller's own installation was told."""
    env = {k: v for k, v in os.environ.items() if k not in table()}
    return {**env, "OPSFABRIC_SKIP_BUILD": "1", "OPSFABRIC_STATE": str(state), "OPSFABRIC_PORT": str(port), **settings}


def deploy_run(env, *args, timeout=300):
    return subprocess.run(
        [RUN, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


def processes_in(state):
    """Of whoever works in the state directory: all that an installation is."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").resolve()).startswith(f"{state}"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
    return found


def lasting(state, processes):
    """Without those that come, go and say in their title what they do: Postgres' children, which at first are called as it is, and
    nginx's loader."""
    first = int((state / "run" / "pid" / "postgres").read_text())
    return {pid: line for pid, line in processes.items() if pid == first or not (
        line.startswith(("postgres: ", "nginx: cache loader")) or line.split(" ")[0].endswith("/postgres"))}


class Instance:
    """One installation, whether or not it runs."""

    def __init__(self, state, **settings):
        self.state = state
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.env = environment(state, self.port, **settings)

    def run(self, *args, **kwargs):
        return deploy_run(self.env, *args, **kwargs)

    def stack(self):
        """To ask it; its base is where it listens, whatever APP_BASE_URL says."""
        made = Stack(self.state)
        made.base = self.base
        return made


def settings_of_everything(state):
    """A value for each variable of the table, none of them its default."""
    def url(role):
        where = urllib.parse.quote(f"{state}/postgres", safe="/")
        return f"postgresql://opsfabric_{role}@/opsfabric?host={where}&connect_timeout=7"

    made = {
        "DATABASE_URL": url("web"),
        "DATABASE_SERVICE_URL": url("service"),
        "DATABASE_OWNER_URL": url("owner"),
        "APP_BASE_URL": "https://kunden.example",
        "SMS_PROVIDER": "console",
        "CRON_SECRET": "it's \"quoted\" $HOME `id` %(x)s \\ ; #",
        "SECRETS_KEY": "00112233445566778899aabbccddeeff" * 2,
        "SECRETS_KEY_OLD": "ffeeddccbbaa99887766554433221100" * 2,
        "DEFAULT_CUSTOMER_SLUG": FIRM,
        "ECALL_USERNAME": "user with spaces",
        "ECALL_PASSWORD": "p%ss'wörd",
        "ECALL_SENDER_ID": "Muster AG",
        "ECALL_URL": "https://sms.example/x?y=1&z=%20",
        "ECALL_STATUS_URL": "https://sms.example/x/{id}",
        "ECALL_NUMBER_PREFIX": "+",
        "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
        "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
        "TWILIO_API_KEY_SID": "SK00000000000000000000000000000001",
        "TWILIO_API_KEY_SECRET": "fedcba9876543210fedcba9876543210",
        "ECALL_HTTPS_URL": "https://sms.example/ecall/",
        "TWILIO_SENDER_ID": "Muster AG",
        "KANNEL_SENDER_ID": "Muster AG",
        "TWILIO_URL": "https://sms.example/2010-04-01",
        "KANNEL_URL": "http://127.0.0.1:13014/cgi-bin/sendsms",
        "KANNEL_USERNAME": "muster",
        "KANNEL_PASSWORD": "geheim",
        "DATABASE_PREPARE": "no",
        "SPOOL_DIR": f"{state}/spool \"%(x)s\"",
        "SPOOL_MAX": "77",
        "SPOOL_PATIENCE": "777",
    }
    # Others are only passed on, whatever they hold.
    return {**{name: f"the \"{name}\" %(x)s" for name in table() if name != "OPSFABRIC_STATE"}, **made}


@pytest.fixture(scope="module")
def other(private_dir):
    """A second one, in the foreground, with a server's limits, at an hour at which messages leave at once, behind a proxy that is away."""
    private_dir.chmod(0o755)
    made = Instance(
        private_dir / "other", OPSFABRIC_WORKERS="1", OPSFABRIC_RATE_LIMIT="on", OPSFABRIC_TRUSTED_PROXY="127.0.0.2",
        OPSFABRIC_NOW="2026-11-24T10:00:00+01:00", http_proxy="http://127.0.0.1:9", no_proxy="")
    made.output = private_dir / "other.out"
    with made.output.open("w") as out:
        made.foreground = subprocess.Popen(
            [RUN], env=made.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    yield made
    if made.foreground.poll() is None:
        made.foreground.terminate()
        made.foreground.wait(300)


@pytest.fixture(scope="module")
def instance(private_dir, other):
    """Starts at the same time as the other one."""
    state = private_dir / "a b"
    made = Instance(state, OPSFABRIC_NOW=NOW, OPSFABRIC_WORKERS="1", **settings_of_everything(state))
    # Whoever reads the words of --detach gets their end when it returns: nothing holds the pipe.
    made.said = subprocess.run(
        f"{shlex.quote(RUN)} --detach | cat", shell=True, env=made.env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=600)
    yield made
    made.run("--stop")


# ---- a running one -----------------------------------------------------------------------------


def test_it_returns_when_it_is_ready(instance):
    assert f"OpsFabric answers on {instance.base}" in instance.said.stdout, instance.said.stderr
    assert instance.stack().get("/healthz").status_code == 200
    assert "DATABASE_URL is set" in instance.said.stderr


def test_what_it_prints_can_be_typed(instance):
    lines = re.findall(r"^  (?:a missed call|the answer \"1\"|from the website): +(curl .*)$", instance.said.stdout, re.M)
    assert len(lines) == 3
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line.replace("curl ", "curl -s -o /dev/null -w '%{http_code}' ")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert done.stdout in ("200", "201"), line
    tickets = subprocess.run(
        f"{re.search('the command +(.*)', instance.said.stdout)[1]} ticket list {FIRM}", shell=True,
        capture_output=True, text=True, timeout=120)
    assert (tickets.returncode, len(re.findall("HIGH|MED", tickets.stdout))) == (0, 2), tickets.stdout + tickets.stderr


def test_every_setting_reaches_every_program(instance):
    wanted = {**settings_of_everything(instance.state), "OPSFABRIC_STATE": str(instance.state)}
    stack = instance.stack()
    assert {name: stack.env[name] for name in table()} == wanted
    processes = Processes(stack)
    for name in [*processes.routes(), "dispatcher"]:
        (pid,) = processes.wait_running(name)
        text = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode()
        got = dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)
        assert {key: got.get(key) for key in wanted} == wanted, name
        assert "HOME" not in got and "PGOPTIONS" not in got
    answer = stack.get("/")
    assert answer.headers["Location"].startswith("https://kunden.example/")


def test_the_clock_runs_from_the_instant_that_was_asked_for(instance):
    stack = instance.stack()
    answer = stack.post("/api/ticket", {"customer_slug": FIRM, "contact_phone": mobile(), "summary": "x"})
    row = stack.one(
        "select created_at - %s::timestamptz between '0' and '10 minutes' as soon from tickets where id = %s",
        NOW, answer.json()["ticket_id"])
    assert row["soon"]
    stack.close()


def test_status_says_what_runs(instance):
    said = instance.run("--status")
    assert said.returncode == 0
    assert f"Running in {instance.state}" in said.stdout and f"OpsFabric answers on {instance.base}" in said.stdout
    routes = (instance.state / "programs" / "routes.list").read_text().split()
    for name in ["postgres", "dispatcher", "nginx", *(f"{route}:{route}_1" for route in routes)]:
        assert re.search(rf"^{name} +RUNNING ", said.stdout, re.M), said.stdout


def test_a_second_start_says_where_it_is_and_starts_nothing(instance):
    before = processes_in(instance.state)
    said = instance.run("--detach")
    assert said.returncode == 0 and "Already running" in said.stdout
    assert f"OpsFabric answers on {instance.base}" in said.stdout and said.stdout.count("curl ") == 3
    assert lasting(instance.state, processes_in(instance.state)) == lasting(instance.state, before)
    # What it is told now and does not do, it says; what it was told then is no news.
    assert re.findall(r"^deploy/run: (\S+) is not looked at", said.stderr, re.M) == ["OPSFABRIC_NOW"]
    env = {**instance.env, "OPSFABRIC_NOW": "", "OPSFABRIC_WORKERS": "2", "SPOOL_MAX": "78"}
    said = deploy_run(env, "--detach")
    assert re.findall(r"^deploy/run: (\S+) is not looked at", said.stderr, re.M) == ["OPSFABRIC_WORKERS", "SPOOL_MAX"]
    assert lasting(instance.state, processes_in(instance.state)) == lasting(instance.state, before)


def test_a_moved_clock_is_shown(instance):
    assert "its clock is moved" in instance.run("--status").stdout
    stack = instance.stack()
    stack.command("clock", "clear")
    try:
        assert "its clock is moved" not in instance.run("--status").stdout
    finally:
        stack.command("clock", "set", NOW)


def test_one_route_is_restarted_and_the_others_are_not(instance):
    processes = Processes(instance.stack())
    before = {name: processes.wait_running(name) for name in [*processes.routes(), "dispatcher", "nginx", "postgres"]}
    said = instance.run("--restart", "health")
    assert (said.returncode, said.stdout) == (0, "==> health has been restarted\n"), said.stderr
    processes.wait_running("health", other_than=before["health"])
    for name, pids in before.items():
        assert name == "health" or processes.pids(name) == pids
    assert instance.stack().get("/healthz").status_code == 200


# ---- two of them -------------------------------------------------------------------------------


def test_two_live_side_by_side(instance, other):
    wait_for(lambda: "Ctrl-C stops it" in other.output.read_text() or other.foreground.poll() is not None, 400, "the other")
    assert other.foreground.poll() is None, other.output.read_text()
    number = mobile()
    first, second = instance.stack(), other.stack()
    assert second.post("/api/ticket", {"customer_slug": FIRM, "contact_phone": number}).status_code == 201
    second.wait_messages(number)
    assert first.messages(number) == [] and first.sql("select 1 as one from tickets where contact_phone = %s", number) == []
    first.close()
    second.close()


def test_with_limits_the_public_is_limited_and_nobody_else(instance, other):
    stack = other.stack()

    def ticket():
        return stack.request("POST", "/api/ticket")

    answers = [ticket() for _ in range(60)]
    assert {answer.status_code for answer in answers[:15]} == {415}, "a person who asks some times at once is no flood"
    limited = [answer for answer in answers if answer.status_code != 415]
    assert limited, "sixty requests at once are one"
    for answer in limited:
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["type"] == "urn:opsfabric:problem:too-many-requests" and problem["status"] == 429
        assert problem["instance"] == answer.headers["X-Request-Id"]
    for _ in range(30):
        assert stack.request("POST", "/api/webhook/missed-call").status_code == 415
        assert stack.request("POST", "/api/ticket/status").status_code == 401
        assert stack.get("/r/abc").status_code == 404
    wait_for(lambda: ticket().status_code == 415, what="the limit to pass")
    unlimited = instance.stack()
    assert {unlimited.request("POST", "/api/ticket").status_code for _ in range(60)} == {415}


def flood(stack, addresses, source="127.0.0.2"):
    """How many of the requests that a proxy passes on for these addresses get through, and the last answer that does not."""
    port = int(stack.base.rsplit(":", 1)[1])
    passed, refused = 0, None
    with contextlib.ExitStack() as close:
        connections = []
        for address in addresses:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
            close.callback(connection.close)
            connection.connect()
            connections.append((connection, address))
        # All at once: a limit is over before it counts down.
        for connection, address in connections:
            connection.request("POST", "/api/ticket", headers={"X-Forwarded-For": address})
        for connection, _ in connections:
            answer = connection.getresponse()
            assert answer.status in (415, 429)
            if answer.status == 415:
                passed += 1
            else:
                refused = answer
                refused.problem = json.loads(answer.read())
    return passed, refused


def test_a_visitor_has_few_uploads_in_hand(other):
    """nginx has them on the disk before a program can say that nobody asked for them."""
    port = int(other.stack().base.rsplit(":", 1)[1])

    def upload(address, length=10):
        connection = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=("127.0.0.2", 0))
        connection.sendall(f"POST /api/ticket/photo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n"
                           f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n".encode())
        return connection

    def answer_of(connection):
        with connection:
            connection.sendall(b"0123456789")
            return int(connection.makefile("rb").readline().split()[1])

    held = []

    def seventh():
        # nginx waits for ten seconds; a machine that stands still for so long loses the six.
        with contextlib.suppress(OSError):
            for connection in held:
                connection.sendall(b"0")
            return answer_of(upload("203.0.113.77")) == 429
        held[:] = [upload("203.0.113.77", 10000) for _ in range(6)]
        return False

    held += [upload("203.0.113.77", 10000) for _ in range(6)]
    wait_for(seventh, what="a seventh to be refused")
    assert answer_of(upload("203.0.113.78")) not in (429, 503), "another one is another visitor"
    for connection in held:
        connection.close()
    wait_for(lambda: answer_of(upload("203.0.113.77")) != 429, what="the six to be forgotten")


def test_an_address_is_one_visitor_and_so_is_a_line_of_ipv6(other):
    stack = other.stack()
    passed, refused = flood(stack, ["203.0.113.9"] * 60)
    assert 20 <= passed < 40
    assert (refused.headers["Retry-After"], refused.problem["type"]) == ("2", "urn:opsfabric:problem:too-many-requests")
    assert flood(stack, [f"203.0.113.{n}" for n in range(100, 160)]) == (60, None), "many addresses are many visitors"
    passed, refused = flood(stack, [f"2001:db8:0:a::{n:x}" for n in range(30)] + [f"2001:db8:0:a:ffff:{n:x}:a0a:a0a" for n in range(30)])
    assert 20 <= passed < 40 and refused is not None, "of one line whatever the last 64 bits are"
    assert flood(stack, [f"2001:db8:0:{n:x}::1" for n in range(0x100, 0x13c)]) == (60, None), "many lines are many visitors"
    # Who is no proxy of ours may write what he likes into that header.
    passed, refused = flood(stack, [f"198.51.100.{n}" for n in range(60)], source="127.0.0.3")
    assert passed < 40 and refused is not None
    said = (other.state / "log" / "nginx.log").read_text() + (other.state / "log" / "access.log").read_text()
    assert "203.0.113" not in said and "2001:db8" not in said and "198.51.100" not in said


def test_a_trusted_proxy_is_an_address(private_dir):
    for value in "proxy.example", "10.0.0.1; include x", "unix:":
        out = Instance(private_dir / "proxy", OPSFABRIC_TRUSTED_PROXY=value).run("--detach")
        assert out.returncode != 0 and f"OPSFABRIC_TRUSTED_PROXY={value}" in out.stderr


# ---- what is refused ---------------------------------------------------------------------------


def refused(said, *words):
    assert said.returncode == 1 and said.stdout == "", said.stdout
    assert len(said.stderr.splitlines()) == 1, said.stderr
    for word in ("deploy/run: ", *words):
        assert word in said.stderr


def test_a_restart_of_what_is_not_there(instance, private_dir):
    refused(instance.run("--restart", "nobody"), "there is no route nobody")
    refused(Instance(private_dir / "none").run("--restart", "health"), "nothing runs in")


def test_a_port_in_use(instance, private_dir):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = deploy_run(environment(private_dir / "late", port), "--detach")
    refused(said, f"port {port} is in use", "OPSFABRIC_PORT")
    refused(deploy_run(environment(private_dir / "late", instance.port), "--detach"), f"port {instance.port} is in use")


def test_a_state_path_too_long_for_a_socket(private_dir):
    state = private_dir / ("x" * 100)
    refused(deploy_run(environment(state, free_port()), "--detach"), "OPSFABRIC_STATE is too long", "107 bytes", str(state))
    assert not state.exists()


@pytest.mark.parametrize("name, value", [
    ("OPSFABRIC_PORT", "0"), ("OPSFABRIC_PORT", "65536"), ("OPSFABRIC_PORT", "http"),
    ("OPSFABRIC_WORKERS", "0"), ("OPSFABRIC_WORKERS", "many"), ("OPSFABRIC_PRESET", "../x"),
    ("OPSFABRIC_STATE", "/tmp/a,b"),
])
def test_a_setting_that_is_none(private_dir, name, value):
    env = environment(private_dir / "none", free_port(), **{name: value})
    refused(deploy_run(env, "--detach"), f"{name}={value}")


def test_the_command_line(private_dir):
    env = environment(private_dir / "none", free_port())
    said = deploy_run(env, "--help")
    assert said.returncode == 0 and said.stdout.startswith("usage: deploy/run")
    said = deploy_run(env, "--nonsense")
    assert (said.returncode, said.stdout) == (2, "") and said.stderr.startswith("usage: deploy/run")
    refused(deploy_run(env, "--restart"), "--restart what?")
    for action, status in (("--stop", 0), ("--status", 3)):
        said = deploy_run(env, action)
        assert (said.returncode, said.stdout) == (status, f"==> Nothing runs in {private_dir}/none\n")


# ---- the end -----------------------------------------------------------------------------------


def test_ctrl_c_ends_one_and_nobody_else(instance, other):
    # A terminal tells everybody in the foreground.
    os.killpg(other.foreground.pid, signal.SIGINT)
    assert other.foreground.wait(300) == 0
    assert processes_in(other.state) == {}
    with socket.socket() as port:
        assert port.connect_ex(("127.0.0.1", other.port)) != 0
    assert instance.stack().get("/healthz").status_code == 200


def test_its_secrets_outlive_it(other):
    before = other.stack().env
    assert re.fullmatch("[0-9a-f]{64}", before["SECRETS_KEY"])
    assert (other.state / "opsfabric.env").stat().st_mode & 0o777 == 0o600
    assert other.run("--detach").returncode == 0
    after = other.stack().env
    assert other.run("--stop").returncode == 0
    assert {name: after[name] for name in ("CRON_SECRET", "SECRETS_KEY")} == {
        name: before[name] for name in ("CRON_SECRET", "SECRETS_KEY")}


@contextlib.contextmanager
def slow_visitor(port):
    """A request whose body comes drop by drop and never ends."""
    gone = threading.Event()

    def drip(connection):
        while not gone.wait(0.5):
            try:
                connection.sendall(b" ")
            except OSError:
                return

    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /api/ticket HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 1000\r\n\r\n{")
        thread = threading.Thread(target=drip, args=(connection,))
        thread.start()
        yield
        gone.set()
        thread.join()


def test_stop_ends_what_a_killed_supervisord_left(instance):
    supervisor = int((instance.state / "run" / "supervisord.pid").read_text())
    assert kill(supervisor)
    wait_for(lambda: supervisor not in processes_in(instance.state), what="supervisord to be gone")
    said = instance.run("--status")
    assert said.returncode == 3 and "left behind" in said.stdout and "--stop" in said.stdout
    with slow_visitor(instance.port):
        said = instance.run("--stop")
    # Nobody is left to answer the visitor, who would stay until it has to kill.
    assert (said.returncode, said.stderr) == (0, "") and "Stopped" in said.stdout
    assert processes_in(instance.state) == {}
    assert list((instance.state / "run").glob("*.sock")) == []
    said = instance.run("--stop")
    assert (said.returncode, said.stdout) == (0, f"==> Nothing runs in {instance.state}\n")
