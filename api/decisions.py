"""Many decisions about a reconciliation, as a CSV of them says."""

import csv
from io import StringIO
from typing import Any, Final

import msgspec

from domain.reconciliation.deciding import Wanted
from domain.refusals import InvalidField

DECISIONS_MAX: Final = 10_000
COLUMNS: Final = ("decision", "results", "lines", "entries", "reason")


def decisions_in(text: str) -> list[Wanted]:
    """A decision for each row; `results`, `lines` and `entries` may have several, with blanks between. Raises
    InvalidField, naming each row that is wrong."""
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        names = list(rows.fieldnames or ())
        if "decision" not in names or not set(names) <= set(COLUMNS):
            raise InvalidField("", f"the columns are of {', '.join(COLUMNS)}, and decision is one; these are {names}")
        read = [(rows.line_num, row) for row in rows]
    except csv.Error as error:
        raise InvalidField("", f"line {rows.line_num}: this is not CSV: {error}") from None
    if not 0 < len(read) <= DECISIONS_MAX:
        raise InvalidField("", f"a file has 1 to {DECISIONS_MAX} decisions, this has {len(read)}")
    found, wrong = [], []
    for line, row in read:
        try:
            found.append(_decision(row))
        except (msgspec.ValidationError, ValueError) as error:
            wrong.append(f"line {line}: {error}")
    if wrong:
        raise InvalidField("", "; ".join(wrong))
    return found


def _decision(row: dict[str, Any]) -> Wanted:
    """Raises ValueError, and ValidationError, which is one."""
    if None in row or None in row.values():
        raise ValueError("the row has more or fewer cells than the header")
    told: dict[str, Any] = {"decision": row["decision"].strip(), "results": (row.get("results") or "").split()}
    for column in ("lines", "entries"):
        told[column] = [int(number) for number in (row.get(column) or "").split()]
    return msgspec.convert({**told, "reason": (row.get("reason") or "").strip() or None}, Wanted)
