"""Finance's desk, and settlement files for it: shared by the tests of reconciliations."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import ASGIConductor, Result

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order.state import Order
from domain.reconciliation.report import encoded
from domain.reconciliation.state import Reconciliation
from domain.reconciling import Reconciling
from projections.journal import Journal
from projections.views.views import Views
from tests.application import several
from tests.conftest import Clock
from tests.finance.conftest import FINANCE, Desk

PATH = "/reconciliations"
HEADER = "reference,kind,gross,fee,net,currency,occurred_at,order,payout"


class Office(Desk):
    """Finance's desk, with a key that may reconcile."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, **environment)
        self.writer = self.key("finance:read", "finance:write")

    def paid(self, reference: str, amount: str = "50.00", **fields: Any) -> Order:
        return self.pay(self.place(), amount, reference=reference, **fields)

    def now(self) -> str:
        return self.clock().isoformat().replace("+00:00", "Z")

    def file(self, *rows: str) -> str:
        """A file in our own layout with these rows. `@` stands for the time now."""
        return "\n".join([HEADER, *(row.replace("@", self.now()) for row in rows), ""])

    def upload(
        self, content: str | bytes, /, provider: str = "stripe", media: str = "text/csv", **parameters: str
    ) -> Result:
        return self.ask(
            PATH,
            self.writer,
            "POST",
            body=content,
            headers={"Content-Type": media},
            params={"provider": provider, "file": "march.csv", **parameters},
        )

    async def upload_at_once(self, *contents: str) -> list[Result]:
        headers = {"Authorization": f"Token {self.writer}", "Content-Type": "text/csv"}
        options = {"params": {"provider": "stripe", "file": "march.csv"}, "headers": headers}
        async with ASGIConductor(self.client.app) as conductor:
            uploads = (conductor.simulate_post(FINANCE + PATH, body=content, **options) for content in contents)
            return list(await asyncio.gather(*uploads))

    def start(self, *rows: str, **parameters: str) -> dict[str, Any]:
        answer = self.upload(self.file(*rows), **parameters)
        assert answer.status_code == 201, answer.text
        return answer.json

    def decide(self, one: dict[str, Any], decision: str, **body: Any) -> Result:
        headers = {"Content-Type": "application/json"}
        return self.ask(f"{PATH}/{one['id']}/{decision}", self.writer, "POST", body=json.dumps(body), headers=headers)

    async def decide_at_once(self, *wanted: tuple[dict[str, Any], str, dict[str, Any]]) -> list[Result]:
        """Sends several decisions at one moment: the reconciliation, the decision and the body of each."""
        headers = {"Authorization": f"Token {self.writer}"}
        async with ASGIConductor(self.client.app) as conductor:
            decisions = (
                conductor.simulate_post(f"{FINANCE}{PATH}/{one['id']}/{decision}", json=body, headers=headers)
                for one, decision, body in wanted
            )
            return list(await asyncio.gather(*decisions))

    def get(self, one: dict[str, Any], rest: str = "") -> Result:
        answer = self.ask(f"{PATH}/{one['id']}{rest}", self.writer)
        assert answer.status_code == 200, answer.text
        return answer

    def elsewhere(self, path: str, *scopes: str) -> Result:
        """The answer at an address outside finance."""
        return self.request("GET", "/api/v1" + path, self.key(*scopes))

    def topics(self) -> list[str]:
        """The topics of reconciliations in the log, without kind and version."""
        rows = self.ledger.log_of_events.reader.execute(
            "SELECT topic FROM events WHERE topic LIKE 'reconciliation.%' ORDER BY position"
        )
        return [topic.split(".")[1] for (topic,) in rows]


@pytest.fixture
def make_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    yield from several(Office, tmp_path)


@pytest.fixture
def office(make_office: Callable[..., Office]) -> Office:
    return make_office()


@pytest.fixture
def desk(office: Office) -> Office:
    """The office two months later."""
    office.clock.tick(days=60)
    return office


def by_outcome(one: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for result in one["results"]:
        found.setdefault(result["outcome"], []).append(result)
    return found


def only(one: dict[str, Any], outcome: str) -> str:
    """The id of the only result with this outcome."""
    (result,) = by_outcome(one)[outcome]
    return str(result["id"])


@contextmanager
def reconciling_in(folder: Path, days: int) -> Iterator[Reconciling]:
    """The reconciliations of the ledger in a folder, so many days after the clock's beginning."""
    clock = Clock()
    clock.tick(days=days)
    with (
        closing(OrderLedger(SQLiteRecorder(folder / "ledger.db"), clock=clock)) as ledger,
        closing(Views(ledger, folder / "views.db")) as views,
    ):
        views.ensure()
        yield Reconciling(ledger, Journal(views))


def results_of(reconciling: Reconciling, state: Reconciliation) -> list[dict[str, Any]]:
    """The results in the kept report. Asserts that the report can be made again, byte for byte."""
    kept = b"".join(reconciling.pieces(state, "report"))
    assert b"".join(piece for _, piece in encoded(reconciling.reproduce(state))) == kept
    return json.loads(kept)["results"]
