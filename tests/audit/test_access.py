"""Who may read what auditors read, and may an auditor do more than read?"""

from collections.abc import Iterator

import pytest

from domain.order.commands import ReceivePayment
from tests.audit.conftest import AUDIT, Office

READS = ("/events", "/orders/1", "/orders/1/events", "/orders/1/changes", "/orders/1/evidence", "/checkpoint")
WRITES = (
    ("POST", "/api/v1/orders", {}),
    ("PATCH", "/api/v1/orders/1", {"notes": "x"}),
    ("POST", "/api/v1/orders/1/items", {"unit_price": "1"}),
    ("PATCH", "/api/v1/orders/1/items/1", {"quantity": 2}),
    ("DELETE", "/api/v1/orders/1/items/1", None),
    ("POST", "/api/v1/orders/1/status", {"status": "cancelled"}),
    ("POST", "/api/v1/orders/1/payments", {"amount": "1", "reference": "r", "provider": "p"}),
    ("POST", "/api/v1/orders/1/refunds", {"amount": "1", "reference": "r", "provider": "p"}),
)


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with one paid order, which no test here changes."""
    office = Office(tmp_path_factory.mktemp("office"))
    order = office.place(customer={"id": 7})
    office.give(order, ReceivePayment, amount="100", reference="pi_1", provider="stripe")
    yield office
    office.close()


@pytest.mark.parametrize("path", READS)
def test_an_auditors_key_reads_every_address_of_the_audit(paid: Office, path: str) -> None:
    for method in ("GET", "HEAD"):
        assert paid.ask(AUDIT + path, method=method).status_code == 200


@pytest.mark.parametrize("path", READS)
def test_no_other_key_reads_any_address_of_the_audit(paid: Office, path: str) -> None:
    owner = paid.key(customer=7)
    everything_else = paid.key("orders:read", "orders:write", "finance:read", "finance:write")
    for key in (owner, everything_else):
        for method in ("GET", "HEAD"):
            assert paid.ask(AUDIT + path, key, method).status_code == 403
        assert b"stripe" not in paid.ask(AUDIT + path, key).content


@pytest.mark.parametrize("path", [*READS, "/orders/2", "/orders/2/evidence"])
def test_a_refusal_has_the_same_words_whether_the_order_exists_or_not(paid: Office, path: str) -> None:
    refused = paid.ask(AUDIT + path, paid.key(customer=7))
    assert refused.json == paid.ask(AUDIT + "/orders/1", paid.key(customer=8)).json


@pytest.mark.parametrize("path", READS)
def test_no_address_of_the_audit_is_read_without_a_key_in_force(paid: Office, path: str) -> None:
    revoked = paid.key("audit:read")
    paid.ledger.write(paid.keys.revoke, revoked[:8], now=paid.clock()).result()
    for key in (revoked, "unknown"):
        answer = paid.ask(AUDIT + path, key)
        assert (answer.status_code, answer.json["code"]) == (401, "not-authenticated")
        assert "www-authenticate" in answer.headers


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_an_auditors_key_gives_no_command(paid: Office, method: str, path: str, body: object) -> None:
    head = paid.ledger.head()
    options = {} if body is None else {"json": body}
    assert paid.ask(path, paid.auditor, method, **options).status_code == 403
    assert paid.ledger.head() == head


@pytest.mark.parametrize(
    "path", ["/api/v1/orders", "/api/v1/orders/1", "/api/shop/customers/me/orders", "/api/v1/i/orders"]
)
def test_an_auditors_key_reads_no_list_of_orders(paid: Office, path: str) -> None:
    assert paid.ask(path, paid.auditor).status_code == 403


def test_an_auditors_key_deletes_no_order_through_the_storefront(paid: Office) -> None:
    uuid = paid.ledger.uuid_of(1)
    assert paid.ask(f"/api/v1/i/orders/{uuid}/", paid.auditor, "DELETE").status_code == 403


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_address_of_the_audit_can_be_written(paid: Office, path: str, method: str) -> None:
    assert paid.ask(AUDIT + path, paid.auditor, method).status_code == 405


@pytest.mark.parametrize("path", READS)
def test_a_parameter_that_is_not_known_is_refused_by_its_name(paid: Office, path: str) -> None:
    for method in ("GET", "HEAD"):
        assert paid.ask(f"{AUDIT}{path}?verison=3", method=method).status_code == 400
    answer = paid.ask(f"{AUDIT}{path}?verison=3").json
    assert (answer["code"], answer["errors"][0]["field"]) == ("invalid-parameter", "verison")


@pytest.mark.parametrize("path", READS)
def test_every_read_takes_a_position_to_wait_for(paid: Office, path: str) -> None:
    assert paid.ask(f"{AUDIT}{path}?min_position=orders:1").status_code == 200
    assert paid.ask(f"{AUDIT}{path}?min_position=1").status_code == 400
