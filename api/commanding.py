"""Gives commands to the ledger, and answers with their position in the log and whether the views have reached it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

import msgspec
from falcon.asgi import Response
from msgspec import Raw

from api.answers import json_answer, set_position
from api.asking import WORK_SECONDS_MAX, Asking
from domain.aggregate import Event
from domain.ledger import FoldFirst, OrderLedger, Outcome
from domain.log.log import LogAway
from domain.log.records import Provenance
from domain.order.commands import Command, CreateOrder, ImportOrder
from domain.order.state import Order
from domain.refusals import Refusal
from projections.orders.documents import staff_document

if TYPE_CHECKING:
    from api.metrics import Metrics

# The longest wait for a command where the log is on another machine; then the client is told to ask again.
TURN_SECONDS_MAX: Final = 2.8
_T = TypeVar("_T")


class Commanding:
    def __init__(self, ledger: OrderLedger, asking: Asking, metrics: "Metrics | None") -> None:
        self.ledger = ledger
        self.asking = asking
        self._metrics = metrics

    async def create(self, command: CreateOrder, provenance: Provenance, **options: Any) -> Outcome:
        with self._counted(CreateOrder):
            return await self._outcome(partial(self.ledger.write, self.ledger.create, command, provenance, **options))

    async def give(self, uuid: UUID, command: Command, provenance: Provenance, **options: Any) -> Outcome:
        with self._counted(type(command)):
            return await self._outcome(
                partial(self.ledger.write, self.ledger.change, uuid, command, provenance, **options)
            )

    async def _outcome(self, write: Callable[..., Future[Outcome]]) -> Outcome:
        """The outcome of a command. An order with many events that an earlier write of it left is folded here, outside
        of the writer's turn, so that no other command waits for it."""
        earlier_order: Order | None = None
        while True:
            try:
                return await self.in_time(write(earlier_order=earlier_order))
            except FoldFirst as first:
                uuid, version = first.uuid, first.version
            earlier_order = await self.asking.in_thread(partial(self.ledger.order, uuid, version))

    @contextmanager
    def _counted(self, kind: type[Command | CreateOrder]) -> Iterator[None]:
        """Counts a command as done or as refused."""
        try:
            yield
        except Refusal as refusal:
            if self._metrics is not None:
                self._metrics.count_refused(kind.__name__, refusal.code)
            raise
        if self._metrics is not None:
            self._metrics.count_done(kind.__name__)

    def count_line(self, outcome: object) -> None:
        """Counts a line of an import by its outcome."""
        if self._metrics is not None and isinstance(outcome, Order):
            self._metrics.count_done(ImportOrder.__name__)
        elif self._metrics is not None and isinstance(outcome, Refusal):
            self._metrics.count_refused(ImportOrder.__name__, outcome.code)

    async def in_time(self, work: Future[_T]) -> _T:
        """The result of work given to the writer. Raises LogAway where it takes too long: work that had not begun is
        dropped, other work may still be recorded."""
        # A log on this machine bounds each wait itself; this bounds all of them together.
        seconds_max = WORK_SECONDS_MAX if self.ledger.log_of_events.is_local else TURN_SECONDS_MAX
        try:
            async with asyncio.timeout(seconds_max):
                return await asyncio.wrap_future(work)
        except TimeoutError:
            begun = "is not recorded" if work.cancelled() else "may be recorded"
            raise LogAway(f"a command was not done within {seconds_max} s, and {begun}") from None
        finally:
            del work  # it holds its error, and the error's traceback this frame

    def set_headers(self, resp: Response, outcome: Outcome) -> None:
        """Sets the headers of a command."""
        if outcome.replayed:
            resp.set_header("Idempotency-Replayed", "true")
        self.set_write_headers(resp, outcome.position)

    def set_write_headers(self, resp: Response, position: int, fed_to: int | None = None) -> None:
        """Sets the headers of a write. `Ledger-Views: behind` tells that the views could not be fed; the write
        stands."""
        set_position(resp, position)
        if (self.ledger.fed_to if fed_to is None else fed_to) < position:
            resp.set_header("Ledger-Views", "behind")

    def answer_trial(self, resp: Response, outcome: Outcome, **more: Raw) -> None:
        """Answers with the events that a command would record."""
        body = {"dry_run": True, "events": events_tried(outcome.trial_events or ()), **more}
        json_answer(resp, msgspec.json.encode(body), outcome.position)

    def answer_order(self, resp: Response, outcome: Outcome, status: int = 200) -> None:
        """Answers with the order document after the command; for a trial with the events that the command would
        record, too."""
        if outcome.trial_events is not None:
            self.answer_trial(resp, outcome, order=Raw(staff_document(outcome.order)))
            return
        self.set_headers(resp, outcome)
        json_answer(resp, staff_document(outcome.order), outcome.position)
        resp.set_header("ETag", f'"{outcome.order.version}"')
        resp.status = status


def events_tried(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The events of a trial, as its answer shows them."""
    return [{"type": type(event).__name__, "data": event} for event in events]
