"""Each pass of the matching by itself, and the lines that two passes compete for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.reconciliation.exact_sums import SUM_ROWS_MAX
from domain.reconciliation.matching import Difference, Entry, Result
from domain.reconciliation.rules import Rules
from domain.reconciliation.sides import ORDER_ROWS_MAX
from domain.settlement.lines import SIGNS, Line
from tests.settlement.making import NOON, entry, line
from tests.settlement.planting import match_alone

LATER = NOON + timedelta(days=30)
RULES = Rules(version="test", settlement_delay_days=3, tolerance_minor={"USD": 2})
KEY = "0c86ab758d3e236cb5a4"


def results(lines: list[Line], entries: list[Entry]) -> list[Result]:
    return match_alone(lines, entries, RULES, as_of=LATER)


def outcomes(lines: list[Line], entries: list[Entry]) -> list[tuple[str, str, tuple[int, ...], tuple[int, ...]]]:
    return [(result.outcome, result.rule, result.lines, result.entries) for result in results(lines, entries)]


def test_the_same_reference_amount_and_currency_match_by_themselves() -> None:
    assert results([line()], [entry()]) == [Result("matched", "reference_and_amount", (2,), (1,))]


def test_a_refund_is_positive_in_the_journal_and_negative_in_the_settlement() -> None:
    refund = line(kind="refund", gross=-5000)
    assert outcomes([refund], [entry(kind="refund")]) == [("matched", "reference_and_amount", (2,), (1,))]


def test_a_chargeback_is_looked_for_among_the_refunds() -> None:
    chargeback = line(kind="chargeback", gross=-5000, fee=1500, reference="dp_1")
    known = entry(kind="refund", reference="dp_1")
    assert outcomes([chargeback], [known])[0][0] == "matched"
    assert outcomes([chargeback], [])[0][0] == "missing_in_ledger"


@pytest.mark.parametrize("other", [{"provider": "stripe"}, {"kind": "refund"}])
def test_another_provider_or_kind_is_never_matched(other: dict[str, str]) -> None:
    assert [found[0] for found in outcomes([line(order=KEY)], [entry(**other)])] == [
        "missing_in_ledger",
        "missing_in_settlement",
    ]


def test_a_line_answers_to_its_other_references_too() -> None:
    assert outcomes([line(reference="ch_9", aliases=("pi_1",))], [entry()])[0][0] == "matched"


def test_an_amount_that_differs_is_named_with_both_values() -> None:
    assert results([line(gross=4999)], [entry()]) == [
        Result("amount_differs", "reference", (2,), (1,), (Difference("amount", 5000, 4999),))
    ]


def test_a_currency_that_differs_is_named_with_both_values_and_the_amount_too_where_it_does() -> None:
    assert results([line(currency="EUR", gross=4600)], [entry()]) == [
        Result(
            "currency_differs",
            "reference",
            (2,),
            (1,),
            (Difference("currency", "USD", "EUR"), Difference("amount", 5000, 4600)),
        )
    ]


def test_the_second_line_of_a_reference_is_a_duplicate_that_names_the_first() -> None:
    found = results([line(row=7), line(row=3)], [entry()])
    assert found == [
        Result("matched", "reference_and_amount", (3,), (1,)),
        Result("duplicate_in_settlement", "repeated", (7,), (), (Difference("row", 3, 7),)),
    ]


def test_a_second_line_with_another_amount_is_money_that_nobody_recorded() -> None:
    """The second line is a partial capture or a second charge, not the first one repeated."""
    assert outcomes([line(row=2), line(row=3, gross=100)], [entry()]) == [
        ("matched", "reference_and_amount", (2,), (1,)),
        ("missing_in_ledger", "left_over", (3,), ()),
    ]


@pytest.mark.parametrize("other", [{"aliases": ("ch_2",)}, {"order": "43"}])
def test_equal_lines_of_one_reference_are_real_unless_all_that_identifies_them_is_equal(other: dict[str, Any]) -> None:
    assert outcomes([line(row=2), line(row=3, **other)], [entry()])[1][0] == "missing_in_ledger"


def test_partial_refunds_of_one_payment_are_each_matched_by_the_payments_reference_and_their_amount() -> None:
    lines = [line(row=2 + place, kind="refund", gross=-gross) for place, gross in enumerate((1000, 500, 500))]
    refunds = [
        entry(position=place, kind="refund", reference=f"re_{place}", payment_reference="pi_1", amount=amount)
        for place, amount in ((5, 500), (6, 1000), (7, 500))
    ]
    assert outcomes(lines, refunds) == [
        ("matched", "other_reference_and_amount", (2,), (6,)),
        ("matched", "other_reference_and_amount", (3,), (5,)),
        ("matched", "other_reference_and_amount", (4,), (7,)),
    ]


def test_partial_captures_under_one_reference_are_each_matched_by_the_order_and_their_amount() -> None:
    lines = [line(row=2, gross=6000, order="#42"), line(row=3, gross=4000, order="#42")]
    entries = [entry(amount=6000), entry(position=2, reference="pi_2", amount=4000)]
    assert [found[:3] for found in outcomes(lines, entries)] == [
        ("matched", "reference_and_amount", (2,)),
        ("matched", "other_reference_and_amount", (3,)),
    ]


def test_a_refund_that_may_be_either_of_two_is_matched_to_neither() -> None:
    refunds = [
        entry(position=place, kind="refund", reference=f"re_{place}", payment_reference="pi_1") for place in (5, 6)
    ]
    assert outcomes([line(kind="refund", gross=-5000)], refunds) == [
        ("ambiguous", "other_reference_and_amount", (2,), (5, 6))
    ]


def test_the_right_reference_goes_before_a_right_amount_under_a_wrong_one() -> None:
    right, wrong = entry(amount=5002), entry(position=2, reference="pi_2")
    assert outcomes([line(order="42")], [right, wrong]) == [
        ("amount_differs", "reference", (2,), (1,)),
        ("missing_in_settlement", "left_over", (), (2,)),
    ]


def test_a_line_that_nothing_answers_and_that_stands_twice_is_missing_once_and_a_duplicate_once() -> None:
    assert outcomes([line(row=2), line(row=3)], []) == [
        ("missing_in_ledger", "left_over", (2,), ()),
        ("duplicate_in_settlement", "repeated", (3,), ()),
    ]
    without_reference = [line(row=2, reference=""), line(row=3, reference="")]
    assert [found[0] for found in outcomes(without_reference, [])] == ["missing_in_ledger", "missing_in_ledger"]


def test_a_duplicate_is_never_suggested_for_another_payment_of_its_order() -> None:
    second = entry(position=2, reference="pi_2")
    assert [found[0] for found in outcomes([line(row=2, order=KEY), line(row=3, order=KEY)], [entry(), second])] == [
        "matched",
        "duplicate_in_settlement",
        "missing_in_settlement",
    ]


@pytest.mark.parametrize("written", ["42", KEY, "Order 42", "#42", f"Thanks for {KEY}.", f"({KEY})", "shop/42"])
def test_an_order_in_the_line_with_the_same_amount_is_suggested(written: str) -> None:
    assert results([line(reference="bank-1", order=written)], [entry()]) == [
        Result("suggested", "order_and_amount", (2,), (1,), (Difference("reference", "pi_1", "bank-1"),))
    ]


@pytest.mark.parametrize("written", ["", "421", "order42", KEY[:-1], "4 2"])
def test_text_that_does_not_hold_the_order_as_a_word_suggests_nothing(written: str) -> None:
    assert [found[0] for found in outcomes([line(reference="", order=written)], [entry()])] == [
        "missing_in_ledger",
        "missing_in_settlement",
    ]


def test_two_payments_that_fit_one_line_are_ambiguous_and_nobody_is_matched() -> None:
    twin = entry(position=2, reference="pi_2")
    assert outcomes([line(reference="", order="42")], [entry(), twin]) == [
        ("ambiguous", "order_and_amount", (2,), (1, 2))
    ]


def test_two_lines_that_fit_one_payment_are_ambiguous_and_nobody_is_matched() -> None:
    twins = [line(row=2, reference="", order="42"), line(row=3, reference="", order="42")]
    assert outcomes(twins, [entry()]) == [("ambiguous", "order_and_amount", (2, 3), (1,))]


@pytest.mark.parametrize("references", [("pi_1", "pi_1"), ("pi_1-1", "pi_1-2"), ("", "")])
def test_lines_that_add_up_to_one_payment_are_suggested_together(references: tuple[str, str]) -> None:
    order = "" if references[0] else "42"
    parts = [
        line(row=2, reference=references[0], gross=3000, order=order),
        line(row=3, reference=references[1], gross=2000, order=order),
    ]
    assert outcomes(parts, [entry()]) == [("suggested", "exact_sum", (2, 3), (1,))]


def test_lines_of_the_payout_that_the_journal_has_as_one_payment_are_suggested_together() -> None:
    parts = [
        line(row=2, reference="a", gross=3000, payout="po_1"),
        line(row=3, reference="b", gross=2000, payout="po_1"),
    ]
    assert outcomes(parts, [entry(reference="po_1")]) == [("suggested", "exact_sum", (2, 3), (1,))]


@pytest.mark.parametrize("by", ["order", "reference", "day"])
def test_payments_that_add_up_to_one_line_are_suggested_together(by: str) -> None:
    whole = line(reference="inv" if by == "reference" else "", order="42" if by == "order" else "", gross=5000)
    parts = [
        entry(position=1, reference="inv-1", amount=3000),
        entry(position=2, reference="inv-2", amount=2000, order_id=42 if by == "order" else 43),
    ]
    if by == "day":
        parts.append(entry(position=3, reference="x", received_at=NOON - timedelta(days=1), order_id=44))
    assert outcomes([whole], parts)[0] == ("suggested", "exact_sum", (2,), (1, 2))


def test_only_some_of_an_orders_payments_may_be_the_sum() -> None:
    parts = [
        entry(position=place, reference=f"r{place}", amount=amount) for place, amount in ((1, 3000), (2, 2000), (3, 70))
    ]
    assert outcomes([line(reference="", order="42")], parts) == [
        ("suggested", "exact_sum", (2,), (1, 2)),
        ("missing_in_settlement", "left_over", (), (3,)),
    ]


def test_a_sum_that_can_be_had_in_two_ways_is_ambiguous() -> None:
    parts = [entry(position=place, reference=f"r{place}", amount=2500) for place in (1, 2, 3)]
    assert outcomes([line(reference="", order="42")], parts) == [("ambiguous", "exact_sum", (2,), (1, 2, 3))]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("#1001", "#1001"),
        ("#1001", "Order #1001, thanks."),
        ("#1001", "your order (#1001)"),
        ("#1001", "/REMI/Order no.#1001/"),
        ("2026/1001", "Rechnung 2026/1001."),
        ("2026/1001#2", "2026/1001#2"),
        ("1001", "/EREF/1001/REMI/thanks"),
        ("1001", "#1001"),
        ("A-1001", "//A-1001//"),
    ],
)
def test_an_order_is_named_by_its_key_whatever_characters_that_has_and_what_is_around_it(key: str, text: str) -> None:
    named = entry(order_id=7, order_key=key)
    beside = entry(position=2, reference="pi_2", order_id=1001, order_key="x" * 20)
    found = outcomes([line(reference="bank-1", order=text)], [named, beside])
    assert found[0] == ("suggested", "order_and_amount", (2,), (1,))


@pytest.mark.parametrize("later", [0, 1, 6])
def test_all_payments_of_some_days_that_one_line_pays_are_suggested_together(later: int) -> None:
    parts = [
        entry(
            position=place,
            reference=f"r{place}",
            amount=amount,
            order_id=40 + place,
            received_at=NOON - timedelta(days=days + later),
        )
        for place, days, amount in ((1, 0, 3000), (2, 0, 1500), (3, 2, 500), (4, 3, 70))
    ]
    assert outcomes([line(reference="", gross=5000)], parts) == [
        ("suggested", "exact_sum", (2,), (1, 2, 3)),
        ("missing_in_settlement", "left_over", (), (4,)),
    ]


def test_payments_of_days_longer_ago_are_not_added_up() -> None:
    parts = [
        entry(
            position=place,
            reference=f"r{place}",
            amount=2500,
            order_id=40 + place,
            received_at=NOON - timedelta(days=7),
        )
        for place in (1, 2)
    ]
    assert outcomes([line(reference="", gross=5000)], parts)[0][0] == "missing_in_ledger"


@pytest.mark.parametrize("row_of_the_right_one", [2, 9])
def test_tolerance_never_prefers_a_wrong_reference_to_the_right_one(row_of_the_right_one: int) -> None:
    """The line's own payment has another amount; a payment of the same order has nearly the line's amount."""
    own = entry(position=7, reference="pi_own", amount=5100)
    near = entry(position=8, reference="pi_near", amount=5001)
    settled = line(row=row_of_the_right_one, reference="pi_own", order=KEY)
    assert outcomes([settled], [own, near])[0] == ("amount_differs", "reference", (settled.row,), (7,))
    # An alias, or a payment in another order, names the right payment all the same.
    other_order = entry(position=7, reference="pi_own", amount=5100, order_id=99, order_key="f" * 20)
    by_alias = line(row=row_of_the_right_one, reference="tx_1", aliases=("pi_own",), order=KEY)
    for given, mine in ((settled, other_order), (by_alias, own), (by_alias, other_order)):
        assert outcomes([given], [mine, near])[0][3] == (7,)
    # A second line with the near payment's reference settles that payment; the first line keeps its own.
    second = line(row=5, reference="pi_near", gross=4999, order=KEY)
    assert sorted(outcomes([settled, second], [own, near]))[0:2] == sorted(
        [
            ("amount_differs", "reference", (settled.row,), (7,)),
            ("amount_differs", "reference", (5,), (8,)),
        ]
    )


def test_a_line_whose_payment_is_settled_already_is_not_suggested_for_one_that_is_near() -> None:
    lines = [line(row=2), line(row=3, order=KEY), line(row=4, order=f"{KEY} again", gross=5001)]
    found = outcomes(lines, [entry(), entry(position=2, reference="pi_2", amount=5002)])
    assert [(outcome, entries) for outcome, _, rows, entries in found if rows and entries] == [("matched", (1,))]


def test_days_are_those_of_the_time_zone() -> None:
    evening = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # in Berlin it is half past midnight on the 2nd
    parts = [
        entry(position=1, amount=3000, received_at=evening),
        entry(position=2, reference="pi_2", amount=2000, order_id=43, received_at=evening + timedelta(hours=20)),
        entry(position=3, reference="pi_3", amount=700, order_id=44, received_at=evening - timedelta(hours=20)),
    ]
    settled = line(reference="", gross=5000, order="card takings of 2 March", occurred_at=evening + timedelta(days=1))
    berlin = match_alone([settled], parts, RULES, as_of=LATER, zone=ZoneInfo("Europe/Berlin"))
    assert (berlin[0].outcome, berlin[0].entries) == ("suggested", (1, 2))
    assert outcomes([settled], parts)[0][0] == "missing_in_ledger"


def test_a_file_that_says_the_day_alone_means_it_in_every_zone() -> None:
    noon_there = datetime(2026, 3, 2, 17, tzinfo=UTC)
    parts = [
        entry(position=place, reference=f"pi_{place}", amount=2500, order_id=40 + place, received_at=noon_there)
        for place in (1, 2)
    ]
    settled = line(reference="", gross=5000, occurred_at=datetime(2026, 3, 2, tzinfo=UTC))
    (found,) = match_alone([settled], parts, RULES, as_of=LATER, zone=ZoneInfo("America/New_York"))
    assert (found.outcome, found.entries) == ("suggested", (1, 2))


@pytest.mark.parametrize("text", ["takings of the day, with thanks", "Sammelgutschrift"])
def test_a_text_that_names_no_order_is_no_hindrance_to_a_whole_day(text: str) -> None:
    parts = [entry(position=1, amount=3000), entry(position=2, reference="pi_2", amount=2000, order_id=43)]
    assert outcomes([line(reference="", order=text)], parts)[0][:2] == ("suggested", "exact_sum")


def test_two_lines_that_are_both_a_whole_days_payments_are_ambiguous() -> None:
    parts = [entry(position=1, amount=3000), entry(position=2, reference="pi_2", amount=2000, order_id=43)]
    lines = [line(row=2, reference=""), line(row=3, reference="")]
    assert outcomes(lines, parts) == [("ambiguous", "exact_sum", (2, 3), (1, 2))]


def test_a_line_that_names_an_order_is_no_whole_day() -> None:
    parts = [entry(position=1, amount=3000), entry(position=2, reference="pi_2", amount=2000, order_id=43)]
    assert outcomes([line(reference="", order="99")], parts)[0][0] == "missing_in_ledger"


def test_references_that_begin_alike_by_chance_have_nothing_in_common() -> None:
    lines = [line(row=2, reference="ch_8", gross=3000), line(row=3, reference="ch_9", gross=2000)]
    assert [found[0] for found in outcomes(lines, [entry(reference="pi_1")])] == [
        "missing_in_ledger",
        "missing_in_ledger",
        "missing_in_settlement",
    ]


def test_a_part_of_a_reference_that_is_alone_is_no_sum() -> None:
    assert [found[0] for found in outcomes([line(reference="pi_1-1")], [entry()])] == [
        "missing_in_ledger",
        "missing_in_settlement",
    ]


def test_several_lines_of_one_reference_that_do_not_add_up_are_ambiguous() -> None:
    lines = [line(row=2, gross=3000), line(row=3, gross=1000)]
    assert outcomes(lines, [entry()]) == [("ambiguous", "reference", (2, 3), (1,))]


def test_a_line_beyond_the_parts_that_add_up_is_money_that_nobody_recorded() -> None:
    lines = [line(row=2, gross=3000), line(row=3, gross=2000), line(row=4, gross=123)]
    assert [found[:3] for found in outcomes(lines, [entry()])] == [
        ("suggested", "exact_sum", (2, 3)),
        ("missing_in_ledger", "left_over", (4,)),
    ]


def test_more_parts_than_the_limit_are_tried_as_a_whole_alone() -> None:
    count = SUM_ROWS_MAX + 1
    lines = [line(row=2 + place, gross=100 + place) for place in range(count)]
    total = sum(part.gross for part in lines)
    assert outcomes(lines, [entry(amount=total)])[0][:2] == ("suggested", "exact_sum")
    assert outcomes(lines, [entry(amount=total - 100)])[0][0] == "ambiguous"


def test_an_order_with_more_open_rows_than_the_limit_suggests_nothing() -> None:
    lines = [line(row=2 + place, reference="", order="42", gross=100 + place) for place in range(ORDER_ROWS_MAX + 1)]
    assert {found[0] for found in outcomes(lines, [entry(amount=100)])} == {
        "missing_in_ledger",
        "missing_in_settlement",
    }
    assert outcomes(lines[:-1], [entry(amount=100)])[0][0] == "suggested"


@pytest.mark.parametrize(("gross", "found"), [(4998, "suggested"), (5002, "suggested"), (4997, "missing_in_ledger")])
def test_amounts_within_the_tolerance_are_suggested_with_the_difference(gross: int, found: str) -> None:
    (first, *_) = results([line(reference="", order="42", gross=gross)], [entry()])
    assert first.outcome == found
    if found == "suggested":
        assert first.rule == "tolerance"
        assert Difference("amount", 5000, gross) in first.differs


def test_a_currency_without_a_tolerance_has_none() -> None:
    found = outcomes([line(reference="", order="42", gross=4999, currency="EUR")], [entry(currency="EUR")])
    assert found[0][0] == "missing_in_ledger"


def test_an_exact_amount_goes_before_one_within_the_tolerance() -> None:
    near = entry(position=2, reference="pi_2", amount=5001)
    assert outcomes([line(reference="", order="42")], [entry(), near]) == [
        ("suggested", "order_and_amount", (2,), (1,)),
        ("missing_in_settlement", "left_over", (), (2,)),
    ]


@pytest.mark.parametrize(("age_hours", "found"), [(71, "in_transit"), (72, "missing_in_settlement")])
def test_a_payment_is_in_transit_until_its_providers_delay_is_over(age_hours: int, found: str) -> None:
    young = entry(received_at=LATER - timedelta(hours=age_hours))
    assert outcomes([], [young])[0][0] == found


def test_a_payment_that_is_dated_ahead_is_neither_in_transit_nor_missing() -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert outcomes([], [entry(received_at=last)]) == []


def test_a_line_of_an_unknown_kind_is_shown_and_claims_nothing() -> None:
    assert outcomes([line(kind="Bonus")], [entry()]) == [
        ("unknown_kind", "kind", (2,), ()),
        ("missing_in_settlement", "left_over", (), (1,)),
    ]


@pytest.mark.parametrize("kind", ["payment_failure", "refund_failure", "chargeback_reversal", "chargeback"])
def test_each_kind_of_movement_is_matched_to_the_journals_same_kind_and_to_no_other(kind: str) -> None:
    moved = line(kind=kind, gross=5000 * SIGNS[kind])
    assert outcomes([moved], [entry(kind=kind)]) == [("matched", "reference_and_amount", (2,), (1,))]
    assert [found[0] for found in outcomes([moved], [entry()])] == ["missing_in_ledger", "missing_in_settlement"]


def test_money_that_was_pulled_back_and_that_the_ledger_says_is_there_is_an_open_difference() -> None:
    failed = line(row=3, kind="payment_failure", reference="pyr_1", gross=-5000, concerns=("pi_1",))
    assert outcomes([line(), failed], [entry()]) == [
        ("matched", "reference_and_amount", (2,), (1,)),
        ("missing_in_ledger", "left_over", (3,), ()),
    ]


def test_a_failure_of_another_reference_is_matched_by_the_payment_that_it_is_about() -> None:
    failed = line(kind="payment_failure", reference="pyr_1", gross=-5000, concerns=("pi_1",))
    known = entry(kind="payment_failure", reference="f_1", payment_reference="pi_1")
    assert outcomes([failed], [known]) == [("matched", "other_reference_and_amount", (2,), (1,))]


_OF_NO_ENTRY = ("adjustment", "reserve_held", "reserve_released", "transfer", "conversion", "payout_failure")


@pytest.mark.parametrize("kind", _OF_NO_ENTRY)
def test_adjustments_reserves_and_transfers_need_a_word_above_the_limit_of_the_rules(kind: str) -> None:
    rules = Rules(version="test", limits_minor={"USD": 500})
    for gross, found in ((-500, "noted"), (500, "noted"), (-501, "to_explain"), (0, "noted")):
        assert match_alone([line(kind=kind, gross=gross)], [], rules, as_of=LATER)[0].outcome == found
        assert outcomes([line(kind=kind, gross=gross)], [])[0][0] == ("to_explain" if gross else "noted")


@pytest.mark.parametrize("kind", ["fee", "fee_refund", "payout"])
def test_fees_and_payouts_are_no_business_of_the_journal(kind: str) -> None:
    assert results([line(kind=kind)], []) == []


@pytest.mark.parametrize("kind", ["refund_failure", "chargeback_reversal", "adjustment", "fee_refund", "NTRF+999"])
def test_a_banks_credit_is_the_payment_of_its_reference_and_amount_whatever_its_code(kind: str) -> None:
    credited = line(kind=kind, gross=5000, reference="E2E", aliases=("pi_1",), came_in=True)
    assert outcomes([credited], [entry()]) == [("matched", "reference_and_amount", (2,), (1,))]
    for other in (entry(reference="pi_2"), entry(amount=5001), entry(currency="EUR"), entry(provider="bank")):
        assert "matched" not in {outcome for outcome, *_ in outcomes([credited], [other])}


def test_text_that_names_many_orders_says_nothing_of_any() -> None:
    entries = [
        entry(position=place, order_id=place, order_key=f"k{place}", reference=f"r{place}") for place in range(1, 8)
    ]
    found = outcomes([line(reference="", order="1 2 3 4 5 6 7")], entries)
    assert found[0][0] == "missing_in_ledger"
