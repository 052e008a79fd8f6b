"""A bank's SWIFT statement, MT940 and MT942, typed after published descriptions of the messages."""

from datetime import UTC, datetime

import pytest

from tests.settlement.making import balances_of, lines_of, refusal_of, refused_at


def statement(*fields: str, opening: str = ":60F:C260301EUR100,00", closing: str = ":62F:D260331EUR20,5") -> str:
    head = ("{1:F01BANKDEFFXXXX0000000000}{2:O940BANKDEFFXXXXN}{4:", ":20:S1", ":25:DE89370400440532013000", ":28C:1/1")
    return "\n".join((*head, opening, *fields, closing, "-}", ""))


def interim(*fields: str) -> str:
    return "\n".join((":20:S1", ":25:DE89", ":28C:1/1", ":34F:EUR0,", ":13D:2603021815+0100", *fields, "-", ""))


PAID = ":61:2603020302C79,90NTRFNONREF//B-77\nGIRO"
GERMAN = ":86:166?00GUTSCHRIFT?20EREF+E2E-9?21KREF+K-1?22SVWZ+Order 0c86ab758d3e236c?23b5a4, thanks?32J DOE"


def test_a_line_has_the_texts_references_and_the_banks_own() -> None:
    (found,) = lines_of(statement(PAID, GERMAN))
    assert (found.row, found.kind, found.raw_kind) == (6, "payment", "NTRF+166")
    assert (found.reference, found.aliases) == ("E2E-9", ("K-1", "B-77", "GIRO"))
    assert (found.gross, found.fee, found.net, found.currency) == (7990, 0, 7990, "EUR")
    assert found.occurred_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_the_order_is_looked_for_in_the_whole_text() -> None:
    (found,) = lines_of(statement(PAID, ":86:/TRTP/SEPA OVERBOEKING/EREF/E2E-9/REMI/Order\n42"))
    assert found.reference == "E2E-9"
    assert "/REMI/Order 42" in found.order


def test_a_german_reference_ends_where_the_bank_and_the_account_begin() -> None:
    (found,) = lines_of(statement(PAID, ":86:166?00GUTSCHRIFT?20EREF+E2E-9?30DEUTDEDB237?31DE8937?32J DOE"))
    assert (found.reference, found.aliases) == ("E2E-9", ("B-77", "GIRO"))


def test_an_order_that_the_banks_lines_or_subfields_part_is_found() -> None:
    order = "0c86ab758d3e236cb5a4"
    (german,) = lines_of(statement(PAID, GERMAN))
    wrapped = f":86:/TRTP/SEPA OVERBOEKING/REMI/{'Order'.rjust(26)} {order[:10]}\n{order[10:]}/"
    (dutch,) = lines_of(statement(PAID, wrapped))
    assert all(order in found.order for found in (german, dutch))
    assert "Order 0c86ab758d3e236c?23b5a4" in german.order
    (whole,) = lines_of(statement(PAID, ":86:Order 42, thanks"))
    assert whole.order == "Order 42, thanks NONREF GIRO"


@pytest.mark.parametrize("where", ["EREF", "PREF", "MARF", "KREF+", "NONREF"])
def test_a_word_that_says_where_the_reference_is_or_a_code_is_none(where: str) -> None:
    (found,) = lines_of(statement(f":61:2603020302C79,90NTRF{where}//B-77\n/TRCD/00100/", ":86:/REMI/Order 42/"))
    assert (found.reference, found.aliases) == ("B-77", ())
    assert "/TRCD/00100/" in found.order


def test_a_batch_of_our_own_has_the_reference_that_we_gave_it() -> None:
    batch = ":86:/PREF/SEPA-20230418220132-60947700-P1//REMI/USTD//TOTAAL 5 VZ/"
    (found,) = lines_of(statement(":61:2603020302D79,90NTRFPREF//B-77\n/TRCD/00200/", batch))
    assert (found.reference, found.aliases) == ("SEPA-20230418220132-60947700-P1", ("B-77",))


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        (":61:2603020302C1,NTRFX", 100),
        (":61:260302D1,5NTRFX", -150),
        (":61:2603020302CR000000000001,50NTRFX", 150),
        (":61:2603020302C000000000000,50NTRFX", 50),
        (":61:2603020302RC1,NTRFX", -100),
        (":61:2603020302RD1,NTRFX", 100),
        (":61:260302    DD1,NMSCX", -100),
        (":61:2603020302C50,00 NTRFNONREF//B", 5000),
        (":61:2603020302D12, NRTIKREF+//B", -1200),
        (":61:2603020302CN220000,00//19239782213", 22000000),
        (":61:2603020302DN43000,5//19239810200", -4300050),
    ],
)
def test_the_mark_gives_the_sign_also_where_it_takes_a_mark_back(line: str, amount: int) -> None:
    assert lines_of(statement(line))[0].gross == amount


@pytest.mark.parametrize(
    ("line", "text", "kind"),
    [
        ("C1,NTRFX", "", "payment"),
        ("C1,NMSCX", "", "payment"),
        ("D1,NTRFX", "", "refund"),
        ("D1,NMSCX", "", "NMSC"),
        ("D1,NCHGX", "", "fee"),
        ("C1,NCHGX", "", "fee_refund"),
        ("D1,NMSCX", ":86:808?00ENTGELT", "fee"),
        ("D1,NRTIX", "", "chargeback"),
        ("D1,NMSCX", ":86:109?00RUECKLASTSCHRIFT", "chargeback"),
        ("C1,NTRFX", ":86:159?00RETOURE", "refund_failure"),
        ("RC1,NTRFX", "", "chargeback"),
        ("C1,NINTX", "", "adjustment"),
        ("D1,NFEXX", "", "conversion"),
    ],
)
def test_the_kind_follows_from_the_type_and_the_banks_code(line: str, text: str, kind: str) -> None:
    (found,) = lines_of(statement(f":61:2603020302{line}", *filter(None, [text])))
    assert found.kind == kind


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2601021231", (2025, 12, 31)),
        ("2512310102", (2026, 1, 2)),
        ("240229", (2024, 2, 29)),
        ("2402280229", (2024, 2, 29)),
        ("2602280230", (2026, 2, 28)),
        ("160230", (2016, 2, 29)),
    ],
)
def test_the_day_of_the_entry_is_of_the_year_beside_the_value_date(day: str, expected: tuple[int, int, int]) -> None:
    assert lines_of(statement(f":61:{day}C1,NTRFX"))[0].occurred_at == datetime(*expected, tzinfo=UTC)


def test_the_balances_are_stated_with_their_days() -> None:
    assert [(b.account, b.currency, b.which, b.amount, b.at) for b in balances_of(statement())] == [
        ("DE89370400440532013000", "EUR", "opening", 10000, datetime(2026, 3, 1, tzinfo=UTC)),
        ("DE89370400440532013000", "EUR", "closing", -2050, datetime(2026, 4, 1, tzinfo=UTC)),
    ]


def test_several_messages_of_a_file_are_read_and_text_around_them_is_passed_over() -> None:
    found = lines_of("ABNANL2A\n940\n" + statement(PAID) + "ABNANL2A\n940\n" + statement(PAID))
    assert [line.row for line in found] == [8, 19]


def test_an_end_of_file_mark_of_dos_between_messages_and_at_the_end_is_passed_over() -> None:
    assert len(lines_of(statement(PAID) + "\x1a" + statement(PAID) + "\x1a\n")) == 2


def test_a_balance_that_is_filled_up_with_zeros_is_not_cut() -> None:
    opening, _ = balances_of(statement(opening=":60F:C260301EUR0000000000123456,78"))
    assert opening.amount == 12345678


def test_a_line_without_a_type_has_its_mark_for_a_kind() -> None:
    came, went = lines_of(statement(":61:2603020302CN2,00//B-1", ":61:2603020302DN3,00//B-2"))
    assert (came.kind, came.raw_kind, came.reference) == ("payment", "C", "B-1")
    assert (went.kind, went.raw_kind, went.reference) == ("D", "D", "B-2")


def test_the_counts_and_sums_of_a_report_within_the_day_are_those_of_its_lines() -> None:
    lines = (":61:2603020302C1,NTRFX", ":61:2603020302D2,50NTRFY")
    assert len(lines_of(interim(*lines, ":90D:1EUR2,50", ":90C:1EUR1,"))) == 2
    assert len(lines_of(interim(*lines))) == 2
    for wrong in (":90D:2EUR2,50", ":90D:1EUR2,51"):
        assert refused_at(interim(*lines, wrong)) == (8, "90D")


@pytest.mark.parametrize(
    ("file", "row", "column"),
    [
        (statement(":61:2603320302C1,NTRFX"), 6, "61"),
        (statement(":61:2613020302C1,NTRFX"), 6, "61"),
        (statement(":61:2603020302C1.50NTRFX"), 6, "61"),
        (statement(":61:2603020302C1,505NTRFX"), 6, "61"),
        (statement(":61:2603020302X1,50NTRFX"), 6, "61"),
        (statement(PAID, opening=":60F:C260301EUX1,"), 5, "60F"),
        (statement(PAID, opening=":60F:260301EUR1,"), 5, "60F"),
        (statement(PAID, opening=":60F:C260301EUR000000001000.12"), 5, "60F"),
        (statement(PAID, opening=":60F:C260301EUR"), 5, "60F"),
        (statement(":61:2603020302C1,"), 6, "61"),
        (interim(PAID).replace("\n", "\r"), 1, None),
        (statement(PAID, opening=":21:NONE"), 6, "61"),
        (statement(PAID, *[":86:" + "text\n" * 60] * 2), 69, "86"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_line_and_field(file: str, row: int, column: str | None) -> None:
    assert refused_at(file) == (row, column)


@pytest.mark.parametrize("cut", [":62F:", ":61:"])
def test_a_statement_that_is_cut_off_is_refused(cut: str) -> None:
    whole = statement(PAID, GERMAN)
    assert "cut off" in refusal_of(whole[: whole.index(cut)]).message
    assert "before the last one has ended" in refusal_of(whole[: whole.index(cut)] + statement()).message


def test_a_statement_of_endless_lines_or_one_endless_line_is_refused() -> None:
    assert "at most" in refusal_of(statement(PAID, ":86:" + "x" * 3_000)).message
    assert "at most" in refusal_of(statement(PAID, ":86:" + "x\n" * 3_000)).message


def test_a_piece_of_a_statement_is_called_one() -> None:
    assert "names the currency" in refusal_of(PAID + "\n").message
