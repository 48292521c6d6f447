"""cluster - deploy/cluster in a directory of its own: three nodes to kill and to cut off the network

Networks of one's own need root. in_own_network() puts the calling thread, and all it starts, into one,
where the nodes' networks hang on a bridge; nobody else's is touched, and it is gone with the last
process in it.
"""

import contextlib
import ctypes
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import threading
import time

import psycopg2
import psycopg2.extras
import requests

from .stack import PRESET, ROOT, Stack, reserve_port, wait_for

NETWORK = "10.77.0"
NODES = ("pg1", "pg2", "pg3")
CLONE_NEWNET = 0x40000000


def why_no_networks():
    """Why a node's network cannot be cut here, or None."""
    if os.geteuid() != 0:
        return "cutting a network needs root: network namespaces of one's own"
    tried = subprocess.run(
        ["unshare", "--net", "sh", "-ec", "ip link set lo up; ip link add of0 type bridge; ip link add of1 type veth peer name of2"],
        capture_output=True, text=True)
    if tried.returncode != 0:
        return "this kernel gives no network namespace with a bridge: " + tried.stderr.strip()[-200:]
    return None


@contextlib.contextmanager
def in_own_network():
    """The calling thread, and what it starts from here on, in a network with nothing but a loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        libc.setns(before, CLONE_NEWNET)
        os.close(before)


_ports = []


def free_ports():
    """The first of those that deploy/cluster/run takes without networks, below what the kernel gives to connections; or None."""
    first = random.randrange(12000, 30000, 50)
    with contextlib.ExitStack() as close:
        try:
            ours = [close.enter_context(reserve_port(port)) for port in range(first, first + 40)]
            for port in range(first, first + 40):
                close.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            return None
        # A node that is away leaves its ports: they stay ours.
        _ports.extend(socket.socket(fileno=s.detach()) for s in ours)
    return first


class Cluster:
    """home must be passable for others. With networks: call it inside in_own_network()."""

    def __init__(self, home, networks, preset):
        self.state = pathlib.Path(home) / "c"
        self.has_networks = networks
        self.port = wait_for(free_ports, what="free ports")
        self.env = {**os.environ, "OPSFABRIC_CLUSTER": str(self.state), "OPSFABRIC_PRESET": preset,
                    "OPSFABRIC_CLUSTER_PORT": str(self.port), "OPSFABRIC_CLUSTER_NETWORK": NETWORK if networks else ""}

    def run(self, *args, check=True):
        done = subprocess.run([ROOT / "deploy" / "cluster" / "run", *args], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        assert not check or done.returncode == 0, done.stdout + self.last_words()
        return done.stdout

    def last_words(self):
        return "".join(f"\n--- {path}\n" + "".join(path.open(errors="replace").readlines()[-15:])
                       for path in sorted(self.state.glob("pg*/*.log")))

    def start(self):
        self.run("start")
        wait_for(self.is_whole, 240, "three nodes")
        return self

    def stop(self):
        self.run("stop", check=False)

    def settings(self):
        return dict(line.split("=", 1) for line in (self.state / "cluster.env").read_text().splitlines())

    def secret(self, name):
        lines = (self.state / "secrets").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    # ---- where they are ------------------------------------------------------------------

    def at(self, node, what="postgres"):
        if self.has_networks:
            return f"{NETWORK}.{node[2:]}", {"postgres": 5432, "rest": 8008}[what]
        return "127.0.0.1", self.port + 10 * int(node[2:]) + {"postgres": 0, "rest": 1}[what]

    def members(self):
        """What a node that answers says about all, by their names."""
        for node in NODES:
            with contextlib.suppress(requests.RequestException, ValueError):
                answer = requests.get("http://%s:%d/cluster" % self.at(node, "rest"), timeout=2)
                return {member["name"]: member for member in answer.json()["members"]}
        return {}

    def leader(self):
        """Which node says that it takes writes."""
        for node in NODES:
            with contextlib.suppress(requests.RequestException):
                if requests.get("http://%s:%d/primary" % self.at(node, "rest"), timeout=1).status_code == 200:
                    return node
        return None

    def is_whole(self):
        """A leader that both others follow synchronously; what they say of themselves may be old."""
        if sorted(member["role"] for member in self.members().values()) != ["leader", "sync_standby", "sync_standby"]:
            return False
        with contextlib.suppress(psycopg2.Error), contextlib.closing(self.connect("postgres")) as db, db.cursor() as cursor:
            cursor.execute("select count(*) filter (where sync_state = 'sync'), count(*) from pg_stat_replication"
                           " where state = 'streaming'")
            return cursor.fetchone() == (2, 2)
        return False

    # ---- databases, as superuser ---------------------------------------------------------

    def connect(self, dbname="opsfabric"):
        """To the node that takes writes."""
        hosts = [self.at(node) for node in NODES]
        db = psycopg2.connect(
            host=",".join(host for host, _ in hosts), port=",".join(str(port) for _, port in hosts), dbname=dbname,
            user="postgres", password=self.secret("superuser"), target_session_attrs="read-write", connect_timeout=2,
            tcp_user_timeout=3000)
        db.autocommit = True
        psycopg2.extras.register_uuid(conn_or_curs=db)
        return db

    def connect_beside(self, node):
        """To that node, through its socket: no cut network is in the way."""
        db = psycopg2.connect(host=str(self.state / node / "sockets"), port=self.at(node)[1], dbname="postgres",
                              user="postgres", connect_timeout=2)
        db.autocommit = True
        return db


@contextlib.contextmanager
def installation(networks):
    """(cluster, stack): a stack that lives in a cluster, with two dispatchers. Without a spool: what is acknowledged is in the cluster."""
    with contextlib.ExitStack() as last:
        if networks:
            last.enter_context(in_own_network())
        home = pathlib.Path(last.enter_context(tempfile.TemporaryDirectory(prefix="of-", ignore_cleanup_errors=True)))
        home.chmod(0o711)
        cluster = Cluster(home, networks, PRESET)
        last.callback(cluster.stop)
        cluster.start()
        stack = Stack.start(home / "s", OPSFABRIC_SKIP_BUILD="1", SPOOL_DIR="off", **cluster.settings())
        last.callback(stack.stop)
        stack.connect = cluster.connect
        with (stack.state / "log" / "second.log").open("w") as log:
            second = subprocess.Popen([stack.state / "programs" / "bin" / "dispatcher"], env={**os.environ, **stack.env},
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        last.callback(second.wait, 180)
        last.callback(second.terminate)
        yield cluster, stack
        assert second.poll() is None, (stack.state / "log" / "second.log").read_text()


class Beside(threading.Thread):
    """Somebody on the machine of a leader that is about to be cut off, who writes and writes.

    acknowledged: what Postgres said it has; tried: how often in all. What is acknowledged must outlive the leader.
    """

    first = iter(range(0, 10**9, 10**5))

    def __init__(self, cluster, node):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.node = node
        self.ending = threading.Event()
        self.next = next(self.first)
        self.acknowledged = []
        self.tried = 0

    def run(self):
        while not self.ending.is_set():
            with contextlib.suppress(psycopg2.Error), contextlib.closing(self.cluster.connect_beside(self.node)) as db:
                with db.cursor() as cursor:
                    while not self.ending.is_set():
                        self.next += 1
                        self.tried += 1
                        cursor.execute("insert into beside values (%s)", (self.next,))
                        self.acknowledged.append(self.next)
                        time.sleep(0.005)
            self.ending.wait(0.1)

    def lost(self):
        """What was acknowledged and is not in the database of the leader of now."""
        with contextlib.closing(self.cluster.connect("postgres")) as db, db.cursor() as cursor:
            cursor.execute("select id from beside")
            return sorted(set(self.acknowledged) - {row[0] for row in cursor.fetchall()})
