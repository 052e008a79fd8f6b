"""Does all that is sealed open where it stands, and is it what its hash was made of? Each sealed part is looked at
alone, once the history that it stands in is known to be wrong."""

from collections.abc import Iterable, Iterator
from typing import Final

from domain.log.mapper import EventMapper, SealDamaged
from domain.log.records import RawRecord
from domain.topics import TOPICS
from projections.proof.problems import Problem

_SEALED: Final = frozenset(name for name, topic in TOPICS.items() if topic.is_sealed)


def check_sealed(mapper: EventMapper, raws: Iterable[RawRecord]) -> Iterator[Problem]:
    """The sealed parts among these records that are not what was sealed there, each at its position."""
    for raw in raws:
        if raw.topic in _SEALED and raw.digest_holds():
            try:
                mapper.read_unchecked(raw)
            except SealDamaged as error:
                yield Problem(raw.position, raw.order, error.why)
