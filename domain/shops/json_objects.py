"""The objects of JSON exports: orders, and objects of orders that came beside them, in whatever wrapping."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from domain.settlement.lines import shown
from domain.shops.found import UnreadableOrder
from domain.shops.json_values import values
from domain.shops.tables import Malformed, Source

Json: TypeAlias = dict[str, Any]
# The kind of an object, by its fields and by the name of the field around it; "" for a wrapping.
KindOf: TypeAlias = Callable[[Json, str], str]
# The fields that hold lists of orders, beside a reader's own pages; and `errors`, which a shop answers instead.
LISTS: Final = frozenset({"", "data", "edges", "nodes", "errors"})

# A file with more foreign objects before its first object of a kind is no such export.
ODD_MAX: Final = 100


class JsonObject(NamedTuple):
    """An object of an export. `kind` is one of the reader's kinds, empty for a foreign object; `line` is the line on
    which it begins."""

    kind: str
    of: Any
    line: int


def objects(
    source: Source, kind_of: KindOf, pages: frozenset[str], on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[JsonObject]:
    """The objects of a file that are of a kind, and the foreign objects that stand in the place of one.

    Raises Malformed, also where the file is empty or has only foreign objects.
    """
    lists = pages | LISTS
    there = (
        thing
        for value in values(source, pages, on_bytes)
        for thing in _within(value.value, value.line, value.under, kind_of, lists, is_one=value.under in lists)
    )
    begin: list[JsonObject] = []
    for thing in there:
        begin.append(thing)
        if thing.kind or len(begin) > ODD_MAX:
            break
    if begin and not begin[-1].kind:
        raise Malformed(f"{source.name}, row {begin[0].line}: {unknown_object(begin[0])}")
    if not source.stream.tell():
        raise Malformed(f"{source.name}: the file is empty")
    yield from begin
    yield from there


def unknown_object(thing: JsonObject) -> str:
    """The reason for which a foreign object is refused."""
    text = msgspec.json.encode(thing.of).decode()
    return f"this is no order, and nothing that belongs to one: {shown(text)}"


def _within(
    value: Any, line: int, under: str, kind_of: KindOf, lists: frozenset[str], *, is_one: bool
) -> Iterator[JsonObject]:
    """The objects within a value. A value that stands in a list of orders and holds no object of a kind is a foreign
    object itself."""
    inner: Iterator[JsonObject] = iter(())
    if isinstance(value, list):
        each_is_one = under in lists
        inner = chain.from_iterable(_within(each, line, under, kind_of, lists, is_one=each_is_one) for each in value)
    elif isinstance(value, dict):
        if kind := kind_of(value, under):
            yield JsonObject(kind, value, line)
            return
        inner = chain.from_iterable(
            _within(field, line, name, kind_of, lists, is_one=False) for name, field in value.items()
        )
    holds_none = True
    for thing in inner:
        holds_none = False
        yield thing
    if is_one and holds_none and not _is_empty_page(value, lists):
        yield JsonObject("", value, line)


def _is_empty_page(value: Any, lists: frozenset[str]) -> bool:
    """Whether a value has a list for orders, and the list is empty."""
    return isinstance(value, dict) and any(
        (inner == [] and name in lists) or _is_empty_page(inner, lists) for name, inner in value.items()
    )


class Beside:
    """The objects that came beside the orders, in files of their own, by the ids of their orders. They are kept as
    JSON, which is smaller."""

    def __init__(self, kinds: frozenset[str], order_of: Callable[[Json], str]) -> None:
        self.kinds = kinds
        self._order_of = order_of
        self._of: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self._taken: set[str] = set()
        self._misplaced: list[UnreadableOrder] = []

    def read(self, sources: Iterable[Source], kind_of: KindOf, pages: frozenset[str]) -> list[Source]:
        """Reads the files that begin with objects of these kinds; returns the other files."""
        others = []
        for source in sources:
            first = next(objects(source, kind_of, pages), None)
            if first is not None and first.kind in self.kinds:
                self._read(source.name, objects(source, kind_of, pages))
            else:
                others.append(source)
        return others

    def _read(self, file: str, there: Iterator[JsonObject]) -> None:
        for thing in there:
            place = f"{file}, row {thing.line}"
            if not thing.kind:
                self._misplaced.append(UnreadableOrder("", place, unknown_object(thing)))
                continue
            order = self._order_of(thing.of) if thing.kind in self.kinds else ""
            if order:
                self._of[order].append((thing.kind, msgspec.json.encode(thing.of)))
            elif thing.kind in self.kinds:
                self._misplaced.append(
                    UnreadableOrder("", place, f"the {thing.kind} {thing.of.get('id')} names no order")
                )
            else:
                number = str(thing.of.get("name") or thing.of.get("number") or thing.of.get("id") or "")
                why = f"{thing.kind} behind {', '.join(sorted(self.kinds))}; give orders in files of their own"
                self._misplaced.append(UnreadableOrder(number, place, why))

    def take(self, order: str) -> Iterator[tuple[str, Json]]:
        """The objects of an order, each with its kind. They are yielded again where the files have the order again."""
        self._taken.add(order)
        for kind, text in self._of.get(order, ()):
            yield kind, msgspec.json.decode(text)

    def left(self) -> Iterator[UnreadableOrder]:
        """A refusal for each object that names no order that was read."""
        yield from self._misplaced
        for order in [order for order in self._of if order not in self._taken]:
            kinds = ", ".join(kind for kind, _ in self._of[order])
            yield UnreadableOrder("", f"order {order}", f"{kinds} of an order that is in none of the files")
