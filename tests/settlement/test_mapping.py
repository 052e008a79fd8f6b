"""Any other file, read by a mapping in TOML."""

from datetime import UTC, datetime

import pytest

from domain.refusals import InvalidField
from tests.settlement.making import lines_of, mapping_of, refusal_of, refused_at

BANK = """
delimiter = ";"
encoding = "windows-1252"
decimal = ","
date_format = "%d.%m.%Y"
timezone = "Europe/Berlin"
currency = "EUR"
header_row = 3

[columns]
reference = "Referenz"
kind = "Art"
gross = "Betrag"
fee = "Gebühr"
occurred_at = "Buchungstag"
order = "Verwendungszweck"

[kinds]
Zahlung = "payment"
Erstattung = "refund"

[signs]
gross = "by_direction"
direction = "S/H"
debit = "S"
credit = "H"
fee = "negative"
"""
EXPORT = """\
Umsätze des Kontos;DE89370400440532013000

Buchungstag;Art;Referenz;Betrag;S/H;Gebühr;Verwendungszweck;Saldo
01.03.2026;Zahlung;R-1;1234,56;H;-0,35;Bestellung 42;1.234,21
31.07.2026;Erstattung;R-2;10,00;S;;Größe falsch;1.224,21
31.07.2026;Zinsen;;0,01;H;;;1.224,22
"""


def test_a_banks_export_is_read_as_the_mapping_says() -> None:
    found = lines_of(EXPORT.encode("windows-1252"), BANK)
    assert [(line.row, line.kind, line.raw_kind, line.gross, line.fee, line.net) for line in found] == [
        (4, "payment", "Zahlung", 123456, 35, 123421),
        (5, "refund", "Erstattung", -1000, 0, -1000),
        (6, "Zinsen", "Zinsen", 1, 0, 1),
    ]
    assert {line.currency for line in found} == {"EUR"}
    assert [line.order for line in found] == ["Bestellung 42", "Größe falsch", ""]


def test_days_and_times_are_at_home_in_the_mappings_time_zone() -> None:
    winter, summer, _ = lines_of(EXPORT.encode("windows-1252"), BANK)
    assert winter.occurred_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert summer.occurred_at == datetime(2026, 7, 30, 22, tzinfo=UTC)


PLAIN = """
currency = "USD"
kind = "payment"
[columns]
net = "amount"
occurred_at = "day"
"""


def test_a_file_may_have_one_amount_one_kind_and_one_currency() -> None:
    (found,) = lines_of("day,amount\n2026-03-01,5.00\n", PLAIN)
    assert (found.kind, found.gross, found.net, found.currency, found.reference) == ("payment", 500, 500, "USD", "")


def test_unsigned_amounts_take_their_sign_from_the_kind() -> None:
    mapping = PLAIN.replace('kind = "payment"\n', "") + 'kind = "what"\n[signs]\ngross = "by_kind"\n'
    found = lines_of("day,what,amount\n2026-03-01,payment,5.00\n2026-03-01,payout,3.00\n", mapping)
    assert [line.net for line in found] == [500, -300]
    assert refused_at("day,what,amount\n2026-03-01,payment,-5.00\n", mapping) == (2, "amount")


@pytest.mark.parametrize(("kind", "says"), [("Bonus", "none of our kinds"), ("adjustment", "either way")])
def test_a_kind_that_says_no_sign_never_gets_one_by_silence(kind: str, says: str) -> None:
    mapping = PLAIN.replace('kind = "payment"\n', "") + 'kind = "what"\n[signs]\ngross = "by_kind"\n'
    refused = refusal_of(f"day,what,amount\n2026-03-01,{kind},5.00\n", mapping)
    assert (refused.row, refused.column) == (2, "what")
    assert says in refused.message


def test_a_decimal_point_where_commas_are_meant_is_refused() -> None:
    assert refused_at(EXPORT.replace("1234,56", "1234.56").encode("windows-1252"), BANK) == (4, "Betrag")


def test_a_thousands_separator_is_refused_wherever_it_may_be_mistaken() -> None:
    for written in ("1.234,56", "1 234,56", "1.234"):
        assert refused_at(EXPORT.replace("1234,56", written).encode("windows-1252"), BANK) == (4, "Betrag")


def test_a_mark_that_is_neither_debit_nor_credit_is_refused() -> None:
    assert refused_at(EXPORT.replace(";H;-", ";X;-").encode("windows-1252"), BANK) == (4, "S/H")


def test_a_date_that_the_pattern_does_not_fit_is_refused() -> None:
    for written in ("31.02.2026", "2026-03-01", "٠١.03.2026"):
        assert refused_at(
            EXPORT.replace("01.03.2026", written).encode("utf-8"), BANK.replace("windows-1252", "utf-8")
        ) == (4, "Buchungstag")


@pytest.mark.parametrize(("written", "hour"), [("+0200", 8), ("+02:00", 8), ("-0130", 11), ("Z", 10)])
def test_a_date_format_takes_an_offset(written: str, hour: int) -> None:
    mapping = 'date_format = "%d.%m.%Y %H:%M %z"\ntimezone = "Europe/Berlin"\n' + PLAIN
    (found,) = lines_of(f"day,amount\n01.03.2026 10:00 {written},5.00\n", mapping)
    assert (found.occurred_at.hour, found.occurred_at.minute) == (hour, 30 if written == "-0130" else 0)


def test_a_column_that_the_mapping_names_and_the_file_has_not_is_named() -> None:
    assert refused_at(EXPORT.replace("S/H", "H/S").encode("windows-1252"), BANK) == (3, "S/H")


def test_utf_16_can_be_asked_for() -> None:
    (found,) = lines_of("day,amount\n2026-03-01,5.00\n".encode("utf-16"), 'encoding = "utf-16"\n' + PLAIN)
    assert found.gross == 500


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ('net = "amount"\n', "", "columns.gross"),
        ('currency = "USD"', "", "columns.currency"),
        ('currency = "USD"', 'currency = "XYZ"', "currency"),
        ('kind = "payment"', "", "columns.kind"),
        ('occurred_at = "day"', "", "columns.occurred_at"),
        ("[columns]", 'timezone = "Mars/Base"\n[columns]', "timezone"),
        ("[columns]", 'timezone = "../../etc/passwd"\n[columns]', "timezone"),
        ("[columns]", 'date_format = "%d.%m"\n[columns]', "date_format"),
        ("[columns]", 'date_format = "%Q"\n[columns]', "date_format"),
        ("[columns]", 'date_format = "%d.%m.%Y %Z"\n[columns]', "date_format"),
        ("[columns]", 'delimiter = ";;"\n[columns]', "delimiter"),
        ("[columns]", 'encoding = "rot13"\n[columns]', "encoding"),
        ("[columns]", "header_row = 0\n[columns]", "header_row"),
        ("[columns]", "surprise = 1\n[columns]", "surprise"),
        ("[columns]", '[signs]\ngross = "by_direction"\n[columns]', "signs.direction"),
        ("[columns]", '[kinds]\nSale = "sale"\n[columns]', "kinds.Sale"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_by_its_field(before: str, after: str, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        mapping_of(PLAIN.replace(before, after))
    assert refused.value.field == field


def test_every_fault_in_a_mapping_is_named_at_once() -> None:
    wrong = PLAIN.replace('currency = "USD"', 'currency = "XYZ"\ntimezone = "Mars"\ndate_format = "%d.%m"')
    with pytest.raises(InvalidField) as refused:
        mapping_of(wrong.replace('net = "amount"\n', ""))
    assert [field for field, _ in refused.value.faults] == ["columns.gross", "currency", "timezone", "date_format"]


def test_all_columns_that_are_missing_are_named_at_once() -> None:
    refused = refusal_of("Tag;Wert\n01.03.2026;5,00\n", BANK.replace("header_row = 3\n", ""))
    assert refused.column == "Buchungstag"
    assert "nor 'Referenz', 'Art', 'Betrag', 'Gebühr', 'Verwendungszweck'" in refused.message


@pytest.mark.parametrize(
    ("encoding", "day", "amount", "text"),
    [
        ("windows-1251", "Дата", "Сумма", "Заказ 42"),
        ("windows-1253", "Ημερομηνία", "Ποσό", "Παραγγελία 42"),
        ("windows-1254", "Tarih", "Tutar", "Sipariş 42"),
        ("windows-1256", "تاريخ", "المبلغ", "طلب 42"),
        ("iso-8859-2", "Dátum", "Összeg", "Rendelés 42 ő"),
        ("cp932", "日付", "金額", "注文 42 ①"),
        ("gb18030", "日期", "金额", "订单 42"),
        ("big5", "日期", "金額", "訂單 42"),
        ("euc-kr", "날짜", "금액", "주문 42"),
    ],
)
def test_files_are_read_in_the_encodings_of_other_countries_and_refused_where_they_are_in_another(
    encoding: str, day: str, amount: str, text: str
) -> None:
    mapping = mapping_of(f"""
currency = "USD"
kind = "payment"
encoding = "{encoding}"

[columns]
occurred_at = "{day}"
gross = "{amount}"
order = "x"
""")
    written = f"{day},{amount},x\n2026-03-01,5.00,{text}\n"
    (found,) = lines_of(written.encode(encoding), mapping)
    assert (found.gross, found.order) == (500, text)
    assert refusal_of(written.encode("utf-16"), mapping).message
