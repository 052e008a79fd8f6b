"""Many writers, one order: an accepted command is stored once, versions have no gaps, and no refusal is wrong."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import requests

from domain.ledger import OrderLedger, Outcome
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.log.sqlite import sqlite3, transaction
from domain.order import commands as c
from domain.strict_json import convert
from tests.conftest import ME, Client, Service, do, new_order

CLIENTS = 8
COMMANDS = 40
ROUNDS = 20


@pytest.fixture
def clients(service: Service, staff: Client) -> list[Client]:
    """The clients, with one key."""
    key = staff.headers["Authorization"].split()[1]
    return [service.client(key) for _ in range(CLIENTS)]


@pytest.fixture
def order(staff: Client) -> str:
    """The address of an order that takes any number of payments."""
    created = staff.post("/api/v1/orders", json={"items": [{"unit_price": "1000000"}]})
    return f"/api/v1/orders/{created.json()['id']}"


def at_once(clients: list[Client], path: str, body: dict[str, Any], **headers: str) -> list[requests.Response]:
    """Sends the same request from all clients at one moment."""
    start = threading.Barrier(len(clients))

    def send(client: Client) -> requests.Response:
        start.wait()
        return client.post(path, json=body, headers=headers)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(send, clients))


def log_of(service: Service, address: str) -> list[tuple[int, str | None]]:
    """The version and the idempotency key of every event of an order, in the log's order."""
    ledger = OrderLedger(SQLiteRecorder(service.folder / "ledger.db"))
    uuid = ledger.uuid_of(int(address.rpartition("/")[2]))
    found = ledger.log_of_events.reader.execute(
        "SELECT version, idempotency_key FROM events WHERE originator_id = ? ORDER BY position", (str(uuid),)
    ).fetchall()
    ledger.log_of_events.close()
    return found


class Hammer:
    """One client's random commands to an order, and the answer to each."""

    def __init__(self, client: Client, order: str, number: int) -> None:
        self._client = client
        self._order = order
        self._number = number
        self._random = Random(number)
        self.accepted: dict[str, int] = {}
        self.refused: list[str] = []

    def strike(self, commands: int = COMMANDS) -> None:
        for nth in range(commands):
            key = f"{self._number}-{nth}"
            answer, may_be_refused = self._random.choice(
                (self._add, self._add, self._note, self._pay, self._pay, self._change_status, self._note_if_unmoved)
            )(key)
            if answer.ok:
                self.accepted[key] = answer.json()["version"]
            else:
                assert may_be_refused, f"{answer.status_code} {answer.text}"
                self.refused.append(key)

    def _give(self, method: str, path: str, key: str, body: dict[str, Any], **headers: str) -> requests.Response:
        return self._client.request(method, self._order + path, json=body, headers={"Idempotency-Key": key, **headers})

    def _add(self, key: str) -> tuple[requests.Response, bool]:
        return self._give("POST", "/items", key, {"unit_price": "1.00"}), False

    def _note(self, key: str) -> tuple[requests.Response, bool]:
        return self._give("PATCH", "", key, {"notes": key}), False

    def _pay(self, key: str) -> tuple[requests.Response, bool]:
        return self._give("POST", "/payments", key, {"amount": "0.01", "provider": "p", "reference": key}), False

    def _change_status(self, key: str) -> tuple[requests.Response, bool]:
        """Changes the order between two open statuses: the service refuses only the status that the order has already.

        The second result is whether it did.
        """
        status = self._random.choice(("new", "hold"))
        answer = self._give("POST", "/status", key, {"status": status})
        return answer, answer.status_code == 409 and f"The order is {status};" in answer.json()["detail"]

    def _note_if_unmoved(self, key: str) -> tuple[requests.Response, bool]:
        seen = self._client.get(self._order).json()["version"]
        answer = self._give("PATCH", "", key, {"notes": key}, **{"If-Match": f'"{seen}"'})
        return answer, answer.status_code == 412 and answer.json()["version"] > seen


def test_clients_hammering_one_order_leave_versions_without_gaps_and_each_accepted_command_once(
    service: Service, staff: Client, clients: list[Client], order: str
) -> None:
    hammers = [Hammer(client, order, number) for number, client in enumerate(clients)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(Hammer.strike, hammers))

    log = log_of(service, order)
    assert [version for version, _ in log] == list(range(1, len(log) + 1))
    created, struck = log[:2], log[2:]
    assert {key for _, key in created} == {None}
    assert {key: version for version, key in struck} == {k: v for hammer in hammers for k, v in hammer.accepted.items()}
    assert len(struck) == sum(len(hammer.accepted) for hammer in hammers), "no key stands at two events"
    assert sum(len(hammer.refused) for hammer in hammers) == CLIENTS * COMMANDS - len(struck)
    assert staff.get(order).json()["version"] == len(log)


def test_one_payment_reported_by_all_clients_at_once_is_recorded_once_and_nobody_hears_an_error(
    service: Service, clients: list[Client], order: str
) -> None:
    for nth in range(ROUNDS):
        report = {"amount": "1.00", "provider": "hook", "reference": f"{order} {nth}"}
        answers = at_once(clients, f"{order}/payments", report)
        assert [answer.status_code for answer in answers] == [201] * CLIENTS, [answer.text for answer in answers]
        assert len({answer.content for answer in answers}) == 1
    assert len(log_of(service, order)) == 2 + ROUNDS


def test_one_idempotency_key_sent_by_all_clients_at_once_gives_all_of_them_the_one_answer(
    service: Service, clients: list[Client], order: str
) -> None:
    for nth in range(ROUNDS):
        status = {"status": ("hold", "new")[nth % 2]}
        answers = at_once(clients, f"{order}/status", status, **{"Idempotency-Key": f"{order}-{nth}"})
        assert [answer.status_code for answer in answers] == [200] * CLIENTS, [answer.text for answer in answers]
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == CLIENTS - 1
    assert len(log_of(service, order)) == 2 + ROUNDS


def test_one_creation_sent_by_all_clients_at_once_makes_one_order(staff: Client, clients: list[Client]) -> None:
    for nth in range(ROUNDS):
        answers = at_once(clients, "/api/v1/orders", {"items": []}, **{"Idempotency-Key": f"creation-{nth}"})
        assert [answer.status_code for answer in answers] == [201] * CLIENTS, [answer.text for answer in answers]
        assert len({answer.content for answer in answers}) == 1


def test_every_other_request_is_answered_while_commands_wait_for_the_file(
    service: Service, staff: Client, clients: list[Client], order: str
) -> None:
    asked = ["/api/v1/orders?limit=1", order, "/healthz"] * 4
    other = sqlite3.connect(service.folder / "ledger.db", isolation_level=None)
    with ThreadPoolExecutor(CLIENTS) as pool:
        with transaction(other):
            notes = [pool.submit(client.patch, order, json={"notes": f"from {id(client)}"}) for client in clients]
            # Each client has its own connection, so that both workers get requests.
            found = [requests.get(service.base + path, headers=staff.headers, timeout=5) for path in asked]
            assert [answer.status_code for answer in found] == [200] * len(asked)
            assert not any(note.done() for note in notes)
        assert [note.result().status_code for note in notes] == [200] * CLIENTS
    assert len(log_of(service, order)) == 2 + CLIENTS
    other.close()


# --- the same in one process, with the other's write at every single moment of ours ---


class Moment:
    """Runs another writer's command just before the nth statement of a ledger, unless the ledger holds the lock."""

    def __init__(self, ledger: OrderLedger, nth: int, write: Callable[[], Outcome]) -> None:
        self._log = ledger.log_of_events
        self._left = nth
        self._write = write
        self._failure: BaseException | None = None
        self.theirs: list[Outcome] = []

    def __enter__(self) -> "Moment":
        self._trace(self._traced)
        return self

    def __exit__(self, *_: object) -> None:
        self._trace(None)
        if self._failure:
            raise self._failure

    @property
    def has_come(self) -> bool:
        return self._left <= 0

    def _trace(self, traced: Callable[[str], None] | None) -> None:
        for connection in (self._log.reader, self._log.writer):
            connection.set_trace_callback(traced)

    def _traced(self, _statement: str) -> None:
        self._left -= 1
        if self._left == 0 and not self._log.writer.in_transaction:
            try:
                self.theirs.append(self._write())
            except BaseException as error:  # the driver would swallow the error
                self._failure = error


class Given(NamedTuple):
    """A command that two processes give: the same twice, as after a broken answer or from a provider that repeats."""

    command: c.Command
    key: str | None = None
    expected_versions: tuple[int, ...] | None = None

    def to(self, ledger: OrderLedger, uuid: UUID) -> Outcome:
        key = None if self.key is None else f"{uuid} {self.key}"
        return do(
            ledger.change, uuid, self.command, Provenance("a", None, key), expected_versions=self.expected_versions
        )


def payment(uuid: UUID) -> c.ReceivePayment:
    return convert({"amount": "1", "provider": "p", "reference": str(uuid)}, c.ReceivePayment)


@pytest.mark.parametrize(
    "give",
    [
        lambda uuid: Given(payment(uuid)),
        lambda uuid: Given(payment(uuid), key="k"),
        lambda uuid: Given(c.ChangeStatus(status="hold"), key="k"),
        lambda uuid: Given(c.ChangeOrder(notes="a"), key="k", expected_versions=(2,)),
        lambda uuid: Given(c.AddItem(), key="k"),
    ],
    ids=[
        "a payment",
        "a payment with a key",
        "a status with a key",
        "a note with a key and If-Match",
        "an item with a key",
    ],
)
def test_one_command_given_twice_is_recorded_once_at_whatever_moment_the_other_comes(
    give: Callable[[UUID], Given], ledger: OrderLedger, tmp_path: Path
) -> None:
    other = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    for nth in range(1, 100):
        uuid = do(ledger.create, new_order(items=[{"unit_price": "9"}]), ME).order.uuid
        with Moment(ledger, nth, partial(give(uuid).to, other, uuid)) as moment:
            ours = give(uuid).to(ledger, uuid)
        assert ledger.order(uuid) == ours.order
        assert ours.order.version == 3
        assert all(outcome.order == ours.order for outcome in moment.theirs)
        if not moment.has_come:
            return
    raise AssertionError("the command has no end")


def test_two_commands_are_both_recorded_at_whatever_moment_the_other_comes(ledger: OrderLedger, tmp_path: Path) -> None:
    other = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    for nth in range(1, 100):
        uuid = do(ledger.create, new_order(items=[{"unit_price": "9"}]), ME).order.uuid
        with Moment(ledger, nth, partial(Given(c.AddItem()).to, other, uuid)) as moment:
            ours = Given(payment(uuid)).to(ledger, uuid)
        assert sorted(outcome.order.version for outcome in (ours, *moment.theirs)) == list(
            range(3, 4 + len(moment.theirs))
        )
        if not moment.has_come:
            return
    raise AssertionError("the command has no end")


# --- imports ---


def lines(ids: range) -> bytes:
    """The import lines of orders with these ids. Each order has three events and a payment with its own reference."""
    orders = (
        {
            "id": number,
            "created_at": "2024-01-01T00:00:00Z",
            "items": [{"unit_price": "5.00"}],
            "history": [
                {
                    "at": "2024-01-02T00:00:00Z",
                    "type": "payment",
                    "amount": "5.00",
                    "provider": "p",
                    "reference": f"{number}",
                }
            ],
        }
        for number in ids
    )
    return b"".join(json.dumps(order).encode() + b"\n" for order in orders)


def test_two_imports_at_once_with_overlapping_ids_record_each_order_once(tmp_path: Path) -> None:
    service = Service(tmp_path)
    # One import counts up and the other down, so that they meet in the middle of the 200 lines that both have.
    files = [lines(range(1, 351)), lines(range(500, 150, -1))]
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda file: service.run("import", "-", stdin=file), files))
    assert [run.returncode for run in done] == [0, 0], [run.stderr for run in done]

    ledger = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    recorded = ledger.log_of_events.reader.execute(
        "SELECT originator_id, count(*) FROM events GROUP BY originator_id"
    ).fetchall()
    ids = [id for (id,) in ledger.log_of_events.reader.execute("SELECT value FROM claims WHERE kind = 'order-id'")]
    assert sorted(ids) == list(range(1, 501))
    assert {events for _, events in recorded} == {3}
    assert len(recorded) == 500
    said = [[int(word) for word in run.stdout.split() if word.isdigit()] for run in done]
    assert [sum(numbers) for numbers in zip(*said, strict=True)] == [500, 1500, 200, 0]
