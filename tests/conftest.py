"""Fixtures: one stack for all tests of a run, a firm of its own for each test."""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tests.support.stack import Stack, to_midnight, wait_for  # noqa: E402

# Unix sockets allow 107 bytes: TMPDIR may be long.
tempfile.tempdir = "/tmp"
# No test takes longer whose requests must be of one day.
BEFORE_MIDNIGHT_S = 120


@pytest.fixture(scope="session")
def private_dir():
    """A short path of its own: Unix sockets allow 107 bytes."""
    path = tempfile.mkdtemp(prefix="of-")
    yield pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(private_dir):
    """The stack a CTest run shares (tests/support/stack wrote where), or a private one."""
    joined = os.environ.get("OPSFABRIC_TEST_STACK")
    if joined:
        running = Stack(pathlib.Path(joined).read_text().strip())
        yield running
        running.close()
        return
    running = Stack.start(private_dir / "stack")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def own_stack(private_dir):
    """For tests that stop, kill or freeze parts: nobody else's tests are in there."""
    running = Stack.start(private_dir / "own")
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def of_one_day():
    """A test does not begin on one day and end on the next, by which a ticket is another ticket."""
    wait_for(lambda: to_midnight() > BEFORE_MIDNIGHT_S, 2 * BEFORE_MIDNIGHT_S, "midnight to pass")


@pytest.fixture
def tenant(stack):
    return stack.tenant()


@pytest.fixture
def clock(stack):
    """stack.clock, put back after the test."""
    yield stack.clock
    stack.clock(None)
