"""GET /healthz: whether requests can be served"""

import pytest

from tests.support import problems

PATH = "/healthz"


def test_it_says_that_all_is_well(stack):
    answer = stack.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json()
    migrations = len(list((problems.ROOT / "schema").glob("[0-9]*.sql")))
    assert said == {"status": "ok", "database": "ok", "schema_version": migrations, "database_us": said["database_us"]}
    assert 0 <= said["database_us"] < 2_000_000


def test_head_says_it_without_a_body(stack):
    answer = stack.request("HEAD", PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_it_needs_nothing_and_minds_nothing(stack):
    answer = stack.get(PATH + "?x=%00%ff&" + "y" * 2000, headers={"Authorization": "Bearer x", "User-Agent": "\x7f"})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_refused(stack, method):
    answer = stack.request(method, PATH)
    problems.check(answer, "method-not-allowed", route="health")
    assert answer.headers["Allow"].replace(" ", "").split(",") == ["GET", "HEAD"]


def test_each_request_has_a_name_of_its_own(stack):
    names = {stack.get(PATH, headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] for _ in range(3)}
    assert len(names) == 3 and "mine" not in names


def test_it_costs_one_round_trip_and_no_tenant(stack):
    answer = stack.get(PATH)
    log = (stack.state / "log" / "health.log").read_text()
    (line,) = [l for l in log.splitlines() if answer.headers["X-Request-Id"] in l]
    assert " 200 " in line and " db 1 " in line
