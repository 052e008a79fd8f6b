"""Is nothing lost, doubled or falsely refused, whatever fails?

Each fault has a small form here; `python -m tests.failover` runs them at full size.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tests.failover import faults

# The bounds of the full size suit a machine that does nothing else.
SLACK = 3

SMALL: dict[str, Callable[[], str]] = {
    "backends are terminated": partial(faults.terminate, 8),
    "the primary is shut down at once": partial(faults.shut_down, 1),
    "a synchronous standby takes over": partial(faults.promote, 1, cancel=False),
    "and those who wait for it are cancelled": partial(faults.promote, 1, cancel=True),
    "a standby takes over that is behind": partial(faults.promote_behind, 1),
    "nodes are killed": partial(faults.kill_nodes, 2),
    "PostgreSQL is away": partial(faults.be_away, 5, slack=SLACK),
    "a node is cut off": partial(faults.partition, 1, slack=SLACK),
}


@pytest.mark.parametrize("fault", SMALL)
def test_nothing_is_lost_doubled_or_falsely_refused_when(fault: str) -> None:
    SMALL[fault]()
