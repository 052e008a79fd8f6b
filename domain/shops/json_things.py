"""What JSON exports hold: orders, and what belongs to orders and came beside them, whatever it is wrapped in."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import msgspec

from domain.shops.found import Refused
from domain.shops.json_values import values
from domain.shops.tables import Source

Json: TypeAlias = dict[str, Any]
# What an object is, by itself and by the name that it stands under; "" for a wrapping.
KindOf: TypeAlias = Callable[[Json, str], str]


class Thing(NamedTuple):
    """`kind` is one of the reader's words, `line` the line of the file on which it begins."""

    kind: str
    of: Json
    line: int


def things(
    source: Source, kind_of: KindOf, pages: frozenset[str], on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[Thing]:
    """Those of a file. Raises Malformed."""
    for value in values(source, pages, on_bytes):
        yield from _within(value.value, value.line, value.under, kind_of)


def _within(value: Any, line: int, under: str, kind_of: KindOf) -> Iterator[Thing]:
    if isinstance(value, list):
        for each in value:
            yield from _within(each, line, under, kind_of)
    elif isinstance(value, dict):
        if kind := kind_of(value, under):
            yield Thing(kind, value, line)
        else:
            for name, inner in value.items():
                if isinstance(inner, dict | list):
                    yield from _within(inner, line, name, kind_of)


class Beside:
    """What came beside the orders, in files of its own, by the id of its order; as JSON, which is smaller."""

    def __init__(self, kinds: frozenset[str], order_of: Callable[[Json], str]) -> None:
        self.kinds = kinds
        self._order_of = order_of
        self._of: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self._misplaced: list[Refused] = []

    def read(self, file: str, there: Iterator[Thing]) -> None:
        for thing in there:
            place = f"{file}, row {thing.line}"
            order = self._order_of(thing.of) if thing.kind in self.kinds else ""
            if order:
                self._of[order].append((thing.kind, msgspec.json.encode(thing.of)))
            elif thing.kind in self.kinds:
                self._misplaced.append(Refused("", place, f"the {thing.kind} {thing.of.get('id')} names no order"))
            else:
                number = str(thing.of.get("name") or thing.of.get("number") or thing.of.get("id") or "")
                why = f"{thing.kind} behind {', '.join(sorted(self.kinds))}; give orders in files of their own"
                self._misplaced.append(Refused(number, place, why))

    def take(self, order: str) -> Iterator[tuple[str, Json]]:
        """What belongs to an order, each with its kind; once."""
        for kind, text in self._of.pop(order, ()):
            yield kind, msgspec.json.decode(text)

    def left(self) -> Iterator[Refused]:
        """What belongs to no order that was read."""
        yield from self._misplaced
        for order, beside in self._of.items():
            kinds = ", ".join(kind for kind, _ in beside)
            yield Refused("", f"order {order}", f"{kinds} of an order that is in none of the files")
