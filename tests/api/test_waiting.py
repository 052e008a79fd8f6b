"""Does no request wait for the log's one writer where reading beside it is enough?"""

from collections.abc import Iterator
from threading import current_thread
from typing import Any
from uuid import uuid4

import pytest

from domain.aggregate import Record
from domain.log.mapper import EventMapper
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import CreateOrder
from domain.order.events import NotesChanged, NotesPersonal
from domain.strict_json import convert
from tests.audit.conftest import Office
from tests.conftest import ME, append_events

MINE = "/api/v1/i/orders"


@pytest.fixture
def office(tmp_path: Any) -> Iterator[Office]:
    made = Office(tmp_path, with_key=False)
    yield made
    made.close()


def lengthen(office: Office) -> None:
    """Appends 400 events to order 1."""
    notes = (NotesPersonal(f"{n}") for n in range(400))
    changes = (NotesChanged(occurred_at=office.clock(), personal=personal) for personal in notes)
    append_events(office.ledger, office.ledger.uuid_of(1), changes)
    office.views.catch_up()


def test_a_delete_of_anothers_order_is_refused_without_waiting_for_the_log(office: Office) -> None:
    others, guests = office.place(customer={"id": 1}), office.place()
    customer = office.key(customer=2)
    elsewhere = SQLiteRecorder(office.ledger.log_of_events.path)
    with elsewhere.transaction():
        for uuid in (others.uuid, guests.uuid, uuid4()):
            answer = office.ask(f"{MINE}/{uuid}", customer, "DELETE")
            assert (answer.status_code, answer.json["code"]) == (404, "order-not-found")
    elsewhere.close()


@pytest.mark.parametrize("views_are", ["behind", "gone", "no database"])
def test_a_customer_deletes_their_order_though_the_views_do_not_know_it(office: Office, views_are: str) -> None:
    own, others = (office.key(customer=customer) for customer in (1, 2))
    feed, office.ledger.feed = office.ledger.feed, None
    uuid = (
        office.ledger.write(office.ledger.create, convert({"customer": {"id": 1}}, CreateOrder), ME).result().order.uuid
    )
    office.ledger.feed = feed
    if views_are == "gone":
        office.views.path.unlink()
    elif views_are == "no database":
        office.views.close()
        office.views.path.resolve().write_bytes(b"no database at all" * 1_000)
    assert office.ask(f"{MINE}/{uuid}", others, "DELETE").status_code == 404
    assert office.ask(f"{MINE}/{uuid}", own, "DELETE").status_code == 204


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions of the records that the writer's thread reads during the test, filled as it reads."""
    versions: list[int] = []
    decode = EventMapper._record

    def record(self: EventMapper, position: Any, uuid: Any, version: int, *rest: Any) -> Record:
        if current_thread().name == "writer":
            versions.append(version)
        return decode(self, position, uuid, version, *rest)

    monkeypatch.setattr(EventMapper, "_record", record)
    return versions


def test_a_command_on_a_long_history_that_is_sent_again_is_looked_up_while_others_write(
    office: Office, read: list[int]
) -> None:
    """The command is sent again with its key, however old, and the payment with another key."""
    staff = office.key("orders:write")
    payment = {"amount": "5", "reference": "pi_1", "provider": "acme"}
    office.place()
    lengthen(office)
    path, headers = "/api/v1/orders/1/payments", {"Idempotency-Key": "k"}
    first = office.ask(path, staff, "POST", json=payment, headers=headers)
    lengthen(office)
    read.clear()
    for key in ("k", "another"):
        again = office.ask(path, staff, "POST", json=payment, headers={"Idempotency-Key": key})
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["ledger-position"] == first.headers["ledger-position"]
    assert len(read) < 10
