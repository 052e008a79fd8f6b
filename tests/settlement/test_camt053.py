"""A bank's statement, camt.053, typed after the message's definition."""

from datetime import UTC, datetime

import pytest

from domain.settlement.lines import Balance
from tests.settlement.making import balances_of, lines_of, refusal_of, refused_at


def code(family: str, sub_family: str) -> str:
    return (
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )


def entry(amount: str, direction: str = "CRDT", details: str = "", bank_code: str = "", more: str = "") -> str:
    return f"""
      <Ntry>
        <NtryRef>N-1</NtryRef>
        <Amt Ccy="EUR">{amount}</Amt>
        <CdtDbtInd>{direction}</CdtDbtInd>{more}
        <Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>2026-03-02</Dt></BookgDt>
        <ValDt><Dt>2026-03-03</Dt></ValDt>
        <AcctSvcrRef>BANK-77</AcctSvcrRef>
        {bank_code}
        <NtryDtls>{details}</NtryDtls>
      </Ntry>"""


def detail(reference: str, amount: str = "", text: str = "") -> str:
    amounts = f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>' if amount else ""
    return f"""<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{amounts}
        <RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"""


def statement(*entries: str, version: str = "08") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-03T05:00:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>S1</Id>
      <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
      <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
      <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">20.5</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal>
      <Bal><Tp><CdOrPrtry><Cd>CLAV</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
      {"".join(entries)}
    </Stmt>
  </BkToCstmrStmt>
</Document>
"""


def test_an_entry_is_a_line_at_the_place_where_it_begins() -> None:
    (found,) = lines_of(statement(entry("79.90", details=detail("E2E-9", text="Order 0c86ab758d3e236cb5a4, thanks"))))
    assert (found.kind, found.reference, found.aliases) == ("payment", "E2E-9", ("BANK-77", "N-1"))
    assert (found.gross, found.fee, found.net, found.currency) == (7990, 0, 7990, "EUR")
    assert (found.order, found.occurred_at) == ("Order 0c86ab758d3e236cb5a4, thanks", datetime(2026, 3, 2, tzinfo=UTC))
    assert found.row == 21


def test_transactions_that_were_booked_together_are_lines_where_they_add_up() -> None:
    found = lines_of(statement(entry("30.00", details=detail("A", "10.00") + detail("B", "20.00"))))
    assert [(line.reference, line.gross) for line in found] == [("A", 1000), ("B", 2000)]


@pytest.mark.parametrize("of", ["TxAmt", "InstdAmt"])
def test_the_amounts_of_transactions_may_stand_in_their_details(of: str) -> None:
    details = "".join(
        detail(name).replace("<RmtInf>", f'<AmtDtls><{of}><Amt Ccy="EUR">{amount}</Amt></{of}></AmtDtls><RmtInf>')
        for name, amount in (("A", "329.56"), ("B", "100"))
    )
    found = lines_of(statement(entry("000000000000000429.56", details=details)))
    assert [(line.reference, line.gross) for line in found] == [("A", 32956), ("B", 10000)]


@pytest.mark.parametrize("reason", ["<Cd>AM04</Cd>", "<Prtry>no funds</Prtry>"])
def test_a_reason_of_a_return_tells_a_return(reason: str) -> None:
    details = detail("E2E").replace("<RmtInf>", f"<RtrInf><Rsn>{reason}</Rsn></RtrInf><RmtInf>")
    (found,) = lines_of(statement(entry("5.00", "DBIT", details=details)))
    assert (found.kind, found.concerns[:1]) == ("chargeback", ("E2E",))


IN_DOLLARS = detail("B", "20.00").replace("EUR", "USD")


@pytest.mark.parametrize(
    "details",
    [detail("A", "10.00") + detail("B", "19.00"), detail("A") + detail("B"), detail("A", "10.00") + IN_DOLLARS],
)
def test_an_entry_is_one_line_where_its_transactions_do_not_add_up_to_it(details: str) -> None:
    (found,) = lines_of(statement(entry("30.00", details=details)))
    assert (found.reference, found.gross) == ("BANK-77", 3000)


def test_a_reference_that_was_not_provided_is_none() -> None:
    (found,) = lines_of(statement(entry("1", details=detail("NOTPROVIDED"))))
    assert (found.reference, found.aliases) == ("BANK-77", ("N-1",))


def test_debits_are_negative() -> None:
    (found,) = lines_of(statement(entry("10.00", "DBIT")))
    assert found.gross == -1000


@pytest.mark.parametrize(
    ("bank_code", "direction", "more", "kind"),
    [
        (code("RCDT", "ESCT"), "CRDT", "", "payment"),
        (code("IDDT", "PMDD"), "CRDT", "", "payment"),
        ("", "CRDT", "", "payment"),
        (code("ICDT", "ESCT"), "DBIT", "", "refund"),
        (code("ICDT", "SALA"), "DBIT", "", "PMNT/ICDT/SALA"),
        (code("MDOP", "CHRG"), "DBIT", "", "fee"),
        (code("RCDT", "RRTN"), "DBIT", "", "chargeback"),
        (code("RCDT", "ESCT"), "DBIT", "<RvslInd>true</RvslInd>", "chargeback"),
        (code("ICDT", "RRTN"), "CRDT", "", "refund_failure"),
        (code("MCRD", "CHBK"), "CRDT", "", "chargeback_reversal"),
        (code("MDOP", "CHRG"), "CRDT", "", "fee_refund"),
        (code("MCOP", "INTR"), "CRDT", "", "adjustment"),
        ("<BkTxCd><Prtry><Cd>NTRF+166</Cd></Prtry></BkTxCd>", "CRDT", "", "payment"),
        ("<BkTxCd><Prtry><Cd>NTRF+808</Cd></Prtry></BkTxCd>", "DBIT", "", "NTRF+808"),
        ("", "DBIT", "", "DBIT"),
    ],
)
def test_the_kind_follows_from_the_transaction_code(bank_code: str, direction: str, more: str, kind: str) -> None:
    (found,) = lines_of(statement(entry("1.00", direction, bank_code=bank_code, more=more)))
    assert found.kind == kind


def test_a_credit_under_another_code_says_that_it_came_in() -> None:
    returned, paid, sent = lines_of(
        statement(
            entry("1", bank_code=code("ICDT", "RRTN")),
            entry("1", bank_code=code("RCDT", "ESCT")),
            entry("1", "DBIT", bank_code=code("ICDT", "ESCT")),
        )
    )
    assert [line.came_in for line in (returned, paid, sent)] == [True, False, False]


def test_the_booked_balances_are_stated() -> None:
    assert [(b.account[:2], b.currency, b.which, b.amount) for b in balances_of(statement())] == [
        ("DE", "EUR", "opening", 10000),
        ("DE", "EUR", "closing", -2050),
    ]
    assert isinstance(balances_of(statement())[0], Balance)


@pytest.mark.parametrize("version", ["02", "13"])
def test_other_versions_of_the_message_are_read(version: str) -> None:
    old = statement(entry("1.00"), version=version).replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
    assert len(lines_of(old)) == 1


@pytest.mark.parametrize(
    ("file", "row", "column"),
    [
        (statement(entry("1,00")), 12, "Amt"),
        (statement(entry("1.001")), 12, "Amt"),
        (statement(entry("-1.00")), 12, "Amt"),
        (statement(entry("1.00", "BOTH")), 12, "CdtDbtInd"),
        (statement(entry("1.00").replace("2026-03-02", "2026-02-31")), 12, "BookgDt"),
        (statement(entry("1.00").replace("EUR", "EUX")), 12, "Amt"),
        (statement(entry("1.00").replace("BOOK", "PDNG")), 12, "Sts"),
        (statement().replace("BkToCstmrStmt", "BkToCstmrAcctRpt"), 3, "BkToCstmrAcctRpt"),
        (statement().replace("camt.053", "pain.001"), 2, "Document"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_line_and_element(file: str, row: int, column: str) -> None:
    assert refused_at(file) == (row, column)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_statement_that_is_cut_off_is_refused(part: float) -> None:
    whole = statement(entry("1.00"), entry("2.00")).strip()
    assert "not whole XML" in refusal_of(whole[: int(len(whole) * part)]).message


LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE Document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&b;</Document>"""
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE Document SYSTEM "file:///etc/passwd"><Document/>'


@pytest.mark.parametrize("bomb", [LAUGHS, OUTSIDE, "<!DOCTYPE Document><Document/>"])
def test_a_document_type_is_refused_and_with_it_every_entity_of_its_own(bomb: str) -> None:
    assert "document type" in refusal_of(bomb).message


def test_an_entity_that_nobody_defined_is_refused() -> None:
    assert "undefined entity" in refusal_of(statement(entry("&lots;"))).message


@pytest.mark.parametrize("encoding", ["EBCDIC-nowhere", "utf-7", "rot13"])
def test_an_encoding_that_nobody_knows_is_refused(encoding: str) -> None:
    refusal_of(statement().replace("UTF-8", encoding))


def test_an_element_of_endless_others_is_refused() -> None:
    endless = entry("1.00", details=detail("A").replace("<Refs>", "<Refs>" + "<MsgId>1</MsgId>" * 2000))
    assert "others below it" in refusal_of(statement(endless)).message


def test_deep_nesting_and_endless_text_are_refused() -> None:
    deep = statement().replace("<Id>S1</Id>", "<x>" * 100 + "</x>" * 100)
    assert "deeper" in refusal_of(deep).message
    assert "characters" in refusal_of(statement().replace("S1", "S" * 200_000)).message


def report(*entries: str, of: str = "052") -> str:
    """The same entries as a report within the day (camt.052) or a notification (camt.054)."""
    message, section = {"052": ("BkToCstmrAcctRpt", "Rpt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}[of]
    renamed = statement(*entries).replace("camt.053", f"camt.{of}").replace("BkToCstmrStmt", message)
    return renamed.replace("<Stmt>", f"<{section}>").replace("</Stmt>", f"</{section}>")


@pytest.mark.parametrize("of", ["052", "054"])
def test_reports_within_the_day_and_notifications_are_read_like_statements(of: str) -> None:
    (found,) = lines_of(report(entry("79.90", details=detail("E2E-9")), of=of))
    assert (found.kind, found.reference, found.gross) == ("payment", "E2E-9", 7990)


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
def test_an_entry_that_is_not_booked_yet_moves_nothing(status: str) -> None:
    (found,) = lines_of(report(entry("79.90").replace("BOOK", status)))
    assert (found.kind, found.raw_kind, found.gross, found.net) == ("adjustment", f"{status} CRDT", 0, 0)


def test_an_entry_without_a_day_has_that_of_its_message() -> None:
    whole = entry("1.00").replace("BookgDt", "X").replace("ValDt", "X")
    (found,) = lines_of(report(whole, of="054"))
    assert found.occurred_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert refusal_of(report(whole).replace("CreDtTm", "X")).column == "BookgDt"


def test_an_entry_answers_to_the_creditors_reference_too() -> None:
    reference = "<RmtInf><Strd><CdtrRefInf><Ref>210000000003139471430009017</Ref></CdtrRefInf></Strd></RmtInf>"
    (found,) = lines_of(
        statement(entry("1", details=detail("NOTPROVIDED").replace("<RmtInf>", reference + "<RmtInf>")))
    )
    assert found.reference == "210000000003139471430009017"


@pytest.mark.parametrize(
    ("period", "begins", "ends"),
    [
        ("", (1, 0), (2, 0)),
        (
            "<FrToDt><FrDtTm>2026-03-01T06:00:00Z</FrDtTm><ToDtTm>2026-03-01T18:00:00Z</ToDtTm></FrToDt>",
            (1, 6),
            (1, 18),
        ),
    ],
)
def test_the_balances_have_the_time_that_the_statement_is_of(
    period: str, begins: tuple[int, int], ends: tuple[int, int]
) -> None:
    whole = statement().replace("<Acct>", f"{period}<Acct>").replace("</Bal>", "<Dt><Dt>2026-03-01</Dt></Dt></Bal>")
    assert [balance.at for balance in balances_of(whole)] == [
        datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in (begins, ends)
    ]


def test_a_message_without_a_statement_is_refused() -> None:
    whole = statement()
    begin, end = whole.index("    <Stmt>"), whole.index("  </BkToCstmrStmt>")
    assert "no statement" in refusal_of(whole[:begin] + whole[end:]).message


@pytest.mark.parametrize("word", ["NOTPROVIDED", "Not Provided", "NOT PROVIDED", "nonref"])
def test_a_word_for_no_reference_is_none_however_it_is_written(word: str) -> None:
    assert lines_of(statement(entry("1", details=detail(word))))[0].reference == "BANK-77"


def test_the_order_is_looked_for_in_the_banks_text_of_the_entry_too() -> None:
    said = "<AddtlNtryInf>Order 42</AddtlNtryInf>"
    of_one, of_two = entry("5", details=detail("E-1")), entry("5", details=detail("E-2", "3") + detail("E-3", "2"))
    one, *two = lines_of(statement(*(each.replace("</Ntry>", f"{said}</Ntry>") for each in (of_one, of_two))))
    assert one.order == "Order 42"
    assert [line.order for line in two] == ["", ""]


CHARGED = {
    "all together": '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">{0}</TtlChrgsAndTaxAmt>'
    '<Rcrd><Amt Ccy="EUR">{0}</Amt></Rcrd></Chrgs>',
    "each": '<Chrgs><Rcrd><Amt Ccy="EUR">{0}</Amt></Rcrd><Rcrd><Amt Ccy="EUR">0.00</Amt></Rcrd></Chrgs>',
    "in version 2": '<Chrgs><Amt Ccy="EUR">{0}</Amt></Chrgs>',
}


@pytest.mark.parametrize("name", CHARGED)
def test_transactions_less_the_charges_that_they_state_are_lines_with_a_fee(name: str) -> None:
    """A bank books an acquirer's credit of many payments less its charges."""
    details = "".join(
        detail(reference, amount).replace("<RmtInf>", f"{CHARGED[name].format(fee)}<RmtInf>")
        for reference, amount, fee in (("A", "500.00", "13.00"), ("B", "20.00", "0.50"))
    )
    found = lines_of(statement(entry("506.50", details=details)))
    told = [(line.reference, line.gross, line.fee, line.net) for line in found]
    assert told == [("A", 50000, 1300, 48700), ("B", 2000, 50, 1950)]


def test_charges_that_do_not_make_the_entry_or_are_in_another_currency_change_nothing() -> None:
    for charge in (CHARGED["each"].format("0.75"), CHARGED["each"].format("13.00").replace("EUR", "USD")):
        charged = detail("A", "500.00").replace("<RmtInf>", f"{charge}<RmtInf>")
        (found,) = lines_of(statement(entry("487.00", details=charged)))
        assert (found.reference, found.gross, found.fee) == ("A", 48700, 0)
        (whole,) = lines_of(statement(entry("500.00", details=charged)))
        assert (whole.gross, whole.fee) == (50000, 0)


def test_charges_for_a_payment_that_was_sent_are_a_fee_on_top_of_it() -> None:
    sent = detail("A", "1500.00").replace("CRDT", "DBIT")
    charged = sent.replace("<RmtInf>", f"{CHARGED['each'].format('26')}<RmtInf>")
    (found,) = lines_of(statement(entry("1526.00", "DBIT", charged)))
    assert (found.gross, found.fee, found.net) == (-150000, 2600, -152600)
