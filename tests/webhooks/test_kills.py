"""Nothing is lost by a kill, and of each order what comes first is told first; at full size `tests.webhooks.kills`."""

from pathlib import Path

from tests.webhooks.kills import killed


def test_a_service_that_is_killed_under_load_loses_no_event_and_keeps_the_order_of_each_order(tmp_path: Path) -> None:
    print(killed(tmp_path, 5))
