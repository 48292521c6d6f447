"""Fixtures: one container for all tests of the run, in which they follow one another: files by their names, and what is in them.

test_package      installed, at work, restarted, rebooted, upgraded, rolled back
test_rehearsal    backups are set up, taken, rehearsed and damaged
test_removal      removed, purged, installed again without a database, and with one elsewhere
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from tests.container import image, package
from tests.container.box import HOMES, Box, lacking
from tests.container.site import Site, authority

HERE = pathlib.Path(__file__).parent
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
LONG = ROUNDS >= 50
MB = 1024 * 1024
# All that is inside, Postgres too, and while packages are installed.
MEMORY_LIMIT = 512 * MB
NETWORK = pathlib.Path("/proc/thread-self/ns/net")


@pytest.fixture(scope="session", autouse=True)
def able():
    reason = lacking()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def debian(able):
    """The image for the .deb of this tree, which is built with those after it."""
    try:
        return image.ready(package.build_all(), stocked=not LONG)
    except image.NoImage as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def home():
    """On a disk that an overlay can lie on, and near the root: what is in there are paths of sockets as well."""
    for left in HOMES.glob("of-box-*"):
        if not pathlib.Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"of-box-{os.getpid()}-", dir=HOMES))
    path.chmod(0o755)
    (path / "given").mkdir()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def box(home, debian):
    with open(NETWORK) as own_network:
        running = Box.boot(home, debian, [(package.CACHE, "/packages"), (home / "given", "/given")], MEMORY_LIMIT)
        try:
            yield running
        finally:
            running.leave(own_network)
            running.stop()


@pytest.fixture(scope="session")
def site(box, home):
    """Before it is installed nothing of it can be asked; arrive() comes with the first test."""
    ca, certificate = authority(home / "given")
    it = Site(box, "https://localhost", ca, certificate)
    yield it
    it.close()


@pytest.fixture(scope="session")
def probe(home):
    """Where it lies inside; without anything of Debian's, for it has to run in a bare one."""
    built = home / "given" / "probe"
    subprocess.run(["cc", "-O1", "-static", "-o", built, HERE / "probe.c"], check=True)
    return "/given/probe"
