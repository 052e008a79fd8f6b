"""Are the data beside the log's records right? Signed heads and handovers must have the size that they sign. Clocks'
times must be possible. Personal data must be sealed from where the keyring says. Every kept file must be named by a
record."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Final

from domain.aggregate import Record, personal_parts
from domain.counted import counted, there_were_records
from domain.log.log import KeptCheckpoint, Log
from domain.log.records import RawRecord
from domain.moments import instant
from domain.proof import handover
from domain.proof.checkpoint import CheckpointMalformed, parse
from domain.topics import TOPICS
from projections.proof.problems import SOMEWHERE, Problem
from projections.proof.verifying_sealed import SEALED

_WHY: Final = ("first", "gained", "accepted")
# The topics of unsealed events that can have personal data in plain.
_PLAIN: Final = {
    name: topic for name, topic in TOPICS.items() if not topic.is_sealed and topic.shape in topic.kind.personal
}


def check_beside(log: Log, head: int, unnamed: Iterable[str], notes: Iterable[bytes]) -> Iterator[Problem]:
    """The problems of these data. `unnamed` are the SHA-256s of kept files that no record names, `notes` the
    checkpoints from all places."""
    handovers = log.handovers()
    for what, kept in (("signed head", list(log.every_checkpoint())), ("handover", handovers)):
        for one in kept:
            this = f"the {what} that is kept for {counted(one.size, 'record')}"
            if (signed := _size(one)) != one.size:
                yield Problem(one.size, None, f"{this} signs {signed}")
            if not _is_instant(one.made_at):
                yield Problem(one.size, None, f"{this} was made at no time")
    kept_notes = {one.note for one in handovers}
    if len(kept_notes) < len(handovers):
        yield Problem(handovers[0].size, None, "the ledger keeps a handover twice", SOMEWHERE)
    for note in {*notes, *kept_notes}:
        handed = handover.read(note)
        if handed is None and note in kept_notes:
            yield Problem(0, None, "a handover that the ledger keeps is none", SOMEWHERE)
        elif handed is not None and note not in kept_notes:
            yield Problem(handed.size, None, f"the ledger does not keep how {handed.former} handed over, any more")
    yield from _of_clocks(log)
    yield from _of_keyring(log, head)
    for sha256 in unnamed:
        yield Problem(0, None, f"the file that is kept as {sha256} is one that no record names", SOMEWHERE)


def check_sealing(
    raws: Iterable[RawRecord], since: int | None, read: Callable[[RawRecord], Record]
) -> Iterator[Problem]:
    """The records with sealed personal data before the sealing began, or with plain personal data after. Sealing begins
    behind the position `since`; where it is None, never."""
    for raw in raws:
        if raw.topic in _PLAIN and since is not None and raw.position > since:
            topic = _PLAIN[raw.topic]
            try:
                is_personal = any(personal_parts(read(raw).event, topic.kind.personal[topic.shape]))
            except (TypeError, ValueError):
                continue  # a damaged record is a problem of its own
            if is_personal:
                why = f"what is personal in it stands as it is, though it is to be sealed since position {since}"
                yield Problem(raw.position, raw.order, why)
        elif raw.topic in SEALED and (since is None or raw.position <= since):
            why = "it is sealed, and the ledger says that it has no keys" if since is None else "it is sealed too early"
            yield Problem(raw.position, raw.order, why)


def _size(kept: KeptCheckpoint) -> int | None:
    try:
        return parse(kept.note).size
    except CheckpointMalformed:  # a problem of its own
        return kept.size


def _is_instant(text: str) -> bool:
    try:
        return instant(datetime.fromisoformat(text)) == text
    except (ValueError, OverflowError):
        return False


def _of_clocks(log: Log) -> Iterator[Problem]:
    shown = sorted(log.clock_readings(), key=lambda one: one.boot)  # a stable order within each start
    for boot, of_boot in groupby(shown, key=lambda one: one.boot):
        uptimes = [-1]
        for one in of_boot:
            if one.why not in _WHY or not _is_instant(one.moment) or one.uptime < uptimes[-1]:
                why = f"what is kept of the clock since the start {boot} cannot have been shown: {one.why} {one.moment}"
                yield Problem(0, None, why, SOMEWHERE)
            uptimes.append(one.uptime)


def _of_keyring(log: Log, head: int) -> Iterator[Problem]:
    keyring = log.keyring()
    if keyring is not None and not (0 <= keyring.since <= head and _is_instant(keyring.made_at)):
        why = f"the keyring was made at {keyring.made_at}, when {there_were_records(keyring.since)}: that cannot be"
        yield Problem(0, None, why, SOMEWHERE)
