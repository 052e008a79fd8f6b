"""Troubles planted from a seed: is every one found and named right, and is nothing else reported?"""

import io
import random

import pytest

from domain.reconciliation.matching import Result
from domain.reconciliation.tieout import tie_out
from domain.settlement.reading import read
from tests.settlement.planting import AS_OF, PROVIDER, RULES, Planting, match_alone, own_rows

Said = tuple[str, str, tuple[int, ...], tuple[int, ...]]


def said(results: list[Result]) -> set[Said]:
    return {(result.outcome, result.rule, result.lines, result.entries) for result in results}


@pytest.mark.parametrize("seed", [1, 20260301, 987654321])
def test_every_planted_trouble_is_found_and_nothing_else(seed: int) -> None:
    planted = Planting(seed, payments=3000)
    results = match_alone(planted.lines, planted.entries, RULES, as_of=AS_OF)
    found = said(results)
    assert found - planted.expected == set()
    assert planted.expected - found == set()
    assert len(results) == len(found)


def test_planted_troubles_are_found_in_a_file_and_its_lines_come_back_exactly() -> None:
    planted = Planting(7, payments=1500)
    lines = list(read(io.BytesIO("".join(own_rows(planted.lines)).encode()), "file", PROVIDER))
    assert lines == planted.lines
    assert said(match_alone(lines, planted.entries, RULES, as_of=AS_OF)) == planted.expected


def test_no_row_of_either_side_is_claimed_twice() -> None:
    planted = Planting(11, payments=1500)
    results = match_alone(planted.lines, planted.entries, RULES, as_of=AS_OF)
    rows = [row for result in results for row in result.lines]
    positions = [position for result in results for position in result.entries]
    assert len(rows) == len(set(rows))
    assert sorted(positions) == sorted(entry.position for entry in planted.entries)


def test_the_statement_of_a_planted_file_adds_up_by_every_way_of_adding() -> None:
    planted = Planting(13, payments=1000)
    for statement in tie_out(planted.lines):
        own = [line for line in planted.lines if line.currency == statement.currency]
        assert statement.closing == sum(line.net for line in own)
        assert sum(row.count for row in statement.kinds) == len(own)
        assert sum(row.gross - row.fee for row in statement.kinds) == statement.closing


def test_the_order_of_both_sides_makes_no_difference() -> None:
    planted = Planting(17, payments=1000)
    expected = match_alone(planted.lines, planted.entries, RULES, as_of=AS_OF)
    for seed in range(3):
        lines, entries = list(planted.lines), list(planted.entries)
        random.Random(seed).shuffle(lines)
        random.Random(seed).shuffle(entries)
        assert match_alone(lines, entries, RULES, as_of=AS_OF) == expected
