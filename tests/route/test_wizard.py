"""GET /<slug>/anfrage, its form sent to /api/ticket, and the page of thanks, as a browser without JavaScript does it"""

import html.parser
import re
import urllib.parse

import pytest

from tests.support.processes import Processes
from tests.support.stack import mobile, wait_for

NOON = "2027-07-14T10:00:00Z"
LATER = "2027-07-14T10:01:00Z"
NIGHT = "2027-07-14T21:30:00Z"
NIGHT_LATER = "2027-07-14T21:31:00Z"
VERSION = "2026-11"

INTENTS = [
    {"value": "rohrbruch", "label": "Wasser läuft aus", "category": "emergency", "urgency": "HIGH", "safety": "water"},
    {"value": "gas", "label": "Es riecht nach <Gas> & mehr", "category": "emergency", "urgency": "LOW", "safety": "gas"},
    {"value": "reparatur", "label": "Etwas reparieren", "category": "request", "urgency": "LOW"},
    {"value": "anderes", "label": "Etwas anderes", "category": "request", "urgency": "MED"},
    {"value": "badumbau", "label": "Bad umbauen", "category": "offer", "urgency": "LOW"},
]


def config(**changes):
    return {
        "language": "de", "languages": ["de", "fr", "it", "en"], "intents": INTENTS,
        "on_call": [{"phone": mobile(), "name": "Reto"}], **changes,
    }


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", daily_segments=100000, config=config())


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: its elements, the forms with what they would send, the text."""

    VOID = {"input", "meta", "link", "br", "img"}

    def __init__(self, answer):
        super().__init__()
        self.answer, self.elements, self.words, self.stack = answer, [], [], []
        self.feed(answer.text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        attrs["text"] = ""
        self.elements.append((tag, attrs))
        if tag not in self.VOID:
            self.stack.append((tag, attrs))

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        self.words.append(data)
        for _, attrs in self.stack:
            attrs["text"] += data

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def all(self, tag, **attrs):
        return [a for t, a in self.elements if t == tag and all(a.get(k.rstrip("_")) == v for k, v in attrs.items())]

    def one(self, tag, **attrs):
        found = self.all(tag, **attrs)
        assert len(found) == 1, (tag, attrs, found)
        return found[0]

    def field(self, name):
        """The control of that name, or all of them where it is a choice."""
        found = [a for t, a in self.elements if t in ("input", "textarea") and a.get("name") == name]
        return found[0] if len(found) == 1 else found

    def value(self, name):
        field = self.field(name)
        if isinstance(field, list):
            return next((f["value"] for f in field if "checked" in f), None)
        return field["text"] if "value" not in field else field["value"]

    def form(self):
        """What is sent if nothing is typed."""
        sent = {}
        for tag, a in self.elements:
            if tag == "textarea":
                sent[a["name"]] = a["text"]
            elif tag == "input" and (a.get("type") not in ("radio", "checkbox") or "checked" in a):
                sent[a["name"]] = a.get("value", "")
        return sent

    def error(self, name):
        """The message at a field, which the field says it is described by."""
        message = self.one("p", id=f"e-{name}")["text"]
        described = [a for _, a in self.elements if f"e-{name}" in (a.get("aria-describedby") or "").split()]
        assert len(described) == 1 and described[0]["aria-invalid"] == "true", described
        return message


def show(firm, query="", path="/anfrage", status=200, **kwargs):
    answer = firm.stack.get(f"/{firm.slug}{path}{query}", **kwargs)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    page = Page(answer)
    assert len(page.all("h1")) == 1
    assert not any(a for _, a in page.elements if any(k.startswith("on") or k == "style" for k in a))
    return page


def send(firm, page, typed, status=303, headers=None):
    """As a browser sends the form: what the page brought, and what was typed."""
    form = page.one("form", id="wizard")
    assert (form["method"], form["action"]) == ("post", "/api/ticket")
    return sent(firm, {**page.form(), **typed}, status, headers)


def sent(firm, form, status=303, headers=None):
    answer = firm.stack.post("/api/ticket", form=form, headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def thanks(firm, answer):
    where = answer.headers["Location"]
    assert where.startswith(f"/{firm.slug}/anfrage/danke?"), where
    got = firm.stack.get(where)
    assert got.status_code == 200 and got.headers["Cache-Control"] == "no-store"
    return Page(got)


TYPED = {
    "emergency": {"intent": "rohrbruch", "summary": "Im Keller", "contact_name": "Eva Muster", "street": "Seestrasse 1",
                  "postcode": "8810", "place": "Horgen", "consent": VERSION},
    "request": {"intent": "reparatur", "summary": "Der Hahn tropft.\r\nSeit gestern.", "contact_name": "Eva Muster",
                "place": "Horgen", "time_wish": "this_week", "time_note": "vormittags", "consent": VERSION},
    "offer": {"intent": "badumbau", "summary": "Dusche statt Wanne", "contact_name": "Eva Muster",
              "contact_email": "Eva@Muster.example", "street": "Seestrasse 1", "postcode": "8810", "place": "Horgen",
              "time_frame": "quarter", "budget": "20'000", "consent": VERSION},
}
EXPECTED = {
    "emergency": ("HIGH", "Wasser läuft aus\nIm Keller\nAdresse: Seestrasse 1, 8810 Horgen",
                  {"flow": "emergency", "street": "Seestrasse 1", "postcode": "8810", "place": "Horgen"}),
    "request": ("MED", "Etwas reparieren\nDer Hahn tropft.\nSeit gestern.\nAdresse: Horgen\nWunschtermin: Diese Woche, vormittags",
                {"flow": "request", "place": "Horgen", "time_wish": "this_week", "time_note": "vormittags"}),
    "offer": ("LOW", "Bad umbauen\nDusche statt Wanne\nAdresse: Seestrasse 1, 8810 Horgen\nZeitrahmen: In drei Monaten\nBudget: 20'000",
              {"flow": "offer", "street": "Seestrasse 1", "postcode": "8810", "place": "Horgen", "time_frame": "quarter",
               "budget": "20'000"}),
}


# ---- from the ways to the thanks -----------------------------------------------------------------


def test_the_ways_are_links(firm):
    page = show(firm)
    ways = page.all("a", class_="way urgent") + page.all("a", class_="way")
    assert [w["href"] for w in ways] == [f"/{firm.slug}/anfrage?flow={flow}" for flow in ("emergency", "request", "offer")]
    # Whoever can call need not write.
    hrefs = [a.get("href") for a in page.all("a")]
    main = hrefs[hrefs.index("#main"):]
    assert f"tel:{firm.phone}" in main[:main.index(ways[0]["href"])]


@pytest.mark.parametrize("flow", TYPED)
def test_each_way_leads_to_a_ticket(firm, clock, flow):
    phone = mobile()
    clock(NOON)
    page = show(firm, f"?flow={flow}")
    clock(LATER)
    done = thanks(firm, send(firm, page, {**TYPED[flow], "contact_phone": phone}))

    (ticket,) = firm.tickets(phone)
    urgency, summary, metadata = EXPECTED[flow]
    assert (ticket["urgency"], ticket["summary"], ticket["metadata"]) == (urgency, summary, metadata)
    assert (ticket["source"], ticket["intent"], ticket["contact_name"]) == ("wizard", TYPED[flow]["intent"], "Eva Muster")
    assert ticket["contact_email"] == ("eva@muster.example" if flow == "offer" else None)

    consent = firm.stack.one("select * from consents where ticket_id = %s", ticket["id"])
    assert (consent["text_version"], consent["language"], consent["contact_id"]) == (VERSION, "de", ticket["contact_id"])
    assert consent["given_at"] == ticket["created_at"]

    (message,) = firm.stack.wait_messages(phone)
    assert done.one("p", class_="ticket-number")["text"] == f"Ihre Nummer: {ticket['number']}"
    promise = done.one("p", class_="promise")["text"]
    if flow == "emergency":
        assert promise.startswith("Wir rufen Sie gleich an.")
        assert message["body"].endswith(f"Ihr Notfall Nr. {ticket['number']} ist gemeldet. Wir rufen Sie gleich an.")
        assert "Drehen Sie den Haupthahn zu" in done.text
        (alert,) = firm.stack.sql("select * from alerts where ticket_id = %s", ticket["id"])
    else:
        # What the page says is what the message said, and what escalates.
        assert promise == "Wir melden uns bis 14:05."
        assert message["body"].endswith(promise)
        assert "Haupthahn" not in done.text
    assert "Sie erhalten gleich eine SMS als Bestätigung." in done.text
    assert done.all("meta", name="robots") == [{"name": "robots", "content": "noindex", "text": ""}]


def test_at_night_the_page_says_when_the_message_comes(firm, clock):
    phone = mobile()
    clock(NIGHT)
    page = show(firm, "?flow=request")
    clock(NIGHT_LATER)
    done = thanks(firm, send(firm, page, {**TYPED["request"], "contact_phone": phone}))
    assert done.one("p", class_="promise")["text"] == "Wir melden uns morgen bis 09:00."
    assert "Die Bestätigung per SMS kommt am Morgen." in done.text
    assert firm.outbound(phone)[0]["status"] == "queued"


def test_an_emergency_never_waits_for_the_morning(firm, clock):
    phone = mobile()
    clock(NIGHT)
    page = show(firm, "?flow=emergency")
    clock(NIGHT_LATER)
    done = thanks(firm, send(firm, page, {**TYPED["emergency"], "contact_phone": phone}))
    assert done.one("p", class_="promise")["text"].startswith("Wir rufen Sie gleich an.")
    assert "bis 09:00" not in done.text
    assert "bis 09:00" not in firm.stack.wait_messages(phone)[0]["body"]


def test_a_promise_that_has_passed_is_not_said_again(firm, clock):
    clock(NOON)
    page = show(firm, "?flow=request")
    clock(LATER)
    where = send(firm, page, {**TYPED["request"], "contact_phone": mobile()}).headers["Location"]
    clock("2027-07-15T10:00:00Z")
    page = Page(firm.stack.get(where))
    assert page.one("p", class_="promise")["text"] == "Wir melden uns bei Ihnen."


def test_an_e_mail_address_is_enough_for_a_request(firm):
    address = f"{mobile()[1:]}@muster.example"
    page = show(firm, "?flow=request")
    done = thanks(firm, send(firm, page, {**TYPED["request"], "contact_email": address}))
    assert "SMS" not in done.text
    assert firm.stack.one("select * from tickets where contact_email = %s", address)["contact_phone"] is None


def test_the_same_form_twice_is_one_request(firm, clock):
    """Two taps on a slow connection."""
    phone = mobile()
    clock(NOON)
    page = show(firm, "?flow=request")
    clock(LATER)
    one, two = (send(firm, page, {**TYPED["request"], "contact_phone": phone}) for _ in range(2))
    assert one.headers["Location"] == two.headers["Location"]
    (ticket,) = firm.tickets(phone)
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0
    assert len(firm.stack.sql("select id from consents where ticket_id = %s", ticket["id"])) == 1
    # Who writes something else adds to it.
    send(firm, page, {**TYPED["request"], "contact_phone": phone, "summary": "Jetzt läuft es."})
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 1


def test_a_script_sends_the_same_under_its_key(firm):
    phone = mobile()
    page = show(firm, "?flow=request")
    form = {**page.form(), **TYPED["request"], "contact_phone": phone}
    key = {"Idempotency-Key": f"k-{phone}"}
    one, two = sent(firm, form, headers=key), sent(firm, form, headers=key)
    assert one.headers["Location"] == two.headers["Location"]
    (ticket,) = firm.tickets(phone)
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0
    refused = sent(firm, {**form, "summary": "anders"}, 422, key)
    assert refused.headers["Content-Type"] == "application/problem+json"


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc0000001149444154789c633891628415310c2d0900564657813cbd9f890000000049454e44ae426082")


def test_photos_may_be_added_to_what_was_asked(firm, clock):
    phone = mobile()
    clock(NOON)
    page = show(firm, "?flow=request")
    clock(LATER)
    answer = send(firm, page, {**TYPED["request"], "contact_phone": phone})
    done = thanks(firm, answer)
    (ticket,) = firm.tickets(phone)
    form = done.one("form", action="/api/ticket/photo")
    fields = {n: done.value(n) for n in ("ticket_id", "photo_token", "back")}
    assert form["enctype"] == "multipart/form-data" and fields["ticket_id"] == str(ticket["id"])
    # Without a script the visitor comes back here.
    assert fields["back"] == answer.headers["Location"]
    sent = firm.stack.post("/api/ticket/photo", form=fields, files={"photo": ("a.png", PNG, "image/png")})
    assert sent.status_code in (200, 201), sent.text
    assert firm.stack.one("select count(*) from photos where ticket_id = %s", ticket["id"])["count"] == 1
    # Who was not let in by a signature adds nothing.
    assert Page(firm.stack.get(f"/{firm.slug}/anfrage/danke")).all("form") == []


# ---- what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize("flow, wrong", [
    ("emergency", ["intent", "contact_name", "contact_phone", "consent"]),
    ("request", ["intent", "summary", "contact_name", "contact_phone", "consent"]),
    ("offer", ["intent", "summary", "contact_name", "contact_phone", "contact_email", "place", "consent"]),
])
def test_everything_that_is_missing_is_said_at_once(firm, flow, wrong):
    page = show(firm, f"?flow={flow}")
    before = len(firm.tickets())
    again = Page(send(firm, page, {}, 422))
    assert len(firm.tickets()) == before
    messages = [again.error(name) for name in wrong]
    box = again.one("div", id="errors")
    assert box["role"] == "alert" and box["tabindex"] == "-1" and "autofocus" in box
    links = [a for a in again.all("a") if (a.get("href") or "").startswith("#f-")]
    assert [a["text"] for a in links] == messages
    ids = {a.get("id") for _, a in again.elements}
    assert all(a["href"][1:] in ids for a in links)
    assert [a["href"] for a in links] == ["#f-intent-0" if n == "intent" else f"#f-{n}" for n in wrong]
    assert len([i for i in ids if i and i.startswith("e-")]) == len(wrong)


HOSTILE = """<b>"Eva" & 'Söhne'</b> {{w.title}} </textarea><script>alert(1)</script> 😀 \u202eabc"""


def test_what_was_typed_is_kept_and_stays_text(firm):
    page = show(firm, "?flow=offer")
    typed = {
        "intent": "badumbau", "summary": f"{HOSTILE}\r\nZeile 2", "contact_name": HOSTILE, "contact_phone": "079 12",
        "contact_email": HOSTILE, "street": HOSTILE, "postcode": "8810", "place": HOSTILE, "time_frame": "year",
        "budget": HOSTILE[:80], "consent": VERSION,
    }
    again = Page(send(firm, page, typed, 422))
    kept = {n: again.value(n) for n in typed}
    assert kept == {**typed, "summary": typed["summary"].replace("\r\n", "\n")}
    assert again.error("contact_phone") == "Diese Telefonnummer gibt es so nicht. Prüfen Sie bitte die Ziffern."
    assert again.error("contact_email").startswith("Diese E-Mail-Adresse ist nicht vollständig.")
    assert [s.get("src", "")[:8] for s in again.all("script")] == ["/assets/"]
    assert len(again.all("b")) == len(page.all("b"))
    # Corrected, it is taken, in its own words.
    phone = mobile()
    send(firm, again, {"contact_phone": phone, "contact_email": "eva@muster.example"})
    (ticket,) = firm.tickets(phone)
    assert ticket["contact_name"] == HOSTILE.replace("\u202e", ticket["contact_name"][len(HOSTILE) - 4:][:1])
    assert HOSTILE[:60] in ticket["summary"]


def test_a_value_that_is_too_long_is_kept(firm):
    page = show(firm, "?flow=request")
    again = Page(send(firm, page, {**TYPED["request"], "contact_phone": mobile(), "time_note": "x" * 201}, 422))
    assert again.error("time_note") == "Das ist zu lang: höchstens 200 Zeichen."
    assert again.value("time_note") == "x" * 201


@pytest.mark.parametrize("changes, wrong", [
    ({"intent": "badumbau"}, "intent"), ({"intent": "gibtsnicht"}, "intent"), ({"time_wish": "nie"}, "time_wish"),
    ({"consent": ""}, "consent"), ({"consent": "2020-01"}, "consent"), ({"contact_phone": "+41 58 000"}, "contact_phone"),
    ({"contact_email": "a@b"}, "contact_email"), ({"summary": "  \r\n "}, "summary"), ({"contact_name": "\t"}, "contact_name"),
], ids=str)
def test_each_rule_is_kept_by_the_server(firm, changes, wrong):
    page = show(firm, "?flow=request")
    again = Page(send(firm, page, {**TYPED["request"], "contact_phone": mobile(), **changes}, 422))
    again.error(wrong)
    assert len(again.all("p", class_="error")) == 1


def test_nobody_chooses_the_urgency(firm):
    phone = mobile()
    page = show(firm, "?flow=offer")
    send(firm, page, {**TYPED["offer"], "contact_phone": phone, "urgency": "HIGH", "metadata": "x", "source": "manual"})
    (ticket,) = firm.tickets(phone)
    assert (ticket["urgency"], ticket["source"]) == ("LOW", "wizard")


def test_a_way_is_never_weaker_than_it_says(firm):
    """The firm's config calls gas LOW, by mistake."""
    phone = mobile()
    send(firm, show(firm, "?flow=emergency"), {**TYPED["emergency"], "intent": "gas", "contact_phone": phone})
    assert firm.tickets(phone)[0]["urgency"] == "HIGH"


@pytest.mark.parametrize("form", [
    {"flow": "x"}, {"flow": ""}, {"flow": "request", "customer_slug": "gibts-nicht"}, {"flow": "request", "customer_slug": ""},
], ids=str)
def test_a_form_that_no_page_of_ours_made_is_a_problem(firm, form):
    answer = firm.stack.post("/api/ticket", form={"customer_slug": firm.slug, "contact_phone": mobile(), **form})
    assert answer.status_code in (404, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("form, status", [
    ("flow=bogus", 422), ("flow=", 422), ("flow=request&summary=a&summary=b", 422), ("flow=request&language=" + "x" * 20, 422),
    ("flow=request&slug", 404),
], ids=str)
def test_a_person_gets_a_page_whatever_was_sent(firm, form, status):
    slug = "gibts-nicht" if status == 404 else firm.slug
    before = len(firm.tickets())
    answer = firm.stack.request("POST", "/api/ticket", data=f"customer_slug={slug}&{form}", headers={
        "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8"), answer.text
    assert answer.headers["Cache-Control"] == "no-store" and len(firm.tickets()) == before
    ways = [a["href"] for a in Page(answer).all("a", class_="way")]
    assert ways == ([] if status == 404 else [f"/{firm.slug}/anfrage?flow={flow}" for flow in ("request", "offer")])


# ---- programs --------------------------------------------------------------------------------------


def test_who_fills_in_the_trap_is_heard_and_gets_no_message(firm, clock):
    phone = mobile()
    clock(NOON)
    page = show(firm, "?flow=request")
    trap = page.field("website")
    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off") and page.value("website") == ""
    clock(LATER)
    done = thanks(firm, send(firm, page, {**TYPED["request"], "contact_phone": phone, "website": "http://spam.example"}))
    (row,) = firm.outbound(phone)
    assert (row["status"], row["reason"]) == ("suppressed", "form_check")
    assert "SMS als Bestätigung" not in done.text


def test_the_token_is_of_the_page_and_of_a_person(firm, clock):
    clock(NOON)
    page = show(firm, "?flow=request")
    hasty, person = mobile(), mobile()
    send(firm, page, {**TYPED["request"], "contact_phone": hasty})
    clock("2027-07-14T10:00:04Z")
    # What is corrected has been filled in since it was first shown.
    again = Page(send(firm, page, {**TYPED["request"], "contact_phone": "1"}, 422))
    assert again.value("form_token") == page.value("form_token")
    send(firm, again, {"contact_phone": person})
    assert [firm.outbound(p)[0]["reason"] for p in (hasty, person)] == ["form_check", None]


# ---- how somebody came --------------------------------------------------------------------------------


@pytest.mark.parametrize("intent, flow", [("rohrbruch", "emergency"), ("anderes", "request"), ("badumbau", "offer")])
def test_an_intent_chooses_way_and_category(firm, intent, flow):
    page = show(firm, f"?intent={intent}")
    assert (page.value("flow"), page.value("intent")) == (flow, intent)


def test_an_intent_that_is_not_there_leaves_the_choice(firm):
    assert len(show(firm, "?intent=x").all("a", class_="way")) == 2
    assert show(firm, "?intent=x&flow=offer").value("flow") == "offer"
    assert len(show(firm, "?flow=x").all("a", class_="way")) == 2


def test_who_called_is_greeted_and_need_not_type_the_number(firm):
    phone = mobile()
    number = urllib.parse.quote(phone)
    page = show(firm, f"?ref=missed_call&phone={number}")
    assert page.answer.headers["Cache-Control"] == "no-store"
    assert "Sie haben uns angerufen" in page.text
    link = page.one("a", class_="way urgent")["href"]
    form = show(firm, link.removeprefix(f"/{firm.slug}/anfrage"))
    assert form.value("contact_phone") == phone and "Sie haben uns angerufen" in form.text
    assert form.answer.headers["Cache-Control"] == "no-store"
    logged = (firm.stack.state / "log").glob("*.log")
    wait_for(lambda: any(firm.slug in p.read_text(errors="replace") for p in (firm.stack.state / "log").glob("access*")))
    assert not any(phone[1:] in p.read_text(errors="replace") for p in logged)


@pytest.mark.parametrize("query", ["?utm_campaign=K%FCche", "?flow=request&flow=emergency", "?phone=%00", "?ref=x&ref=y"])
def test_what_an_address_says_and_nobody_can_read_is_passed_over(firm, query):
    assert len(show(firm, query).all("a", class_="way")) == 2


def test_a_form_of_an_old_browser_is_read_as_it_was_meant(firm, clock):
    clock(NOON)
    page = show(firm, "?flow=request")
    clock(LATER)
    typed = {**page.form(), **TYPED["request"], "contact_phone": (phone := mobile()), "contact_name": "Müller"}
    answer = firm.stack.request("POST", "/api/ticket", data=urllib.parse.urlencode(typed, encoding="windows-1252").encode(),
                                headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 303, answer.text
    assert firm.tickets(phone)[0]["contact_name"] == "Müller"


@pytest.mark.parametrize("query", [
    "?phone=" + urllib.parse.quote('"><script>alert(1)</script>'), "?flow=request&phone=" + "9" * 500,
    "?flow=" + urllib.parse.quote("<b>"), "?intent=" + urllib.parse.quote("'><b>"), "?ref=" + "x" * 300, "?lang=xx", "?&&==&",
])
def test_whatever_an_address_says_stays_text(firm, query):
    page = show(firm, query)
    assert all(s.get("src", "").startswith("/assets/") for s in page.all("script"))
    assert len(page.all("b")) == 0


# ---- whose form, and in which language ----------------------------------------------------------------------


@pytest.mark.parametrize("lang, title, missing, promise", [
    ("fr", "Envoyer une demande", "Indiquez votre nom.", "Nous vous répondons d'ici 14h05."),
    ("it", "Inviare una richiesta", "Indichi il suo nome.", "Le rispondiamo entro le 14:05."),
    ("en", "Send a request", "Enter your name.", "We will be in touch by 14:05."),
])
def test_a_visitor_is_spoken_to_in_one_language(firm, clock, lang, title, missing, promise):
    phone = mobile()
    clock(NOON)
    ways = show(firm, f"?lang={lang}")
    link = next(a["href"] for a in ways.all("a", class_="way") if "flow=request" in a["href"])
    page = show(firm, link.removeprefix(f"/{firm.slug}/anfrage"))
    assert page.one("html")["lang"] == lang and page.one("h1")["text"] == title
    clock(LATER)
    again = Page(send(firm, page, {**TYPED["request"], "contact_phone": phone, "contact_name": ""}, 422))
    assert again.error("contact_name") == missing
    done = thanks(firm, send(firm, again, {"contact_name": "Eva"}))
    assert done.one("html")["lang"] == lang
    assert done.one("p", class_="promise")["text"] == promise
    (ticket,) = firm.tickets(phone)
    assert firm.stack.one("select language from consents where ticket_id = %s", ticket["id"])["language"] == lang
    # Staff read German, the visitor gets the message in the language of the page.
    assert "Wunschtermin: Diese Woche" in ticket["summary"]
    (message,) = firm.stack.wait_messages(phone)
    assert message["body"].endswith(promise.removeprefix("We "))


@pytest.mark.parametrize("path", ["", "/anfrage", "/anfrage?flow=emergency", "/anfrage?flow=request", "/anfrage/danke", "/datenschutz", "/x"])
def test_french_has_its_spaces_everywhere(firm, path):
    answer = firm.stack.get(f"/{firm.slug}{path}{'&' if '?' in path else '?'}lang=fr")
    text = "".join(Page(answer).words)
    assert "demande" in text
    # No-break ones, so that no line begins with a mark.
    assert re.findall(r"[^\W\d_] ?[?!:](?:\s|$)", text) == []


def test_on_the_firms_own_domain_there_is_no_slug(stack, clock):
    domain = f"{mobile()[1:]}.muster.example"
    firm = stack.tenant(website_domain=domain, config=config())
    host = {"Host": domain}
    phone = mobile()
    page = Page(stack.get("/anfrage", headers=host))
    assert page.one("a", class_="way urgent")["href"] == "/anfrage?flow=emergency"
    clock(NOON)
    page = Page(stack.get("/anfrage?flow=request", headers=host))
    clock(LATER)
    answer = send(firm, page, {**TYPED["request"], "contact_phone": phone}, headers=host)
    assert answer.headers["Location"].startswith("/anfrage/danke?")
    done = Page(stack.get(answer.headers["Location"], headers=host))
    assert done.one("p", class_="promise")["text"] == "Wir melden uns bis 14:05."
    assert len(firm.tickets(phone)) == 1
    # There are no slugs here, not even its own.
    assert stack.get(f"/{firm.slug}/anfrage", headers=host).status_code == 404


@pytest.mark.parametrize("path", ["/gibts-nicht/anfrage", "/gibts-nicht/anfrage/danke", "/anfrage", "/anfrage/danke"])
def test_where_there_is_no_firm_there_is_a_page_that_says_so(stack, path):
    answer = stack.get(path)
    assert answer.status_code == 404 and answer.headers["Content-Type"].startswith("text/html")


def test_a_firm_shows_only_the_ways_it_has(stack):
    no_hurry = stack.tenant(config=config(intents=[i for i in INTENTS if i["category"] != "emergency"]))
    assert [a["href"] for a in show(no_hurry).all("a") if "flow=" in a.get("href", "")] == [
        f"/{no_hurry.slug}/anfrage?flow={flow}" for flow in ("request", "offer")]
    assert show(no_hurry, "?flow=emergency").all("a", class_="way") != []
    # One way is no choice, and no intents are nothing to choose.
    plain = stack.tenant(config=config(intents=[]))
    page = show(plain)
    assert page.value("flow") == "request" and page.field("intent") == []
    phone = mobile()
    send(plain, page, {**TYPED["request"], "contact_phone": phone, "intent": "reparatur"})
    assert (plain.tickets(phone)[0]["intent"], plain.tickets(phone)[0]["urgency"]) == (None, "MED")


def test_a_page_with_a_token_is_kept_by_nobody(stack):
    firm = stack.tenant(config=config(intents=INTENTS[2:3]))
    page = show(firm)
    assert page.field("form_token") and page.answer.headers["Cache-Control"] == "no-store"


def test_a_firm_that_goes_nowhere_asks_for_no_address(stack):
    firm = stack.tenant(config=config(wizard={"address": False, "ways": {"emergency": {"label": "Heute <noch>"}}}))
    for flow in TYPED:
        page = show(firm, f"?flow={flow}")
        assert all(page.field(name) == [] for name in ("street", "postcode", "place"))
    assert show(firm, "?flow=emergency").one("h1")["text"] == "Heute <noch>"


# ---- what is nobody's to say -----------------------------------------------------------------------------------


def test_a_promise_cannot_be_made_up(firm):
    page = show(firm, "?flow=request")
    where = send(firm, page, {**TYPED["request"], "contact_phone": mobile()}).headers["Location"]
    number = re.search(r"n=(\d+)", where)[1]
    assert number in Page(firm.stack.get(where)).text
    for forged in (
        where.replace(f"n={number}", "n=1000000"), re.sub(r"d=\d+", "d=9999999999", where), where[:-1], where + "0",
        re.sub("u=0", "u=1", where), f"/{firm.slug}/anfrage/danke", f"/{firm.slug}/anfrage/danke?n=5",
    ):
        page = Page(firm.stack.get(forged))
        if forged == where + "0":
            continue
        assert page.all("p", class_="ticket-number") == [], forged
        assert page.one("p", class_="promise")["text"] == "Wir melden uns bei Ihnen."
    other = firm.stack.tenant(config=config())
    assert Page(firm.stack.get(where.replace(firm.slug, other.slug))).all("p", class_="ticket-number") == []


# ---- the database is away ---------------------------------------------------------------------------------------


def test_what_was_typed_outlives_an_outage(own_stack):
    processes = Processes(own_stack)
    firm = own_stack.tenant(config=config())
    phone = mobile()
    page = show(firm, "?flow=request")
    form = {**page.form(), **TYPED["request"], "contact_phone": phone, "summary": HOSTILE}
    urgent_page = show(firm, "?flow=emergency")
    urgent = {**urgent_page.form(), **TYPED["emergency"]}
    processes.stop_database()
    try:
        answer = own_stack.post("/api/ticket", form=form)
        emergency = Page(own_stack.post("/api/ticket", form=urgent))
        forged = Page(own_stack.post("/api/ticket", form={**urgent, "firm_phone": "javascript:alert(1)", "advice": "<b>"}))
    finally:
        processes.start_database()
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(answer.headers["Retry-After"]) > 0
    kept = Page(answer)
    assert "Noch nicht gesendet" in kept.one("h1")["text"]
    assert [s for s in kept.all("script")] == []
    again = kept.form()
    assert {k: v for k, v in form.items() if v} == again
    retried = wait_for(lambda: (lambda a: a if a.status_code == 303 else None)(own_stack.post("/api/ticket", form=again)))
    assert retried.headers["Location"].startswith(f"/{firm.slug}/anfrage/danke?")
    assert len(firm.tickets(phone)) == 1
    # Who cannot wait is told whom to call, and what to do first.
    assert emergency.answer.status_code == 503
    call = urgent_page.one("a", class_="button call")["href"]
    assert emergency.one("a", class_="button call")["href"] == call and emergency.all("a", href="tel:118")
    assert not kept.all("a", href="tel:118") and kept.all("a", href=call)
    assert not [a for a in forged.all("a") if not a["href"].startswith("/")] and not forged.all("div", class_="safety")
