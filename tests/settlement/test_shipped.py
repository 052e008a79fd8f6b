"""The layouts that the program describes itself, each tried on a file typed after the provider's own description."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from domain.reconciliation.rules import DEFAULT, rules_from
from domain.reconciliation.tieout import tie_out
from domain.settlement.lines import KINDS, Balance, Line, Misfit, SettlementRefused
from domain.settlement.reading import read
from domain.settlement.shipped import recognise, shipped
from tests.settlement.making import own, stream_of, text, xlsx

FILES = Path(__file__).with_name("files")
Told = tuple[str, str, int, int, str]


def settled(name: str) -> tuple[list[Line], list[Balance]]:
    """The lines and balances of a sample file, read by the layout that its header is recognised as."""
    balances: list[Balance] = []
    with (FILES / name).open("rb") as file:
        known = recognise(file)
        mapping = shipped()[known].mapping if known else None
        return list(read(file, name, "x", mapping, balances.append)), balances


def told(name: str) -> list[Told]:
    return [(line.kind, line.reference, line.gross, line.fee, line.payout) for line in settled(name)[0]]


@pytest.mark.parametrize(
    ("word", "debit", "credit", "kind"),
    [
        ("AuthorisationSchemeFee", "0.10", "", "fee"),
        ("SettleCost", "0.10", "", "fee"),
        ("SentForSettle", "", "5.00", "payment"),
        ("SentForRefund", "5.00", "", "refund"),
        ("CaptureFailed", "5.00", "", "payment_failure"),
        ("RefundFailed", "", "5.00", "refund_failure"),
        ("SettledInstallment", "", "5.00", "payment"),
        ("MerchantPayin", "", "5.00", "transfer"),
    ],
)
def test_adyens_rarer_journal_types_are_kinds(word: str, debit: str, credit: str, kind: str) -> None:
    header = "Psp Reference,Type,Net Currency,Net Debit (NC),Net Credit (NC),Creation Date,Modification Reference"
    row = f"8815,{word},EUR,{debit},{credit},2026-03-01 10:22:31,8816"
    (found,) = read(stream_of(f"{header}\n{row}\n"), "f", "adyen", shipped()["adyen"].mapping)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("word", "amount", "kind"),
    [
        ("chargeback lost", "-5.00", "chargeback"),
        ("chargeback won", "5.00", "chargeback_reversal"),
        ("dispute_withdrawal", "-5.00", "chargeback"),
        ("dispute_reversal", "5.00", "chargeback_reversal"),
        ("chargeback_fee", "-15.00", "fee"),
        ("chargeback_fee_refund", "15.00", "fee_refund"),
        ("chargeback_hold_release", "5.00", "reserve_released"),
        ("reserved_funds_withdrawal", "-5.00", "reserve_held"),
        ("risk_reversal", "5.00", "reserve_released"),
        ("transfer_failure", "5.00", "payout_failure"),
        ("shipping_label", "-5.00", "fee"),
        ("shop_cash_credit", "5.00", "adjustment"),
        ("shopify_collective_debit", "-5.00", "adjustment"),
    ],
)
def test_shopifys_rarer_types_are_kinds(word: str, amount: str, kind: str) -> None:
    header = "Transaction Date,Type,Order,Payout Status,Payout Date,Amount,Fee,Net,Currency"
    row = f"2026-03-01 10:22:31 +0100,{word},#1001,paid,2026-03-04,{amount},0.00,{amount},EUR"
    (found,) = read(stream_of(f"{header}\n{row}\n"), "f", "shopify", shipped()["shopify-payouts"].mapping)
    assert found.kind == kind


SAMPLES: dict[str, list[Told]] = {
    "adyen.csv": [
        ("payment", "8815658961765250", 10000, 153, "42"),
        ("payment", "8815658961765260", 5000, 25, "42"),
        ("refund", "8815658961765252", -1000, 0, "42"),
        ("chargeback", "8815658961765271", -2000, 1500, "42"),
        ("fee", "", -120, 0, "42"),
        ("transfer", "", 398, 0, "42"),
        ("payout", "TX1234567XT batch 42, ShopEU", -10600, 0, "42"),
    ],
    "shopify-payouts.csv": [
        ("payment", "#c26412345678", 10000, 320, "2026-03-04"),
        ("refund", "#c26412345678", -1000, 0, "2026-03-04"),
        ("chargeback", "#c26412345600", -2000, 1500, "2026-03-04"),
        ("adjustment", "", 50, 0, "2026-03-04"),
    ],
    "stripe-balance.csv": [
        ("payment", "ch_1", 100000, 2930, "po_1"),
        ("refund", "re_1", -1000, 0, "po_1"),
        ("chargeback", "dp_1", -2000, 1500, "po_1"),
        ("chargeback_reversal", "dp_1", 2000, 0, "po_1"),
        ("fee", "txn_5", -200, 0, "po_1"),
        ("payment_failure", "pyr_1", -500, 0, "po_1"),
        ("payout", "po_1", -93870, 0, "po_1"),
    ],
    "stripe-default.csv": [("payment", "txn_1", 10000, 320, ""), ("refund", "txn_2", -1000, 0, "")],
    "mollie.csv": [
        ("payment", "tr_7UhSN1zuXS", 10000, 0, "1234567.2603.01"),
        ("refund", "re_4qqhO89gsT", -1000, 0, "1234567.2603.01"),
        ("chargeback", "chb_n9z0tp", -2000, 0, "1234567.2603.01"),
    ],
    "mollie-nl.csv": [("payment", "tr_7UhSN1zuXS", 10000, 0, "1234567.2603.01")],
    "square.csv": [("payment", "pay1", 108000, 2818, "3RD7"), ("refund", "pay2", -1000, -26, "3RD8")],
    "razorpay.csv": [
        ("payment", "pay_G8VaL2Z68LRtDs", 10000000, 236000, "setl_Z6t7VFTb9xHeOs"),
        ("refund", "rfnd_FP8QHiV938haTz", -1000, 0, "setl_Z6t7VFTb9xHeOs"),
    ],
    "paypal-activity-de.csv": [
        ("payment", "4AB12345CD678901E", 100000, 2930, ""),
        ("refund", "6AB12345CD678901E", -1000, -29, ""),
    ],
    **{
        f"paypal-activity-{language}.csv": [
            ("payment", "4AB12345CD678901E", 100000, 2930, ""),
            ("refund", "6AB12345CD678901E", -1000, -29, ""),
            ("payout", "7AB12345CD678901E", -96099, 0, ""),
        ]
        for language in ("fr", "es", "it", "nl")
    },
    "amazon-v2.txt": [
        ("payout", "17456789011", -11650, 0, "17456789011"),
        ("fee", "", -3999, 0, "17456789011"),
        ("reserve_released", "", 8909, 0, "17456789011"),
        ("payment", "111-2222222-3333333", 10800, 2300, "17456789011"),
        ("refund", "A1", -2000, -240, "17456789011"),
    ],
    "paypal-trr.csv": [
        ("payment", "4AB1", 7990, 262, ""),
        ("adjustment", "5AB1", 0, 0, ""),
        ("adjustment", "6AB1", 0, 0, ""),
        ("payment", "7AB1", 4000, 130, ""),
        ("refund", "8AB1", -1000, 0, ""),
        ("payment_failure", "7AB1", -4000, -130, ""),
    ],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_read_to_the_cent(name: str) -> None:
    assert told(name) == SAMPLES[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_ties_out_where_it_has_a_payout(name: str) -> None:
    assert [row for statement in tie_out(*settled(name)) for row in statement.unexplained] == []


def test_a_header_that_two_layouts_have_is_told_apart_by_its_days_or_asked_about() -> None:
    american = (FILES / "paypal-activity.csv").read_text("utf-8")
    assert recognise(stream_of(american)) == "paypal-activity"
    assert recognise(stream_of(re.sub('"03/([0-9]{2})/2026"', r'"\1/03/2026"', american))) == "paypal-activity-uk"
    either = re.sub('"03/[0-9]{2}/2026"', '"03/04/2026"', american)
    with pytest.raises(Misfit) as caught:
        recognise(stream_of(either))
    assert "paypal-activity or paypal-activity-uk; say which" in caught.value.message


@pytest.mark.parametrize(("name", "hour"), [("paypal-activity", 17), ("paypal-activity-uk", 10)])
def test_a_layout_can_be_chosen_by_its_name(name: str, hour: int) -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8")
    file = "\n".join(file.splitlines()[:2]).replace("03/14/2026", "03/12/2026")
    rules = rules_from(f"{DEFAULT}\n{shipped()[name].text}")
    (found,) = read(stream_of(file + "\n"), "f", "paypal", rules.mapping("paypal"))
    assert (found.kind, found.gross, found.fee) == ("payment", 100000, 2930)
    assert (found.occurred_at.hour, found.occurred_at.month) == (hour, 3 if name == "paypal-activity" else 12)


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "nl"])
def test_a_language_has_its_own_words_its_days_and_the_payment_that_a_refund_is_about(language: str) -> None:
    first, second = settled(f"paypal-activity-{language}.csv")[0][:2]
    assert (first.occurred_at, first.order) == (datetime(2026, 3, 1, 9, 22, 31, tzinfo=UTC), "1041")
    assert second.concerns == (first.reference,)


def test_a_row_that_is_not_completed_and_a_purchase_are_no_payments() -> None:
    with (FILES / "paypal-activity.csv").open("rb") as file:
        found = list(read(file, "f", "x", shipped()["paypal-activity"].mapping))
    assert [(line.kind, line.gross, line.fee, line.concerns) for line in found] == [
        ("payment", 100000, 2930, ()),
        ("refund", -1000, -29, ("4AB12345CD678901E",)),
        ("reserve_held", -5000, 0, ("4AB12345CD678901E",)),
        ("adjustment", -500, 0, ()),
        ("payout", -90599, 0, ()),
    ]


def test_a_layout_is_recognised_in_a_workbook_and_below_other_lines() -> None:
    header, first, *_ = (FILES / "mollie.csv").read_text("utf-8").splitlines()
    preamble = "Settlement of March;\n\n"
    assert recognise(stream_of(f"{preamble}{header}\n{first}\n")) == "mollie"
    rows = [
        [text(column, cell) for column, cell in zip("ABCDEFGHIJKLMN", row.split(","), strict=True)]
        for row in (header, first)
    ]
    book = stream_of(xlsx([text("A", "March")], *rows))
    assert recognise(book) == "mollie"
    (found,) = read(book, "f", "x", shipped()["mollie"].mapping)
    assert found.gross == 10000


@pytest.mark.parametrize("file", [own("pi_1,payment,1,,,USD,2026-03-01,,"), "", "\x00\x01", "<x/>", ":20:S1\n"])
def test_other_files_are_recognised_as_none(file: str) -> None:
    assert recognise(stream_of(file)) is None


@pytest.mark.parametrize("name", shipped())
def test_each_description_names_our_kinds_and_what_it_is_recognised_by(name: str) -> None:
    text_, mapping = shipped()[name]
    assert text_.startswith("# ")
    assert "https://" in text_.partition("[file]")[0]
    assert len(mapping.recognised_by) >= 6
    kinds = {
        kind for meaning in mapping.kinds.values() for kind in ([meaning] if isinstance(meaning, str) else meaning)
    }
    assert kinds <= set(KINDS)
    assert {"payment", "refund"} <= kinds
    assert rules_from(f"{DEFAULT}\n{text_}").file == mapping


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ("116.50\tUSD", "116.5O\tUSD", "total-amount"),
        ("\tPrincipal\t100.00", "\tPrincipal\t", "amount"),
        ("2026-03-02 10:22:31 UTC", "2026-03-02 10:22:31 PST", "posted-date-time"),
        ("116.50\tUSD", "116.50\tUSX", "currency"),
    ],
)
def test_an_amazon_file_that_does_not_fit_is_refused(before: str, after: str, column: str) -> None:
    whole = (FILES / "amazon-v2.txt").read_text("utf-8")
    with pytest.raises(Exception, match=f"column {column}"):
        list(read(stream_of(whole.replace(before, after)), "f", "x"))


def test_an_amazon_file_of_europe_is_read_with_its_commas_and_days() -> None:
    whole = (FILES / "amazon-v2.txt").read_text("utf-8").replace("USD", "EUR").replace("2026-03-02", "02.03.2026")
    for amount in ("116.50", "100.00", "8.00", "5.00", "15.00", "20.00", "3.00", "0.60", "39.99", "89.09"):
        whole = whole.replace(f"\t{amount}\t", f"\t{amount.replace('.', ',')}\t")
        whole = whole.replace(f"\t-{amount}\t", f"\t-{amount.replace('.', ',')}\t")
    found = list(read(stream_of(whole), "f", "x"))
    assert [(line.kind, line.gross, line.fee) for line in found if line.kind == "payment"] == [("payment", 10800, 2300)]
    assert {line.occurred_at.day for line in found if line.kind == "payment"} == {2}


@pytest.mark.parametrize(
    ("name", "was", "becomes", "utc"),
    [
        ("adyen.csv", ",CET,", ",PST,", datetime(2026, 3, 1, 18, 22, 31, tzinfo=UTC)),
        ("paypal-activity.csv", '"PDT"', '"AEDT"', datetime(2026, 3, 13, 23, 22, 31, tzinfo=UTC)),
        ("paypal-activity-de.csv", '"CET"', '"GMT"', datetime(2026, 3, 1, 10, 22, 31, tzinfo=UTC)),
        ("square.csv", "Eastern Time", "Pacific Time", datetime(2026, 3, 1, 18, 22, 31, tzinfo=UTC)),
    ],
)
def test_a_time_is_in_the_zone_that_stands_beside_it(name: str, was: str, becomes: str, utc: datetime) -> None:
    file = stream_of((FILES / name).read_text("utf-8").replace(was, becomes))
    known = recognise(file)
    assert known is not None
    assert next(iter(read(file, name, "x", shipped()[known].mapping))).occurred_at == utc


@pytest.mark.parametrize("column", ["TimeZone", "Time Zone", "Time zone"])
@pytest.mark.parametrize(
    ("day", "word", "utc"),
    [
        ("29/12/2026", "PST", datetime(2026, 12, 29, 18, 22, 31, tzinfo=UTC)),
        ("19/06/2026", "PDT", datetime(2026, 6, 19, 17, 22, 31, tzinfo=UTC)),
        ("19/06/2026", "BST", datetime(2026, 6, 19, 9, 22, 31, tzinfo=UTC)),
        ("29/12/2026", "AEDT", datetime(2026, 12, 28, 23, 22, 31, tzinfo=UTC)),
        ("29/12/2026", "SGT", datetime(2026, 12, 29, 2, 22, 31, tzinfo=UTC)),
        ("29/12/2026", "Europe/Dublin", datetime(2026, 12, 29, 10, 22, 31, tzinfo=UTC)),
        ("19/06/2026", "", datetime(2026, 6, 19, 9, 22, 31, tzinfo=UTC)),
    ],
)
def test_paypals_day_before_month_has_the_zone_that_stands_beside_it(
    column: str, day: str, word: str, utc: datetime
) -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8")
    file = "\n".join(file.splitlines()[:2]).replace("03/14/2026", day).replace("PDT", word).replace("TimeZone", column)
    known = recognise(stream_of(file))
    assert known == "paypal-activity-uk"
    (found,) = read(stream_of(file + "\n"), "f", "paypal", shipped()[known].mapping)
    assert found.occurred_at == utc


def test_a_zone_of_paypals_that_two_countries_have_is_asked_about() -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8")
    file = "\n".join(file.splitlines()[:2]).replace("03/14/2026", "19/06/2026").replace("PDT", "IST")
    with pytest.raises(SettlementRefused, match="'IST' is no time zone that is known here; the rules' timezones"):
        list(read(stream_of(file + "\n"), "f", "paypal", shipped()["paypal-activity-uk"].mapping))


def test_a_currency_that_somebody_had_paypal_change_is_a_conversion() -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8")
    file = file.replace("Express Checkout Payment", "User Initiated Currency Conversion")
    assert next(read(stream_of(file), "f", "x", shipped()["paypal-activity"].mapping)).kind == "conversion"


def test_mollies_withheld_fees_and_captures_are_read_and_no_refunds() -> None:
    header = (FILES / "mollie.csv").read_text("utf-8").splitlines()[0]
    rows = (
        ",,EUR,-2.88,,,Withheld transaction fees 2026.10000,,,,EUR,-2.88,R1,",
        ",,EUR,-1.20,paidout,,Withheld fees 2026.10001,,,,EUR,-1.20,R1,",
        ",,EUR,40.00,,cpt_1,Original payment: tr_9 - Order 1042,,,,EUR,40.00,R1,",
        ",klarnapaylater,EUR,30.00,paid,tr_8,Order 1043,,,,EUR,30.00,R1,",
        ",chargeback,EUR,-30.00,,chb_1,,,,,EUR,-30.00,R1,",
        ",refund,EUR,-5.00,pending,re_1,Order 1043,,,,EUR,-5.00,R1,",
    )
    file = "\n".join((header, *(f"2026-10-04T02:00:00+00:00{row}" for row in rows), ""))
    assert recognise(stream_of(file)) == "mollie"
    found = read(stream_of(file), "f", "mollie", shipped()["mollie"].mapping)
    assert [(line.kind, line.reference, line.gross) for line in found] == [
        ("fee", "", -288),
        ("fee", "", -120),
        ("payment", "cpt_1", 4000),
        ("payment", "tr_8", 3000),
        ("chargeback", "chb_1", -3000),
        ("refund", "re_1", -500),
    ]


def test_an_amazon_file_may_write_its_times_with_an_offset() -> None:
    file = (FILES / "amazon-v2.txt").read_text("utf-8")
    found = list(read(stream_of(file.replace("2026-03-02 10:22:31 UTC", "2026-03-02T11:22:31+01:00")), "f", "amazon"))
    assert found == list(read(stream_of(file), "f", "amazon"))


@pytest.mark.parametrize(
    ("name", "completed", "pending"),
    [
        ("paypal-activity", "Completed", "Pending"),
        ("paypal-activity-uk", "Completed", "Pending"),
        ("paypal-activity-eu", "Completed", "Pending"),
        ("paypal-activity-de", "Abgeschlossen", "Ausstehend"),
        ("paypal-activity-es", "Completado", "Pendiente"),
        ("paypal-activity-fr", "Terminé", "En attente"),
        ("paypal-activity-it", "Completata", "In sospeso"),
        ("paypal-activity-nl", "Voltooid", "In behandeling"),
    ],
)
def test_pending_money_at_paypal_has_not_come_in_but_has_gone_out(name: str, completed: str, pending: str) -> None:
    """In some shops' downloads a withdrawal stays pending for good, and the balance is without it at once."""
    file = (FILES / f"{name.removesuffix('-uk').removesuffix('-eu')}.csv").read_text("utf-8-sig")
    if name.endswith("-uk") or name.endswith("-eu"):
        file = re.sub(r'"(\d\d)/(\d\d)/2026"', r'"\2/\1/2026"', file)
    if name.endswith("-eu"):
        file = re.sub(r'"(-?[0-9,]+)\.([0-9]{2})"', lambda found: f'"{found[1].replace(",", ".")},{found[2]}"', file)
    mapping = shipped()[name].mapping
    whole = list(read(stream_of(file), "f", "paypal", mapping))
    held = list(read(stream_of(file.replace(completed, pending)), "f", "paypal", mapping))
    assert held == [line for line in whole if line.net < 0] != []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp932"])
def test_an_amazon_file_is_read_in_whatever_encoding_its_marketplace_writes(encoding: str) -> None:
    file = (FILES / "amazon-v2.txt").read_text("utf-8")
    sku = {"cp932": "靴-1"}.get(encoding, "GRÜN-1")
    written = BytesIO(file.replace("HP-1", sku).encode(encoding))
    assert list(read(written, "f", "amazon")) == list(read(stream_of(file), "f", "amazon"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda text: text.replace("J Doe", "J Döe").encode("cp1252"), "row 2, column 4: the text is not utf-8"),
        (lambda text: (text + text).encode(), "row 8: the header stands here a second time"),
        (
            lambda text: re.sub("03/([0-9]{2})/", r"03.\1.", text).encode(),
            "row 2, column Date: '03.14.2026 10:22:31' is no",
        ),
        (lambda text: text.encode("utf-16"), "row 1: the text is UTF-16, and not utf-8; save it as UTF-8"),
        (lambda text: text.encode("utf-16-le"), "row 1: the text is not utf-8"),
        (lambda text: text.replace('","', '";"').encode(), "are the cells parted by another mark?"),
    ],
)
def test_the_fault_of_a_file_is_said_and_not_that_two_layouts_have_its_header(
    changed: Callable[[str], bytes], said: str
) -> None:
    file = changed((FILES / "paypal-activity.csv").read_text("utf-8"))
    known = recognise(BytesIO(file))
    with pytest.raises(SettlementRefused, match=re.escape(said)):
        list(read(BytesIO(file), "f", "paypal", shipped()[known].mapping if known else None))


def test_a_header_alone_that_two_layouts_have_is_a_file_of_nothing() -> None:
    file = stream_of((FILES / "paypal-activity.csv").read_text("utf-8").splitlines()[0] + "\n")
    assert recognise(file) == "paypal-activity"
    assert list(read(file, "f", "paypal", shipped()["paypal-activity"].mapping)) == []


@pytest.mark.parametrize("name", ["paypal-activity", "paypal-activity-uk"])
@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Donation Payment", "payment"),
        ("Pre-approved Payment Bill User Payment", "payment"),
        ("Mass Pay Payment", "payment"),
        ("Payment Review Release", "reserve_released"),
        ("Fee Refund", "fee_refund"),
        ("General Card Deposit", "transfer"),
    ],
)
def test_paypals_rarer_words_have_their_kinds(name: str, word: str, kind: str) -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8").replace("Express Checkout Payment", word)
    file = file if name == "paypal-activity" else re.sub('"03/([0-9]{2})/2026"', r'"\1/03/2026"', file)
    assert next(read(stream_of(file), "f", "x", shipped()[name].mapping)).kind == kind


def test_the_english_download_of_an_account_on_the_continent_has_its_commas() -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8")
    file = re.sub('"03/([0-9]{2})/2026"', r'"\1/03/2026"', file)
    points = list(read(stream_of(file), "f", "x", shipped()["paypal-activity-uk"].mapping))
    file = re.sub(r'"(-?[0-9,]+)\.([0-9]{2})"', lambda found: f'"{found[1].replace(",", ".")},{found[2]}"', file)
    assert recognise(stream_of(file)) == "paypal-activity-eu"
    assert list(read(stream_of(file), "f", "x", shipped()["paypal-activity-eu"].mapping)) == points


def test_layouts_that_read_a_file_alike_are_not_asked_about() -> None:
    file = (FILES / "paypal-activity.csv").read_text("utf-8")
    file = "\n".join(file.splitlines()[:2]).replace("03/14/2026", "14/03/2026")
    for amount, whole in (("1,000.00", "100"), ("-29.30", "-3"), ("970.70", "97")):
        file = file.replace(amount, whole)
    known = recognise(stream_of(file + "\n"))
    assert known in {"paypal-activity-eu", "paypal-activity-uk"}
    (found,) = read(stream_of(file + "\n"), "f", "x", shipped()[known].mapping)
    assert (found.gross, found.net) == (10000, 9700)
