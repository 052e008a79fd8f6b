"""Why does a tree of JSON not fit a shape? Every field at fault, with the value sent and what would be right.

msgspec decides whether a tree fits, but it stops at the first fault and names Python's types. So this module is called
once msgspec has refused a tree.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

import msgspec
from msgspec import UnsetType, inspect

FAULTS_MAX: Final = 50
SHOWN_CHARS_MAX: Final = 40
Hook: TypeAlias = Callable[[type, Any], Any]
Fault: TypeAlias = tuple[str, str]  # the field, and the message

NOT_BLANK: Final = r"\S"  # the pattern of text that is not all white space
UNKNOWN: Final = "this field is not known here"
REQUIRED: Final = "this field is required"
# What stands for a field that does not fit, or in its place in a list, so that the rules can be asked of the others: an
# amount that they refuse, too, items enough for every charge, nothing of a history from there on.
STAND_INS: Final[dict[str, Any]] = {
    "amount": "0.000000001",
    "charges": [],
    "charges[]": {"kind": "fee", "amount": "0"},
    "customer_id": 1,
    "history[]": None,
    "items": [{}] * 1_000,
    "kind": "fee",
    "provider": "-",
    "reference": "-",
}
_WEIGHED: Final = "bring 1.5 kg as one unit of 1.5 times the price, and the quantity in metadata"


def faults_of(tree: Any, shape: Any, hook: Hook) -> list[Fault]:
    """The tree's fields at fault, in the order of the tree; at most `FAULTS_MAX`. `hook` is msgspec's `dec_hook`, for
    the types that it does not know."""
    return list(islice(_of(tree, shape, hook, ""), FAULTS_MAX))


def _of(value: Any, shape: Any, hook: Hook, path: str) -> Iterator[Fault]:
    try:
        msgspec.convert(value, shape, dec_hook=hook)
    except msgspec.ValidationError as error:
        is_inside = " - at `" in str(error)
        kinds = _alternatives(shape)
        if isinstance(value, dict) and (structs := [kind for kind in kinds if hasattr(kind, "__struct_fields__")]):
            yield from _in_one_of(value, structs, hook, path)
        elif isinstance(value, dict) and is_inside:
            texts, values = get_args(next(kind for kind in kinds if get_origin(kind) is dict))
            for key, inner in value.items():
                yield from _of(key, texts, hook, f"{path}.{key}")
                yield from _of(inner, values, hook, f"{path}.{key}")
        elif isinstance(value, list) and is_inside:
            each = get_args(next(kind for kind in kinds if get_origin(kind) in (tuple, list)))[0]
            for place, inner in enumerate(value):
                yield from _of(inner, each, hook, f"{path}[{place}]")
        else:
            yield path, _words(value, shape, str(error)) + _advice(path, value)


def _alternatives(shape: Any) -> list[Any]:
    """The alternative types of a shape, without null and without "left out"."""
    if get_origin(shape) is Annotated:
        return _alternatives(get_args(shape)[0])
    if get_origin(shape) in (Union, UnionType):
        return [kind for part in get_args(shape) for kind in _alternatives(part)]
    return [] if shape in (NoneType, UnsetType) else [shape]


def _in_one_of(value: dict[str, Any], structs: list[Any], hook: Hook, path: str) -> Iterator[Fault]:
    tag_field = structs[0].__struct_config__.tag_field
    by_tag = {struct.__struct_config__.tag: struct for struct in structs}
    tag = str(value.get(tag_field))  # as text, since a list or an object cannot be a dict's key
    struct = structs[0] if len(structs) == 1 else by_tag.get(tag)
    if struct is None:
        at = below(path, tag_field)
        known = ", ".join(sorted(by_tag))
        yield at, f"must be one of {known}, not {_shown(value[tag_field])}" if tag_field in value else REQUIRED
    else:
        yield from _in_struct(value, struct, hook, path)


def _in_struct(value: dict[str, Any], struct: Any, hook: Hook, path: str) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    tag_field = struct.__struct_config__.tag_field
    for name, inner in value.items():
        if name in fields:
            yield from _of(inner, fields[name].type, hook, below(path, name))
        elif name != tag_field and struct.__struct_config__.forbid_unknown_fields:
            yield below(path, name), UNKNOWN
    for name, field in fields.items():
        if field.required and name not in value:
            yield below(path, name), REQUIRED


def below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# Cached, since inspecting a large shape takes some hundredths of a second.
_type_info: Final = cache(inspect.type_info)


def _words(value: Any, shape: Any, message: str) -> str:
    right = _type_info(shape)
    kinds = list(right.types) if isinstance(right, inspect.UnionType) else [right]
    many = next((kind for kind in kinds if isinstance(kind, inspect.CollectionType)), None)
    if many and isinstance(value, list):
        bounds = {"at least": many.min_length, "at most": many.max_length}
        allowed = " and ".join(f"{bound} {length}" for bound, length in bounds.items() if length)
        return f"must be a list of {allowed}, this has {len(value)}"
    of_keys = next((kind for kind in kinds if isinstance(kind, inspect.DictType)), None)
    if of_keys and isinstance(value, dict):
        return f"must be an object of at most {of_keys.max_length} fields, this has {len(value)}"
    if any(isinstance(kind, inspect.CustomType) for kind in kinds):  # the message is the hook's own
        return f"{message}, not {_shown(value)}" if message.startswith("must be") else message
    return f"must be {' or '.join(map(_right, kinds))}, not {_shown(value)}"


def _advice(path: str, value: Any) -> str:
    """The advice for a shop that sells by weight and sent a fraction as a quantity, which could also be a mistake."""
    return f"; {_WEIGHED}" if path.endswith("quantity") and not isinstance(value, int) else ""


def _right(kind: inspect.Type) -> str:  # noqa: PLR0911  (one for each type that a shape can have)
    match kind:
        case inspect.IntType(ge=None, le=None):
            return "a whole number"
        case inspect.IntType(ge=low, le=None):
            return f"a whole number of at least {low}"
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low or 0} to {high}"
        case inspect.StrType(min_length=low, max_length=high, pattern=pattern) if pattern == NOT_BLANK:
            return f"text of {low} to {high} characters, not all of them white space"
        case inspect.StrType(pattern=str(pattern)):
            return f"text like {pattern.removeprefix('^').removesuffix('$').removesuffix(chr(92) + 'Z')}"
        case inspect.StrType(min_length=low, max_length=int(high)):
            return f"text of {low or 0} to {high} characters"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.TupleType(item_types=items):
            return f"a list of {len(items)}"
        case _:
            return _PLAIN[type(kind)]


_PLAIN: Final[dict[type[inspect.Type], str]] = {
    inspect.StrType: "text",
    inspect.NoneType: "null",
    inspect.BoolType: "true or false",
    inspect.UUIDType: "a UUID",
    inspect.ListType: "a list",
    inspect.VarTupleType: "a list",
    inspect.StructType: "an object",
    inspect.DictType: "an object",
}


def _shown(value: Any) -> str:
    """A value as the client wrote it, cut where it is long; "a list" or "an object" for these."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str | int | None):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = getattr(value, "text", str(value))  # TOML also gives days and times
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}…"
