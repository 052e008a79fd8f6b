"""What do answers have in common? Their position in the log, and their forms: JSON, tables and downloads."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from falcon.asgi import Request, Response

from api.positions import position_token
from domain.interrupting import raise_if_interrupted

JSON: Final = "application/json"
CSV: Final = "text/csv"
CSV_UTF_8: Final = f"{CSV}; charset=utf-8"
ZIP: Final = "application/zip"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_BYTES_MAX: Final = 15 * 1024 * 1024
# The characters that a quoted string of a header must escape (RFC 9110, section 5.6.4).
_UNQUOTABLE: Final = re.compile(r'["\\]')


class FittingRows(NamedTuple):
    """The rows that fit into one answer, the place of the last one, and whether no row was left out."""

    rows: list[bytes]
    reached: int | None
    is_whole: bool


def fit_rows(coming: Iterable[tuple[int, bytes]]) -> FittingRows:
    """The first rows that have `ROWS_BYTES_MAX` bytes together; the first row always. `coming` has places and rows."""
    rows: list[bytes] = []
    size, reached = 0, None
    for place, row in coming:
        raise_if_interrupted()
        size += len(row) + 1
        if rows and size > ROWS_BYTES_MAX:
            return FittingRows(rows, reached, is_whole=False)
        rows.append(row)
        reached = place
    return FittingRows(rows, reached, is_whole=True)


def preferred_type(req: Request, resp: Response, forms: Sequence[str] = (JSON, CSV, XLSX)) -> str | None:
    """The media type of `forms` that the client prefers; None where it accepts none of them."""
    resp.append_header("Vary", "Accept")
    return req.client_prefers(forms)


def set_position(resp: Response, position: int) -> None:
    """Sets `Ledger-Position`, the position of the log that an answer is of."""
    resp.set_header("Ledger-Position", position_token(position))


def set_download(resp: Response, name: str, media_type: str, position: int) -> None:
    """Sets the headers of a file: its name, its type, its position in the log, and that no cache may keep it."""
    resp.content_type = media_type
    # Falcon escapes names beyond ASCII, and puts ASCII names between quotation marks as they are.
    resp.downloadable_as = _UNQUOTABLE.sub(r"\\\g<0>", name) if name.isascii() else name
    resp.set_header("Cache-Control", "no-store")
    set_position(resp, position)


def set_currencies(resp: Response, currencies: str) -> None:
    """Sets `Ledger-Currencies`, since neither contract has a field for the currency of its amounts.

    `currencies` is a comma list of codes.
    """
    resp.set_header("Ledger-Currencies", ", ".join(sorted(currencies.split(","))))


def json_answer(resp: Response, body: bytes, position: int) -> None:
    narrowed = getattr(resp.context, "narrowed", None)
    resp.content_type = JSON
    resp.data = body if narrowed is None else narrowed.of(body)
    resp.set_header("Cache-Control", "private, no-cache")
    set_position(resp, position)
