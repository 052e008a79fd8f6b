"""The real files of providers and banks: can a shop's own description say how to read them?"""

from datetime import UTC, datetime

import pytest

from domain.refusals import InvalidField
from domain.settlement.lines import Line
from tests.settlement.making import lines_of, mapping_of, number, refusal_of, refused_at, text, xlsx

DAY = "2026-03-01"


def described(file: str, *said: str, columns: str = "", tables: str = "", currency: str = "USD") -> list[Line]:
    return lines_of(file, rules(*said, columns=columns, tables=tables, currency=currency))


def rules(*said: str, columns: str = "", tables: str = "", currency: str = "USD") -> str:
    amount = "" if "gross" in columns or "debit" in columns else 'gross = "amount"\n'
    when = "" if "occurred_at" in columns else 'occurred_at = "day"\n'
    kind = "" if "kind" in columns else 'kind = "adjustment"\n'
    head = "\n".join((f'currency = "{currency}"', kind, *said))
    return f"{head}\n[columns]\n{when}{amount}{columns}\n{tables}\n"


def amounts(written: str, *said: str, currency: str = "USD") -> list[int]:
    return [line.gross for line in described(f'day,amount\n{DAY},"{written}"\n', *said, currency=currency)]


@pytest.mark.parametrize(
    ("written", "said", "minor"),
    [
        ("+5.00", "", 500),
        ("5.00-", "", -500),
        ("5.00 -", "", -500),
        ("(5.00)", "", -500),
        ("($5.00)", "", -500),
        ("-$5.00", "", -500),
        ("$-5.00", "", -500),
        ("$ 5.00", "", 500),
        ("5.00 $", "", 500),
        ("R$ 5.00", "", 500),
        ("kr 5.00", "", 500),
        ("USD 5.00", "", 500),
        ("5.00 usd", "", 500),
        ("US$5.00", "", 500),
        ("−5.00", "", -500),
        (".50", "", 50),
        ("1,234.56", 'thousands = ","', 123456),
        ("12,34,567.00", 'thousands = ","', 123456700),
        ("1234.56", 'thousands = ","', 123456),
        ("1.234,56", 'thousands = "."\ndecimal = ","', 123456),
        ("1'234.56", 'thousands = "\'"', 123456),
        ("1’234.56", 'thousands = "\'"', 123456),
        ("1 234,56", 'thousands = " "\ndecimal = ","', 123456),
        ("1\u202f234,56", 'thousands = " "\ndecimal = ","', 123456),
        ("12345", "minor_units = true", 12345),
        ("-12345", "minor_units = true", -12345),
        ("۱۲۳۴٫۵۶", 'digits = "persian"', 123456),
        ("۱٬۲۳۴٫۵۶", 'digits = "persian"\nthousands = ","', 123456),
        ("-٥", 'digits = "persian"', -500),
    ],
)
def test_an_amount_is_read_as_it_is_written(written: str, said: str, minor: int) -> None:
    assert amounts(written, said) == [minor]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1,234.56", ""),
        ("1.234", ""),
        ("12.000", ""),
        ("1,23.00", 'thousands = ","'),
        ("1,2345", 'thousands = ","'),
        ("12345,678.00", 'thousands = ","'),
        ("1,,234", 'thousands = ","'),
        ("5.0O", ""),
        ("l5.00", ""),
        ("5.00 EUR", ""),
        ("€5.00", ""),
        ("5.00%", ""),
        ("5.00 per item", ""),
        ("--5.00", ""),
        ("-5.00-", ""),
        ("(-5.00)", ""),
        ("(5.00", ""),
        ("+-5.00", ""),
        ("5.00 6.00", ""),
        ("=5.00", ""),
        ("five", ""),
        ("12.50", "minor_units = true"),
        ("۵", ""),
    ],
)
def test_an_amount_that_may_be_another_is_refused(written: str, said: str) -> None:
    assert refused_at(f'day,amount\n{DAY},"{written}"\n', rules(said)) == (2, "amount")


@pytest.mark.parametrize("nothing", ["", "-", "--", "—"])
def test_a_dash_is_nothing(nothing: str) -> None:
    (found,) = described(f"day,amount,fee\n{DAY},5.00,{nothing}\n", columns='fee = "fee"')
    assert (found.gross, found.fee) == (500, 0)


@pytest.mark.parametrize(
    ("debit", "credit", "gross"), [("5.00", "", -500), ("-5.00", "", -500), ("", "5.00", 500), ("0.00", "5.00", 500)]
)
def test_debit_and_credit_may_have_a_column_each(debit: str, credit: str, gross: int) -> None:
    (found,) = described(f"day,out,in\n{DAY},{debit},{credit}\n", columns='debit = "out"\ncredit = "in"')
    assert found.gross == gross


@pytest.mark.parametrize(("debit", "credit", "column"), [("5", "5", "out"), ("", "-5", "in"), ("", "", "out")])
def test_debit_and_credit_are_never_both(debit: str, credit: str, column: str) -> None:
    assert refused_at(f"day,out,in\n{DAY},{debit},{credit}\n", rules(columns='debit = "out"\ncredit = "in"')) == (
        2,
        column,
    )


def test_several_fee_columns_add_up() -> None:
    (found,) = described(f"day,amount,a,b,c\n{DAY},5.00,0.10,,0.02\n", columns='fee = ["a", "b", "c"]')
    assert (found.fee, found.net) == (12, 488)


@pytest.mark.parametrize(
    ("day", "time", "said", "utc"),
    [
        ("01.03.2026", "10:30", 'date_format = "%d.%m.%Y %H:%M"\ntimezone = "Europe/Berlin"', (2026, 3, 1, 9, 30)),
        ("2026-03-01", "10:30:00", "", (2026, 3, 1, 10, 30)),
        ("2026-03-01", "", "", (2026, 3, 1)),
        ("1404/12/10", "10:30", 'calendar = "jalali"', (2026, 3, 1, 10, 30)),
        ("۱۴۰۴/۱۲/۱۰", "۱۰:۳۰", 'calendar = "jalali"\ndigits = "persian"', (2026, 3, 1, 10, 30)),
    ],
)
def test_a_day_and_its_time_may_stand_in_two_columns(day: str, time: str, said: str, utc: tuple[int, ...]) -> None:
    (found,) = described(f"day,time,amount\n{day},{time},5.00\n", said, columns='occurred_at = ["day", "time"]')
    assert found.occurred_at == datetime(*utc, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "said", "utc"),
    [
        ("1772361000", 'date_format = "unix"', (2026, 3, 1, 10, 30)),
        ("1772361000.25", 'date_format = "unix"', (2026, 3, 1, 10, 30)),
        ("1772361000000", 'date_format = "unix_ms"', (2026, 3, 1, 10, 30)),
        ("1404-12-10", 'calendar = "jalali"', (2026, 3, 1)),
        ("1403/12/30", 'calendar = "jalali"', (2025, 3, 20)),
        ("10/12/1404 10:30", 'calendar = "jalali"\ndate_format = "%d/%m/%Y %H:%M"', (2026, 3, 1, 10, 30)),
        ("10 اسفند 1404", 'calendar = "jalali"\ndate_format = "%d %B %Y"', (2026, 3, 1)),
        ("۱۰ اسفند ۱۴۰۴", 'calendar = "jalali"\ndate_format = "%d %B %Y"\ndigits = "persian"', (2026, 3, 1)),
        ("1404/12/10", 'calendar = "jalali"\ntimezone = "Asia/Tehran"', (2026, 2, 28, 20, 30)),
    ],
)
def test_a_time_is_read_as_it_is_written(written: str, said: str, utc: tuple[int, ...]) -> None:
    (found,) = described(f"day,amount\n{written},5.00\n", said)
    assert found.occurred_at == datetime(*utc, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1404/12/30", 'calendar = "jalali"'),
        ("1404/13/01", 'calendar = "jalali"'),
        ("9999/01/01", 'calendar = "jalali"'),
        ("2026-03-01", 'date_format = "unix"'),
        ("-5", 'date_format = "unix"'),
        ("9" * 15, 'date_format = "unix"'),
        ("۱۴۰۴/۱۲/۱۰", 'calendar = "jalali"'),
    ],
)
def test_a_time_that_is_none_is_refused(written: str, said: str) -> None:
    assert refusal_of(f"day,amount\n{written},5.00\n", rules(said)).column == "day"


FILE = """\
Report of March;;;
Account;77;;
day;what;state;amount
2026-03-01;sale;done;5.00
2026-03-01;sale;open;6.00
2026-03-01;back;done;-1.00
2026-03-02;hold;done;-2.00
2026-03-03;hold;done;2.00
Total;;;4.00
printed on paper
"""
KINDS = """
[kinds]
"sale / done" = "payment"
"back / *" = "refund"
"hold / *" = ["reserve_held", "reserve_released"]
"""


def test_a_file_is_read_without_what_stands_above_between_and_below_its_lines() -> None:
    skip = '[skip]\nfrom = ["Total"]\ncells = {state = ["open"]}\n'
    found = described(FILE, 'delimiter = ";"', columns='kind = ["what", "state"]', tables=KINDS + skip)
    assert [(line.row, line.kind, line.raw_kind, line.gross) for line in found] == [
        (4, "payment", "sale / done", 500),
        (6, "refund", "back / done", -100),
        (7, "reserve_held", "hold / done", -200),
        (8, "reserve_released", "hold / done", 200),
    ]


def test_rows_that_are_too_short_are_passed_over_where_the_rules_say_so() -> None:
    file = FILE.replace("Total;;;4.00", "Total;4.00")
    skipping = rules('delimiter = ";"', columns='kind = "what"', tables="[skip]\nshort = true\n")
    assert len(lines_of(file, skipping)) == 5
    assert refusal_of(file, rules('delimiter = ";"', columns='kind = "what"')).row == 9


def test_a_row_may_end_with_an_empty_cell_more_than_its_header_and_with_no_other() -> None:
    assert len(described(f"day,amount\n{DAY},5.00,\n")) == 1
    assert refusal_of(f"day,amount\n{DAY},5.00,x\n", rules()).row == 2


def test_words_that_no_kind_is_named_for_are_kept() -> None:
    file = FILE.replace("Total;;;4.00\nprinted on paper\n", "")
    found = described(file, 'delimiter = ";"', columns='kind = ["what", "state"]', tables=KINDS)
    assert found[1].kind == "sale / open"


def test_an_empty_word_can_be_named_too() -> None:
    (found,) = described(f"day,what,amount\n{DAY},,5.00\n", columns='kind = "what"', tables='[kinds]\n"" = "payment"\n')
    assert found.kind == "payment"


def test_a_line_answers_to_the_references_of_several_columns() -> None:
    file = f"day,amount,a,b,c\n{DAY},5.00,,B,C\n{DAY},5.00,A,,\n"
    found = described(file, columns='reference = ["a", "b", "c"]\norder = ["b", "c"]')
    assert [(line.reference, line.aliases, line.order) for line in found] == [("B", ("C",), "B C"), ("A", (), "")]


def test_a_kind_can_have_reference_columns_of_its_own_and_concern_a_payment() -> None:
    file = f"day,what,amount,psp,change\n{DAY},payment,5.00,P,\n{DAY},refund,-5.00,P,M\n"
    columns = 'kind = "what"\nreference = "psp"\nconcerns = "psp"'
    found = described(file, columns=columns, tables='[references]\nrefund = ["change"]\n')
    assert [(line.reference, line.concerns) for line in found] == [("P", ()), ("M", ("P",))]


def test_a_workbooks_day_and_time_may_stand_in_two_columns_too() -> None:
    header = [text("A", "day"), text("B", "time"), text("C", "amount")]
    row = [number("A", "46082", 1), text("B", "10:30:00"), number("C", "5")]
    made = xlsx(header, row, formats=("General", "yyyy-mm-dd"))
    (found,) = lines_of(made, mapping_of(rules(columns='occurred_at = ["day", "time"]')))
    assert found.occurred_at == datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "columns", "tables", "field"),
    [
        ("", 'debit = "a"', "", "columns.debit"),
        ("", 'gross = "g"\ndebit = "a"\ncredit = "b"', "", "columns.debit"),
        ('thousands = "."', "", "", "thousands"),
        ('thousands = "_"', "", "", "thousands"),
        ('calendar = "lunar"', "", "", "calendar"),
        ('calendar = "jalali"\ndate_format = "%Y(a+)+%m%d"', "", "", "date_format"),
        ("", "reference = []", "", "columns.reference"),
        ("", "", '[kinds]\nx = ["payment"]\n', "kinds.x"),
        ("", "", '[references]\nbonus = ["x"]\n', ""),
        ("", "", '[skip]\nwhen = ["x"]\n', "skip.when"),
        ("", 'debit = "a"\ncredit = "b"', '[signs]\ngross = "by_kind"\n', "signs.gross"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused_by_its_field(
    said: str, columns: str, tables: str, field: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        mapping_of(rules(said, columns=columns, tables=tables))
    assert refused.value.field.startswith(field)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("PST", (2026, 3, 1, 18, 30)),
        ("CET", (2026, 3, 1, 9, 30)),
        ("Asia/Tokyo", (2026, 3, 1, 1, 30)),
        ("Central Time", (2026, 3, 1, 16, 30)),
        ("", (2026, 3, 1, 5, 0)),
    ],
)
def test_a_column_says_the_zone_of_each_time(zone: str, utc: tuple[int, ...]) -> None:
    words = '[timezones]\n"Central Time" = "America/Chicago"'
    (found,) = described(
        f"day,amount,zone\n2026-03-01 10:30:00,5.00,{zone}\n",
        'timezone = "Asia/Kolkata"',
        columns='timezone = "zone"',
        tables=words,
    )
    assert found.occurred_at == datetime(*utc, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["GMT+08:00", "UTC+8", "+0800"])
def test_a_zone_may_be_an_offset(zone: str) -> None:
    file = f"day,amount,zone\n2026-03-01 10:30:00,5.00,{zone}\n"
    (found,) = described(file, 'timezone = "Asia/Kolkata"', columns='timezone = "zone"')
    assert found.occurred_at == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["GMT+99", "UTC+08:99"])
def test_an_offset_that_no_clock_has_is_refused(zone: str) -> None:
    assert refused_at(f"day,amount,zone\n2026-03-01 10:30:00,5.00,{zone}\n", rules(columns='timezone = "zone"')) == (
        2,
        "zone",
    )


@pytest.mark.parametrize("zone", ["IST", "../../etc/passwd", "Mars"])
def test_a_zone_that_nobody_knows_is_refused_with_what_can_be_done(zone: str) -> None:
    refused = refusal_of(f"day,amount,zone\n2026-03-01 10:30:00,5.00,{zone}\n", rules(columns='timezone = "zone"'))
    assert (refused.row, refused.column) == (2, "zone")
    assert "timezones" in refused.message
