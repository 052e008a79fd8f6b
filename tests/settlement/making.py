"""The parts of these tests: files typed out, workbooks put together part by part, lines and entries with defaults."""

import io
import tomllib
import zipfile
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest

from domain.reconciliation.matching import Entry
from domain.settlement.formats.mapping import Mapping, checked
from domain.settlement.lines import Balance, Line, SettlementRefused
from domain.settlement.reading import read
from domain.strict_json import convert

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lines_of(file: str | bytes, mapping: Mapping | str | None = None) -> list[Line]:
    return list(read(stream_of(file), "file", "acme", mapping_of(mapping)))


def balances_of(file: str | bytes) -> list[Balance]:
    found: list[Balance] = []
    list(read(stream_of(file), "file", "acme", on_balance=found.append))
    return found


def refusal_of(file: str | bytes, mapping: Mapping | str | None = None) -> SettlementRefused:
    with pytest.raises(SettlementRefused) as caught:
        lines_of(file, mapping)
    assert caught.value.file == "file"
    assert str(caught.value).startswith("file")
    return caught.value


def refused_at(file: str | bytes, mapping: Mapping | str | None = None) -> tuple[int | None, str | None]:
    """The row and the column at which a file is refused."""
    refused = refusal_of(file, mapping)
    return refused.row, refused.column


def stream_of(file: str | bytes) -> io.BytesIO:
    return io.BytesIO(file.encode() if isinstance(file, str) else file)


def mapping_of(mapping: Mapping | str | None) -> Mapping | None:
    return checked(convert(tomllib.loads(mapping), Mapping)) if isinstance(mapping, str) else mapping


def own(*rows: str) -> str:
    """A file in our own layout with these rows."""
    return "\n".join(("reference,kind,gross,fee,net,currency,occurred_at,order,payout", *rows, ""))


def line(**fields: Any) -> Line:
    """A payment of 50.00 USD without a fee, unless `fields` change it."""
    values: dict[str, Any] = {"row": 2, "kind": "payment", "reference": "pi_1", "gross": 5000, "fee": 0} | fields
    values.setdefault("net", values["gross"] - values["fee"])
    values.setdefault("raw_kind", values["kind"])
    return Line(**{"provider": "acme", "currency": "USD", "occurred_at": NOON} | values)


def entry(**fields: Any) -> Entry:
    """The entry of the journal that `line()` settles."""
    values: dict[str, Any] = {
        "position": 1,
        "kind": "payment",
        "order_id": 42,
        "order_key": "0c86ab758d3e236cb5a4",
        "provider": "acme",
        "reference": "pi_1",
        "amount": 5000,
        "currency": "USD",
        "digits": 2,
        "received_at": NOON,
    }
    return Entry(**values | fields)


_CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def xlsx(*rows: list[str], formats: tuple[str, ...] = ("General",), **parts: str | bytes) -> bytes:
    """A workbook of one sheet whose cells are given as XML (see `text`, `number`). `formats` are its cells' styles.

    `parts` replace or add parts of the package, by their names with `__` for a slash.
    """
    sheet = "".join(
        f'<row r="{place}">{"".join(cells)}</row>'.replace("@", str(place)) for place, cells in enumerate(rows, 1)
    )
    custom = "".join(
        f'<numFmt numFmtId="{164 + place}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for place, code in enumerate(formats)
    )
    styles = "".join(f'<xf numFmtId="{164 + place}"/>' for place in range(len(formats)))
    contents: dict[str, str | bytes] = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_LINKS}"><workbookPr/>'
        '<sheets><sheet name="Lines" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": "<Relationships><Relationship Id='rId1' Target='worksheets/sheet1.xml'/>"
        "</Relationships>",
        "xl/styles.xml": f"<styleSheet {_MAIN}><numFmts>{custom}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>",
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData>{sheet}</sheetData></worksheet>",
    }
    contents |= {name.replace("__", "/").replace("_xml", ".xml"): part for name, part in parts.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in contents.items():
            package.writestr(name, part)
    return packed.getvalue()


def text(column: str, value: str) -> str:
    return f'<c r="{column}@" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(column: str, stored: str, style: int = 0) -> str:
    return f'<c r="{column}@" s="{style}"><v>{stored}</v></c>'
