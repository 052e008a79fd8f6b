"""Claims for any input: amounts are exact, each row is in one result, and the order of rows makes no difference."""

from contextlib import suppress
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import decimal_text
from domain.reconciliation.matching import Entry
from domain.reconciliation.rules import Rules
from domain.reconciliation.tieout import tie_out
from domain.settlement.lines import Line, SettlementRefused
from domain.settlement.tables.cells import Number, minor
from domain.settlement.tables.number_format import as_shown, section_for, stored
from tests.settlement.making import NOON, entry, line, lines_of, own
from tests.settlement.planting import match_alone

# A slow, busy machine is no fault of the code.
untimed = settings(deadline=None, max_examples=100)

RULES = Rules(version="test", tolerance_minor={"USD": 1})
LATER = NOON + timedelta(days=30)
MINOR = st.integers(-(10**15) + 1, 10**15 - 1)


@given(MINOR, st.integers(0, 4), st.sampled_from(".,"))
@untimed
def test_an_amount_is_read_back_exactly_as_it_was_written(amount: int, digits: int, decimal: str) -> None:
    assert minor(decimal_text(amount, digits).replace(".", decimal), digits, decimal) == amount


@given(st.text(max_size=20))
@untimed
def test_any_text_is_an_exact_amount_or_a_refusal(text: str) -> None:
    try:
        found = minor(text, 2)
    except ValueError:
        return
    assert Decimal(text.strip()) == Decimal(found).scaleb(-2)


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
@untimed
def test_a_cell_is_its_decimal_text_rounded_as_a_sheet_rounds(value: float, decimals: int) -> None:
    code = "0" + ("." + "0" * decimals if decimals else "")
    number = stored(repr(value))
    found = as_shown(number, section_for(code, number < 0, number == 0))
    with localcontext(prec=15, rounding=ROUND_HALF_UP):
        precise = +Decimal(repr(value))
    with localcontext(prec=60):
        assert Decimal(found) == precise.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


@given(st.integers(-(10**9), 10**9))
@untimed
def test_a_double_that_holds_cents_is_read_as_those_cents(cents: int) -> None:
    number = stored(repr(cents / 100))
    assert minor(Number(as_shown(number, section_for("General", number < 0, number == 0))), 2) == cents


@given(st.binary(max_size=300))
@untimed
def test_any_bytes_are_lines_or_a_refusal(content: bytes) -> None:
    for begin in (b"", own().encode(), b'"RH",1\n', b"<?xml version='1.0'?>", b"PK\x03\x04"):
        with suppress(SettlementRefused):
            lines_of(begin + content)


# Few references, orders and amounts, so that rows meet in every way.
LINES = st.lists(
    st.builds(
        lambda reference, amount, order, kind, currency: line(
            reference=reference,
            gross=amount if kind == "payment" else -amount,
            order=order,
            kind=kind,
            currency=currency,
        ),
        st.sampled_from(["", "a", "b", "a-1", "a-2", "c"]),
        st.sampled_from([100, 101, 200, 300, 500]),
        st.sampled_from(["", "1", "2", "1 and 2"]),
        st.sampled_from(["payment", "payment", "refund"]),
        st.sampled_from(["USD", "USD", "EUR"]),
    ),
    max_size=8,
).map(lambda found: [Line(**_fields(value) | {"row": row}) for row, value in enumerate(found, 2)])
ENTRIES = st.lists(
    st.builds(
        lambda amount, order, kind, hours: {
            "amount": amount,
            "order_id": order,
            "order_key": f"key{order}",
            "kind": kind,
            "received_at": NOON + timedelta(hours=hours),
        },
        st.sampled_from([100, 101, 200, 300, 400, 500]),
        st.sampled_from([1, 2, 3]),
        st.sampled_from(["payment", "payment", "refund"]),
        st.sampled_from([0, 30, 24 * 29]),
    ),
    max_size=8,
).map(
    lambda found: [
        entry(position=place, reference="abcdefgh"[place - 1], **value) for place, value in enumerate(found, 1)
    ]
)


def _fields(value: Line) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


@given(LINES, ENTRIES, st.randoms(use_true_random=False))
@untimed
def test_every_row_is_in_one_result_whatever_the_order_of_the_rows(lines, entries, random) -> None:
    results = match_alone(lines, entries, RULES, as_of=LATER)
    assert sorted(row for result in results for row in result.lines) == [found.row for found in lines]
    assert sorted(position for result in results for position in result.entries) == [
        found.position for found in entries
    ]
    random.shuffle(lines)
    random.shuffle(entries)
    assert match_alone(lines, entries, RULES, as_of=LATER) == results


@given(LINES, ENTRIES)
@untimed
def test_a_matched_or_suggested_result_is_exact_or_says_how_it_differs(lines: list[Line], entries: list[Entry]) -> None:
    by_row = {found.row: found for found in lines}
    by_position = {found.position: found for found in entries}
    for result in match_alone(lines, entries, RULES, as_of=LATER):
        if result.outcome not in ("matched", "suggested"):
            continue
        settled = sum(abs(by_row[row].gross) for row in result.lines)
        recorded = sum(by_position[position].amount for position in result.entries)
        said = sum(int(d.actual) - int(d.expected) for d in result.differs if d.field == "amount")
        assert settled - recorded == said
        assert abs(said) <= (1 if result.rule == "tolerance" else 0)
        kinds = {by_row[row].kind for row in result.lines} | {by_position[place].kind for place in result.entries}
        currencies = {by_row[row].currency for row in result.lines} | {by_position[p].currency for p in result.entries}
        assert (len(kinds), len(currencies)) == (1, 1)


@given(st.lists(st.integers(1, 12), min_size=2, max_size=7), st.integers(2, 40))
@untimed
def test_a_sum_is_suggested_exactly_where_there_is_one_way_to_it(amounts: list[int], total: int) -> None:
    entries = [entry(position=place, reference=f"r{place}", amount=amount) for place, amount in enumerate(amounts, 1)]
    whole = line(reference="", order="42", gross=total)
    ways = [
        chosen
        for size in range(2, len(amounts) + 1)
        for chosen in combinations(range(1, len(amounts) + 1), size)
        if sum(amounts[place - 1] for place in chosen) == total
    ]
    found = next(result for result in match_alone([whole], entries, Rules(version="test"), as_of=LATER) if result.lines)
    if total in amounts:
        assert found.rule == "order_and_amount"
    elif len(ways) == 1:
        assert (found.outcome, found.entries) == ("suggested", ways[0])
    else:
        assert found.outcome == ("ambiguous" if ways else "missing_in_ledger")


@given(LINES)
@untimed
def test_a_statement_adds_up_and_every_line_is_in_it(lines: list[Line]) -> None:
    statements = tie_out(lines)
    assert sum(row.count for found in statements for row in found.kinds) == len(lines)
    for found in statements:
        assert found.opening + sum(row.net for row in found.kinds) == found.closing
        assert all(row.gross - row.fee == row.net for row in found.rows)
