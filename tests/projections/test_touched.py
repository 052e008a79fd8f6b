"""Does reading on from position to position return every touched order, while others write?"""

import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.order.commands import ChangeOrder
from projections.orders import list as orders
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order
from tests.projections.histories import play


def page(views: Views, after: int, limit: int, **wanted: Any) -> tuple[list[tuple[int, int]], int, bool]:
    """The ids and versions of a page, the position to read on from, and whether more stands behind it now."""
    found = orders.changed_since(views.reader, orders.Filter(**wanted), after=after, limit=limit)
    shown = [(order["id"], order["version"]) for order in json.loads(b"[%b]" % found.rows)]
    return shown, found.position if found.reached is None else found.reached, found.reached is not None


def all_versions(ledger: OrderLedger) -> dict[tuple[int, int], int]:
    """The position of every version of every order, by id and version."""
    raws = list(ledger.log_of_events.raw_records())
    ids = {raw.order: json.loads(raw.payload)["id"] for raw in raws if raw.version == 1}
    return {(ids[raw.order], raw.version): raw.position for raw in raws}


@pytest.mark.parametrize("seed", range(3))
def test_reading_on_while_orders_are_written_misses_nothing_and_repeats_nothing(
    seed: int, ledger: OrderLedger, clock: Clock, views: Views
) -> None:
    random, after, seen = Random(seed), 0, []
    while len(seen) < 80:
        play(ledger, clock, random, random.randint(0, 12))
        views.catch_up()
        shown, after, _ = page(views, after, random.randint(1, 5))
        seen += shown
    is_more = True
    while is_more:
        shown, after, is_more = page(views, after, 100)
        seen += shown
    known = all_versions(ledger)
    assert dict(seen) == dict(list(known))  # the last version of each order
    places = [known[each] for each in seen]
    assert all(one < other for one, other in pairwise(places))
    assert page(views, after, 10) == ([], after, False)


def test_an_order_that_is_touched_again_comes_again_at_its_new_place(ledger: OrderLedger, views: Views) -> None:
    made = [do(ledger.create, new_order(), ME).order for _ in range(3)]
    views.catch_up()
    first, after, _ = page(views, 0, 2)
    assert first == [(1, 1), (2, 1)]
    for order in made[1:]:
        do(ledger.change, order.uuid, ChangeOrder(notes="again"), ME)
    views.catch_up()
    assert page(views, after, 2) == ([(2, 2), (3, 2)], 5, False)
    assert page(views, 0, 1) == ([(1, 1)], 1, True)


def test_the_views_stand_at_the_same_places_when_they_are_made_anew(
    ledger: OrderLedger, clock: Clock, views: Views
) -> None:
    play(ledger, clock, Random(5), 60)
    views.catch_up()
    live = page(views, 0, 100)
    views.rebuild()
    assert page(views, 0, 100) == live


def test_the_next_orders_are_found_without_a_look_at_those_before_them(views: Views) -> None:
    asked: list[str] = []
    views.reader.set_trace_callback(asked.append)
    page(views, 7, 10)
    views.reader.set_trace_callback(None)
    plan = [step for *_, step in views.reader.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    assert any("orders_touched (position>?)" in step for step in plan), plan
    assert not any(step.startswith("SCAN orders") or "TEMP B-TREE" in step for step in plan), plan
