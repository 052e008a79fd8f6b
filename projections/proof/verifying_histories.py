"""Are the views what the log makes? Each history, folded anew, against its rows in every view."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from eventsourcing.persistence import PersistenceError

from domain.aggregate import Kind, step
from domain.log.log import Log
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.order.state import ORDER
from domain.topics import KINDS, TOPICS
from projections.proof.problems import SOMEWHERE, Problem
from projections.views.all import KEEPER, OF_KIND
from projections.views.fold import MAPPER, Folded, fold, note_event, nothing
from projections.views.view import History

_UUIDS_AT_ONCE: Final = 1_000


def check_histories(
    log: Log, reader: sqlite3.Connection | None, raws: Sequence[RawRecord], uuids: Sequence[str]
) -> tuple[list[Problem], int]:
    """What does not hold of the histories with these UUIDs, whose records `raws` are; and how many are orders.

    Folds all of them at once, as a rebuild does. Where that is not what the views have, looks at the history alone.
    """
    try:
        held = _held(fold(raws, nothing, read=MAPPER.read_unchecked), reader)
    except (PersistenceError, sqlite3.Error):
        raise
    except Exception:  # an altered record can do anything to a fold; each history alone then
        held = {}
    problems = []
    orders = 0
    for uuid in uuids:
        if uuid in held:
            orders += held[uuid] is ORDER
            continue
        # Before the records, so that what is written meanwhile is not in the views alone.
        shown = None if reader is None else _Shown(reader, uuid)
        # A UUID that is none finds nothing.
        of_one = list(log.raw_records_of(uuid)) or [raw for raw in raws if raw.order == uuid]
        topic = TOPICS.get(of_one[0].topic)
        kind: Kind[Any] = topic.kind if topic else ORDER
        orders += kind is ORDER
        if problem := _check_history(shown, kind, uuid, of_one):
            problems.append(problem)
    return problems, orders


def _held(folded: Folded, reader: sqlite3.Connection | None) -> dict[str, Kind[Any]]:
    """The histories that are in the views what their events make: the kind of each, by UUIDs."""
    uuids = list(folded.histories)
    views = {view.name: view for kind in KINDS for view in OF_KIND[kind]}
    shown = {} if reader is None else {name: view.shown(reader, uuids) for name, view in views.items()}
    return {
        uuid: history.kind
        for uuid, history in folded.histories.items()
        if reader is None
        or all(shown[view.name].get(uuid, []) == view.of_history(history) for view in OF_KIND[history.kind])
    }


class _Shown:
    """What the views have of a history, all at one moment: the version, and the rows by the view's name."""

    def __init__(self, reader: sqlite3.Connection, uuid: str) -> None:
        reader.execute("BEGIN")
        try:
            self.versions = {kind: KEEPER[kind].version(reader, uuid) for kind in KINDS}
            self.rows = {
                view.name: view.shown(reader, [uuid]).get(uuid, []) for kind in KINDS for view in OF_KIND[kind]
            }
        finally:
            reader.execute("COMMIT")


def _check_history(shown: _Shown | None, kind: Kind[Any], uuid: str, raws: Sequence[RawRecord]) -> Problem | None:
    """The first thing that does not hold of one history, whose records these are, by their versions."""
    version = None if shown is None else shown.versions[kind]
    history = History(kind, raws[0].position, None)
    position = 0
    for raw in raws:
        if raw.position < position:
            return Problem(raw.position, uuid, f"version {raw.version} stands before the version that it follows")
        position = raw.position
        try:
            record = MAPPER.read(raw)
            history.state = step(kind, history.state, record)
            note_event(history, raw, record)
            if shown is None or version != history.state.version:
                continue
            made = [(view, view.of_history(history)) for view in OF_KIND[kind]]
        except Exception as error:  # an altered record can do anything to a fold
            return Problem(position, uuid, f"its history cannot be read on from here: {error}")
        for view, rows in made:
            if shown.rows[view.name] != rows:
                return Problem(position, uuid, view.differs)
        version = None
    if version is not None:
        return Problem(position, uuid, f"the views have a version {version} that the log has not", until=SOMEWHERE)
    return None


def strangers(log: Log, reader: sqlite3.Connection) -> Iterator[Problem]:
    """The histories in the views that the log knows nothing of."""
    for view in KEEPER.values():
        uuids = view.uuids(reader)
        while some := list(islice(uuids, _UUIDS_AT_ONCE)):
            begun = set(log.begun(some))
            for uuid in some:
                if uuid not in begun:
                    reason = f"the views have this {view.kind.name}, and the log has not"
                    yield Problem(0, uuid, reason, until=SOMEWHERE)
