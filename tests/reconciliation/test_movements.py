"""Money that goes back: each kind of line in providers' files is matched with the journal's same kind of movement."""

from email.message import Message
from pathlib import Path

import pytest

from domain.order.commands import (
    ChargeBack,
    FailPayment,
    FailRefund,
    ReverseChargeback,
)
from tests.reconciliation.conftest import Office, by_outcome

HEADER = (
    "balance_transaction_id,created_utc,reporting_category,currency,gross,fee,net,source_id,charge_id,"
    "payment_intent_id,automatic_payout_id,description\n"
)
ACH = HEADER + (
    "txn_1,2026-03-01 10:00:00,charge,usd,100.00,0.80,99.20,py_f1,py_f1,pi_f1,,Order 95001\n"
    "txn_2,2026-03-06 10:00:00,charge_failure,usd,-100.00,-0.80,-99.20,pyr_f1,py_f1,pi_f1,,Order 95001\n"
    "txn_3,2026-03-01 10:00:00,charge,usd,30.00,1.20,28.80,ch_f2,ch_f2,pi_f2,,Order 95002\n"
    "txn_4,2026-03-03 10:00:00,refund,usd,-7.00,0.00,-7.00,re_f2,ch_f2,pi_f2,,Order 95002\n"
    "txn_5,2026-03-09 10:00:00,refund_failure,usd,7.00,0.00,7.00,re_f2,ch_f2,pi_f2,,Order 95002\n"
)
DISPUTE = HEADER + (
    "txn_1,2026-03-01 10:00:00,charge,usd,50.00,1.75,48.25,ch_d1,ch_d1,pi_d1,po_1,Order 94001\n"
    "txn_2,2026-03-05 10:00:00,dispute,usd,-50.00,15.00,-65.00,dp_1,ch_d1,pi_d1,po_1,Order 94001\n"
    "txn_3,2026-03-25 10:00:00,dispute_reversal,usd,50.00,-15.00,65.00,dp_1,ch_d1,pi_d1,po_1,Order 94001\n"
    "txn_4,2026-03-26 10:00:00,refund_failure,usd,7.00,0.00,7.00,re_77,ch_d1,pi_d1,po_1,Order 94001\n"
    "txn_5,2026-03-26 10:00:00,payout,usd,-55.25,0.00,-55.25,po_1,,,po_1,STRIPE PAYOUT\n"
)


def outcomes(office: Office, file: str) -> dict[str, list[str]]:
    answer = office.upload(file)
    assert answer.status_code == 201, answer.text
    found = by_outcome(answer.json)
    return {of: sorted(line["kind"] for result in results for line in result["lines"]) for of, results in found.items()}


def test_money_that_was_pulled_back_and_is_there_in_the_ledger_is_open(desk: Office) -> None:
    desk.paid("pi_f1", "100.00", received_at="2026-03-01T10:00:00Z")
    order = desk.paid("pi_f2", "30.00", received_at="2026-03-01T10:00:00Z")
    desk.refund(order, "7.00", reference="re_f2", payment_reference="pi_f2", refunded_at="2026-03-03T10:00:00Z")
    assert outcomes(desk, ACH) == {
        "missing_in_ledger": ["payment_failure", "refund_failure"],
        "matched": ["payment", "payment", "refund"],
    }


def test_a_failure_that_the_ledger_knows_is_matched(desk: Office) -> None:
    first = desk.paid("pi_f1", "100.00", received_at="2026-03-01T10:00:00Z")
    order = desk.paid("pi_f2", "30.00", received_at="2026-03-01T10:00:00Z")
    order = desk.refund(order, "7.00", reference="re_f2", payment_reference="pi_f2", refunded_at="2026-03-03T10:00:00Z")
    at = {"provider": "stripe", "failed_at": "2026-03-06T10:00:00Z"}
    desk.give(first, FailPayment, amount="100.00", reference="own-1", payment_reference="pi_f1", **at)
    desk.give(order, FailRefund, amount="7.00", reference="re_f2", refund_reference="re_f2", **at)
    assert set(outcomes(desk, ACH)) == {"matched"}


def test_a_dispute_opened_and_won_has_a_match_each_and_an_unrecorded_one_is_open(desk: Office) -> None:
    order = desk.paid("pi_d1", "50.00", received_at="2026-03-01T10:00:00Z")
    order = desk.give(
        order,
        ChargeBack,
        amount="50.00",
        provider="stripe",
        reference="dp_1",
        payment_reference="pi_d1",
        charged_back_at="2026-03-05T10:00:00Z",
    )
    desk.give(
        order,
        ReverseChargeback,
        amount="50.00",
        provider="stripe",
        reference="dp_1",
        chargeback_reference="dp_1",
        reversed_at="2026-03-25T10:00:00Z",
    )
    assert outcomes(desk, DISPUTE) == {
        "missing_in_ledger": ["refund_failure"],
        "matched": ["chargeback", "chargeback_reversal", "payment"],
    }


def test_a_chargeback_after_a_refund_has_a_match_of_its_own(desk: Office) -> None:
    order = desk.paid("pi_d1", "50.00", received_at="2026-03-01T10:00:00Z")
    order = desk.refund(order, "50.00", reference="re_1", payment_reference="pi_d1", refunded_at="2026-03-02T10:00:00Z")
    rows = DISPUTE.splitlines(keepends=True)
    refund = "txn_9,2026-03-02 10:00:00,refund,usd,-50.00,0.00,-50.00,re_1,ch_d1,pi_d1,,Order 94001\n"
    found = outcomes(desk, "".join([*rows[:2], refund, rows[2]]))
    assert found == {"missing_in_ledger": ["chargeback"], "matched": ["payment", "refund"]}


@pytest.mark.parametrize("name", ['a"; filename="b.exe', 'a\\"', "a;b=c.csv"])
def test_a_file_is_had_back_under_its_own_name_whatever_marks_that_has(name: str, desk: Office) -> None:
    one = desk.start(f"{name.encode().hex()},adjustment,-5.00,0,-5.00,USD,@,,", file=name)
    told = Message()
    told["Content-Disposition"] = desk.get(one, "/file").headers["content-disposition"]
    assert told.get_params(header="Content-Disposition") == [("attachment", ""), ("filename", name)]


def test_the_file_and_the_rules_can_be_had_back_byte_for_byte(desk: Office, tmp_path: Path) -> None:
    rules = 'version = "7"\n# ours\n[limits]\nUSD = "5.00"\n'
    one = desk.start("a,adjustment,-5.00,0,-5.00,USD,@,,", "b,transfer,-5.01,0,-5.01,USD,@,,", rules=rules)
    assert one["outcomes"] == {"to_explain": 1, "noted": 1}
    assert (one["open"], desk.get(one, "/rules").text) == (1, rules)
    file = desk.get(one, "/file")
    assert file.headers["content-disposition"].endswith('"march.csv"')
    for what, content in (("file", file.content), ("rules", rules.encode())):
        done = desk.run("reconcile", "kept", one["id"], what)
        assert (done.returncode, done.stdout) == (0, content), done.stderr
    path = tmp_path / "again.csv"
    assert desk.run("reconcile", "kept", one["id"], "file", "--output", str(path)).returncode == 0
    assert path.read_bytes() == file.content
    assert desk.run("reconcile", "kept", one["id"], "file", "--output", str(path)).returncode == 2
    assert desk.run("reconcile", "kept", "a06e0784-7b54-573d-b7db-902bbb437c93", "file").returncode == 2
