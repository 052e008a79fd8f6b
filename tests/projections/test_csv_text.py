"""Does a spreadsheet that opens our CSV find a formula in it?"""

import csv
from io import StringIO

import pytest

from projections import csv_text
from projections.reconciliations.shown import plain_cell

FORMULA = "=1+1"


@pytest.mark.parametrize("first", "=+-@＝＋－＠")
@pytest.mark.parametrize(
    "blanks", ["", " ", "   ", "\n", "\r", "\t", "\r\n", " \n\t ", "\x0b", "\x00", "\xa0", "\u3000", "\u200b", "\ufeff"]
)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(first: str, blanks: str) -> None:
    text = f"{blanks}{first}cmd|' /C calc'!A0"
    assert csv_text.harmless(text) == f"'{text}"
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["\tname", "\rname", "\nname"])
def test_text_in_which_a_cell_seems_to_end_first_gets_an_apostrophe_too(text: str) -> None:
    assert csv_text.harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", " ", "pi_1", " pi_1", "a=b", "1-2", "'=1", "Ünal", "سفارش", "#1", "中文＝", "5 @ 2"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert csv_text.harmless(text) == text
    assert plain_cell(text) == text


@pytest.mark.parametrize("amount", ["-1", "-12.50", "0.00", "12"])
def test_an_amount_of_a_reconciliation_stays_a_number(amount: str) -> None:
    assert plain_cell(amount) == amount


@pytest.mark.parametrize("text", ["=1", "+1.5", "@1", "－1", "-１", "=1.2"])
def test_text_that_only_looks_like_an_amount_gets_an_apostrophe(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


def test_the_apostrophe_is_the_first_of_its_cell_when_the_file_is_read() -> None:
    written = csv_text.lines([["a", csv_text.harmless(f"\n{FORMULA}"), csv_text.harmless(f'" {FORMULA}')]]).decode()
    assert list(csv.reader(StringIO(written, newline=""))) == [["a", f"'\n{FORMULA}", f'" {FORMULA}']]
