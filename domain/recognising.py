"""Is the order of an import line recorded already, and does the line say the same as its first records?

A line names its order by id, key, uuid, or an id that another system has for the order. A line conflicts where it names
several orders, or where it differs from the records that the order began with. A conflict is told with both sides, and
never passed over in silence.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, takewhile, zip_longest
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.aggregate import Event
from domain.claims import reference_value
from domain.log.log import Reading
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord
from domain.order import events as e
from domain.order.commands import ImportOrder
from domain.order.imported import AcceptedLine
from domain.order.personal import FIELDS
from domain.privacy.marking import Marks
from domain.refusals import ImportConflict, Refusal

# The order that has each name of import lines: by the claim's kind and value, or by ("uuid", the UUID as text).
NameOwners: TypeAlias = dict[tuple[str, str | int], UUID]
DIFFERENCES_SHOWN_MAX: Final = 5
_SHOWN_CHARS_MAX: Final = 80


def _places(line: ImportOrder) -> Iterator[tuple[str, tuple[str, str | int]]]:
    """The names that a line has for its order, each in words and with its place in `NameOwners`."""
    if line.id is not None:
        yield f"id {line.id}", ("order-id", line.id)
    if line.key is not None:
        yield f"key {line.key}", ("order-key", line.key)
    if line.uuid is not None:
        yield f"uuid {line.uuid}", ("uuid", str(line.uuid))
    for system, external_id in (line.external_ids or {}).items():
        yield f"{system} id {external_id}", ("external-id", reference_value(system, external_id))


class Recogniser:
    """Recognises import lines as orders of a log.

    `decided_as` makes the records that a line would have as the order with this UUID and first event, or raises a
    Refusal. `owners` has the orders that have the names that were looked up; a free name is absent. `fresh` has, by
    order, the lines of the same batch that are not in the log yet.
    """

    def __init__(
        self,
        on: Reading,
        mapper: EventMapper,
        marks: Marks,
        decided_as: Callable[[ImportOrder, UUID, e.OrderCreated], AcceptedLine],
    ) -> None:
        self.on = on
        self._mapper = mapper
        self._marks = marks
        self._decided_as = decided_as
        self.owners: NameOwners = {}
        self.fresh: dict[UUID, AcceptedLine] = {}

    def look_up(self, lines: Sequence[ImportOrder], more: Iterable[tuple[str, str | int]] = ()) -> None:
        """Looks up, all at once, the orders that have the lines' names, and those that hold the claims `more`."""
        wanted = [place for line in lines for _, place in _places(line)]
        claims = self.on.claimed([*(place for place in wanted if place[0] != "uuid"), *more])
        begun = self.on.begun(str(of) for kind, of in wanted if kind == "uuid")
        found: NameOwners = {place: UUID(claim.originator_id) for place, claim in claims.items()}
        found |= {("uuid", uuid): UUID(uuid) for uuid in begun}
        # The names of lines in the same batch come before those in the log.
        self.owners |= {place: owner for place, owner in found.items() if place not in self.owners}

    def recognise(self, line: ImportOrder, fingerprint: bytes | None) -> UUID | None:
        """The UUID of the order that a line names; None where no name is taken. Raises ImportConflict where the names
        are several orders', or the line differs from the order's first records."""
        by_name = {name: self.owners.get(place) for name, place in _places(line)}
        found = set(by_name.values())
        if len(found) > 1:
            sides = [f"its {name} is {self._whose(uuid)}" for name, uuid in by_name.items()]
            raise ImportConflict(f"conflict: what this line names is not of one order: {', '.join(sides)}")
        uuid = found.pop() if found else None
        if uuid is None:
            return None
        told = fingerprint is not None and self._marks.matches_or_unknown(self._fingerprint(line, uuid), fingerprint)
        if not told:
            # A line with another fingerprint may still say the same, and an order may have no fingerprint. `told` is
            # None where the order's personal data, and with it the fingerprint's key, was erased.
            self._must_say_the_same(line, uuid, is_erased=told is None)
        return uuid

    def has_all_names_of(self, line: ImportOrder) -> bool:
        """Whether every name that the line has for its order was found to be taken."""
        return all(place in self.owners for _, place in _places(line))

    def _whose(self, uuid: UUID | None) -> str:
        return "nobody's" if uuid is None else f"that of {_name(uuid, self._recorded(uuid)[0])}"

    def _recorded(self, uuid: UUID) -> list[Event]:
        """The events of an order's first write: all that have the first record's actor, request and time. Later writes
        have the same time, too, while the clock is behind the log's last record."""
        if uuid in self.fresh:
            return [record.event for record in self.fresh[uuid].records]
        raws = list(self.on.raw_records_of(str(uuid)))
        began = takewhile(lambda raw: _written_by(raw) == _written_by(raws[0]), raws)
        return [self._mapper.read(raw).event for raw in began]

    def _fingerprint(self, line: ImportOrder, uuid: UUID) -> bytes | None:
        """The kept fingerprint of the line that an order was imported from; None where it has none."""
        if uuid in self.fresh:
            return self.fresh[uuid].fingerprint
        if line.id is not None:
            claim = self.on.claim("order-id", line.id)
        elif line.key is not None:
            claim = self.on.claim("order-key", line.key)
        else:
            first = self._mapper.read(next(self.on.raw_records_of(str(uuid), limit=1))).event
            claim = self.on.claim("order-id", first.id) if isinstance(first, e.OrderCreated) else None
        return claim and claim.fingerprint

    def _must_say_the_same(self, line: ImportOrder, uuid: UUID, *, is_erased: bool) -> None:
        there = list(map(_as_said, self._recorded(uuid)))
        first = there[0]
        if not isinstance(first, e.OrderCreated):
            raise ImportConflict(f"conflict: the uuid {uuid} is that of something else than an order")
        try:
            said = [_as_said(record.event) for record in self._decided_as(line, uuid, first).records]
        except Refusal as refusal:
            raise ImportConflict(f"conflict: {_name(uuid, first)} is there; this line: {refusal.detail}") from None
        if said != there:
            shown = "; ".join(islice(_differences(there, said, is_erased=is_erased), DIFFERENCES_SHOWN_MAX))
            if not shown:
                return
            raise ImportConflict(f"conflict: {_name(uuid, first)} is there, and says something else: {shown}")


def _written_by(raw: RawRecord) -> tuple[bytes | None, ...]:
    return raw.actor, raw.request_id, raw.recorded_at


def _as_said(event: Event) -> Event:
    """An event as a line can say it: with 1 for a payment's number, which depends on other orders' payments."""
    return replace(event, number=1) if isinstance(event, e.PaymentReceived | e.PaymentVoided) else event


def _name(uuid: UUID, first: Event) -> str:
    return f"order {first.id} (key {first.key}, uuid {uuid})" if isinstance(first, e.OrderCreated) else f"{uuid}"


def _differences(there: Sequence[Event], said: Sequence[Event], *, is_erased: bool) -> Iterator[str]:
    """The differences between the recorded events and a line's, in words, each with both sides. Where personal data
    `is_erased`, its fields are left out."""
    for version, (one, other) in enumerate(zip_longest(there, said), 1):
        if one is None or other is None:
            side = "in this line alone" if one is None else "there alone"
            yield f"version {version}, {type(one or other).__name__}, stands {side}"
        elif type(one) is not type(other):
            yield f"version {version} is {type(one).__name__} there and {type(other).__name__} in this line"
        else:
            erased = set(chain.from_iterable(FIELDS.get(type(one), {}).values())) if is_erased else ()
            for path, was, now in _unequal(msgspec.to_builtins(one), msgspec.to_builtins(other)):
                if path in erased:
                    continue
                where = f"version {version}, {type(one).__name__}, {path}"
                yield f"{where} is {_short(was)} there and {_short(now)} in this line"


def _unequal(one: dict[str, Any], other: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*one, *other)):
        was, now = one.get(name), other.get(name)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _unequal(was, now, f"{path}{name}.")
        elif was != now:
            yield f"{path}{name}", was, now


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[:_SHOWN_CHARS_MAX]}…"
