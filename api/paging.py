"""Limit-offset pages, as Django REST Framework gives them, and the addresses that stand in them."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from falcon import Request

from api.errors import Problem
from api.parameters import Parameters
from api.settings import Settings

LIMIT_MAX: Final = 100
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


def base_url(req: Request, settings: Settings) -> str:
    """Scheme and host of this service as the client sees it. Raises a 400 for a Host header that is none."""
    trusted = settings.trusts(req.remote_addr)
    scheme = (req.forwarded_scheme if trusted else req.scheme).lower()
    host = req.forwarded_host if trusted else req.env.get("HTTP_HOST") or req.netloc
    if scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise Problem(400, "invalid-host", "The Host header does not name a host.")
    return f"{scheme}://{host}"


def window(parameters: Parameters, limit_default: int) -> tuple[int, int]:
    """Limit and offset. A limit of 0 means the default, one over `LIMIT_MAX` means that."""
    limit = min(parameters.integer("limit") or limit_default, LIMIT_MAX)
    return limit, parameters.integer("offset") or 0


def envelope(req: Request, url: str, *, limit: int, offset: int, count: int, rows: Sequence[bytes]) -> bytes:
    """The page: `count`, `next`, `previous` and `results`, whose rows are JSON already."""

    def link(to: int | None) -> bytes:
        if to is None:
            return b"null"
        kept = {name: value for name, value in _query(req) if name not in ("limit", "offset")}
        repeated = [(name, value) for name, value in _query(req) if name in kept]
        moved = [("limit", str(limit))] + ([("offset", str(to))] if to > 0 else [])
        return msgspec.json.encode(f"{url}?{urlencode(sorted(repeated + moved, key=lambda pair: pair[0]))}")

    after = offset + limit if offset + limit < count else None
    before = max(0, offset - limit) if offset > 0 else None
    return b'{"count":%d,"next":%b,"previous":%b,"results":[%b]}' % (
        count,
        link(after),
        link(before),
        b",".join(rows),
    )


def _query(req: Request) -> list[tuple[str, str]]:
    return parse_qsl(req.query_string, keep_blank_values=True)
