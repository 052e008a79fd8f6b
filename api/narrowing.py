"""Narrows the objects of an answer to the fields that the parameter `fields` names.

The two storefront contracts are fixed: they do not know the parameter.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from falcon.asgi import Request, Response
from msgspec import Raw

from api.errors import invalid_parameter
from api.openapi.operations import OPERATIONS
from api.parameters import FIELDS, Parameters

_encode: Final = msgspec.json.encode
# Values stay the bytes that they are, so amounts stay exact.
_decode: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_rows: Final = msgspec.json.Decoder(list[dict[str, Raw]]).decode


class Narrowed(NamedTuple):
    """The fields that a client wants of an answer, or of each of its rows where the answer has `rows`."""

    wanted: frozenset[str]
    rows: tuple[str, ...]

    def of(self, body: bytes) -> bytes:
        """An answer with these fields alone, in their order."""
        whole = _decode(body)
        if not self.rows:
            return _encode(self._of(whole))
        return _encode(whole | {name: list(map(self._of, _decode_rows(whole[name]))) for name in self.rows})

    def _of(self, one: Mapping[str, Raw]) -> dict[str, Raw]:
        return {name: value for name, value in one.items() if name in self.wanted}


class Narrowable(NamedTuple):
    """The fields that an answer can have, or each of its rows, where it has `rows`."""

    fields: list[str]
    rows: tuple[str, ...]


# By their paths; made once, before there are workers, since it takes a megabyte.
_NARROWABLE: Final = {of.path: Narrowable(of.fields, of.rows) for of in OPERATIONS if of.can_be_narrowed}


class Narrowing:
    """Middleware: reads `fields` before the resource answers; `answers.json_answer` narrows the answer."""

    async def process_resource(self, req: Request, resp: Response, _resource: Any, _params: dict[str, Any]) -> None:
        if FIELDS in req.params and req.method in ("GET", "HEAD"):
            of = _NARROWABLE.get(req.uri_template or "")
            resp.context.narrowed = None if of is None else _narrowed(of, Parameters(req.params))


def _narrowed(of: Narrowable, parameters: Parameters) -> Narrowed | None:
    """The fields that the client wants; None where it names none. Raises a 400 for fields that the answer has not."""
    names = parameters.listed(FIELDS)
    if unknown := [name for name in dict.fromkeys(names) if name not in of.fields]:
        raise invalid_parameter(FIELDS, f"not known here: {', '.join(unknown)}; known are {', '.join(of.fields)}")
    return Narrowed(frozenset(names), of.rows) if names else None
