"""opsfabric text check: which letter of a text doubles its price; and nothing dynamic does so by accident"""

import json
import subprocess
import uuid

import pytest

from tests.support.stack import mobile, wait_for

GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€")
NAMES = ["Garçon – Fils", "Müller’s “Sanitär”", "漢字", "Heizung 👍🏽 AG", "{number} {{link}}", "x" * 120, "Zeile\u2028zwei", "\u202eAG\u202c"]


def check(stack, *args, text=None, status=0):
    out = stack.command("text", "check", *args, "--json", stdin=text, check=False)
    assert out.returncode == status, out.stdout + out.stderr
    return json.loads(out.stdout)


def letters(said):
    return [(x["position"], x["letter"], x["code"], x["instead"]) for x in said["letters"]]


# ---- a text from standard input ------------------------------------------------------------------


@pytest.mark.parametrize("text, cost, replaced", [
    ("Grüezi, wir melden uns.\n", ("GSM-7", 23, 1), ("GSM-7", 23, 1)),
    ("", ("GSM-7", 0, 1), ("GSM-7", 0, 1)),
    ("x" * 160, ("GSM-7", 160, 1), ("GSM-7", 160, 1)),
    ("x" * 161, ("GSM-7", 161, 2), ("GSM-7", 161, 2)),
    ("x" * 159 + "ç", ("UCS-2", 160, 3), ("GSM-7", 160, 1)),
    ("€" * 80, ("GSM-7", 160, 1), ("GSM-7", 160, 1)),
    ("Merci – à bientôt…", ("UCS-2", 18, 1), ("GSM-7", 20, 1)),
    ("👍" * 36, ("UCS-2", 72, 2), ("GSM-7", 0, 1)),
])
def test_a_text_is_told_its_price(stack, text, cost, replaced):
    (said,) = check(stack, text=text, status=0 if cost[0] == "GSM-7" else 1)["texts"]
    assert (said["alphabet"], said["units"], said["segments"]) == cost
    plain = said["replaced"]
    assert (plain["alphabet"], plain["units"], plain["segments"]) == replaced
    assert set(plain["words"]) <= GSM7
    assert (said["language"], said["text"], said["whose"], said["problem"]) == (None, None, None, None)


def test_every_letter_is_named_with_what_people_write_instead(stack):
    (said,) = check(stack, text="«Ça» – l’été\u00a0… 👍 Œuvre\u200b", status=1)["texts"]
    assert letters(said) == [
        (1, "«", "U+00AB", '"'), (4, "»", "U+00BB", '"'), (6, "–", "U+2013", "-"), (9, "’", "U+2019", "'"),
        (13, "\u00a0", "U+00A0", " "), (14, "…", "U+2026", "..."), (16, "👍", "U+1F44D", None), (18, "Œ", "U+0152", "OE"),
        (23, "\u200b", "U+200B", ""),
    ]
    assert said["replaced"]["words"] == '"Ça" - l\'été ...  OEuvre'
    out = stack.command("text", "check", stdin="Garçon –", check=False)
    assert out.returncode == 1 and out.stderr == ""
    assert out.stdout.splitlines() == [
        "UCS-2, 8 characters: 1 message", "  character 4, ç U+00E7: write c", "  character 8, – U+2013: write -",
        "  without these letters: GSM-7, 8 characters: 1 message",
    ]


@pytest.mark.parametrize("args, text, status, says", [
    ((), b"\xff", 1, "UTF-8"), ((), b"a\0b", 1, "UTF-8"), ((), b"x" * 20001, 1, "20000 bytes"),
    (("--text", "reply_text"), b"x", 2, "needs a firm"), (("--language", "de"), b"x", 2, "--text"),
    (("no-such-firm",), b"", 3, "no-such-firm"), (("a", "b"), b"", 2, "one operand too many"),
    (("doerfler-ag", "--text", "nothing", "--language", "de"), b"x", 2, "no text nothing"),
    (("doerfler-ag", "--text", "reply_text", "--language", "rm"), b"x", 2, "--language"),
])
def test_what_cannot_be_checked_is_said(stack, args, text, status, says):
    out = subprocess.run([stack.state / "bin" / "opsfabric", "text", "check", *args], input=text, capture_output=True, timeout=60)
    assert out.returncode == status and out.stdout == b""
    assert says.lower() in out.stderr.decode().lower()


# ---- the texts of a firm -------------------------------------------------------------------------


def test_all_texts_of_a_firm_are_measured_with_long_values(stack):
    firm = stack.tenant()
    said = check(stack, firm.slug)
    assert said["good"] and said["firm_problem"] is None
    assert len(said["texts"]) == 4 * len({t["text"] for t in said["texts"]}) >= 4 * 18
    assert {t["whose"] for t in said["texts"]} == {"house"}
    assert all(t["alphabet"] == "GSM-7" and t["segments"] <= 2 and t["problem"] is None for t in said["texts"])
    out = stack.command("text", "check", firm.slug)
    assert len(out.stdout.splitlines()) == len(said["texts"])


def test_what_was_written_past_all_checks_is_found_and_not_sent(stack):
    firm = stack.tenant()
    stack.sql(
        "update customers set config = jsonb_set(config, '{texts}', %s) where id = %s",
        json.dumps({"de": {"missed_call": "{{firm}}: Leider verpasst – 1 = Notfall, 2 = Rückruf, 3 = Formular. STOPP",
                           "reply_text": "{{firm}}: {{frim}}"}}), firm.id)
    said = check(stack, firm.slug, status=1)
    own = {t["text"]: t for t in said["texts"] if t["whose"] == "firm"}
    assert set(own) == {"missed_call", "reply_text"} and not said["good"]
    assert (own["missed_call"]["alphabet"], letters(own["missed_call"])) == ("UCS-2", [(27, "–", "U+2013", "-")])
    assert own["missed_call"]["segments"] == 2 and own["missed_call"]["replaced"]["segments"] == 1
    assert "–" in own["missed_call"]["problem"] and "frim" in own["reply_text"]["problem"]
    caller = mobile()
    assert firm.missed_call(caller).json()["status"] == "queued"
    (message,) = stack.wait_messages(caller)
    assert set(message["body"]) <= GSM7 and "1 = Notfall" in message["body"]


def test_a_wording_is_tried_before_it_is_set(stack):
    firm = stack.tenant()
    args = (firm.slug, "--text", "reply_callback", "--language", "fr")
    (said,) = check(stack, *args, text="{{firm}}: Merci, on vous rappelle {{until}}.")["texts"]
    assert (said["language"], said["text"], said["segments"]) == ("fr", "reply_callback", 1)
    (said,) = check(stack, *args, text="{{firm}}: Merci, ça marche {{until}}.", status=1)["texts"]
    assert letters(said) == [(18, "ç", "U+00E7", "c")] and "ç" in said["problem"]
    (said,) = check(stack, *args, text="Merci, on vous rappelle {{until}}.", status=1)["texts"]
    assert "{{firm}} is missing" in said["problem"]


def test_of_a_firm_without_settings_nothing_is_said_to_be_broken(stack):
    slug = "t-" + uuid.uuid4().hex[:12]
    stack.command("tenant", "add", "--slug", slug, "--name", "Muster AG")
    out = stack.command("text", "check", slug)
    assert out.stderr == "" and "missed_call" in out.stdout


# ---- what others write never reaches a message ---------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_no_name_makes_a_message_dearer(stack, name):
    """A firm's name written past all checks, and a visitor's: every message is GSM-7 and at most two segments."""
    firm = stack.tenant()
    stack.sql("update customers set name = %s, config = config - 'sms_name' where id = %s", name, firm.id)
    said = check(stack, firm.slug, status=1)
    assert said["firm_problem"] and not any(letters(t) for t in said["texts"])
    phone, caller = mobile(), mobile()
    assert firm.ticket(phone, contact_name=name * 1, summary=name, language="fr").status_code == 201
    assert firm.missed_call(caller).status_code == 200
    for body in ("1", "2", "3", "Hallo " + name, "STOP"):
        assert firm.text(caller, body).status_code == 200
    rows = wait_for(
        lambda: (lambda rows: rows if not any(r["status"] in ("queued", "sending") for r in rows) else None)(firm.outbound()),
        what="the messages")
    assert len(rows) >= 6
    for row in rows:
        assert set(row["body"]) <= GSM7 and row["segments"] <= 2, row["body"]
        assert not set(row["body"]) & set("{}")
