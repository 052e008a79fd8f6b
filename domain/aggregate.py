"""A history and its fold, for every kind of history: an order, a reconciliation, an access key, a period.

An event in its place is a `Record`, a kind of history is a `Kind`, and `fold` makes the state of records. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, reduce
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar
from uuid import UUID

import msgspec

# An event's personal data: by the name of each part, such as "contact", the paths of the part's fields.
PersonalParts: TypeAlias = Mapping[str, tuple[str, ...]]


class ValueObject(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A piece of an event or of a state; equal by value."""


class Event(ValueObject, frozen=True, kw_only=True):
    """A fact, in the past tense. Each shape is stored for ever under a topic of its own."""

    occurred_at: datetime


class Record(msgspec.Struct, frozen=True):
    """An event in its place: the UUID of its history, and the version that the history has after it.

    Satisfies `eventsourcing.domain.DomainEventProtocol`.
    """

    originator_id: UUID
    originator_version: int
    event: Event


def personal_parts(event: Event, personal: PersonalParts) -> Iterator[str]:
    """The parts of personal data that an event has a value of."""
    for part, paths in personal.items():
        if any(_has_value(_value(event, path)) for path in paths):
            yield part


def _value(of: Any, path: str) -> Any:
    for name in path_steps(path):
        of = None if of is None else getattr(of, name)
    return of


@cache
def path_steps(path: str) -> Sequence[str]:
    """The field names of a dotted path, in order."""
    return path.split(".")


def _has_value(value: Any) -> bool:
    return bool(value) and not (isinstance(value, msgspec.Struct) and value == type(value)())


class State(Protocol):
    """The state of any history; its `version` is that of the last event in it."""

    @property
    def version(self) -> int: ...


S = TypeVar("S", bound=State)


class Upcaster(NamedTuple):
    """An older version of a topic: the stored shape, today's shape, and the upcast from the one to the other; without
    one, the fields become today's as they are."""

    shape: type[Event]
    current: type[Event]
    upcast: Callable[[Any], Event] | None = None


class Kind(Generic[S]):
    """A kind of history: its name, its topics with their shapes, the shape of its first event, and its fold.

    `evolve` never refuses, since an event has happened, and does not check the record's place: `step` does. `older` has
    the topics that are still read but no longer written; `personal` has the personal data of each shape.
    """

    def __init__(
        self,
        name: str,
        *,
        topics: Mapping[str, type[Event]],
        first: type[Event],
        evolve: Callable[[S | None, Record], S],
        older: Mapping[str, Upcaster] = MappingProxyType({}),
        personal: Mapping[type[Event], PersonalParts] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.topics = topics
        self.older = older
        self.personal = personal
        self.evolve = evolve
        # By shape, whether an event of the shape begins a history.
        self.begins = {shape: shape is first for shape in topics.values()}


class BrokenHistory(Exception):
    """A history's versions are not 1, 2, 3 and so on, or an event stands where its shape cannot."""


class IncompleteHistory(BrokenHistory):
    """Some of a history's records were not found, because the index that leads to them is damaged."""


def step(kind: Kind[S], state: S | None, record: Record) -> S:
    """The state after a record read from a log. Raises BrokenHistory where the record is not the history's next."""
    version, shape = record.originator_version, type(record.event)
    expected = 1 if state is None else state.version + 1
    if version != expected or kind.begins.get(shape) is not (state is None):
        why = f"version {version} stands where {expected} should"
        if version == expected:
            why = f"{shape.__name__} cannot be its version {version}"
        raise BrokenHistory(f"{kind.name} {record.originator_id}: {why}")
    return kind.evolve(state, record)


def fold(kind: Kind[S], state: S | None, records: Iterable[Record]) -> S | None:
    """The state after many records, by `step`; the given state where there are none. Raises BrokenHistory."""
    return reduce(lambda before, record: step(kind, before, record), records, state)


def to_records(kind: Kind[S], state: S | None, uuid: UUID, events: Iterable[Event]) -> tuple[S, list[Record]]:
    """The state after new events, and the events' records, whose versions follow on the state's."""
    first = 1 if state is None else state.version + 1
    records = [Record(uuid, version, event) for version, event in enumerate(events, first)]
    for record in records:
        state = kind.evolve(state, record)
    assert state is not None
    return state, records
