"""A provider's payout and the bank's credit, in files of two providers: tied to each other, or open on either side."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reconciliation.report import encoded
from domain.reconciling import Reconciling, WriteConditions
from projections.journal import Journal
from tests.conftest import ME
from tests.reconciliation.conftest import HEADER, Office, by_outcome, reconciling_in, results_of

PAYMENT = "pi_a,payment,100.00,1.00,99.00,EUR,2026-03-01T10:00:00Z,,po_881234"
PAYOUT = "po_881234,payout,-99.00,0,-99.00,EUR,2026-03-05T10:00:00Z,,"


def statement(*entries: tuple[str, str, str], until: str = "2026-03-31") -> str:
    """A bank's statement with these credits: amount, day and text of each."""
    rows = "".join(
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt>'
        "</BookgDt><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>"
        f"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
        for amount, day, text in entries
    )
    closing = sum((Decimal(amount) for amount, _, _ in entries), Decimal("0.00"))
    return (
        '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>\n'
        f"<FrToDt><FrDtTm>2026-03-01T00:00:00Z</FrDtTm><ToDtTm>{until}T00:00:00Z</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>DE1</IBAN></Id></Acct>{balance('OPBD', '0.00')}{balance('CLBD', str(closing))}\n"
        f"{rows}</Stmt></BkToCstmrStmt></Document>"
    )


def balance(code: str, amount: str) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-03-01</Dt></Dt></Bal>"
    )


@pytest.fixture
def desk(desk: Office) -> Office:
    """The office two months later, with a payment of 100.00 EUR."""
    desk.pay(desk.place(currency="EUR"), "100.00", reference="pi_a", received_at="2026-03-01T09:00:00Z")
    return desk


def bank(desk: Office, *entries: tuple[str, str, str], **parameters: str) -> dict[str, Any]:
    until = parameters.pop("until", "2026-03-31")
    answer = desk.upload(statement(*entries, until=until), "mybank", "application/xml", file="bank.xml", **parameters)
    assert answer.status_code == 201, answer.text
    return answer.json


def tied(one: dict[str, Any], rule: str) -> dict[str, Any]:
    """The `tied_to` of the only line that this rule has tied."""
    (result,) = [found for found in by_outcome(one)["matched"] if found["rule"] == rule]
    assert result["is_open"] is False
    return result["tied_to"]


@pytest.mark.parametrize("is_bank_first", [False, True])
def test_a_payout_is_tied_to_the_banks_credit_that_names_it_and_both_name_each_other(
    desk: Office, is_bank_first: bool
) -> None:
    credit = ("99.00", "2026-03-20", "STRIPE PO_881234 thanks")
    if is_bank_first:
        there = bank(desk, credit)
        assert there["outcomes"]["missing_in_ledger"] == 1
        here = desk.start(PAYMENT, PAYOUT)
    else:
        here = desk.start(PAYMENT, PAYOUT)
        assert here["outcomes"] == {"matched": 1}
        there = bank(desk, credit)
    here, there = desk.get(here).json, desk.get(there).json
    row = there["results"][0]["lines"][0]["row"]
    assert tied(here, "payout_by_reference") == {
        **{"provider": "mybank", "reconciliation": there["id"], "file": "bank.xml", "row": row},
    }
    assert tied(there, "payout_by_reference") == {
        **{"provider": "stripe", "reconciliation": here["id"], "file": "march.csv", "row": 3},
    }
    assert (here["outcomes"], here["open"]) == ({"matched": 2}, 0)
    assert "missing_in_ledger" not in there["outcomes"]


def test_a_payout_without_its_reference_is_tied_by_amount_currency_and_dates(desk: Office) -> None:
    here, there = desk.start(PAYMENT, PAYOUT), bank(desk, ("99.00", "2026-03-06", "Sammelgutschrift"))
    assert tied(desk.get(here).json, "payout_by_dates")["provider"] == "mybank"
    assert tied(there, "payout_by_dates")["provider"] == "stripe"


@pytest.mark.parametrize(
    "credit", [("98.99", "2026-03-06", "x"), ("99.00", "2026-03-20", "x"), ("99.00", "2026-03-01", "x")]
)
def test_a_payout_without_a_credit_is_open_and_so_is_the_credit_without_a_payout(
    desk: Office, credit: tuple[str, str, str]
) -> None:
    here, there = desk.start(PAYMENT, PAYOUT), bank(desk, credit)
    (missing,) = by_outcome(desk.get(here).json)["missing_in_bank"]
    assert (missing["is_open"], missing["lines"][0]["reference"]) == (True, "po_881234")
    (unknown,) = by_outcome(desk.get(there).json)["missing_in_ledger"]
    assert unknown["is_open"] is True


def test_a_payout_is_in_transit_until_a_bank_had_its_days_and_then_overdue(desk: Office) -> None:
    now = desk.clock()
    young = f"po_9,payout,-50.00,0,-50.00,EUR,{now.date()}T00:00:00Z,,"
    here = desk.start(PAYMENT, PAYOUT, young)
    bank(desk, ("99.00", "2026-03-06", "x"), until="2026-03-10")
    assert desk.get(here).json["outcomes"] == {"in_transit": 1, "matched": 2}
    desk.clock.tick(days=8)
    again = desk.decide(here, "run").json
    assert (again["outcomes"], again["open"]) == ({"overdue": 1, "matched": 2}, 1)


def test_a_payout_needs_no_credit_as_long_as_no_bank_has_its_currency(desk: Office) -> None:
    here = desk.start(PAYMENT, PAYOUT.replace("EUR", "USD"))
    bank(desk, ("99.00", "2026-03-06", "x"))
    assert desk.get(here).json["outcomes"] == {"matched": 1}


def test_a_customers_payment_to_the_bank_is_no_credit_of_a_payout(desk: Office) -> None:
    order = desk.place(currency="EUR")
    desk.pay(order, "99.00", provider="mybank", reference="b1", received_at="2026-03-05T09:00:00Z")
    here = desk.start(PAYMENT, PAYOUT)
    content = f"{HEADER}\nb1,payment,99.00,0,99.00,EUR,2026-03-06T00:00:00Z,,\n"
    answer = desk.upload(content, "mybank", rules='version = "1"\n[providers.mybank]\nbank = true\n')
    assert answer.json["outcomes"] == {"matched": 1}
    assert desk.get(here).json["outcomes"] == {"missing_in_bank": 1, "matched": 1} or (
        desk.get(here).json["outcomes"] == {"overdue": 1, "matched": 1}
    )


def test_a_banks_own_table_will_do_and_a_provider_that_pays_out_is_no_bank(desk: Office) -> None:
    here = desk.start(PAYMENT, PAYOUT)
    credit = "x1,payment,99.00,0,99.00,EUR,2026-03-06T00:00:00Z,STRIPE,"
    other = "pp_po,payout,-5.00,0,-5.00,EUR,2026-03-06T00:00:00Z,,"
    assert desk.upload(f"{HEADER}\n{credit}\n{other}\n", "paypal").json["outcomes"] == {"missing_in_ledger": 1}
    assert desk.get(here).json["outcomes"] == {"matched": 1}
    assert desk.upload(f"{HEADER}\n{credit}\n", "mybank").json["outcomes"] == {"matched": 1}
    assert desk.get(here).json["outcomes"] == {"matched": 2}


def test_a_table_that_has_the_credit_of_no_payout_asks_nothing_of_any(desk: Office) -> None:
    here = desk.start(PAYMENT, PAYOUT)
    desk.upload(f"{HEADER}\nx1,payment,12.00,0,12.00,EUR,2026-03-20T00:00:00Z,,\n", "another shop")
    assert desk.get(here).json["outcomes"] == {"matched": 1}


@pytest.mark.parametrize("is_bank_first", [False, True])
def test_a_table_that_has_the_credit_of_one_payout_asks_for_the_others(desk: Office, is_bank_first: bool) -> None:
    credit = "x1,payment,99.00,0,99.00,EUR,2026-03-06T00:00:00Z,STRIPE,"
    other = "pp_1,payout,-7.00,0,-7.00,EUR,2026-03-05T08:00:00Z,,"
    uploads = [(f"{HEADER}\n{credit}\n", "mybank"), (desk.file(PAYMENT, PAYOUT), "stripe")]
    uploads = uploads if is_bank_first else uploads[::-1]
    uploads.insert(0, (f"{HEADER}\n{other}\n", "paypal"))
    found = {provider: desk.upload(content, provider).json for content, provider in uploads}
    assert desk.get(found["stripe"]).json["outcomes"] == {"matched": 2}
    assert desk.get(found["paypal"]).json["outcomes"] == {"overdue": 1}


def test_the_named_one_of_two_providers_equal_payouts_is_tied_and_none_without_names(desk: Office) -> None:
    stripe = desk.start(PAYMENT, PAYOUT)
    paypal = desk.upload(f"{HEADER}\npp_po_1,payout,-99.00,0,-99.00,EUR,2026-03-05T08:00:00Z,,\n", "paypal").json
    both = bank(desk, ("99.00", "2026-03-06", "x"), ("99.00", "2026-03-07", "y"))
    assert desk.get(stripe).json["outcomes"] == {"ambiguous": 1, "matched": 1}
    assert both["outcomes"] == {"ambiguous": 2}
    desk.decide(both, "withdraw", reason="the wrong account")
    bank(desk, ("99.00", "2026-03-06", "of pp_po_1"), ("99.00", "2026-03-07", "y"))
    of_paypal = tied(desk.get(paypal).json, "payout_by_reference")
    assert of_paypal["row"] < tied(desk.get(stripe).json, "payout_by_dates")["row"]


def test_a_banks_text_of_a_credit_is_not_kept_in_the_open(desk: Office) -> None:
    bank(desk, ("99.00", "2026-03-06", "Gehalt Erika Mustermann DE02120300000000202051"))
    kept = desk.ledger.log_of_events.reader.execute("SELECT DISTINCT sha256 FROM kept_files").fetchall()
    for (sha256,) in kept:
        name = sha256 if isinstance(sha256, str) else sha256.hex()
        content = b"".join(desk.ledger.log_of_events.kept_file(name))
        if b"offers" in content:
            assert b"mustermann" not in content.lower()
            assert b"de0212" not in content.lower()


def test_payouts_that_are_alike_are_tied_in_the_order_of_time_and_one_too_many_makes_all_ambiguous(
    desk: Office,
) -> None:
    second = PAYOUT.replace("po_881234", "po_2").replace("05T", "06T")
    here = desk.start(PAYMENT, PAYOUT, second)
    there = bank(desk, ("99.00", "2026-03-06", "x"), ("99.00", "2026-03-08", "y"))
    assert desk.get(here).json["outcomes"] == {"matched": 3}
    assert [found["tied_to"]["row"] for found in by_outcome(there)["matched"]] == [3, 4]
    third = desk.start("po_3,payout,-99.00,0,-99.00,EUR,2026-03-07T10:00:00Z,,")
    assert [desk.get(one).json["outcomes"].get("ambiguous") for one in (here, there, third)] == [2, 2, 1]
    desk.decide(third, "withdraw", reason="a mistake")
    assert desk.get(here).json["outcomes"] == {"matched": 3}


def test_a_payout_that_stands_in_two_files_of_its_provider_is_one(desk: Office) -> None:
    one = desk.start(PAYMENT, PAYOUT)
    other = desk.start(PAYOUT)
    there = bank(desk, ("99.00", "2026-03-06", "x"))
    assert there["outcomes"] == {"matched": 1}
    assert [desk.get(found).json["open"] for found in (one, other)] == [0, 0]


def test_a_payout_that_is_missing_can_be_explained(desk: Office) -> None:
    here = desk.start(PAYMENT, PAYOUT)
    bank(desk)
    (missing,) = by_outcome(desk.get(here).json)["missing_in_bank"]
    assert desk.decide(here, "explain", results=[missing["id"]], reason="the other account").json["open"] == 0


def test_days_are_those_of_the_configured_time_zone_also_when_it_is_another_later(make_office: Any) -> None:
    office = make_office(LEDGER_TIMEZONE="Europe/Berlin")
    office.clock.tick(days=60)
    for reference, at in (("a", "2026-03-01T23:30:00Z"), ("b", "2026-03-02T20:00:00Z"), ("c", "2026-03-01T12:00:00Z")):
        office.paid(reference, "10.00", received_at=at)
    one = office.start(",payment,20.00,0,20.00,USD,2026-03-02T22:00:00Z,,")
    (found,) = by_outcome(one)["suggested"]
    assert [entry["reference"] for entry in found["entries"]] == ["a", "b"]
    utc = Reconciling(office.ledger, Journal(office.views))  # the reconciliation has its own time zone recorded
    again = utc.reproduce(utc.get(UUID(one["id"])))
    assert b"".join(piece for _, piece in encoded(again)) == office.get(one, "/report").content


# --- in any order ---

MOVEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["10.00", "10.00", "20.00"]), st.integers(1, 20), st.sampled_from(["", "po_123456", "a"])
    ),
    max_size=3,
)


def _files(stripe: Any, paypal: Any, credits_: Any, more: Any) -> list[tuple[str, str, bytes]]:
    files = []
    for provider, rows in (("stripe", stripe), ("paypal", paypal)):
        lines = [f"{name},payout,-{amount},0,,EUR,2026-03-{day:02d}T10:00:00Z,," for amount, day, name in rows]
        files.append((provider, f"{provider}.csv", "\n".join([HEADER, *lines, ""]).encode()))
    entries = [(amount, f"2026-03-{day:02d}", f"{name} x") for amount, day, name in credits_]
    files.append(("mybank", "bank.xml", statement(*entries, until="2026-03-20").encode()))
    lines = [f"{name},payment,{amount},0,,EUR,2026-03-{day:02d}T10:00:00Z,," for amount, day, name in more]
    files.append(("table", "table.csv", "\n".join([HEADER, *lines, ""]).encode()))
    return files


def _comes_to(folder: Path, files: list[tuple[str, str, bytes]]) -> dict[str, Any]:
    with reconciling_in(folder, days=20) as reconciling:
        started = [
            (name, reconciling.start(BytesIO(content), name, provider, None, ME).reconciliation)
            for provider, name, content in files
        ]
        found = {}
        for name, state in started:
            now = reconciling.get(state.uuid)
            again = reconciling.run_again(state.uuid, WriteConditions(ME)).reconciliation
            assert again.version == now.version, "what had changed was looked at again already"
            found[name] = results_of(reconciling, again)
    return found


@given(MOVEMENTS, MOVEMENTS, MOVEMENTS, MOVEMENTS, st.permutations(range(4)))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_of_several_providers_in_any_order_come_to_the_same(
    tmp_path: Path, stripe: Any, paypal: Any, credits_: Any, more: Any, order: list[int]
) -> None:
    files = _files(stripe, paypal, credits_, more)
    found = []
    for together in (files, [files[place] for place in order]):
        with TemporaryDirectory() as folder:
            found.append(_comes_to(Path(copytree(tmp_path, Path(folder) / "ledger")), together))
    assert found[0] == found[1]
