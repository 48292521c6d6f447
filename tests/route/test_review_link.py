"""GET /r/<code>: leads to the firm's page for reviews, and is counted once"""

import concurrent.futures
import re

import pytest
import requests

from tests.support.stack import ROOT, mobile

PERSON = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/17.5 Mobile/15E148 Safari/604.1")
PEOPLE = [
    PERSON,
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:126.0) Gecko/20100101 Firefox/126.0",
]
ROBOTS = [
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
]


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(review_delay_hours=0, daily_segments=100000)


@pytest.fixture
def asked(firm):
    """A contact who was asked: the ticket, and the path of the link."""
    phone = mobile()
    made = firm.ticket(phone).json()["ticket_id"]
    assert firm.move(made, "DONE").status_code == 200
    assert firm.stack.cron("/api/cron/review-request").status_code == 200
    (row,) = [m for m in firm.outbound(phone) if m["template"] == "review_request"]
    (path,) = re.findall(re.escape(firm.stack.base) + r"(/r/[0-9A-Za-z]{12})\b", row["body"])
    return made, path


def follow(stack, path, method="GET", agent=PERSON, **headers):
    return stack.request(method, path, headers={"User-Agent": agent, **headers})


def clicks(firm, ticket_id):
    return [e for e in firm.events(ticket_id) if e["event_type"] == "review_clicked"]


def is_counted(firm, ticket_id):
    row = firm.stack.one(
        "select t.review_clicked, l.clicked_at from tickets t join review_links l on l.ticket_id = t.id where t.id = %s",
        ticket_id)
    assert row["review_clicked"] == (row["clicked_at"] is not None) == bool(clicks(firm, ticket_id))
    assert len(clicks(firm, ticket_id)) <= 1
    return row["review_clicked"]


def link(firm):
    return firm.stack.one("select google_review_link as link from customers where id = %s", firm.id)["link"]


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_person_is_led_to_the_review_and_counted_once(firm, asked, agent):
    ticket_id, path = asked
    assert not is_counted(firm, ticket_id)
    first = follow(firm.stack, path, agent=agent)
    assert first.status_code == 302 and first.headers["Location"] == link(firm)
    assert first.headers["Cache-Control"] == "no-store"
    assert is_counted(firm, ticket_id)
    (event,) = clicks(firm, ticket_id)
    second = follow(firm.stack, path, agent=agent)
    assert (second.status_code, second.headers["Location"]) == (302, link(firm))
    assert clicks(firm, ticket_id) == [event]


@pytest.mark.parametrize("agent", ROBOTS)
def test_a_robot_is_led_there_and_not_counted(firm, asked, agent):
    ticket_id, path = asked
    answer = follow(firm.stack, path, agent=agent)
    assert (answer.status_code, answer.headers["Location"]) == (302, link(firm))
    assert not is_counted(firm, ticket_id)
    follow(firm.stack, path)
    assert is_counted(firm, ticket_id)


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"Purpose": "preview"}])
def test_looking_ahead_is_not_counted(firm, asked, headers):
    ticket_id, path = asked
    assert follow(firm.stack, path, **headers).status_code == 302
    assert not is_counted(firm, ticket_id)


def test_head_is_not_counted(firm, asked):
    ticket_id, path = asked
    answer = follow(firm.stack, path, method="HEAD")
    assert (answer.status_code, answer.headers["Location"], answer.content) == (302, link(firm), b"")
    assert not is_counted(firm, ticket_id)


def test_what_networks_add_to_the_address_does_no_harm(firm, asked):
    ticket_id, path = asked
    answer = follow(firm.stack, path + "?fbclid=IwAR0&to=https://example.com/")
    assert (answer.status_code, answer.headers["Location"]) == (302, link(firm))
    assert is_counted(firm, ticket_id)


def test_many_at_once_are_counted_once(firm, asked):
    ticket_id, path = asked

    def get(_):
        answer = requests.get(
            firm.stack.base + path, headers={"User-Agent": PERSON}, allow_redirects=False, timeout=30)
        return answer.status_code, answer.headers.get("Location")

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert set(pool.map(get, range(50))) == {(302, link(firm))}
    assert is_counted(firm, ticket_id)


@pytest.mark.parametrize("status", ["IN_PROGRESS", "CLOSED"])
def test_a_click_counts_whatever_became_of_the_ticket(firm, asked, status):
    ticket_id, path = asked
    firm.move(ticket_id, status)
    assert follow(firm.stack, path).status_code == 302
    assert is_counted(firm, ticket_id)
    assert firm.stack.one("select status from tickets where id = %s", ticket_id)["status"] == status


def test_the_link_is_the_one_the_firm_has_now(stack):
    firm = stack.tenant(review_delay_hours=0)
    _, path = fresh_link(firm)
    place = "https://search.google.com/local/writereview?placeid=ChIJ_0123456789-abc"
    stack.sql("update customers set google_review_link = %s where id = %s", place, firm.id)
    assert follow(stack, path).headers["Location"] == place


def fresh_link(firm):
    phone = mobile()
    ticket_id = firm.ticket(phone).json()["ticket_id"]
    firm.move(ticket_id, "DONE")
    firm.stack.cron("/api/cron/review-request")
    return ticket_id, "/r/" + firm.stack.one("select code from review_links where ticket_id = %s", ticket_id)["code"]


def test_a_link_to_another_host_is_not_followed(stack):
    firm = stack.tenant(review_delay_hours=0)
    _, path = fresh_link(firm)
    for elsewhere in (
            "https://example.com/", "https://g.page.example.com/r/x", "https://g.page@example.com/r/x",
            "https://g.page:443@example.com/r/x", "https://example.com/https://g.page/r/x", "https://xg.page/r/x",
            "https://g.page\\@example.com/", "https://example.com#g.page", "https://g.page.:443/r/x", None):
        stack.sql("update customers set google_review_link = %s where id = %s", elsewhere, firm.id)
        answer = follow(stack, path)
        assert answer.status_code == 404 and "Location" not in answer.headers, elsewhere
        assert "example.com" not in answer.text


@pytest.mark.parametrize("code", ["AAAAAAAAAAAA", "a", "0" * 40, "A" * 2000])
def test_a_code_of_nobody_is_not_found(stack, code):
    """with a page: whoever opens a link from a message is a person."""
    answer = follow(stack, "/r/" + code)
    assert answer.status_code == 404 and "Location" not in answer.headers
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text == (ROOT / "nginx/html/404.html").read_text()
    assert answer.headers["X-Request-Id"] and answer.headers["Cache-Control"] == "no-store"
    head = follow(stack, "/r/" + code, method="HEAD")
    assert head.status_code == 404 and head.content == b""


def test_a_code_is_read_exactly(firm, asked):
    ticket_id, path = asked
    for other in (path.swapcase().replace("/R/", "/r/"), path[:-1], path + "0", path + "/", path + "%20"):
        answer = follow(firm.stack, other)
        assert answer.status_code == 404 and "Location" not in answer.headers, other
    assert not is_counted(firm, ticket_id)


def test_only_get(firm, asked):
    ticket_id, path = asked
    for method in ("POST", "PUT", "DELETE"):
        answer = follow(firm.stack, path, method=method)
        assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD"
    assert not is_counted(firm, ticket_id)
