"""dispatcher - each way in which the transfer of a message ends has its status, and what is unknown is asked about

On the outbox of tests/support/outbox.py: the rows are held against what the provider accepted.
"""

import subprocess

import pytest

from tests.support.outbox import PROGRAMS, SLUG, TICKET, TO, check_truth, cluster, outbox  # noqa: F401
from tests.support.stack import wait_for


# ---- one message ---------------------------------------------------------------------------


def test_a_sent_row_was_accepted_as_it_says(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = outbox.queue(20, "Grüezi \"Frau\" Müller\\ \U0001f642\nbis bald")
    rows = outbox.wait_status(ids, "sent")
    assert check_truth(outbox, provider, ids) == {"sent": 20}
    accepted = provider.accepted()
    for row in rows.values():
        assert row["attempts"] == 1 and row["error"] is None and row["provider_id"]
        assert accepted[row["id"]][0]["to"] == "00" + TO[1:]
        assert accepted[row["id"]][0]["from"] == "0041790000001"
        assert accepted[row["id"]][0]["text"] == row["body"]
    events = outbox.sql("select event_type from ticket_events where ticket_id = %s", TICKET)
    assert [e["event_type"] for e in events] == ["sms_sent"] * 20
    log = outbox.log.read_text()
    assert all(f"message {i}: ecall sent attempt 1 {SLUG} +41 79 *** ** 67 in " in log for i in ids)
    assert TO not in log and TO[1:] not in log and "ller" not in log and "secret" not in log


@pytest.mark.parametrize("name", ["ecall_https", "twilio", "kannel"])
def test_what_another_provider_accepted_is_what_the_row_says(outbox, name):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    texts = ["Gr\u00fcezi {1} & \"Frau\" M\u00fcller?", "\u00e7a va \U0001f642", "a\nb + c%20d"]
    ids = [outbox.queue(1, text, provider=name)[0] for text in texts]
    rows = outbox.wait_status(ids, "sent")
    assert check_truth(outbox, provider, ids) == {"sent": 3}
    for row in rows.values():
        [took] = provider.accepted()[row["id"]]
        prefix = "00" if name == "ecall_https" else "+"
        assert (took["provider"], took["to"], took["from"]) == (name, prefix + TO[1:], prefix + "41790000001")
        assert took["text"] == row["body"]
        assert row["provider_id"] == (took["message_id"] if name == "twilio" else None)
    if name == "kannel":
        assert [provider.accepted()[i][0]["coding"] for i in ids] == ["0", "2", "0"]
    assert "secret" not in outbox.log.read_text() and TO[1:] not in outbox.log.read_text()


# text -> status that the row ends in, provider's part of its error, accepted at all
ENDINGS = {
    "[fault:refuse]": ("failed", "HTTP 400 InvalidContent", 0),
    "[fault:fail]": ("unknown", "HTTP 500", 0),
    "[fault:accept_fail]": ("unknown", "HTTP 500", 1),
    "[fault:reset_after_reading]": ("unknown", "", 0),
    "[fault:accept_reset]": ("unknown", "", 1),
    "[fault:close_after_reading]": ("unknown", "", 0),
    "[fault:garbage]": ("unknown", "HTTP 200 without", 0),
    "[fault:accept_garbage]": ("unknown", "HTTP 200 without", 1),
    "[fault:accept_cut]": ("unknown", "HTTP 201, then", 1),
    "[fault:accept_no_id]": ("sent", None, 1),
    "[fault:not_http]": ("unknown", "", 0),
    "[fault:accept_close]": ("sent", None, 1),
    "[fault:hang]": ("unknown", "", 0),
    "[fault:accept_hang]": ("unknown", "", 1),
    "[first:busy]": ("sent", None, 1),
}


def test_each_way_to_end_has_its_status(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = {text: outbox.queue(1, text)[0] for text in ENDINGS}
    # what hangs is given up after 30 s
    rows = outbox.wait_status(list(ids.values()), "sent", "failed", "unknown", seconds=180)
    accepted = provider.accepted()
    for text, (status, error, times) in ENDINGS.items():
        row = rows[ids[text]]
        assert row["status"] == status, (text, row)
        assert len(accepted[row["id"]]) == times, (text, row)
        assert row["attempts"] == (2 if "first" in text else 1), (text, row)
        if error is None:
            assert row["error"] is None, (text, row)
        else:
            assert error in row["error"], (text, row)
    assert "no such receiver" in rows[ids["[fault:refuse]"]]["error"]
    assert not outbox.said("no such receiver")


# where their answers differ from eCall's
OTHER_ENDINGS = {
    "ecall_https": {"[fault:accept_no_id]": ("unknown", "HTTP 202 without", 1), "[fault:refuse]": ("failed", "11100", 0),
                    "[fault:accept_cut]": ("unknown", "HTTP 200, then", 1)},
    "twilio": {"[fault:accept_no_id]": ("unknown", "HTTP 202 without", 1), "[fault:refuse]": ("failed", "21211", 0)},
    "kannel": {"[fault:accept_no_id]": ("unknown", "HTTP 202 accepted in words", 1),
               "[fault:refuse]": ("failed", "number denied", 0), "[fault:garbage]": ("unknown", "HTTP 200", 0),
               "[fault:accept_garbage]": ("unknown", "HTTP 200", 1), "[fault:accept_cut]": ("unknown", "HTTP 202, then", 1)},
}


@pytest.mark.parametrize("name", OTHER_ENDINGS)
def test_each_way_to_end_with_another_provider(outbox, name):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    endings = {text: ending for text, ending in (ENDINGS | OTHER_ENDINGS[name]).items() if "hang" not in text}
    ids = {text: outbox.queue(1, text, provider=name)[0] for text in endings}
    rows = outbox.wait_status(list(ids.values()), "sent", "failed", "unknown", seconds=120)
    accepted = provider.accepted()
    for text, (status, error, times) in endings.items():
        row = rows[ids[text]]
        assert row["status"] == status, (text, row)
        assert len(accepted[row["id"]]) == times, (text, row)
        assert row["attempts"] == (2 if "first" in text else 1), (text, row)
        if "fault:accept]" in text or error is None:
            assert row["error"] is None, (text, row)
        else:
            assert error in row["error"], (text, row)


# ---- what became of the unknown ----------------------------------------------------------------------


def asked(outbox, ids, *wanted, seconds=120):
    """As if they had become unknown five minutes ago: they are asked about, until all are as wanted."""
    def settled():
        outbox.sql("update sms_log set status_at = least(status_at, clock_timestamp() - interval '5 minutes'), ask_at = null,"
                   " created_at = least(created_at, clock_timestamp() - interval '6 minutes')"
                   " where id in (select id from sms_log where status = 'unknown' and asks < 5 and id = any (%s::uuid[])"
                   " for update skip locked)", ids)
        return all(row["status"] in wanted or row["asks"] >= 5 for row in outbox.rows(ids).values())
    wait_for(settled, seconds)
    return outbox.rows(ids)


def test_ecall_is_asked_by_our_id_and_what_it_never_had_is_sent_again(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    texts = ["[fault:accept_reset]", "[fault:accept_garbage]", "[fault:accept_fail]", "[first:reset_after_reading]", "[first:fail]"]
    ids = [outbox.queue(1, text, provider="ecall_https")[0] for text in texts]
    outbox.wait_status(ids, "unknown")
    fresh = outbox.queue(1, "[fault:accept_reset]", provider="ecall_https")
    outbox.wait_status(fresh, "unknown")
    rows = asked(outbox, ids, "sent")
    assert [rows[i]["status"] for i in ids] == ["sent"] * 5
    assert [rows[i]["attempts"] for i in ids] == [1, 1, 1, 2, 2]
    assert check_truth(outbox, provider, ids) == {"sent": 5}
    events = outbox.sql("select event_type, count(*) from ticket_events group by 1")
    assert {e["event_type"]: e["count"] for e in events} == {"sms_unknown": 6, "sms_sent": 5}
    # its lease and its time-out are not over: it may still be on its way
    assert (outbox.row(fresh[0])["status"], outbox.row(fresh[0])["asks"]) == ("unknown", 0)


def test_ecall_rest_is_asked_by_its_own_id_where_it_gave_one(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = [outbox.queue(1, text)[0] for text in ("[fault:accept_odd]", "[fault:accept_reset]")]
    rows = outbox.wait_status(ids, "unknown")
    assert rows[ids[0]]["provider_id"] and not rows[ids[1]]["provider_id"]
    outbox.sql("update sms_log set status_at = status_at - interval '5 minutes'")
    outbox.wait_status(ids[:1], "sent")
    assert (outbox.row(ids[1])["status"], outbox.row(ids[1])["asks"]) == ("unknown", 0)
    assert check_truth(outbox, provider, ids) == {"sent": 1, "unknown": 1}


def test_twilio_is_asked_by_its_list_and_only_what_is_there_counts(outbox):
    provider = outbox.provider("--behind", "300")
    outbox.dispatcher(provider.port)
    there = outbox.queue(1, "[fault:accept_reset]", provider="twilio")
    absent = outbox.queue(1, "[fault:reset_after_reading]", provider="twilio")
    outbox.wait_status(there + absent, "unknown")
    rows = asked(outbox, there + absent, "sent")
    assert rows[there[0]]["status"] == "sent" and rows[there[0]]["provider_id"]
    assert rows[absent[0]]["status"] == "unknown"
    assert check_truth(outbox, provider, there + absent) == {"sent": 1, "unknown": 1}


def test_the_same_words_to_the_same_number_are_nobodys(outbox):
    provider = outbox.provider("--behind", "300")
    ids = outbox.queue(2, provider="twilio")
    outbox.sql("update sms_log set body = 'the same [fault:accept_reset]'")
    outbox.dispatcher(provider.port)
    outbox.wait_status(ids, "unknown")
    assert provider.count() == 2
    rows = asked(outbox, ids, "sent")
    assert [row["status"] for row in rows.values()] == ["unknown"] * 2
    assert outbox.said("two messages could be it")


def test_a_provider_that_does_not_answer_is_asked_ever_more_rarely(outbox):
    provider = outbox.provider("--deaf", "1")
    outbox.dispatcher(provider.port)
    ids = outbox.queue(1, "[fault:accept_reset]", provider="ecall_https")
    outbox.wait_status(ids, "unknown")
    outbox.sql("update sms_log set status_at = status_at - interval '5 minutes'")
    row = wait_for(lambda: (lambda r: r if r["asks"] == 1 else None)(outbox.row(ids[0])))
    assert (row["ask_at"] - row["status_at"]).total_seconds() > 300
    assert outbox.row(ids[0])["status"] == "unknown"


def test_a_person_says_what_became_of_it(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = [outbox.queue(1, text)[0] for text in ("[fault:accept_reset]", "[fault:reset_after_reading]", "[first:reset_after_reading]")]
    outbox.wait_status(ids, "unknown")
    for row_id, word in zip(ids, ("sent", "failed", "absent")):
        outbox.command("message", "resolve", row_id, word)
    rows = outbox.wait_status(ids, "sent", "failed")
    assert [rows[i]["status"] for i in ids] == ["sent", "failed", "sent"]
    assert check_truth(outbox, provider, ids) == {"sent": 2, "failed": 1}
    assert rows[ids[0]]["error"] == "resolved by hand: sent" and rows[ids[2]]["attempts"] == 2
    out = subprocess.run([PROGRAMS / "bin" / "opsfabric", "message", "resolve", ids[0], "absent"], env=outbox.environment(None),
                         capture_output=True, text=True)
    assert out.returncode == 1 and "the message is sent" in out.stderr
    assert outbox.row(ids[0])["status"] == "sent"
