"""What nginx does in front of the programs: names requests, refuses what is no request, answers for who is away"""

import contextlib
import http.client
import json
import re
import shutil
import socket
import subprocess
import threading

import pytest

from tests.support import problems
from tests.support.stack import Stack, free_port, mobile, wait_for

POSTS = ["/api/ticket", "/api/ticket/status", "/api/webhook/missed-call", "/api/webhook/sms-reply"]
# What only nginx says; the others are in lib/problem.def.
OF_NGINX = {"address-too-long": 414, "misdirected": 421, "too-many-requests": 429}


class Raw:
    """One connection on which bytes are sent as they are; the answer is read as HTTP."""

    def __init__(self, stack, sent, method="GET"):
        port = int(stack.base.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(sent)
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            self.status_code = answer.status
            self.headers = answer.headers
            self.content = answer.read()
        self.text = self.content.decode()

    def json(self):
        return json.loads(self.content)


def check_problem(answer, slug):
    """A problem document as a program of ours would write it, short of the detail."""
    if slug not in OF_NGINX:
        return problems.check(answer, slug)
    assert answer.status_code == OF_NGINX[slug], answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.json()
    assert problem["type"] == problems.TYPE + slug
    assert problem["status"] == answer.status_code
    assert problem["instance"] == answer.headers["X-Request-Id"]
    return problem


def check_page(answer, status=404):
    """For people: four languages, nothing to follow, nothing to keep."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert set(re.findall(r'<p lang="(\w\w)">', answer.text)) == {"de", "fr", "it", "en"}
    assert "nginx" not in answer.text


def nginx_test(state, configuration):
    done = subprocess.run(
        ["nginx", "-t", "-q", "-e", "stderr", "-p", f"{state}/", "-c", str(configuration)],
        cwd=state, capture_output=True, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


# ---- the configuration -------------------------------------------------------------------------


def test_nginx_accepts_the_configuration_without_a_word(stack):
    nginx_test(stack.state, stack.state / "nginx" / "nginx.conf")


# ---- names of requests -------------------------------------------------------------------------


def test_one_name_stands_on_the_answer_in_the_problem_and_in_both_logs(stack):
    answer = stack.post("/api/ticket", {}, headers={"X-Request-Id": "mine", "X-Request-ID": "mine"})
    name = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", name) and answer.json()["instance"] == name
    for log, words in (("ticket.log", f" {name} 422 "), ("access.log", f" {name} 422 POST /api/ticket ")):
        path = stack.state / "log" / log
        # nginx writes its lines once a second.
        wait_for(lambda p=path, w=words: w in p.read_text(errors="replace"), what=f"{words} in {log}")


def test_addresses_are_logged_without_what_stands_behind_the_question_mark(stack):
    name = stack.get("/healthz?phone=0791234567").headers["X-Request-Id"]
    log = stack.state / "log" / "access.log"
    (line,) = wait_for(lambda: [l for l in log.read_text(errors="replace").splitlines() if name in l], what="the line")
    assert line.split(" ")[1:5] == [name, "200", "GET", "/healthz"]


def test_the_key_in_a_webhooks_address_is_not_logged(stack):
    name = stack.get("/api/webhook/sms-status/kannel/0a1b2c?id=x&event=1").headers["X-Request-Id"]
    log = stack.state / "log" / "access.log"
    (line,) = wait_for(lambda: [l for l in log.read_text(errors="replace").splitlines() if name in l], what="the line")
    assert line.split(" ")[1:5] == [name, "403", "GET", "/api/webhook/sms-status/kannel/***"]


def test_nginx_says_nothing_about_itself(stack):
    for path in ("/healthz", "/nowhere", "/api/nowhere"):
        assert not re.search(r"\d", stack.get(path).headers["Server"])


# ---- what is not there -------------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    "/nowhere", "/index.html", "/404.html", "/error.html", "/html/404.html", "/.error/page", "/.error/problem",
    "/.git/config", "/.env", "/opsfabric.env", "/API/ticket", "/healthz/", "/r/", "/r/a-b", "/r/a/b",
])
def test_people_get_a_page(stack, path):
    check_page(Raw(stack, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()))


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/", "/api/ticket/", "/api/ticket/statuses", "/api/cron"])
def test_programs_get_a_problem(stack, path):
    for method in ("GET", "POST", "DELETE"):
        check_problem(stack.request(method, path), "not-found")


def test_head_has_the_status_and_no_body(stack):
    for path in ("/nowhere", "/api/nowhere"):
        answer = stack.request("HEAD", path)
        assert (answer.status_code, answer.content) == (404, b"")


# ---- methods -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", POSTS)
def test_another_method_is_refused_with_those_that_there_are(stack, path):
    allowed = "GET,POST, HEAD" if path.startswith("/api/webhook/") else "POST"
    for method in ("HEAD", "GET", "PUT", "DELETE", "OPTIONS"):
        if method in allowed:
            continue
        answer = stack.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == allowed
        if method != "HEAD":
            check_problem(answer, "method-not-allowed")


def test_methods_that_no_program_sees(stack):
    answer = Raw(stack, b"TRACE /api/ticket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    check_problem(answer, "method-not-allowed")


# ---- bodies ------------------------------------------------------------------------------------


def test_a_body_above_the_limit_is_refused(stack):
    for path in POSTS:
        check_problem(stack.post(path, form=b"x" * 70_000), "too-large")


def test_a_body_of_unknown_length_above_the_limit_is_refused(stack):
    check_problem(stack.post("/api/ticket", form=iter([b"x" * 35_000] * 2)), "too-large")


def test_a_length_alone_is_enough_to_refuse(stack):
    check_problem(Raw(stack, b"POST /api/ticket HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"), "too-large")


def test_a_body_in_chunks_arrives(stack, tenant):
    whole = json.dumps({"customer_slug": tenant.slug, "contact_phone": mobile(), "summary": "Der Boiler tropft."}).encode()
    answer = stack.post(
        "/api/ticket", form=(whole[i:i + 7] for i in range(0, len(whole), 7)),
        headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert [t["summary"] for t in tenant.tickets()] == ["Der Boiler tropft."]


# ---- what is no request ------------------------------------------------------------------------

HOST = b"Host: x\r\nConnection: close\r\n"
NO_REQUEST = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no HTTP": b"hello\r\n\r\n",
    "no host": b"GET /api/ticket HTTP/1.1\r\n\r\n",
    "two lengths": b"POST /api/ticket HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "no length": b"POST /api/ticket HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "length and chunks": b"POST /api/ticket HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST /api/ticket HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "coding": b"POST /api/ticket HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    "version": b"GET /api/ticket HTTP/4.0\r\n" + HOST + b"\r\n",
    "long header": b"GET /api/ticket HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 9000 + b"\r\n\r\n",
    "NUL in the address": b"GET /api/ticket%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "above the root": b"GET /../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "above the root, escaped": b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "above the root, further down": b"GET /api/../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "half an escape": b"GET /api/ticket%2 HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("sent", NO_REQUEST.values(), ids=NO_REQUEST.keys())
def test_what_is_no_request_is_a_problem(stack, sent):
    check_problem(Raw(stack, sent), "bad-request")


def test_an_address_that_is_too_long(stack):
    check_problem(Raw(stack, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"), "address-too-long")


# ---- addresses in other words --------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    "//healthz", "/./healthz", "/r/../healthz", "/r/%2e%2e/healthz", "/%68ealthz", "/healthz?/../etc/passwd",
    "http://elsewhere.example/healthz",
])
def test_another_way_to_write_a_path_leads_to_the_same_route(stack, path):
    answer = Raw(stack, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/%252e%252e/etc/passwd", "/..%5c..%5cetc", "/healthz%0a", "/r/abc%0a", "/healthz;x", "/healthz%2f"])
def test_no_path_leads_further(stack, path):
    answer = Raw(stack, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.status_code == 404


@pytest.mark.parametrize("host", ["nobody.example", "127.0.0.1", "[::1]", "xn--drfler-wxa.example", "a" * 200])
def test_any_host_is_served(stack, host):
    assert stack.get("/healthz", headers={"Host": host}).status_code == 200


# ---- programs that hang or are away ----------------------------------------------------------------


@contextlib.contextmanager
def own_nginx(stack, where, replaced, patience=20):
    """Another nginx before the stack's programs, which waits so many seconds for an answer; the routes in replaced have a socket
    of that path instead."""
    # Files of the cache come and go while they are copied.
    shutil.copytree(
        stack.state / "nginx", where / "nginx", symlinks=True, ignore=shutil.ignore_patterns("tmp", "cache", "nginx.pid"))
    for directory in ("nginx/tmp", "log"):
        (where / directory).mkdir()
    upstreams = (where / "nginx" / "upstreams.conf").read_text().replace("unix:run/", f"unix:{stack.state}/run/")
    for route, path in replaced.items():
        upstreams = upstreams.replace(f"unix:{stack.state}/run/{route}.sock", f"unix:{path}")
    (where / "nginx" / "upstreams.conf").write_text(upstreams)
    port = free_port()
    for name, pattern, words in (("servers.conf", r"listen 127\.0\.0\.1:\d+", f"listen 127.0.0.1:{port}"),
                                 ("site.conf", "fastcgi_read_timeout 20s;", f"fastcgi_read_timeout {patience}s;")):
        text, count = re.subn(pattern, words, (where / "nginx" / name).read_text())
        assert count == 1
        (where / "nginx" / name).write_text(text)
    nginx = subprocess.Popen(
        ["nginx", "-e", "log/nginx.log", "-p", f"{where}/", "-c", "nginx/nginx.conf"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL)
    server = Stack(stack.state)
    server.base = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(port), what="nginx")
        yield server
    finally:
        server.close()
        nginx.terminate()
        nginx.wait(120)


def answers(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def listener(path):
    """A socket as that of a program which is stopped: connections wait in it."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen()
        yield made


def test_a_program_that_hangs_is_unavailable_and_nobody_else(stack, tmp_path):
    hung = tmp_path / "hung"
    with listener(hung), own_nginx(stack, tmp_path, {"ticket_status": hung, "review_link": hung}, patience=2) as server:
        answer = server.post("/api/ticket/status", {})
        check_problem(answer, "try-again")
        assert answer.headers["Retry-After"] == "2"
        page = server.get("/r/abc")
        check_page(page, 503)
        assert page.headers["Retry-After"] == "2"
        wait_for(lambda: server.get("/healthz").status_code == 200, what="an answer of who does not hang")


def test_a_program_that_is_away_is_unavailable_at_once_until_it_is_back(stack, tmp_path):
    path = tmp_path / "away"
    with own_nginx(stack, tmp_path, {"sms_reply": path}) as server:
        answers = [server.post("/api/webhook/sms-reply", {}) for _ in range(5)]
        # One that waited would wait each time; a busy machine is not busy each time.
        answer = min(answers, key=lambda a: a.elapsed)
        assert answer.elapsed.total_seconds() < 1
        check_problem(answer, "try-again")
        assert answer.headers["Retry-After"] == "2"
        path.symlink_to(stack.state / "run" / "sms_reply.sock")
        assert server.post("/api/webhook/sms-reply", {}).status_code == 422


def test_programs_learn_nothing_from_a_client_about_proxies_and_names(stack, tmp_path):
    """What arrives at a program, seen by one that stands in for health."""
    path = tmp_path / "seen"
    seen = []
    with listener(path) as program, own_nginx(stack, tmp_path, {"health": path}) as server:

        def look():
            connection, _ = program.accept()
            seen.append(connection.recv(65536))
            connection.close()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        answer = server.get("/healthz", headers={"Proxy": "evil.example:1", "X-Request-Id": "mine", "X-Other": "passed-on"})
        thread.join(60)
    (params,) = seen
    assert b"passed-on" in params
    assert b"HTTP_PROXY" not in params and b"evil.example" not in params
    # A parameter is: length of the name, length of the value, name, value.
    assert b"\x0a\x20REQUEST_ID" + answer.headers["X-Request-Id"].encode() in params
