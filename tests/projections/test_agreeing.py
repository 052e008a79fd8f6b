"""Do views that ran ahead of a log that has gone back come to agree with the log?"""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from domain.ledger import OrderLedger
from domain.log.opening import open_log
from domain.order.commands import ChangeOrder
from domain.reconciling import Reconciling
from projections.journal import Journal
from projections.views import generation
from projections.views.views import Views, ViewsUnavailable
from tests.conftest import ME, Clock, do
from tests.postgres import Cluster
from tests.projections.histories import play
from tests.projections.rows import rows

SETTLED = b"""reference,kind,gross,fee,net,currency,occurred_at,order,payout
r-3,payment,9.00,0.30,8.70,USD,2026-03-01T09:00:00Z,,
"""


@pytest.fixture
def ledger(cluster: Cluster, database: str, clock: Clock) -> Iterator[OrderLedger]:
    made = OrderLedger(open_log(cluster.url(database)), clock=clock)
    yield made
    made.close()


def everything(views: Views) -> dict[str, list[tuple[object, ...]]]:
    found = rows(views)
    del found["recent"]  # a rebuild leaves `recent` empty
    return found


def anew(ledger: OrderLedger, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(Views(ledger, folder / "anew.db")) as made:
        made.rebuild()
        return everything(made)


def start_one(ledger: OrderLedger, views: Views) -> None:
    Reconciling(ledger, Journal(views)).start(BytesIO(SETTLED), "march.csv", "p", None, ME)
    views.catch_up()


@pytest.mark.parametrize("behind", ["shorter", "as long, and another", "longer, and another"])
def test_views_that_ran_ahead_go_back_to_what_the_log_has(
    ledger: OrderLedger, views: Views, clock: Clock, cluster: Cluster, database: str, tmp_path: Path, behind: str
) -> None:
    random = Random(5)
    play(ledger, clock, random, 60, then=views.catch_up)
    agreed = ledger.head()
    kept = cluster.keep(database)
    play(ledger, clock, random, 30, then=views.catch_up)
    start_one(ledger, views)
    ahead = views.position()
    ledger.close()
    cluster.go_back(database, kept)
    assert (ledger.head(), views.position()) == (agreed, ahead)
    if behind != "shorter":
        while ledger.head() < ahead + (behind[0] == "l") * 9:
            play(ledger, clock, random, 1)
    views.catch_up()
    assert views.position() == ledger.head()
    assert everything(views) == anew(ledger, tmp_path)
    play(ledger, clock, random, 10, then=views.catch_up)
    assert everything(views) == anew(ledger, tmp_path)


def test_an_order_that_views_know_further_than_the_log_takes_commands(
    ledger: OrderLedger, views: Views, cluster: Cluster, database: str, clock: Clock
) -> None:
    ledger.version_in_views = views.version_of
    play(ledger, clock, Random(1), 1)
    (first,) = ledger.log_of_events.raw_records(limit=1)
    order = ledger.order(UUID(first.order))
    kept = cluster.keep(database)
    do(ledger.change, order.uuid, ChangeOrder(notes="gone"), ME)
    views.catch_up()
    cluster.go_back(database, kept)
    assert do(ledger.change, order.uuid, ChangeOrder(notes="stays"), ME).order.version == order.version + 1


def test_views_that_are_too_far_ahead_are_not_read_any_more_and_made_anew(
    ledger: OrderLedger,
    views: Views,
    clock: Clock,
    cluster: Cluster,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation, "RECENT_MAX", 3)
    play(ledger, clock, Random(5), 20, then=views.catch_up)
    kept = cluster.keep(database)
    play(ledger, clock, Random(6), 20, then=views.catch_up)
    cluster.go_back(database, kept)
    with pytest.raises(ViewsUnavailable, match="ahead of the log"):
        views.catch_up()
    with pytest.raises(ViewsUnavailable):
        _ = views.reader
    views.ensure()
    assert everything(views) == anew(ledger, tmp_path)
