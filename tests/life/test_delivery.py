"""kill -9 while messages leave: each is accepted at most once, none is lost, every row is true

The short form of what tests/long/run does at full length (OPSFABRIC_TEST_ROUNDS).
"""

import os

from tests.support.delivery import kill_rounds

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))


def test_dispatchers_and_postgres_are_killed_while_providers_misbehave(private_dir):
    figures = kill_rounds(private_dir, 2 * ROUNDS)
    print(figures)
    assert figures["violations"] == []
    assert figures["rounds"] == 2 * ROUNDS
