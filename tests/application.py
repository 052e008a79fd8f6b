"""The whole application in this process, without a network before it, on a real ledger with a clock of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from falcon.testing import Result, TestClient

from api import settings as settings_module
from api.app import create_app
from domain.ledger import OrderLedger, Outcome
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import Command
from domain.order.state import Order
from domain.strict_json import convert
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order, old_key


class Application:
    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {"LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}", **environment}
        self.settings = settings_module.read(self.environment)
        self.clock = Clock()
        self.ledger = OrderLedger(SQLiteRecorder(self.settings.ledger), clock=self.clock)
        self.views = Views(self.ledger, self.settings.views)
        self.views.ensure()
        self.client = TestClient(create_app(self.ledger, self.views, self.settings))

    def key(self, *scopes: str, customer: int | None = None) -> str:
        return self.ledger.write(old_key, self.clock(), *scopes, customer_id=customer).result()

    def request(self, method: str, path: str, key: str, **options: Any) -> Result:
        headers = {"Authorization": f"Token {key}", **options.pop("headers", {})}
        return self.client.simulate_request(method, path, headers=headers, **options)

    def place(self, **fields: Any) -> Order:
        """A new order, worth 100.00 unless `fields` change its items."""
        return self.done(do(self.ledger.create, new_order(**{"items": [{"unit_price": "100.00"}], **fields}), ME))

    def give(self, order: Order, shape: type[Command], **fields: Any) -> Order:
        """The order after one more command, given a second later."""
        self.clock.tick()
        return self.done(do(self.ledger.change, order.uuid, convert(fields, shape), ME))

    def done(self, outcome: Outcome) -> Order:
        """The order after a command, once the views have it."""
        self.views.catch_up()
        return outcome.order

    def close(self) -> None:
        self.views.close()
        self.ledger.log_of_events.close()


def several(kind: type[Application], folder: Path) -> Iterator[Callable[..., Any]]:
    """A function that makes applications, each in a folder of its own. They are closed at the end."""
    made: list[Application] = []

    def make(**options: Any) -> Application:
        own = folder / str(len(made))
        own.mkdir()
        made.append(kind(own, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
