"""JSON read strictly: faults that a lenient reader passes over are refused here, with the path of the field at fault.

Refused: duplicate keys, NaN and infinities, depth over 32, lone surrogates, control characters, negative and very long
integers, very long strings. Numbers with a point or an exponent keep their text, so money never passes through a float.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from domain.faults import invalid
from domain.misfits import FAULTS_MAX, STAND_INS, Fault, below, faults_of
from domain.money import Amount
from domain.refusals import InvalidField, Refusal

DEPTH_MAX = 32
TEXT_LENGTH_MAX = 10_000
INTEGER_DIGITS_MAX = 15
_INTEGER_END = 10**INTEGER_DIGITS_MAX

_T = TypeVar("_T")
# Line feeds and tabs have a place in notes; the other control characters have no place anywhere.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# The escapes that spell unfit characters, and some that spell fit ones. Valid JSON has unfit characters only as
# escapes, DEL apart.
_ODD_ESCAPE = re.compile(rb"\\(?:[bf]|u(?:00[01]|007f|d[89a-f]))", re.IGNORECASE)
_ODD_AS_IT_IS = b"\x7f"
_TOO_DEEP = f"nested deeper than {DEPTH_MAX}"


if TYPE_CHECKING:
    Moment: TypeAlias = datetime
else:

    class _Moments(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Moment(metaclass=_Moments):
        """A time in a shape: a `datetime` with its offset, cut off below a microsecond. msgspec calls its hook for it,
        since msgspec's own reading of a `datetime` rounds, even into the next year."""


_WithOffset: TypeAlias = Annotated[datetime, Meta(tz=True)]
# The digits below a microsecond.
_LESS = re.compile(r"(\.[0-9]{6})[0-9]+")


class NotJSON(Refusal):
    """The text is not JSON at all."""

    code = "not-json"


class number:  # noqa: N801  (the name is what a client reads: "expected `int`, got `number`")
    """A JSON number with a point or an exponent, as its text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _LongInteger(number):
    pass


class _Constant(number):
    pass


class _DuplicateKeys(dict[str, Any]):
    """A JSON object in which a key stands twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        # With lone surrogates replaced, since no answer can have them.
        self.twice: dict[str, None] = {}
        for key, _ in pairs:
            if key in seen:
                self.twice[key.encode(errors="replace").decode()] = None
            seen.add(key)


def _integer(text: str) -> int | number:
    return int(text) if len(text) <= INTEGER_DIGITS_MAX + 1 else _LongInteger(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _DuplicateKeys(pairs)


_QUICK: Final = msgspec.json.Decoder(float_hook=number)
_THOROUGH: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=number, parse_int=_integer, parse_constant=_Constant
)


def _is_plainly_fit(tree: Any, quotes: int) -> bool:
    """Whether `_faults` would find no fault in a tree whose strings have only fit characters.

    `quotes` is the number of quotation marks around strings in the tree's text. Where a key stands twice in its object,
    the tree has fewer strings than the text.
    """
    strings = 0
    level = [tree]
    for _ in range(DEPTH_MAX):
        below: list[Any] = []
        for node in level:
            kind = type(node)
            if kind is str:
                strings += 1
                if len(node) > TEXT_LENGTH_MAX:
                    return False
            elif kind is dict:
                strings += len(node)
                below += node.values()
            elif kind is list:
                below += node
            elif kind is int and not 0 <= node < _INTEGER_END:
                return False
        if not below:
            return 2 * strings == quotes
        level = below
    return False


def _faults(value: Any, path: str, depth: int) -> Iterator[Fault]:
    """The faults of a value by the rules that hold for every field."""
    if isinstance(value, str):
        if len(value) > TEXT_LENGTH_MAX:
            yield path, f"at most {TEXT_LENGTH_MAX} characters, these are {len(value)}"
        elif unfit := _UNFIT.search(value):
            yield path, f"the character U+{ord(unfit[0]):04X} has no place in text"
    elif isinstance(value, dict | list):
        yield from _faults_within(value, path, depth)
    elif isinstance(value, _Constant):
        yield path, f"{value.text} is not a JSON number"
    elif isinstance(value, _LongInteger) or (type(value) is int and abs(value) >= _INTEGER_END):
        yield path, f"an integer has at most {INTEGER_DIGITS_MAX} digits here"
    elif type(value) is int and value < 0:
        yield path, "must not be negative"


def _faults_within(value: dict[str, Any] | list[Any], path: str, depth: int) -> Iterator[Fault]:
    if depth >= DEPTH_MAX:
        yield path, _TOO_DEEP
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _faults(inner, f"{path}[{i}]", depth + 1)
    else:
        for key in getattr(value, "twice", ()):
            yield below(path, key), "this key stands twice in its object"
        for key, inner in value.items():
            if _UNFIT.search(key):
                yield path, "a key with a control character or a lone surrogate"
            else:
                yield from _faults(inner, below(path, key), depth + 1)


def _read(text: bytes) -> tuple[Any, list[Fault]]:
    """The text as a tree of dicts, lists, strings, ints, bools, None and `number`s, and the tree's faults by the rules
    that hold for every field. Raises NotJSON, and InvalidField where the text is nested too deep to read."""
    has_escapes = b"\\" in text
    if _ODD_AS_IT_IS not in text and not (has_escapes and _ODD_ESCAPE.search(text)):
        quotes = text.count(b'"')
        if has_escapes:
            quotes -= text.replace(rb"\\", b"").count(rb"\"")
        try:
            tree = _QUICK.decode(text)
            if _is_plainly_fit(tree, quotes):
                return tree, []
        except (ValueError, RecursionError):
            pass
    # The text has a fault, or looks odd: it is read again, to name each fault with its place.
    try:
        tree = _THOROUGH.decode(text.decode())
    except UnicodeDecodeError as error:
        raise NotJSON(f"The text is not UTF-8, at byte {error.start}.") from None
    except json.JSONDecodeError as error:
        raise NotJSON(f"The text is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise InvalidField("", _TOO_DEEP) from None
    return tree, list(islice(_faults(tree, "", 0), FAULTS_MAX))


def decode(text: bytes, shape: type[_T]) -> _T:
    """The text as a struct. Raises NotJSON, and InvalidField with every fault: of the rules that hold for every field,
    and of the shape."""
    tree, faults = _read(text)
    if not faults:
        return convert(tree, shape)
    named = {path for path, _ in faults}
    raise invalid(
        [*faults, *(fault for fault in faults_of(_made_fit(tree), shape, _dec_hook) if fault[0] not in named)]
    )


def decode_partial(text: bytes, shape: type[_T], faults: Sequence[Fault]) -> _T:
    """The fields of an object that are not at fault, as a struct. A field at fault is left out, or has a stand-in
    (`STAND_INS`). Raises InvalidField."""
    tree, _ = _read(text)
    rest = _made_fit(tree) if isinstance(tree, dict) else {}
    for path, _ in faults:
        name, _, inside = path.partition("[")
        place, whole = inside.partition("]")[0], rest.get(name)
        if place.isdecimal() and isinstance(whole, list):
            rest[name] = _stood_in(whole, int(place), STAND_INS.get(f"{name}[]", {}))
        else:
            name = path.partition(".")[0].partition("[")[0]
            rest.pop(name, None)
            if name in STAND_INS and name in shape.__struct_fields__:  # type: ignore[attr-defined]  # of any struct
                rest[name] = STAND_INS[name]
    if not rest:
        raise invalid(faults)
    return convert(rest, shape)


def _stood_in(whole: list[Any], place: int, what: dict[str, Any] | None) -> list[Any]:
    if what is None:
        return whole[:place]
    return [*whole[:place], what, *whole[place + 1 :]] if place < len(whole) else whole


def _made_fit(value: Any, depth: int = 0) -> Any:
    """A tree without unfit characters, and with None below `DEPTH_MAX`: msgspec could not read these, and no answer can
    have them."""
    if isinstance(value, str):
        return _UNFIT.sub("", value)
    if isinstance(value, dict) and depth < DEPTH_MAX:
        return {_UNFIT.sub("", key): _made_fit(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list) and depth < DEPTH_MAX:
        return [_made_fit(inner, depth + 1) for inner in value]
    return None if isinstance(value, dict | list) else value


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and "." in value:
        value = _LESS.sub(r"\1", value)
    try:
        return msgspec.convert(value, _WithOffset)
    except msgspec.ValidationError:
        raise ValueError("must be a time with its zone, like 2024-05-31T12:00:00Z") from None


def _dec_hook(target: type, value: Any) -> Any:
    """msgspec's hook for the types that it does not know: `Amount` and `Moment`. Raises ValueError."""
    if target is Moment:
        return _moment(value)
    assert target is Amount, target
    if type(value) is int:
        return Amount(str(value))
    if isinstance(value, str | number):
        return Amount(value if isinstance(value, str) else value.text)
    raise ValueError("must be an amount, like '79.90'")


_prepared: set[type] = set()
_preparing = Lock()


def convert(tree: Any, shape: type[_T]) -> _T:
    """The tree as a struct. Raises InvalidField naming every field that does not fit."""
    if shape not in _prepared:
        # msgspec 0.22 crashes the process where one thread reads a struct's information that another is still
        # building. So one thread builds it first.
        with _preparing:
            msgspec.json.Decoder(shape, dec_hook=_dec_hook)
            _prepared.add(shape)
    try:
        return msgspec.convert(tree, shape, dec_hook=_dec_hook)
    except msgspec.ValidationError:
        raise invalid(faults_of(tree, shape, _dec_hook)) from None


def canonical(command: msgspec.Struct) -> bytes:
    """A command as bytes, which are the same for any spacing and order of its JSON."""
    return msgspec.json.encode(
        command, enc_hook=lambda amount: str(Decimal(amount.text).normalize()), order="deterministic"
    )
