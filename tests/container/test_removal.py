"""The package leaves, with backups set up, and comes again: where Postgres is asleep, and where it is elsewhere."""

import pytest

from tests.container.conftest import LONG
from tests.container.site import authority
from tests.container.test_rehearsal import HOME, PROGRAM, SLUG
from tests.support.stack import wait_for

SERVER = "db.test"
V4, V6, STRANGER = "192.0.2.5", "fd00:db::5", "192.0.2.9"
PORT = 5433
PGDATA = "/var/lib/postgresql/elsewhere"
SLICE = "/etc/systemd/system/opsfabric.slice.d/database.conf"
CA = "/etc/ssl/certs/db.pem"


def archiver(site):
    return site.one("select last_archived_wal, failed_count from pg_stat_archiver")


def test_removed_it_leaves_a_postgres_that_archives_nothing_into_it(site, box):
    assert PROGRAM in site.psql("show archive_command")
    site.remove()
    assert site.psql("show archive_command") == "/bin/true"
    before = archiver(site)
    segment = site.one("select pg_walfile_name(pg_current_wal_lsn()) as name")["name"]
    site.sql("create table written (); drop table written; select pg_switch_wal()")
    wait_for(lambda: (archiver(site)["last_archived_wal"] or "") >= segment, 180, "Postgres to be rid of its log")
    assert archiver(site)["failed_count"] == before["failed_count"]
    site.systemctl("restart", "postgresql.service")
    assert site.psql("show archive_mode") == "off"


def test_a_purge_leaves_the_database_and_the_backups_and_nothing_else(site, box):
    tickets = site.one("select count(*) from tickets")["count"]
    assert tickets > 0
    backups = box.run("find", HOME, "-printf", "%p %s %T@\n").stdout
    assert "/base/" in backups
    site.remove("purge")
    left = box.shell(
        "ls -d /etc/opsfabric /usr/libexec/opsfabric /usr/bin/opsfabric /usr/share/opsfabric /run/opsfabric"
        " /etc/nginx/sites-enabled/opsfabric /etc/nginx/sites-available/opsfabric /lib/systemd/system/opsfabric*"
        " /etc/systemd/system/*opsfabric* 2>/dev/null || true").stdout
    assert left == ""
    assert site.systemctl("list-units", "--plain", "--no-legend", "opsfabric*") == ""
    assert box.run("pgrep", "-u", "opsfabric", check=False).stdout == ""
    assert box.run("nginx", "-t", check=False).returncode == 0
    assert site.one("select count(*) from tickets")["count"] == tickets
    assert box.run("find", HOME, "-printf", "%p %s %T@\n").stdout == backups


def runs_of_ours(site):
    return site.systemctl("list-units", "--plain", "--no-legend", "--state=active", "opsfabric*")


def test_installed_where_postgres_sleeps_it_says_what_to_run(site, box):
    tickets = site.one("select count(*) from tickets")["count"]
    site.systemctl("stop", "postgresql.service", "postgresql@*.service")
    # A site that nginx does not take together with ours stays, and ours is said to be left out.
    other, enabled = "/etc/nginx/sites-enabled/other", "/etc/nginx/sites-enabled/opsfabric"
    box.shell(f"echo 'server {{ listen [::]:443 ssl backlog=77; ssl_reject_handshake on; }}' >{other}")
    said = site.install("this.deb")
    assert "duplicate listen options" in said
    assert not box.path(enabled).is_symlink()
    box.shell(f"nginx -t -q && rm {other} && ln -s /etc/nginx/sites-available/opsfabric {enabled} && nginx -t -q && systemctl reload nginx")
    # Nothing is half done, and nothing runs.
    assert site.is_installed_well() and runs_of_ours(site) == ""
    assert "the Postgres of this host does not run, so nothing is started yet" in said
    here, _ = site.told(said)
    box.shell(here)
    site.open(SLUG)
    site.arrive()
    site.wait_runs()
    assert site.one("select count(*) from tickets")["count"] == tickets


def test_asked_to_it_takes_the_database_away_and_leaves_the_backups(site, box):
    backups = box.run("find", HOME, "-printf", "%p %s %T@\n").stdout
    assert "The database and its roles are gone" in box.run("opsfabric-setup", "--remove-database").stdout
    left = box.shell("runuser -u postgres -- psql -XAtc \"select datname from pg_database where datname like 'opsfabric%'"
                     " union all select rolname from pg_roles where rolname like 'opsfabric%'\"").stdout
    assert left == "" and box.run("pgrep", "-u", "opsfabric", check=False).stdout == ""
    assert not box.path("/etc/opsfabric/owner.conf").exists()
    assert box.run("find", HOME, "-printf", "%p %s %T@\n").stdout == backups


# ---- Postgres on another host -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhere(site, box, home):
    """Another Postgres, as if on another host: an address of each kind, of which it listens at the second, and TLS. This host
    has none that runs, and nothing of ours."""
    site.remove("purge")
    site.systemctl("stop", "postgresql.service", "postgresql@*.service")
    given = home / "given" / "db"
    given.mkdir()
    ca, certificate = authority(given, (SERVER,))
    box.path(CA).write_bytes(ca.read_bytes())
    for address in (f"{V4}/32", f"{STRANGER}/32", f"{V6}/128"):
        box.run("ip", "address", "replace", address, "dev", "lo")
    box.shell(
        f"printf '%s\\n' '{V4} {SERVER}' '{V6} {SERVER}' >>/etc/hosts; cd /; bin=$(echo /usr/lib/postgresql/*/bin);"
        f" echo secret >/tmp/password; chmod 644 /tmp/password;"
        f" runuser -u postgres -- $bin/initdb -N -D {PGDATA} -E UTF8 --auth=scram-sha-256 --pwfile=/tmp/password >/dev/null;"
        f" install -o postgres -m 600 /given/db/{certificate.name} {PGDATA}/server.pem;"
        f" echo 'hostssl all all {V6}/128 scram-sha-256' >{PGDATA}/pg_hba.conf")
    server = Elsewhere(box)
    server.start()
    return server


class Elsewhere:
    """The server, and its administrator."""

    def __init__(self, box):
        self.box = box

    def start(self):
        self.box.shell(
            f"exec systemd-run --quiet --unit=elsewhere-postgres --uid=postgres --service-type=notify -p KillSignal=SIGINT"
            f" $(echo /usr/lib/postgresql/*/bin)/postgres -D {PGDATA} -c port={PORT} -c listen_addresses={V6}"
            " -c unix_socket_directories= -c ssl=on -c ssl_cert_file=server.pem -c ssl_key_file=server.pem")

    def stop(self):
        self.box.run("systemctl", "stop", "elsewhere-postgres.service")

    def ask(self, statement):
        done = self.box.run("psql", f"postgresql://postgres@[{V6}]:{PORT}/opsfabric?sslmode=require", "-XAtqc", statement,
                            PGPASSWORD="secret")
        return done.stdout.strip()


@pytest.fixture(scope="module")
def command(site, elsewhere):
    """What the installation says is to be run, with the server's address in it."""
    said = site.install("this.deb")
    assert site.is_installed_well() and runs_of_ours(site) == ""
    _, there = site.told(said)
    assert there == "PGPASSWORD=... opsfabric-setup postgresql://postgres@HOST/postgres"
    return there.replace("...", "secret").replace("HOST", f"{SERVER}:{PORT}")


def test_a_server_that_is_not_who_it_says_gets_nothing(site, box, elsewhere, command):
    box.run("cp", f"/given/{site.ca.name}", "/etc/ssl/certs/another.pem")
    said = box.shell(f"{command}'?sslmode=verify-full&sslrootcert=/etc/ssl/certs/another.pem'", check=False)
    assert said.returncode == 1 and "certificate verify failed" in said.stderr
    assert not box.path("/etc/opsfabric/owner.conf").exists() and runs_of_ours(site) == ""


def test_what_it_says_makes_the_database_on_another_host(site, box, elsewhere, command):
    box.shell(f"{command}'?sslmode=verify-full&sslrootcert={CA}'")
    site.open(SLUG)
    site.arrive()
    assert f"@{SERVER}:{PORT}/opsfabric?sslmode=verify-full&sslrootcert={CA}" in site.env["DATABASE_URL"]
    site.wait_runs()
    for caller in ("escalate", "review-request", "retention"):
        site.systemctl("start", f"opsfabric-{caller}.service")
    site.wait_doctor()
    # All of them came by IPv6 and TLS.
    ways = elsewhere.ask("select distinct a.usename, s.ssl, a.client_addr from pg_stat_activity a join pg_stat_ssl s using (pid)"
                         " where a.usename like 'opsfabric%' order by 1")
    assert ways.splitlines() == [f"opsfabric_{role}|t|{V6}" for role in ("service", "web")]


def test_the_units_reach_both_addresses_of_that_host_and_no_other(site, box, probe, command):
    assert set(site.show("opsfabric.slice", "IPAddressAllow").split()) == {f"{V4}/32", f"{V6}/128"}
    said = box.run("systemd-run", "--quiet", "--pipe", "--wait", "--slice=opsfabric.slice", "--property=IPAddressDeny=any",
                   probe, "connect", V4, str(PORT), STRANGER, str(PORT)).stdout.splitlines()
    # Nobody listens there, which is an answer.
    assert said[0] == f"connect {V4} Connection refused"
    if said[1] == f"connect {STRANGER} Connection refused":
        pytest.skip("this kernel has no filter of addresses for a unit")
    assert said[1].startswith(f"connect {STRANGER} ")


@pytest.mark.skipif(not LONG, reason="from OPSFABRIC_TEST_ROUNDS 50 on")
def test_a_second_host_is_installed_while_that_one_is_away(site, box, elsewhere, command):
    box.shell(f"mkdir /root/first && cp -a /etc/opsfabric/opsfabric.conf /etc/opsfabric/owner.conf {SLICE} /root/first")
    site.remove("purge")
    box.shell(f"mkdir -p /etc/opsfabric {SLICE.rsplit('/', 1)[0]} && cd /root/first &&"
              f" cp -a opsfabric.conf owner.conf /etc/opsfabric && cp -a database.conf {SLICE}")
    elsewhere.stop()
    said = site.install("this.deb")
    assert site.is_installed_well() and runs_of_ours(site) == ""
    assert "the database cannot be reached, so nothing is started yet" in said
    told, = site.told(said)
    elsewhere.start()
    box.shell(told)
    site.open(SLUG)
    site.arrive()
    site.wait_runs()


def test_nobody_was_killed_for_want_of_memory(box):
    assert box.memory_kills() == 0
