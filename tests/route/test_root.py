"""GET /: leads a visitor to the page of the default firm"""

import pytest

from tests.support import problems


def test_it_leads_to_the_default_firm(stack):
    answer = stack.get("/")
    assert (answer.status_code, answer.content) == (302, b"")
    assert answer.headers["Location"] == f"{stack.base}/{stack.env['DEFAULT_CUSTOMER_SLUG']}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_leads_there_as_well(stack):
    answer = stack.request("HEAD", "/")
    assert (answer.status_code, answer.content) == (302, b"")
    assert answer.headers["Location"] == f"{stack.base}/{stack.env['DEFAULT_CUSTOMER_SLUG']}"


@pytest.mark.parametrize("query", ["?next=https://evil.example", "?slug=other&x=%0d%0aLocation:%20https://evil.example", "?%00"])
def test_a_visitor_cannot_change_where_it_leads(stack, query):
    plain, asked = stack.get("/"), stack.get("/" + query)
    assert (asked.status_code, asked.headers["Location"]) == (302, plain.headers["Location"])


def test_a_forged_host_does_not_change_it(stack):
    answer = stack.get("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.headers["Location"].startswith(stack.base + "/")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_refused(stack, method):
    answer = stack.request(method, "/")
    problems.check(answer, "method-not-allowed", route="root")
    assert answer.headers["Allow"].replace(" ", "").split(",") == ["GET", "HEAD"]


def test_the_database_is_not_asked(stack):
    answer = stack.get("/")
    line = stack.wait_line("root", answer)
    assert " 302 " in line and " db 0 " in line


@pytest.mark.parametrize("path", ["/nobody/nothing", "/index.html", "/.git/config", "/etc/passwd", "/cgi-bin/ticket"])
def test_a_page_that_is_not_there_is_told_to_people(stack, path):
    answer = stack.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Request-Id"]
