"""Matches by people: any open lines to any open payments, and back."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from domain.order.commands import VoidPayment
from domain.reconciliation.deciding import DecisionBatch, Wanted
from domain.reconciliation.refusals import DecisionsRefused, ReconciliationIsOpen
from domain.reconciling import Reconciling, WriteConditions
from projections.journal import Journal
from tests.conftest import ME, writer_held
from tests.reconciliation.conftest import PATH, Office, by_outcome, only


@pytest.fixture
def one(office: Office) -> dict[str, Any]:
    """A reconciliation of a match, an ambiguous line, three unknown lines (one in euros) and two payments left over."""
    office.clock.tick(days=30)
    for reference, amount in (("a", "30.00"), ("b", "20.00"), ("m", "50.00")):
        office.paid(reference, amount, received_at="2026-03-01T00:00:00Z")
    twins = office.paid("t_1", "7.00", received_at="2026-03-01T00:00:00Z")
    office.pay(twins, "7.00", reference="t_2", received_at="2026-03-01T00:00:00Z")
    return office.start(
        "m,payment,50.00,0,50.00,USD,2026-03-02T00:00:00Z,,",
        "x,payment,49.50,0,49.50,USD,2026-03-10T00:00:00Z,,",
        "y,payment,0.50,0,0.50,USD,2026-03-10T00:00:00Z,,",
        f"z,payment,7.00,0,7.00,USD,2026-03-10T00:00:00Z,{twins.id},",
        "e,payment,7.00,0,7.00,EUR,2026-03-10T00:00:00Z,,",
    )


def positions(one: dict[str, Any]) -> dict[str, int]:
    return {entry["reference"]: entry["position"] for result in one["results"] for entry in result["entries"]}


def match(office: Office, one: dict[str, Any], rows: list[int], *references: str, **body: Any) -> Any:
    return office.decide(one, "match", lines=rows, entries=[positions(one)[name] for name in references], **body)


def test_several_lines_are_matched_to_several_payments_and_the_answer_is_that_match(
    office: Office, one: dict[str, Any]
) -> None:
    assert one["outcomes"] == {"ambiguous": 1, "missing_in_ledger": 3, "missing_in_settlement": 2, "matched": 1}
    answer = match(office, one, [3, 4], "a", "b")
    assert answer.status_code == 200, answer.text
    (found,) = answer.json["results"]
    assert (found["outcome"], found["rule"], found["differs"], found["is_open"]) == ("matched", "by_hand", [], False)
    assert [line["row"] for line in found["lines"]] == [3, 4]
    assert answer.json["outcomes"] == {"ambiguous": 1, "missing_in_ledger": 1, "matched": 2}
    assert found["decision"]["kind"] == "matched"
    assert office.topics()[-2:] == ["matched_by_hand", "run_again"]


def test_a_difference_takes_a_reason_and_is_named(office: Office, one: dict[str, Any]) -> None:
    head = office.ledger.head()
    refused = match(office, one, [3], "a", "b")
    assert (refused.status_code, refused.json["code"]) == (409, "decision-not-allowed")
    assert "-0.50 USD" in refused.json["detail"]
    assert office.ledger.head() == head
    answer = match(office, one, [3], "a", "b", reason="the bank's charge").json
    (found,) = answer["results"]
    assert found["differs"] == [{"field": "amount", "expected": "50.00", "actual": "49.50"}]
    assert found["decision"]["reason"] == "the bank's charge"


def test_one_of_several_payments_is_chosen_and_the_other_is_missing_then(office: Office, one: dict[str, Any]) -> None:
    answer = match(office, one, [5], "t_2")
    assert answer.status_code == 200, answer.text
    left = by_outcome(office.get(one).json)
    assert "ambiguous" not in left
    assert {result["entries"][0]["reference"] for result in left["missing_in_settlement"]} == {"a", "b", "t_1"}


def test_a_match_by_hand_is_undone_and_all_is_as_it_was(office: Office, one: dict[str, Any]) -> None:
    found = match(office, one, [3, 4], "a", "b").json["results"][0]["id"]
    answer = office.decide(one, "undo", results=[found])
    assert answer.status_code == 200, answer.text
    assert (answer.json["results"], answer.json["open"]) == ([], one["open"])
    assert office.get(one).json["results"] == one["results"]


def test_any_decision_is_undone(office: Office, one: dict[str, Any]) -> None:
    id_ = only(one, "ambiguous")
    assert office.decide(one, "explain", results=[id_], reason="so").json["open"] == one["open"] - 1
    undone = office.decide(one, "undo", results=[id_]).json
    assert (undone["open"], undone["results"][0]["decision"]) == (one["open"], None)
    assert office.decide(one, "undo", results=[id_]).status_code == 409


def test_open_results_alone_are_matched_and_every_fault_is_said(office: Office, one: dict[str, Any]) -> None:
    head = office.ledger.head()
    answer = office.decide(one, "match", lines=[2, 3, 6, 99], entries=[positions(one)["m"], 1, 9999])
    assert answer.status_code == 409
    for words in ("row 2 is no open line", "row 99", "position 1 ", "position 9999", "EUR and USD"):
        assert words in answer.json["detail"]
    for body in ({"lines": [], "entries": [1]}, {"lines": [0], "entries": [1]}, {"lines": [1]}, {"lines": ["1"]}):
        assert office.decide(one, "match", **body).status_code == 422
    assert office.ledger.head() == head


def test_a_payment_that_is_recorded_later_can_be_matched(office: Office, one: dict[str, Any]) -> None:
    office.paid("late", "49.50", received_at="2026-03-09T00:00:00Z")
    answer = office.decide(one, "match", lines=[3], entries=[office.ledger.head()])
    assert answer.status_code == 200, answer.text
    assert answer.json["results"][0]["entries"][0]["reference"] == "late"


def test_a_payment_that_another_file_settled_cannot_be_matched(office: Office, one: dict[str, Any]) -> None:
    office.start("a,payment,30.00,0,30.00,USD,2026-03-05T00:00:00Z,,")
    assert match(office, one, [3], "a", reason="so").status_code == 409


def test_a_payment_matched_by_hand_is_settled_already_in_other_files(office: Office, one: dict[str, Any]) -> None:
    match(office, one, [3], "a", reason="so")
    other = office.start("a,payment,30.00,0,30.00,USD,2026-03-05T00:00:00Z,,")
    assert other["outcomes"]["settled_already"] == 1
    (again,) = by_outcome(other)["settled_already"]
    assert again["settled_by"] == {"reconciliation": one["id"], "file": "march.csv", "row": 3}


def test_a_payment_given_by_hand_to_another_files_line_is_given_to_no_second_one(
    office: Office, one: dict[str, Any]
) -> None:
    match(office, one, [3], "a", reason="so")
    other = office.start("a,payment,30.00,0,30.00,USD,2026-03-05T00:00:00Z,,")
    refused = match(office, other, [2], "a")
    assert (refused.status_code, refused.json["code"]) == (409, "decision-not-allowed")
    assert "march.csv" in refused.json["detail"]
    assert "row 3" in refused.json["detail"]
    assert office.get(other).json["outcomes"] == {"settled_already": 1}


def test_two_people_at_once_give_a_payment_to_one_line(office: Office, one: dict[str, Any]) -> None:
    other = office.start("w,payment,30.00,0,30.00,USD,2026-03-20T00:00:00Z,,")
    for _ in range(5):
        body = {"entries": [positions(one)["a"]], "reason": "so"}
        wanted = [(one, "match", {**body, "lines": [3]}), (other, "match", {**body, "lines": [2]})]
        answers = asyncio.run(office.decide_at_once(*wanted))
        assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]
        for of, answer in zip((one, other), answers, strict=True):
            if answer.status_code == 200:
                office.decide(of, "undo", results=[answer.json["results"][0]["id"]])


def test_a_broken_match_does_not_get_back_a_payment_that_another_file_was_given(
    office: Office, one: dict[str, Any]
) -> None:
    broken = {"results": [only(one, "matched")]}
    office.decide(one, "break", **broken, reason="another's")
    other = office.start("w,payment,50.00,0,50.00,USD,2026-03-20T00:00:00Z,,")
    given = office.decide(other, "match", lines=[2], entries=[positions(one)["m"]])
    assert given.status_code == 200, given.text
    assert office.decide(one, "confirm", **broken).status_code == 409
    undone = office.decide(one, "undo", **broken)
    assert undone.status_code == 200, undone.text
    now = office.get(one).json
    assert (now["outcomes"].get("settled_already"), "matched" in now["outcomes"]) == (1, False)
    assert now["open"] == sum(result["is_open"] for result in now["results"])


def test_a_payment_of_a_broken_match_that_was_given_to_another_line_is_that_lines(
    office: Office, one: dict[str, Any]
) -> None:
    office.decide(one, "break", results=[only(one, "matched")], reason="another's")
    assert match(office, one, [3], "m", reason="so").status_code == 200
    other = office.start("w,payment,50.00,0,50.00,USD,2026-03-20T00:00:00Z,,")
    assert office.decide(other, "match", lines=[2], entries=[positions(one)["m"]]).status_code == 409
    second = office.start("m,payment,50.00,0,50.00,USD,2026-03-21T00:00:00Z,,")
    assert second["outcomes"] == {"settled_already": 1}


def test_a_file_is_not_closed_with_a_payment_that_was_just_given_to_another_file(
    office: Office, one: dict[str, Any]
) -> None:
    class NotThereYet(Reconciling):
        """Records decisions, but has not yet looked at the other files again."""

        def _rerun_affected(self, *_: Any) -> None:
            return

    other = office.start("m,payment,50.00,0,50.00,USD,2026-03-01T12:00:00Z,,")
    assert office.get(one).json["outcomes"]["settled_already"] == 1
    wanted = [Wanted(decision="match", lines=(2,), entries=(positions(one)["m"],))]
    NotThereYet(office.ledger, Journal(office.views)).decide(UUID(one["id"]), wanted, WriteConditions(ME))
    refused = office.decide(other, "close")
    assert (refused.status_code, refused.json["code"]) == (409, "reconciliation-open")
    assert office.get(other).json["outcomes"] == {"settled_already": 1}


def test_a_file_is_not_closed_with_a_payment_that_it_got_and_another_file_was_given_in_the_same_transaction(
    office: Office,
) -> None:
    office.clock.tick(days=30)
    order = office.place()
    one = office.start("p,payment,50.00,0,50.00,USD,2026-03-02T00:00:00Z,,")
    office.decide(one, "explain", results=[only(one, "missing_in_ledger")], reason="not there yet")
    office.pay(order, "50.00", reference="p", received_at="2026-03-01T00:00:00Z")
    other = office.start(f"x,payment,50.00,0,50.00,USD,2026-03-02T00:00:00Z,{order.id},")
    wanted = [Wanted(decision="confirm", results=(only(other, "suggested"),))]
    reconciling, given = Reconciling(office.ledger, Journal(office.views)), WriteConditions(ME)
    works: list[Callable[[], Any]] = [
        lambda: reconciling.run_again(UUID(one["id"]), given),
        lambda: reconciling.decide(UUID(other["id"]), wanted, given),
        lambda: reconciling.close(UUID(one["id"]), given),
    ]
    with ThreadPoolExecutor() as together:
        with writer_held(office.ledger):
            done = []
            for work in works:
                done.append(together.submit(work))
                time.sleep(0.3)
        for each in done[:2]:
            each.result()
        with pytest.raises(ReconciliationIsOpen):
            done[2].result()
    assert office.get(other).json["open"] == 0
    assert office.get(one).json["outcomes"] == {"settled_already": 1}


def test_several_decisions_are_taken_together_or_none(office: Office, one: dict[str, Any]) -> None:
    at = positions(one)
    wanted = [
        {"decision": "match", "lines": [3, 4], "entries": [at["a"], at["b"]]},
        {"decision": "explain", "results": [only(one, "ambiguous")], "reason": "so"},
        {"decision": "break", "results": [only(one, "matched")], "reason": "no"},
    ]
    bad = [*wanted, {"decision": "confirm", "results": ["nothing"]}, {"decision": "explain", "results": ["x"]}]
    head = office.ledger.head()
    refused = office.decide(one, "decisions", decisions=bad)
    assert (refused.status_code, refused.json["code"]) == (409, "decisions-refused")
    assert [error["field"] for error in refused.json["errors"]] == ["decisions[3]", "decisions[4]"]
    assert office.ledger.head() == head
    answer = office.decide(one, "decisions", decisions=wanted)
    assert answer.status_code == 200, answer.text
    assert [result["decision"]["kind"] for result in answer.json["results"]] == ["matched", "explained", "broken"]
    assert office.ask(f"{PATH}/{one['id']}", office.writer).json["open"] == 2


def test_decisions_that_are_tried_twice_are_refused_once_each(office: Office, one: dict[str, Any]) -> None:
    at, left = positions(one), [1]
    wanted = [Wanted(decision="match", lines=(row,), entries=(at[name],)) for row, name in ((3, "a"), (4, "b"))]
    reconciling = Reconciling(office.ledger, Journal(office.views))

    def spoil(t: Any) -> None:
        if left and left.pop():
            t.connection.execute("ROLLBACK")  # so every turn of the transaction is done again, alone

    with ThreadPoolExecutor() as together:
        with writer_held(office.ledger):
            decided = together.submit(reconciling.decide, UUID(one["id"]), wanted, WriteConditions(ME))
            time.sleep(0.5)
            spoilt = office.ledger.write(spoil)
        spoilt.result()
        with pytest.raises(DecisionsRefused) as refused:
            decided.result()
    assert [number for number, _ in refused.value.problems] == [1, 2]


def test_a_run_again_keeps_the_matches_by_hand(office: Office, one: dict[str, Any]) -> None:
    match(office, one, [3, 4], "a", "b")
    office.paid("more", received_at="2026-03-09T00:00:00Z")
    again = office.decide(one, "run").json
    assert [result["rule"] for result in again["results"] if result["outcome"] == "matched"].count("by_hand") == 1


def test_a_match_by_hand_holds_no_more_once_a_payment_of_it_is_void(office: Office, one: dict[str, Any]) -> None:
    before = match(office, one, [3, 4], "a", "b").json
    order = office.ledger.order(office.ledger.uuid_of(1))
    office.give(order, VoidPayment, reference="a", provider="stripe", reason="never came")
    again = office.decide(one, "run")
    assert again.status_code == 200, again.text
    assert again.json["outcomes"] == {"ambiguous": 1, "missing_in_ledger": 3, "missing_in_settlement": 1, "matched": 1}
    office.start("w,payment,1.00,0,1.00,USD,2026-03-20T00:00:00Z,,")
    assert match(office, one, [4], "b", reason="so").status_code == 200
    assert office.decide(one, "undo", results=[before["results"][0]["id"]]).status_code == 200
    assert office.get(one).json["outcomes"] == {"ambiguous": 1, "missing_in_ledger": 2, "matched": 2}


def test_a_payment_that_becomes_void_while_it_is_matched_is_refused(
    office: Office, one: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_open = DecisionBatch.check_open

    def late(*given: Any) -> None:
        monkeypatch.undo()
        check_open(*given)
        order = office.ledger.order(office.ledger.uuid_of(1))
        office.give(order, VoidPayment, reference="a", provider="stripe", reason="never came")

    monkeypatch.setattr(DecisionBatch, "check_open", late)
    refused = match(office, one, [3], "a", reason="so")
    assert (refused.status_code, refused.json["code"]) == (409, "decision-not-allowed")


# --- the command line ---


def decide(office: Office, one: dict[str, Any], *arguments: str) -> tuple[int, str]:
    done = office.run("reconcile", "decide", one["id"], *arguments)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_a_match_is_made_and_undone_on_the_command_line(office: Office, one: dict[str, Any]) -> None:
    at = positions(one)
    entries = [word for name in ("a", "b") for word in ("--entry", str(at[name]))]
    status, said = decide(office, one, "match", "--line", "3", "--line", "4", *entries)
    assert (status, f"reconciliation {one['id']}: 2 open" in said) == (1, True), said
    (found,) = [result for result in office.get(one).json["results"] if result["rule"] == "by_hand"]
    assert decide(office, one, "undo", found["id"])[0] == 1
    assert office.get(one).json["open"] == one["open"]


def test_many_decisions_come_as_a_csv_and_it_exits_0_when_nothing_is_open(office: Office, one: dict[str, Any]) -> None:
    at, found = positions(one), by_outcome(one)
    left = found["ambiguous"] + [result for result in found["missing_in_ledger"] if result["lines"][0]["row"] == 6]
    path = office.folder / "decisions.csv"
    path.write_text(
        "\ufeffdecision,results,lines,entries,reason\r\n"
        f"match,,3 4,{at['a']} {at['b']},\r\n"
        f"explain,{' '.join(result['id'] for result in left)},,,another shop's\r\n",
        "utf-8",
    )
    status, said = decide(office, one, "--csv", str(path))
    assert status == 0, said
    assert decide(office, one, "close")[0] == 0
    assert office.get(one).json["status"] == "closed"
    assert decide(office, one, "withdraw", "--reason", "the wrong month")[0] == 0


def test_many_decisions_come_as_a_csv_over_http_too_all_of_them_or_none(office: Office, one: dict[str, Any]) -> None:
    at, head = positions(one), office.ledger.head()

    def send(text: str | bytes) -> Any:
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        return office.ask(f"{PATH}/{one['id']}/decisions", office.writer, "POST", body=text, headers=headers)

    for wrong, code in (("decision,lines\nmatch,x\nagree,\n", 422), (b"decision\n\xff", 422), ("", 422)):
        answer = send(wrong)
        assert (answer.status_code, office.ledger.head()) == (code, head), answer.text
    assert "line 2" in send("decision,lines\nmatch,x\nagree,\n").text
    missing = by_outcome(one)["missing_in_ledger"][-1]["id"]
    answer = send(
        "\ufeffdecision,results,lines,entries,reason\r\n"
        f"match,,3 4,{at['a']} {at['b']},\r\n"
        f"explain,{missing},,,another shop's\r\n"
    )
    assert answer.status_code == 200, answer.text
    assert {result["decision"]["kind"] for result in answer.json["results"]} == {"matched", "explained"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("decision,results\nconfirm,x\nexplain,y\n", ("Decision 1", "Decision 2")),
        (
            "decision,lines,entries\nmatch,x 3,1_0\nagree,,\nbreak,1,2,3\n",
            (
                "line 2: lines: 'x' is no whole number; entries: '1_0' is no whole number",
                "line 3: decision: 'agree' is none of confirm, break, explain, match, undo",
                "line 4: the row has more or fewer cells than the header",
            ),
        ),
        ("what\nx\n", ("the columns are of decision, results, lines, entries, reason",)),
        ("decision\n", ("1 to 10000 decisions",)),
    ],
)
def test_a_csv_that_is_wrong_decides_nothing_and_every_fault_is_named(
    office: Office, one: dict[str, Any], text: str, words: tuple[str, ...]
) -> None:
    path, head = office.folder / "decisions.csv", office.ledger.head()
    path.write_text(text)
    status, said = decide(office, one, "--csv", str(path))
    assert (status, [word for word in words if word not in said.replace("\n", " ")]) == (2, []), said
    assert office.ledger.head() == head


@pytest.mark.parametrize("arguments", [(), ("confirm", "--csv", "x"), ("withdraw",), ("agree",)])
def test_a_malformed_decision_is_said_and_exits_2(
    office: Office, one: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    assert decide(office, one, *arguments)[0] == 2
