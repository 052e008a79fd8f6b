"""The OpenAPI document, made of the operations, the shapes and the errors."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import msgspec
from falcon import code_to_http_status

from api import VERSION
from api.answers import JSON
from api.openapi import answers
from api.openapi.operations import OPERATIONS, Operation
from api.openapi.parameters import HEADERS, PARAMETERS, listed
from api.openapi.shapes import Schemas
from api.parameters import FIELDS

PATH: Final = "/openapi.json"
_DESCRIPTION: Final = """Orders as the events that made them: every order, at every moment, to the cent.

Amounts are exact. Errors are RFC 9457 problems with a stable `code`. Every answer has its position in the log
(`Ledger-Position`); a read waits for the position that `min_position` names. A trailing slash is optional everywhere.
"""
_TAGS: Final = {
    "shop": "A customer's orders, by the shop contract.",
    "storefront": "A customer's orders, by the storefront contract.",
    "orders": "Staff: every command, and reads across all customers.",
    "customers": "Staff: customers, with their sums ordered, paid and refunded.",
    "audit": "The log, any order at any moment, and proofs.",
    "finance": "Payments, and their reconciliation with providers' settlement files.",
    "keys": "Access keys.",
    "webhooks": "Events sent to other services as they are recorded.",
    "privacy": "A customer's personal data, and their erasure.",
    "operations": "Health and readiness, for operators.",
}
_ITEMS: Final = {
    "order_id": "An order's integer id or its UUID.",
    "customer_id": "A customer's integer id.",
    "period": "A month, like 2026-03.",
}
_ANSWERED: Final = {
    "Ledger-Position": {
        "description": "The answer's position in the log.",
        "schema": {"type": "string", "pattern": "^orders:[0-9]+$"},
    },
    "X-Request-Id": {
        "description": "The request's id, the client's own where it sent one.",
        "schema": {"type": "string"},
    },
}
_ETAG: Final = {"description": "The order's version.", "schema": {"type": "string"}}


@cache
def document() -> bytes:
    """The whole document as JSON, with the relative URL of its server."""
    schemas = Schemas([answers.Problem, answers.Trial, answers.ReconciliationRunning, *dict.fromkeys(_shapes())])
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Order ledger",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": meaning} for name, meaning in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of this service, or a token of the shop's identity provider.",
                }
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1)


def _shapes() -> Iterable[Any]:
    for operation in OPERATIONS:
        shapes = (*(operation.body, operation.answer, operation.body_lines, operation.answer_lines), *operation.or_else)
        yield from (shape for shape in shapes if _is_shape(shape))


def _is_shape(value: Any) -> bool:
    return value is not None and not isinstance(value, str | tuple)


def _operation(of: Operation, schemas: Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": of.id,
        "summary": of.summary,
        "tags": [_tag(of.path)],
        "parameters": [
            *_in_path(of.path),
            *(_parameter(name, of) for name in of.parameters),
            *map(_header, of.headers),
        ],
        "responses": {
            str(of.status): _answer(of, schemas),
            **{str(status): _bare(of, status, schemas) for status in of.more},
            **{str(status): _problem(status, schemas) for status in of.statuses},
        },
    }
    if of.takes is None:
        made["security"] = []
    else:
        is_customers = of.takes == "customer"
        made["description"] = "Takes a customer's key." if is_customers else f"Takes a key with the scope `{of.takes}`."
        made["security"] = [{"key": []}]
    if isinstance(of.body, tuple):
        made["requestBody"] = {"required": True, "content": {media: _each(of.body_lines, schemas) for media in of.body}}
    elif of.body is not None:
        content = {JSON: {"schema": schemas.of(of.body)}, **{media: {} for media in of.body_or}}
        made["requestBody"] = {"required": of.needs_body, "content": content}
    return made


def _tag(path: str) -> str:
    found = re.match(r"/api/(?:v1/)?(shop|i|orders|customers|audit|finance|privacy|webhooks|keys)\b", path)
    return {"i": "storefront"}.get(found[1], found[1]) if found else "operations"


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _ITEMS.get(name, f"The {name}'s number or id."),
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _parameter(named: str, of: Operation) -> dict[str, Any]:
    schema, meaning = PARAMETERS[named]
    if named == FIELDS:
        schema = listed("|".join(of.fields), ",".join(of.fields[:2]))
    name = named.partition("@")[0]
    return {"name": name, "in": "query", "description": meaning, "schema": schema, "allowEmptyValue": True}


def _header(name: str) -> dict[str, Any]:
    schema, meaning = HEADERS[name]
    return {"name": name, "in": "header", "description": meaning, "schema": schema}


def _answer(of: Operation, schemas: Schemas) -> dict[str, Any]:
    headers = dict(_ANSWERED) if of.takes else {}
    if of.answer is answers.OrderDocument:
        headers["ETag"] = _ETAG
    found: dict[str, Any] = {"description": code_to_http_status(of.status)[4:], "headers": headers}
    if _is_shape(of.answer):
        schema = schemas.of(of.answer)
        if of.can_be_tried and of.status == 200:
            schema = {"oneOf": [schema, schemas.of(answers.Trial)]}
        if of.can_be_narrowed:
            whole = (of.answer, *of.or_else)
            parts = (schemas.part_of(shape, of.rows) for shape in whole)
            schema = {"anyOf": [*map(schemas.of, whole), *parts]}
        found["content"] = {JSON: {"schema": schema}, **{media: {"schema": {}} for media in of.forms}}
    elif of.answer is not None:
        found["content"] = {of.answer: {"schema": {}, **_each(of.answer_lines, schemas)}}
    return found


def _each(lines: Any, schemas: Schemas) -> dict[str, Any]:
    """A body of JSON Lines, without a schema, since each line is checked for itself."""
    return {} if lines is None else {"schema": {"description": "JSON Lines.", "contentSchema": schemas.of(lines)}}


def _bare(of: Operation, status: int, schemas: Schemas) -> dict[str, Any]:
    """A second answer of an operation; a 304 has no body, others have the first one's."""
    found: dict[str, Any] = {"description": code_to_http_status(status)[4:]}
    if status != 304:
        shape = answers.Trial if of.can_be_tried else answers.ReconciliationRunning if status == 202 else of.answer
        found["content"] = {JSON: {"schema": schemas.of(shape)}}
    return found


def _problem(status: int, schemas: Schemas) -> dict[str, Any]:
    return {
        "description": code_to_http_status(status)[4:],
        "content": {"application/problem+json": {"schema": schemas.of(answers.Problem)}},
    }
