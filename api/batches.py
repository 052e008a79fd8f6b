"""Orders in JSON Lines, by the rules of the import. Each line is recorded or refused for itself, and has a line of the
answer.

The body is received before anything is recorded, so a body that is too large records nothing; of a body that is cut off
the whole lines are recorded. A few lines share a commit. The answer begins when all lines are done.
"""

import asyncio
from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from time import monotonic
from typing import IO, Any, BinaryIO, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec
from falcon.asgi import Request, Response
from msgspec import Raw

from api import access, orders
from api.bodies import BrokenOff
from api.commanding import Commanding, events_tried
from api.conditions import conditions, must_be_new
from api.errors import Problem, not_ready, problem_of
from api.positions import position_token
from api.receiving import Receiving, media_type
from domain.import_batch import ImportBatch
from domain.importing import LineOutcome, batches, record_lines
from domain.log.records import Provenance
from domain.order.commands import ImportOrder, VoidPayment
from domain.order.state import Order
from domain.refusals import ScopesBeyond
from projections.orders.documents import staff_document

PATH: Final = orders.PATH + ":batch"
NDJSON: Final = "application/x-ndjson"
TYPES: Final = (NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json")
BYTES_MAX: Final = 16 * 1024 * 1024
LINES_MAX: Final = 10_000
# The lines of one commit. Other writers wait no longer than one such commit takes.
_COMMIT_LINES_MAX: Final = 25
_COMMIT_BYTES_MAX: Final = 128 * 1024
# Lines that are not recorded by then are refused, so that the client waits no longer than for other answers.
TAKING_SECONDS_MAX: Final = 20.0
_PIECE_BYTES: Final = 64 * 1024
# The namespace of the UUIDs of orders whose only names are an Idempotency-Key and a line's number.
_NAMES: Final = UUID("6f8e2a4c-53f1-4a0e-9d1b-7c1f0b5e9a21")


class BatchAnswer(NamedTuple):
    """The answer's lines, their size in bytes, and the last position that they recorded."""

    results: IO[bytes]
    size: int
    position: int


class Batch:
    def __init__(self, commanding: Commanding, places: int) -> None:
        self._commanding = commanding
        self._receiving = Receiving(commanding.asking, places)

    async def on_post(self, req: Request, resp: Response) -> None:
        access.require_scope(req, "orders:write")
        under = conditions(req)
        must_be_new(under)
        if media_type(req) not in TYPES:
            raise Problem(415, "unsupported-media-type", f"Send JSON Lines, as Content-Type: {NDJSON}.")
        taking = BatchImport(
            self._commanding,
            under.provenance,
            is_trial=under.is_trial,
            may_force=access.has_scope(req, "finance:write"),
        )
        with self._receiving.place(), TemporaryFile() as body:
            is_whole = await self._receiving.receive(req, body, BYTES_MAX, _too_large())
            taken = await self._commanding.asking.write_in_thread(
                lambda: taking.import_body(body, is_whole=is_whole), None
            )
        resp.content_type = NDJSON
        resp.stream = _pieces(taken.results)
        resp.content_length = taken.size
        resp.set_header("Cache-Control", "no-store")
        self._commanding.set_write_headers(resp, taken.position)


async def _pieces(results: IO[bytes]) -> AsyncIterator[bytes]:
    with results:
        while piece := await asyncio.to_thread(results.read, _PIECE_BYTES):
            yield piece


class BatchImport:
    """Records the lines of one request, in a thread."""

    def __init__(self, commanding: Commanding, provenance: Provenance, *, is_trial: bool, may_force: bool) -> None:
        self._commanding = commanding
        self._ledger = commanding.ledger
        self._provenance = provenance
        self._is_trial = is_trial
        self._trial: ImportBatch | None = None
        self._may_force = may_force
        self._position = 0
        # The error because of which no further line is recorded.
        self._trouble: Problem | None = None

    def import_body(self, body: BinaryIO, *, is_whole: bool) -> BatchAnswer:
        """Records the lines of a body. Raises a 422 for too many lines, and then records none."""
        count = _keep_lines(body, is_whole=is_whole)
        self._trial = self._ledger.trial() if self._is_trial else None
        over_at = monotonic() + TAKING_SECONDS_MAX
        results = TemporaryFile()  # noqa: SIM115  (`_pieces` closes it)
        for batch, _ in batches(body, lines_max=_COMMIT_LINES_MAX, bytes_max=_COMMIT_BYTES_MAX):
            for number, outcome in self._take(batch):
                self._write(results, number, outcome)
            if self._trouble is None and monotonic() > over_at:
                self._trouble = not_ready("batch-took-too-long", "The lines before this took long; send it again.")
        if not is_whole:
            self._write(results, count + 1, BrokenOff())
        size = results.tell()
        results.seek(0)
        return BatchAnswer(results, size, self._position or self._ledger.head())

    def _take(self, batch: list[tuple[int, bytes]]) -> list[tuple[int, LineOutcome]] | list[tuple[int, Problem]]:
        """The outcome of each line. Lines recorded before a failure of the ledger stay recorded, and are answered
        so."""
        if self._trouble is None:
            try:
                return record_lines(self._ledger, batch, self._provenance, trial=self._trial, prepare=self._prepare)
            except Exception as error:
                self._trouble = problem_of(error, self._provenance.request_id or "")
        return [(number, self._trouble) for number, _ in batch]

    def _prepare(self, number: int, order: ImportOrder) -> ImportOrder:
        """The order with its UUID, if the request gives it one. Raises ScopesBeyond where the history has entries that
        need the scope `finance:write`."""
        for i, entry in enumerate(order.history):
            if not self._may_force and (isinstance(entry, VoidPayment) or getattr(entry, "force", False)):
                raise ScopesBeyond(f"history[{i}]: this needs a key with the scope finance:write.")
        key = self._provenance.idempotency_key
        if key is None or order.id or order.key or order.uuid or order.external_ids:
            return order
        return msgspec.structs.replace(order, uuid=uuid5(_NAMES, f"{self._provenance.actor}\n{key}\n{number}"))

    def _write(self, results: IO[bytes], number: int, outcome: LineOutcome | Problem) -> None:
        self._commanding.count_line(outcome)
        result = self._result(outcome) | ({"dry_run": True} if self._is_trial else {})
        results.write(msgspec.json.encode({"line": number, **result}) + b"\n")

    def _result(self, outcome: LineOutcome | Problem) -> dict[str, Any]:
        if isinstance(outcome, Exception):
            problem = problem_of(outcome, self._provenance.request_id or "")
            return {"status": problem.status, "outcome": "refused", "problem": Raw(problem.body)}
        uuid = outcome.uuid if isinstance(outcome, Order) else outcome
        tried = self._trial and self._trial.line_of(uuid)
        if isinstance(outcome, UUID):
            order = tried.order if tried else self._ledger.first_event(uuid)
            version = tried.order.version if tried else self._ledger.known_version(uuid)
            return {"status": 200, "outcome": "there", **self._named(uuid, order.id, order.key, version)}
        if tried:
            events = events_tried(record.event for record in tried.records)
            return {"status": 200, "outcome": "created", "events": events, "order": Raw(staff_document(outcome))}
        self._position = self._ledger.log_of_events.position_of(uuid, outcome.version)
        return {"status": 201, "outcome": "created", **self._named(uuid, outcome.id, outcome.key, outcome.version)}

    def _named(self, uuid: UUID, order_id: int, key: str, version: int) -> dict[str, Any]:
        """An order's names, its last version and that version's position; null where the version is not recorded."""
        position = self._ledger.log_of_events.position_of(uuid, version)
        where = position_token(position) if position else None
        return {"id": order_id, "uuid": uuid, "key": key, "version": version, "position": where}


def _keep_lines(body: BinaryIO, *, is_whole: bool) -> int:
    """The number of lines in a body. Of a body that was cut off the last, broken line is dropped.

    Raises a 422 for too many.
    """
    body.seek(0)
    count = end = 0
    for line in body:
        if not (is_whole or line.endswith(b"\n")):
            break
        count, end = count + 1, end + len(line)
    if count > LINES_MAX:
        raise Problem(422, "too-many-lines", f"A batch has at most {LINES_MAX} lines, this one has {count}.")
    body.truncate(end)
    body.seek(0)
    return count


def _too_large() -> Problem:
    return Problem(413, "body-too-large", f"A batch has at most {BYTES_MAX} bytes; send it in parts.")
