"""Are the views what the log makes? Each history is folded anew and compared with its rows in every view."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, NamedTuple

from eventsourcing.persistence import PersistenceError

from domain.aggregate import Kind, Record, step
from domain.log.log import Log
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.order.state import ORDER
from domain.topics import KINDS, TOPICS
from projections import tree
from projections.proof.problems import SOMEWHERE, Problem
from projections.views.all import OF_KIND, STATE_VIEW
from projections.views.feeding import ERASING_TOPICS
from projections.views.fold import Folded, fold, no_state, note_event
from projections.views.view import History

_UUIDS_AT_ONCE: Final = 1_000


def check_histories(
    log: Log,
    reader: sqlite3.Connection | None,
    mapper: EventMapper,
    raws: Sequence[RawRecord],
    uuids: Sequence[str],
    *,
    read: Callable[[RawRecord], Record],
) -> tuple[list[Problem], int]:
    """The problems of the histories with these UUIDs, and the number of orders among them. `raws` are their records.

    All histories are folded at once, as a rebuild does, each record by `read`. A history with other rows in the views
    is then checked alone, by the mapper.
    """
    try:
        held = _held(fold(raws, no_state, read), reader)
    except (PersistenceError, sqlite3.Error):
        raise
    except Exception:  # an altered record can break a fold in any way; each history is checked alone then
        held = {}
    problems = []
    orders = 0
    for uuid in uuids:
        if uuid in held:
            orders += held[uuid] is ORDER
            continue
        with _one_moment(reader):
            # Read before the records, so that the views have no record that these lack.
            seen = None if reader is None else _seen(reader, uuid)
            # The query finds no records for a malformed UUID.
            of_one = list(log.raw_records_of(uuid)) or [raw for raw in raws if raw.order == uuid]
            topic = TOPICS.get(of_one[0].topic)
            kind: Kind[Any] = topic.kind if topic else ORDER
            orders += kind is ORDER
            version = seen and seen.versions[kind]
            if problem := _check_history(reader, mapper, kind, version, of_one) or _left_out(seen, version, of_one):
                problems.append(problem)
    return problems, orders


def _held(folded: Folded, reader: sqlite3.Connection | None) -> dict[str, Kind[Any]]:
    """The histories with the right rows in the views: the kind of each, by UUID."""
    held: dict[str, Kind[Any]] = {}
    for kind in KINDS:
        histories = {uuid: history for uuid, history in folded.histories.items() if history.kind is kind}
        if reader is not None:
            for view in OF_KIND[kind]:
                shown = view.shown(reader, [history.state for history in histories.values()])
                histories = {
                    uuid: history
                    for uuid, history in histories.items()
                    if shown.get(history.state.uuid, []) == view.of_history(history)
                }
        held |= dict.fromkeys(histories, kind)
    return held


@contextmanager
def _one_moment(reader: sqlite3.Connection | None) -> Iterator[None]:
    """A read transaction, in which the views are as of one moment."""
    if reader is None:
        yield
        return
    reader.execute("BEGIN")
    try:
        yield
    finally:
        reader.execute("COMMIT")


class _Seen(NamedTuple):
    """The position of the views, whether they stopped at the history, and the history's version in them by kind."""

    position: int
    is_stopped: bool
    versions: dict[Kind[Any], int | None]


def _seen(reader: sqlite3.Connection, uuid: str) -> _Seen:
    is_stopped = reader.execute("SELECT 1 FROM stopped WHERE uuid = ?", (uuid,)).fetchone() is not None
    # Read from the tree: the position that the file states may be altered.
    return _Seen(tree.size(reader), is_stopped, {kind: STATE_VIEW[kind].version(reader, uuid) for kind in KINDS})


def _left_out(seen: _Seen | None, version: int | None, raws: Sequence[RawRecord]) -> Problem | None:
    """The problem of a history's first record that the views have passed and lack, though they have not stopped at
    it."""
    if seen is None or seen.is_stopped:
        return None
    missing = (raw for raw in raws if (version or 0) < raw.version and raw.position <= seen.position)
    if (first := next(missing, None)) is None:
        return None
    return Problem(first.position, first.order, "the views have come past this record, and their rows do not have it")


def _check_history(
    reader: sqlite3.Connection | None,
    mapper: EventMapper,
    kind: Kind[Any],
    version: int | None,
    raws: Sequence[RawRecord],
) -> Problem | None:
    """The first problem of one history. `raws` are its records, ordered by version.

    `version` is the history's version in the views; None where they lack the history.
    """
    # Data erased since the views' version cannot be compared with their rows.
    erased = max((raw.version for raw in raws if raw.topic in ERASING_TOPICS), default=0)
    history, uuid = History(kind, raws[0].position, None), raws[0].order
    position = 0
    for raw in raws:
        if raw.position < position:
            return Problem(raw.position, uuid, f"version {raw.version} stands before the version that it follows")
        position = raw.position
        try:
            record = mapper.read(raw)
            history.state = step(kind, history.state, record)
            note_event(history, raw, record)
            if reader is None or version != history.state.version:
                continue
            if version is not None and version < erased:
                version = None
                continue
            made = [(view, view.of_history(history)) for view in OF_KIND[kind]]
        except Exception as error:  # an altered record can break a fold in any way
            return Problem(position, uuid, f"its history cannot be read on from here: {error}")
        for view, rows in made:
            if view.shown(reader, [history.state]).get(history.state.uuid, []) != rows:
                return Problem(position, uuid, view.differs)
        version = None
    if version is not None:
        return Problem(position, uuid, f"the views have a version {version} that the log has not", until=SOMEWHERE)
    return None


def unknown_histories(log: Log, reader: sqlite3.Connection) -> Iterator[Problem]:
    """The histories in the views that the log does not have."""
    for view in STATE_VIEW.values():
        uuids = view.uuids(reader)
        while some := list(islice(uuids, _UUIDS_AT_ONCE)):
            begun = set(log.begun(some))
            for uuid in some:
                if uuid not in begun:
                    reason = f"the views have this {view.kind.name}, and the log has not"
                    yield Problem(0, uuid, reason, until=SOMEWHERE)
