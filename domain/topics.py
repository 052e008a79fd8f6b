"""Every topic of the log: its kind of history, the shape of its events, and the decoder of their payloads.

The map is closed: a topic outside of it is unknown to this version of the program, and is never imported by name.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import asdict

from domain.access.state import KEY
from domain.aggregate import Event, Kind, Record, Upcaster
from domain.order.state import ORDER
from domain.period.state import PERIOD
from domain.reconciliation.state import RECONCILIATION

KINDS: Final[tuple[Kind[Any], ...]] = (ORDER, RECONCILIATION, KEY, PERIOD)


# The end of a topic's name where the event's personal data is sealed (`domain/privacy/sealing.py`).
SEALED: Final = "+sealed"


class Topic(NamedTuple):
    """A topic, its kind of history, and the shape that its events have today.

    `decode` makes an event of a payload or, for a sealed topic, of the opened payload's tree. It raises ValueError
    where the payload is not the JSON of the topic.
    """

    name: str
    kind: Kind[Any]
    shape: type[Event]
    decode: Callable[[Any], Event]
    is_sealed: bool = False


def _topics() -> Iterator[Topic]:
    for kind in KINDS:
        for name, shape in kind.topics.items():
            yield Topic(name, kind, shape, msgspec.json.Decoder(shape).decode)
            if shape in kind.personal:
                yield Topic(name + SEALED, kind, shape, _of_tree(shape), is_sealed=True)
        for name, older in kind.older.items():
            yield Topic(name, kind, older.current, _upcasting(older, msgspec.json.Decoder(older.shape).decode))
            if older.current in kind.personal:
                upcast = _upcasting(older, _of_tree(older.shape))
                yield Topic(name + SEALED, kind, older.current, upcast, is_sealed=True)


def _of_tree(shape: type[Event]) -> Callable[[Any], Event]:
    """The decoder that makes an event of an opened payload's tree. The tree still has `personal`, even where the shape
    has no such field."""
    if "personal" in shape.__struct_fields__:
        return partial(msgspec.convert, type=shape, str_keys=True)

    def convert(tree: dict[str, Any]) -> Event:
        tree.pop("personal", None)
        return msgspec.convert(tree, shape, str_keys=True)

    return convert


def _upcasting(older: Upcaster, decode: Callable[[Any], Event]) -> Callable[[Any], Event]:
    upcast = older.upcast or (lambda event: older.current(**asdict(event)))
    return lambda payload: upcast(decode(payload))


# By the topic's name in bytes, as the log's records have it.
TOPICS: Final[Mapping[bytes, Topic]] = {topic.name.encode(): topic for topic in _topics()}
_TOPIC_OF: Final = {shape: TOPICS[name.encode()] for kind in KINDS for name, shape in kind.topics.items()}


def topic_of(event: Event) -> Topic:
    """The topic under which an event is stored."""
    return _TOPIC_OF[type(event)]


def kind_of(record: Record) -> Kind[Any]:
    """The kind of history that a record belongs to."""
    return topic_of(record.event).kind
