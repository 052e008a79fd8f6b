"""Many decisions about a reconciliation, read from a CSV file."""

import csv
import re
from io import StringIO
from typing import Any, Final

import msgspec

from domain.faults import refuse
from domain.reconciliation.deciding import KINDS, REASON_CHARS_MAX, Wanted
from domain.refusals import InvalidField
from domain.settlement.lines import shown

_NUMBER: Final = re.compile("[0-9]{1,15}")
DECISIONS_MAX: Final = 10_000
COLUMNS: Final = ("decision", "results", "lines", "entries", "reason")


def decisions_in(text: str) -> list[Wanted]:
    """The decision of each row. A cell of `results`, `lines` or `entries` may have several values, with blanks between.

    Raises InvalidField, which names every row at fault.
    """
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
        except ValueError as error:
            wrong.append((f"line {line}", str(error)))
    refuse(wrong)
    return found


def _decision(row: dict[str, Any]) -> Wanted:
    """The decision of one row. Raises ValueError, which names all its faults."""
    if None in row or None in row.values():
        raise ValueError("the row has more or fewer cells than the header")
    decision, reason = row["decision"].strip(), (row.get("reason") or "").strip()
    results, *numbers = ((row.get(column) or "").split() for column in ("results", "lines", "entries"))
    faults = [] if decision in KINDS else [f"decision: {shown(decision)} is none of {', '.join(KINDS)}"]
    for column, words in zip(("lines", "entries"), numbers, strict=True):
        faults += [f"{column}: {shown(word)} is no whole number" for word in words if not _NUMBER.fullmatch(word)]
    if len(reason) > REASON_CHARS_MAX:
        faults.append(f"reason: it has {len(reason)} characters; at most {REASON_CHARS_MAX} are taken")
    if faults:
        raise ValueError("; ".join(faults))
    lines, entries = (tuple(map(int, words)) for words in numbers)
    return msgspec.convert(
        {"decision": decision, "results": results, "lines": lines, "entries": entries, "reason": reason or None}, Wanted
    )
