"""One history and its fold, whatever it is a history of: an order, or a reconciliation.

Events in their places (`Record`), the kind of history that they are (`Kind`), and the state that they make. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, reduce
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar
from uuid import UUID

import msgspec

# What of an event is personal: by the name of each part, the paths of the fields that belong to it.
Parts: TypeAlias = Mapping[str, tuple[str, ...]]


class Part(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A piece of an event or of a state; equal by value."""


class Event(Part, frozen=True, kw_only=True):
    """A fact, in the past tense. Each shape is stored under a topic of its own, and that for ever."""

    occurred_at: datetime


class Record(msgspec.Struct, frozen=True):
    """An event in its place: whose history it stands in, and the version that it brings that to.

    Satisfies `eventsourcing.domain.DomainEventProtocol`.
    """

    originator_id: UUID
    originator_version: int
    event: Event


def parts_in(event: Event, personal: Parts) -> Iterator[str]:
    """The parts of what is personal of which an event has anything."""
    for part, paths in personal.items():
        if any(_is_there(_value(event, path)) for path in paths):
            yield part


def _value(of: Any, path: str) -> Any:
    for name in way(path):
        of = None if of is None else getattr(of, name)
    return of


@cache
def way(path: str) -> Sequence[str]:
    """The names of the fields that a path leads along."""
    return path.split(".")


def _is_there(value: Any) -> bool:
    return bool(value) and not (isinstance(value, msgspec.Struct) and value == type(value)())


class State(Protocol):
    """What every state has: the version of the last event in it."""

    @property
    def version(self) -> int: ...


S = TypeVar("S", bound=State)


class Older(NamedTuple):
    """An older version of a topic: the shape that was stored, today's shape, and how the one becomes the other."""

    shape: type[Event]
    becomes: type[Event]
    upcast: Callable[[Any], Event]


class Kind(Generic[S]):
    """A kind of history: its name, its topics with their shapes, the shape of its first event, and its fold.

    `evolve` never refuses, since what happened cannot be refused, and does not check the places: `step` does. `older`
    has the topics that are read and not written any more; `personal`, what of its events is personal.
    """

    def __init__(
        self,
        name: str,
        *,
        topics: Mapping[str, type[Event]],
        first: type[Event],
        evolve: Callable[[S | None, Record], S],
        older: Mapping[str, Older] = MappingProxyType({}),
        personal: Mapping[type[Event], Parts] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.topics = topics
        self.older = older
        self.personal = personal
        self.evolve = evolve
        # Of each shape, whether it is the one that begins a history.
        self.begins = {shape: shape is first for shape in topics.values()}


class BrokenHistory(Exception):
    """A history's events are not the versions 1, 2, 3 and so on, or one of them cannot stand where it does."""


class IncompleteHistory(BrokenHistory):
    """Not all of a history's records are found: the index that leads to them is damaged."""


def step(kind: Kind[S], state: S | None, record: Record) -> S:
    """The state after a record that comes from a log. Raises BrokenHistory where the record is not the next one."""
    version, shape = record.originator_version, type(record.event)
    expected = 1 if state is None else state.version + 1
    if version != expected or kind.begins.get(shape) is not (state is None):
        why = f"version {version} stands where {expected} should"
        if version == expected:
            why = f"{shape.__name__} cannot be its version {version}"
        raise BrokenHistory(f"{kind.name} {record.originator_id}: {why}")
    return kind.evolve(state, record)


def fold(kind: Kind[S], state: S | None, records: Iterable[Record]) -> S | None:
    """`step` over many records."""
    return reduce(lambda before, record: step(kind, before, record), records, state)


def place(kind: Kind[S], state: S | None, uuid: UUID, events: Iterable[Event]) -> tuple[S, list[Record]]:
    """The state after new events, and their records: in the places behind the state's last event."""
    first = 1 if state is None else state.version + 1
    records = [Record(uuid, version, event) for version, event in enumerate(events, first)]
    for record in records:
        state = kind.evolve(state, record)
    assert state is not None
    return state, records
