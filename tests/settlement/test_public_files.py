"""Public files of banks, unchanged: each is read and ties out, is reported not to tie out, or is refused with its
reason.

The files are no part of this project: the tests are skipped where their folder is missing. SETTLEMENTS names another
folder.
"""

import os
from collections import defaultdict
from pathlib import Path

import pytest

from domain.reconciliation.tieout import tie_out
from domain.settlement.lines import Balance, Line, SettlementRefused
from domain.settlement.reading import read
from tests.conftest import ROOT

FOLDER = Path(os.environ.get("SETTLEMENTS") or ROOT.parent / "shared" / "data" / "settlements")
FILES = sorted(path.name for path in FOLDER.glob("*") if path.suffix != ".md")
# Files whose entries do not add up to their balances, or whose balances are of days with other days between.
DO_NOT_TIE = {
    "genkgo_camt053.v2.all-balance-types.xml",
    "genkgo_camt053.v2.five.decimals.xml",
    "mt940_jejik_abnamro.sta",
    "mt940_jejik_ing.sta",
    "mt940_jejik_postfinance.sta",
    "mt940_jejik_rabobank.sta",
    "newinn_error-camt053.xml",
    "newinn_example-camt053-b.xml",
}


REFUSED = {"genkgo_camt053.v2.wrong.xml": "the message has no statement, report or notification in it"}


def read_all(name: str) -> tuple[list[Line], list[Balance]]:
    balances: list[Balance] = []
    with (FOLDER / name).open("rb") as file:
        return list(read(file, name, "bank", on_balance=balances.append)), balances


@pytest.mark.skipif(not FILES, reason=f"no settlement files at {FOLDER}; set SETTLEMENTS to a folder of them")
def test_every_file_is_read_or_refused_for_what_it_is() -> None:
    refused = {}
    for name in FILES:
        try:
            read_all(name)
        except SettlementRefused as refusal:
            refused[name] = refusal.message
    assert refused == REFUSED


@pytest.mark.skipif(not FILES, reason="see above")
def test_every_file_ties_to_the_balances_that_it_states_or_the_tie_out_says_so() -> None:
    untied = defaultdict(list)
    for name in set(FILES) - REFUSED.keys():
        for statement in tie_out(*read_all(name)):
            untied[name] += [f"{row.item} {row.net} {statement.currency}" for row in statement.unexplained]
    assert {name for name, rows in untied.items() if rows} == DO_NOT_TIE
