"""Who may ask for the journal and its summary, and which requests are refused?"""

import pytest

from tests.finance.conftest import Desk

PATHS = ("/payments", "/summary")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scope", ["orders:read", "orders:write", "audit:read", "finance:write"])
def test_a_key_without_the_scope_sees_nothing(desk: Desk, path: str, scope: str) -> None:
    answer = desk.ask(path, desk.key(scope))
    assert (answer.status_code, answer.json["code"]) == (403, "not-allowed")


@pytest.mark.parametrize("path", PATHS)
def test_a_customers_key_sees_nothing(desk: Desk, path: str) -> None:
    assert desk.ask(path, desk.key(customer=1)).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_a_key_that_nobody_has_is_not_let_in(desk: Desk, path: str) -> None:
    answer = desk.ask(path, "unknown")
    assert (answer.status_code, answer.json["code"]) == (401, "not-authenticated")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_journal_and_summary_cannot_be_written(desk: Desk, path: str, method: str) -> None:
    answer = desk.ask(path, method=method)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", PATHS)
def test_head_answers_as_get_does_without_a_body(desk: Desk, path: str) -> None:
    desk.pay(desk.place(), "1")
    for accept in ("application/json", "text/csv"):
        got, head = (desk.ask(path, method=method, headers={"Accept": accept}) for method in ("GET", "HEAD"))
        assert head.content == b""
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["ledger-position"] == got.headers["ledger-position"] == "orders:3"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "yesterday"),
        ("from", "2024-02-30"),
        ("to", "2024-01-01T00:00:00"),
        ("to", "2024-1-1"),
        ("kind", "charge"),
        ("order", "abc"),
        ("order", "-1"),
        ("order", "٣"),
        ("order", "1" * 16),
        ("min_position", "12"),
        ("ordering", "amount"),
        ("status", "new"),
    ],
)
def test_a_parameter_that_cannot_be_understood_is_named(desk: Desk, path: str, name: str, value: str) -> None:
    refused(desk, path, name, value)


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/payments", "limit", "-1"),
        ("/payments", "limit", "1_000"),
        ("/payments", "limit", "٣"),
        ("/payments", "after", "12"),
        ("/payments", "after", "events:12"),
        ("/payments", "after", "orders:-1"),
        ("/payments", "group_by", "day"),
        ("/summary", "group_by", "year"),
        ("/summary", "group_by", "day,Provider"),
        ("/summary", "group_by", "received_at"),
        ("/summary", "after", "orders:1"),
        ("/summary", "limit", "1"),
    ],
)
def test_a_wrong_parameter_of_the_journal_or_the_summary_alone_is_refused(
    desk: Desk, path: str, name: str, value: str
) -> None:
    refused(desk, path, name, value)


def refused(desk: Desk, path: str, name: str, value: str) -> None:
    for accept in ("application/json", "text/csv"):
        answer = desk.ask(path, params={name: value}, headers={"Accept": accept})
        assert (answer.status_code, answer.json["code"]) == (400, "invalid-parameter")
        assert [error["field"] for error in answer.json["errors"]] == [name]


@pytest.mark.parametrize("name", ["provider", "method", "currency"])
@pytest.mark.parametrize("value", ["%", "' OR 1=1 --", "nothing", "x" * 4_000])
def test_a_filter_that_fits_no_payment_matches_nothing(desk: Desk, name: str, value: str) -> None:
    desk.pay(desk.place(), "1")
    assert desk.page(**{name: value}) == {"payments": [], "next": None}
    assert desk.summary(**{name: value})["totals"] == []
