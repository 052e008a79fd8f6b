"""Is the log still what was recorded? Every stored byte is read again and held against everything that remembers it.

Against its own digest; against the tree of the views; against every checkpoint that was kept; and each order, folded
anew, against its rows in the views. Reads only, in parts that run beside each other on all cores.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from eventsourcing.persistence import OperationalError

from domain.aggregate import step
from domain.log.recorder import SQLiteRecorder
from domain.log.records import RawRecord, digest_of
from domain.log.sqlite import connect, sqlite3
from domain.order.state import ORDER, Order
from domain.proof import checkpoint, merkle
from domain.proof.checkpoint import CheckpointMalformed, CheckpointUnsigned, VerifierKey
from domain.reconciliation.state import RECONCILIATION, Reconciliation
from domain.topics import TOPICS
from projections import tree
from projections.orders import table as orders
from projections.payments import table as payments
from projections.reconciliations import table as reconciliations
from projections.views.fold import MAPPER, Folded, fold, histories, nothing, processes

_RECONCILIATIONS: Final = frozenset(name for name, topic in TOPICS.items() if topic.kind is RECONCILIATION)
PART_RECORDS: Final = 8_192
_MISSING: Final = bytes(32)  # stands for the digest of a record that is not there
_SOMEWHERE: Final = 2**62  # the end of a span of positions that nothing bounds
_ALTERED: Final = "the record is not what its digest was made of"
_REMADE: Final = "the record has another digest than the tree has for it: it was altered and its digest made anew"


class Problem(NamedTuple):
    """What does not hold: the position in the log, the order, and why.

    Where it is known only that the fault is one of several records, these are the first of them and, in `until`, the
    last.
    """

    position: int
    order: str | None
    reason: str
    until: int | None = None


class Verified(msgspec.Struct):
    """How much was read, and what does not hold, by position."""

    events: int = 0
    orders: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    problems: list[Problem] = []


class Checked(NamedTuple):
    """Where the checkpoints to hold the log against come from, for whoever reads of a problem, and what they are."""

    source: str
    notes: Sequence[bytes]


def verify(
    ledger: Path,
    views: Path | None,
    *,
    checkpoints: Iterable[Checked],
    key: VerifierKey | None,
    progress: Callable[[int, int], None],
) -> Verified:
    """Reads the whole log. `views` is the generation to compare with, or None where there is none.

    Without a `key` the checkpoints' roots are checked and their signatures are not; `unsigned` counts those.
    """
    log = SQLiteRecorder(ledger)
    head = log.max_notification_id() or 0
    verified = Verified(events=head)
    kept = _checkpoints(checkpoints, key, verified)
    if (given := log.last_given()) > head:
        reason = f"positions to {given} were given, and the log ends at {head}: its end was deleted"
        verified.problems.append(Problem(head + 1, None, reason))
    starts = [part * PART_RECORDS + 1 for part in log.parts(PART_RECORDS)]
    for before, after in pairwise([1 - PART_RECORDS, *starts]):
        if (gap := before + PART_RECORDS) < after:
            verified.problems.append(Problem(gap, None, _missing(gap, after - 1)))
    log.close()
    steps = len(starts) + 1
    with processes() as pool:
        rest = pool.submit(check_the_rest, ledger, views, head)
        coming = deque(pool.submit(check_part, ledger, views, s, s - 1 + PART_RECORDS, head) for s in starts)
        growing = Growing(kept, verified, None if views is None else connect(views, "NORMAL"))
        for done in range(1, steps):
            found = coming.popleft().result()
            verified.problems += found.records + found.histories
            verified.orders += found.orders
            growing.append(found.digests)
            progress(head * done // steps, head)
        growing.finish()
        problems, count = rest.result()
        verified.problems += problems
        verified.orders += count
        progress(head, head)
    altered = [problem.position for problem in verified.problems if problem.until is None]
    for node in growing.nodes:
        if not any(node.position <= position <= (node.until or 0) for position in altered):
            verified.problems.append(node)
            altered.append(node.position)
    verified.problems = _in_order(verified.problems)
    return verified


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    """By their positions; what is only known to be one of several records comes behind the one that is at fault."""
    exact = sorted(problem.position for problem in problems if problem.until is None)

    def place(problem: Problem) -> tuple[int, bool, str, str]:
        known = [at for at in exact if problem.position <= at <= (problem.until or at)] if problem.until else []
        at = known[0] if known else problem.position
        return at, problem.until is not None, problem.order or "", problem.reason

    return sorted(problems, key=place)


class PartChecked(NamedTuple):
    """What does not hold of the records at some positions, and of the orders that begin there; how many these are, and
    the digests of the records."""

    records: list[Problem]
    histories: list[Problem]
    orders: int
    digests: list[bytes]


def check_part(ledger: Path, views: Path | None, first: int, last: int, head: int) -> PartChecked:
    """Checks the records from one position to another, and the whole histories of the orders that begin there."""
    last = min(last, head)
    log = SQLiteRecorder(ledger)
    reader = None if views is None else connect(views, "NORMAL")
    try:
        raws, records = _check_records(log, reader, first, last)
        digests = [raw.digest for raw in raws] if not records else _digests(raws, first, last)
        records += _check_files(log, raws)
        try:
            whole = histories(log, raws, first, last, head)
            found, count = _check_histories(log, reader, whole, [raw.order for raw in raws if raw.version == 1])
        except (sqlite3.Error, TypeError, ValueError) as error:
            reason = f"the orders that begin from here to position {last} cannot all be read: {error}"
            found, count = [Problem(first, None, reason, _SOMEWHERE)], 0
        return PartChecked(records, found, count, digests)
    finally:
        log.close()
        if reader is not None:
            reader.close()


# --- record by record ---


def _check_records(
    log: SQLiteRecorder, reader: "sqlite3.Connection | None", first: int, last: int
) -> tuple[list[RawRecord], list[Problem]]:
    """The records at these positions, as many as can be read, and what does not hold of them."""
    leaves = [] if reader is None else tree.leaves(reader, first, last)
    raws: list[RawRecord] = []
    try:
        raws = list(log.raw_records(after=first - 1, until=last))
        times = [raw.recorded_at for raw in raws]
        holds = (
            [raw.position for raw in raws] == list(range(first, last + 1))
            and [raw.digest for raw in raws[: len(leaves)]] == leaves
            and times == sorted(times)
            and [digest_of(*raw[1:-1]) for raw in raws] == [raw.digest for raw in raws]
        )
    except (sqlite3.Error, TypeError, ValueError):  # a damaged page, or a field that is none
        holds = False
    return (raws, []) if holds else _look_closer(log, leaves, first, last)


def _look_closer(
    log: SQLiteRecorder, leaves: Sequence[bytes], first: int, last: int
) -> tuple[list[RawRecord], list[Problem]]:
    """The same, record by record: which of them it is, and why."""
    raws: list[RawRecord] = []
    problems: list[Problem] = []
    earlier = b""
    for position, raw in _each(log, first, last):
        if not isinstance(raw, RawRecord):
            problems.append(Problem(position, None, raw))
            continue
        raws.append(raw)
        leaf = leaves[position - first] if position - first < len(leaves) else raw.digest
        if not raw.digest_holds():
            problems.append(Problem(position, raw.order, _ALTERED))
        elif leaf == _MISSING:
            problems.append(Problem(position, raw.order, "the tree of the views has no leaf for this record"))
        elif leaf != raw.digest:
            problems.append(Problem(position, raw.order, _REMADE))
        elif (raw.recorded_at or b"") < earlier:
            problems.append(Problem(position, raw.order, "it was recorded earlier than the record before it"))
        else:
            # Of a record that was altered the time proves nothing against others.
            earlier = raw.recorded_at
    return raws, problems


def _digests(raws: Iterable[RawRecord], first: int, last: int) -> list[bytes]:
    """One for each position, whatever the records are like."""
    digests = [_MISSING] * (last - first + 1)
    for raw in raws:
        if isinstance(raw.digest, bytes) and len(raw.digest) == len(_MISSING):
            digests[raw.position - first] = raw.digest
    return digests


def _each(log: SQLiteRecorder, first: int, last: int) -> Iterator[tuple[int, RawRecord | str]]:
    """Each position with its record, or with why there is none that can be read; of several missing ones the first."""
    position = first
    try:
        for raw in log.raw_records(after=first - 1, until=last):
            if position < raw.position:
                yield position, _missing(position, raw.position - 1)
            position = raw.position
            yield position, raw
            position += 1
    except (sqlite3.Error, TypeError, ValueError) as error:
        # The page is damaged: what can still be read is looked for one by one.
        for single in range(position, last + 1):
            yield single, _one(log, single, error)
        return
    if position <= last:
        yield position, _missing(position, last)


def _missing(first: int, last: int) -> str:
    return "no record stands at this position" if first == last else f"no record stands from here to position {last}"


def _one(log: SQLiteRecorder, position: int, error: Exception) -> RawRecord | str:
    try:
        return log.raw_record(position) or "no record stands at this position"
    except (sqlite3.Error, TypeError, ValueError):
        return f"the file is damaged here: {error}"


# --- the tree, against the checkpoints ---


def _checkpoints(
    sources: Iterable[Checked], key: VerifierKey | None, verified: Verified
) -> list[tuple[str, checkpoint.Checkpoint]]:
    """The checkpoints whose signatures hold, the smallest first; the others are problems."""
    found = []
    for source, notes in sources:
        for note in notes:
            try:
                read = checkpoint.parse(note) if key is None else checkpoint.verify(note, key)
            except (CheckpointMalformed, CheckpointUnsigned) as error:
                verified.problems.append(Problem(_size_said(note), None, f"a checkpoint {source}: {error}"))
                continue
            verified.checkpoints += 1
            verified.unsigned += key is None
            found.append((source, read))
    return sorted(found, key=lambda pair: pair[1].size)


def _size_said(note: bytes) -> int:
    """The size that a checkpoint names, be it true or not; 0 where it names none."""
    lines = note.splitlines()
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() and len(lines[1]) < 16 else 0


class Growing:
    """A tree that grows with the log that is read, and is held against each checkpoint when it has its size.

    Keeps the last complete node of each level alone, which is all that growing and its root need.
    """

    def __init__(
        self,
        checkpoints: list[tuple[str, checkpoint.Checkpoint]],
        verified: Verified,
        tree: "sqlite3.Connection | None" = None,
    ) -> None:
        self._tree = tree
        # Nodes that are not those of the tree of the views: of themselves, or by a record below them.
        self.nodes: list[Problem] = []
        self._coming = checkpoints[::-1]
        self._verified = verified
        self._size = 0
        self._good = 0
        self._is_rewritten = False
        self._last: dict[int, tuple[int, bytes]] = {}

    def _get(self, level: int, place: int) -> bytes:
        found, node = self._last[level]
        assert found == place
        return node

    def append(self, digests: Sequence[bytes]) -> None:
        rest = list(digests)
        while rest:
            until = len(rest) if not self._coming else min(len(rest), max(0, self._coming[-1][1].size - self._size))
            part, rest = rest[:until], rest[until:]
            levels = merkle.levels(self._size, part, self._get)
            self._compare(levels)
            for level, (first, nodes) in enumerate(levels):
                self._last[level] = (first + len(nodes) - 1, nodes[-1])
            self._size += len(part)
            self._hold_against()

    def _compare(self, levels: Sequence[tuple[int, Sequence[bytes]]]) -> None:
        """The nodes above the leaves with those that the tree of the views has."""
        if self._tree is None or not levels:
            return
        start = tree.number(0, self._size)
        kept = tree.between(self._tree, start, start + sum(len(nodes) for _, nodes in levels) - 1)
        for level, (first, nodes) in enumerate(levels[1:], 1):
            known = tree.of_level(kept, self._size, level, first, first + len(nodes) - 1)
            if known == nodes[: len(known)]:
                continue
            for place, (node, other) in enumerate(zip(nodes, known, strict=False), first):
                if node != other:
                    begin, end = (place << level) + 1, (place + 1) << level
                    reason = f"the tree of the views has another node over the positions {begin} to {end}"
                    self.nodes.append(Problem(begin, None, reason, end))

    def finish(self) -> None:
        self._hold_against()
        if self._tree is not None:
            self._tree.close()
        for source, beyond in reversed(self._coming):
            reason = f"a checkpoint {source} signs {beyond.size} records, and the log has {self._size}: the end is gone"
            self._verified.problems.append(Problem(self._size + 1, None, reason))

    def _hold_against(self) -> None:
        while self._coming and self._coming[-1][1].size <= self._size:
            source, kept = self._coming.pop()
            if merkle.root(self._size, self._get) == kept.root:
                self._good = self._size
                continue
            reason = (
                f"a checkpoint {source} signs another history: a record from position {self._good + 1}"
                f" to {kept.size} is not what it was"
            )
            if not self._is_rewritten:  # every later one signs another history for the same reason
                self._verified.problems.append(Problem(self._good + 1, None, reason, until=kept.size))
            self._is_rewritten = True


# --- order by order ---


def check_the_rest(ledger: Path, views: Path | None, head: int) -> tuple[list[Problem], int]:
    """What does not hold of the orders that have no beginning, in the log and in the views, and how many there are."""
    log = SQLiteRecorder(ledger)
    reader = None if views is None else connect(views, "NORMAL")
    try:
        raws = list(log.raw_records_without_beginning(head))
        problems, count = _check_histories(log, reader, raws, list(dict.fromkeys(raw.order for raw in raws)))
        return problems + ([] if reader is None else _strangers(ledger, reader)), count
    except (sqlite3.Error, TypeError, ValueError) as error:
        return [Problem(0, None, f"the orders cannot all be read: {error}", _SOMEWHERE)], 0
    finally:
        log.close()
        if reader is not None:
            reader.close()


def _check_histories(
    log: SQLiteRecorder, reader: "sqlite3.Connection | None", raws: Sequence[RawRecord], uuids: Sequence[str]
) -> tuple[list[Problem], int]:
    """Folds all of them at once, as a rebuild does; where that is not what the views have, looks at the order alone."""
    try:
        folded = fold(raws, nothing, nothing, read=MAPPER.read_unchecked)
        held = _held(folded, reader)
    except sqlite3.Error:
        raise
    except Exception:  # an altered record can do anything to a fold; each order alone then
        held = set()
    problems = []
    count = len(uuids)
    for uuid in uuids:
        if uuid in held:
            continue
        # Before the records, so that what is written meanwhile is not in the views alone.
        shown = None if reader is None else _shown(reader, uuid)
        # A UUID that is none finds nothing.
        of_one = list(log.raw_records_of(uuid)) or [raw for raw in raws if raw.order == uuid]
        is_order = of_one[0].topic not in _RECONCILIATIONS
        count -= not is_order
        if problem := _check_order(shown, uuid, of_one) if is_order else _check_reconciliation(reader, uuid, of_one):
            problems.append(problem)
    return problems, count


def _held(folded: Folded, reader: "sqlite3.Connection | None") -> set[str]:
    """The orders that are in the views what their events make, as UUIDs."""
    if reader is None:
        return folded.orders.keys() - folded.stopped.keys()
    shown = orders.joined(reader, [order.id for order in folded.orders.values()])
    journal = payments.rows_of(reader, list(folded.orders))
    movements: defaultdict[str, list[payments.Row]] = defaultdict(list)
    for row in folded.movements:
        movements[payments.whose(row)].append(row)
    return {
        uuid
        for uuid, order in folded.orders.items()
        if shown.get(order.id) == tuple(chain(*orders.rows(order))) and journal.get(uuid, []) == movements.get(uuid, [])
    }


def _shown(reader: "sqlite3.Connection", uuid: str) -> tuple[orders.Shown, list[payments.Row]] | None:
    """What the views have of an order, at one moment: its rows, and those of the payment journal."""
    reader.execute("BEGIN")
    try:
        found = orders.rows_of(reader, uuid)
        return (found, payments.rows_of(reader, [uuid]).get(uuid, [])) if found else None
    finally:
        reader.execute("COMMIT")


def _check_order(
    shown: tuple[orders.Shown, list[payments.Row]] | None, uuid: str, raws: list[RawRecord]
) -> Problem | None:
    of_views, journal = shown or (None, [])
    order: Order | None = None
    movements: list[payments.Row] = []
    position = 0
    for raw in raws:
        if raw.position < position:
            return Problem(raw.position, uuid, f"version {raw.version} stands before the version that it follows")
        position = raw.position
        try:
            record = MAPPER.read(raw)
            order = step(ORDER, order, record)
            if isinstance(record.event, payments.MOVEMENTS):
                movements.append(payments.row(raw, order))
            made = orders.rows(order) if of_views and of_views.version == order.version else None
        except Exception as error:  # an altered record can do anything to a fold
            return Problem(position, uuid, f"its history cannot be read on from here: {error}")
        if of_views and made:
            if of_views.rows != made:
                return Problem(position, uuid, "its rows in the views are not what its events make")
            if journal != movements:
                return Problem(position, uuid, "its payments in the views are not what its events make")
            of_views = None
    if of_views:
        return Problem(
            position, uuid, f"the views have a version {of_views.version} that the log has not", until=_SOMEWHERE
        )
    return None


def _check_reconciliation(reader: "sqlite3.Connection | None", uuid: str, raws: list[RawRecord]) -> Problem | None:
    state: Reconciliation | None = None
    shown = None if reader is None else reconciliations.row_of(reader, uuid)
    for raw in raws:
        try:
            record = MAPPER.read(raw)
            state = step(RECONCILIATION, state, record)
        except Exception as error:  # an altered record can do anything to a fold
            return Problem(raw.position, uuid, f"its history cannot be read on from here: {error}")
        row = reconciliations.row(raws[0].position, state)
        if shown and reconciliations.version(shown) == state.version and shown != row:
            return Problem(raw.position, uuid, "its row in the views is not what its events make")
    return None


def _check_files(log: SQLiteRecorder, raws: Iterable[RawRecord]) -> Iterator[Problem]:
    """The kept files against the SHA-256 under which the records name them."""
    for raw in raws:
        if raw.topic not in _RECONCILIATIONS:
            continue
        try:
            named = msgspec.json.decode(raw.payload, type=_Named)
        except (TypeError, ValueError):
            continue  # a damaged record, which is a problem of its own
        for sha256 in filter(None, (named.file_sha256, named.rules_sha256, named.report_sha256)):
            try:
                for _ in log.kept_file(sha256):
                    pass
            except (OperationalError, sqlite3.Error) as error:
                yield Problem(raw.position, raw.order, str(error))


class _Named(msgspec.Struct):
    """The files that an event names."""

    file_sha256: str | None = None
    rules_sha256: str | None = None
    report_sha256: str | None = None


def _strangers(ledger: Path, reader: "sqlite3.Connection") -> list[Problem]:
    """Orders in the views that the log knows nothing of."""
    reader.execute("ATTACH ? AS ledger", (str(ledger.absolute()),))
    rows = reader.execute(
        "SELECT uuid FROM orders WHERE NOT EXISTS"
        " (SELECT 1 FROM ledger.events WHERE originator_id = uuid AND version = 1)"
    ).fetchall()
    reason = "the views have this order, and the log has not"
    return [Problem(0, uuid, reason, until=_SOMEWHERE) for (uuid,) in rows]
