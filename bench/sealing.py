"""How much does sealing of personal data cost a create? Compared with a plain ledger, in one run and in turns.

    python -m bench.sealing [TURNS] [SECONDS]

Eight clients create orders over HTTP, on a plain ledger and on a sealed one: for customers who have orders of this
year, and for customers who are new. In the sealed ledger a new customer gets two data keys, which are durable before
the order is. Printed are the workers' processor time for each create, the median of the turns, and its ratio to the
plain ledger's creates for the same customers.
"""

import json
import sys
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from api import orders
from bench import seed
from bench.contenders import Ledger
from bench.load import drive, message
from domain.ledger import OrderLedger
from domain.log.keys import Keys
from domain.log.recorder import SQLiteRecorder

CLIENTS = 8
_BODIES = 500
_RETURNING, _NEW = "customers who return", "new customers"
_numbers = count(1_000_000)


def ledger(folder: Path, name: str, lines: Path) -> Ledger:
    made = Ledger(folder / name, name)
    if name == "plain":  # a ledger that has a record without keys stays plain
        begun = OrderLedger(SQLiteRecorder(made.file))
        keys = Keys(begun.log_of_events)
        begun.write(keys.create, now=begun.clock(), scopes=["orders:read"], name="first").result()
        begun.close()
    made.fill(lines)
    made.start("/api/shop/customers/me/orders")
    return made


def main(turns: int, seconds: float) -> None:
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        lines = seed.write(folder / "orders.jsonl", 500)
        plain, sealed = (ledger(folder, name, lines) for name in ("plain", "sealed"))
        took: dict[tuple[str, Ledger], list[float]] = {
            (whom, of): [] for whom in (_RETURNING, _NEW) for of in (plain, sealed)
        }
        for turn in range(turns + 1):
            for (whom, of), times in took.items():
                cpu_us = created(of, Random(turn), seconds, are_new=whom == _NEW)
                if turn:  # the first turn only warms them up
                    times.append(cpu_us)
        for contender in (plain, sealed):
            contender.stop()
    for whom in (_RETURNING, _NEW):
        without, with_ = (median(took[whom, of]) for of in (plain, sealed))
        print(f"{whom:<24}plain{without:6.0f} µs    sealed{with_:6.0f} µs{with_ / without:8.2f}")


def created(of: Ledger, random: Random, seconds: float, *, are_new: bool) -> float:
    """The processor time of a create, in microseconds."""
    bodies = (seed.body(random, next(_numbers) if are_new else None) for _ in range(_BODIES * CLIENTS))
    requests = [message("POST", orders.PATH, of.keys["staff"], json.dumps(body).encode()) for body in bodies]
    before = of.cpu_seconds()
    scripts = [islice(cycle(requests), i * _BODIES, None) for i in range(CLIENTS)]
    done = drive(of.port, scripts, seconds).requests
    return (of.cpu_seconds() - before) / done * 1e6


if __name__ == "__main__":
    main(*(int(text) for text in (*sys.argv[1:], "7", "2")[:2]))
