"""Does a kill lose no event, and is each order's history told in order? `tests.webhooks.kills` asks at full size."""

from pathlib import Path

from tests.webhooks.kills import killed


def test_a_service_that_is_killed_under_load_loses_no_event_and_keeps_the_order_of_each_order(tmp_path: Path) -> None:
    print(killed(tmp_path, 5))
