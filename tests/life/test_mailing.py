"""Many messages at once, and a provider that is away: all leave, and nobody is stormed

The short form of what tests/long/run does at full length (OPSFABRIC_TEST_ROUNDS).
"""

import os

from tests.support.delivery import mailing

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))


def test_a_mailing_and_a_provider_that_is_away(private_dir):
    (private_dir / "mailing").mkdir()
    figures = mailing(private_dir / "mailing", 200 * ROUNDS, away_s=5)
    print(figures)
    assert figures["violations"] == []
    # a hundred at once, then one now and then: not each of them in turn
    assert figures["attempts_while_away"] <= 210 and figures["attempts_at_most"] <= 5
