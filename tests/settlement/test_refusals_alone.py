"""Does the reader raise nothing but SettlementRefused or InvalidField, whatever a file or its rules hold?"""

import io
import random
import zipfile
from contextlib import suppress
from encodings.aliases import aliases
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.reconciliation.report import ReportInputs, encoded, report
from domain.reconciliation.rules import ProviderRules, Rules, rules_from
from domain.refusals import InvalidField
from domain.settlement.formats.mapping import Mapping, checked
from domain.settlement.lines import Balance, SettlementRefused
from domain.settlement.reading import read
from tests.settlement import test_camt053, test_paypal, test_stripe
from tests.settlement.making import NOON, entry, number, own, text, xlsx
from tests.settlement.test_mapping import BANK, EXPORT
from tests.settlement.test_rules import RULES

SEEDS = range(20)
GOOD: Final = "pi_1,payment,50.00,1.75,48.25,USD,2026-03-01T10:30:00Z,42,po_1"
ASKED: Final = ReportInputs("acme", "0" * 64, "0" * 64, 1, NOON)

# Values that nobody expects.
ODD: Final = (
    "",
    "0",
    "-1",
    "9" * 20,
    "9" * 5000,
    "1e999",
    "1E-999",
    "-0",
    "0e999",
    "." + "0" * 70,
    "NaN",
    "Infinity",
    "1_000",
    "٣",
    "²",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30",
    "\x00",
    "\ud800",
    "\ufeff",
    "\u202e",
    "😀",
    "\x85",
    "%d%d",
    "%",
    "[$",
    "=1+1",
    "../../etc/passwd",
    "é" * 300,
    "x" * 2000,
    "\r",
    "\n",
    '"',
    "'",
    "\\",
    "<",
    "&#0;",
    "]]>",
)


def told(content: bytes, rules: Rules, provider: str = "acme") -> None:
    """Reads a file and makes its report. Raises any error that is no refusal."""
    balances: list[Balance] = []
    try:
        found = list(read(io.BytesIO(content), "file", provider, rules.mapping(provider), balances.append))
    except SettlementRefused:
        return
    list(encoded(report(ASKED, found, balances, [entry()], rules)))


def xml_of(odd: str) -> str:
    return odd.encode("utf-8", "replace").decode().replace("<", "&lt;").replace("\x00", "")


def workbook(cell: str, code: str, place: str) -> bytes:
    names = zip("ABCDE", ("reference", "kind", "gross", "currency", "occurred_at"), strict=True)
    row = [text("A", "pi_1"), text("B", "payment"), number("C", cell, 1), text("D", "USD"), number("E", cell, 1)]
    odd = f'<c r="{place}" s="{place}" t="{place}"><v>{cell}</v></c>'
    return xlsx([text(*name) for name in names], row, [*row[:4], odd], formats=("General", code))


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_an_odd_value_in_any_cell_of_any_format(odd: str) -> None:
    rules = Rules(version="test")
    wholes = [
        own(GOOD),
        test_stripe.report(test_stripe.CHARGE, test_stripe.DISPUTE),
        test_paypal.WHOLE,
    ]
    for whole in wholes:
        cells = whole.replace("\n", ",\n,").split(",")
        for place, cell in enumerate(cells):
            if cell != "\n":
                changed = ",".join([*cells[:place], odd, *cells[place + 1 :]]).replace(",\n,", "\n")
                told(changed.encode("utf-8", "surrogatepass"), rules)
    whole = test_camt053.statement(test_camt053.entry("1.00", details=test_camt053.detail("A", "1.00", "42")))
    pieces = whole.replace("<", "\v<").replace(">", ">\v").replace('"', '\v"\v').split("\v")
    for place, piece in enumerate(pieces):
        if piece[:1] not in ('"', ""):
            told("".join([*pieces[:place], odd, *pieces[place + 1 :]]).encode("utf-8", "surrogatepass"), rules)
    for made in (
        (xml_of(odd), "0.00", "E@"),
        ("46082", xml_of(odd), "E@"),
        ("1.5", "0.00", xml_of(odd).replace('"', "")),
    ):
        told(workbook(*made), rules)


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_an_odd_value_anywhere_in_the_rules(odd: str) -> None:
    bank = BANK.replace("[columns]", "[providers.acme.file.columns]").replace("[kinds]", "[providers.acme.file.kinds]")
    bank = bank.replace("[signs]", "[providers.acme.file.signs]")
    for whole in (RULES, f'version = "1"\n[providers.acme.file]{bank}'):
        lines = whole.splitlines()
        for place, line in enumerate(lines):
            name, equals, _ = line.partition("=")
            as_text = msgspec.json.encode(odd.encode("utf-8", "replace").decode()).decode()
            for value in (odd, as_text, f'"{odd}"', f"[{odd}]"):
                changed = f"{name}{equals} {value}" if equals else f"[{value}]"
                try:
                    rules = rules_from("\n".join([*lines[:place], changed, *lines[place + 1 :]]))
                except InvalidField:
                    continue
                told(EXPORT.encode("windows-1252"), rules)


def damaged(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 10))):
        place = chance.randrange(len(changed))
        changed[place : place + chance.randrange(3)] = chance.choice(
            (bytes([chance.randrange(256)]), b"\xff\xff\xff\xff", b"\x00", b"", changed[place : place + 20])
        )
    return bytes(changed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_package_with_wrong_bytes(seed: int) -> None:
    chance = random.Random(seed)
    whole = workbook("46082", "0.00", "E@")
    packages = [whole]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(made, "w", method) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        packages.append(made.getvalue())
    for package in packages:
        for _ in range(40):
            told(b"PK\x03\x04" + damaged(package, chance)[4:], Rules(version="test"))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_or_a_statement_with_wrong_bytes(seed: int) -> None:
    chance = random.Random(seed)
    whole = workbook("46082", "0.00", "E@")
    statement = test_camt053.statement(test_camt053.entry("1.00", details=test_camt053.detail("A", "1.00"))).encode()
    for _ in range(20):
        told(damaged(statement, chance), Rules(version="test"))
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(made, "w") as new:
            chosen = chance.choice(old.namelist())
            for name in old.namelist():
                new.writestr(name, damaged(old.read(name), chance) if name == chosen else old.read(name))
        told(made.getvalue(), Rules(version="test"))


def test_xml_in_any_encoding_that_python_knows() -> None:
    whole = test_camt053.statement(test_camt053.entry("1.00"))
    for name in sorted({*aliases.values(), "undefined", "idna", "punycode", "no_such", "unicode_escape", "utf-8-sig"}):
        said = whole.replace('encoding="UTF-8"', f'encoding="{name}"')
        told(said.encode(), Rules(version="test"))
        written = said.encode()
        with suppress(LookupError, UnicodeError):
            written = said.encode(name)
        told(written, Rules(version="test"))


ENCODINGS: Final = ("utf-8", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1250", "windows-1252")


@given(st.sampled_from(ENCODINGS), st.binary(max_size=60), st.sampled_from(",;\t|.x 0é"))
@settings(deadline=None, max_examples=150)
def test_any_bytes_in_any_encoding(encoding: str, content: bytes, delimiter: str) -> None:
    rules = rules_of(encoding=encoding, delimiter=delimiter)
    told(content, rules)
    told(f"a{delimiter}b\n".encode(encoding) + content, rules)


DIRECTIVES: Final = [*(f"%{letter}" for letter in "dmYyjUWGVuabcxXzZpIHMSf%s-"), "%", " ", ".", "T"]


@given(
    st.lists(st.sampled_from(DIRECTIVES), max_size=8).map("".join) | st.text(max_size=40),
    st.text("0123456789 .:-+TZapmMonJan", max_size=30),
)
@settings(deadline=None, max_examples=200)
def test_any_date_format_and_any_date(pattern: str, written: str) -> None:
    try:
        rules = rules_of(date_format=pattern, timezone="America/St_Johns")
    except InvalidField:
        return
    for day in (written, "01.03.2026", "0001-01-01", "9999-12-31"):
        told(f'a,b\n"{day}",1.00\n'.encode(), rules)


def rules_of(**fields: str) -> Rules:
    plain = {"columns": {"occurred_at": "a", "gross": "b"}, "currency": "USD", "kind": "payment"}
    mapping = checked(msgspec.convert(plain | fields, Mapping))
    return Rules(version="test", providers={"acme": ProviderRules(file=mapping)})
