"""All requests of an attacker who puts texts into each part of each described address."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

TEXTS = (
    *("'", '"', "\\", "`", ";", "--", "/*", "%", "_", "*", "?", "&", "#", "\0", "\r\nX-Evil: 1", "\ud800", "\u202e"),
    *("' OR '1'='1", "' OR 1=1 --", '" OR ""="', "1; DROP TABLE events", "1 UNION SELECT payload FROM events"),
    *("') UNION SELECT group_concat(payload) FROM events --", "1 AND (SELECT count(*) FROM sqlite_master) > 0"),
    *("id; ATTACH DATABASE '/tmp/x' AS x", "x' || (SELECT payload FROM events LIMIT 1) || '", "CASE WHEN 1 THEN 1 END"),
    *("../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "file:///etc/passwd", "http://127.0.0.1:1/", "//evil.test"),
    *("{{7*7}}", "${jndi:ldap://127.0.0.1/x}", "$(id)", "`id`", "|id", "<script>alert(1)</script>", "=1+1", "@SUM(1)"),
    *("%s%s%s%n", "{0.__class__}", "__proto__", "constructor", "null", "undefined", "NaN", "Infinity", "-0", "1e309"),
    *(
        "-1",
        "0",
        "9" * 15,
        "9" * 16,
        "9" * 400,
        "9223372036854775808",
        "1_000",
        "١٢",
        "0x10",
        "1e9",
        " 1",
        "1 ",
        "true",
    ),
    *("9999-12-31", "0001-01-01T00:00:00Z", "2026-02-30", "2026-01-01T00:00:00+99:99", "orders:0", "orders:-1"),
    *("x" * 3_000, "é" * 1_000, "\u0301" * 500, "😀", "a,b,,c", ",", "[]", "{}", "\t", "\x7f", "orders:" + "9" * 30),
)
# Values of other types than text for the fields of a body.
_VALUES: tuple[Any, ...] = (None, True, 0, -1, 10**15, 10**400, 1.5, [], {}, [[]], [None], {"a": {"b": [1]}}, "")
_BODIES = (b"", b"{", b"[]", b"null", b"\xff", b'{"a":1,"a":2}', b"[" * 40 + b"]" * 40, b'{"items":NaN}', b"{} {}")
_KNOWN = {"order_id": "{id}", "item": "1", "charge": "0", "customer_id": "7", "name": "till", "period": "2026-01"}


class Shot(NamedTuple):
    """One request, with the arguments of `requests`. `{id}` in its path stands for an order's id."""

    method: str
    path: str
    headers: dict[str, str | bytes]
    params: dict[str, str]
    body: bytes | None


def shots(described: dict[str, Any]) -> Iterator[Shot]:
    """The requests with each text in each part of each operation."""
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if "event-stream" in json.dumps(operation.get("responses", {})):
                continue  # a stream has no end
            yield from _of_operation(described, path, method.upper(), operation)


def _of_operation(described: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Iterator[Shot]:
    parameters = operation.get("parameters", [])
    in_path = [part["name"] for part in parameters if part["in"] == "path"]
    known = path
    for name in in_path:
        known = known.replace(f"{{{name}}}", _KNOWN.get(name, "00000000-0000-4000-8000-000000000000"))
    is_json = "application/json" in operation.get("requestBody", {}).get("content", {})
    typed: dict[str, str | bytes] = {"Content-Type": "application/json"} if is_json else {}
    body = b"{}" if is_json else None
    for text in TEXTS:
        for name in in_path:
            yield Shot(method, _with(path, name, text, in_path), typed, {}, body)
        for part in parameters:
            if part["in"] == "query":
                yield Shot(method, known, typed, {part["name"]: text}, body)
        for name in ("If-Match", "If-None-Match", "Idempotency-Key", "Ledger-Act", "X-Request-Id", "Accept", "Origin"):
            yield Shot(method, known, {**typed, name: _header(text)}, {}, body)
    if is_json:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for field in _fields(described, schema):
            for value in (*TEXTS, *_VALUES):
                yield Shot(method, known, typed, {}, json.dumps(_in(field, value)).encode())
        for malformed in _BODIES:
            yield Shot(method, known, typed, {}, malformed)


def _with(path: str, name: str, text: str, names: list[str]) -> str:
    for other in names:
        path = path.replace(f"{{{other}}}", f"@{other}@")
    for other in names:
        path = path.replace(f"@{other}@", _quoted(text) if other == name else _KNOWN.get(other, "x"))
    return path


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _header(text: str) -> bytes:
    """The bytes of a text that a header can hold."""
    return text.encode("utf-8", "replace").translate(None, b"\r\n\0")[:4_000].strip()


def _fields(described: dict[str, Any], schema: dict[str, Any], depth: int = 3) -> Iterator[tuple[str | int, ...]]:
    """The path of each value in a body: names of fields and places in lists."""
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _fields(described, one, depth)
    for name, inner in schema.get("properties", {}).items():
        yield (name,)
        if depth:
            yield from ((name, *rest) for rest in _fields(described, inner, depth - 1))
    if depth and "items" in schema:
        yield (0,)
        yield from ((0, *rest) for rest in _fields(described, schema["items"], depth - 1))


def _in(field: tuple[str | int, ...], value: Any) -> Any:
    for step in reversed(field):
        value = [value] if step == 0 else {step: value}
    return value


def some(described: dict[str, Any], count: int | None) -> list[Shot]:
    """A sample of so many requests, or all where `count` is None."""
    found = list(shots(described))
    return found if count is None or count >= len(found) else Random(13).sample(found, count)
