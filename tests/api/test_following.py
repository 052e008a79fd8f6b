"""The end of the log for followers of the live log: from which position is it read?"""

import asyncio

from api.asking import Asking
from api.following import TURN_SECONDS_MAX, Follower, Following
from domain.ledger import OrderLedger
from domain.log.log import LogAway
from domain.log.records import Provenance, RawRecord
from domain.order.commands import DeleteOwnOrder, GiveToCustomer
from projections.live import RECORDS_MAX, LiveFrames
from projections.views.views import Views
from tests.conftest import ME, do, new_order


class Noting(LiveFrames):
    """Notes the position behind which each read of the log's end began."""

    def __init__(self, ledger: OrderLedger, views: Views) -> None:
        super().__init__(ledger, views)
        self.read_behind: list[int] = []

    def records(self, after: int, until: int) -> tuple[list[RawRecord], int]:
        self.read_behind.append(after)
        return super().records(after, until)


class Away(OrderLedger):
    """A ledger whose log is out of reach until `is_away` is False."""

    is_away = True

    def head(self) -> int:
        if self.is_away:
            raise LogAway("it cannot be reached")
        return super().head()


def test_a_stream_begun_while_the_log_is_away_reads_from_its_position_on(ledger: OrderLedger, views: Views) -> None:
    ledger.write(ledger.create, new_order(), Provenance("staff")).result()
    reached = views.catch_up()
    away = Away(ledger.log_of_events, is_made=True)
    telling = Noting(ledger, views)

    async def follow() -> None:
        following = Following(away, views, Asking(away, views, 1), telling)
        with following.following(None, reached) as follower:
            await asyncio.sleep(0.1)
            away.is_away = False
            ledger.write(ledger.create, new_order(), Provenance("staff")).result()
            views.catch_up()
            await asyncio.wait_for(following.next_frames(follower), 5 * TURN_SECONDS_MAX)

    asyncio.run(follow())
    assert telling.read_behind == [reached]


async def told(following: Following, follower: Follower, until: int) -> bytes:
    """All that a follower is told up to a position."""
    frames = b""
    while follower.position < until:
        frames += await asyncio.wait_for(following.next_frames(follower), 5 * TURN_SECONDS_MAX)
    return frames


def test_a_follower_behind_is_not_told_the_earlier_states_of_an_order_that_was_deleted_meanwhile(
    ledger: OrderLedger, views: Views
) -> None:
    """Nor are they told from the spans that were kept for all followers."""

    async def follow() -> bytes:
        following = Following(ledger, views, Asking(ledger, views, 1), LiveFrames(ledger, views))
        with following.following(1, 0) as live, following.following(1, 0) as late:
            await asyncio.sleep(0.1)
            order = do(ledger.create, new_order(customer={"id": 1}), ME).order
            views.catch_up()
            assert b"items_count" in await told(following, live, views.position())
            do(ledger.change, order.uuid, DeleteOwnOrder(), ME, owner_id=1)
            views.catch_up()
            assert b"event: deleted" in await told(following, live, views.position())
            return await told(following, late, views.position())

    frames = asyncio.run(follow())
    assert frames.count(b"data:") == frames.count(b"event: deleted") == 1


def test_a_customer_is_told_of_an_order_that_is_given_to_them_while_the_views_are_behind(
    ledger: OrderLedger, views: Views
) -> None:
    given = do(ledger.create, new_order(), ME).order
    reached = views.catch_up()

    async def follow() -> bytes:
        following = Following(ledger, views, Asking(ledger, views, 1), LiveFrames(ledger, views))
        with following.following(1, reached) as follower:
            await asyncio.sleep(0.1)
            do(ledger.change, given.uuid, GiveToCustomer(id=1), ME)
            assert views.position() == reached
            return await told(following, follower, ledger.head())

    assert str(given.uuid).encode() in asyncio.run(follow())


def test_no_frame_shows_an_order_amid_a_command_whose_events_are_not_all_read_at_once(
    ledger: OrderLedger, views: Views
) -> None:
    items = [{"unit_price": "1.00"}] * 2
    do(ledger.create, new_order(items=items[:1]), ME)
    while ledger.head() + 2 < RECORDS_MAX:
        do(ledger.create, new_order(items=items), ME)
    made = do(ledger.create, new_order(customer={"id": 1}, items=items), ME)
    until = views.catch_up()
    telling = LiveFrames(ledger, views)
    raws, reached = telling.records(0, until)
    assert reached < until
    later, _ = telling.records(reached, until)
    assert made.order.version == 3
    frames = [telling.customer_frames(each, {1}).get(1, b"") for each in (raws, later)]
    assert [frame.count(b"data:") for frame in frames] == [0, 1]
