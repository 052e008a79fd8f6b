"""Queries that take long are interrupted where they would hold others up, and asked again where they do not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.interrupting import Interrupted
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import time_limit
from projections.orders import list as orders
from projections.views.views import Views
from tests.conftest import ME, Service, do, new_order
from tests.crash.wire import HEALTH, Wire

ORDERS = 3_000
WORDS = [f"word{number}" for number in range(30)]
# Each order holds every word, so a search looks for each word in each order and finds it.
SLOW = f"/api/v1/orders?limit=1&search={'+'.join(WORDS)}"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of one worker with so many orders that a search is slow."""
    folder = tmp_path_factory.mktemp("busy")
    lines = (json.dumps({"customer": {"id": 7}, "notes": " ".join(WORDS)}).encode() for _ in range(ORDERS))
    service = Service(folder, workers=1)
    imported = service.run("import", "-", stdin=b"\n".join(lines))
    assert imported.returncode == 0, imported.stderr
    yield service.start()
    service.kill()


def get(path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def test_a_query_that_takes_long_is_answered_all_the_same(busy: Service) -> None:
    key = busy.key("orders:read")
    with Wire(busy) as wire:
        answer = wire.send(get(SLOW, key)).answer()
    assert (answer.status, json.loads(answer.body)["count"]) == (200, ORDERS)


def test_requests_behind_a_slow_query_on_its_connection_are_answered_in_order(busy: Service) -> None:
    key = busy.key("orders:read")
    one = get("/api/v1/orders/1", key)
    with Wire(busy) as wire:
        wire.send(one, get(SLOW, key), one, HEALTH, get(SLOW, key), one)
        answers = [json.loads(wire.answer().body) for _ in range(6)]
    assert [answer.get("id") for answer in answers] == [1, None, 1, None, None, 1]
    assert ["results" in answer for answer in answers] == [False, True, False, False, True, False]


def test_many_quick_requests_at_once_on_one_connection_are_all_answered(busy: Service) -> None:
    """An answer must not be sent from within the one before it: Python limits how deep calls go."""
    one = get("/api/v1/orders/1", busy.key("orders:read"))
    with Wire(busy) as wire:
        wire.send(one * 400)
        assert {wire.answer().status for _ in range(400)} == {200}


def test_a_query_within_a_limit_is_given_up_and_can_be_asked_again_without(tmp_path: Path) -> None:
    ledger = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    views = Views(ledger, tmp_path / "views.db")
    for _ in range(200):
        do(ledger.create, new_order(notes=" ".join(WORDS)), ME)
    views.ensure()
    wanted = orders.Filter(words=tuple(WORDS))
    with pytest.raises(Interrupted), time_limit(0):
        orders.page(views.reader, wanted, document="staff", limit=1, offset=0)
    assert orders.page(views.reader, wanted, document="staff", limit=1, offset=0).count == 200
    views.close()
