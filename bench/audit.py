"""How long do auditors wait?

    python -m bench.audit [--events N] [--folder FOLDER]

The ledger has so many events, with one order of 20 events and one of 1,000 in its middle. It has as many signed heads
as an evidence pack proves its continuation from. Measured is `run.py verify`, from its start to its end. Then one
client asks over one connection: for evidence, for the order as of a moment, for its changes, and for the log.
"""

import http.client
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from api import orders, shop
from api.audit import PATH
from api.settings import Settings, read
from bench import limits, seed
from bench.contenders import Ledger
from bench.load import percentile
from domain.ledger import OrderLedger
from domain.log.log import Transaction
from domain.log.opening import open_log
from domain.moments import utc_now
from domain.proof import checkpoint, merkle
from projections import tree
from projections.proof.evidence import CONTINUATIONS_MAX
from projections.proof.signing import ORIGIN, Checkpoints
from projections.views.views import Views

ROUNDS: Final = 3
WARMING: Final = 20
REQUESTS: Final = 200
_EVENTS_AN_ORDER: Final = 9  # about so many, in orders of bench/seed.py
_NEITHER_ITEM: Final = 6  # the events that are no item's: a creation, a payment, and four changes of status


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--events", default=100_000, show_default=True, type=click.IntRange(1_000, 5_000_000))
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where to work.  [default: a new one]",
)
def main(events: int, folder: Path | None) -> None:
    """How fast is a log of so many events verified, and how long do auditors wait for what they ask of it?"""
    with tempfile.TemporaryDirectory(dir=folder, prefix="audit-") as work:
        short, long = events // _EVENTS_AN_ORDER + 1, events // _EVENTS_AN_ORDER + 2
        ledger = filled(Path(work), short, long)
        ledger.run("key", "create")
        head = sign_on_the_way(read(ledger.environment))
        table = Table("what", "median", "99th", title=f"a log of {head:,} events", title_justify="left", box=None)
        rates = sorted(head / verify(ledger).seconds for _ in range(ROUNDS))
        table.add_row("run.py verify, events/s", f"{statistics.median(rates):,.0f}", "")
        ledger.start(f"{shop.PATH}?limit=1")
        try:
            for what, seconds in waited(ledger, short, long, head):
                table.add_row(
                    f"{what}, ms", f"{percentile(seconds, 0.5) * 1e3:.2f}", f"{percentile(seconds, 0.99) * 1e3:.2f}"
                )
        finally:
            ledger.stop()
        Console(highlight=False).print(table)


def filled(work: Path, short: int, long: int) -> Ledger:
    """A ledger with the orders of bench/seed.py, and among them one of 20 events and one of 1,000."""
    many = short - 1
    file = work / "orders.jsonl"
    with file.open("wb") as lines:
        for order in seed.lines(many):
            if order["id"] == many // 2:
                for one in (order_of(20, short), order_of(1_000, long)):
                    lines.write(msgspec.json.encode(one) + b"\n")
            lines.write(msgspec.json.encode(order) + b"\n")
    ledger = Ledger(work / "ledger")
    ledger.fill(file)
    return ledger


def order_of(events: int, number: int) -> dict[str, Any]:
    at = seed.FIRST_AT.isoformat()
    items = [
        {"product": {"id": n, "name": f"Product {n}"}, "unit_price": "10.00"} for n in range(events - _NEITHER_ITEM)
    ]
    payment = {"type": "payment", "at": at, "amount": "10.00", "reference": f"audit-{number}", "provider": "stripe"}
    statuses = [{"type": "status", "at": at, "status": s} for s in ("hold", "processing", "shipped", "completed")]
    return {"id": number, "created_at": at, "customer": {"id": 1}, "items": items, "history": [payment, *statuses]}


def _keep(t: Transaction, size: int, note: bytes) -> None:
    t.keep_checkpoint(size, note, utc_now())


def sign_on_the_way(settings: Settings) -> int:
    """Signs the log at evenly spaced sizes, as if the log had been signed while it grew. Returns the head."""
    key = serialization.load_pem_private_key(settings.key.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    ledger = OrderLedger(open_log(settings.url), keys=settings.keys)
    views = Views(ledger, settings.views)
    head, node = views.catch_up(), tree.node(views.reader)
    for size in range(head // CONTINUATIONS_MAX, head, head // CONTINUATIONS_MAX):
        note = checkpoint.sign(key, ORIGIN, size, merkle.root(size, node))
        ledger.write(_keep, size, note).result()
    Checkpoints(ledger, views, key=settings.key, kept=settings.checkpoints).current()
    views.close()
    ledger.log_of_events.close()
    return head


def verify(ledger: Ledger) -> limits.Cost:
    return limits.cost(lambda: ledger.run("verify"))


def waited(ledger: Ledger, short: int, long: int, head: int) -> Iterator[tuple[str, list[float]]]:
    """The request, by its name, and the sorted seconds of its answers."""
    scopes = ("--scope", "audit:read", "--scope", "orders:write")
    key = ledger.run("token", "create", *scopes).strip()
    client, turn = Client(ledger.port, key), count()
    one, other = f"{PATH}/orders/{short}", f"{PATH}/orders/{long}"

    def write() -> None:
        client.ask("PATCH", f"{orders.PATH}/1", {"notes": f"turn {next(turn)}"})

    for what, before, target in (
        ("evidence of 20 events", None, lambda _: f"{one}/evidence"),
        ("evidence of 20 events, after a write", write, lambda _: f"{one}/evidence"),
        ("evidence of 1,000 events", None, lambda _: f"{other}/evidence"),
        ("20 events, as of a version", None, lambda n: f"{one}?version={n % 20 + 1}"),
        ("20 events, as of a position", None, lambda n: f"{one}?position=orders:{head - n}"),
        ("20 events, as of a time", None, lambda _: f"{one}?occurred_at={seed.FIRST_AT.isoformat()[:19]}Z"),
        ("1,000 events, as of a version", None, lambda n: f"{other}?version={n % 1_000 + 1}"),
        ("20 events, all changes", None, lambda _: f"{one}/changes"),
        ("20 events, told", None, lambda _: f"{one}/events"),
        ("100 events of the log", None, lambda n: f"{PATH}/events?after=orders:{n * 7_919 % head}"),
        ("the log of one type, a scan", None, lambda n: f"{PATH}/events?type=NotesChanged&after=orders:{n % 100}"),
    ):
        yield what, client.time(target, before)


class Client:
    """One connection that stays open."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Token {key}", "Content-Type": "application/json"}

    def ask(self, method: str, target: str, body: object = None) -> None:
        content = None if body is None else msgspec.json.encode(body)
        self._connection.request(method, target, content, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status == http.HTTPStatus.OK, said

    def time(self, target: Callable[[int], str], before: Callable[[], None] | None) -> list[float]:
        """The sorted seconds of `REQUESTS` answers. The first answers, which warm the service, are left out."""
        seconds = []
        for turn in range(WARMING + REQUESTS):
            if before:
                before()
            started = time.perf_counter()
            self.ask("GET", target(turn))
            seconds.append(time.perf_counter() - started)
        return sorted(seconds[WARMING:])


if __name__ == "__main__":
    main()
