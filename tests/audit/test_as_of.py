"""Does an order as of any moment equal the order as it was shown at that moment?"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import combinations
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from domain.order.commands import ChangeOrder, ChangeStatus
from domain.order.state import Order
from domain.order.statuses import TRANSITIONS
from domain.refusals import Refusal
from tests.audit.conftest import AUDIT, HOST, Office, exact, one_of_each
from tests.audit.histories import a_command, an_order
from tests.conftest import ME, Client, Service, bring, do

HISTORIES = 200
COMMANDS = 5
SIDE_BY_SIDE = 5
SHOP = "/api/shop/customers/me/orders"
STOREFRONT = "/api/v1/i/orders/"
STAFF = "/api/v1/orders"


class Shown(NamedTuple):
    """The documents of an order in the answers after a command; empty bytes where a list left the order out."""

    uuid: UUID
    version: int
    position: int
    recorded_at: datetime
    documents: dict[str, bytes]


class Customer(NamedTuple):
    key: str
    order: Order


def the_one_result(page: bytes) -> bytes:
    """The bytes between the brackets of a list of at most one result."""
    _, _, results = page.partition(b'"results":[')
    return results.removesuffix(b"]}")


def shown(office: Office, staff: str, customer: Customer) -> Shown:
    order = customer.order
    shop = office.ask(SHOP, customer.key, params={"status_in": ",".join(TRANSITIONS)})
    storefront = office.ask(STOREFRONT, customer.key)
    documents = {
        "shop": the_one_result(shop.content),
        "storefront": the_one_result(storefront.content),
        "staff": office.ask(f"{STAFF}/{order.id}", staff).content,
    }
    return Shown(order.uuid, order.version, office.ledger.head(), office.clock(), documents)


def recorded_run(office: Office) -> list[Shown]:
    """The documents after each command of many histories that went on side by side."""
    random, staff = Random(7), office.key("orders:read")
    saved: list[Shown] = []
    for first in range(1, HISTORIES + 1, SIDE_BY_SIDE):
        customers = []
        for number in range(first, first + SIDE_BY_SIDE):
            order = office.done(do(office.ledger.create, an_order(random, number), ME))
            customers.append(Customer(office.key(customer=number), order))
            saved.append(shown(office, staff, customers[-1]))
        for step in range(COMMANDS * SIDE_BY_SIDE):
            office.clock.tick(microseconds=random.choice((0, 1, 999_999, 86_400_000_000)))
            place = random.randrange(SIDE_BY_SIDE)
            with suppress(Refusal):
                command = a_command(random, customers[place].order, f"{first}-{step}")
                after = do(office.ledger.change, customers[place].order.uuid, command, ME)
                customers[place] = customers[place]._replace(order=office.done(after))
                saved.append(shown(office, staff, customers[place]))
    return saved


def as_of(office: Office, order: UUID, contract: str, **moment: Any) -> bytes:
    answer = office.ask(f"{AUDIT}/orders/{order}", params={"as": contract, **moment})
    assert answer.status_code == 200, answer.text
    return answer.content


def test_an_order_as_of_each_command_is_the_document_that_was_shown_then(office: Office) -> None:
    saved = recorded_run(office)
    # Commands of one instant differ in version and position alone.
    last_at = {(one.uuid, one.recorded_at): one for one in saved}
    for one in saved:
        known = last_at[one.uuid, one.recorded_at]
        assert as_of(office, one.uuid, "shop", version=one.version) == one.documents["shop"]
        assert as_of(office, one.uuid, "staff", position=f"orders:{one.position}") == one.documents["staff"]
        assert as_of(office, one.uuid, "shop", at=one.recorded_at.isoformat()) == known.documents["shop"]
        if one.documents["storefront"]:
            assert as_of(office, one.uuid, "storefront", version=one.version) == one.documents["storefront"]
    assert len({one.uuid for one in saved}) == HISTORIES
    assert {exact(one.documents["shop"])["status"] for one in saved} == set(TRANSITIONS)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office at 12:30:11 with two orders.

    Order 1 was created at 10:30, with positions 1 and 2. Order 2 has versions 1 to 4 from 11:30:00, then one more each
    second up to version 15 at 11:30:11, with positions 3 to 17.
    """
    office = Office(tmp_path_factory.mktemp("office"))
    office.place()
    office.clock.tick(hours=1)
    one_of_each(office)
    office.clock.tick(hours=1)
    yield office
    office.close()


def version_then(office: Office, **moment: Any) -> int:
    answer = office.ask(f"{AUDIT}/orders/2", params=moment)
    assert answer.status_code == 200, answer.text
    version: int = answer.json["version"]
    assert answer.headers["etag"] == f'"{version}"'
    assert answer.headers["ledger-position"] == f"orders:{version + 2}"
    return version


def test_an_order_without_a_moment_is_as_it_is_now(told: Office) -> None:
    staff = told.key("orders:read")
    for path in ("/orders/2", f"/orders/{told.ledger.uuid_of(2)}"):
        assert told.ask(AUDIT + path).content == told.ask("/api/v1/orders/2", staff).content
    assert version_then(told) == 15


@pytest.mark.parametrize("version", range(1, 16))
def test_each_version_can_be_asked_for(told: Office, version: int) -> None:
    assert version_then(told, version=version) == version
    assert version_then(told, position=f"orders:{version + 2}") == version


@pytest.mark.parametrize(
    ("at", "version"),
    [
        ("2026-03-01T11:30:00Z", 4),
        ("2026-03-01T11:30:00.999999Z", 4),
        ("2026-03-01T11:30:01Z", 5),
        ("2026-03-01T11:30:09Z", 13),
        ("2026-03-01T11:30:10.5Z", 14),
        ("2026-03-01T12:30:09+01:00", 13),
        ("2026-03-01T12:30:11Z", 15),
    ],
)
def test_a_moment_between_two_events_has_the_earlier_one(told: Office, at: str, version: int) -> None:
    assert version_then(told, at=at) == version_then(told, occurred_at=at) == version


def test_a_position_that_is_another_orders_has_the_last_event_before_it(office: Office) -> None:
    first = office.place(items=[])
    office.place(items=[])
    office.give(first, ChangeOrder, notes="later")
    assert [exact(as_of(office, first.uuid, "staff", position=f"orders:{n}"))["version"] for n in (1, 2, 3)] == [
        1,
        1,
        2,
    ]


def test_an_imported_event_is_known_from_its_recording_and_not_from_its_occurrence(office: Office) -> None:
    bring(
        office.ledger,
        created_at="2024-05-01T09:00:00Z",
        items=[{"unit_price": "20"}],
        history=[
            {"at": "2024-05-02T09:00:00Z", "type": "payment", "amount": "20", "reference": "p-1", "provider": "p"},
            {"at": "2024-05-03T09:00:00Z", "type": "status", "status": "processing"},
        ],
    )
    office.clock.tick(days=1)
    asked = "2024-05-02T12:00:00Z"
    then = office.audit("/orders/1", occurred_at=asked)
    assert (then["version"], then["is_paid"], then["status"]) == (3, True, "new")
    assert office.refused("/orders/1", 404, at=asked)["recorded_at"] == "2026-03-01T10:30:00.000000Z"
    assert office.audit("/orders/1", at="2026-03-01T10:30:00Z")["version"] == 4


@pytest.mark.parametrize(
    ("moment", "value"),
    [
        ("version", "0"),
        ("version", "16"),
        ("version", "999999999999999"),
        ("position", "orders:0"),
        ("position", "orders:2"),
        ("position", "orders:18"),
        ("at", "2026-03-01T11:29:59.999999Z"),
        ("at", "2026-03-01T12:30:11.000001Z"),
        ("at", "9999-12-31T23:59:59Z"),
        ("occurred_at", "2026-03-01T11:29:59.999999Z"),
        ("occurred_at", "0001-01-01T00:00:00Z"),
        ("occurred_at", "2026-03-01T12:30:11.000001Z"),
        ("occurred_at", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_moment_before_the_order_began_or_still_to_come_is_not_found_and_says_when_it_began(
    told: Office, moment: str, value: str
) -> None:
    problem = told.refused("/orders/2", 404, **{moment: value})
    assert problem["code"] == "no-such-moment"
    assert "2026-03-01T11:30:00" in problem["detail"]
    assert (problem["began_at"], problem["position"], problem["version"]) == ("2026-03-01T11:30:00Z", "orders:3", 15)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", "-1"),
        ("version", "1.5"),
        ("version", "٣"),
        ("version", "one"),
        ("version", "9999999999999999"),
        ("position", "3"),
        ("position", "orders:-3"),
        ("position", "orders:"),
        ("at", "2026-03-01T11:30:00"),
        ("at", "2026-03-01"),
        ("at", "2026-02-30T11:30:00Z"),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("occurred_at", "2026-03-01T11:30:00"),
        ("occurred_at", "now"),
        ("as", "everything"),
    ],
)
def test_a_moment_that_cannot_be_understood_is_named(told: Office, name: str, value: str) -> None:
    assert told.refused("/orders/2", 400, **{name: value})["errors"][0]["field"] == name


MOMENTS = {
    "version": "4",
    "position": "orders:6",
    "at": "2026-03-01T11:30:00Z",
    "occurred_at": "2026-03-01T11:30:00Z",
}


@pytest.mark.parametrize("names", [*combinations(MOMENTS, 2), *combinations(MOMENTS, 3), tuple(MOMENTS)])
def test_two_moments_at_once_are_refused(told: Office, names: tuple[str, ...]) -> None:
    problem = told.refused("/orders/2", 400, **{name: MOMENTS[name] for name in names})
    assert problem["errors"][0]["field"] in names


def test_a_moment_given_empty_is_as_if_not_given(told: Office) -> None:
    assert version_then(told, version="4", position="", at="", occurred_at="") == 4


def test_an_order_that_does_not_exist_was_at_no_moment(told: Office) -> None:
    assert told.refused("/orders/3", 404, version=1)["code"] == "order-not-found"


def test_a_deleted_order_still_stands_as_it_was(office: Office) -> None:
    order = office.place()
    before = office.ask(f"{AUDIT}/orders/1").content
    office.give(order, ChangeStatus, status="deleted")
    assert as_of(office, order.uuid, "staff", version=2) == before
    assert office.audit("/orders/1")["status"] == "deleted"


def test_the_storefronts_object_names_this_service(told: Office) -> None:
    address = f"http://{HOST}/api/v1/i/orders/{told.ledger.uuid_of(2)}/"
    assert told.audit("/orders/2", **{"as": "storefront"})["url"] == address


def test_reading_the_past_records_nothing_and_needs_no_views(told: Office) -> None:
    head = told.ledger.head()
    before = told.ask(f"{AUDIT}/orders/2", params={"version": 7}).content
    hidden = told.settings.views.rename(told.folder / "hidden")
    assert told.ask(f"{AUDIT}/orders/2", params={"version": 7}).content == before
    hidden.rename(told.settings.views)
    assert told.ledger.head() == head


def test_an_order_as_of_each_command_is_the_document_shown_then_over_http_too(service: Service, staff: Client) -> None:
    auditor = service.client(service.key("audit:read", "audit:personal"))
    owner = service.client(service.key(customer=1))
    order = staff.post("/api/v1/orders", json={"customer": {"id": 1}, "items": [{"unit_price": "79.99"}]})
    address = order.headers["Location"]
    for method, path, body in (
        ("POST", "/items", {"unit_price": "5", "quantity": 3}),
        ("PATCH", "", {"notes": "ring twice", "billing_first_name": "Ada", "shipping_cost": "7.50"}),
        ("POST", "/payments", {"amount": "50", "reference": "pi_1", "provider": "stripe"}),
        ("POST", "/status", {"status": "processing"}),
        ("POST", "/refunds", {"amount": "9.99", "reference": "re_1", "provider": "stripe"}),
    ):
        before = {"shop": owner.get(SHOP), "storefront": owner.get(STOREFRONT)}
        version, position = order.json()["version"], order.headers["Ledger-Position"]
        order = staff.request(method, address + path, json=body)
        assert order.ok, order.text
        for contract, answer in before.items():
            for moment in ({"version": version}, {"position": position}):
                parameters = {"as": contract, "personal": "contact,invoice", **moment}
                then = auditor.get(f"{AUDIT}/orders/1", params=parameters)
                assert then.content == the_one_result(answer.content)


def test_at_takes_every_time_that_the_ledger_gave_also_where_the_clock_has_gone_back_since(office: Office) -> None:
    before = office.clock.now
    office.clock.tick(days=26_000)
    order = office.place()
    office.clock.now = before
    order = office.give(order, ChangeOrder, notes="by a clock that was set right")
    for event in office.audit(f"/orders/{order.id}/events")["events"]:
        then = office.audit(f"/orders/{order.id}", at=event["recorded_at"])
        assert then["version"] == order.version
    refused = office.refused(f"/orders/{order.id}", 404, at="2098-01-01T00:00:00Z")
    assert refused["code"] == "no-such-moment"
