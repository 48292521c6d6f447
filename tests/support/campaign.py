"""campaign - what must hold whatever is killed: clients that repeat, killers, and the reckoning

Each campaign runs a number of rounds on a stack of its own and returns figures: numbers by name,
and under "violations" a list of sentences, which must be empty. tests/life runs a few rounds of
each, tests/long/run all of them.
"""

import collections
import contextlib
import datetime
import http.client
import itertools
import json
import random
import threading
import time
import urllib.parse
import uuid

from .cluster import Beside
from .load import Load, load_of, storm
from .processes import Processes, is_running, kill
from .stack import mobile, wait_for

CLIENTS = 8
# What is acknowledged between two kills: the killer must not keep everybody from working.
PROGRESS = 4
GIVE_UP_S = 120


# ---- what is true of the outbox at any time -----------------------------------------------------


def settle(stack):
    """Until every message has had its chance: none queued, and the leases of the dead are over."""
    left = "select count(*) from sms_log where status = any (%s)"

    def none(*statuses):
        return stack.one(left, list(statuses))["count"] == 0

    # What a client gave up on is still in nginx's and the workers' hands: until no more rows come.
    seen = [-1, 0]

    def at_rest():
        count = stack.one("select count(*) from sms_log")["count"]
        if count != seen[0]:
            seen[:] = [count, time.monotonic()]
        return none("queued") and time.monotonic() - seen[1] > 1

    wait_for(at_rest, 120, "the outbox to empty")
    if none("sending"):
        return
    # A lease is a minute: the clock moves instead of us waiting.
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=3)
    stack.clock(later.isoformat(timespec="seconds"))
    try:
        wait_for(lambda: none("queued", "sending"), 120, "the leases to end")
    finally:
        stack.clock(None)


def recover(stack, processes):
    """After the last blow: everybody is back, and the outbox has come to rest."""
    processes.wait_database()
    stack.close()
    processes.everybody()
    processes.wait_spool()
    settle(stack)


def untrue_messages(stack):
    """Rows and lines that contradict each other. settle() first."""
    lines = collections.Counter(m["id"] for m in stack.messages())
    wrong = []
    for row in stack.sql("select id::text, status, attempts from sms_log where direction = 'outbound'"):
        count = lines.pop(row["id"], 0)
        if count > 1:
            wrong.append(f"message {row['id']} ({row['status']}) left {count} times")
        elif row["status"] == "sent" and count == 0:
            wrong.append(f"message {row['id']} is sent and never left")
        elif row["status"] not in ("sent", "delivered", "unknown") and count > 0:
            wrong.append(f"message {row['id']} is {row['status']} and left")
        elif row["status"] in ("queued", "sending"):
            wrong.append(f"message {row['id']} is still {row['status']}")
    wrong += [f"a message left that nobody wrote: {message}" for message in lines]
    return wrong


def untrue_usage(stack, firm):
    """Segments are counted with the claim: once for each message that was ever begun."""
    row = stack.one(
        "select (select coalesce(sum(segments), 0) from segment_usage where customer_id = %s) as counted,"
        " (select coalesce(sum(segments), 0) from sms_log"
        "  where customer_id = %s and direction = 'outbound' and attempts > 0) as begun",
        firm.id, firm.id)
    return [] if row["counted"] == row["begun"] else [f"segments: {row['counted']} counted, {row['begun']} begun"]


def broken_histories(stack, firm):
    """Every ticket begins with created, and each change starts where the last one ended."""
    events = collections.defaultdict(list)
    for event in stack.sql("select * from ticket_events where customer_id = %s order by seq", firm.id):
        events[event["ticket_id"]].append(event)
    wrong = []
    for ticket in stack.sql("select * from tickets where customer_id = %s", firm.id):
        history = events.pop(ticket["id"], [])
        if [e["event_type"] for e in history].count("created") != 1 or history[0]["event_type"] != "created":
            wrong.append(f"ticket {ticket['number']}: created {[e['event_type'] for e in history]}")
        for kind, now in (("status_changed", ticket["status"]), ("urgency_changed", ticket["urgency"])):
            steps = [e for e in history if e["event_type"] == kind]
            for before, after in itertools.pairwise(steps):
                if before["new_value"] != after["old_value"]:
                    wrong.append(f"ticket {ticket['number']}: {kind} to {before['new_value']},"
                                 f" then from {after['old_value']}")
            if steps and steps[-1]["new_value"] != now:
                wrong.append(f"ticket {ticket['number']}: {kind} to {steps[-1]['new_value']}, and it is {now}")
    wrong += [f"events of no ticket {ticket}" for ticket in events]
    return wrong


# ---- clients that repeat ------------------------------------------------------------------------


class Story:
    """What one contact does, and what must stand in the database after it, however often it was repeated."""

    def __init__(self, phone, requests, events, messages):
        self.phone = phone
        self.requests = requests  # (path, headers, body)
        self.events = events      # how many of created, updated, sms_received
        self.messages = messages  # how many were or are to be sent to the contact; None: as it comes
        self.alerts = any(b'"Body": "1"' in body for _, _, body in requests)  # the firm is told once
        self.answers = []


def stories(firm, rng):
    """One after the other, in all kinds."""
    def ticket(phone):
        body = {"customer_slug": firm.slug, "contact_phone": phone, "contact_name": "Anna Muster", "summary": "Boiler"}
        return "/api/ticket", {"Idempotency-Key": uuid.uuid4().hex}, json.dumps(body).encode()

    def call(phone):
        body = {"From": phone, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
        return "/api/webhook/missed-call", {}, json.dumps(body).encode()

    def reply(phone, text):
        body = {"From": phone, "To": firm.sms_number, "Body": text, "MessageSid": uuid.uuid4().hex}
        return "/api/webhook/sms-reply", {}, json.dumps(body).encode()

    while True:
        phone = mobile()
        yield rng.choice((
            lambda: Story(phone, [ticket(phone)], {"created": 1}, 1),
            lambda: Story(phone, [ticket(phone), ticket(phone)], {"created": 1, "updated": 1}, 1),
            lambda: Story(phone, [call(phone)], {"created": 1}, 1),
            lambda: Story(phone, [call(phone), call(phone)], {"created": 1, "updated": 1}, 1),
            lambda: Story(phone, [call(phone), reply(phone, "1")], {"created": 1, "sms_received": 1}, 2),
            lambda: Story(phone, [reply(phone, "2")], {"created": 1, "sms_received": 1}, 1),
        ))()


class Clients:
    """Threads that live stories. A request without a good answer is sent again as it is, until it has one."""

    def __init__(self, stack, firm, rng, source=None, pause=0):
        self.port = int(stack.base.rsplit(":", 1)[1])
        self.source = source or stories(firm, rng)
        self.pause = pause  # seconds between the requests of one of them
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.lived = []
        self.violations = []
        self.counts = collections.Counter()
        self.longest_s = 0.0
        self.since = None  # an instant, and when each path was first answered well for who asked after it
        self.back = {}
        self.threads = [threading.Thread(target=self._live, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        """Everything begun is brought to its end: now nobody disturbs any more."""
        self.ending.set()
        for thread in self.threads:
            thread.join(GIVE_UP_S + 60)

    def _live(self):
        while not self.ending.is_set():
            with self.lock:
                story = next(self.source)
                self.lived.append(story)
            for request in story.requests:
                answer = self._send(*request)
                story.answers.append(answer)
                if answer is not None and random.random() < 0.2:
                    self._repeat(answer, *request)
                self.ending.wait(self.pause)

    def watch(self):
        """From now on: when is who asks answered well again? self.back says it, by path."""
        self.back = {}
        self.since = time.monotonic()

    def _repeat(self, first, *request):
        again = self._send(*request)
        self.counts["repeated"] += 1
        # What waits for the database is answered by its number later.
        if again is not None and again != first and 202 not in (again[0], first[0]):
            self.violations.append(f"{request[0]}: {first} the first time, {again} the second")

    def _try(self, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers

    def _send(self, path, headers, body):
        """(status, body) of the first good answer."""
        begun = time.monotonic()
        while time.monotonic() - begun < GIVE_UP_S:
            asked = time.monotonic()
            try:
                status, text, said = self._try(path, headers, body)
            except (OSError, http.client.HTTPException):
                status, text, said = 0, b"", {}
            if status in (200, 201, 202):
                self.counts["acknowledged"] += 1
                self.counts["spooled"] += status == 202
                if self.since is not None and asked > self.since:
                    self.back.setdefault(path, time.monotonic() - self.since)
                self.longest_s = max(self.longest_s, time.monotonic() - begun)
                return status, text
            self.counts["failed"] += 1
            if status not in (0, 503, 409):
                self.violations.append(f"{path}: {status} {text[:300]}")
                return None
            if status == 503 and "Retry-After" not in said:
                self.violations.append(f"{path}: 503 without Retry-After: {text[:300]}")
            # As a client would, only sooner than Retry-After says.
            self.ending.wait(random.uniform(0.02, 0.2))
            if self.ending.is_set():
                time.sleep(0.05)
        self.violations.append(f"{path}: not acknowledged within {GIVE_UP_S} s")
        return None

    def reckon(self, stack, firm):
        """Every story against the database."""
        tickets = collections.defaultdict(list)
        for row in stack.sql("select * from tickets where customer_id = %s", firm.id):
            tickets[row["contact_phone"]].append(row)
        events = collections.Counter()
        for row in stack.sql("select ticket_id, event_type, count(*) from ticket_events"
                             " where customer_id = %s group by 1, 2", firm.id):
            events[row["ticket_id"], row["event_type"]] = row["count"]
        messages = {
            row["to_number"]: row["count"] for row in stack.sql(
                "select to_number, count(*) from sms_log where customer_id = %s and direction = 'outbound'"
                " and status <> 'suppressed' group by 1", firm.id)
        }
        alerts = {
            row["ticket_id"]: row["count"] for row in stack.sql(
                "select ticket_id, count(*) from sms_log where customer_id = %s and template = 'alert' group by 1", firm.id)
        }
        wrong = list(self.violations)
        for story in self.lived:
            found = tickets.pop(story.phone, [])
            named = {json.loads(text)["ticket_id"] for status, text in filter(None, story.answers) if status != 202}
            if named - {str(row["id"]) for row in found}:
                wrong.append(f"{story.phone}: acknowledged and lost: {named}")
            if len(found) != 1:
                wrong.append(f"{story.phone}: {len(found)} tickets")
                continue
            for kind in ("created", "updated", "sms_received"):
                if events[found[0]["id"], kind] != story.events.get(kind, 0):
                    wrong.append(f"{story.phone}: {events[found[0]['id'], kind]} times {kind}, not {story.events}")
            if alerts.get(found[0]["id"], 0) != story.alerts:
                wrong.append(f"{story.phone}: {alerts.get(found[0]['id'], 0)} alerts, not {int(story.alerts)}")
            if story.messages is not None and messages.get(story.phone, 0) != story.messages:
                wrong.append(f"{story.phone}: {messages.get(story.phone, 0)} messages, not {story.messages}")
        wrong += [f"tickets of nobody: {phone}" for phone in tickets]
        return wrong


# ---- kill -9 ------------------------------------------------------------------------------------


def victims(processes, rng):
    """Whom to kill next: (what it is, process id), or None if nobody of that kind is there now."""
    kind = rng.choices(("handler", "dispatcher", "postgres"), (70, 20, 10))[0]
    if kind == "handler":
        pids = processes.pids(rng.choice(("ticket", "missed_call", "sms_reply")))
    elif kind == "dispatcher":
        pids = processes.pids("dispatcher")
    elif processes.database_answers():
        pids = processes.backends()
    else:
        pids = []
    return (kind, rng.choice(pids)) if pids else None


def kill_rounds(stack, firm, rounds, say=lambda words: None, seed=None):
    """kill -9 of handlers, the dispatcher and Postgres's backends under tickets, calls and replies."""
    seed = seed if seed is not None else random.randrange(10**9)
    rng = random.Random(seed)
    processes = Processes(stack)
    kills = collections.Counter()
    begun = time.monotonic()
    with Clients(stack, firm, rng) as clients:
        for done in range(rounds):
            before = clients.counts["acknowledged"]
            wait_for(lambda: clients.counts["acknowledged"] >= before + PROGRESS, 90, "requests to be acknowledged")
            victim = wait_for(lambda: victims(processes, rng), 60, "somebody to kill")
            time.sleep(rng.uniform(0, 0.02))  # anywhere inside a request
            if kill(victim[1]):
                kills[victim[0]] += 1
            say(f"{done + 1} of {rounds} kills, {clients.counts['acknowledged']} acknowledged")
    recover(stack, processes)
    violations = clients.reckon(stack, firm) + untrue_messages(stack) + broken_histories(stack, firm)
    violations += untrue_usage(stack, firm) + processes.complaints()
    unknown = stack.one("select count(*) from sms_log where status = 'unknown'")["count"]
    return {
        "rounds": rounds, "seed": seed, **{f"killed_{kind}": n for kind, n in sorted(kills.items())},
        "acknowledged": clients.counts["acknowledged"], "failed_then_repeated": clients.counts["failed"],
        "repeated_after_success": clients.counts["repeated"], "contacts": len(clients.lived),
        "messages": len(stack.messages()), "unknown": unknown, "longest_s": round(clients.longest_s, 1),
        "seconds": round(time.monotonic() - begun), "violations": violations,
    }


# ---- restarts -----------------------------------------------------------------------------------


def restart_under_load(stack, firm, route, rounds=1, connections=200, say=lambda words: None):
    """deploy/run --restart while so many connections never pause. What counts is what failed."""
    processes = Processes(stack)
    request, options, good = load_of(route, stack, firm)
    violations = []
    with Load(stack, *request, connections=connections, **options) as load:
        for done in range(rounds):
            before = processes.wait_running(route)
            stack.run("--restart", route)
            after = processes.wait_running(route, other_than=before)
            violations += [f"{route}: {pid} was not replaced" for pid in set(before) & set(after)]
            load.wait_more()
            say(f"{route}: {done + 1} of {rounds} restarts")
    failed = load.failed(good)
    if failed:
        violations.append(f"{route}: {load.statuses} {load.broken}")
    return {"restarts": rounds, "connections": connections, "answered": load.answered, "failed": failed,
            "statuses": load.statuses, "max_ms": load.result["max_ms"], "violations": violations}


# ---- storms -------------------------------------------------------------------------------------


def ticket_storm(stack, firm, parallel):
    """Identical requests without a key: one ticket, one confirmation, and everything that was written is kept."""
    phone = mobile()
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": "Der Boiler tropft."}
    answers = storm(stack, "/api/ticket", [json.dumps(body).encode()] * parallel)
    return phone, answers, {"created": 1, "updated": parallel - 1}, {201: 1, 200: parallel - 1}


def key_storm(stack, firm, parallel):
    """Identical requests with one Idempotency-Key: one request."""
    phone = mobile()
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": "Der Boiler tropft."}
    answers = storm(stack, "/api/ticket", [json.dumps(body).encode()] * parallel,
                    headers=[("Idempotency-Key", uuid.uuid4().hex)])
    return phone, answers, {"created": 1}, None


def call_storm(stack, firm, parallel):
    """Calls of one caller: one ticket, one text."""
    phone = mobile()
    bodies = [
        json.dumps({"From": phone, "To": firm.phone, "CallStatus": "busy", "CallSid": uuid.uuid4().hex}).encode()
        for _ in range(parallel)
    ]
    return phone, storm(stack, "/api/webhook/missed-call", bodies), {"created": 1, "updated": parallel - 1}, None


def event_storm(stack, firm, parallel):
    """Deliveries of one event: one event."""
    phone = mobile()
    body = {"From": phone, "To": firm.sms_number, "Body": "1", "MessageSid": uuid.uuid4().hex}
    answers = storm(stack, "/api/webhook/sms-reply", [json.dumps(body).encode()] * parallel)
    return phone, answers, {"created": 1, "sms_received": 1}, None


STORMS = {"tickets": ticket_storm, "keys": key_storm, "calls": call_storm, "events": event_storm}


def storm_violations(stack, firm, name, parallel=200):
    """One storm and its reckoning: a list of sentences, and how long the slowest waited."""
    begun = time.monotonic()
    phone, answers, events, statuses = STORMS[name](stack, firm, parallel)
    took = time.monotonic() - begun
    seen = collections.Counter(status for status, _ in answers)
    wrong = [f"{name}: statuses {dict(seen)}"] if set(seen) - {200, 201} or statuses and dict(seen) != statuses else []
    if name in ("keys", "events") and len(set(text for _, text in answers)) != 1:
        wrong.append(f"{name}: {len(set(text for _, text in answers))} different answers to one event")
    tickets = firm.tickets(phone)
    messages = firm.outbound(phone)
    if len(tickets) != 1 or len(messages) != 1:
        wrong.append(f"{name}: {len(tickets)} tickets, {len(messages)} messages")
    counted = collections.Counter(e["event_type"] for e in firm.events(tickets[0]["id"]) if e["event_type"] in (
        "created", "updated", "sms_received")) if tickets else {}
    if dict(counted) != events:
        wrong.append(f"{name}: history {dict(counted)}, not {events}")
    return wrong, took


def storm_rounds(stack, firm, name, rounds, parallel=200, say=lambda words: None):
    violations, longest = [], 0.0
    begun = time.monotonic()
    for done in range(rounds):
        wrong, took = storm_violations(stack, firm, name, parallel)
        violations += wrong
        longest = max(longest, took)
        say(f"{name}: {done + 1} of {rounds} storms")
    settle(stack)
    violations += untrue_messages(stack) + broken_histories(stack, firm)
    return {"rounds": rounds, "parallel": parallel, "longest_s": round(longest, 2),
            "seconds": round(time.monotonic() - begun), "violations": violations}


# ---- the review cron ----------------------------------------------------------------------------


def finish_jobs(processes, firm, count):
    """Tickets that were done yesterday and are due to be asked; their ids."""
    return [row["id"] for row in processes.sql("""
        with n as (
          select i, gen_random_uuid() as contact, gen_random_uuid() as ticket,
                 '+41795' || lpad((%s + i)::text, 6, '0') as phone
          from generate_series(1, %s) i),
        c as (
          insert into contacts (id, customer_id, phone, phone_kind, created_at, seen_at)
          select contact, %s, phone, 'mobile', now(), now() from n)
        insert into tickets (id, customer_id, number, source, status, urgency, contact_id, contact_phone, unread,
                             job_completed_at, review_due_at, created_at, updated_at)
        select ticket, %s, 1000000 + %s + i, 'manual', 'DONE', 'MED', contact, phone, false,
               now() - interval '1 day', now() - interval '1 hour', now() - interval '1 day', now()
        from n returning id""", finish_jobs.made, count, firm.id, firm.id, finish_jobs.made)]


finish_jobs.made = 0


def cron_quietly(stack):
    """The timer's call; it may be answered by nobody."""
    port = int(stack.base.rsplit(":", 1)[1])
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    with contextlib.suppress(OSError, http.client.HTTPException), \
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/api/cron/review-request", headers=headers)
        connection.getresponse().read()


def review_round(stack, firm, rng, processes, jobs):
    """Two overlapping runs, one killed at any point, or its server process; then runs until nothing is due."""
    processes.wait_database()
    ids = finish_jobs(processes, firm, jobs)
    finish_jobs.made += jobs
    runs = [threading.Thread(target=cron_quietly, args=(stack,), daemon=True) for _ in range(2)]
    victim = rng.choice(processes.pids("review_request") or processes.wait_running("review_request"))
    if rng.random() < 0.2:
        victim = rng.choice(processes.backends("review_request") or [victim])
    for run in runs:
        run.start()
    time.sleep(rng.uniform(0, 0.06))  # anywhere inside the run
    kill(victim)
    for run in runs:
        run.join(60)

    def nothing_due():
        # What a dead run's server process still holds locked is left to the run after it.
        cron_quietly(stack)
        return not processes.sql("select id from tickets where id = any (%s) and review_due_at <= now() limit 1", ids)

    wait_for(nothing_due, 60, "runs until nothing is due")
    wrong = []
    for row in processes.sql("""
            select t.id, t.review_request_sent_at is not null as asked,
                   (select count(*) from sms_log m
                    where m.ticket_id = t.id and m.template = 'review_request') as messages,
                   (select count(*) from review_links l where l.ticket_id = t.id) as links,
                   (select count(*) from ticket_events e
                    where e.ticket_id = t.id and e.event_type = 'review_requested') as events
            from tickets t where t.id = any (%s)""", ids):
        if not row["asked"] or (row["messages"], row["links"], row["events"]) != (1, 1, 1):
            wrong.append(f"ticket {row['id']}: asked {row['asked']}, {row['messages']} messages, {row['links']} links,"
                         f" {row['events']} events")
    return wrong


def review_rounds(stack, firm, rounds, say=lambda words: None, seed=None, jobs=120):
    """The cron killed at any point: everybody is asked, nobody twice."""
    seed = seed if seed is not None else random.randrange(10**9)
    rng = random.Random(seed)
    processes = Processes(stack)
    violations = []
    begun = time.monotonic()
    for done in range(rounds):
        processes.wait_running("review_request")
        violations += review_round(stack, firm, rng, processes, jobs)
        say(f"{done + 1} of {rounds} runs killed")
    recover(stack, processes)
    violations += untrue_messages(stack) + processes.complaints()
    return {"rounds": rounds, "seed": seed, "tickets": rounds * jobs, "seconds": round(time.monotonic() - begun),
            "violations": violations}


# ---- the database away --------------------------------------------------------------------------


def stop_fast(processes):
    processes.stop_database()
    return processes.start_database


def stop_immediately(processes):
    """As a crash: nothing is written down in peace, and supervisord starts it again by itself."""
    first = processes.postmaster()
    kill(first, 3)
    wait_for(lambda: not is_running(first), 60, "Postgres to end")
    return processes.wait_database


def freeze(processes):
    frozen = processes.freeze()
    return lambda: processes.thaw(frozen)


OUTAGES = {"stopped": stop_fast, "crashed": stop_immediately, "frozen": freeze}


def outage_rounds(stack, firm, rounds, say=lambda words: None, seed=None):
    """Postgres stopped, crashed and frozen in turn, while clients work and repeat what failed."""
    seed = seed if seed is not None else random.randrange(10**9)
    processes = Processes(stack)
    before = processes.everybody()
    violations, longest_back = [], 0.0
    begun = time.monotonic()
    with Clients(stack, firm, random.Random(seed)) as clients:
        for done, outage in zip(range(rounds), itertools.cycle(OUTAGES)):
            acknowledged = clients.counts["acknowledged"]
            wait_for(lambda: clients.counts["acknowledged"] > acknowledged + 10, 60, "the clients to work")
            failed = clients.counts["failed"]
            end = OUTAGES[outage](processes)
            if outage != "crashed":  # it may be back before anybody notices
                wait_for(lambda: clients.counts["failed"] > failed, 60, "the outage to be felt")
            end()
            back = time.monotonic()
            acknowledged = clients.counts["acknowledged"]
            wait_for(lambda: clients.counts["acknowledged"] > acknowledged, 60, "the first request after it")
            longest_back = max(longest_back, time.monotonic() - back)
            say(f"{done + 1} of {rounds} outages, {clients.counts['acknowledged']} acknowledged")
    recover(stack, processes)
    if processes.everybody() != before:
        violations.append(f"programs ended: {before}, then {processes.everybody()}")
    violations += clients.reckon(stack, firm) + untrue_messages(stack) + broken_histories(stack, firm)
    violations += untrue_usage(stack, firm) + processes.complaints()
    return {
        "rounds": rounds, "seed": seed, "acknowledged": clients.counts["acknowledged"],
        "spooled": clients.counts["spooled"],
        "failed_then_repeated": clients.counts["failed"], "contacts": len(clients.lived),
        "longest_s": round(clients.longest_s, 1), "first_after_s": round(longest_back, 2),
        "seconds": round(time.monotonic() - begun), "violations": violations,
    }


# ---- Postgres fails over ------------------------------------------------------------------------


PATHS = {"/api/ticket", "/api/webhook/missed-call", "/api/webhook/sms-reply"}


def failover_round(cluster, clients, blow):
    """The leader is killed or cut off; until the three nodes are whole again. Figures, and what was wrong."""
    wait_for(cluster.is_whole, 240, "three nodes")
    before = clients.counts["acknowledged"]
    wait_for(lambda: clients.counts["acknowledged"] > before + 20, what="requests to be acknowledged")
    leader = wait_for(cluster.leader, what="a leader")
    beside = Beside(cluster, leader)
    beside.start()
    wait_for(lambda: len(beside.acknowledged) > 5, what="somebody to write beside the leader")
    time.sleep(random.uniform(0, 0.5))
    cluster.run(blow, leader)
    clients.watch()
    wrong = []
    wait_for(lambda: PATHS <= set(clients.back), 100, "requests to be acknowledged again")
    back = max(clients.back.values())
    now = wait_for(cluster.leader, what="a leader")
    if now == leader:
        wrong.append(f"after {blow} {leader} is the leader still, or again")
    # While it is still away: it was written to all the time, and whatever it acknowledged is here.
    wrong += [f"{leader} acknowledged {lost} and {now} does not have it" for lost in beside.lost()[:5]]
    cluster.run({"kill": "boot", "cut": "join"}[blow], leader)
    wait_for(cluster.is_whole, 240, "three nodes")
    beside.ending.set()
    beside.join(60)
    wrong += [f"{leader} acknowledged {lost}, which is lost" for lost in beside.lost()[:5]]
    return back, beside, wrong


def failover_rounds(cluster, stack, firm, rounds, blows=("kill", "cut"), limit_s=30, pause=0, say=lambda words: None, seed=None):
    """The leader of a cluster is killed and cut off the network in turn, while clients work and repeat what failed."""
    seed = seed if seed is not None else random.randrange(10**9)
    processes = Processes(stack)
    before = processes.everybody()
    times, violations, beside_tried, beside_acknowledged = collections.defaultdict(list), [], 0, 0
    begun = time.monotonic()
    with contextlib.closing(cluster.connect("postgres")) as db:
        db.cursor().execute("create table if not exists beside (id bigint primary key)")
    with Clients(stack, firm, random.Random(seed), pause=pause) as clients:
        for done, blow in zip(range(rounds), itertools.cycle(blows)):
            back, beside, wrong = failover_round(cluster, clients, blow)
            times[blow].append(back)
            beside_tried += beside.tried
            beside_acknowledged += len(beside.acknowledged)
            violations += wrong
            if back > limit_s:
                violations.append(f"round {done + 1}, {blow}: back after {back:.1f} s")
            say(f"{done + 1} of {rounds}: {blow}, back after {back:.1f} s, {clients.counts['acknowledged']} acknowledged")
    recover(stack, processes)
    if processes.everybody() != before:
        violations.append(f"programs ended: {before}, then {processes.everybody()}")
    violations += clients.reckon(stack, firm) + untrue_messages(stack) + broken_histories(stack, firm)
    violations += untrue_usage(stack, firm) + processes.complaints()
    figures = {}
    for blow, seconds in sorted(times.items()):
        figures[f"{blow}_back_median_s"] = round(sorted(seconds)[len(seconds) // 2], 1)
        figures[f"{blow}_back_most_s"] = round(max(seconds), 1)
    return {
        "rounds": rounds, "seed": seed, **figures, "acknowledged": clients.counts["acknowledged"],
        "failed_then_repeated": clients.counts["failed"], "repeated_after_success": clients.counts["repeated"],
        "contacts": len(clients.lived), "messages": len(stack.messages()),
        "unknown": stack.one("select count(*) from sms_log where status = 'unknown'")["count"],
        "beside_the_leader_tried": beside_tried, "beside_the_leader_acknowledged": beside_acknowledged,
        "longest_s": round(clients.longest_s, 1), "seconds": round(time.monotonic() - begun), "violations": violations,
    }


# ---- an attack on the public form ---------------------------------------------------------------

# Numbers that an attacker may enter: mobiles of each country a firm sends to by default.
DESTINATIONS = ("+4178", "+49151", "+43664", "+33612", "+39347", "+42379")
DIGITS = {"+4178": 7, "+49151": 8, "+43664": 7, "+33612": 6, "+39347": 7, "+42379": 5}
# A server's limits, and a proxy that says for whom it asks.
PROXY = "127.0.0.2"
ATTACK_SETTINGS = {"OPSFABRIC_RATE_LIMIT": "on", "OPSFABRIC_TRUSTED_PROXY": PROXY}


def strangers_number(rng):
    prefix = rng.choice(DESTINATIONS)
    return prefix + "".join(rng.choice("23456789") for _ in range(DIGITS[prefix]))


def somebodys_address(rng):
    if rng.random() < 0.5:
        return ".".join(str(rng.randrange(1, 255)) for _ in range(4))
    return "2001:db8:%x:%x::%x" % tuple(rng.randrange(0xffff) for _ in range(3))


class Attacker(threading.Thread):
    """Fills in a firm's form with strangers' numbers, in every way that a program of his could."""

    def __init__(self, stack, firm, requests, address, seed):
        super().__init__()
        self.port = int(stack.base.rsplit(":", 1)[1])
        self.firm = firm
        self.token = firm.form_token()
        self.requests = requests
        self.address = address
        self.rng = random.Random(seed)
        self.statuses = collections.Counter()
        self.kept = []  # numbers of the requests that were taken

    def request(self):
        phone = strangers_number(self.rng)
        fields = {
            "customer_slug": self.firm.slug, "contact_phone": phone, "urgency": self.rng.choice(["LOW", "MED", "HIGH"]),
            "language": self.rng.choice(["de", "fr", "it", "en"]), "contact_name": "Attacker ❤ " * 5, "summary": "x" * 300,
        }
        if self.rng.random() < 0.5:
            return phone, json.dumps(fields), "application/json"
        return phone, urllib.parse.urlencode({**fields, "form_token": self.token}), "application/x-www-form-urlencoded"

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(PROXY, 0))
        for _ in range(self.requests):
            phone, body, kind = self.request()
            connection.request("POST", "/api/ticket", body.encode(), {
                "Content-Type": kind, "X-Forwarded-For": self.address or somebodys_address(self.rng)})
            answer = connection.getresponse()
            answer.read()
            self.statuses[answer.status] += 1
            if answer.status in (200, 201, 303):
                self.kept.append(phone)
        connection.close()


def people_during(firm, neighbour, wrong):
    """What must go on while a firm is attacked: one of each, and how long their messages took."""
    took = []

    def sent(whose, phone, count, what):
        begun = time.monotonic()
        try:
            whose.stack.wait_messages(phone, count)
        except AssertionError:
            wrong.append(f"{what} got no message")
        took.append(time.monotonic() - begun)

    caller, visitor, stranger, next_door = mobile(), mobile(), mobile(), mobile()
    if firm.missed_call(caller).json()["status"] != "queued":
        wrong.append("a caller gets no text")
    sent(firm, caller, 1, "a caller")
    if firm.text(caller, "1").json()["answered"] != "queued":
        wrong.append("an emergency gets no answer")
    sent(firm, caller, 2, "an emergency")
    if [t["urgency"] for t in firm.tickets(caller)] != ["HIGH"]:
        wrong.append("an emergency has no ticket")
    firm.missed_call(visitor)
    sent(firm, visitor, 1, "another caller")
    if firm.ticket(visitor, urgency="HIGH").json()["confirmation"] != "queued":
        wrong.append("a caller who fills in the form is not confirmed")
    sent(firm, visitor, 2, "a caller who fills in the form")
    if firm.ticket(stranger, urgency="HIGH").status_code != 201 or [t["urgency"] for t in firm.tickets(stranger)] != ["HIGH"]:
        wrong.append("a stranger's emergency has no ticket")
    if neighbour.ticket(next_door).json()["confirmation"] != "queued":
        wrong.append("another firm's visitor is not confirmed")
    sent(neighbour, next_door, 1, "another firm's visitor")
    return took


def untrue_attack(stack, firm, attackers, most):
    """The reckoning: what left to strangers, in each hour; that everything asked is kept, and every refusal has its reason."""
    wrong = []
    kept = {phone for attacker in attackers for phone in attacker.kept}
    have = {t["contact_phone"] for t in firm.tickets()}
    wrong += [f"the request of {phone} is not kept" for phone in list(kept - have)[:5]]
    rows = stack.sql(
        "select m.*, c.known_at, u.segments as used from sms_log m left join contacts c on c.id = m.contact_id"
        " left join segment_usage u on u.customer_id = m.customer_id and u.day = (m.status_at at time zone 'Europe/Zurich')::date"
        " where m.customer_id = %s and m.direction = 'outbound'", firm.id)
    hours = collections.Counter()
    for row in rows:
        if row["known_at"] is None and row["attempts"] > 0 and row["template"] == "ticket_confirmation":
            hours[row["status_at"].replace(minute=0, second=0, microsecond=0)] += row["segments"]
        if row["status"] == "suppressed" and row["reason"] not in ("first_contact", "budget", "loop_guard", "alert_flood"):
            wrong.append(f"a message is suppressed for {row['reason']}")
    wrong += [f"{hour}: {segments} segments to strangers" for hour, segments in hours.items() if segments > most]
    unanswered = kept - {row["to_number"] for row in rows}
    wrong += [f"nothing says why {phone} got no message" for phone in list(unanswered)[:5]]
    return wrong, sum(hours.values())


def untrue_alarms(stack, firm):
    """With others' emergencies, strangers' are ten in an hour, and one more for each that a worker decides at the same moment."""
    told = {True: [], False: []}
    for row in stack.sql(
            "select m.status, m.reason, c.known_at is not null as known, t.id from sms_log m join tickets t on t.id = m.ticket_id"
            " join contacts c on c.id = t.contact_id where m.customer_id = %s and m.template = 'alert'", firm.id):
        told[row["known"]].append(row)
    wrong = [] if len(told[True]) >= 4 and all(r["status"] == "sent" for r in told[True]) else [
        f"who answers 1, or called before, alarmed {[(r['status'], r['reason']) for r in told[True]]}"]
    sent = [r for r in told[False] if r["status"] != "suppressed"]
    if not 0 < len(sent) <= 10 + int(stack.env["OPSFABRIC_WORKERS"]):
        wrong.append(f"strangers alarmed {len(sent)} times")
    wrong += [f"an alert is suppressed for {r['reason']}" for r in told[False] if r["status"] == "suppressed" and r["reason"] != "alert_flood"]
    return wrong


def attack_rounds(stack, rounds, say=lambda words: None, requests=1000, seed=None):
    """One attacker at one address and seven at many, on a firm with the limits of every firm; stack with limits and a proxy."""
    rng = random.Random(seed)
    figures = {"rounds": rounds, "requests": 0, "refused": 0, "kept": 0, "sent_to_strangers": 0, "slowest_s": 0, "violations": []}
    for n in range(rounds):
        on_call = mobile()
        victim = stack.tenant(config={"language": "de", "on_call": [{"phone": on_call, "name": "Pikett"}]})
        neighbour = stack.tenant()
        attackers = [
            Attacker(stack, victim, requests // 8, "203.0.113.7" if i == 0 else None, rng.random()) for i in range(8)]
        for attacker in attackers:
            attacker.start()
        wrong = []
        took = people_during(victim, neighbour, wrong)
        for attacker in attackers:
            attacker.join()
        # A second time, with the queue that the attack has left.
        took += people_during(victim, neighbour, wrong)
        settle(stack)
        untrue, sent = untrue_attack(stack, victim, attackers, 20)
        wrong += untrue_alarms(stack, victim)
        wrong += untrue + untrue_usage(stack, victim) + untrue_usage(stack, neighbour)
        if attackers[0].statuses[429] == 0 or sum(a.statuses[429] for a in attackers[1:]) > 0:
            wrong.append("nginx knows one address from many no more")
        if set(sum((a.statuses for a in attackers), collections.Counter())) - {200, 201, 303, 429}:
            wrong.append(f"answers {sum((a.statuses for a in attackers), collections.Counter())}")
        figures["requests"] += sum(sum(a.statuses.values()) for a in attackers)
        figures["refused"] += sum(a.statuses[429] for a in attackers)
        figures["kept"] += sum(len(a.kept) for a in attackers)
        figures["sent_to_strangers"] += sent
        figures["slowest_s"] = round(max(figures["slowest_s"], *took), 1)
        figures["violations"] += wrong
        say(f"round {n + 1} of {rounds}: {figures['requests']} requests, {figures['sent_to_strangers']} messages")
    figures["violations"] += untrue_messages(stack)
    return figures
