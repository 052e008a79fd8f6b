"""An acknowledged command outlives `kill -9`, and is there once."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import requests

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from projections.orders.documents import staff_document
from projections.views.rebuilding import PART_POSITIONS, PROCESSES_PARTS_MIN
from projections.views.views import Views
from tests.conftest import Client, Service
from tests.crash.processes import children, is_alive, workers
from tests.privacy.conftest import keys_at
from tests.projections.rows import rows
from tests.waiting import until

KILLS = 50
EVERY_NTH_KILLS_ALL = 10
CLIENTS = 6
ORDER = {"customer": {"id": 1}, "items": [{"unit_price": "60.00"}, {"unit_price": "0.50", "quantity": 80}]}


class Acknowledged(NamedTuple):
    """An acknowledged command: its Idempotency-Key, the number of its events, and the order document in its answer."""

    key: str
    events: int
    document: dict[str, Any]


class Load:
    """Clients that write without a pause, each to orders of its own, and repeat a command until it is answered."""

    def __init__(self, service: Service, key: str) -> None:
        self._service = service
        self._key = key
        self._is_over = threading.Event()
        self.acknowledged: list[Acknowledged] = []
        self.replayed = 0

    def client(self) -> None:
        """Runs one client, from its first order to the end of the load."""
        client = self._service.client(self._key)
        while not self._is_over.is_set():
            created = self._give(client, "/api/v1/orders", ORDER, events=3)
            order = f"/api/v1/orders/{created['id']}"
            for reference in range(2):
                payment = {"amount": "50.00", "provider": "p", "reference": f"{created['id']}-{reference}"}
                self._give(client, f"{order}/payments", payment)
            for status in ("processing", "shipped", "completed"):
                last = self._give(client, f"{order}/status", {"status": status})
            assert self._until_answered(partial(client.get, order)).json() == last

    def _give(self, client: Client, path: str, body: dict[str, Any], events: int = 1) -> dict[str, Any]:
        key = uuid4().hex
        answer = self._until_answered(partial(client.post, path, json=body, headers={"Idempotency-Key": key}))
        self.acknowledged.append(Acknowledged(key, events, answer.json()))
        return self.acknowledged[-1].document

    def _until_answered(self, ask: Callable[[], requests.Response]) -> requests.Response:
        deadline = time.monotonic() + 30  # a service that is gone for good does not hang the test
        while True:
            try:
                answer = ask()
            except requests.RequestException:
                assert time.monotonic() < deadline, "the service did not come back"
                time.sleep(0.01)
            else:
                assert answer.ok, answer.text
                self.replayed += "Idempotency-Replayed" in answer.headers
                return answer

    def wait_for(self, more: int, clients: list[Future[None]]) -> None:
        """Waits until `more` further commands are acknowledged. Raises the error of a client that has failed."""
        target = len(self.acknowledged) + more
        while len(self.acknowledged) < target:
            for client in clients:
                if client.done():
                    client.result()
            time.sleep(0.002)

    def end(self) -> None:
        self._is_over.set()


def _kill_a_worker(service: Service, random: Random) -> None:
    """Kills a worker that runs. The one killed last may still be listed until its parent has noticed."""
    while True:
        with suppress(ProcessLookupError, IndexError):
            os.kill(random.choice(workers(service)), signal.SIGKILL)
            return


def test_fifty_kills_under_load_lose_no_acknowledged_write_and_leave_the_views_right(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service, random = make_service(), Random(50)
    load = Load(service, service.key("orders:read", "orders:write"))
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(load.client) for _ in range(CLIENTS)]
        try:
            for nth in range(1, KILLS + 1):
                load.wait_for(random.randint(1, 12), clients)
                if nth % EVERY_NTH_KILLS_ALL:
                    _kill_a_worker(service, random)
                else:
                    service.kill()
                    service.start()
        finally:
            load.end()
    for client in clients:
        client.result()
    service.kill()

    assert load.replayed, "no kill came between a write and its answer: this has shown nothing"
    ledger = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), keys=keys_at(tmp_path))
    _check_log(ledger, load.acknowledged)
    _check_views(ledger, tmp_path)


def _check_log(ledger: OrderLedger, acknowledged: list[Acknowledged]) -> None:
    versions_by_key: dict[str, list[int]] = defaultdict(list)
    versions_by_order: dict[str, list[int]] = defaultdict(list)
    for uuid, version, key in ledger.log_of_events.reader.execute(
        "SELECT originator_id, version, idempotency_key FROM events WHERE topic LIKE 'order.%' ORDER BY position"
    ):
        versions_by_order[uuid].append(version)
        versions_by_key[key].append(version)
    assert versions_by_key.keys() == {given.key for given in acknowledged}
    for versions in versions_by_order.values():
        assert versions == list(range(1, len(versions) + 1))
    for given in acknowledged:
        last = given.document["version"]
        assert versions_by_key[given.key] == list(range(last - given.events + 1, last + 1))
    _check_documents(ledger, acknowledged)


def _check_documents(ledger: OrderLedger, acknowledged: list[Acknowledged]) -> None:
    """Asserts that each answer is the document of the order's events up to the answer's version."""
    for given in acknowledged:
        order = ledger.order(UUID(given.document["uuid"]), given.document["version"])
        assert json.loads(staff_document(order)) == given.document


def _check_views(ledger: OrderLedger, folder: Path) -> None:
    left, anew = Views(ledger, folder / "views.db"), Views(ledger, folder / "anew.db")
    anew.rebuild()
    assert left.position() == ledger.head(), "every write was in the views before it was acknowledged"
    assert rows(left) == rows(anew)


# --- an import: one process records, another feeds the views ---


@contextmanager
def importing(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An import that waits for its next line, and whose feeder has made the views."""
    pipe = subprocess.PIPE
    import_ = Service(folder).popen("import", "-", stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        until(lambda: children(import_.pid) and (folder / "views.db").exists(), 20)  # its feeder feeds the views
        time.sleep(0.2)  # by now the import waits for its next line
        yield import_
    finally:
        with suppress(ProcessLookupError):
            os.killpg(import_.pid, signal.SIGKILL)
        import_.wait()


def test_an_import_whose_feeder_is_killed_goes_on_to_its_end_and_feeds_the_views_itself(tmp_path: Path) -> None:
    with importing(tmp_path) as import_:
        (feeder,) = children(import_.pid)
        os.kill(feeder, signal.SIGKILL)
        said, errors = import_.communicate(b'{"id": 7}\n', timeout=20)
    assert import_.returncode == 0, errors
    assert said.startswith(b"1 imported")
    views = Views(OrderLedger(SQLiteRecorder(tmp_path / "ledger.db")), tmp_path / "views.db")
    assert views.position() == 1
    views.close()


def test_the_feeder_of_an_import_that_is_killed_ends_too(tmp_path: Path) -> None:
    with importing(tmp_path) as import_:
        (feeder,) = children(import_.pid)
        os.kill(import_.pid, signal.SIGKILL)
        import_.wait()
        until(lambda: not is_alive(feeder), 10)


def test_views_that_are_gone_are_made_anew_beside_an_import_also_by_several_processes(tmp_path: Path) -> None:
    items, events = b",".join([b"{}"] * 999), PROCESSES_PARTS_MIN * PART_POSITIONS
    lines = [b'{"id": %d, "items": [%b]}\n' % (n, items) for n in range(1, events // 1_000 + 1)]
    assert Service(tmp_path).run("import", "-", stdin=b"".join(lines)).returncode == 0
    for file in tmp_path.glob("views.db*"):
        file.unlink()
    with importing(tmp_path) as import_:
        said, errors = import_.communicate(b'{"id": 99}\n', timeout=20)
    assert (import_.returncode, said[:10]) == (0, b"1 imported")
    assert b"Traceback" not in errors, errors.decode()
