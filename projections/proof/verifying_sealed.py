"""Does every sealed part open in its place and match its hash? Each sealed part of a history is checked alone, once
that history is known to have a problem."""

from collections.abc import Iterable, Iterator
from typing import Final

from domain.log.mapper import DamagedEvent, EventMapper, SealDamaged
from domain.log.records import RawRecord
from domain.topics import TOPICS
from projections.proof.problems import Problem

SEALED: Final = frozenset(name for name, topic in TOPICS.items() if topic.is_sealed)


def check_sealed(mapper: EventMapper, raws: Iterable[RawRecord]) -> Iterator[Problem]:
    """The problems of sealed parts in these records that do not open, or do not match their hash."""
    for raw in raws:
        if raw.topic in SEALED and raw.digest_holds():
            try:
                mapper.read_unchecked(raw)
            except SealDamaged as error:
                yield Problem(raw.position, raw.order, error.why)
            except DamagedEvent:
                continue  # a problem of its history
