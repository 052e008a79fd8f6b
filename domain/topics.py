"""Every topic of the log: which kind of history its events belong to, their shape, and how their payload is read.

The map is closed: a topic that is not in it is unknown to this version of the program, and is never imported by name.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from domain.aggregate import Event, Kind, Older, Record
from domain.order.state import ORDER
from domain.reconciliation.state import RECONCILIATION

KINDS: Final[tuple[Kind[Any], ...]] = (ORDER, RECONCILIATION)


class Topic(NamedTuple):
    """A topic, its kind of history, and the shape that its events have today.

    `decode` reads a payload; it raises ValueError where the payload is not the JSON of the topic.
    """

    name: str
    kind: Kind[Any]
    shape: type[Event]
    decode: Callable[[bytes], Event]


def _topics() -> Iterator[Topic]:
    for kind in KINDS:
        for name, shape in kind.topics.items():
            yield Topic(name, kind, shape, msgspec.json.Decoder(shape).decode)
        for name, older in kind.older.items():
            yield Topic(name, kind, older.becomes, _upcasting(older))


def _upcasting(older: Older) -> Callable[[bytes], Event]:
    decode = msgspec.json.Decoder(older.shape).decode
    return lambda payload: older.upcast(decode(payload))


# By the topic as the log's records have it.
TOPICS: Final[Mapping[bytes, Topic]] = {topic.name.encode(): topic for topic in _topics()}
_TOPIC_OF: Final = {shape: TOPICS[name.encode()] for kind in KINDS for name, shape in kind.topics.items()}


def topic_of(event: Event) -> Topic:
    """The topic under which an event is stored."""
    return _TOPIC_OF[type(event)]


def kind_of(record: Record) -> Kind[Any]:
    """The kind of history that a record belongs to."""
    return topic_of(record.event).kind
