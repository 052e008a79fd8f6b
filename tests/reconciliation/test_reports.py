"""The report of a settlement file against the ledger: is it the same whenever it is asked for?"""

import asyncio
import re
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.reconciliation.report import encoded
from domain.reconciliation.rules import DEFAULT, Rules, rules_from
from domain.reconciling import Reconciling
from projections.journal import Journal
from projections.views.views import Views
from tests.conftest import ROOT, let_events_be_anything
from tests.reconciliation.conftest import PATH, Office, by_outcome, only
from tests.tampering import tamper


def made_again(office: Office, one: dict[str, str], views: Views | None = None) -> bytes:
    """The report, made again from the kept file and rules and the journal."""
    reconciling = Reconciling(office.ledger, Journal(views or office.views))
    state = reconciling.get(UUID(one["id"]))
    return b"".join(piece for _, piece in encoded(reconciling.reproduce(state)))


def test_rules_that_nobody_gave_are_kept_as_text_that_means_the_default() -> None:
    assert rules_from(DEFAULT) == Rules(version="default-1", settlement_delay_days=3)


def test_every_line_and_every_payment_has_its_outcome(office: Office) -> None:
    office.paid("pi_1")
    office.paid("pi_2")
    named = office.paid("pi_3", "30.00")
    office.paid("pi_young")
    office.paid("pi_old", received_at="2026-02-01T00:00:00Z")
    one = office.start(
        "pi_1,payment,50.00,1.00,49.00,USD,@,,",
        "pi_2,payment,49.00,0,49.00,USD,@,,",
        f"bank-9,payment,30.00,0,30.00,USD,@,{named.key},",
        "pi_unknown,payment,5.00,0,5.00,USD,@,,",
        "pi_1,payment,50.00,1.00,49.00,USD,@,,",
        "fee-1,fee,0,2.00,-2.00,USD,@,,",
        "odd,moonlight,1.00,0,1.00,USD,@,,",
    )
    assert one["outcomes"] == {
        "amount_differs": 1,
        "duplicate_in_settlement": 1,
        "missing_in_ledger": 1,
        "missing_in_settlement": 1,
        "unknown_kind": 1,
        "suggested": 1,
        "in_transit": 1,
        "matched": 1,
    }
    assert one["open"] == 6
    (differs,) = by_outcome(one)["amount_differs"]
    assert differs["differs"] == [{"field": "amount", "expected": "50.00", "actual": "49.00"}]
    assert (differs["lines"][0]["row"], differs["entries"][0]["reference"]) == (3, "pi_2")


def test_a_payment_of_another_provider_is_no_business_of_this_file(office: Office) -> None:
    office.paid("pp_1", provider="paypal", received_at="2026-01-01T00:00:00Z")
    one = office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    assert one["outcomes"] == {"missing_in_ledger": 1}


def test_references_are_matched_without_the_white_space_around_them(office: Office) -> None:
    office.paid(" pi_1 ")
    one = office.start('" pi_1",payment,50.00,0,50.00,USD,@,,')
    assert one["outcomes"] == {"matched": 1}


def test_a_difference_that_the_tie_out_cannot_explain_is_open_until_a_person_does(office: Office) -> None:
    office.paid("pi_1")
    one = office.start("pi_1,payment,50.00,1.00,49.00,USD,@,,po_1", "po_1,payout,-48.00,0,-48.00,USD,@,,")
    (statement,) = one["tie_out"]
    assert [(row["item"], row["net"]) for row in statement["rows"]] == [
        ("opening", "0.00"),
        ("payment", "49.00"),
        ("payout", "-48.00"),
        ("closing", "1.00"),
        ("unexplained: payout po_1", "-1.00"),
    ]
    assert one["outcomes"] == {"unexplained": 1, "matched": 1}
    assert office.decide(one, "close").status_code == 409
    assert office.decide(one, "explain", results=[only(one, "unexplained")], reason="carried").json["open"] == 0
    assert office.decide(one, "close").json["status"] == "closed"


def test_the_same_file_again_finds_the_same_reconciliation_and_records_nothing(office: Office) -> None:
    office.paid("pi_1")
    row = f"pi_1,payment,50.00,0,50.00,USD,{office.now()},,"
    first = office.upload(office.file(row))
    head = office.ledger.head()
    office.clock.tick()
    again = office.upload(office.file(row), file="renamed.csv")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert office.ledger.head() == head
    assert first.headers["location"].endswith(first.json["id"])


def test_the_same_file_by_other_rules_is_another_reconciliation(office: Office) -> None:
    row = f"pi_1,payment,50.00,0,50.00,USD,{office.now()},,"
    ids = {office.start(row)["id"], office.start(row, rules='version = "2"')["id"]}
    assert len(ids) == 2


def test_the_report_is_the_same_to_the_byte_after_more_payments_decisions_and_a_rebuild(
    office: Office, tmp_path: Path
) -> None:
    office.paid("pi_1")
    order = office.paid("pi_2")
    one = office.start("pi_1,payment,50.00,0,50.00,USD,@,,", f"x,payment,50.00,0,50.00,USD,@,{order.id},")
    kept = office.get(one, "/report").content
    for reference in ("pi_8", "x"):
        office.paid(reference)
    office.decide(one, "confirm", results=[only(one, "suggested")])
    assert office.get(one, "/report").content == made_again(office, one) == kept
    views = Views(office.ledger, tmp_path / "anew.db")
    views.ensure()
    assert made_again(office, one, views) == kept
    views.close()


def test_a_payment_that_is_known_later_shows_when_it_is_run_again_with_the_difference(office: Office) -> None:
    row = f"pi_1,payment,50.00,0,50.00,USD,{office.now()},,"
    one = office.start(row, "pi_2,payment,1.00,0,1.00,USD,@,,")
    missing = {result["lines"][0]["reference"]: result["id"] for result in one["results"]}
    office.decide(one, "explain", results=[missing["pi_2"]], reason="another shop's")
    office.paid("pi_1", received_at="2026-03-01T10:00:00Z")
    assert office.upload(office.file(row, "pi_2,payment,1.00,0,1.00,USD,@,,")).status_code in (200, 201)
    again = office.decide(one, "run").json
    assert (again["outcomes"], again["open"]) == ({"missing_in_ledger": 1, "matched": 1}, 0)
    assert [result["id"] for result in again["since_last_run"]["gone"]] == [missing["pi_1"]]
    assert [result["outcome"] for result in again["since_last_run"]["appeared"]] == ["matched"]
    assert again["position"] > one["position"]
    assert office.get(one, "/report").content == made_again(office, one)


def test_a_run_again_without_news_records_nothing(office: Office) -> None:
    office.paid("pi_1")
    one = office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    office.paid("pp_1", provider="paypal")
    head = office.ledger.head()
    assert office.decide(one, "run").json["position"] == one["position"]
    assert office.ledger.head() == head


def test_a_payment_in_transit_is_the_next_files_business_and_a_settled_one_is_not(office: Office) -> None:
    office.paid("pi_settled")
    office.paid("pi_young")
    office.paid("pi_late")
    first = office.start("pi_settled,payment,50.00,0,50.00,USD,@,,")
    assert [result["outcome"] for result in first["results"]] == ["in_transit", "in_transit", "matched"]
    office.clock.tick(days=10)
    second = office.start("pi_late,payment,50.00,0,50.00,USD,@,,")
    (missing,) = by_outcome(second)["missing_in_settlement"]
    assert [entry["reference"] for entry in missing["entries"]] == ["pi_young"]
    assert second["outcomes"] == {"missing_in_settlement": 1, "matched": 1}


def test_several_lines_on_one_row_of_an_xml_file_are_told_apart(office: Office) -> None:
    entry = (
        '<Ntry><Amt Ccy="USD">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-01</Dt></BookgDt>'
        "<AcctSvcrRef>{}</AcctSvcrRef></Ntry>"
    )
    statement = "".join([entry.format("1.00", "a"), entry.format("2.00", "b")])
    xml = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>'
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{statement}</Stmt></BkToCstmrStmt></Document>"
    )
    answer = office.upload(xml, provider="bank", media="application/xml")
    assert answer.status_code == 201, answer.text
    references = [result["lines"][0]["reference"] for result in answer.json["results"]]
    assert sorted(references) == ["a", "b"]
    assert len({result["id"] for result in answer.json["results"]}) == 2


def test_the_list_is_the_same_from_views_that_are_made_anew(office: Office) -> None:
    one = office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    office.decide(one, "explain", results=[only(one, "missing_in_ledger")], reason="so")
    office.decide(one, "close")
    office.start("pi_2,payment,50.00,0,50.00,USD,@,,", provider="paypal")
    live = office.ask(PATH, office.writer).content
    office.views.rebuild()
    assert office.ask(PATH, office.writer).content == live


def test_kept_files_that_were_altered_are_found_by_verify(office: Office) -> None:
    one = office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    assert office.run("verify").returncode == 0
    kept = [one[name] for name in ("file_sha256", "rules_sha256", "report_sha256")]
    tamper(office.settings.ledger, "UPDATE kept_files SET content = x'00' WHERE sha256 IN (?, ?, ?)", *kept)
    done = office.run("verify")
    assert done.returncode == 1
    assert [sha256 for sha256 in kept if sha256 in done.stdout.decode()] == kept


def test_a_reconciliation_without_its_payload_is_found_by_verify(office: Office) -> None:
    office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    let_events_be_anything(office.ledger.log_of_events.writer)
    tamper(office.settings.ledger, "UPDATE events SET payload = NULL WHERE topic LIKE 'reconciliation.%'")
    done = office.run("verify")
    assert done.returncode == 1
    assert "the record is not what its digest was made of" in done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("change", ["UPDATE kept_files SET piece = 9", "DELETE FROM kept_files"])
def test_the_database_itself_refuses_to_change_a_kept_file(office: Office, change: str) -> None:
    office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    with pytest.raises(Exception, match="a kept file is never"):
        office.ledger.log_of_events.writer.execute(change)


def test_a_ledger_from_before_there_were_kept_files_gets_their_table(office: Office) -> None:
    office.paid("pi_1")
    office.ledger.log_of_events.writer.execute("DROP TABLE kept_files")
    office.ledger.log_of_events.create()
    assert office.start("pi_1,payment,50.00,0,50.00,USD,@,,")["outcomes"] == {"matched": 1}


def test_two_uploads_of_one_file_at_once_start_it_once_and_answer_the_same(office: Office) -> None:
    office.paid("pi_1")
    file = office.file(*(f"r{number},payment,1.00,0,1.00,USD,@,," for number in range(300)))
    answers = asyncio.run(office.upload_at_once(file, file))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert answers[0].content == answers[1].content
    assert office.topics() == ["started", "matches_suggested"]


def test_the_rules_file_that_the_docs_show_is_one() -> None:
    shown, whole = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "settlement-files.md").read_text(), re.DOTALL)
    rules = rules_from(shown)
    assert (rules.delay_days("stripe"), rules.tolerance_minor) == (7, {"USD": 2})
    assert rules.mapping("mybank") is not None
    described = rules_from(whole).mapping("mybank")
    assert described is not None
    left_out = {"recognised_by", "columns", "gross", "net_debit", "net_credit", "original_debit", "original_credit"}
    for shape in (described, described.columns):
        for name in set(shape.__struct_fields__) - left_out:
            assert re.search(rf"^(\[.*)?\b{name}\b", whole, re.MULTILINE), name


@pytest.mark.parametrize(
    "rules",
    [
        "settlement_delay_days = " + "9" * 5000,
        'providers.acme.file = { currency = "USD", kind = "payment", date_format = "%d%d%m%Y", '
        'columns = { gross = "gross", occurred_at = "occurred_at" } }',
        'providers.acme.file = { currency = "USD", kind = "payment", encoding = "utf-16", '
        'columns = { gross = "gross", occurred_at = "occurred_at" } }',
    ],
    ids=["digits", "twice", "no mark"],
)
def test_rules_that_break_a_reader_are_answered_as_wrong_and_not_as_a_fault_of_ours(office: Office, rules: str) -> None:
    file = office.file("pi_1,payment,50.00,0,50.00,USD,@,,")
    answer = office.upload(file, provider="acme", rules=f'version = "1"\n{rules}')
    assert answer.status_code == 422, answer.text


def test_a_report_of_before_there_were_indexes_reads_as_one_with_its_index(office: Office) -> None:
    office.paid("pi_1")
    office.paid("pi_old", received_at="2026-02-01T00:00:00Z")
    one = office.start(
        "pi_1,payment,49.00,0,49.00,USD,@,,", *(f"x_{n},payment,5.00,0,5.00,USD,@,," for n in range(250))
    )
    reconciling = Reconciling(office.ledger, Journal(office.views))
    state = reconciling.get(UUID(one["id"]))
    indexed = reconciling.report(state)
    before = reconciling.report(replace(state, index_sha256=""))
    assert len(before) == len(indexed) == 252
    assert (before.head, before.ids()) == (indexed.head, indexed.ids())
    assert before.results(95, 205) == indexed.results(95, 205)
    last = indexed.results(251, 252)[0].id
    assert before.place(last) == indexed.place(last) == 251
