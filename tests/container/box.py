"""box - a container of bare Debian with a systemd of its own, in which a test may do what it likes

systemd-nspawn boots it from an image, over which an overlay takes what the test writes. Its network is
private: loopback only. run() executes a command inside, load comes from outside into the same network
(the image stays bare). Nothing is left when it is stopped: the overlay is mounted in a mount namespace that
ends with it, and its cgroups are its own.
"""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from tests.support.stack import wait_for

CGROUPS = pathlib.Path("/sys/fs/cgroup")
HOMES = pathlib.Path("/var/tmp")
PREFIX = "opsfabric-test"
NSPAWN_RUN = pathlib.Path("/run/systemd/nspawn")
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000
# Debian's systemd inside filters addresses by programs of the kernel; nspawn does not grant that by itself.
NSPAWN = (
    "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--private-network", "--console=pipe",
    "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--hostname=opsfabric",
    "--system-call-filter=bpf", "--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON")
BOOT_SECONDS = 240
ASKS_FOR_REBOOT = 133


def lacking():
    """Why this machine cannot run a container, in plain words; None where it can."""
    if os.geteuid() != 0:
        return "a container needs root"
    for program, package in (("systemd-nspawn", "systemd-container"), ("mmdebstrap", "mmdebstrap"), ("wrk", "wrk")):
        if shutil.which(program) is None:
            return f"{program} is missing: Debian's package {package}"
    if not hierarchies():
        return "there is no cgroup file system at /sys/fs/cgroup"
    try:
        for hierarchy in hierarchies():
            trial = hierarchy / f"{PREFIX}-{os.getpid()}"
            trial.mkdir()
            trial.rmdir()
    except OSError as error:
        return f"no cgroup can be made here: {error}"
    with tempfile.TemporaryDirectory(prefix="of-trial-", dir=HOMES) as trial:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", f"cd {trial}; mkdir lower upper work root; mount -t overlay overlay"
             " -o lowerdir=lower,upperdir=upper,workdir=work root"], capture_output=True, text=True)
        if done.returncode != 0:
            return f"nothing can be mounted over another here: {done.stderr.strip()}"
    return None


def hierarchies():
    """Where a container needs a cgroup: of the old kind one for each controller, of the new kind one for all."""
    if (CGROUPS / "cgroup.controllers").is_file():
        return [CGROUPS]
    return [path for path in (CGROUPS / "systemd", CGROUPS / "unified", CGROUPS / "memory") if path.is_dir()]


def sweep():
    """What is left of those who were killed before they could stop their box."""
    for hierarchy in hierarchies():
        for cgroup in hierarchy.glob(f"{PREFIX}-*"):
            if not pathlib.Path("/proc", cgroup.name.split("-")[2]).exists():
                Box.removed(cgroup)


def set_network(namespace):
    if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network")


class Box:
    """Box.boot() starts one. What it was given lies in home, which is the caller's to remove."""

    def __init__(self, home, image):
        self.home = pathlib.Path(home)
        self.image = pathlib.Path(image)
        self.name = f"{PREFIX}-{os.getpid()}"
        self.cgroups = [path / self.name for path in hierarchies()]
        self.binds = ()
        self.process = None
        self.leader = None

    @classmethod
    def boot(cls, home, image, binds=(), memory=None):
        """binds are (directory, where inside), read-only; memory is the limit of all that is inside, in bytes."""
        sweep()
        box = cls(home, image)
        box.binds = binds
        try:
            for cgroup in box.cgroups:
                cgroup.mkdir()
            for name in ("upper", "work", "root"):
                (box.home / name).mkdir()
            if memory is not None:
                box.memory_limit(memory)
            box.start()
        except BaseException:
            box.stop()
            raise
        return box

    def start(self):
        script = (
            f"mount -t overlay overlay -o lowerdir={self.image},upperdir={self.home}/upper,workdir={self.home}/work"
            f" {self.home}/root && exec \"$@\"")
        command = [*NSPAWN, f"--machine={self.name}", f"--directory={self.home}/root"]
        command += [f"--bind-ro={source}:{target}" for source, target in self.binds]
        with open(self.home / "console.log", "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.begin)
        self.wait_booted()

    def begin(self):
        """In the child: into the box's cgroups, and down with whoever tests."""
        for cgroup in self.cgroups:
            (cgroup / "cgroup.procs").write_text(str(os.getpid()))
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    # ---- from boot to boot ------------------------------------------------------------------------

    def find_leader(self):
        """The first process inside, seen from outside; None while there is none that can be entered."""
        assert self.process.poll() is None, (self.home / "console.log").read_text()[-2000:]
        try:
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for child in children:
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return int(child)
        except (FileNotFoundError, ProcessLookupError):
            pass
        return None

    def wait_booted(self):
        self.leader = wait_for(self.find_leader, BOOT_SECONDS, "the container")
        wait_for(lambda: self.run("systemctl", "show", "--property=Version", check=False).returncode == 0,
                 BOOT_SECONDS, "systemd inside")
        state = self.run("timeout", str(BOOT_SECONDS), "systemctl", "is-system-running", "--wait", check=False).stdout
        assert state.strip() in ("running", "degraded"), state

    def reboot(self):
        """As a machine does: all of it ends, and begins from what is on the disk."""
        self.run("systemctl", "reboot", check=False)
        assert self.process.wait(BOOT_SECONDS) == ASKS_FOR_REBOOT, self.process.returncode
        self.start()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(60)
        for cgroup in self.cgroups:
            wait_for(lambda: self.removed(cgroup), 120, f"the end of {cgroup}")
        # nspawn leaves its own where /run is on a disk.
        shutil.rmtree(NSPAWN_RUN / "propagate" / self.name, ignore_errors=True)
        for lock in (NSPAWN_RUN / "locks").glob(f"*{self.name}*"):
            lock.unlink()

    @staticmethod
    def removed(cgroup):
        if not cgroup.exists():
            return True
        for path in sorted(cgroup.rglob("*"), key=lambda p: len(p.parts), reverse=True):
            if path.is_dir():
                try:
                    path.rmdir()
                except OSError:
                    return False
        try:
            cgroup.rmdir()
        except OSError:
            return False
        return True

    # ---- inside -------------------------------------------------------------------------------------

    def run(self, *command, check=True, stdin=None, timeout=300, **environment):
        """A command inside, as root; what it says in .stdout and .stderr."""
        done = subprocess.run(
            ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
             "--root", "--wd", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TERM=dumb",
             *(f"{name}={value}" for name, value in environment.items()), *command],
            input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True,
            timeout=timeout)
        if check:
            assert done.returncode == 0, (command, done.returncode, done.stdout[-4000:], done.stderr[-4000:])
        return done

    def shell(self, script, **kwargs):
        return self.run("sh", "-euc", script, **kwargs)

    def path(self, inside):
        """A file of the container, seen from outside."""
        return pathlib.Path(f"/proc/{self.leader}/root{inside}")

    # ---- the network, for the process that tests ------------------------------------------------------

    def enter(self):
        """From here on this thread's connections, and its children's, are made inside."""
        with open(f"/proc/{self.leader}/ns/net") as network:
            set_network(network)

    @staticmethod
    def leave(network):
        set_network(network)

    # ---- memory ---------------------------------------------------------------------------------------

    def memory_file(self, old, new):
        if (CGROUPS / "memory").is_dir():
            return CGROUPS / "memory" / self.name / old
        return CGROUPS / self.name / new

    def memory_limit(self, limit):
        """From outside: the controllers are not the container's."""
        self.memory_file("memory.limit_in_bytes", "memory.max").write_text(str(limit))

    def memory_most(self):
        """Bytes, the most that was ever used; what the system keeps of files counts."""
        return int(self.memory_file("memory.max_usage_in_bytes", "memory.peak").read_text())

    def memory_kills(self):
        """How often somebody was killed for want of memory."""
        told = self.memory_file("memory.oom_control", "memory.events").read_text()
        return int(re.search(r"(?m)^oom_kill (\d+)$", told)[1])
