"""What answers have in common: the position of the log that they are of, and JSON."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from falcon.asgi import Request, Response

from api.positions import position_token
from domain.wanted import must_be_wanted

JSON: Final = "application/json"
CSV: Final = "text/csv"
CSV_UTF_8: Final = f"{CSV}; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_BYTES_MAX: Final = 15 * 1024 * 1024
# What stands in a quoted string of a header behind a backslash alone (RFC 9110, 5.6.4).
_UNQUOTABLE: Final = re.compile(r'["\\]')


class Fitting(NamedTuple):
    """Rows that fit into one answer, where the last of them stands, and whether they are all that there were."""

    rows: list[bytes]
    reached: int | None
    is_whole: bool


def fitting(coming: Iterable[tuple[int, bytes]]) -> Fitting:
    """The first of the rows that fit into one answer together; one at least, if there is any. Each with its place."""
    rows: list[bytes] = []
    size, reached = 0, None
    for place, row in coming:
        must_be_wanted()
        size += len(row) + 1
        if rows and size > ROWS_BYTES_MAX:
            return Fitting(rows, reached, is_whole=False)
        rows.append(row)
        reached = place
    return Fitting(rows, reached, is_whole=True)


def form_wanted(req: Request, resp: Response) -> str | None:
    """In which of JSON, CSV and XLSX a table is wanted."""
    resp.append_header("Vary", "Accept")
    return req.client_prefers((JSON, CSV, XLSX))


def stamp(resp: Response, position: int) -> None:
    """Says on an answer how far in the log it is."""
    resp.set_header("Ledger-Position", position_token(position))


def download(resp: Response, name: str, position: int) -> None:
    """Says on an answer that it is a file, which no cache keeps, and how far in the log it is."""
    # Falcon writes one of ASCII between quotation marks as it is, and any other safely.
    resp.downloadable_as = _UNQUOTABLE.sub(r"\\\g<0>", name) if name.isascii() else name
    resp.set_header("Cache-Control", "no-store")
    stamp(resp, position)


def in_currencies(resp: Response, currencies: str) -> None:
    """Says on an answer for a customer in which currencies its amounts are: neither contract has a field for it.

    They come as codes with commas between."""
    resp.set_header("Ledger-Currencies", ", ".join(sorted(currencies.split(","))))


def json_answer(resp: Response, body: bytes, position: int) -> None:
    narrowed = getattr(resp.context, "narrowed", None)
    resp.content_type = JSON
    resp.data = body if narrowed is None else narrowed.of(body)
    resp.set_header("Cache-Control", "private, no-cache")
    stamp(resp, position)
