"""site - an installed OpsFabric in a container, for what tests do with a stack

The process that tests enters the container's network, so requests and load go through its nginx and TLS
as if from a machine beside it; commands run inside.
"""

import os
import re
import subprocess

import psycopg2
import psycopg2.extras
import requests

from tests.support.stack import ROOT, Stack, wait_for

# Name: who may call.
ROUTES = {line.split()[0]: line.split()[3] for line in (ROOT / "cgi-bin" / "ROUTES").read_text().splitlines()
          if line and not line.startswith("#")}
DISPATCHER = "opsfabric-dispatcher.service"
REPLAY = "opsfabric-replay.service"
SUPERUSER = "container_test"
CERTIFICATE = "/etc/opsfabric/tls/default.pem"
STATE = "/var/lib/opsfabric"
CONF = "/etc/opsfabric/opsfabric.conf"


def unit(route, kind):
    return f"opsfabric-{route.replace('_', '-')}{kind}"


class Site(Stack):
    """Stack's interface over a Box. arrive() after each boot."""

    def __init__(self, box, base, ca, certificate):  # pylint: disable=super-init-not-called
        self.box = box
        self.base = base
        self.ca = ca
        self.certificate = certificate
        self.env = {}
        self.session = None
        self._db = None

    @property
    def state(self):
        """OPSFABRIC_STATE, seen from outside."""
        return self.box.path(STATE)

    def arrive(self):
        """In the container's network, with what its configuration says."""
        self.box.enter()
        self.close()
        self.session = requests.Session()
        # Else an authority of the environment's would count instead.
        self.session.trust_env = False
        self.session.verify = str(self.ca)
        conf = self.box.path(CONF).read_text()
        self.env = dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", conf))

    def close(self):
        if self.session is not None:
            self.session.close()
            self.session = None
        if self._db is not None:
            self._db.close()
            self._db = None

    # ---- the database, as a superuser of the test's own -------------------------------------------

    def make_superuser(self):
        self.psql(f"create role {SUPERUSER} superuser login password '{SUPERUSER}'")

    def psql(self, statement):
        return self.box.run("runuser", "-u", "postgres", "--", "psql", "-XAtqc", statement, "opsfabric").stdout.strip()

    def connect(self):
        db = psycopg2.connect(host="127.0.0.1", dbname="opsfabric", user=SUPERUSER, password=SUPERUSER)
        db.autocommit = True
        psycopg2.extras.register_uuid(conn_or_curs=db)
        return db

    # ---- the operator ---------------------------------------------------------------------------------

    def command(self, *args, check=True, stdin=None, timeout=120):
        return self.box.run("opsfabric", *args, check=check, stdin=stdin, timeout=timeout)

    def open(self, firm):
        """What is the sysadmin's to do: the address, whose pages are shown there, and a certificate."""
        self.box.run("sed", "-i", "-E", f"s|^APP_BASE_URL=.*|APP_BASE_URL={self.base}|;"
                     f" s|^#?DEFAULT_CUSTOMER_SLUG=.*|DEFAULT_CUSTOMER_SLUG={firm}|", CONF)
        self.box.run("install", "-D", "-g", "www-data", "-m", "640", f"/given/{self.certificate.name}", CERTIFICATE)
        # That all load comes from one address is no attack: nginx believes what load.lua says.
        self.box.path("/etc/nginx/conf.d/load.conf").write_text(
            "set_real_ip_from 127.0.0.1;\nset_real_ip_from ::1;\nreal_ip_header X-Real-IP;\n")
        self.systemctl("reload", "nginx.service")
        self.systemctl("restart", "opsfabric.target")

    def install(self, deb, *options):
        """What a sysadmin types; everything it needs lies in apt's cache, and there is nobody to answer. What it says."""
        done = self.box.run("apt-get", "install", "--yes", *options, f"/packages/{deb}", timeout=600)
        return done.stdout + done.stderr

    # For one that nobody answers when a file of /etc is the sysadmin's and the package has another.
    KEEP = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")

    def remove(self, how="remove"):
        return self.box.run("apt-get", how, "--yes", "opsfabric", timeout=300)

    def version(self):
        return self.box.run("dpkg-query", "-W", "-f", "${Version}", "opsfabric").stdout

    def is_installed_well(self):
        """dpkg has nothing left to do, with ours or with any."""
        status = self.box.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", "opsfabric").stdout
        return status.strip() == "ii" and self.box.run("dpkg", "--audit").stdout == ""

    @staticmethod
    def told(text):
        """The commands that the package says are to be run; what follows one in parentheses is about it."""
        return [re.sub(r"    \(.*\)$", "", line) for line in re.findall(r"(?m)^opsfabric:   (\S.*)$", text)]

    def systemctl(self, *args, check=True, timeout=300):
        return self.box.run("systemctl", *args, check=check, timeout=timeout).stdout.strip()

    def show(self, unit, name):
        return self.systemctl("show", "--value", f"--property={name}", unit)

    def is_active(self, unit):
        return self.show(unit, "ActiveState") == "active"

    def wait_answers(self):
        def answers():
            try:
                return self.get("/healthz").status_code == 200
            except requests.ConnectionError:
                return False
        wait_for(answers, 180, "/healthz to answer 200")

    def failed(self):
        """Names of units."""
        lines = self.systemctl("list-units", "--failed", "--plain", "--no-legend", "opsfabric*", "nginx*", "postgresql*")
        return [line.split()[0] for line in lines.splitlines()]

    def wait_runs(self):
        """Every unit of ours, and nothing has failed."""
        wanted = [unit(route, kind) for route in ROUTES for kind in (".socket", "@1.service")]
        wanted += [unit(route, ".timer") for route, caller in ROUTES.items() if caller == "cron"] + [DISPATCHER, REPLAY]
        # is-active is content with one of many.
        wait_for(lambda: set(self.systemctl("is-active", *wanted, check=False).split()) == {"active"}, 180, "all units to be active")
        # One that met a restart is started again, and a timer's asks again.
        wait_for(lambda: self.failed() == [], 180, lambda: "no unit to be failed\n" + "\n".join(
            self.box.shell(f"journalctl -u {name} -n 30 --no-pager").stdout for name in self.failed()))
        self.wait_answers()

    def wait_doctor(self):
        """Until it is content: the timers have their turn first."""
        wait_for(lambda: self.command("doctor", check=False).returncode == 0, 300,
                 lambda: "opsfabric doctor to be content: " + self.command("doctor", check=False).stdout)

    def programs(self):
        """Process ids of the first worker of each route."""
        pids = self.systemctl("show", "--value", "--property=MainPID", *(unit(route, "@1.service") for route in ROUTES))
        return dict(zip(ROUTES, pids.split(), strict=True))

    def last_success(self, job):
        return self.one("select max(last_success_at) as at from heartbeats where job = %s", job)["at"]

    def wait_messages(self, to, count=1):
        """Behind those of a load it may have to wait."""
        return wait_for(lambda: (lambda m: m if len(m) >= count else None)(self.messages(to)), 180,
                        f"{count} message(s) to {to}")

    # ---- its processes ----------------------------------------------------------------------------------

    def pids(self, slice_or_service):
        """Process ids inside, of a unit and all below it."""
        group = self.show(slice_or_service, "ControlGroup")
        found = self.box.shell(
            f"for root in /sys/fs/cgroup/systemd /sys/fs/cgroup; do [ -d $root{group} ] || continue;"
            f" find $root{group} -name cgroup.procs -exec cat {{}} +; break; done")
        return [int(pid) for pid in found.stdout.split()]

    def pss(self, unit):
        """KB that are this unit's alone, and its share of what it has in common with others."""
        total = 0
        for pid in self.pids(unit):
            try:
                rollup = self.box.path(f"/proc/{pid}/smaps_rollup").read_text()
            except (FileNotFoundError, ProcessLookupError):  # a timer's, which has ended
                continue
            total += int(re.search(r"(?m)^Pss:\s+(\d+)", rollup)[1])
        return total


def authority(directory, names=("localhost",)):
    """A certificate authority that is the test's own, and a certificate of it: (its file, certificate and key)."""
    ca, key, pem = directory / "ca.pem", directory / "ca.key", directory / "site.pem"
    said = {"check": True, "capture_output": True}
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(["openssl", "req", "-x509", *curve, "-keyout", key, "-out", ca, "-days", "30",
                    "-subj", "/CN=The test's own authority"], **said)
    request = subprocess.run(["openssl", "req", *curve, "-keyout", directory / "site.key", "-subj", f"/CN={names[0]}",
                              "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)], **said).stdout
    made = subprocess.run(["openssl", "x509", "-req", "-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "30",
                           "-copy_extensions", "copy"], input=request, **said).stdout
    pem.write_bytes(made + (directory / "site.key").read_bytes())
    os.chmod(pem, 0o600)
    return ca, pem
