"""Everything can be restarted at noon: under saturation no request fails, no message goes twice or is lost"""

import pathlib

import pytest

from tests.support.campaign import restart_under_load, settle, untrue_messages
from tests.support.load import Load, load_of
from tests.support.processes import Processes, kill
from tests.support.stack import ROOT, Stack, wait_for

ROUTES = [
    line.split()[0] for line in pathlib.Path(ROOT / "cgi-bin" / "ROUTES").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def own_stack(private_dir):
    """With one worker a route: while it is replaced nobody serves, and all 200 wait. tests/long/run has two."""
    running = Stack.start(private_dir / "own", OPSFABRIC_WORKERS=1)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def firm(own_stack):
    return own_stack.tenant(daily_segments=1000000)


@pytest.fixture(scope="module")
def processes(own_stack):
    return Processes(own_stack)


@pytest.fixture(scope="module", autouse=True)
def nobody_complains(processes):
    yield
    assert processes.complaints() == []


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_restarts_under_200_connections_without_one_failed_request(own_stack, firm, route):
    figures = restart_under_load(own_stack, firm, route)
    print(figures)
    assert figures["violations"] == [] and figures["failed"] == 0
    assert figures["answered"] > 0


def test_the_dispatcher_restarts_under_load_and_no_message_is_lost_or_goes_twice(own_stack, firm, processes):
    request, options, good = load_of("missed_call", own_stack, firm)
    with Load(own_stack, *request, **options) as load:
        for _ in range(3):
            before = processes.pids("dispatcher")
            own_stack.run("--restart", "dispatcher")
            processes.wait_running("dispatcher", other_than=before)
            load.wait_more()
    assert load.failed(good) == 0, load.result
    settle(own_stack)
    assert untrue_messages(own_stack) == []
    # Nobody was killed, so nobody is in doubt.
    assert own_stack.sql("select status, count(*) from sms_log where direction = 'outbound' and template <> 'alert' and status <> 'sent'"
                         " group by 1") == []
    sent = own_stack.one("select count(*) from sms_log where customer_id = %s and template = 'missed_call'", firm.id)
    assert sent["count"] >= load.answered


def test_a_signal_stops_the_dispatcher_with_nothing_left_in_doubt(own_stack, firm, processes):
    """SIGTERM as often as it can be sent, while messages are leaving."""
    request, options, good = load_of("ticket", own_stack, firm)
    with Load(own_stack, *request, connections=20, **options) as load:
        for _ in range(3):
            (before,) = processes.wait_running("dispatcher")
            kill(before, 15)
            processes.wait_running("dispatcher", other_than=[before])
            load.wait_more()
    assert load.failed(good) == 0, load.result
    settle(own_stack)
    assert untrue_messages(own_stack) == []
    assert own_stack.sql("select id from sms_log where status = 'unknown'") == []
    assert wait_for(lambda: own_stack.get("/healthz").status_code == 200)
