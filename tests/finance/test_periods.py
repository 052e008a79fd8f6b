"""May finance, and nobody else, close periods over HTTP, list them and read their reports?"""

import json
from typing import Any

import pytest

from projections.proof.signing import create_key
from tests.finance.conftest import Desk

PATH = "/periods"


def close(desk: Desk, period: str = "2026-01", provider: str = "stripe", **options: Any) -> Any:
    body = json.dumps({"period": period, "provider": provider}).encode()
    headers = {"Content-Type": "application/json"}
    key = options.pop("key", None) or desk.key("finance:write")
    return desk.ask(PATH, key, method="POST", body=body, headers=headers, **options)


@pytest.fixture
def paid(desk: Desk) -> Desk:
    create_key(desk.settings.key)
    desk.pay(desk.place(), "10.00", received_at="2026-01-15T10:00:00Z")
    return desk


def test_a_closed_period_is_listed_and_its_report_is_the_same_to_the_byte(paid: Desk) -> None:
    made = close(paid)
    assert (made.status_code, made.json["period"], made.json["movements"]) == (201, "2026-01", 1)
    assert made.headers["ledger-position"] == "orders:4"
    assert close(paid).status_code == 200
    assert paid.ask(PATH).json == {"periods": [made.json]}
    asked = [
        {"params": {"provider": "stripe"}, "headers": {"Accept": accept}} for accept in ("application/json", "text/csv")
    ]
    first = [paid.ask(f"{PATH}/2026-01", **of).content for of in asked]
    assert all(first)
    paid.pay(paid.place(), "10.00", received_at="2026-01-15T10:00:00Z")
    assert [paid.ask(f"{PATH}/2026-01", **of).content for of in asked] == first
    behind = paid.ask(f"{PATH}/2026-02", params={"provider": "stripe"}).json
    assert [(one["period"], one["late"]) for one in behind["movements"]] == [("2026-01", True)]


def test_the_journal_marks_late_movements_of_a_closed_period_and_no_others(paid: Desk) -> None:
    close(paid)
    order = paid.place()
    paid.pay(order, "10.00", received_at="2026-01-31T23:59:59Z", reference="late")
    paid.pay(order, "10.00", received_at="2026-02-01T00:00:00Z", reference="next")
    paid.pay(order, "10.00", received_at="2026-01-15T10:00:00Z", reference="other", provider="paypal")
    told = {row["reference"]: row["late"] for row in paid.journal()}
    assert [name for name, late in told.items() if late] == ["late"]
    table = paid.ask("/payments", headers={"Accept": "text/csv"}).text.splitlines()
    place = table[0].split(",").index("late")
    assert [row.split(",")[place] for row in table[1:]] == ["false", "true", "false", "false"]


@pytest.mark.parametrize(
    ("period", "provider", "field"),
    [("2026-03", "stripe", "period"), ("2026-1", "stripe", "period"), ("2026-01", "strpie", "provider")],
)
def test_a_period_that_cannot_be_closed_is_refused_with_its_field(
    period: str, provider: str, field: str, paid: Desk
) -> None:
    answer = close(paid, period, provider)
    assert (answer.status_code, field in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("path", "params"),
    [("/2026-13", {"provider": "stripe"}), ("/2026-01", {}), ("/2026-01", {"provider": "x"}), ("", {"x": "y"})],
)
def test_a_malformed_question_about_periods_is_refused(path: str, params: dict[str, str], paid: Desk) -> None:
    answer = paid.ask(PATH + path, params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_no_period_is_closed_without_a_signing_key(desk: Desk) -> None:
    desk.pay(desk.place(), "10.00", received_at="2026-01-15T10:00:00Z")
    answer = close(desk)
    assert (answer.status_code, answer.json["code"]) == (409, "no-signing-key")


@pytest.mark.parametrize("scope", ["orders:read", "orders:write", "audit:read"])
def test_a_key_without_the_scope_sees_and_closes_nothing(scope: str, paid: Desk) -> None:
    key = paid.key(scope)
    assert paid.ask(PATH, key).status_code == 403
    assert paid.ask(f"{PATH}/2026-01", key, params={"provider": "stripe"}).status_code == 403
    assert close(paid, key=key).status_code == 403
    assert close(paid, key=paid.key("finance:read")).status_code == 403
