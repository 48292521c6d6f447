#!/usr/bin/python3
"""provider_simulator - eCall (REST and HTTPS), Twilio and Kannel on a loopback port, and all that can go wrong with them

    provider_simulator.py --accepted FILE [--port PORT] [--delay SECONDS] [--faults NAME=WEIGHT,...]

Prints its port, then serves until SIGTERM. What it accepts it appends to FILE, one JSON line
each, before it answers: {"ref", "provider", "to", "from", "text", "fault", "message_id", ...}.
Which provider it is, the path of a request says (DIALECTS below). A message chooses its fault
by words in its text:

    [fault:NAME]      this fault at each attempt
    [first:NAME]      this fault at the first attempt, then accept
    [ref:ID]          how the message is called in FILE

Without such words faults are drawn by --faults. A fault is one of FAULTS below; some accept
the message and keep the answer to themselves, which is what makes delivery interesting. Who
asks about a message afterwards gets the truth, unless --deaf says that nobody answers.
"""
import argparse
import asyncio
import base64
import collections
import json
import random
import re
import resource
import signal
import socket
import struct
import sys
import time
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape

LINGER_NONE = struct.pack("ii", 1, 0)


class Wrong(Exception):
    """A request that this provider would not understand: (status, body)."""


# ---- what each provider reads and says -----------------------------------------------------------
#
# read(request) makes a message of a request, or raises Wrong. The others write an answer:
# (status, content type, body).


class Ecall:
    """REST: JSON with Basic credentials."""
    name = "ecall"
    path = re.compile(r"POST /api/message$")
    asks = re.compile(r"GET /api/message/SM[0-9a-f]{32}$")

    def tell(self, simulator, request):
        request.need_account(self)
        message = simulator.taken.get(request.target.rpartition("/")[2])
        if message is None:
            return self.error(404, "NotFound", "no such message")
        return 200, "application/json", json.dumps({"messageId": message["message_id"], "status": message.get("state", "Sent")})

    @staticmethod
    def error(status, code, text):
        return status, "application/json", json.dumps(
            {"errorCode": code, "errorMessage": text,
             "errorDetails": {"errors": [{"parameter": "To", "messages": [text]}]}})

    def read(self, request):
        request.need_account(self)
        try:
            body = json.loads(request.body)
            assert body["channel"] == "Sms" and body["content"]["type"] == "Text", body
            return {"to": body["to"], "from": body["from"], "text": body["content"]["text"]}
        except (ValueError, KeyError, AssertionError, TypeError) as wrong:
            raise Wrong(*self.error(400, "InvalidRequest", str(wrong))) from wrong

    def accepted(self, message):
        return 201, "application/json", json.dumps({"messageId": message["message_id"]})

    def refused(self):
        return self.error(400, "InvalidContent", "no such receiver")

    def unauthorized(self):
        return self.error(401, "Unauthorized", "who are you")

    def busy(self):
        return self.error(429, "TooManyRequests", "slowly")

    def failed(self):
        return self.error(500, "InternalError", "oh")


class EcallHttps:
    """The URL interface: a form with credentials in it, XML with a ResultCode."""
    name = "ecall_https"
    path = re.compile(r"POST /Api/Sms$")
    asks = re.compile(r"POST /Api/State$")

    @staticmethod
    def result(status, code, text):
        return status, "text/xml", (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<Result xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
            ' xmlns="http://schemas.datacontract.org/2004/07/eCallHttp.Models"><AdditionalInfo i:nil="true" />'
            f"<ResultCode>{code}</ResultCode><ResultText>{escape(text)}</ResultText></Result>")

    def read(self, request):
        form = request.form()
        request.need_account(self, f"{form.get('UserName')}:{form.get('Password')}")
        for name, code in (("Address", 11102), ("Message", 11200), ("CallBack", 11800), ("JobID", 11500)):
            if not form.get(name):
                raise Wrong(*self.result(400, code, f"{name} missing"))
        if len(form["JobID"]) > 50:
            raise Wrong(*self.result(400, 11501, "JobID"))
        return {"to": form["Address"], "from": form["CallBack"], "text": form["Message"], "job_id": form["JobID"]}

    def accepted(self, message):
        return self.result(200, 0, "OK")

    def tell(self, simulator, request):
        form = request.form()
        request.need_account(self, f"{form.get('UserName')}:{form.get('Password')}")
        for message in simulator.taken.values():
            if message.get("job_id") == form["JobID"]:
                return 200, "text/xml", (
                    '<Statuses xmlns="http://schemas.datacontract.org/2004/07/eCallHttp.Models"><Status>'
                    f'<JobID>{form["JobID"]}</JobID><StatusCode>{message.get("state", 1)}</StatusCode>'
                    '<StatusText>ok</StatusText></Status></Statuses>')
        return self.result(400, 11910, "JobNotFound")

    def refused(self):
        return self.result(400, 11100, "no such receiver")

    def unauthorized(self):
        return self.result(401, 11001, "who are you")

    def busy(self):
        return self.result(429, 11400, "slowly")

    def failed(self):
        return self.result(500, 11403, "oh")


class Twilio:
    """A form with Basic credentials, JSON with a sid."""
    name = "twilio"
    path = re.compile(r"POST /2010-04-01/Accounts/AC[0-9a-f]{32}/Messages\.json$")
    asks = re.compile(r"GET /2010-04-01/Accounts/AC[0-9a-f]{32}/Messages(/\w+)?\.json$")

    @staticmethod
    def error(status, code, text):
        return status, "application/json", json.dumps(
            {"code": code, "message": text, "more_info": "https://www.twilio.com/docs/errors", "status": status})

    def read(self, request):
        request.need_account(self)
        form = request.form()
        for name, code in (("To", 21604), ("From", 21603), ("Body", 21619)):
            if not form.get(name):
                raise Wrong(*self.error(400, code, f"{name} missing"))
        return {"to": form["To"], "from": form["From"], "text": form["Body"],
                "validity": int(form["ValidityPeriod"]), "receipt": form.get("StatusCallback")}

    def tell(self, simulator, request):
        request.need_account(self)
        sid = request.target.rpartition("/")[2].removesuffix(".json")
        if sid in simulator.taken:
            return 200, "application/json", json.dumps(self.resource(simulator.taken[sid]))
        query = dict(urllib.parse.parse_qsl(request.query))
        mine = [self.resource(m) for m in simulator.by_number[query["To"]][::-1] if m["dialect"] is self]
        return 200, "application/json", json.dumps({"messages": mine[:int(query["PageSize"])], "page": 0})

    @staticmethod
    def resource(message):
        return {"sid": message["message_id"], "status": message.get("state", "queued"), "to": message["to"],
                "from": message["from"], "body": message["text"], "error_code": None, "error_message": None,
                "num_segments": "1", "date_created": formatdate(message["at"])}

    def accepted(self, message):
        return 201, "application/json", json.dumps(self.resource(message))

    def refused(self):
        return self.error(400, 21211, "no such receiver")

    def unauthorized(self):
        return self.error(401, 20003, "who are you")

    def busy(self):
        return self.error(429, 20429, "slowly")

    def failed(self):
        return self.error(500, 20500, "oh")

    @staticmethod
    def receipts(message, *states):
        """Requests that Twilio makes to the address it was given."""
        return [("POST", message["receipt"], urllib.parse.urlencode(
            {"MessageSid": message["message_id"], "MessageStatus": state, "SmsStatus": state,
             "AccountSid": "AC" + "0" * 32, "To": message["to"], "From": message["from"]})) for state in states]


class Kannel:
    """A GET with everything in its address, words with a number before them; it tells no id."""
    name = "kannel"
    path = re.compile(r"GET /cgi-bin/sendsms$")

    def read(self, request):
        form = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True, strict_parsing=True))
        request.need_account(self, f"{form.get('username')}:{form.get('password')}")
        if not form.get("to"):
            raise Wrong(400, "text/html", "Missing receiver number, rejected")
        if form["charset"] != "UTF-8" or form["coding"] not in ("0", "2"):
            raise Wrong(400, "text/html", "Charset or body misformed, rejected")
        if int(form["validity"]) < 1:
            raise Wrong(400, "text/html", "Validity misformed, rejected")
        return {"to": form["to"], "from": form["from"], "text": form["text"], "coding": form["coding"],
                "receipt": form.get("dlr-url")}

    def accepted(self, message):
        return 202, "text/html", "0: Accepted for delivery"

    def refused(self):
        return 400, "text/html", "Number(s) has/have been denied by white- and/or black-lists."

    def unauthorized(self):
        return 403, "text/html", "Authorization failed for sendsms"

    def busy(self):
        return 503, "text/html", "Temporal failure, try again later."

    def failed(self):
        return 500, "text/html", "oh"

    @staticmethod
    def receipts(message, *states):
        events = {"sent": "8", "delivered": "1", "undelivered": "2"}
        return [("GET", message["receipt"].replace("%d", events[state]).replace("%A", "ACK%2F").replace("%F", "fake"), "")
                for state in states]


DIALECTS = (Ecall(), EcallHttps(), Twilio(), Kannel())


class Request:
    def __init__(self, line, headers, body, users):
        self.method, target, _ = line.split(" ", 2)
        self.target, _, self.query = target.partition("?")
        self.headers = headers
        self.body = body
        self.users = users
        self.account = None

    def form(self):
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise Wrong(415, "text/plain", "a form is wanted")
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    def need_account(self, dialect, credentials=None):
        """user:password, from the header unless they came elsewhere."""
        if credentials is None:
            kind, _, value = self.headers.get("authorization", "").partition(" ")
            credentials = base64.b64decode(value).decode() if kind == "Basic" else ""
        if self.users and credentials not in self.users:
            raise Wrong(*dialect.unauthorized())
        self.account = credentials.split(":")[0]


# ---- connections -------------------------------------------------------------------------------


class Connection(asyncio.Protocol):
    """HTTP/1.1 as a client of ours speaks it: one request after the other, with Content-Length."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.buffer = b""
        self.transport = None
        self.held = False
        self.answered = 0

    def connection_made(self, transport):
        self.transport = transport
        self.simulator.connections += 1
        if self.simulator.reset_at_connect():
            self.reset()

    def data_received(self, data):
        self.buffer += data
        while not self.held:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            length = int(headers.get("content-length", 0))
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4:end + 4 + length]
            self.buffer = self.buffer[end + 4 + length:]
            self.simulator.handle(self, Request(head[0], headers, body, self.simulator.users))

    def answer(self, status, kind, body, extra="", length=None):
        if self.transport.is_closing():
            return
        if not isinstance(body, bytes):
            body = body.encode()
        self.answered += 1
        self.transport.write((f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{extra}"
                              f"Content-Length: {len(body) if length is None else length}\r\n\r\n").encode() + body)

    def reset(self):
        """Not FIN but RST: what a dying host or a firewall sends."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.transport.abort()


# ---- faults ------------------------------------------------------------------------------------
#
# Each takes (simulator, connection, message) and answers, or does not.

def accept(s, c, m):
    s.take(m, "accept")
    s.later(lambda: c.answer(*m["dialect"].accepted(m)))


def refuse(s, c, m):
    c.answer(*m["dialect"].refused())


def unauthorized(s, c, m):
    c.answer(*m["dialect"].unauthorized())


def busy(s, c, m):
    c.answer(*m["dialect"].busy(), "Retry-After: 1\r\n")


def fail(s, c, m):
    c.answer(*m["dialect"].failed())


def accept_fail(s, c, m):
    s.take(m, "accept_fail")
    c.answer(*m["dialect"].failed())


def reset_after_reading(s, c, m):
    c.reset()


def accept_reset(s, c, m):
    s.take(m, "accept_reset")
    c.reset()


def close_after_reading(s, c, m):
    c.transport.close()


def hang(s, c, m):
    c.held = True


def accept_hang(s, c, m):
    s.take(m, "accept_hang")
    c.held = True


def late(s, c, m):
    """Accepts, and answers when nobody listens any more."""
    s.take(m, "late")
    asyncio.get_running_loop().call_later(31, lambda: c.answer(*m["dialect"].accepted(m)))


def garbage(s, c, m):
    c.answer(200, "text/html", "<html>please log in</html>")


def accept_garbage(s, c, m):
    s.take(m, "accept_garbage")
    c.answer(200, "application/json", b"\x00\xffnot json")


def accept_cut(s, c, m):
    """The answer ends in the middle."""
    s.take(m, "accept_cut")
    status, kind, body = m["dialect"].accepted(m)
    c.answer(status, kind, body[:len(body) // 2], length=len(body))
    c.transport.close()


def accept_no_id(s, c, m):
    s.take(m, "accept_no_id")
    c.answer(202, "text/plain", "")


def not_http(s, c, m):
    c.transport.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    c.transport.close()


def accept_odd(s, c, m):
    """Accepted and refused in one answer of eCall's."""
    s.take(m, "accept_odd")
    c.answer(200, "application/json", json.dumps({"messageId": m["message_id"], "errorCode": "Odd"}))


def accept_close(s, c, m):
    """A kept connection that dies just after the answer."""
    s.take(m, "accept_close")
    c.answer(*m["dialect"].accepted(m))
    c.transport.close()


def drop_kept(s, c, m):
    """Accepts on a connection's first request; dies silently at the second: libcurl would repeat it."""
    if c.answered == 0:
        accept(s, c, m)
    else:
        s.take(m, "drop_kept")
        c.reset()


def wait(s, c, m):
    """Accepts at once, answers at SIGUSR1."""
    s.take(m, "wait")
    s.waiting.append((c, m))


def receipt_first(s, c, m):
    """It is delivered before we are told that it was accepted."""
    s.take(m, "receipt_first")
    s.receipts(m, ["delivered"], then=lambda: c.answer(*m["dialect"].accepted(m)))


def receipts_twice(s, c, m):
    """Each comes twice, and the last one first."""
    s.take(m, "receipts_twice")
    c.answer(*m["dialect"].accepted(m))
    s.receipts(m, ["delivered", "sent", "delivered", "sent"])


def receipt_only(s, c, m):
    """The answer is lost, the receipt is not."""
    s.take(m, "receipt_only")
    c.reset()
    s.receipts(m, ["sent", "delivered"])


def receipt_failed(s, c, m):
    s.take(m, "receipt_failed")
    c.answer(*m["dialect"].accepted(m))
    s.receipts(m, ["sent", "undelivered"])


FAULTS = {f.__name__: f for f in (
    accept, refuse, unauthorized, busy, fail, accept_fail, reset_after_reading, accept_reset, close_after_reading, hang,
    accept_hang, late, garbage, accept_garbage, accept_cut, accept_no_id, not_http, accept_odd, accept_close, drop_kept, wait,
    receipt_first, receipts_twice, receipt_only, receipt_failed)}


class Simulator:
    def __init__(self, options):
        self.file = open(options.accepted, "ab", buffering=0)
        self.taken = {}         # message_id -> message
        self.by_number = collections.defaultdict(list)
        self.behind = options.behind
        self.deaf = options.deaf
        self.receipt_share = options.receipts
        self.delay = options.delay
        self.reset_share = options.reset
        self.users = options.user
        self.connections = 0
        self.attempts = collections.Counter()
        self.waiting = []
        self.tasks = set()
        self.names, self.weights = [], []
        for part in filter(None, options.faults.split(",")):
            name, _, weight = part.partition("=")
            self.names.append(name)
            self.weights.append(float(weight or 1))

    def reset_at_connect(self):
        return random.random() < self.reset_share

    def take(self, message, fault):
        """Accepted: a line is in the kernel before the answer leaves."""
        ref = re.search(r"\[ref:([^\]]+)\]", message["text"])
        message["fault"] = fault
        message["message_id"] = f"SM{len(self.taken) + 1:032x}"
        message["ref"] = ref.group(1) if ref else None
        message["at"] = time.time() - self.behind
        self.taken[message["message_id"]] = message
        self.by_number[message["to"]].append(message)
        line = {**{key: value for key, value in message.items() if key not in ("dialect", "at")},
                "provider": message["dialect"].name}
        self.file.write(json.dumps(line).encode() + b"\n")
        if random.random() < self.receipt_share and not fault.startswith("receipt"):
            asyncio.get_running_loop().call_later(random.uniform(0, 2), self.receipts, message, ["sent", "delivered"])

    def later(self, what):
        if self.delay > 0:
            asyncio.get_running_loop().call_later(self.delay, what)
        else:
            what()

    def release(self):
        """SIGUSR1: what waits is answered."""
        for connection, message in self.waiting:
            connection.answer(*message["dialect"].accepted(message))
        self.waiting.clear()

    def receipts(self, message, states, then=lambda: None):
        """One after the other, to the address the message came with."""
        if message.get("receipt") is None:
            then()
            return
        requests = message["dialect"].receipts(message, *states)
        task = asyncio.get_running_loop().create_task(self.call(requests, then))
        self.tasks.add(task)        # the loop alone would not keep it
        task.add_done_callback(lambda t: self.tasks.discard(t) or t.cancelled() or t.exception())

    @staticmethod
    async def call(requests, then):
        try:
            for method, url, body in requests:
                at = urllib.parse.urlsplit(url)
                reader, writer = await asyncio.open_connection(at.hostname, at.port)
                writer.write((f"{method} {at.path}?{at.query} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n"
                              "Content-Type: application/x-www-form-urlencoded\r\n"
                              f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
                await reader.read()
                writer.close()
        finally:
            then()

    def handle(self, connection, request):
        for dialect in DIALECTS:
            if hasattr(dialect, "asks") and dialect.asks.match(f"{request.method} {request.target}"):
                self.tell(connection, request, dialect)
                return
            if dialect.path.match(f"{request.method} {request.target}"):
                break
        else:
            connection.answer(404, "text/plain", "")
            return
        try:
            message = dialect.read(request)
            if not re.fullmatch(r"(00|\+)[1-9][0-9]{6,14}", message["to"]) or not message["from"] or not message["text"]:
                raise Wrong(*dialect.refused())
        except Wrong as wrong:
            connection.answer(*wrong.args)
            return
        message["dialect"] = dialect
        message["account"] = request.account
        FAULTS[self.fault_of(message)](self, connection, message)

    def tell(self, connection, request, dialect):
        if random.random() < self.deaf:
            connection.answer(*dialect.failed())
            return
        try:
            connection.answer(*dialect.tell(self, request))
        except Wrong as wrong:
            connection.answer(*wrong.args)

    def fault_of(self, message):
        text = message["text"]
        self.attempts[text] += 1
        always = re.search(r"\[fault:(\w+)\]", text)
        first = re.search(r"\[first:(\w+)\]", text)
        if always:
            return always.group(1)
        if first:
            return first.group(1) if self.attempts[text] == 1 else "accept"
        if self.names:
            return random.choices(self.names, self.weights)[0]
        return "accept"


async def serve(options):
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    simulator = Simulator(options)
    loop.add_signal_handler(signal.SIGTERM, stop.set_result, None)
    loop.add_signal_handler(signal.SIGUSR1, simulator.release)
    server = await loop.create_server(lambda: Connection(simulator), "127.0.0.1", options.port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop
    server.close()
    for task in simulator.tasks:
        task.cancel()
    await asyncio.gather(*simulator.tasks, return_exceptions=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accepted", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--faults", default="")
    parser.add_argument("--reset", type=float, default=0.0, help="share of connections that are reset when they are made")
    parser.add_argument("--behind", type=float, default=0.0, help="seconds that its clock is behind")
    parser.add_argument("--receipts", type=float, default=0.0, help="share of accepted messages for which receipts come by and by")
    parser.add_argument("--deaf", type=float, default=0.0, help="share of questions about a message that it does not answer")
    parser.add_argument("--user", action="append", help="user:password of an account there is; without any, all are good")
    options = parser.parse_args()
    for name in re.findall(r"(\w+)=?[0-9.]*", options.faults):
        if name not in FAULTS:
            sys.exit(f"no fault {name}")
    # Three dispatchers have more connections to four providers than a login's 1,024 files allow.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
