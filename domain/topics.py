"""Every topic of the log: which kind of history its events belong to, their shape, and how their payload is read.

The map is closed: a topic that is not in it is unknown to this version of the program, and is never imported by name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from domain.aggregate import Event, Kind, Record
from domain.order.state import ORDER
from domain.reconciliation.state import RECONCILIATION

KINDS: Final[tuple[Kind[Any], ...]] = (ORDER, RECONCILIATION)


class Topic(NamedTuple):
    """What stands under a topic. `decode` raises ValueError where a payload is not the shape's JSON."""

    name: str
    kind: Kind[Any]
    shape: type[Event]
    decode: Callable[[bytes], Event]


# By the topic as the log's records have it.
TOPICS: Final[Mapping[bytes, Topic]] = {
    name.encode(): Topic(name, kind, shape, msgspec.json.Decoder(shape).decode)
    for kind in KINDS
    for name, shape in kind.topics.items()
}
_TOPIC_OF: Final = {topic.shape: topic for topic in TOPICS.values()}


def topic_of(event: Event) -> Topic:
    """The topic under which an event is stored."""
    return _TOPIC_OF[type(event)]


def kind_of(record: Record) -> Kind[Any]:
    """The kind of history that a record belongs to."""
    return topic_of(record.event).kind
