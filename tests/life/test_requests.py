"""A request counts when all of it has arrived, and nobody holds a worker who does not send one

FastCGI bytes straight to the programs' sockets: torn in every place, aborted, never finished,
and with the signals of a restart in the middle.
"""

import json
import select
import signal
import time
import uuid

import pytest

from tests.support import fastcgi
from tests.support.processes import Processes, is_running, kill
from tests.support.stack import mobile, wait_for

TICKET = "/api/ticket"
# How long lib/serve.c waits for a request that does not come, and the time to notice and replace.
READ_LIMIT = 5
SLACK = 30


@pytest.fixture(scope="module")
def firm(own_stack):
    return own_stack.tenant(daily_segments=100000)


@pytest.fixture(scope="module")
def processes(own_stack):
    return Processes(own_stack)


@pytest.fixture(autouse=True)
def nobody_complains(processes):
    before = processes.complaints()
    yield
    assert processes.complaints() == before


def connect(firm, route="ticket"):
    return fastcgi.Connection(firm.stack.state / "run" / f"{route}.sock")


def ticket_body(firm, phone):
    return json.dumps({"customer_slug": firm.slug, "contact_phone": phone, "summary": "Der Boiler tropft."}).encode()


def accepted(firm):
    """A whole request, straight to the socket: created, and nothing waits in front of it."""
    with connect(firm) as c:
        answer = c.request("POST", TICKET, ticket_body(firm, mobile())).answer()
    assert answer.status == 201, answer.body
    return answer


def nothing_happened(firm, phone):
    """A row of a request that was torn would be there when a later one has been answered by each worker."""
    return not firm.tickets(phone) and not firm.stack.sql("select id from contacts where phone = %s", phone)


def unless_late(attempt):
    """attempt() is what a worker waits for in the middle of a request: where the machine stood still for longer than a worker
    waits, it is made again."""
    def made():
        begun = time.monotonic()
        try:
            attempt()
        except (AssertionError, fastcgi.Torn, BrokenPipeError):
            if time.monotonic() - begun < READ_LIMIT - 1:
                raise
            return False
        return True

    wait_for(made, 180, "a machine that is quick enough")


def half(firm):
    """A request of which half the body is there, and what is missing."""
    phone = mobile()
    body = ticket_body(firm, phone)
    c = connect(firm).begin().params(fastcgi.parameters("POST", TICKET, body)).stdin(body[:len(body) // 2])
    return c, phone, body[len(body) // 2:]


# ---- whole requests ---------------------------------------------------------------------------


def test_a_whole_request_is_answered_and_done(firm):
    phone = mobile()
    with connect(firm) as c:
        answer = c.request("POST", TICKET, ticket_body(firm, phone)).answer()
    assert answer.status == 201 and answer.app_status == 0
    (ticket,) = firm.tickets(phone)
    assert answer.json()["ticket_id"] == str(ticket["id"])
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_a_request_in_single_bytes_is_the_same_request(firm):
    phone = mobile()
    body = ticket_body(firm, phone)
    whole = (fastcgi.record(fastcgi.BEGIN, b"\0\1\0\0\0\0\0\0")
             + fastcgi.records(fastcgi.PARAMS, fastcgi.pairs(fastcgi.parameters("POST", TICKET, body)))
             + fastcgi.record(fastcgi.PARAMS) + fastcgi.records(fastcgi.STDIN, body) + fastcgi.record(fastcgi.STDIN))
    with connect(firm) as c:
        for i in range(len(whole)):
            c.raw(whole[i:i + 1])
        assert c.answer().status == 201
    assert len(firm.tickets(phone)) == 1


# ---- torn -------------------------------------------------------------------------------------


def torn_params(firm, phone):
    """Every kind of place at which the parameters can end: (bytes sent, what is after them)."""
    body = ticket_body(firm, phone)
    params = fastcgi.pairs(fastcgi.parameters("POST", TICKET, body))
    begin = fastcgi.record(fastcgi.BEGIN, b"\0\1\0\0\0\0\0\0")
    yield b""
    yield begin[:5]
    yield begin
    yield begin + fastcgi.record(fastcgi.PARAMS, params)[:4]
    for cut in (1, 7, len(params) // 3, len(params) // 2, len(params) - 1):
        yield begin + fastcgi.record(fastcgi.PARAMS, params)[:8 + cut]
        yield begin + fastcgi.record(fastcgi.PARAMS, params[:cut])
    # All of them, but not the word that this was all.
    yield begin + fastcgi.record(fastcgi.PARAMS, params)


def test_torn_parameters_are_never_handled(firm):
    phone = mobile()
    for sent in torn_params(firm, phone):
        with connect(firm) as c:
            c.raw(sent).hang_up()
            assert not c.is_answered(), sent
    for _ in range(4):
        accepted(firm)
    assert nothing_happened(firm, phone)


@pytest.mark.parametrize("how", ["hang_up", "close"])
def test_a_torn_body_is_never_handled(firm, how):
    phone = mobile()
    body = ticket_body(firm, phone)
    for cut in (0, 1, len(body) // 2, len(body) - 1):
        with connect(firm) as c:
            c.begin().params(fastcgi.parameters("POST", TICKET, body)).stdin(body[:cut])
            if how == "close":
                continue
            try:
                assert c.hang_up().answer().status == 400
            except fastcgi.Torn:
                pass
    # JSON that is whole although the body is not: only the length tells.
    with connect(firm) as c:
        c.begin().params(fastcgi.parameters("POST", TICKET, body, CONTENT_LENGTH=len(body) + 1)).stdin(body)
        try:
            assert c.hang_up().answer().status == 400
        except fastcgi.Torn:
            pass
    for _ in range(4):
        accepted(firm)
    assert nothing_happened(firm, phone)


def test_a_body_shorter_than_its_length_is_refused(firm):
    phone = mobile()
    body = ticket_body(firm, phone)
    with connect(firm) as c:
        c.begin().params(fastcgi.parameters("POST", TICKET, body, CONTENT_LENGTH=len(body) + 1))
        answer = c.stdin(body, end=True).answer()
    assert answer.status == 400
    assert answer.json()["type"].endswith("bad-request")
    assert nothing_happened(firm, phone)


def test_a_body_longer_than_its_length_counts_up_to_it(firm):
    phone = mobile()
    body = ticket_body(firm, phone)
    with connect(firm) as c:
        c.begin().params(fastcgi.parameters("POST", TICKET, body))
        assert c.stdin(body + b'{"contact_phone": "+41790000000"}', end=True).answer().status == 201
    assert len(firm.tickets(phone)) == 1


@pytest.mark.parametrize("when", ["after begin", "inside the parameters", "inside the body"])
def test_an_aborted_request_is_never_handled(firm, when):
    phone = mobile()
    body = ticket_body(firm, phone)
    params = fastcgi.parameters("POST", TICKET, body)
    with connect(firm) as c:
        c.begin()
        if when == "inside the parameters":
            c.params(params, end=False)
        elif when == "inside the body":
            c.params(params).stdin(body[:20])
        c.abort()
        if when == "inside the body":
            c.stdin(body[20:], end=True)
        try:
            assert c.hang_up().answer().status == 400
        except fastcgi.Torn:
            pass
    for _ in range(4):
        accepted(firm)
    assert nothing_happened(firm, phone)


def test_what_is_no_fastcgi_hurts_nobody(firm, processes):
    before = processes.wait_running("ticket")
    for bytes_sent in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\xff" * 5000, b"\1\1\0\0\0\0\0\0" * 100,
                       fastcgi.record(fastcgi.BEGIN, b"\0\2\0\0\0\0\0\0"), fastcgi.record(9, b"\0" * 100) * 10,
                       fastcgi.record(fastcgi.PARAMS, b"\x80\xff\xff\xff" * 100)):
        with connect(firm) as c:
            try:
                c.raw(bytes_sent).hang_up()
            except BrokenPipeError:
                continue
            assert not c.is_answered()
    accepted(firm)
    assert processes.wait_running("ticket") == before


# ---- lengths and numbers of parameters ----------------------------------------------------------


def test_a_post_without_a_length_is_411(firm):
    for changes in ({"CONTENT_LENGTH": None}, {"CONTENT_LENGTH": ""}):
        with connect(firm) as c:
            answer = c.request("POST", TICKET, b"{}", **changes).answer()
        assert answer.status == 411
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["-1", "+5", " 5", "5 ", "0x5", "5.0", "99999999999999999999", "a", "1" * 5000])
def test_a_length_that_is_none_is_400(firm, text):
    with connect(firm) as c:
        assert c.request("POST", TICKET, b"{}", CONTENT_LENGTH=text).answer().status == 400


@pytest.mark.parametrize("announced", [64 * 1024 + 1, 9999999999])
def test_a_length_over_the_limit_is_413_before_the_body_comes(firm, announced):
    with connect(firm) as c:
        c.begin().params(fastcgi.parameters("POST", TICKET, b"{}", CONTENT_LENGTH=announced))
        assert c.answer().status == 413


@pytest.mark.parametrize("missing", ["REQUEST_METHOD", "DOCUMENT_URI"])
def test_a_request_without_what_nginx_always_sends_is_refused(firm, missing):
    phone = mobile()
    with connect(firm) as c:
        answer = c.request("POST", TICKET, ticket_body(firm, phone), **{missing: None}).answer()
    assert answer.status == 400
    assert nothing_happened(firm, phone)


def test_ten_thousand_parameters_are_only_ten_thousand_parameters(firm, processes):
    before = processes.wait_running("ticket")
    phone = mobile()
    extra = {f"HTTP_X_{i}": "x" * 50 for i in range(10000)}
    with connect(firm) as c:
        assert c.request("POST", TICKET, ticket_body(firm, phone), **extra).answer().status == 201
    assert len(firm.tickets(phone)) == 1
    with connect(firm) as c:
        answer = c.request("POST", TICKET, ticket_body(firm, phone), HTTP_COOKIE="x" * 1000000).answer()
    assert answer.status in (200, 400)
    assert processes.wait_running("ticket") == before


def test_a_header_longer_than_the_memory_of_a_request_is_refused(firm, processes):
    """nginx lets none pass; a worker that dies of one would die of whatever else speaks to its socket."""
    before = processes.wait_running("ticket")
    with connect(firm) as c:
        c.request("POST", TICKET, ticket_body(firm, mobile()), HTTP_USER_AGENT="x" * 8000000)
        assert c.answer().status == 400
    assert processes.wait_running("ticket") == before


def test_of_two_parameters_of_one_name_the_first_counts(firm):
    body = ticket_body(firm, mobile())
    params = [*fastcgi.parameters("POST", TICKET, body).items(), ("REQUEST_METHOD", "DELETE"), ("CONTENT_LENGTH", "1")]
    with connect(firm) as c:
        assert c.begin().params(params).stdin(body, end=True).answer().status == 201


# ---- silence ------------------------------------------------------------------------------------


def is_ended(connection):
    """Whoever was silent has been given up."""
    return bool(select.select([connection.socket], [], [], 0)[0])


def silent(firm):
    return connect(firm)


def silent_after_begin(firm):
    return connect(firm).begin()


def silent_inside_params(firm):
    return connect(firm).begin().params({"REQUEST_METHOD": "POST"}, end=False)


def silent_inside_body(firm):
    body = ticket_body(firm, mobile())
    return connect(firm).begin().params(fastcgi.parameters("POST", TICKET, body)).stdin(body[:10])


SILENCES = [silent, silent_after_begin, silent_inside_params, silent_inside_body]


@pytest.mark.parametrize("silence", SILENCES)
def test_while_one_is_silent_the_other_worker_answers(firm, processes, silence):
    processes.wait_running("ticket")

    def answered_before():
        """Not only when the silent one is ended; unless the machine stood still for that long."""
        with silence(firm) as held:
            accepted(firm)
            return not is_ended(held)

    for _ in range(3):
        wait_for(answered_before, what="an answer beside the silent one")
    processes.wait_running("ticket")


@pytest.mark.parametrize("silence", SILENCES)
def test_the_silent_hold_all_workers_no_longer_than_the_limit(firm, processes, silence):
    before = processes.wait_running("ticket")
    held = [silence(firm) for _ in before]
    begun_at = time.monotonic()
    accepted(firm)
    took = time.monotonic() - begun_at
    for c in held:
        c.close()
    assert took < READ_LIMIT + SLACK, f"{silence.__name__}: {took:.1f} s"
    processes.wait_running("ticket")


def test_a_peer_that_would_keep_its_connection_holds_no_worker(firm, processes):
    """nginx is told not to; whoever asks for it gets one answer and the end of the connection."""
    before = processes.wait_running("ticket")
    for _ in before:
        body = ticket_body(firm, mobile())
        c = connect(firm)
        c.begin(flags=fastcgi.KEEP_CONNECTION).params(fastcgi.parameters("POST", TICKET, body)).stdin(body, end=True)
        assert c.answer().status == 201
        assert c.socket.recv(1) == b""
        c.close()
    accepted(firm)
    assert processes.wait_running("ticket") == before


# ---- the signals of a restart ---------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_in_the_middle_of_a_body_lets_the_request_finish(firm, processes, how):
    def signalled():
        halves, before = processes.hold_all("ticket", lambda: half(firm))
        for pid in before:
            kill(pid, how)
        for c, _, rest in halves:
            with c:
                c.stdin(rest, end=True)
                assert c.answer().status == 201
        seen.append((halves, before))

    seen = []
    unless_late(signalled)
    ((halves, before),) = seen
    assert [len(firm.tickets(phone)) for _, phone, _ in halves] == [1] * len(halves)
    after = processes.wait_running("ticket", other_than=before)
    assert len(after) == len(before)
    for pid in before:
        wait_for(lambda: not is_running(pid), what="the old worker to end")
    accepted(firm)


def test_a_request_that_waits_for_a_worker_outlives_the_restart(firm, processes):
    """What stands in the backlog while nobody accepts is answered by those who come next."""
    def restarted():
        halves, before = processes.hold_all("ticket", lambda: half(firm))
        waiting = [connect(firm).request("POST", TICKET, ticket_body(firm, mobile())) for _ in range(20)]
        for pid in before:
            kill(pid, signal.SIGTERM)
        for c, _, rest in halves:
            assert c.stdin(rest, end=True).answer().status == 201
            c.close()
        seen.append((waiting, before))

    seen = []
    unless_late(restarted)
    ((waiting, before),) = seen
    for c in waiting:
        assert c.answer().status == 201
        c.close()
    processes.wait_running("ticket", other_than=before)


def test_a_killed_worker_tears_only_its_own_request(firm, processes):
    def killed():
        halves, before = processes.hold_all("ticket", lambda: half(firm))
        kill(before[0], signal.SIGKILL)
        answered = 0
        for c, phone, rest in halves:
            with c:
                try:
                    c.stdin(rest, end=True)
                    done = c.is_answered()
                except BrokenPipeError:
                    done = False
            answered += done
            assert done != nothing_happened(firm, phone)
        processes.wait_running("ticket", other_than=before[:1])
        assert answered == len(before) - 1

    unless_late(killed)
    accepted(firm)


def test_the_log_of_torn_requests_names_no_number(firm):
    """Half a body may hold a number: what is refused is not what is logged."""
    phone = mobile()
    body = ticket_body(firm, phone)
    request_id = uuid.uuid4().hex
    with connect(firm) as c:
        c.begin().params(fastcgi.parameters("POST", TICKET, body, CONTENT_LENGTH=len(body) + 9, REQUEST_ID=request_id))
        assert c.stdin(body, end=True).answer().status == 400
    log = (firm.stack.state / "log" / "ticket.log").read_text()
    assert request_id in log and phone not in log
