"""Does anything assume that two orders are in one log?

A command reads and writes only its own order and claims, so a shop's orders could be spread over several logs by
customer (docs/scaling.md).
"""

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from bench import many_logs
from domain.ledger import OrderLedger
from domain.log.records import RawRecord
from projections.views import fold
from projections.views.fold import no_state
from tests.conftest import Clock
from tests.projections.histories import play

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def test_a_command_asks_of_no_order_but_its_own(ledger: OrderLedger, clock: Clock) -> None:
    random = Random(4)
    play(ledger, clock, random, 40)
    asked: list[str] = []
    given: dict[str, Callable[..., Any]] = {"create": ledger.create, "change": ledger.change}
    writer = ledger.log_of_events.writer
    # The library would hide its statements; the driver's trace shows each statement with its values.
    for name, command in given.items():

        def watched(t: Any, *arguments: Any, _command: Callable[..., Any] = command, **options: Any) -> Any:
            told: set[str] = set()
            writer.set_trace_callback(lambda statement: told.update(UUID.findall(statement)))
            try:
                outcome = _command(t, *arguments, **options)
            finally:
                writer.set_trace_callback(None)
                asked.append(str(sorted(told)))
            assert told <= {str(outcome.order.uuid)}
            return outcome

        watched.__self__ = ledger  # as `do` finds the ledger of a command
        setattr(ledger, name, watched)
    play(ledger, clock, random, 60)
    assert len(set(asked)) > 5


def test_rows_of_orders_do_not_depend_on_what_stands_between_their_records(ledger: OrderLedger, clock: Clock) -> None:
    play(ledger, clock, Random(5), 80)
    raws = list(ledger.log_of_events.raw_records())
    orders = list(dict.fromkeys(raw.order for raw in raws))
    logs = [[raw for raw in raws if orders.index(raw.order) % 3 == log] for log in range(3)]

    def folded(some: list[RawRecord]) -> dict[str, Any]:
        return {
            uuid: history.state for uuid, history in fold.fold(some, no_state, ledger.mapper.read).histories.items()
        }

    together = folded(raws)
    apart = [folded(log) for log in logs]
    assert together == {uuid: state for one in apart for uuid, state in one.items()}
    assert len(together) == sum(map(len, apart))


@pytest.mark.parametrize("seed", range(3))
def test_orders_spread_over_logs_by_customer_stay_one_answer(seed: int) -> None:
    assert "both nodes' views the same" in many_logs.main(2_000, seed)
