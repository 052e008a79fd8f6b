"""What grows with the ledger, and how? The same requests at 10 thousand, 100 thousand and 1 million orders."""

from collections.abc import Callable, Iterator
from functools import partial

from api import orders, shop
from bench import bulk, limits, load, writes
from bench.contenders import Ledger
from bench.seed import HEAVY_ORDERS
from bench.stage import Sample, Stage, fresh, loaded
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder

_LIST = f"{shop.PATH}?limit=20"
# line: (target, whose key, clients)
_LISTS = {
    "list of 20": (_LIST, "usual", 8),
    "list of 20, of 1,000": (_LIST, "regular", 8),
    "search in a customer's 1,000": (f"{_LIST}&search=%22city+17%22", "regular", 8),
    "staff search, few found": (f"{orders.PATH}?limit=20&search=%22city+17%22+canada+schmidt", "staff", 1),
    "staff search by part of a key": (f"{orders.PATH}?limit=20&search=abcdef", "staff", 1),
}
_HEAVY_LISTS = {
    "customer of 50,000: list of 20": (_LIST, "heavy", 1),
    "customer of 50,000: search": (f"{_LIST}&search=%22city+17%22", "heavy", 1),
    "customer of 50,000: filtered, by city": (
        f"{_LIST}&status_in=processing%2Cshipped&ordering=billing_city__name",
        "heavy",
        1,
    ),
    "customer of 50,000: last page": (f"{_LIST}&offset={HEAVY_ORDERS - 20}", "heavy", 1),
}


def measure(stage: Stage) -> Iterator[Sample]:
    sizes = (2_000, 10_000) if stage.quick else (10_000, 100_000, 1_000_000) if stage.full else (10_000, 100_000)
    ledgers: dict[Ledger, int] = {}
    for size in sizes:
        stage.say(f"growth: filling a ledger with {size:,} orders")
        ledger = Ledger(stage.folder / f"growth-{size}")
        ledgers[ledger] = size
        yield from _of_files(ledger, size, ledger.fill(stage.lines(size)))
    for ledger in stage.in_turn(list(ledgers)):
        yield _sample("start to first answer", ledgers[ledger], "s", ledger.start(_LIST))
        ledger.stop()
    try:
        for ledger in ledgers:
            ledger.start(_LIST)
        yield from _of_requests(stage, ledgers)
    finally:
        for ledger in ledgers:
            ledger.stop()


def _of_files(ledger: Ledger, size: int, imported: limits.Cost) -> Iterator[Sample]:
    contender = f"{size:,} orders"
    yield bulk.per_second("growth", "import, orders", contender, size, imported)
    events, took = OrderLedger(SQLiteRecorder(ledger.file)).head(), fresh(limits.rebuild, ledger.file, ledger.folder)
    yield bulk.per_second("growth", "rebuild, events", contender, events, took)
    for what, file_bytes in zip(("ledger", "views"), ledger.file_bytes(), strict=True):
        yield _sample(f"{what}, an order", size, "B", file_bytes / size)


def _of_requests(stage: Stage, ledgers: dict[Ledger, int]) -> Iterator[Sample]:
    # The newest rows are in the machine's memory, others may not be.
    for ledger in ledgers:
        for who in ("usual", "regular"):
            load.reads(ledger.port, _LIST, ledger.keys[who], clients=8, seconds=stage.seconds)
    for line, (target, who, clients) in {**_LISTS, **_HEAVY_LISTS}.items():
        stage.say(f"growth: {line}")
        fit = [ledger for ledger, size in ledgers.items() if who != "heavy" or size >= 2 * HEAVY_ORDERS]
        for ledger in stage.in_turn(fit):
            port, key = ledger.port, ledger.keys[who]
            # One client at a time asks for slow answers, and waits for them.
            ask = partial(load.reads, port, target, key, clients=clients, seconds=stage.seconds, slow=clients == 1)
            yield _loaded(line, ledger, ledgers[ledger], ask)
    stage.say("growth: create")
    for ledger in stage.in_turn(list(ledgers)):
        ask = partial(writes.create, ledger, 8, stage.seconds)
        yield _loaded("create, 8 clients", ledger, ledgers[ledger], ask)


def _sample(line: str, size: int, unit: str, value: float) -> Sample:
    return Sample("growth", line, f"{size:,} orders", unit, value)


def _loaded(line: str, ledger: Ledger, size: int, ask: Callable[[], load.Load]) -> Sample:
    sample, _ = loaded("growth", line, ledger, ask)
    return sample._replace(contender=f"{size:,} orders")
