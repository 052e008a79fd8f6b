"""Does each record match its digest, and does the views' tree have the same digest?"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from eventsourcing.persistence import PersistenceError

from domain.log.log import Log
from domain.log.records import RawRecord, digest_of
from domain.log.sqlite import sqlite3
from projections import tree
from projections.proof.problems import Problem

_MISSING: Final = bytes(32)  # stands for the digest of a missing record
_ALTERED: Final = "the record is not what its digest was made of"
_REMADE: Final = "the record has another digest than the tree has for it: it was altered and its digest made anew"


def check_records(
    log: Log, reader: "sqlite3.Connection | None", first: int, last: int
) -> tuple[list[RawRecord], list[Problem]]:
    """The records at these positions that can be read, and their problems."""
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
    except (PersistenceError, sqlite3.Error, TypeError, ValueError):  # a damaged page, or a field of a wrong type
        holds = False
    return (raws, []) if holds else _look_closer(log, leaves, first, last)


def is_intact(raw: RawRecord) -> bool:
    """Whether the digest matches the record's bytes; False where a field has a wrong type."""
    try:
        return raw.digest_holds()
    except (TypeError, ValueError):
        return False


def _look_closer(log: Log, leaves: Sequence[bytes], first: int, last: int) -> tuple[list[RawRecord], list[Problem]]:
    """`check_records`, record by record: each problem at its position, with its reason."""
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
            # The time of an altered record proves nothing against others.
            earlier = raw.recorded_at
    return raws, problems


def digests_of(raws: Iterable[RawRecord], first: int, last: int) -> list[bytes]:
    """A digest for each position; zeros for a record that is missing, or has no digest."""
    digests = [_MISSING] * (last - first + 1)
    for raw in raws:
        if isinstance(raw.digest, bytes) and len(raw.digest) == len(_MISSING):
            digests[raw.position - first] = raw.digest
    return digests


def _each(log: Log, first: int, last: int) -> Iterator[tuple[int, RawRecord | str]]:
    """Each position with its record, or with the reason why none can be read; of several missing records only the first
    position."""
    position = first
    try:
        for raw in log.raw_records(after=first - 1, until=last):
            if position < raw.position:
                yield position, missing(position, raw.position - 1)
            position = raw.position
            yield position, raw
            position += 1
    except (PersistenceError, sqlite3.Error, TypeError, ValueError) as error:
        # The page is damaged: the readable records are looked up one by one.
        for single in range(position, last + 1):
            yield single, _one(log, single, error)
        return
    if position <= last:
        yield position, missing(position, last)


def missing(first: int, last: int) -> str:
    return "no record stands at this position" if first == last else f"no record stands from here to position {last}"


def _one(log: Log, position: int, error: Exception) -> RawRecord | str:
    try:
        return log.raw_record(position) or "no record stands at this position"
    except (PersistenceError, sqlite3.Error, TypeError, ValueError):
        return f"the file is damaged here: {error}"
