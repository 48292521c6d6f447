"""nginx as a server has it: what is installed, with TLS, several names and the real limits, before real programs"""

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import time
import types
import uuid

import pytest

from tests.edge.test_nginx import check_page, check_problem, nginx_test
from tests.support.stack import ROOT, free_port, mobile, wait_for

MAIN = "app.firmen.example"
RUN = uuid.uuid4().hex[:8]  # a stack may have met this file before
OWN = f"www.muster-{RUN}.example"
BARE = f"neu-{RUN}.firmen.example"  # served, and has no certificate yet
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
STRICT = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# nginx.conf as Debian has it, short of where it writes: it offers old protocols, tells its version and has a site that
# claims every name on port 80.
NGINX_CONF = """
{user}
worker_processes 2;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 768; }}
http {{
	sendfile on;
	tcp_nopush on;
	types_hash_max_size 2048;
	include /etc/nginx/mime.types;
	default_type application/octet-stream;
	ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
	ssl_prefer_server_ciphers on;
	access_log {root}/access.log;
	gzip on;
	client_body_temp_path {root}/tmp_body; fastcgi_temp_path {root}/tmp_fastcgi; proxy_temp_path {root}/tmp_proxy;
	scgi_temp_path {root}/tmp_scgi; uwsgi_temp_path {root}/tmp_uwsgi;
	server {{ listen 127.0.0.1:{http} default_server; server_name _; root /usr/share/nginx/html; }}
	include {etc}/nginx/sites-enabled/*;
}}
"""



def run(*args, **env):
    done = subprocess.run(args, env={"PATH": PATH, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def certificate_tool(root, *args, **env):
    return run(root / "usr/libexec/opsfabric/certificate", *args, OPSFABRIC_TLS_DIR=str(root / "tls"), **env)


class Authority:
    """A certificate authority for this file."""

    def __init__(self, where):
        self.where = where
        where.mkdir()
        self.file = where / "ca.crt"
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        run("openssl", "req", "-x509", *key, "-subj", "/CN=Test CA", "-keyout", where / "ca.key", "-out", self.file)

    def issue(self, name, days=2):
        """(chain, key) for that name; of negative days one that has ended."""
        made = {kind: self.where / f"{name}.{kind}" for kind in ("key", "csr", "crt", "ext")}
        made["ext"].write_text(f"subjectAltName=DNS:{name}\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", made["key"], "-out", made["csr"])
        run("openssl", "x509", "-req", "-in", made["csr"], "-CA", self.file, "-CAkey", self.where / "ca.key", "-CAcreateserial",
            "-days", str(days), "-extfile", made["ext"], "-out", made["crt"])
        return made["crt"], made["key"]


def install(root, stack, ports):
    """What "cmake --install" puts on a server, below root; its paths and ports become this test's."""
    build = (stack.state / "programs").resolve()
    run("cmake", "--install", str(build), "--component", "nginx", DESTDIR=str(root))
    etc = root / "etc"
    # As the package's postinst does it.
    shutil.copy(root / "usr/share/opsfabric/hosts.conf", etc / "opsfabric/nginx/hosts.conf")
    there = {
        **{f" {path}/": f" {root}{path}/" for path in ("/usr", "/etc/opsfabric", "/var/log/nginx", "/var/cache")},
        f"{etc}/opsfabric/tls": f"{root}/tls", " /var/lib/opsfabric-acme": f" {root}/acme",
        "unix:/run/opsfabric/": f"unix:{stack.state}/run/",
        "listen 80;": f"listen 127.0.0.1:{ports.http};", "listen 443 ": f"listen 127.0.0.1:{ports.https} ",
        "listen 127.0.0.1:8480;": f"listen 127.0.0.1:{ports.local};",
    }
    for path in [*etc.rglob("*"), *root.rglob("*.conf")]:
        if path.is_dir() or path.is_symlink():
            continue
        text = re.sub(r"(?m)^listen \[::\].*$", "", path.read_text())
        for old, new in there.items():
            text = text.replace(old, new)
        path.write_text(text)
    # A route of the operator's, whichever there are.
    location = (ROOT / "nginx/location_operator.conf.in").read_text()
    for old, new in {"@ROUTE_MATCH@": "=", "@ROUTE_PATH@": "/operator", "@ROUTE_NAME@": "health", "@ROUTE_NGINX@": "",
                     "@OPSFABRIC_SITE_DIR@": str(etc / "opsfabric/nginx")}.items():
        location = location.replace(old, new)
    # One whose program is away.
    location += "location ^~ /api/webhook/gone/ { fastcgi_pass unix:%s/run/gone.sock; }\n" % stack.state
    (root / "usr/share/opsfabric/nginx/routes.d/operator.conf").write_text(location)
    for directory in ("var/log/nginx", "var/cache", "acme/.well-known/acme-challenge"):
        (root / directory).mkdir(parents=True)
    enabled = etc / "nginx/sites-enabled"
    enabled.mkdir()
    (enabled / "opsfabric").symlink_to("../sites-available/opsfabric")
    (root / "nginx.conf").write_text(NGINX_CONF.format(
        root=root, etc=etc, http=ports.http, user="user root;" if os.geteuid() == 0 else ""))
    return etc


class Server:
    """One nginx with the production site."""

    def __init__(self, root, stack):
        self.root = root
        self.stack = stack
        self.ports = types.SimpleNamespace(http=free_port(), https=free_port(), local=free_port())
        self.etc = install(root, stack, self.ports)
        self.hosts = self.etc / "opsfabric/nginx/hosts.conf"
        self.authority = Authority(root / "ca")
        self.log = root / "var/log/nginx/opsfabric.log"
        self.error_log = root / "var/log/nginx/opsfabric-error.log"

    def test(self):
        nginx_test(self.root, self.root / "nginx.conf")

    def write_hosts(self, base=f"https://{MAIN}"):
        """opsfabric domain write, as the sysadmin calls it."""
        return subprocess.run(
            [self.stack.state / "programs/bin/opsfabric", "domain", "write", self.hosts, "--certificates", self.root / "tls"],
            env={**self.stack.env, "PATH": PATH, "APP_BASE_URL": base}, capture_output=True, text=True, timeout=60)

    def start(self):
        self.nginx = subprocess.Popen(
            ["nginx", "-g", "daemon off;", "-e", f"{self.root}/error.log", "-p", f"{self.root}/", "-c", f"{self.root}/nginx.conf"],
            env={"PATH": PATH}, stdin=subprocess.DEVNULL)
        for port in vars(self.ports).values():
            wait_for(lambda p=port: socket.socket().connect_ex(("127.0.0.1", p)) == 0, what="nginx")

    def stop(self):
        self.nginx.terminate()
        self.nginx.wait(120)

    def connect(self, host=MAIN, source="127.0.0.1", **limits):
        """A TLS connection that believes our authority and nobody else."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        for name, value in limits.items():
            setattr(context, name, value)
        raw = socket.create_connection(("127.0.0.1", self.ports.https), 30, source_address=(source, 0))
        return context.wrap_socket(raw, server_hostname=host)

    def ask(self, method, path, host=MAIN, server_name=None, headers=None, body=None, source="127.0.0.1"):
        """One request over TLS."""
        with self.connect(server_name or host, source) as connection:
            return exchange(connection, method, path, host, headers, body)

    def plain(self, method, path, host=MAIN, port=None, **kwargs):
        """One without."""
        with socket.create_connection(("127.0.0.1", port or self.ports.http), 30) as connection:
            return exchange(connection, method, path, host, **kwargs)

    def lines(self, answer):
        """Of the access log about that answer."""
        name = answer.headers["X-Request-Id"]
        return wait_for(lambda: [line for line in self.log.read_text().splitlines() if name in line], what="the line in the access log")


class Answer:
    def __init__(self, connection, method):
        read = http.client.HTTPResponse(connection, method=method)
        read.begin()
        self.status_code, self.headers, self.content = read.status, read.headers, read.read()
        self.text = self.content.decode(errors="replace")

    def json(self):
        return json.loads(self.content)


def exchange(connection, method, path, host, headers=None, body=None):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
    return Answer(connection, method)


@pytest.fixture(scope="module")
def server(stack, tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("site"), stack)
    certificate_tool(made.root, "default")
    for name in (MAIN, OWN):
        certificate_tool(made.root, "take", name, *made.authority.issue(name))
    made.firm = stack.tenant(website_domain=OWN)
    stack.tenant(website_domain=BARE)
    made.said = made.write_hosts()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module", autouse=True)
def slow(server):
    """Clients that begin and do not go on, all at once while the other tests run: kind -> seconds until nginx had enough."""
    begun = {
        "handshake": b"",
        "header": b"GET /healthz HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\nX-Slow: ",
        "body": b"POST /api/ticket HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        "idle": b"GET /assets/site.css HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\n\r\n",
    }

    def wait(kind):
        started = time.monotonic()
        if kind == "handshake":
            connection = socket.create_connection(("127.0.0.1", server.ports.https), 60)
        else:
            connection = server.connect()
        with connection:
            connection.settimeout(90)
            connection.sendall(begun[kind])
            with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
                while connection.recv(65536):
                    pass
        return time.monotonic() - started

    with concurrent.futures.ThreadPoolExecutor(len(begun)) as pool:
        yield {kind: pool.submit(wait, kind) for kind in begun}


# ---- the configuration -------------------------------------------------------------------------


def test_nginx_accepts_what_a_fresh_machine_has(stack, tmp_path):
    """Nothing edited: the certificate that the installation makes, and any name is served."""
    fresh = Server(tmp_path / "fresh", stack)
    certificate_tool(fresh.root, "default")
    assert '"~." ' in fresh.hosts.read_text()
    fresh.test()
    fresh.start()
    try:
        context = ssl.create_default_context(cafile=str(fresh.root / "tls/default.pem"))
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", fresh.ports.https), 30) as raw, context.wrap_socket(raw, server_hostname="any.example") as c:
            assert exchange(c, "GET", "/healthz", "any.example").status_code == 200
    finally:
        fresh.stop()


def test_nginx_accepts_what_is_configured_without_a_word(server):
    server.test()


# ---- TLS -----------------------------------------------------------------------------------------


def s_client(server, *args):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports.https}", "-servername", MAIN, *args],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused_by_the_server(server, version):
    code, said = s_client(server, version, "-cipher", "ALL:@SECLEVEL=0")
    assert code != 0 and "alert protocol version" in said


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"])
def test_ciphers_without_authenticated_encryption_are_refused(server, cipher):
    code, said = s_client(server, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert code != 0 and "alert handshake failure" in said


def test_both_versions_are_spoken_and_the_name_s_own_certificate_is_shown(server):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        for host in (MAIN, OWN):
            with server.connect(host, minimum_version=version, maximum_version=version) as connection:
                assert connection.version() == name
                assert connection.getpeercert()["subjectAltName"] == (("DNS", host),)


def test_a_session_is_taken_up_again_without_a_ticket(server):
    context = ssl.create_default_context(cafile=str(server.authority.file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session, reused = None, []
    for _ in range(2):
        raw = socket.create_connection(("127.0.0.1", server.ports.https), 30)
        with context.wrap_socket(raw, server_hostname=MAIN, session=session) as connection:
            exchange(connection, "GET", "/healthz", MAIN)
            session = connection.session
            reused.append(connection.session_reused)
            assert not session.has_ticket
    assert reused == [False, True]


def test_http_2_is_spoken(server):
    said = run(
        "curl", "-sS", "--http2", "--cacert", server.authority.file, "--connect-to", f"{MAIN}:443:127.0.0.1:{server.ports.https}",
        "-o", "/dev/null", "-w", "%{http_version} %{http_code}", f"https://{MAIN}/healthz")
    assert said == "2 200"


def test_a_renewed_certificate_counts_at_once(server):
    def serial():
        with server.connect(OWN) as connection:
            return connection.getpeercert()["serialNumber"]

    before = serial()
    certificate_tool(server.root, "take", OWN, *server.authority.issue(OWN))
    assert serial() != before


def test_a_name_without_certificate_disturbs_nobody(server):
    with pytest.raises(ssl.SSLError):
        server.connect(BARE)
    assert server.ask("GET", "/healthz").status_code == 200


def test_http_on_the_port_of_https_is_led_there(server):
    answer = server.plain("GET", "/healthz?x=1", port=server.ports.https)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{MAIN}/healthz?x=1")


# ---- names ---------------------------------------------------------------------------------------


def test_the_command_writes_which_names_are_served(server):
    assert server.said.returncode == 0
    assert "nginx -t" in server.said.stdout
    missing = server.said.stderr
    assert f"{BARE} has no certificate yet" in missing and OWN not in missing and MAIN not in missing
    written = re.findall(r"^(\S+) (\S+);$", server.hosts.read_text(), re.M)
    assert written[0] == (MAIN, f"{server.root}/tls/{MAIN}.pem")
    domains = [row["address"] for row in server.stack.sql(
        "select address from tenant_addresses a join customers c on c.id = customer_id where channel = 'domain' and active")]
    names = [name for name, _ in written]
    # Others' firms come and go on this stack.
    assert {OWN, BARE} <= set(names) and len(names) == len(set(names)) and {OWN, BARE} <= set(domains)
    listed = server.stack.command("domain", "list").stdout
    assert re.search(rf"^{re.escape(OWN)} +{server.firm.slug}$", listed, re.M)
    rows = json.loads(server.stack.command("domain", "list", "--json").stdout)["items"]
    assert {"name": OWN, "slug": server.firm.slug} in rows


def test_a_firm_that_is_gone_is_not_served_any_more(server):
    name = f"weg-{RUN}.firmen.example"
    firm = server.stack.tenant(website_domain=name)
    assert f"{name} has no certificate yet" in server.write_hosts().stderr
    server.stack.command("tenant", "deactivate", firm.slug)
    assert server.write_hosts().returncode == 0
    assert name not in server.hosts.read_text()


def test_the_command_leaves_the_list_alone_when_it_cannot_write_a_right_one(server):
    before = server.hosts.read_text()
    done = server.write_hosts("https://server1:8443")
    assert done.returncode == 1 and "APP_BASE_URL" in done.stderr
    assert server.hosts.read_text() == before


def test_a_firm_s_own_domain_shows_the_firm(server):
    answer = server.ask("GET", "/", OWN)
    assert answer.status_code == 200 and "Muster Haustechnik AG" in answer.text
    assert server.ask("GET", "/impressum", OWN).status_code == 200
    assert server.ask("GET", f"/{server.firm.slug}", MAIN).status_code in (200, 301, 302, 308)


@pytest.mark.parametrize("host", ["nobody.example", "127.0.0.1", "localhost", f"{MAIN}.evil.example"])
def test_another_name_is_not_served(server, host):
    for server_name in (MAIN, OWN):
        check_page(server.ask("GET", "/", host, server_name), 421)
        assert server.ask("GET", "/.error/page", host, server_name).status_code == 404
        check_problem(server.ask("POST", "/api/ticket", host, server_name, body=b"{}"), "misdirected")
    check_page(server.plain("GET", "/", host), 421)


def test_whoever_asks_for_another_name_sees_no_certificate_of_ours(server):
    context = ssl.create_default_context(cafile=str(server.root / "tls/default.pem"))
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", server.ports.https), 30) as raw, context.wrap_socket(raw, server_hostname="nobody.example") as c:
        assert exchange(c, "GET", "/", "nobody.example").status_code == 421


def test_the_doctor_names_certificates_that_are_missing_or_end(server):
    ends, gone, good = "bald.firmen.example", "vorbei.firmen.example", "gut.firmen.example"
    tls = server.root / "tls"
    for name, days in ((ends, 5), (gone, -1), (good, 90)):
        chain, key = server.authority.issue(name, days)
        (tls / f"{name}.pem").write_text(key.read_text() + chain.read_text())
    hosts = server.root / "some_hosts.conf"
    hosts.write_text("# a list\n" + "".join(f"{name} {tls}/{name}.pem;\n" for name in (ends, gone, good, BARE)) + f'"~." {tls}/default.pem;\n')
    said = json.loads(server.stack.command("doctor", "--hosts", hosts, "--json", check=False).stdout)
    found = [(c["level"], c["detail"]) for c in said["checks"] if c["what"] == "certificate"]
    assert [level for level, _ in found] == ["warn", "FAIL", "ok", "FAIL", "warn"]
    # Of the fifth day a second may be over.
    assert re.search(rf"{re.escape(ends)} is good for [45] days", found[0][1]) and f"{gone} has ended" in found[1][1] and f"{BARE}.pem: No such file" in found[3][1]
    assert not said["ok"]


def test_what_fits_no_name_or_key_is_not_taken(server):
    (chain, key), (_, other) = (server.authority.issue(name) for name in ("eins.firmen.example", "zwei.firmen.example"))
    expired = server.authority.issue("drei.firmen.example", -1)
    tool = server.root / "usr/libexec/opsfabric/certificate"
    for args, why in ((("zwei.firmen.example", chain, key), "is not for"), (("eins.firmen.example", chain, other), "is not the key of"),
                      (("drei.firmen.example", *expired), "has expired"), (("../eins", chain, key), "no name of a host")):
        done = subprocess.run([tool, "take", *args], env={"PATH": PATH, "OPSFABRIC_TLS_DIR": str(server.root / "tls")}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and why in done.stderr, args
    assert not list((server.root / "tls").glob("*eins*")) and not list((server.root / "tls").glob("*zwei*"))


def test_acme_clients_hand_over_what_they_got(server):
    """As certbot, lego and dehydrated call their hooks."""
    tls = server.root / "tls"
    lineage = server.root / "lineage"
    lineage.mkdir()
    for name, how in (("certbot.firmen.example", "certbot"), ("lego.firmen.example", "lego"), ("dehydrated.firmen.example", "dehydrated")):
        chain, key = server.authority.issue(name)
        if how == "certbot":
            (lineage / "fullchain.pem").write_text(chain.read_text())
            (lineage / "privkey.pem").write_text(key.read_text())
            certificate_tool(server.root, "hook", RENEWED_LINEAGE=str(lineage), RENEWED_DOMAINS=name)
        elif how == "lego":
            certificate_tool(server.root, "hook", LEGO_CERT_DOMAIN=name, LEGO_CERT_PATH=str(chain), LEGO_CERT_KEY_PATH=str(key))
        else:
            certificate_tool(server.root, "startup_hook")
            certificate_tool(server.root, "deploy_challenge", name, "x", "y")
            certificate_tool(server.root, "deploy_cert", name, key, chain, chain, chain, "0")
        made = tls / f"{name}.pem"
        assert made.read_text() == key.read_text() + chain.read_text()
        assert made.stat().st_mode & 0o777 == 0o640


# ---- plain HTTP ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("host", [MAIN, OWN])
def test_plain_http_leads_to_https_with_host_path_and_method(server, method, host):
    body = b"x" * 100_000 if method == "POST" else None
    answer = server.plain(method, "/api/webhook/missed-call/generic/abc?x=%20y&z", host, body=body)
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{host}/api/webhook/missed-call/generic/abc?x=%20y&z"
    assert_headers(answer, tls=False)


def test_a_certificate_can_be_asked_for_by_any_name(server):
    directory = server.root / "acme/.well-known/acme-challenge"
    (directory / "a-Token_1").write_text("a-Token_1.thumbprint")
    for host in (MAIN, BARE, "not.yet.example"):
        answer = server.plain("GET", "/.well-known/acme-challenge/a-Token_1", host)
        assert (answer.status_code, answer.text) == (200, "a-Token_1.thumbprint")
        assert_headers(answer, tls=False)
    for path in ("", "nothing", "../../../nginx.conf", "..%2f..%2f..%2fnginx.conf"):
        assert server.plain("GET", f"/.well-known/acme-challenge/{path}").status_code in (308, 400, 403, 404), path


# ---- headers ---------------------------------------------------------------------------------------

ONCE = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Server": "nginx",
}


def assert_headers(answer, tls=True, policy=STRICT, referrer="no-referrer"):
    """All that protects, once each."""
    wanted = {**ONCE, "Content-Security-Policy": policy, "Referrer-Policy": referrer}
    if tls:
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    else:
        assert answer.headers["Strict-Transport-Security"] is None
    for name, value in wanted.items():
        assert answer.headers.get_all(name) == [value], name
    (name,) = answer.headers.get_all("X-Request-Id")
    assert re.fullmatch(r"[0-9a-f]{32}", name)


def test_answers_of_programs_are_protected(server):
    assert_headers(server.ask("GET", "/healthz"))
    answer = server.ask("POST", "/api/ticket", headers={"Content-Type": "application/json"}, body=b"{}")
    assert answer.status_code == 422
    assert_headers(answer)
    assert_headers(server.ask("GET", "/r/nothing"))
    answer = server.ask("GET", "/api/cron/escalate")
    assert answer.status_code == 401
    assert_headers(answer)


def test_pages_are_protected_by_what_they_say_themselves(server):
    for path, status in (("/", 200), ("/nichts", 404)):
        answer = server.ask("GET", path, OWN)
        assert answer.status_code == status
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and policy != STRICT
        assert_headers(answer, policy=policy, referrer=answer.headers["Referrer-Policy"])
        assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer")


def test_files_are_protected_kept_and_compressed(server):
    page = server.ask("GET", "/", OWN).text
    path = re.search(r'href="(/assets/site-[0-9a-f]{8}[.]css)"', page)[1]
    answer = server.ask("GET", path, OWN, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert_headers(answer)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    again = server.ask("GET", path, OWN, headers={"If-None-Match": server.ask("GET", path, OWN).headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Strict-Transport-Security"] == "max-age=31536000"
    missing = server.ask("GET", "/assets/none.css", OWN)
    assert missing.status_code == 404
    assert_headers(missing)


LONG = b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\n\r\n"
REFUSED = {
    400: b"POST /api/ticket HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\nContent-Length: -1\r\n\r\n",
    404: b"GET /api/nowhere HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\n\r\n",
    405: b"TRACE /api/ticket HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\n\r\n",
    413: b"POST /api/ticket HTTP/1.1\r\nHost: " + MAIN.encode() + b"\r\nContent-Length: 70000\r\n\r\n",
    414: LONG,
}


@pytest.mark.parametrize("status", REFUSED)
def test_what_nginx_refuses_is_protected_and_named(server, status):
    with server.connect() as connection:
        connection.sendall(REFUSED[status])
        answer = Answer(connection, "GET")
    assert answer.status_code == status
    assert_headers(answer)
    assert answer.json()["instance"] == answer.headers["X-Request-Id"]


# ---- limits ----------------------------------------------------------------------------------------


def flood(server, method, path, count, source, host=OWN, headers=""):
    """Sends count requests at once, each on a connection that is open already: a limit is over before it counts down. The
    answers in order of arrival, by status."""
    request = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n".encode()
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.ports.local), 60, source_address=(source, 0)))
            for _ in range(count)]
        for connection in connections:
            connection.sendall(request)
        answers = [Answer(connection, method) for connection in connections]
    return {status: [a for a in answers if a.status_code == status] for status in {a.status_code for a in answers}}


def test_a_visitor_opens_many_pages_and_not_any_number(server):
    """A page that nginx has kept as well as one with a query, which reaches the program each time."""
    server.ask("GET", "/", OWN)
    for source, path in (("127.0.0.11", "/"), ("127.0.0.12", "/impressum?x=1")):
        answers = flood(server, "GET", path, 200, source)
        assert set(answers) == {200, 429} and len(answers[200]) >= 60
        check_page(answers[429][0], 429)
        assert "De très nombreuses demandes" in answers[429][0].text and answers[429][0].headers["Retry-After"] == "2"
        assert_headers(answers[429][0], tls=False)
    assert server.ask("GET", "/", OWN, source="127.0.0.13").status_code == 200


def test_the_form_takes_few_at_a_time(server):
    """Refused with a page to a browser, with a problem to a program."""
    browser = flood(server, "GET", "/api/ticket", 100, "127.0.0.14", headers="Accept: text/html,*/*\r\n")
    program = flood(server, "GET", "/api/ticket", 100, "127.0.0.15", headers="Accept: */*\r\n")
    for answers in (browser, program):
        assert set(answers) == {405, 429} and len(answers[405]) >= 20
        assert answers[429][0].headers["Retry-After"] == "2"
    check_page(browser[429][0], 429)
    check_problem(program[429][0], "too-many-requests")


@pytest.mark.parametrize("path, source", [("/r/Ab3Cd5Ef7Gh9", "127.0.0.19"), ("/a/Ab3Cd5Ef7Gh9", "127.0.0.20")])
def test_links_in_messages_are_opened_as_pages_are(server, path, source):
    """Whatever it is behind one address: previews, a page with its photos, several people on call."""
    answers = flood(server, "GET", path, 200, source)
    assert set(answers) == {404, 429} and len(answers[404]) >= 60
    check_page(answers[429][0], 429)


def test_uploads_in_hand_are_counted_by_address_and_all_together(server):
    head = f"POST /api/ticket/photo HTTP/1.1\r\nHost: {OWN}\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nx".encode()
    with contextlib.ExitStack() as stack:
        def begin(source):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.ports.local), 60, source_address=(source, 0)))
            connection.sendall(head)
            return connection

        def refused(connections, least):
            """Those that are answered although their photo is not there yet."""
            wait_for(lambda: len(select.select(connections, [], [], 0)[0]) >= least, what="a refusal")
            return select.select(connections, [], [], 0)[0]
        one = refused([begin("127.0.1.1") for _ in range(8)], 2)
        many = refused([begin(f"127.0.1.{2 + n // 6}") for n in range(200)], 6)
        assert (len(one), len(many)) == (2, 6)
        for connection in (*one, *many):
            assert Answer(connection, "POST").status_code == 429
    # Whoever hangs up makes room.
    wait_for(lambda: server.ask("POST", "/api/ticket/photo", OWN, body=b"x", source="127.0.1.250").status_code != 429, what="room")


def test_a_photo_may_take_half_a_minute_between_two_pieces(server):
    done = subprocess.run(["nginx", "-T", "-e", f"{server.root}/error.log", "-p", f"{server.root}/", "-c", f"{server.root}/nginx.conf"],
                          env={"PATH": PATH}, capture_output=True, text=True, timeout=60)
    (location,) = re.findall(r'location = "/api/ticket/photo" \{(.*?)\n\}', done.stdout, re.S)
    for name in ("client_body_timeout", "fastcgi_send_timeout", "fastcgi_read_timeout"):
        assert re.findall(rf"\b{name} (\w+);", location) == ["30s"], name


def test_whoever_is_verified_is_not_counted(server):
    for path, status in (("/api/webhook/missed-call", 405), ("/api/ticket/status", 405), ("/api/cron/escalate", 401)):
        assert set(flood(server, "PUT", path, 100, "127.0.0.16", MAIN)) == {status}


def test_what_is_the_operator_s_is_there_for_nobody_else(server):
    assert server.ask("GET", "/operator").json()["status"] == "ok"
    assert server.plain("GET", "/operator", port=server.ports.local).json()["status"] == "ok"
    check_page(server.ask("GET", "/operator", source="127.0.0.17"), 404)


def test_a_body_is_as_long_as_the_route_needs(server):
    for method, path, length, status in (
            ("POST", "/api/ticket", 70_000, 413), ("POST", "/api/ticket/status", 70_000, 413),
            ("POST", "/api/cron/escalate", 70_000, 413), ("POST", "/api/cron/escalate", 2_000, 401), ("POST", "/healthz", 2_000, 413),
            ("POST", "/api/ticket/photo", 12_000_000, 413), ("POST", "/healthz", 100, 405), ("POST", "/api/cron/escalate", 100, 401)):
        with server.connect() as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: {MAIN}\r\nContent-Length: {length}\r\n\r\n".encode())
            if status != 413:
                connection.sendall(b"x" * length)
            answer = Answer(connection, method)
        assert answer.status_code == status, path
        assert_headers(answer)


def test_a_slow_client_is_not_waited_for(slow):
    """What it has cost: ten seconds for a request, twenty for a connection on which nothing is asked."""
    for kind, least in (("header", 9), ("body", 9), ("idle", 19), ("handshake", 9)):
        assert slow[kind].result() > least, kind


# ---- logs ------------------------------------------------------------------------------------------


def test_one_name_stands_on_the_answer_in_the_program_s_log_and_in_the_access_log(server):
    answer = server.ask("POST", "/api/ticket", headers={"Content-Type": "application/json", "X-Request-Id": "mine"}, body=b"{}")
    (name,) = answer.headers.get_all("X-Request-Id")
    assert answer.json()["instance"] == name != "mine"
    (line,) = server.lines(answer)
    assert re.fullmatch(
        r"\S+ " + name + r" 422 POST /api/ticket \d\.\d{3} - unix:\S+/run/ticket\.sock 422 \d\.\d{3} HTTP/1\.1 TLSv1\.3", line), line
    program = server.stack.state / "log/ticket.log"
    wait_for(lambda: f" {name} 422 " in program.read_text(errors="replace"), what="the line in ticket.log")


def test_the_logs_hold_nothing_of_a_visitor(server):
    """No address, no query, no token, whatever happens to the request: also where nginx itself has something to say."""
    told = {"number": "791234567", "token": "s3cr3ttoken0123", "code": "Ab3Cd5Ef7Gh9", "agent": "Very-Own-Browser", "address": "127.0.0.18"}
    headers = {"User-Agent": told["agent"], "Referer": f"https://x.example/?n={told['number']}"}
    paths = [f"/?phone={told['number']}", f"/api/webhook/missed-call/generic/{told['token']}?From={told['number']}", f"/a/{told['code']}",
             f"/api/webhook/gone/{told['token']}?x={told['number']}", f"/r/{told['code']}"]
    answers = [server.ask("GET", path, headers=headers, source=told["address"]) for path in paths]
    answers += [server.plain("GET", path, headers=headers) for path in paths]
    assert answers[3].status_code == 503
    for answer in answers:
        server.lines(answer)
    (line,) = server.lines(answers[3])
    assert " 503 GET /api/webhook/gone/*** " in line and "/gone.sock 502 " in line
    # access.log is that of other sites: what is no HTTP at all goes to the first of the port.
    words = server.log.read_text() + server.error_log.read_text() + (server.root / "error.log").read_text()
    assert "/api/webhook/missed-call/generic/***" in words and "/a/***" in words and "/r/***" in words
    for kind, word in told.items():
        assert word not in words, kind
    assert "127.0.0.1" not in words
