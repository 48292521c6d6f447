"""delivery - campaigns on messages: dispatchers and Postgres are killed, providers misbehave, and each row must be true

One stack of its own, whose providers are all the simulator. What that accepted is a file that no program of ours
knows; the rows are held against it.
"""

import collections
import contextlib
import os
import random
import subprocess
import time
import uuid

from .processes import Processes, is_running, kill
from .provider import Provider, settings
from .stack import Stack, wait_for

PROVIDERS = ("ecall", "ecall_https", "twilio", "kannel")
FAULTS = ("accept=60,accept_close=5,refuse=4,busy=4,fail=2,accept_fail=3,reset_after_reading=3,accept_reset=3,close_after_reading=1,"
          "garbage=2,accept_garbage=2,accept_cut=2,accept_no_id=2,not_http=1,drop_kept=5,hang=0.3,accept_hang=0.3,late=0.3,"
          "receipt_first=3,receipts_twice=3,receipt_only=2,receipt_failed=1")
# Three dispatchers begin several hundred at once: so many more must wait that one kill cannot take them all.
WAITING = 800
# Of messages that were accepted the provider may say later that they did not arrive.
ARRIVED_NOT = {"receipt_failed"}


@contextlib.contextmanager
def stack_with_provider(home, *options, **more):
    provider = Provider(home, *options)
    stack = Stack.start(home / "s", SMS_PROVIDER="ecall_https", **settings(provider.port), **more)
    try:
        yield stack, provider
    finally:
        stack.stop()
        provider.stop()


def queue(stack, firm, count, providers, lives="1 hour"):
    """Messages to as many numbers; each says its id in its text."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    start = stack.one("select count(*) from sms_log")["count"]
    stack.sql(
        "insert into sms_log (id, customer_id, direction, template, from_number, to_number, body, segments, status, provider,"
        " not_before, expires_at, status_at, created_at)"
        " select id::uuid, %s, 'outbound', 'ticket_confirmation', '+41790000001', '+4179' || (2000000 + %s + n),"
        " 'Guten Tag [ref:' || id || ']', 1, 'queued', (%s::text[])[1 + n %% %s], t, t + %s::interval, t, t"
        " from unnest(%s::text[]) with ordinality u (id, n), clock_timestamp() t",
        firm.id, start, list(providers), len(providers), lives, ids)
    return ids


def queued(stack):
    return stack.one("select count(*) from sms_log where status = 'queued'")["count"]


class Dispatchers:
    """The one of the stack, and others beside it."""

    def __init__(self, stack, processes, count):
        self.stack = stack
        self.processes = processes
        self.others = [self.start() for _ in range(count - 1)]

    def __enter__(self):
        return self

    def start(self):
        with (self.stack.state / "log" / "dispatcher.log").open("ab") as log:
            return subprocess.Popen(
                [self.stack.state / "programs" / "bin" / "dispatcher"], env={**os.environ, **self.stack.env},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill_one(self, rng):
        """kill -9; whoever is not supervised is started again here."""
        choice = rng.randrange(len(self.others) + 1)
        if choice == len(self.others):
            pids = self.processes.pids("dispatcher")
            return bool(pids) and kill(pids[0])
        self.others[choice].kill()
        self.others[choice].wait(60)
        self.others[choice] = self.start()
        return True

    def revive(self):
        self.others = [child if child.poll() is None else self.start() for child in self.others]

    def __exit__(self, *exception):
        for child in self.others:
            child.terminate()
        for child in self.others:
            child.wait(180)


def kill_somebody(rng, processes, dispatchers):
    """Which kind it was, or None where nobody of that kind is there now."""
    kind = rng.choices(("dispatcher", "backend", "postmaster"), (60, 32, 8))[0]
    if kind == "dispatcher":
        return kind if dispatchers.kill_one(rng) else None
    if not processes.database_answers():
        return None
    if kind == "backend":
        pids = processes.backends("dispatcher")
        return kind if pids and processes.kill_backend(rng.choice(pids)) else None
    first = processes.postmaster()
    kill(first)
    wait_for(lambda: not is_running(first), 60, "Postgres to end")
    processes.wait_database()
    return kind


def settle(stack, ids, say):
    """Until no row waits: leases are over, and whoever can be asked was asked twice."""
    next_look = [0.0]

    def rest():
        if time.monotonic() < next_look[0]:
            return False
        next_look[0] = time.monotonic() + 0.5
        # What a dispatcher is writing at this moment is let be: it comes to rest by itself.
        stack.sql("update sms_log set claimed_until = clock_timestamp() where id in"
                  " (select id from sms_log where status = 'sending' and status_at < clock_timestamp() - interval '40 seconds'"
                  " for update skip locked)")
        # as if it were five minutes later: what is unknown is asked about
        stack.sql("update sms_log set status_at = least(status_at, clock_timestamp() - interval '5 minutes'), ask_at = null"
                  " where id in (select id from sms_log"
                  " where status = 'unknown' and provider in ('ecall_https', 'twilio') and asks < 9"
                  " and (status_at > clock_timestamp() - interval '4 minutes' or ask_at > clock_timestamp())"
                  " for update skip locked)")
        # In one look: a row goes from one to the other and back.
        left = stack.one(
            "select count(*) filter (where status = 'queued') as queued, count(*) filter (where status = 'sending') as sending,"
            " count(*) filter (where status = 'unknown') as unknown, count(*) filter (where status in ('queued', 'sending')"
            " or status = 'unknown' and (provider = 'ecall_https' or provider = 'twilio' and asks < 3)) as open"
            " from sms_log where id = any (%s::uuid[])", ids)
        say(f"{left['queued']} queued, {left['sending']} sending, {left['unknown']} unknown")
        return left["open"] == 0

    wait_for(rest, 400, "the outbox to come to rest")


def untrue(stack, provider, ids):
    """Rows that contradict what the provider accepted, and how many there are of each status."""
    accepted = provider.accepted()
    counts = collections.Counter()
    wrong = []
    for row in stack.sql("select id::text, status, provider, provider_id, attempts, claimed_by from sms_log where id = any (%s::uuid[])", ids):
        took = accepted.pop(row["id"], [])
        counts[row["status"]] += 1
        what = f"{row['provider']} {row['id']} is {row['status']} after {row['attempts']} attempts"
        if len(took) > 1:
            wrong.append(f"{what} and was accepted {len(took)} times: {[m['fault'] for m in took]}")
        if row["status"] in ("sent", "delivered") and not took:
            wrong.append(f"{what} and was never accepted")
        if row["status"] in ("failed", "expired") and took and took[0]["fault"] not in ARRIVED_NOT:
            wrong.append(f"{what} and was accepted: {took[0]['fault']}")
        if row["status"] in ("queued", "sending", "suppressed") or row["claimed_by"] is not None:
            wrong.append(f"{what}, claimed by {row['claimed_by']}")
        if row["status"] == "unknown" and row["provider"] == "ecall_https":
            wrong.append(f"{what}, and eCall could have been asked")
        if row["provider"] == "twilio" and row["provider_id"] is not None and took and row["provider_id"] != took[0]["message_id"]:
            wrong.append(f"{what} with another message's id")
    if sum(counts.values()) != len(ids):
        wrong.append(f"{len(ids)} were queued, {sum(counts.values())} are there")
    wrong += [f"a message was accepted that nobody wrote: {ref}" for ref in accepted]
    return wrong, counts


def kill_rounds(home, rounds, dispatchers=3, say=lambda words: None, seed=None, **more):
    """kill -9 of dispatchers, their backends and the postmaster while four providers do whatever can go wrong."""
    seed = seed if seed is not None else random.randrange(10**9)
    rng = random.Random(seed)
    kills = collections.Counter()
    begun = time.monotonic()
    with stack_with_provider(home, "--delay", "0.05", "--reset", "0.02", "--deaf", "0.2", "--behind", "300",
                             "--receipts", "0.9", "--faults", FAULTS, **more) as (stack, provider):
        firm = stack.tenant(daily_segments=1000000)
        processes = Processes(stack)
        with Dispatchers(stack, processes, dispatchers) as team:
            ids = []
            while sum(kills.values()) < rounds:
                # Whoever is killed leaves unknown what it had in flight, and that never leaves: there must be more.
                if queued(stack) < WAITING:
                    ids += queue(stack, firm, WAITING, PROVIDERS)
                enough = provider.count() + rng.randrange(5, 100)
                wait_for(lambda: provider.count() >= enough, 120, "messages to leave")
                time.sleep(rng.uniform(0, 0.02))     # anywhere inside a batch
                kind = kill_somebody(rng, processes, team)
                if kind is not None:
                    kills[kind] += 1
                team.revive()
                say(f"{provider.count()} accepted, {sum(kills.values())} kills")
            stack.close()
            settle(stack, ids, say)
        violations, counts = untrue(stack, provider, ids)
        violations += processes.complaints()
    return {
        "rounds": sum(kills.values()), "seed": seed, "messages": len(ids), "dispatchers": dispatchers,
        **{f"killed_{kind}": n for kind, n in sorted(kills.items())},
        **{status: n for status, n in sorted(counts.items())},
        "seconds": round(time.monotonic() - begun), "violations": violations,
    }


# ---- many at once ----------------------------------------------------------------------------------


def memory_kb(pid):
    """Private memory of a process."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def mailing(home, messages, say=lambda words: None, away_s=60, least=0, **more):
    """So many messages to a provider that takes 300 ms, 100 at a time; then as many while it is away for a minute."""
    violations = []
    with stack_with_provider(home, "--delay", "0.3", **more) as (stack, provider):
        firm = stack.tenant(daily_segments=1000000)
        processes = Processes(stack)
        pid = processes.wait_running("dispatcher")[0]
        warm = queue(stack, firm, 500, ["ecall_https"])
        wait_for(lambda: provider.count() == len(warm), 60, "the first messages")
        before = memory_kb(pid)
        ids = queue(stack, firm, messages, ["ecall_https"])
        wait_for(lambda: provider.count() > len(warm), 60, "the mailing to begin")
        begun = time.monotonic()
        first = provider.count()
        wait_for(lambda: provider.count() == len(warm) + messages or say(f"{provider.count()} accepted"), 300, "the mailing")
        rate = (provider.count() - first) / (time.monotonic() - begun)
        wait_for(lambda: stack.one("select count(*) from sms_log where status <> 'sent'")["count"] == 0, 60, "all to be sent")
        grown = memory_kb(pid) - before
        if rate < least:
            violations.append(f"{rate:.0f} a second, {least} are to be reached")

        provider.stop()
        late = queue(stack, firm, messages, ["ecall_https"])
        gone = time.monotonic()
        wait_for(lambda: time.monotonic() - gone > away_s, away_s + 10, "a minute")
        tried = stack.one("select sum(attempts) as attempts from sms_log where id = any (%s::uuid[])", late)["attempts"]
        back = Provider(home, "--delay", "0.3", port=provider.port)
        begun = time.monotonic()
        wait_for(lambda: back.count() == messages or say(f"{back.count()} of {messages} after the pause"), 300, "the rest")
        recovered = time.monotonic() - begun
        wait_for(lambda: stack.one("select count(*) from sms_log where status <> 'sent'")["count"] == 0, 60, "all to be sent")
        row = stack.one("select max(attempts) as most, sum(attempts) as attempts from sms_log where id = any (%s::uuid[])", late)
        for part, whose in ((provider, warm + ids), (back, late)):
            took = part.accepted()
            if sorted(took) != sorted(whose) or any(len(lines) != 1 for lines in took.values()):
                violations.append("not everything was accepted exactly once")
        back.stop()
        if processes.wait_running("dispatcher")[0] != pid:
            violations.append("the dispatcher was replaced")
        violations += processes.complaints()
    return {
        "rounds": 1, "messages": 2 * messages, "a_second": round(rate), "memory_grown_kb": grown, "away_s": away_s,
        "attempts_while_away": int(tried), "attempts_at_most": row["most"], "sent_after_s": round(recovered), "violations": violations,
    }
