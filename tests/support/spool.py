"""spool - campaign: Postgres is away under webhook load, the program that replays is killed, nothing is lost or done twice"""

import collections
import json
import random
import threading
import time
import uuid

from .campaign import Clients, Story, broken_histories, recover, untrue_messages, untrue_usage
from .processes import Processes, kill
from .stack import mobile, wait_for


def webhook_stories(firm, rng):
    """What carriers report: of each contact one after the other."""
    def call(phone):
        body = {"From": phone, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
        return "/api/webhook/missed-call", {}, json.dumps(body).encode()

    def text(phone, words):
        body = {"From": phone, "To": firm.sms_number, "Body": words, "MessageSid": uuid.uuid4().hex}
        return "/api/webhook/sms-reply", {}, json.dumps(body).encode()

    kinds = (
        (lambda p: [call(p)], {"created": 1}, 1),
        (lambda p: [call(p), call(p)], {"created": 1, "updated": 1}, 1),
        (lambda p: [call(p), text(p, "1")], {"created": 1, "sms_received": 1}, 2),
        (lambda p: [text(p, "2")], {"created": 1, "sms_received": 1}, 1),
        # STOP withdraws what has not left yet.
        (lambda p: [text(p, "1"), text(p, "STOP")], {"created": 1, "sms_received": 2}, None),
        (lambda p: [text(p, "2"), text(p, "STOP"), text(p, "START")], {"created": 1, "sms_received": 3}, None),
    )
    while True:
        phone = mobile()
        requests, events, messages = rng.choice(kinds)
        yield Story(phone, requests(phone), events, messages)


def untrue_order(stack, firm, clients):
    """What each contact wrote was taken in the order in which it was sent: ids are made when it is taken."""
    taken, out = collections.defaultdict(list), {}
    for row in stack.sql("select from_number, body from sms_log where customer_id = %s and direction = 'inbound' order by id", firm.id):
        taken[row["from_number"]].append(row["body"])
    for row in stack.sql("select phone, opted_out_at from contacts where customer_id = %s", firm.id):
        out[row["phone"]] = row["opted_out_at"]
    wrong = []
    for story in clients.lived:
        sent = [json.loads(body).get("Body") for _, _, body in story.requests[:len(story.answers)]]
        texts = [text for text in sent if text is not None]
        if taken[story.phone] != texts:
            wrong.append(f"{story.phone}: wrote {texts}, taken {taken[story.phone]}")
        if (texts[-1:] == ["STOP"]) != (out.get(story.phone) is not None):
            wrong.append(f"{story.phone}: after {texts} opted out at {out.get(story.phone)}")
    return wrong


def queued_messages(stack, firm, count):
    """Ids of messages that were sent, whose receipts have not come yet."""
    phones = [mobile() for _ in range(count)]
    for phone in phones:
        assert firm.missed_call(phone).status_code == 200
    sent = "select id from sms_log where to_number = any (%s) and status = 'sent'"
    wait_for(lambda: len(stack.sql(sent, phones)) == count, 60, "messages to be sent")
    return [str(row["id"]) for row in stack.sql(sent, phones)]


def receipts(stack, ids, answers):
    """Each message is delivered, says its provider, and says it twice."""
    for message in ids + ids:
        path = stack.receipt_path("generic", message).split("?")[0]
        answers.append(stack.post(path, {"id": message, "status": "delivered"}).status_code)


def untrue_receipts(stack, ids):
    rows = stack.sql(
        "select m.id, m.status, (select count(*) from ticket_events e where e.ticket_id = m.ticket_id"
        " and e.event_type = 'sms_delivered') as told from sms_log m where m.id = any (%s::uuid[])", ids)
    return [f"message {row['id']} is {row['status']}" for row in rows if row["status"] != "delivered"]


def killer(processes, rng, ending, killed):
    """kill -9 of whoever replays, at any moment, while something waits."""
    while not ending.is_set():
        ending.wait(rng.uniform(0.05, 0.6))
        if processes.waiting():
            for pid in processes.pids("replay"):
                killed.append(kill(pid))


def outage(stack, firm, rng, seconds, say=lambda words: None):
    """One: Postgres away for so long under load; whoever replays is killed while it empties the spool."""
    processes = Processes(stack)
    processes.wait_roster(firm.phone, firm.sms_number)
    processes.wait_spool()
    ids = queued_messages(stack, stack.tenant(), 10)
    stack.close()
    ending, killed, codes = threading.Event(), [], []
    with Clients(stack, firm, rng, webhook_stories(firm, rng), pause=0.1) as clients:
        wait_for(lambda: clients.counts["acknowledged"] > 20, 60, "the clients to work")
        processes.stop_database()
        try:
            failed = clients.counts["failed"]
            begun = time.monotonic()
            receipts(stack, ids, codes)
            wait_for(lambda: time.monotonic() - begun > seconds and clients.counts["spooled"] > 50, seconds + 60,
                     "requests to be kept")
            during = clients.counts["spooled"]
            refused = clients.counts["failed"] - failed
            waiting = len(processes.waiting())
            away = time.monotonic() - begun
            thread = threading.Thread(target=killer, args=(processes, rng, ending, killed), daemon=True)
            thread.start()
            # At least once, however soon it will all be taken.
            wait_for(lambda: killed, 60, "whoever replays to be killed")
        finally:
            processes.start_database()
        back = time.monotonic()
        say(f"{during} kept in {away:.0f} s")
        wait_for(lambda: len(killed) >= 4 or not processes.waiting(), 60, "whoever replays to be killed")
        ending.set()
        thread.join(30)
        processes.wait_spool(900)
        empty = time.monotonic() - back
    recover(stack, processes)
    wrong = clients.reckon(stack, firm) + untrue_order(stack, firm, clients) + untrue_receipts(stack, ids)
    wrong += untrue_messages(stack) + broken_histories(stack, firm) + untrue_usage(stack, firm) + processes.complaints()
    if codes.count(202) != len(codes):
        wrong.append(f"receipts were answered {codes}")
    if refused:
        wrong.append(f"{refused} requests were refused")
    wrong += [f"{path.name} could not be taken" for path in processes.failed()]
    return {"away_s": round(away), "kept": during, "waited": waiting, "killed": len(killed), "longest_s": round(clients.longest_s, 1),
            "empty_after_s": round(empty, 1), "contacts": len(clients.lived), "violations": wrong}


def outages(stack, rounds, seconds, say=lambda words: None, seed=None):
    """The figures of all rounds, each with a firm of its own."""
    seed = seed if seed is not None else random.randrange(10**9)
    rng = random.Random(seed)
    total = {"rounds": rounds, "away_s": 0, "kept": 0, "killed": 0, "longest_s": 0, "empty_after_s": 0, "contacts": 0,
             "violations": []}
    for done in range(rounds):
        one = outage(stack, stack.tenant(daily_segments=1000000), rng, seconds, say)
        say(f"outage {done + 1} of {rounds}: {one}")
        for key in ("kept", "killed", "contacts", "violations"):
            total[key] += one[key]
        for key in ("away_s", "longest_s", "empty_after_s"):
            total[key] = max(total[key], one[key])
    return total
