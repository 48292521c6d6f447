"""load - many requests at once: a saturating load until it is stopped, and a storm of one request"""

import contextlib
import http.client
import itertools
import json
import pathlib
import random
import signal
import socket
import subprocess
import threading
import uuid

from .stack import wait_for

SCRIPT = pathlib.Path(__file__).with_suffix(".lua")


class Load:
    """wrk on one route at so many connections, from start to end of a with block. With a pause each of them waits
    so long before a request, and the machine has time for something else.

    Afterwards: statuses (how often each), broken (connections and answers that failed), seconds, max_ms.
    """

    numbers = itertools.cycle(range(1000000, 9500000, 500000))

    def __init__(self, stack, method, path, *bodies, authorization="", connections=200, headers=(), pause_ms=0):
        self.answered_hundreds = 0
        self.result = None
        first = next(self.numbers)
        # Whoever makes the load lets those go first who bear it.
        self.process = subprocess.Popen(
            ["nice", "wrk", "-t1", f"-c{connections}", "-d3600s", "--timeout", "60s", "-s", SCRIPT,
             *(word for header in headers for word in ("-H", header)), stack.base + path,
             "--", method, authorization, str(first), str(pause_ms), *bodies],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line == "answered\n":
                self.answered_hundreds += 1
            elif line.startswith("{"):
                self.result = json.loads(line)

    def wait_more(self, hundreds=1):
        """Until that much more has been answered."""
        until = self.answered_hundreds + hundreds
        wait_for(lambda: self.answered_hundreds >= until, 60, "the load to go on")

    def __enter__(self):
        wait_for(lambda: self.answered_hundreds > 0, 60, "the first answer")
        return self

    def __exit__(self, *exception):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(180)
        self.reader.join(60)
        self.process.stdout.close()
        assert self.result is not None, "wrk did not say how it went"

    @property
    def statuses(self):
        return {int(status): count for status, count in self.result["statuses"].items()}

    @property
    def answered(self):
        return sum(self.statuses.values())

    @property
    def broken(self):
        return {name: self.result[name] for name in ("connect", "read", "write", "timeout") if self.result[name]}

    def failed(self, good):
        """How many requests did not get one of the good statuses."""
        return sum(self.broken.values()) + sum(n for status, n in self.statuses.items() if status not in good)


def load_of(route, stack, firm):
    """Arguments of Load that make a route do its work, and the statuses that are right for it."""
    if route == "ticket":
        body = {"customer_slug": firm.slug, "contact_phone": "+4178{n}", "summary": "Der Boiler tropft."}
        return ("POST", "/api/ticket", json.dumps(body)), {}, {200, 201}
    if route == "missed_call":
        body = {"From": "+4177{n}", "To": firm.phone, "CallStatus": "no-answer", "CallSid": "load-{n}"}
        return ("POST", "/api/webhook/missed-call", json.dumps(body)), {}, {200}
    if route == "sms_reply":
        body = {"From": "+4176{n}", "To": firm.sms_number, "Body": "1", "MessageSid": "load-{n}"}
        return ("POST", "/api/webhook/sms-reply", json.dumps(body)), {}, {200}
    if route == "ticket_status":
        ticket = firm.ticket().json()["ticket_id"]
        bodies = [json.dumps({"ticket_id": ticket, "status": s}) for s in ("SCHEDULED", "NEEDS_CALLBACK")]
        # Two that move the same ticket at the same moment: one of them was slower.
        return ("POST", "/api/ticket/status", *bodies), {"authorization": f"Bearer {firm.token}"}, {200, 409}
    if route == "ticket_photo":
        ticket = firm.ticket().json()["ticket_id"]
        return ("GET", f"/api/ticket/photo?ticket_id={ticket}"), {"authorization": f"Bearer {firm.token}"}, {200}
    if route in ("review_request", "escalate", "retention"):
        secret = stack.env["CRON_SECRET"]
        return ("POST", f"/api/cron/{route.replace('_', '-')}"), {"authorization": f"Bearer {secret}"}, {200}
    if route == "review_link":
        ticket = firm.ticket().json()["ticket_id"]
        code = "load" + "".join(random.choices("abcdefghijkmnpqrstuvwxyz", k=12))
        stack.sql("insert into review_links (code, customer_id, ticket_id, created_at) values (%s, %s, %s, now())",
                  code, firm.id, ticket)
        return ("GET", f"/r/{code}"), {}, {302}
    if route == "sms_status":
        message = str(uuid.uuid4())
        path = stack.receipt_path("generic", message).split("?")[0]
        return ("POST", path, json.dumps({"id": message, "status": "sent"})), {}, {200}
    if route == "alert_link":
        return ("GET", "/a/" + "x" * 16), {}, {404}
    if route == "wizard":
        return ("GET", f"/{firm.slug}/anfrage?flow=request"), {}, {200}
    if route == "page":
        return ("GET", f"/{firm.slug}?past=the-cache"), {}, {200}
    return ("GET", {"health": "/healthz", "metrics": "/metrics", "root": "/"}[route]), {}, {200, 302}


# ---- the same request many times at one moment ------------------------------------------------


def raw_request(path, body, headers=()):
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
             f"Content-Length: {len(body)}", "Connection: close", *(f"{k}: {v}" for k, v in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def storm(stack, path, bodies, headers=()):
    """One request for each body, all complete at the same moment. The answers as (status, body), in order.

    nginx passes a request on when it has all of it: the last byte of each is sent when all others are there.
    """
    port = int(stack.base.rsplit(":", 1)[1])
    with contextlib.ExitStack() as close:
        connections = []
        for body in bodies:
            connection = close.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            whole = raw_request(path, body, headers)
            connection.sendall(whole[:-1])
            connections.append((connection, whole[-1:]))
        for connection, last in connections:
            connection.sendall(last)
        answers = []
        for connection, _ in connections:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answers.append((answer.status, answer.read()))
        return answers
