"""fastcgi - a FastCGI client that can stop half-way: begin, parameters, body, silence, abort

One Connection is one request, as nginx makes them. Every step is a call of its own, so that a
test decides how much of a request arrives. What a client may send is in records(); what is not
FastCGI at all can be sent with raw().
"""

import json
import socket
import struct
import uuid

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RESPONDER = 1
KEEP_CONNECTION = 1
RECORD_MAX = 65535
HEADER = struct.Struct("!BBHHBx")


class Torn(Exception):
    """The connection ended before the request was, or the program ended it without a word."""


def record(kind, content=b"", request_id=1):
    return HEADER.pack(1, kind, request_id, len(content), 0) + content


def records(kind, content, request_id=1):
    """A stream of that kind, without its end."""
    return b"".join(
        record(kind, content[i:i + RECORD_MAX], request_id) for i in range(0, len(content), RECORD_MAX)
    )


def length(n):
    return bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)


def pairs(params):
    """Name-value pairs as they stand in a PARAMS stream."""
    out = b""
    for name, value in params.items() if isinstance(params, dict) else params:
        name, value = name.encode(), value if isinstance(value, bytes) else str(value).encode()
        out += length(len(name)) + length(len(value)) + name + value
    return out


def parameters(method, path, body=None, kind="application/json", **changes):
    """What nginx sends for a request. A change to None leaves that one out."""
    params = {
        "QUERY_STRING": "",
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": kind if body is not None else "",
        "CONTENT_LENGTH": len(body) if body is not None else "",
        "SCRIPT_NAME": path,
        "REQUEST_URI": path,
        "DOCUMENT_URI": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_ID": uuid.uuid4().hex,
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


class Answer:
    """Status, headers and body of a complete answer."""

    def __init__(self, stdout, app_status):
        head, _, self.body = stdout.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.status = int(self.headers["status"].split()[0])
        self.app_status = app_status

    def json(self):
        return json.loads(self.body)


class Connection:
    """One request to the program behind a Unix socket."""

    def __init__(self, path, timeout=40):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.socket.close()

    # ---- what is sent -------------------------------------------------------------------

    def raw(self, data):
        self.socket.sendall(data)
        return self

    def begin(self, role=RESPONDER, flags=0):
        return self.raw(record(BEGIN, struct.pack("!HB5x", role, flags)))

    def params(self, params, end=True):
        return self.raw(records(PARAMS, pairs(params)) + (record(PARAMS) if end else b""))

    def stdin(self, data, end=False):
        return self.raw(records(STDIN, data) + (record(STDIN) if end else b""))

    def abort(self):
        return self.raw(record(ABORT))

    def hang_up(self):
        """No more will come; the answer can still be read."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def request(self, method, path, body=None, **changes):
        """All of a request."""
        self.begin().params(parameters(method, path, body, **changes))
        return self.stdin(body or b"", end=True)

    # ---- what comes back -----------------------------------------------------------------

    def read(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Torn(data)
            data += more
        return data

    def answer(self):
        """Everything up to END_REQUEST. Torn if the program hung up before, or had nothing to say."""
        stdout = b""
        while True:
            _, kind, _, size, padding = HEADER.unpack(self.read(HEADER.size))
            content = self.read(size + padding)[:size]
            if kind == STDOUT:
                stdout += content
            elif kind == END and not stdout:
                raise Torn(content)
            elif kind == END:
                return Answer(stdout, struct.unpack("!IB3x", content)[0])

    def is_answered(self):
        """True if a complete answer comes, False if the connection just ends."""
        try:
            self.answer()
        except Torn:
            return False
        return True
