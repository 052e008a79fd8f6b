"""A first rules file for an undescribed file: does it read the file, and does it name each doubt?"""

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from domain.reconciliation.rules import rules_from
from domain.refusals import InvalidField
from domain.settlement.guessing import Guess, guess
from domain.settlement.lines import Line, Misfit
from domain.settlement.reading import read
from tests.conftest import ROOT
from tests.settlement.making import number, stream_of, text, xlsx

GERMAN = """\
Kontoauszug;DE89;;;;
Buchungstag;Verwendungszweck;Soll;Haben;Währung;Referenz
01.03.2026;Bestellung 42;;1.234,56;EUR;R-1
15.03.2026;Erstattung;10,00;;EUR;R-2
Summe;;10,00;1.234,56;;
"""
PERSIAN = """\
تاریخ,مبلغ,شماره پیگیری,نوع,کارمزد
۱۴۰۴/۱۲/۱۰,"۱,۲۰۰,۰۰۰",123456,پرداخت,۵۰۰۰
۱۴۰۴/۱۲/۱۲,"-۳۰۰,۰۰۰",123458,عودت,۰
"""
AMERICAN = """\
Transaction Date,Type,Transaction ID,Amount,Fee,Net,Status,Order Number,Currency
03/14/2026 10:22 AM,Sale,T1,"$1,000.00",-$29.30,$970.70,Completed,1041,USD
03/15/2026 11:22 PM,Refund,T2,($10.00),$0.00,($10.00),Completed,1041,USD
03/15/2026 11:25 PM,Sale,T3,$5.00,-$0.30,$4.70,Pending,1042,USD
"""
UNIX = "id,created,amount (eur),type\nch_1,1772361000,123.45,charge\nre_1,1772447400,-10.00,refund\n"
DIRECTED = """\
Date|Time|Details|Amount|D/C|Reference
2026-03-01|10:22:31|Order 42|1234.50|C|R-1
2026-03-02|09:00:00|Refund 42|10.00|D|R-2
"""
CHASE = """\
Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #
CREDIT,03/14/2026,TRANSFER ST-1,1234.50,PAYMENT,2234.50,,
DEBIT,03/15/2026,SERVICE FEE,-12.00,FEE_TRANSACTION,2222.50,,
"""
REVOLUT = """\
Date started (UTC),Type,State,Description,Reference,Orig currency,Orig amount,Payment currency,Amount,Exchange rate,Fee
2026-03-02,TOPUP,COMPLETED,Money from J Doe,pi_1,USD,50.00,EUR,46.00,0.92,0.00
2026-03-03,FEE,COMPLETED,Basic plan fee,,EUR,-7.00,EUR,-7.00,,0.00
"""
RABOBANK = """\
IBAN/BBAN,Munt,Datum,Bedrag,Saldo na trn,Transactiereferentie,Omschrijving-1,Oorspr bedrag,Oorspr munt,Koers
NL04,EUR,2026-03-02,"+46,00","1.513,90",pi_1,Order 42,"50,00",USD,"0,9200"
NL04,EUR,2026-03-02,"-32,10","1.481,80",REF1,Betaalautomaat,,,
"""
SPARKASSE = """\
Buchungstag;Valutadatum;Buchungstext;Verwendungszweck;Kundenreferenz (End-to-End);Betrag;Waehrung
05.03.26;05.03.26;GUTSCHR. UEBERWEISUNG;STRIPE PO-881234;PO-881234;99,00;EUR
06.03.26;06.03.26;ENTGELTABSCHLUSS;Entgelt;;-4,90;EUR
"""
BARCLAYS = """\
Number,Date,Account,Amount,Subcategory,Memo
,05/03/2026,20-00-00,99.00,Credit Payment,STRIPE PO_881234
,26/03/2026,20-00-00,-6.50,Charge,COMMISSION CHARGES
"""
WISE = """\
TransferWise ID,Date,Date Time,Amount,Currency,Description,Payment Reference,Total fees,Transaction Type
T-1,13-03-2026,13-03-2026 10:11:12.123,99.00,EUR,Received money,PO_881234,0.00,CREDIT
"""
HANDELSBANKEN = """\
Reskontradatum;Transaktionsdatum;Text;Belopp;Saldo
2026-03-02;2026-03-01;Swish 42;1 250,00;10 250,00
2026-03-03;2026-03-02;Hyra;-9 000,00;1 250,00
"""
DNB = """\
"Dato";"Forklaring";"Rentedato";"Ut fra konto";"Inn på konto"
"02.03.2026";"Vipps 42";"02.03.2026";"";"1250,00"
"13.03.2026";"Gebyr";"13.03.2026";"25,00";""
"""
NUBANK = """\
Data,Valor,Identificador,Descrição
01/03/2026,150.00,65e1a2b3-aaaa,Transferência recebida pelo Pix
22/03/2026,-35.90,65e1a2b3-aaab,Reembolso
"""
PKO = """\
"Data operacji","Data waluty","Typ transakcji","Kwota","Waluta konta","Saldo"
"2026-03-02","2026-03-02","payment","+150.00","PLN","+1150.00"
"2026-03-03","2026-03-03","fee","-5.00","PLN","+1145.00"
"""
HDFC = """\
Date     ,Narration         ,Value Dat,Debit Amount ,Credit Amount ,Chq/Ref Number   ,Closing Balance
 13/03/26  ,UPI-RAHUL-PAY  ,13/03/26 ,     0.00    ,   1500.00    ,0000607112345678 ,   10500.00
 14/03/26  ,NEFT DR        ,14/03/26 ,  9000.00    ,      0.00    ,N073260001       ,    1500.00
"""
CREDITOR_IDS = """\
Buchungstag;Verwendungszweck;Glaeubiger ID;Kundenreferenz (End-to-End);Betrag;Waehrung
03.03.26;Rechnung 42;;pi_77;1.234,56;EUR
24.03.26;Strom;DE98ZZZ;E2E-9;-89,10;EUR
"""
UNNAMED_CURRENCY = "date,type,id,amount,unit\n2026-03-01,payment,A,5.00,SEK\n2026-03-02,payment,B,3.00,SEK\n"
COMMERZBANK = """\
Buchungstag;Umsatzart;Buchungstext;Betrag;Währung;Kategorie
31.12.2025;Gutschrift;Bestellung 42;10,70;EUR;
31.12.2025;Entgelte;Konto;-9,90;EUR;Bank
"""
BBVA = """\
Fecha,Descripcion,Cargo,Abono,Saldo,Referencia
15/10/2026,DEPOSITO 42,,1500.00,5500.00,R-1
16/10/2026,COMISION,25.00,,5475.00,R-2
"""
SIBS = """\
Lote;Data Movimento;Tipo;Montante Bruto;Comissão;Montante Líquido;Moeda
L1;17/09/2026;Compra;1.250,00;10,00;1.240,00;EUR
L1;17/09/2026;Devolução;-20,00;0,00;-20,00;EUR
Total;;;1.230,00;10,00;1.220,00;
"""
GIVEN_BACK_FEES = """\
Payout Date,Payout ID,Type,Gross Amount,Fees,Net Amount,Transaction ID
2026-06-30,PO-1,Charge,88.00,-2.55,85.45,T-1
2026-06-30,PO-1,Refund,-30.00,0.87,-29.13,T-2
"""
KLARNA = """\
type,sale_date,settlement_date,order_id,posting_currency,amount,refund_id
SALE,2026-03-01T10:00:00Z,2026-03-10T00:00:00Z,b4bd3423,SEK,1000.00,
FEE,2026-03-01T10:00:00Z,2026-03-10T00:00:00Z,b4bd3423,SEK,-29.90,
RETURN,2026-03-02T10:00:00Z,2026-03-10T00:00:00Z,c4bd3423,SEK,-100.00,r1
"""
UNSIGNED = "date\ttype\tid\tamount\tcurrency\n2026-03-01\tpayment\tA\t5.00\tUSD\n2026-03-02\tpayout\tB\t3.00\tUSD\n"
Told = tuple[str, str, int, int, str]

FILES: dict[str, tuple[str, list[Told]]] = {
    "german": (GERMAN, [("payment", "R-1", 123456, 0, "EUR"), ("refund", "R-2", -1000, 0, "EUR")]),
    "persian": (
        PERSIAN,
        [("payment", "123456", 120000000, 500000, "IRR"), ("refund", "123458", -30000000, 0, "IRR")],
    ),
    "american": (AMERICAN, [("payment", "T1", 100000, 2930, "USD"), ("refund", "T2", -1000, 0, "USD")]),
    "unix": (UNIX, [("payment", "ch_1", 12345, 0, "EUR"), ("refund", "re_1", -1000, 0, "EUR")]),
    "directed": (DIRECTED, [("payment", "R-1", 123450, 0, "USD"), ("refund", "R-2", -1000, 0, "USD")]),
    "rows that are longer than their header": (
        CHASE,
        [("payment", "", 123450, 0, "USD"), ("fee", "", -1200, 0, "USD")],
    ),
    "revolut": (REVOLUT, [("transfer", "pi_1", 4600, 0, "EUR"), ("fee", "", -700, 0, "EUR")]),
    "rabobank": (RABOBANK, [("payment", "pi_1", 4600, 0, "EUR"), ("refund", "REF1", -3210, 0, "EUR")]),
    "sparkasse": (SPARKASSE, [("payment", "PO-881234", 9900, 0, "EUR"), ("fee", "", -490, 0, "EUR")]),
    "barclays": (BARCLAYS, [("payment", "", 9900, 0, "USD"), ("fee", "", -650, 0, "USD")]),
    "wise": (WISE, [("payment", "PO_881234", 9900, 0, "EUR")]),
    "klarna": (
        KLARNA,
        [
            ("payment", "b4bd3423", 100000, 0, "SEK"),
            ("fee", "b4bd3423", -2990, 0, "SEK"),
            ("refund", "c4bd3423", -10000, 0, "SEK"),
        ],
    ),
    "handelsbanken": (HANDELSBANKEN, [("payment", "", 125000, 0, "USD"), ("refund", "", -900000, 0, "USD")]),
    "dnb": (DNB, [("payment", "", 125000, 0, "USD"), ("refund", "", -2500, 0, "USD")]),
    "nubank": (
        NUBANK,
        [("payment", "65e1a2b3-aaaa", 15000, 0, "USD"), ("refund", "65e1a2b3-aaab", -3590, 0, "USD")],
    ),
    "pko": (PKO, [("payment", "", 15000, 0, "PLN"), ("fee", "", -500, 0, "PLN")]),
    "hdfc": (
        HDFC,
        [("payment", "0000607112345678", 150000, 0, "USD"), ("refund", "N073260001", -900000, 0, "USD")],
    ),
    "the end-to-end id before a creditor's": (
        CREDITOR_IDS,
        [("payment", "pi_77", 123456, 0, "EUR"), ("refund", "E2E-9", -8910, 0, "EUR")],
    ),
    "a column of currencies, whatever it is called": (
        UNNAMED_CURRENCY,
        [("payment", "A", 500, 0, "SEK"), ("payment", "B", 300, 0, "SEK")],
    ),
    "a column of kinds that is not filled": (
        COMMERZBANK,
        [("payment", "", 1070, 0, "EUR"), ("fee", "", -990, 0, "EUR")],
    ),
    "bbva": (BBVA, [("payment", "R-1", 150000, 0, "USD"), ("refund", "R-2", -2500, 0, "USD")]),
    "sibs": (SIBS, [("payment", "", 125000, 1000, "EUR"), ("refund", "", -2000, 0, "EUR")]),
    "fees that are given back": (
        GIVEN_BACK_FEES,
        [("payment", "T-1", 8800, 255, "USD"), ("refund", "T-2", -3000, -87, "USD")],
    ),
    "unsigned": (UNSIGNED, [("payment", "A", 500, 0, "USD"), ("payout", "B", -300, 0, "USD")]),
}


def begun(file: str | bytes) -> tuple[Guess, list[Line]]:
    """The guess, and the lines of the file when read with a rules file of the guess."""
    guessed = guess(stream_of(file), "USD")
    rules = rules_from(f'version = "1"\n\n{guessed.toml("my bank")}')
    assert rules.mapping("my bank") == guessed.mapping
    return guessed, list(read(stream_of(file), "f", "my bank", rules.mapping("my bank")))


@pytest.mark.parametrize("name", FILES)
def test_the_guessed_rules_read_the_file(name: str) -> None:
    file, told = FILES[name]
    _, found = begun(file)
    assert [(line.kind, line.reference, line.gross, line.fee, line.currency) for line in found] == told


@pytest.mark.parametrize("file", [REVOLUT, RABOBANK], ids=["revolut", "rabobank"])
def test_the_original_amount_in_another_currency_is_guessed_with_its_rate(file: str) -> None:
    original = begun(file)[1][0].original
    assert original is not None
    assert (original.amount, original.currency, Fraction(original.rate)) == (5000, "USD", Fraction("0.92"))


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16"])
def test_the_encoding_is_guessed_too(encoding: str) -> None:
    _, found = begun(GERMAN.encode(encoding))
    assert len(found) == 2


def test_a_workbook_is_looked_at_too() -> None:
    header = [text("A", "Date"), text("B", "Amount"), text("C", "Type"), text("D", "Reference")]
    rows = [
        [number("A", str(46082 + place), 1), number("B", amount), text("C", kind), text("D", f"R-{place}")]
        for place, (amount, kind) in enumerate((("5", "payment"), ("-3", "refund")))
    ]
    _, found = begun(xlsx(header, *rows, formats=("0.00", "yyyy-mm-dd")))
    assert [(line.kind, line.gross) for line in found] == [("payment", 500), ("refund", -300)]


@pytest.mark.parametrize(
    ("file", "doubt"),
    [
        (AMERICAN.replace("03/14", "03/04").replace("03/15", "03/05"), "may also be written like"),
        (AMERICAN.replace("Refund", "Loyalty"), "which kind is 'Loyalty'?"),
        (AMERICAN, "rows whose Status is Pending are passed over"),
        (UNIX.replace(" (eur)", ""), "no currency is named"),
        (UNIX.replace("123.45", "12345").replace("10.00", "1000"), "minor_units"),
        (
            UNIX.replace("created", "date").replace("1772361000", "2026-03-01").replace("1772447400", "2026-03-02"),
            "UTC",
        ),
        (GERMAN, "no column tells the kind"),
    ],
)
def test_a_doubt_of_the_guess_is_said(file: str, doubt: str) -> None:
    assert [said for said in guess(stream_of(file), "USD").doubts if doubt in said]


@pytest.mark.parametrize(
    ("file", "says"),
    [("just\nwords\n", "no table"), ("a,b\nc,d\n", "dates"), ("date,b\n2026-03-01,x\n", "amounts"), ("", "no table")],
)
def test_a_file_that_is_no_table_of_money_is_told_so(file: str, says: str) -> None:
    with pytest.raises(Misfit, match=says):
        guess(stream_of(file), "USD")


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_file_is_a_guess_or_is_told_to_be_none(seed: int) -> None:
    chance = random.Random(seed)
    for file, _ in FILES.values():
        damaged = bytearray(file.encode())
        for _ in range(chance.choice((1, 5, 30))):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randrange(4)] = chance.choice(
                (b'"', b",", b"\n", b";", b"\xff", b"9" * 20, b"")
            )
        with contextlib.suppress(Misfit, InvalidField):
            rules_from(f'version = "1"\n{guess(stream_of(bytes(damaged)), "USD").toml(None)}')


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "run.py"), "reconcile", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_the_command_prints_rules_and_a_preview(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "bank.csv").write_text(GERMAN, "utf-8")
    done = run("rules", "bank.csv", "--provider", "bank")
    assert done.returncode == 1, done.stderr  # a person must look at the doubts
    assert rules_from(done.stdout).mapping("bank") is not None
    assert "R-1" in done.stderr
    assert "2 lines are read" in done.stderr


@pytest.mark.parametrize(
    ("file", "status", "says"),
    [
        ("adyen", 0, "Psp Reference"),
        ("nowhere.csv", 2, "adyen"),
        ("words.txt", 2, "no table"),
        ("dates.csv", 2, "this is Amazon's date range report"),
        ("own.csv", 0, "as it is"),
    ],
)
def test_the_command_recognises_the_layouts_that_the_program_knows(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, file: str, status: int, says: str
) -> None:
    (tmp_path / "words.txt").write_text("just words\n")
    (tmp_path / "dates.csv").write_text('"Includes Amazon Marketplace"\n"date/time","type","total"\n"x","y","1"\n')
    (tmp_path / "own.csv").write_text("reference,kind,gross,currency,occurred_at\na,payment,1,USD,2026-03-01\n")
    done = run("rules", file)
    assert done.returncode == status
    assert says in done.stdout + done.stderr


def test_a_time_is_taken_whatever_its_column_is_called_and_in_the_zone_that_stands_beside_it() -> None:
    file = "Processed On,Zone,TimeZone,Amount,Currency,Reference\n2026-07-01T10:00:00.000,a,PDT,5.00,USD,r1\n"
    guessed = guess(stream_of(file), "EUR")
    assert guessed.mapping.columns.occurred_at == "Processed On"
    assert guessed.mapping.columns.timezone == "TimeZone"
    assert any("here is taken Processed On" in doubt for doubt in guessed.doubts)
    assert not any("offset" in doubt for doubt in guessed.doubts)


def test_nobody_is_asked_for_the_zone_of_times_that_say_their_offset() -> None:
    file = "created_at,amount,currency,id\n2026-07-01T10:00:00+02:00,5.00,USD,r1\n2026-07-01T10:00:00Z,6.00,USD,r2\n"
    assert not any("offset" in doubt for doubt in guess(stream_of(file), "EUR").doubts)


def test_rows_above_the_header_that_are_as_wide_are_passed_over() -> None:
    file = """\
Bank code : 1001,Agency Code : 10,Download start date : 01/04/2020,Download end date : 02/04/2020,,
,,,,,
Balance at end of period,,,,"+31070,11",
Date,Operation Number,Label,Debit,Credit,Detail
01/04/20,OP 1,Rent,"-50,00",,D1
02/04/20,OP 4,Order 7,,"1300,00",D3
Balance at start of period,,,,"+30000,77",
"""
    guessed = guess(stream_of(file), "EUR")
    assert guessed.mapping.header_row == 4
    lines = list(read(stream_of(file), "f", "x", guessed.mapping))
    assert [(line.gross, line.order) for line in lines] == [(-5000, "Rent"), (130000, "Order 7")]


@pytest.mark.parametrize(("amounts", "is_sure"), [(("12.900", "105.700"), False), (("12.900", "5.90"), True)])
def test_a_mark_before_three_digits_alone_is_no_sure_one_between_thousands(
    amounts: tuple[str, ...], is_sure: bool
) -> None:
    rows = "".join(f"2026-07-01T10:00:00Z,{amount},CHF,r{amount}\n" for amount in amounts)
    doubts = guess(stream_of(f"created_at,amount,currency,id\n{rows}"), "EUR").doubts
    assert any("what parts '12.900' is taken for thousands" in doubt for doubt in doubts) != is_sure


def test_the_fee_and_the_net_are_columns_that_add_up() -> None:
    file = """\
Date;Transaction ID;Transaction type;Total;Net sale;Tax amount;Fee;Payout;Payout ID
2026-03-01 10:22:31;T1;Sale;12,50;11,00;1,50;0,24;12,26;P1
2026-03-02 09:00:00;T2;Refund;-2,50;-2,50;0,00;0,00;-2,50;P1
"""
    guessed, lines = begun(file)
    assert (guessed.mapping.columns.fee, guessed.mapping.columns.net) == ("Fee", "Payout")
    assert [(line.gross, line.fee, line.net) for line in lines] == [(1250, 24, 1226), (-250, 0, -250)]


def test_a_net_that_does_not_add_up_is_left_out_and_named() -> None:
    guessed, lines = begun("Date,ID,Type,Gross,Fee,Net\n2026-03-01,T1,Sale,5.00,0.50,9.00\n")
    assert "Gross less Fee is not Net, which is left out" in guessed.doubts
    assert [(line.gross, line.fee, line.net) for line in lines] == [(500, 50, 450)]


def test_rows_that_moved_nothing_have_no_say_in_which_columns_add_up() -> None:
    file = """\
Date,Transaction ID,Transaction Type,Status,Total,Net Sales,Tax Amount,Fee,Payout,Payout ID
2026-03-01 10:11:12,T1,Sale,Successful,12.50,10.50,2.00,0.21,12.29,P1
2026-03-01 11:11:12,T2,Sale,Failed,5.00,4.20,0.80,0.00,0.00,
2026-03-02 10:11:12,T3,Refund,Successful,-12.50,-10.50,-2.00,-0.21,-12.29,P2
"""
    guessed, lines = begun(file)
    assert (guessed.mapping.columns.fee, guessed.mapping.columns.net) == ("Fee", "Payout")
    assert [(line.gross, line.fee, line.net) for line in lines] == [(1250, 21, 1229), (-1250, -21, -1229)]


def test_amounts_whose_net_has_a_sign_are_signed() -> None:
    file = """\
Processed On,Type,Payment ID,Currency,Gross Amount,Deduction,Fee Amount,Net Amount,Payout ID
2026-07-01T10:00:00,Charge,pay_1,USD,50,0,-1.5,48.5,0003K
2026-07-01T13:00:00,Charge,pay_2,USD,0,0,-0.25,-0.25,0003K
2026-07-02T00:00:00,Network Fee,pay_3,USD,0,0,-0.10,-0.10,0003K
"""
    _, lines = begun(file)
    assert [(line.kind, line.gross, line.fee, line.net) for line in lines] == [
        ("payment", 5000, 150, 4850),
        ("payment", 0, 25, -25),
        ("fee", 0, 10, -10),
    ]


def test_words_written_together_are_told_apart_and_a_status_says_the_kind_last() -> None:
    file = """\
OrderCode,EventDate,Status,SettlementCurrency,GrossAmount,CommissionAmount,NetAmount,BatchId
1001,13/03/2026 10:11,SETTLED,GBP,100.00,-1.50,98.50,77
1002,13/03/2026 10:12,REFUSED,GBP,90.00,0.00,0.00,77
1001,14/03/2026 10:12,REFUNDED,GBP,-20.00,0.00,-20.00,77
1003,15/03/2026 10:12,CHARGED_BACK,GBP,-30.00,-15.00,-45.00,77
"""
    guessed, lines = begun(file)
    assert [(line.kind, line.gross, line.fee, line.net, line.order, line.payout) for line in lines] == [
        ("payment", 10000, 150, 9850, "1001", "77"),
        ("refund", -2000, 0, -2000, "1001", "77"),
        ("chargeback", -3000, 1500, -4500, "1003", "77"),
    ]
    assert not any("REFUSED'?" in doubt for doubt in guessed.doubts)


def test_a_credit_beside_sales_is_a_refund() -> None:
    file = """\
Transaction ID,Transaction Type,Created Datetime,Currency ISO Code,Amount,Order ID
a1,sale,03/13/2026 10:11:12,USD,10.00,1001
a2,credit,03/14/2026 10:11:12,USD,4.00,1001
"""
    _, lines = begun(file)
    assert [(line.kind, line.gross) for line in lines] == [("payment", 1000), ("refund", -400)]


def test_the_number_of_a_payout_is_no_payments_reference() -> None:
    file = """\
Order,Type,Payment Method Name,Amount,Fee,Net,Payout Date,Payout ID
#1001,charge,card,132.00,3.84,128.16,2026-01-23,P001
#1002,refund,card,-60.00,-2.10,-57.90,2026-01-24,P002
"""
    _, lines = begun(file)
    assert [(line.reference, line.order, line.payout) for line in lines] == [
        ("", "#1001", "P001"),
        ("", "#1002", "P002"),
    ]


def test_an_amount_that_a_fee_is_off_already_has_no_fee_taken_off_again() -> None:
    file = """\
Payout Date,Status,Charges,Refunds,Adjustments,Reserved Funds,Fees,Retried Amount,Total,Currency
2026-03-02,paid,100.00,0.00,0.00,0.00,-3.20,0.00,96.80,EUR
2026-03-03,paid,250.00,-20.00,0.00,0.00,-7.55,0.00,222.45,EUR
"""
    guessed, lines = begun(file)
    assert [(line.gross, line.fee, line.net) for line in lines] == [(9680, 0, 9680), (22245, 0, 22245)]
    assert "Total is what the other columns come to with Fees in it, so no fee is taken" in guessed.doubts


def test_a_marketplaces_words_are_kinds_that_go_the_way_that_its_columns_say() -> None:
    file = """\
Date de création;Numéro de commande;Type;Débit;Crédit;Devise;Numéro de transaction
13/12/2025 - 22:14:40;DEC001;Montant de commande;;59,00;EUR;T1
18/12/2025 - 18:27:05;DEC001;Commission;6,30;;EUR;T2
18/12/2025 - 18:28:05;DEC002;Remboursement;739,00;;EUR;T3
18/12/2025 - 18:28:05;DEC002;Remboursement de commission;;73,90;EUR;T4
18/12/2025 - 18:29:05;DEC002;Remboursement;;4,00;EUR;T5
19/12/2025 - 00:55:34;;Paiement;52,70;;EUR;T6
"""
    guessed, lines = begun(file)
    assert guessed.mapping.date_format == "%d/%m/%Y - %H:%M:%S"
    assert [(line.kind, line.gross) for line in lines] == [
        ("payment", 5900),
        ("fee", -630),
        ("refund", -73900),
        ("fee_refund", 7390),
        ("adjustment", 400),
        ("adjustment", -5270),
    ]


def test_a_penalty_for_a_refund_is_a_fee() -> None:
    file = """\
REFERENCE;TYPE;PAYOUT_REFERENCE;PAYOUT_DATE;AMOUNT;CURRENCY
M002;REFUND;PAY001;2026-01-31;-102.00;EUR
PEN001;REFUND_PENALTY;PAY001;2026-01-31;-15.00;EUR
"""
    _, lines = begun(file)
    assert [(line.kind, line.gross) for line in lines] == [("refund", -10200), ("fee", -1500)]


def test_a_status_without_amounts_that_were_given_back_says_no_kind() -> None:
    file = """\
id,Created date (UTC),Amount,Currency,Status
ch_1,2026-03-13 10:11:12,10.00,usd,Paid
ch_2,2026-03-14 10:11:12,4.00,usd,Refunded
"""
    _, lines = begun(file)
    assert [(line.kind, line.gross) for line in lines] == [("payment", 1000), ("payment", 400)]


def test_refunds_in_a_column_of_their_own_are_read_by_the_net_and_the_fee() -> None:
    file = """\
SalesDate;SettlementDate;OrderID;SettlementID;TransactionID;Gross;Currency;Fee;Refund;Net
13.03.2026;15.03.2026;acme-1;2000001;5001;100,00;NOK;2,75;0,00;97,25
14.03.2026;15.03.2026;acme-2;2000001;5002;0,00;NOK;0,00;-50,00;-50,00
"""
    guessed, lines = begun(file)
    assert [(line.kind, line.gross, line.fee, line.net) for line in lines] == [
        ("payment", 10000, 275, 9725),
        ("refund", -5000, 0, -5000),
    ]
    assert "Gross and Refund less Fee are Net: the gross amount is taken as Net and Fee come to" in guessed.doubts


def test_a_marketplaces_report_is_read_with_its_dashes_for_nothing() -> None:
    file = """\
Transaction creation date,Type,Order number,Net amount,Payout currency,Payout ID,Transaction ID,Gross transaction amount
"13 Mar, 2026",Order,25-1,8.50,GBP,5001,T1,10.00
"14 Mar, 2026",Refund,25-1,-4.00,GBP,5001,T2,-4.00
"15 Mar, 2026",Payout,--,-4.50,GBP,5001,--,-4.50
"""
    _, lines = begun(file)
    assert [(line.kind, line.reference, line.gross, line.fee) for line in lines] == [
        ("payment", "T1", 1000, 150),
        ("refund", "T2", -400, 0),
        ("payout", "", -450, 0),
    ]


def test_the_total_of_several_fees_is_taken() -> None:
    file = """\
Transaction ID,Transaction Type,Currency,Settlement Amount,Settlement Date,Per Transaction Fee,Total Fee Amount
a1,sale,EUR,993.53,2026-04-16,0.30,29.10
a2,sale,EUR,2241.63,2026-04-17,0.30,65.30
"""
    _, lines = begun(file)
    assert [(line.gross, line.fee) for line in lines] == [(99353, 2910), (224163, 6530)]
