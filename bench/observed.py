"""What do metrics and the log cost a list? Compared with a service without them, in one run and in turns.

    python -m bench.observed [TURNS] [SECONDS]

Printed are a list's processor time and the lists a second, the median of the turns, and their ratios to the service
without them. The log goes into a file, as it goes into a pipe under systemd.
"""

import sys
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from api import shop
from bench import seed
from bench.contenders import Ledger
from bench.lists import CLIENTS
from bench.load import reads

_TARGET: Final = f"{shop.PATH}?limit=20"
_WITHOUT: Final = {"LEDGER_LOG_LEVEL": "error"}
_OBSERVED: Final = {
    "neither": _WITHOUT,
    "log": {},
    "metrics": _WITHOUT | {"LEDGER_METRICS": "127.0.0.1:9464"},
    "both": {"LEDGER_METRICS": "127.0.0.1:9465"},
}


def main(turns: int, seconds: float) -> None:
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        lines = seed.write(folder / "orders.jsonl", 500)
        ledgers = [Ledger(folder / what, what) for what in _OBSERVED]
        took: dict[str, list[tuple[float, float]]] = {what: [] for what in _OBSERVED}
        for ledger in ledgers:
            ledger.fill(lines)
            ledger.environment |= _OBSERVED[ledger.name]
            ledger.start(_TARGET)
        ask = partial(reads, target=_TARGET, clients=CLIENTS, seconds=seconds)
        for turn in range(turns + 1):
            for ledger in ledgers if turn % 2 else reversed(ledgers):
                before = ledger.cpu_seconds()
                load = ask(ledger.port, key=ledger.keys["usual"])
                if turn:  # the first turn only warms them up
                    cpu_us = (ledger.cpu_seconds() - before) / load.requests * 1e6
                    took[ledger.name].append((cpu_us, load.requests_per_second))
        for ledger in ledgers:
            ledger.stop()
    cpu, rate = ({what: median(one[i] for one in took[what]) for what in took} for i in (0, 1))
    for what in took:
        print(f"{what:<10}{cpu[what]:6.1f} µs{cpu[what] / cpu['neither']:6.2f}", end="")
        print(f"{rate[what]:9,.0f} 1/s{rate[what] / rate['neither']:6.2f}")


if __name__ == "__main__":
    main(*(int(text) for text in (*sys.argv[1:], "7", "2")[:2]))
