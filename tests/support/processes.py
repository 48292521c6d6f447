"""processes - the programs of a stack as processes: to find, stop, kill and freeze them"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess

import psycopg2

from .stack import wait_for


def is_running(pid):
    """Neither gone nor a zombie that nobody has taken yet."""
    try:
        status = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rsplit(")", 1)[1].split()[0] not in "ZX"


def kill(pid, how=signal.SIGKILL):
    """False if it is gone already."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True


def accepted(path):
    """Inodes of the connections to a Unix socket that somebody has accepted; those that wait have none yet."""
    lines = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]]
    return {line[6] for line in lines if len(line) > 7 and line[7] == str(path) and line[5] == "03" and line[6] != "0"}


def inodes(pid):
    """Of the sockets that a process has open."""
    found = set()
    with contextlib.suppress(OSError):
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.update(re.findall(r"socket:\[(\d+)\]", os.readlink(link)))
    return found


class Processes:
    """supervisord of one stack and what it runs: routes, dispatcher, nginx, Postgres."""

    def __init__(self, stack):
        self.stack = stack
        self.state = stack.state

    def routes(self):
        return (self.state / "programs" / "routes.list").read_text().split()

    def pids(self, name):
        """Process ids of a route's workers, or of dispatcher, nginx, postgres."""
        found = []
        files = sorted((self.state / "run" / "pid").glob(f"{name}_[0-9]*")) or [self.state / "run" / "pid" / name]
        for file in files:
            pid = int(file.read_text() or 0)
            if pid and is_running(pid) and self.is_program(pid):
                found.append(pid)
        return found

    def is_program(self, pid):
        """Past the shell that supervisord starts it through, and none that only keeps a socket open."""
        try:
            return os.path.basename(os.readlink(f"/proc/{pid}/exe")) not in ("sh", "dash", "bash", "setpriv", "sleep")
        except OSError:
            return False

    def workers(self):
        return int(self.stack.env["OPSFABRIC_WORKERS"])

    def hold_all(self, route, begin):
        """begin() starts a request that will not end; called until every worker of the route has one.

        What begin() returned, and the workers. From here on nobody else accepts.
        """
        path = self.state / "run" / f"{route}.sock"
        pids = self.wait_running(route)
        held = [begin() for _ in pids]
        wait_for(lambda: all(inodes(pid) & accepted(path) for pid in pids), what="every worker to accept")
        return held, pids

    def wait_running(self, name, other_than=()):
        """The process ids of all instances, none of them one of the given."""
        count = self.workers() if name in self.routes() else 1

        def all_new():
            pids = self.pids(name)
            return pids if len(pids) == count and not set(pids) & set(other_than) else None

        return wait_for(all_new, 60, f"{count} process(es) of {name}")

    def everybody(self):
        """Name to process ids, of all programs of ours."""
        return {name: self.wait_running(name) for name in [*self.routes(), "dispatcher", "replay"]}

    def ctl(self, *args):
        """supervisorctl, for what deploy/run has no word for."""
        done = subprocess.run(
            ["supervisorctl", "-c", "supervisor/supervisord.conf", *args], cwd=self.state,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180,
        )
        assert "ERROR" not in done.stdout, done.stdout
        return done.stdout

    # ---- Postgres --------------------------------------------------------------------------

    def postmaster(self):
        return self.wait_running("postgres")[0]

    def postgres(self):
        """The postmaster, then all its children."""
        first = self.postmaster()
        children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True).stdout
        return [first, *map(int, children.split())]

    def backends(self, program=None):
        """Postgres's processes that serve ours."""
        rows = self.sql(
            "select pid from pg_stat_activity where usename in ('opsfabric_web', 'opsfabric_service')"
            " and (%s::text is null or application_name = %s)", program, program)
        return [row["pid"] for row in rows]

    def freeze(self):
        """Every process of Postgres stands still; connections stay open and nobody answers."""
        frozen = []
        while True:
            # A child that was just being forked is found at the second look.
            more = [pid for pid in self.postgres() if pid not in frozen]
            if not more:
                return frozen
            for pid in more:
                kill(pid, signal.SIGSTOP)
            frozen += more

    def thaw(self, frozen):
        for pid in reversed(frozen):
            kill(pid, signal.SIGCONT)

    def sql(self, query, *args):
        """stack.sql() that outlives a Postgres which was just killed. For what may run twice."""
        def rows():
            try:
                return [self.stack.sql(query, *args)]
            except psycopg2.Error:
                self.stack.close()
                return None

        return wait_for(rows, 60, "Postgres")[0]

    def database_answers(self):
        try:
            self.stack.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def kill_backend(self, pid):
        """kill -9, which ends all other backends as well; returns when Postgres is back from that."""
        with contextlib.closing(self.stack.connect()) as other:
            if not kill(pid):
                return False
            wait_for(lambda: self.is_dropped(other), 60, "Postgres to end its backends")
        self.wait_database()
        return True

    @staticmethod
    def is_dropped(connection):
        try:
            connection.cursor().execute("select")
        except psycopg2.Error:
            return True
        return False

    def wait_database(self):
        wait_for(self.database_answers, 60, "Postgres")

    def stop_database(self):
        self.ctl("stop", "postgres")

    def start_database(self):
        self.ctl("start", "postgres")
        self.wait_database()

    # ---- the spool -------------------------------------------------------------------------

    def waiting(self):
        """Files of the spool that nobody has taken yet."""
        return sorted((self.state / "spool" / "wait").glob("*/*"), key=lambda path: path.name)

    def failed(self):
        return sorted((self.state / "spool" / "failed").iterdir())

    def wait_spool(self, seconds=60):
        wait_for(lambda: not self.waiting(), seconds, "the spool to be empty")

    def wait_roster(self, *words):
        """Until whom webhooks may reach has been read with these: a firm's number, a token's hash."""
        roster = self.state / "spool" / "roster"
        wait_for(lambda: roster.exists() and all(f":{word} " in roster.read_text() for word in words), 60, "the roster")

    # ---- what must not have been said --------------------------------------------------------

    def complaints(self):
        """Lines of the logs in which a sanitizer or an assert speaks."""
        words = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion", "arena: ")
        found = []
        for path in (self.state / "log").glob("*.log"):
            with path.open(errors="replace") as log:
                found += [f"{path.name}: {line.rstrip()}" for line in log if any(word in line for word in words)]
        return found
