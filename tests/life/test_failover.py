"""The leader of a Patroni cluster is killed, and cut off its network: nothing acknowledged is lost, nothing is done twice

deploy/cluster makes the three nodes, with etcd; the programs know all three and are never restarted. One
round of each here; tests/long/run does twenty, and holds them to 30 seconds.
"""

import pytest

from tests.support import cluster as clusters
from tests.support.campaign import failover_rounds
from tests.support.stack import mobile, noon_zone

# A machine that is busy with other tests may take its time; twenty rounds alone on one are held to 30. And leaves some of it to those.
LIMIT_S = 90
PAUSE_S = 0.1
NO_NETWORKS = clusters.why_no_networks()


@pytest.fixture(scope="module")
def running():
    """(cluster, stack), in a network of their own where that is possible."""
    with clusters.installation(networks=NO_NETWORKS is None) as both:
        yield both


def rounds_of(running, blow):
    cluster, stack = running
    firm = stack.tenant(daily_segments=1000000, timezone=noon_zone(), config={"language": "de", "on_call": [{"phone": mobile()}]})
    figures = failover_rounds(cluster, stack, firm, rounds=1, blows=[blow], limit_s=LIMIT_S, pause=PAUSE_S)
    violations = figures.pop("violations")
    print(figures)
    assert violations[:10] == []
    assert figures["acknowledged"] > 0 and figures["failed_then_repeated"] > 0


def test_without_a_build_nothing_is_begun(tmp_path):
    """Whoever builds and starts again gets all of it: no half-made database is in the way."""
    cluster = clusters.Cluster(tmp_path, networks=False, preset="unbuilt")
    assert "build/unbuilt is not built" in cluster.run("start", check=False)
    assert not cluster.state.exists()


def test_a_killed_leader(running):
    rounds_of(running, "kill")


@pytest.mark.skipif(NO_NETWORKS is not None, reason=str(NO_NETWORKS))
def test_a_leader_without_a_network(running):
    rounds_of(running, "cut")
