"""Reconciliations over HTTP: rights, answers, and requests that are refused whole."""

import csv
import json
import random
from io import BytesIO, StringIO
from typing import Any

import pytest

from api.workbooks import XLSX
from domain.settlement.tables.sheet import sheet_rows
from tests.conftest import ROOT
from tests.reconciliation.conftest import PATH, Office, by_outcome, only

ROW = "pi_1,payment,50.00,0,50.00,USD,@,,"


@pytest.fixture
def one(office: Office) -> dict[str, Any]:
    """A reconciliation of a matched, a suggested and an unknown payment."""
    office.paid("pi_1")
    order = office.paid("pi_2")
    return office.start(ROW, f"x,payment,50.00,0,50.00,USD,@,{order.id},", "y,payment,1.00,0,1.00,USD,@,,")


def test_a_reconciliation_is_decided_and_closed_and_the_log_says_by_whom(office: Office, one: dict[str, Any]) -> None:
    assert office.decide(one, "confirm", results=[only(one, "suggested")]).json["open"] == 1
    answer = office.decide(one, "explain", results=[only(one, "missing_in_ledger")], reason="the other shop's")
    (explained,) = [result for result in answer.json["results"] if result["outcome"] == "missing_in_ledger"]
    assert explained["is_open"] is False
    assert (explained["decision"]["kind"], explained["decision"]["reason"]) == ("explained", "the other shop's")
    closed = office.decide(one, "close")
    assert (closed.json["status"], closed.json["open"], closed.headers["etag"]) == ("closed", 0, '"5"')
    assert closed.headers["ledger-position"] == f"orders:{office.ledger.head()}"
    assert office.topics() == ["started", "matches_suggested", "match_confirmed", "difference_explained", "closed"]
    actor = office.ledger.log_of_events.actor_at(office.ledger.head() - 1)
    assert explained["decision"]["actor"] == actor


@pytest.mark.parametrize("decision", ["confirm", "explain", "break", "close", "run"])
def test_a_decision_for_a_version_that_is_past_is_refused_and_the_current_one_told(
    office: Office, one: dict[str, Any], decision: str
) -> None:
    body: dict[str, Any] = {} if decision in ("close", "run") else {"results": [only(one, "suggested")]}
    if decision in ("explain", "break"):
        body["reason"] = "because"
    topics = office.topics()
    moved = office.ask(
        f"{PATH}/{one['id']}/{decision}",
        office.writer,
        "POST",
        body=json.dumps(body),
        headers={"Content-Type": "application/json", "If-Match": '"1"'},
    )
    assert (moved.status_code, moved.json["code"], moved.headers["etag"]) == (412, "reconciliation-moved", '"2"')
    assert office.topics() == topics


def test_a_decision_for_the_current_version_is_taken(office: Office, one: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "If-Match": '"2"'}
    body = json.dumps({"results": [only(one, "suggested")]})
    taken = office.ask(f"{PATH}/{one['id']}/confirm", office.writer, "POST", body=body, headers=headers)
    assert (taken.status_code, taken.headers["etag"]) == (200, '"3"')


def test_closing_while_something_is_open_is_refused_and_says_how_much(office: Office, one: dict[str, Any]) -> None:
    answer = office.decide(one, "close")
    assert (answer.status_code, answer.json["code"]) == (409, "reconciliation-open")
    assert "2 results are open" in answer.json["detail"]


def test_no_decision_changes_anything_after_closing(office: Office, one: dict[str, Any]) -> None:
    office.decide(one, "explain", results=[only(one, "suggested"), only(one, "missing_in_ledger")], reason="so")
    office.decide(one, "close")
    head = office.ledger.head()
    for decision, body in (
        ("break", {"results": [only(one, "matched")], "reason": "no"}),
        ("explain", {"results": [only(one, "suggested")], "reason": "otherwise"}),
        ("run", {}),
    ):
        answer = office.decide(one, decision, **body)
        assert (answer.status_code, answer.json["code"]) == (409, "reconciliation-closed")
    assert office.ledger.head() == head


def test_a_decision_that_is_given_again_answers_the_same_and_records_nothing(
    office: Office, one: dict[str, Any]
) -> None:
    first, again = (office.decide(one, "confirm", results=[only(one, "suggested")]) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert office.topics().count("match_confirmed") == 1


def test_several_results_are_decided_all_or_none(office: Office, one: dict[str, Any]) -> None:
    answer = office.decide(one, "confirm", results=[only(one, "suggested"), only(one, "missing_in_ledger")])
    assert (answer.status_code, answer.json["code"]) == (409, "decision-not-allowed")
    assert office.topics() == ["started", "matches_suggested"]


@pytest.mark.parametrize(
    ("decision", "body", "status"),
    [
        ("confirm", {"results": ["nothing"]}, 404),
        ("confirm", {"results": []}, 422),
        ("confirm", {}, 422),
        ("confirm", {"results": ["a"], "reason": "b"}, 422),
        ("break", {"results": ["a"]}, 422),
        ("explain", {"results": ["a"], "reason": ""}, 422),
        ("close", {"force": True}, 422),
        ("open", {}, 404),
    ],
)
def test_a_malformed_decision_is_refused(
    office: Office, one: dict[str, Any], decision: str, body: dict[str, Any], status: int
) -> None:
    head = office.ledger.head()
    answer = office.decide(one, decision, **body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert office.ledger.head() == head


def test_outcome_narrows_the_results(office: Office, one: dict[str, Any]) -> None:
    found = office.get(one, "?outcome=suggested, matched ,").json["results"]
    assert [result["outcome"] for result in found] == ["suggested", "matched"]
    assert office.ask(f"{PATH}/{one['id']}", office.writer, params={"outcome": "odd"}).status_code == 400


def test_results_come_in_pages(office: Office) -> None:
    one = office.start(*(f"r{n},payment,1.00,0,1.00,USD,@,," for n in range(250)), "odd,bonus,1.00,0,1.00,USD,@,,")
    found, after = [], "0"
    while after is not None:
        page = office.get(one, f"?limit=90&after={after}").json
        assert len(page["results"]) <= 90
        found += page["results"]
        after = page["next"]
    assert found == office.get(one).json["results"]
    assert len({result["id"] for result in found}) == 251
    assert len(json.loads(office.get(one, "/report").content)["results"]) == 251
    odd = office.get(one, "?outcome=unknown_kind&limit=1").json
    assert ([result["outcome"] for result in odd["results"]], odd["next"]) == (["unknown_kind"], None)
    assert office.get(one, "?after=9999").json["results"] == []
    for bad in ("after=x", "limit=-1", "after=1.5", "colour=red", "bom=maybe"):
        for form in ("application/json", "text/csv", XLSX):
            answer = office.ask(f"{PATH}/{one['id']}?{bad}", office.writer, headers={"Accept": form})
            assert answer.status_code == 400


def test_the_results_come_as_csv_and_as_a_workbook(office: Office, one: dict[str, Any]) -> None:
    path = f"{PATH}/{one['id']}"
    answer = office.ask(path, office.writer, headers={"Accept": "text/csv"}, params={"bom": "true"})
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["result"] for row in rows] == [result["id"] for result in one["results"]]
    assert answer.content.startswith(b"\xef\xbb\xbfresult,outcome")
    answer = office.ask(path, office.writer, headers={"Accept": XLSX})
    assert answer.headers["content-type"] == XLSX
    sheet = [list(cells) for _, cells in sheet_rows(BytesIO(answer.content), "Differences", 1)]
    assert len(sheet) == 1 + len(by_outcome(one)["missing_in_ledger"])


def test_a_decision_answers_with_the_decided_results_alone(office: Office, one: dict[str, Any]) -> None:
    answer = office.decide(one, "confirm", results=[only(one, "suggested")]).json
    assert ([result["outcome"] for result in answer["results"]], answer["next"]) == (["suggested"], None)


def test_the_list_is_paged_and_filtered(office: Office, one: dict[str, Any]) -> None:
    other = office.start("z,payment,1.00,0,1.00,USD,@,,", provider="paypal")
    first = office.ask(PATH, office.writer, params={"limit": "1"}).json
    assert [found["id"] for found in first["reconciliations"]] == [one["id"]]
    second = office.ask(PATH, office.writer, params={"limit": "1", "after": first["next"]}).json
    assert ([found["id"] for found in second["reconciliations"]], second["next"]) == ([other["id"]], None)
    by_provider = office.ask(PATH, office.writer, params={"provider": "paypal"}).json["reconciliations"]
    assert [found["id"] for found in by_provider] == [other["id"]]
    assert office.ask(PATH, office.writer, params={"status": "closed"}).json["reconciliations"] == []


@pytest.mark.parametrize("scope", ["finance:read", "audit:read", "orders:write"])
def test_only_a_key_of_finance_takes_files_in(office: Office, scope: str) -> None:
    answer = office.ask(PATH, office.key(scope), "POST", body="x", headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json["code"]) == (403, "not-allowed")


@pytest.mark.parametrize("rest", ["", "/report"])
@pytest.mark.parametrize("reference", ["0", "a06e0784-7b54-573d-b7db-902bbb437c93"])
def test_a_reconciliation_that_is_not_there_is_not_found(office: Office, reference: str, rest: str) -> None:
    answer = office.ask(f"{PATH}/{reference}{rest}", office.writer)
    assert (answer.status_code, answer.json["code"]) == (404, "reconciliation-not-found")


def test_an_order_is_no_reconciliation_and_a_reconciliation_no_order(office: Office, one: dict[str, Any]) -> None:
    order = office.place()
    assert office.ask(f"{PATH}/{order.uuid}", office.writer).status_code == 404
    for path in ("/orders/{}", "/audit/orders/{}", "/audit/orders/{}/events", "/audit/orders/{}/evidence"):
        found = [office.elsewhere(path.format(uuid), "orders:read", "audit:read") for uuid in (order.uuid, one["id"])]
        assert found[0].status_code in (200, 409), path  # 409: there is no key to sign evidence with
        assert (found[1].status_code, found[1].json["code"]) == (404, "order-not-found"), path


def test_auditors_read_a_reconciliation_in_the_feed_where_it_is_no_orders(office: Office, one: dict[str, Any]) -> None:
    feed = office.elsewhere("/audit/events", "audit:read").json["events"]
    started = [event for event in feed if event["type"] == "ReconciliationStarted"]
    assert [(event["order"], event["order_id"], event["reconciliation"]) for event in started] == [
        (None, None, one["id"])
    ]
    assert started[0]["summary"].startswith("reconciliation of march.csv by stripe started")
    assert started[0]["data"]["file_sha256"] == one["file_sha256"]
    assert all("reconciliation" not in event for event in feed if event["order"])


# --- files that do not fit ---

_BAD = {
    "another layout": ("a,b\n1,2\n", "1", "reference"),
    "no such day": ("@H\npi_1,payment,1.00,0,1.00,USD,2026-02-31T00:00:00Z,,\n", "2", "occurred_at"),
    "no such currency": ("@H\npi_1,payment,1.00,0,1.00,XXQ,2026-02-01T00:00:00Z,,\n", "2", "currency"),
    "a thousands separator": ('@H\npi_1,payment,"1,000.00",0,,USD,2026-02-01T00:00:00Z,,\n', "2", "gross"),
    "a negative payment": ("@H\npi_1,payment,-1.00,0,-1.00,USD,2026-02-01T00:00:00Z,,\n", "2", "gross"),
    "cut off": ("@H\npi_1,payment,1.00,0,1.0", None, None),
    "a second header": ("@H\n@H\n", "2", None),
    "nothing": ("", None, None),
}


@pytest.mark.parametrize("bad", sorted(_BAD))
def test_a_file_that_does_not_fit_is_refused_whole_with_its_row_and_column(office: Office, bad: str) -> None:
    text, row, column = _BAD[bad]
    head = office.ledger.head()
    answer = office.upload(text.replace("@H", office.file().strip()))
    assert (answer.status_code, answer.json["code"]) == (422, "settlement-refused"), answer.text
    assert answer.json["file"] == "march.csv"
    if row:
        assert (str(answer.json["row"]), answer.json["column"]) == (row, column)
    assert office.ledger.head() == head
    assert office.ledger.log_of_events.reader.execute("SELECT sha256 FROM kept_files").fetchall() == []


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"provider": ""}, 400),
        ({"provider": "x" * 101}, 400),
        ({"provider": "a\nb"}, 400),
        ({"colour": "red"}, 400),
        ({"rules": "no toml"}, 422),
        ({"rules": 'version = "1"\nsettlement_delay_days = -1'}, 422),
        ({"rules": 'version = "1"\na = ' + "[" * 2_000}, 422),
        ({"outcome": "odd"}, 400),
    ],
)
def test_an_upload_with_a_wrong_parameter_keeps_nothing(
    office: Office, parameters: dict[str, str], status: int
) -> None:
    answer = office.upload(office.file(ROW), **parameters)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert office.topics() == []


@pytest.mark.parametrize("media", ["application/json", "multipart/mixed", "image/png", ""])
def test_a_body_of_another_kind_is_not_read(office: Office, media: str) -> None:
    assert office.upload(office.file(ROW), media=media).status_code == 415


RULES = (
    'version = "2"\n[file]\ncurrency = "USD"\nkind = "payment"\n[file.columns]\ngross = "sum"\noccurred_at = "day"\n'
    'reference = "id"\n'
)
FOREIGN = "id,day,sum\npi_1,2026-03-01,50.00\n"
BOUNDARY = "----7d4a6d158c9"


def form(*parts: tuple[str, str | bytes], end: str = "--", file_name: str = "bank.csv") -> bytes:
    made = b""
    for name, content in parts:
        named = f'; filename="{file_name}"' if name == "file" else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        made += head.encode() + (content if isinstance(content, bytes) else content.encode()) + b"\r\n"
    return made + f"--{BOUNDARY}{end}\r\n".encode()


def send(office: Office, body: bytes, media: str = f"multipart/form-data; boundary={BOUNDARY}", **given: str) -> Any:
    headers = {"Content-Type": media}
    return office.ask(PATH, office.writer, "POST", body=body, headers=headers, params={"provider": "stripe"} | given)


def test_a_file_and_its_rules_come_as_the_parts_of_a_form(office: Office) -> None:
    office.paid("pi_1")
    answer = send(office, form(("rules", RULES), ("file", FOREIGN)))
    assert answer.status_code == 201, answer.text
    assert (answer.json["file"], answer.json["outcomes"]) == ("bank.csv", {"matched": 1})
    assert send(office, form(("file", FOREIGN), ("rules", RULES))).status_code == 200
    assert office.ask(f"{PATH}/{answer.json['id']}", office.writer).json["rules_version"] == "2"


def test_the_form_may_name_the_provider_and_the_rules_that_come_with_the_program(office: Office) -> None:
    sample = (ROOT / "tests" / "settlement" / "files" / "adyen.csv").read_bytes()
    parts = (("file", sample), ("rules", "adyen"), ("provider", "adyen"))
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = office.ask(PATH, office.writer, "POST", body=form(*parts), headers=headers)
    assert (answer.status_code, answer.json["provider"]) == (201, "adyen")


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (form(("rules", RULES)), None, 422),
        (form(("file", FOREIGN), ("file", FOREIGN)), None, 422),
        (form(("file", FOREIGN), ("surprise", "x")), None, 422),
        (form(("file", FOREIGN), ("rules", b"\xff")), None, 422),
        (form(("file", FOREIGN), ("rules", "not TOML")), None, 422),
        (form(("file", FOREIGN), ("provider", "stripe")), None, 400),
        (form(("file", FOREIGN), ("rules", "x" * 300_000)), None, 400),
        (form(("file", FOREIGN), ("rules", RULES), ("provider", "x"), ("more", "y")), None, 400),
        (form(("file", FOREIGN), end="")[:-5], None, 400),
        (b"no form at all", None, 400),
        (b"", None, 400),
        (form(("file", FOREIGN), file_name="x" * 300), None, 400),
        (form(("file", FOREIGN)), "multipart/form-data", 400),
        (form(("file", FOREIGN)), f"multipart/form-data; boundary={'x' * 200}", 400),
        (form(("file", FOREIGN)), "multipart/mixed; boundary=x", 415),
    ],
)
def test_a_form_that_does_not_fit_is_refused(office: Office, body: bytes, media: str | None, status: int) -> None:
    answer = send(office, body, media or f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == status, answer.text
    assert office.topics() == []


def test_a_damaged_form_is_never_a_fault_of_the_service(office: Office) -> None:
    whole = form(("file", FOREIGN), ("rules", RULES))
    chance = random.Random(0)
    for _ in range(150):
        damaged = bytearray(whole)
        place = chance.randrange(len(damaged))
        damaged[place : place + chance.randrange(6)] = chance.choice((b"", b"\r\n", b"\xff", b"--", b'"', b"\x00" * 9))
        assert send(office, bytes(damaged)).status_code < 500
