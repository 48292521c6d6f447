"""kill -9 of anybody at any moment: nothing acknowledged is lost, nothing is done twice

A few rounds of what tests/long/run does at full length (OPSFABRIC_TEST_ROUNDS).
"""

import os

import pytest

from tests.support.campaign import STORMS, kill_rounds, review_rounds, storm_rounds
from tests.support.stack import mobile, noon_zone

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))


@pytest.fixture(scope="module")
def firm(own_stack):
    return own_stack.tenant(daily_segments=1000000, timezone=noon_zone(), config={"language": "de", "on_call": [{"phone": mobile()}]})


def test_kill_9_of_handlers_dispatcher_and_backends(own_stack, firm):
    # One kill says little: twice as many as rounds are still over in seconds.
    figures = kill_rounds(own_stack, firm, 2 * ROUNDS)
    print(figures)
    assert figures["violations"] == []
    assert figures["acknowledged"] > 0


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_of_the_same_is_one(own_stack, firm, name):
    figures = storm_rounds(own_stack, firm, name, max(1, ROUNDS // 5))
    print(figures)
    assert figures["violations"] == []


def test_the_review_cron_is_killed_at_any_point(own_stack, firm):
    figures = review_rounds(own_stack, firm, ROUNDS)
    print(figures)
    assert figures["violations"] == []
