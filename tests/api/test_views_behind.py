"""An order that the views cannot show is recorded all the same, and the answer says so."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from falcon.testing import TestClient

from api import settings
from api.app import create_app
from domain.ledger import OrderLedger
from domain.log.keys import Keys
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import sqlite3
from domain.moments import utc_now
from projections.views.views import Views


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    views = Views(OrderLedger(SQLiteRecorder(tmp_path / "ledger.db")), tmp_path / "views.db")
    views.ensure()
    yield views
    views.close()


@pytest.mark.parametrize("table", ["orders", "staff_documents", "positions"])
def test_a_write_is_answered_with_its_document_though_the_views_are_damaged(
    views: Views, tmp_path: Path, table: str
) -> None:
    ledger = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    client = TestClient(create_app(ledger, views, settings.read({"LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"})))
    key = ledger.write(Keys(ledger.log_of_events).create, scopes=["orders:write"], now=utc_now()).result()
    head = ledger.head()  # the making of the key is an event, too
    with closing(sqlite3.connect(views.path.resolve(), isolation_level=None)) as damaging:
        damaging.execute(f"DROP TABLE {table}")
    answer = client.simulate_post("/api/v1/orders", json={"items": []}, headers={"Authorization": f"Token {key}"})
    assert (answer.status_code, answer.headers.get("ledger-views")) == (201, "behind"), answer.text
    assert (answer.json["version"], ledger.head()) == (1, head + 1)
