"""The end of the log for followers of the live log: from which position is it read?"""

import asyncio

from api.asking import Asking
from api.following import TURN_SECONDS_MAX, Following
from domain.ledger import OrderLedger
from domain.log.log import LogAway
from domain.log.records import Provenance, RawRecord
from projections.live import LiveFrames
from projections.views.views import Views
from tests.conftest import new_order


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
