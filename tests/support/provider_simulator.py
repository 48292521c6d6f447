#!/usr/bin/python3
"""provider_simulator - eCall's REST interface on a loopback port, and all that can go wrong with it

    provider_simulator.py --accepted FILE [--port PORT] [--delay SECONDS] [--faults NAME=WEIGHT,...]

Prints its port, then serves until SIGTERM. What it accepts it appends to FILE, one JSON line
each, before it answers: {"ref", "to", "from", "text", "fault", "message_id"}. A message
chooses its fault by words in its text:

    [fault:NAME]      this fault at each attempt
    [first:NAME]      this fault at the first attempt, then accept
    [ref:ID]          how the message is called in FILE

Without such words faults are drawn by --faults. A fault is one of FAULTS below; some accept
the message and keep the answer to themselves, which is what makes delivery interesting.
"""
import argparse
import asyncio
import base64
import collections
import json
import random
import re
import signal
import socket
import struct
import sys

LINGER_NONE = struct.pack("ii", 1, 0)


class Accepted:
    """The file of what was accepted. A line is in the kernel before the answer leaves."""

    def __init__(self, path):
        self.file = open(path, "ab", buffering=0)
        self.count = 0

    def add(self, message, fault):
        self.count += 1
        text = message["content"]["text"]
        ref = re.search(r"\[ref:([^\]]+)\]", text)
        line = {"ref": ref.group(1) if ref else None, "to": message["to"], "from": message["from"],
                "text": text, "fault": fault, "message_id": f"sim-{self.count}"}
        self.file.write(json.dumps(line).encode() + b"\n")
        return line["message_id"]


class Connection(asyncio.Protocol):
    """HTTP/1.1 as a client of ours speaks it: one POST after the other, with Content-Length."""

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
            self.simulator.handle(self, head[0], headers, body)

    def answer(self, status, body, extra="", length=None):
        if self.transport.is_closing():
            return
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.answered += 1
        self.transport.write((f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}"
                              f"Content-Length: {len(body) if length is None else length}\r\n\r\n").encode() + body)

    def reset(self):
        """Not FIN but RST: what a dying host or a firewall sends."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.transport.abort()


def error(code, message):
    return {"errorCode": code, "errorMessage": message,
            "errorDetails": {"errors": [{"parameter": "To", "messages": [message]}]}}


# Each takes (simulator, connection, message) and answers, or does not.

def accept(s, c, m):
    message_id = s.accepted.add(m, "accept")
    s.later(lambda: c.answer(201, {"messageId": message_id}))


def refuse(s, c, m):
    c.answer(400, error("InvalidContent", "no such receiver"))


def unauthorized(s, c, m):
    c.answer(401, error("Unauthorized", "who are you"))


def busy(s, c, m):
    c.answer(429, error("TooManyRequests", "slowly"), "Retry-After: 1\r\n")


def fail(s, c, m):
    c.answer(500, error("InternalError", "oh"))


def accept_fail(s, c, m):
    s.accepted.add(m, "accept_fail")
    c.answer(500, error("InternalError", "oh, but accepted"))


def reset_after_reading(s, c, m):
    c.reset()


def accept_reset(s, c, m):
    s.accepted.add(m, "accept_reset")
    c.reset()


def close_after_reading(s, c, m):
    c.transport.close()


def hang(s, c, m):
    c.held = True


def accept_hang(s, c, m):
    s.accepted.add(m, "accept_hang")
    c.held = True


def garbage(s, c, m):
    c.answer(200, b"<html>please log in</html>")


def accept_garbage(s, c, m):
    s.accepted.add(m, "accept_garbage")
    c.answer(200, b"\x00\xffnot json")


def accept_cut(s, c, m):
    """The answer ends in the middle."""
    s.accepted.add(m, "accept_cut")
    c.answer(201, b'{"messageId":"', length=100)
    c.transport.close()


def accept_no_id(s, c, m):
    s.accepted.add(m, "accept_no_id")
    c.answer(202, b"")


def not_http(s, c, m):
    c.transport.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    c.transport.close()


def accept_close(s, c, m):
    """A kept connection that dies just after the answer."""
    message_id = s.accepted.add(m, "accept_close")
    c.answer(201, {"messageId": message_id})
    c.transport.close()


def drop_kept(s, c, m):
    """Accepts on a connection's first request; dies silently at the second: libcurl would repeat it."""
    if c.answered == 0:
        accept(s, c, m)
    else:
        s.accepted.add(m, "drop_kept")
        c.reset()


def wait(s, c, m):
    """Accepts at once, answers at SIGUSR1."""
    s.waiting.append((c, s.accepted.add(m, "wait")))


FAULTS = {f.__name__: f for f in (
    accept, refuse, unauthorized, busy, fail, accept_fail, reset_after_reading, accept_reset, close_after_reading, hang,
    accept_hang, garbage, accept_garbage, accept_cut, accept_no_id, not_http, accept_close, drop_kept, wait)}


class Simulator:
    def __init__(self, options):
        self.accepted = Accepted(options.accepted)
        self.delay = options.delay
        self.reset_share = options.reset
        self.user = options.user
        self.connections = 0
        self.attempts = collections.Counter()
        self.waiting = []
        self.names, self.weights = [], []
        for part in filter(None, options.faults.split(",")):
            name, _, weight = part.partition("=")
            self.names.append(name)
            self.weights.append(float(weight or 1))

    def reset_at_connect(self):
        return random.random() < self.reset_share

    def later(self, what):
        if self.delay > 0:
            asyncio.get_running_loop().call_later(self.delay, what)
        else:
            what()

    def release(self):
        """SIGUSR1: what waits is answered."""
        for connection, message_id in self.waiting:
            connection.answer(201, {"messageId": message_id})
        self.waiting.clear()

    def handle(self, connection, request, headers, body):
        if not request.startswith("POST /api/message "):
            connection.answer(404, b"")
            return
        if self.user:
            wanted = "Basic " + base64.b64encode(self.user.encode()).decode()
            if headers.get("authorization") != wanted:
                unauthorized(self, connection, None)
                return
        try:
            message = json.loads(body)
            assert message["channel"] == "Sms" and message["content"]["type"] == "Text"
            assert re.fullmatch(r"(00|\+)[1-9][0-9]{6,14}", message["to"]), message["to"]
            assert message["from"] and message["content"]["text"]
        except (ValueError, KeyError, AssertionError, TypeError) as wrong:
            connection.answer(400, error("InvalidRequest", str(wrong)))
            return
        FAULTS[self.fault_of(message)](self, connection, message)

    def fault_of(self, message):
        text = message["content"]["text"]
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accepted", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--faults", default="")
    parser.add_argument("--reset", type=float, default=0.0, help="share of connections that are reset when they are made")
    parser.add_argument("--user", default="", help="user:password that must be sent")
    options = parser.parse_args()
    for name in re.findall(r"(\w+)=?[0-9.]*", options.faults):
        if name not in FAULTS:
            sys.exit(f"no fault {name}")
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
