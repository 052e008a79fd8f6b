"""The application in this process, and what finance asks of it: shared by the tests for finance."""

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result

from domain.importing import import_lines
from domain.order.commands import ChangeStatus, ReceivePayment, RefundPayment
from domain.order.state import Order
from tests.application import Application, several
from tests.conftest import ROOT
from tests.test_olist import OLIST

FINANCE = "/api/v1/finance"


class Desk(Application):
    """The application, and finance, who ask it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, **environment)
        self._finance = self.key("finance:read")
        self._references = iter(range(1, 10**6))

    # --- commands ---

    def pay(self, order: Order, amount: str, **fields: Any) -> Order:
        given = {"amount": amount, "provider": "stripe", "reference": f"pi_{next(self._references)}", **fields}
        return self.give(order, ReceivePayment, **given)

    def refund(self, order: Order, amount: str, **fields: Any) -> Order:
        given = {"amount": amount, "provider": "stripe", "reference": f"re_{next(self._references)}", **fields}
        return self.give(order, RefundPayment, **given)

    def move(self, order: Order, *statuses: str) -> Order:
        for status in statuses:
            order = self.give(order, ChangeStatus, status=status)
        return order

    def bring(self, lines: bytes) -> None:
        """Imports orders with their history."""
        path = self.folder / "orders.jsonl"
        path.write_bytes(lines)
        with path.open("rb") as file:
            import_lines(self.ledger, file, on_rejected=lambda number, reason: pytest.fail(f"line {number}: {reason}"))
        self.views.catch_up()

    # --- requests ---

    def ask(self, path: str, key: str | None = None, method: str = "GET", **options: Any) -> Result:
        return self.request(method, FINANCE + path, key or self._finance, **options)

    def page(self, **parameters: Any) -> dict[str, Any]:
        answer = self.ask("/payments", params=renamed(parameters))
        assert answer.status_code == 200, answer.text
        return answer.json

    def journal(self, **parameters: Any) -> list[dict[str, Any]]:
        """Every row of the journal that these parameters select, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.page(**parameters)
            found += page["payments"]
            if page["next"] is None:
                return found
            parameters["after"] = page["next"]

    def csv(self, **parameters: Any) -> list[dict[str, str]]:
        answer = self.ask("/payments", params=renamed(parameters), headers={"Accept": "text/csv"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(StringIO(answer.text, newline="")))

    def summary(self, **parameters: Any) -> dict[str, Any]:
        answer = self.ask("/summary", params=renamed(parameters))
        assert answer.status_code == 200, answer.text
        return answer.json

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Runs `run.py` with these arguments on the same ledger."""
        command = [sys.executable, str(ROOT / "run.py"), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, timeout=60, check=False)


def renamed(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters with `since` renamed to `from`, which is no name in Python."""
    return {"from" if name == "since" else name: value for name, value in parameters.items()}


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    yield from several(Desk, tmp_path)


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture(scope="package")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with the 2,000 real orders, for tests that only read."""
    if not (OLIST / "orders.csv").is_file():
        pytest.skip(f"Olist's dataset is not at {OLIST}; set OLIST to the folder that holds orders.csv")
    command = [sys.executable, str(ROOT / "docs" / "olist.py"), str(OLIST)]
    desk = Desk(tmp_path_factory.mktemp("olist"))
    desk.bring(subprocess.run(command, capture_output=True, check=False).stdout)
    yield desk
    desk.close()
