"""probing - the probe in the place of units' programs, all their other settings kept: what somebody could do who took one over"""

from tests.support.stack import wait_for

# Another host's, and one of this host where the database is not.
ELSEWHERE = ("192.0.2.7", "127.0.0.2")
PORT = "7777"
SECRET_FILES = ("/etc/shadow", "/etc/opsfabric/owner.conf", "/etc/opsfabric/opsfabric.conf")
FOREIGN = ("/etc", "/etc/opsfabric", "/usr/bin", "/usr/libexec/opsfabric", "/root", "/home", "/var/lib", "/var/lib/postgresql",
           "/var/log", "/var/spool", "/srv", "/opt", "/dev/shm", "/run", "/run/lock", "/boot")
# Where some of them have work to do.
BACKUPS = "/var/backups/opsfabric"
OWN = ("/var/lib/opsfabric/spool", "/var/lib/opsfabric/photos", "/var/lib/opsfabric/log", BACKUPS)
TRIALS = len(SECRET_FILES) + len(FOREIGN) + len(OWN) + len(ELSEWHERE)
PROBE = "/usr/local/bin/opsfabric-probe"
LEFT = " ".join(f"{directory}/opsfabric-probe" for directory in (*FOREIGN, *OWN))


def tempt(box, probe):
    """Puts the probe there, and another address where somebody listens. What it is asked to try."""
    box.run("cp", probe, PROBE)
    # A disk of its own that anybody may write to.
    box.run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/srv")
    box.run("ip", "address", "add", f"{ELSEWHERE[0]}/32", "dev", "lo")
    box.run("systemd-run", "--quiet", "--unit=elsewhere", "--service-type=exec", PROBE, "listen", "0.0.0.0", PORT)
    # Those of backup --setup, of which the units want the second.
    box.run("mkdir", "-p", f"{BACKUPS}/base")
    addresses = [word for address in ELSEWHERE for word in (address, PORT)]
    return " ".join(["read", *SECRET_FILES, "write", *FOREIGN, *OWN, "connect", *addresses])


def untempt(box):
    box.run("rm", "-r", BACKUPS)


def outcomes(text):
    """What the probe tried, and how it went."""
    words = [line.split(" ", 2) for line in text.splitlines()]
    return {(w[0], w[1]): w[2] for w in words if len(w) == 3 and w[0] in ("read", "write", "connect")}


def said_by(box, name):
    lines = outcomes(box.run("journalctl", "-b", "-o", "cat", "-u", name).stdout)
    return lines if len(lines) == TRIALS else None


def in_place_of(box, names, arguments):
    """What the probe says of each unit. Those of routes and the dispatcher have to be started again."""
    units = " ".join(names)
    box.shell(
        f"for unit in {units}; do mkdir -p /run/systemd/system/$unit.d;"
        f" printf '%s\\n' '[Service]' 'ExecStart=' 'ExecStart={PROBE} {arguments}' Type=exec Restart=no WatchdogSec=0"
        " >/run/systemd/system/$unit.d/probe.conf; done; systemctl daemon-reload;"
        f" systemctl stop {units}; systemctl start {units}")
    try:
        return {name: wait_for(lambda name=name: said_by(box, name), 180, f"the lines of {name}") for name in names}
    finally:
        box.shell(f"for unit in {units}; do rm -r /run/systemd/system/$unit.d; done; systemctl stop {units};"
                  " systemctl daemon-reload; systemctl reset-failed")
