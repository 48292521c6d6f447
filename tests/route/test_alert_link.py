"""GET, POST /a/<code>: the page behind the link of an alert, and its button"""

import concurrent.futures
import html.parser
import re

import pytest
import requests

from tests.support.stack import ROOT, landline, mobile, wait_for

NOON = "2026-07-08T12:00:00+02:00"


@pytest.fixture(scope="module")
def firm(stack):
    firm = stack.tenant(daily_segments=100000, config={
        "language": "de", "languages": ["de", "fr", "it", "en"],
        "on_call": [{"phone": mobile(), "name": "Reto <b>"}, {"phone": mobile(), "language": "fr"}],
    })
    return firm


def alarm(firm, **fields):
    """An emergency: the ticket, and the path of the link that was sent."""
    answer = firm.ticket(urgency="HIGH", token=firm.token, source="wizard", **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket_id"], path_of(firm, answer.json()["ticket_id"])


def path_of(firm, ticket_id):
    row = firm.stack.sql(
        "select body from sms_log where ticket_id = %s and template = 'alert' order by created_at desc, id desc", ticket_id)[0]
    return re.search(r"/a/[0-9A-Za-z]{16}$", row["body"])[0]


def telling(firm, ticket_id):
    return firm.stack.one("select * from alerts where ticket_id = %s", ticket_id)


def answers(firm, ticket_id):
    return [e for e in firm.events(ticket_id) if e["event_type"] == "alert_answered"]


class Page(html.parser.HTMLParser):
    """What a browser would make of it: elements by name, and the text outside of them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def has(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self):
        return "".join(self.words)


def see(firm, path):
    answer = firm.stack.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def test_it_shows_what_it_is_about_and_changes_nothing(firm):
    phone = mobile()
    ticket_id, path = alarm(firm, contact_phone=phone, contact_name="Anna Muster", summary="Keller unter Wasser.\nwww.x.ch")
    for method in ("GET", "HEAD", "GET"):
        answer = firm.stack.request(method, path, headers={"User-Agent": "WhatsApp/2.23.20.0"})
        assert answer.status_code == 200
    page = Page(answer.text)
    assert {"Anna Muster", phone} <= set(page.words) and "Keller unter Wasser.\nwww.x.ch" in page.words
    assert f"Notfall, Nr. {firm.tickets(phone)[0]['number']}" in page.text and "Muster Haustechnik AG" in page.text
    assert [a["href"] for a in page.has("a")] == [f"tel:{phone}"]
    assert page.has("form") == [{"method": "post"}] and len(page.has("button")) == 1
    assert "Ich übernehme" in page.text
    assert telling(firm, ticket_id)["answered_at"] is None and answers(firm, ticket_id) == []
    assert telling(firm, ticket_id)["next_at"] is not None
    assert firm.tickets(phone)[0]["unread"] is True


def test_the_button_answers_it_once(firm):
    ticket_id, path = alarm(firm)
    first = firm.stack.post(path, form={})
    assert (first.status_code, first.headers["Location"]) == (303, path)
    row = telling(firm, ticket_id)
    assert row["answered_by"] == "Reto <b>" and row["answered_at"] is not None and row["next_at"] is None
    (event,) = answers(firm, ticket_id)
    assert event["new_value"] == "Reto <b>" and event["metadata"] == {"kind": "emergency", "by": "link"}
    assert firm.stack.one("select unread from tickets where id = %s", ticket_id)["unread"] is False
    assert firm.stack.post(path, form={}).status_code == 303
    assert telling(firm, ticket_id) == row and answers(firm, ticket_id) == [event]
    page = see(firm, path)
    assert page.has("button") == [] and "Übernommen: Reto <b>, " in page.text


def test_many_presses_at_once_are_one(firm):
    ticket_id, path = alarm(firm)

    def press(_):
        return requests.post(firm.stack.base + path, allow_redirects=False, timeout=30).status_code

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert set(pool.map(press, range(50))) == {303}
    assert len(answers(firm, ticket_id)) == 1


def test_what_strangers_wrote_stays_text(firm):
    evil = '<script>alert(1)</script>"\'&<img src=x onerror=y>{{firm}}'
    ticket_id, path = alarm(firm, contact_name=evil, summary=evil, contact_email="o'x&y@example.ch")
    page = see(firm, path)
    assert page.has("script") == page.has("img") == []
    assert page.words.count(evil) == 2 and "o'x&y@example.ch" in page.words


def test_the_page_brings_nothing_and_runs_nothing(firm):
    _, path = alarm(firm)
    first = firm.stack.get(path)
    assert first.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
    page = Page(first.text)
    assert page.has("style") == page.has("script") == page.has("img") == []
    (sheet,) = page.has("link")
    assert sheet["rel"] == "stylesheet" and re.fullmatch(r"/assets/alert-[0-9a-f]{8}\.css", sheet["href"])
    styled = firm.stack.get(sheet["href"])
    assert styled.status_code == 200 and styled.headers["Content-Type"].startswith("text/css") and "button" in styled.text
    assert not any(name.startswith("on") or name == "style" for _, attrs in page.elements for name in attrs)
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert first.headers["Cache-Control"] == "no-store" and first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.has("meta")


@pytest.mark.parametrize("language, button, title", [
    ("de", "Ich übernehme", "Notfall"), ("fr", "Je m’en charge", "Urgence"),
    ("it", "Me ne occupo io", "Emergenza"), ("en", "I take it", "Emergency"),
])
def test_it_speaks_the_language_of_who_was_told(stack, clock, language, button, title):
    clock(NOON)
    firm = stack.tenant(config={"language": "en", "on_call": [{"phone": mobile(), "language": language}]})
    ticket_id, path = alarm(firm, contact_name=None)
    page = see(firm, path)
    assert page.has("html") == [{"lang": language}] and button in page.text and f"{title}, " in page.text
    assert "8.7.2026 12:0" in page.text
    stack.post(path, form={})
    assert firm.stack.one("select told from alerts where ticket_id = %s", ticket_id)["told"] in see(firm, path).text


def test_a_number_that_costs_is_shown_and_not_to_be_tapped(firm):
    _, path = alarm(firm, contact_phone="+41900123456")
    page = see(firm, path)
    assert "+41900123456" in page.words and page.has("a") == []
    phone = landline()
    _, path = alarm(firm, contact_phone=phone)
    assert [a["href"] for a in see(firm, path).has("a")] == [f"tel:{phone}"]


def test_it_expires_after_a_day(stack, clock):
    clock(NOON)
    firm = stack.tenant(config={"language": "fr", "on_call": [{"phone": mobile()}]})
    ticket_id, path = alarm(firm, contact_name="Anna Muster")
    clock("2026-07-09T11:59:00+02:00")
    assert "Anna Muster" in see(firm, path).text
    clock("2026-07-09T12:05:00+02:00")
    for answer in (stack.get(path), stack.post(path, form={})):
        assert answer.status_code == 410 and answer.headers["Cache-Control"] == "no-store"
        assert answer.text == (ROOT / "nginx/html/410.html").read_text()
    assert telling(firm, ticket_id)["answered_at"] is None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("code", ["A" * 16, "a", "0" * 40, "9" * 2000])
def test_a_link_of_nobody_is_not_found(stack, method, code):
    answer = stack.request(method, "/a/" + code)
    assert answer.status_code == 404
    assert answer.text == (ROOT / "nginx/html/404.html").read_text()


def test_a_code_is_read_exactly(firm):
    ticket_id, path = alarm(firm)
    for other in (path.swapcase().replace("/A/", "/a/"), path[:-1], path + "0", path + "/", path + "%20", "/a/"):
        assert firm.stack.request("POST", other).status_code in (404, 405), other
    assert answers(firm, ticket_id) == []


def test_a_firm_that_is_not_served_any_more_has_no_page(stack):
    firm = stack.tenant(config={"language": "de", "on_call": [{"phone": mobile()}]})
    _, path = alarm(firm)
    stack.command("tenant", "deactivate", firm.slug)
    wait_for(lambda: stack.get(path).status_code == 404, what="the settings of before to be forgotten")


def test_only_get_and_post(firm):
    _, path = alarm(firm)
    for method in ("PUT", "DELETE", "PATCH"):
        answer = firm.stack.request(method, path)
        assert answer.status_code == 405 and answer.headers["Allow"] == "GET,POST, HEAD"


def test_the_code_stands_in_no_log(firm):
    _, path = alarm(firm)
    firm.stack.get(path)
    firm.stack.post(path, form={})
    log = firm.stack.state / "log"
    # access.log is written a second later.
    wait_for(lambda: "/a/***" in (log / "access.log").read_text(), what="the line in access.log")
    for file in log.iterdir():
        if file.name != "messages.jsonl":  # stands for the technician's phone
            assert path.removeprefix("/a/") not in file.read_text(errors="replace"), file
