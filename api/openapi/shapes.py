"""JSON Schemas of the shapes of commands and answers, made by msgspec, with a way around two of its limits: it cannot
write a default that is an amount, and takes no two shapes with one name."""

import types
from collections.abc import Sequence
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT

from api.openapi.answers import Number
from domain.money import Amount
from domain.reconciliation import report
from domain.strict_json import Moment

REFERENCE: Final = "#/components/schemas/{name}"
_OURS: Final[dict[Any, dict[str, Any]]] = {
    Amount: {
        "description": "An exact amount, as text or number, with at most the currency's digits after the point.",
        "oneOf": [
            {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]+)?$"},
            {"type": "number", "minimum": 0, "exclusiveMaximum": 10**15},
        ],
        "examples": ["79.90"],
    },
    Moment: {
        "description": "A time with its offset (RFC 3339).",
        "type": "string",
        "format": "date-time",
        "examples": ["2024-05-31T12:00:00Z"],
    },
    Number: {"description": "An exact amount, as a number.", "type": "number"},
}
# Names of shapes that are ambiguous among all shapes, each with the name in the schemas.
_NAMES: Final = {
    report.Result: "PlainResult",
    report.Line: "SettledLine",
    report.Entry: "SettledEntry",
    report.Difference: "SettledDifference",
    report.Row: "TieOutRow",
}


class Schemas:
    """The schemas of some shapes, each under a name of its own."""

    def __init__(self, shapes: Sequence[Any]) -> None:
        self._named: dict[str, Any] = {}
        self._described: dict[Any, Any] = {}
        described = [self._describable(shape) for shape in shapes]
        schemas, self.components = msgspec.json.schema_components(
            described, schema_hook=_OURS.__getitem__, ref_template=REFERENCE
        )
        self._schemas = dict(zip(shapes, schemas, strict=True))

    def of(self, shape: Any) -> dict[str, Any]:
        """The schema of one of the shapes: where it is an object, a reference to it."""
        schema: dict[str, Any] = self._schemas[shape]
        return schema

    def part_of(self, shape: Any, rows: Sequence[str]) -> dict[str, Any]:
        """The schema of a shape's object narrowed to some fields; where the object has rows, its rows are narrowed."""
        return self._part(self.of(shape)["$ref"], rows)

    def _part(self, reference: str, rows: Sequence[str]) -> dict[str, Any]:
        name = reference.rpartition("/")[2]
        part = dict(self.components[name], title=f"{name}Part")
        properties = dict(part["properties"])
        for row in rows:
            properties[row] = properties[row] | {"items": self._part(properties[row]["items"]["$ref"], ())}
        part["properties"] = properties
        if not rows:
            part.pop("required", None)
        self.components[f"{name}Part"] = part
        return {"$ref": REFERENCE.format(name=f"{name}Part")}

    def _describable(self, shape: Any) -> Any:
        """The shape with unique names for its structs, and with defaults that msgspec can write."""
        origin, arguments = get_origin(shape), get_args(shape)
        if hasattr(shape, "__struct_fields__"):
            if shape not in self._described:
                self._described[shape] = self._struct(shape)
            return self._described[shape]
        if origin is Annotated:
            return Annotated[(self._describable(arguments[0]), *arguments[1:])]
        if origin in (Union, types.UnionType):
            return Union[tuple(map(self._describable, arguments))]  # noqa: UP007  (they are known when it runs)
        if origin in (list, tuple, dict):
            return origin[tuple(part if part is ... else self._describable(part) for part in arguments)]
        return shape

    def _struct(self, shape: Any) -> Any:
        config = shape.__struct_config__
        name = self._name(shape)
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
        for field in msgspec.structs.fields(shape):
            kind, default = self._describable(field.type), field.default
            if field.default is NODEFAULT and field.default_factory is NODEFAULT:
                fields.append((field.encode_name, kind))
            else:
                fields.append((field.encode_name, kind, default.text if isinstance(default, Amount) else default))
        return msgspec.defstruct(
            name,
            fields,
            namespace={"__doc__": shape.__doc__ or ""},
            forbid_unknown_fields=config.forbid_unknown_fields,
            tag_field=config.tag_field,
            tag=config.tag,
            kw_only=True,
        )

    def _name(self, shape: Any) -> str:
        name: str = _NAMES.get(shape, shape.__name__.lstrip("_"))
        if self._named.setdefault(name, shape) is not shape:
            name = f"{shape.__module__.rpartition('.')[2].title()}{name}"
            assert self._named.setdefault(name, shape) is shape, name
        return name
