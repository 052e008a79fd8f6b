"""How long until the first answer, and how much memory does a worker take?"""

from collections.abc import Iterator
from itertools import cycle, islice

from api import orders, shop, storefront
from bench.contenders import Contender, Limit
from bench.load import drive, message
from bench.stage import Sample, Stage

TARGET = f"{shop.PATH}?limit=20"
_CLIENTS = 8


def measure_start(stage: Stage) -> Iterator[Sample]:
    """The seconds from the command to the first list that is answered."""
    contenders = stage.contenders()
    if not stage.against:
        stage.ledger.start(TARGET)
        contenders.append(Limit(stage.folder, stage.ledger, [(TARGET, "regular")]))
        stage.ledger.stop()
    for contender in stage.in_turn(contenders):
        stage.say(f"start: {contender.name}")
        seconds = contender.start(TARGET)
        contender.stop()
        yield Sample("start", "first answer", contender.name, "s", seconds)


def measure_memory(stage: Stage) -> Iterator[Sample]:
    """The larger worker's share of memory after so many requests: lists of both contracts and single orders."""
    for contender in stage.contenders():
        contender.start(TARGET)
        try:
            yield from _measure(stage, contender)
        finally:
            contender.stop()


def _measure(stage: Stage, contender: Contender) -> Iterator[Sample]:
    """Measures one contender. The peer gets a hundredth of the requests, or it would take half an hour."""
    many = 5_000 if stage.quick else 20_000 if stage.against else 100_000
    asked = 0
    for upto in (1_000, many // 2, many) if contender.name != "peer" else (1_000,):
        stage.say(f"memory: {contender.name}, {upto} requests")
        _ask(contender, upto - asked)
        asked = upto
        megabytes = max(contender.worker_bytes()) / 1e6
        yield Sample("memory", f"a worker, after {upto:,} requests", contender.name, "MB", megabytes)


def _ask(contender: Contender, requests: int) -> None:
    some = [
        message("GET", f"{shop.PATH}?limit=100&offset={offset}", contender.keys["regular"])
        for offset in range(0, 900, 100)
    ]
    if contender.name != "peer":
        some += [message("GET", f"{storefront.PATH}/?limit=20", contender.keys["regular"])]
        some += [message("GET", f"{orders.PATH}/{number}", contender.keys["staff"]) for number in range(1, 50)]
    scripts = [islice(cycle(some), i, i + requests // _CLIENTS) for i in range(_CLIENTS)]
    drive(contender.port, scripts, 3_600)
