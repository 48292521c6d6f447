"""pgbouncer - deploy/cluster/pgbouncer.ini with a directory of its own, in front of a stack's Postgres"""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import psycopg2

from .stack import ROOT, free_port, wait_for

PASSWORD = "unter-dem-lavabo"
ROLES = ("opsfabric_web", "opsfabric_service")
# A user's PATH has no sbin.
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or "pgbouncer"


def version():
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(n) for n in re.search(r"(\d+)\.(\d+)", said).groups())


class Pgbouncer:
    """home must be passable for others: pgbouncer refuses to be root."""

    def __init__(self, home, sockets, **settings):
        self.home = pathlib.Path(home)
        self.sockets = pathlib.Path(sockets)  # Postgres's
        self.port = free_port()
        self.settings = settings
        self.process = None

    def url(self, role):
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.port}/opsfabric"

    def postgres(self):
        db = psycopg2.connect(host=str(self.sockets), dbname="opsfabric", user="postgres")
        db.autocommit = True
        return db

    def write(self):
        with self.postgres() as db, db.cursor() as cursor:
            for role in ROLES:
                cursor.execute(f"alter role {role} password %s", (PASSWORD,))
            cursor.execute("select format('\"%%s\" \"%%s\"', rolname, rolpassword) from pg_authid where rolname = any (%s)",
                           (list(ROLES),))
            secrets = [row[0] for row in cursor.fetchall()]
        changed = {
            "listen_port": self.port, "unix_socket_dir": "", "logfile": self.home / "pgbouncer.log",
            "pidfile": self.home / "pgbouncer.pid", "auth_file": self.home / "userlist.txt", **self.settings,
        }
        text = (ROOT / "deploy" / "cluster" / "pgbouncer.ini").read_text()
        text = text.replace("host=/run/postgresql port=5432", f"host={self.sockets}")
        for name, value in changed.items():
            text, count = re.subn(rf"(?m)^;?{name} = .*$", f"{name} = {value}", text)
            assert count == 1, f"deploy/cluster/pgbouncer.ini has no {name}"
        (self.home / "userlist.txt").write_text("\n".join(secrets) + "\n")
        (self.home / "pgbouncer.ini").write_text(text)

    def start(self):
        self.home.mkdir(exist_ok=True)
        self.write()
        command = [PROGRAM, self.home / "pgbouncer.ini"]
        if os.geteuid() == 0:
            for path in (self.home, *self.home.iterdir()):
                shutil.chown(path, "postgres", "postgres")
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]
        self.process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL,
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        wait_for(self.answers, what="pgbouncer")
        return self

    def answers(self):
        assert self.process.poll() is None, (self.home / "pgbouncer.log").read_text()
        try:
            psycopg2.connect(self.url("opsfabric_web")).close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(120)
