"""`make torture`: every attack and fault at full size, with a healthy client's waits and each fault's result."""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.torture.attacks import ATTACKS
from tests.torture.faults import FAULTS, IN_THE_SUITE, of_the_suite
from tests.torture.measuring import Shop

SECONDS = 40
ORDERS = 20_000
MEMORY_MEBIBYTES_MAX = 150


def main(*names: str) -> int:
    """Runs the attacks and faults of these names, or all. Returns 1 where one did harm."""
    console = Console()
    attacks = [name for name in ATTACKS if not names or name in names]
    faults = {name: partial(fault.do, fault.full) for name, fault in FAULTS.items()}
    faults |= {name: partial(of_the_suite, name) for name in IN_THE_SUITE}
    failed = _attacked(console, attacks) if attacks else 0
    failed += _broken(console, {name: do for name, do in faults.items() if not names or name in names})
    return int(failed > 0)


def _attacked(console: Console, names: list[str]) -> int:
    """The number of attacks that harmed a healthy client or the service."""
    failed, table = 0, Table("attack", "size", "requests", "p99 ms", "at most", "memory MiB", "wrong 5xx", "")
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), ORDERS)
        for name in names:
            found, most = shop.measure(name, ATTACKS[name].full, SECONDS), ATTACKS[name].milliseconds_max
            holds = (
                found.milliseconds <= most and found.memory_mebibytes <= MEMORY_MEBIBYTES_MAX and not found.wrong_5xx
            )
            failed += not holds
            table.add_row(
                name,
                f"{found.size:,}",
                f"{found.requests:,}",
                f"{found.milliseconds:.0f}",
                f"{most:,}",
                f"{found.memory_mebibytes:.0f}",
                str(found.wrong_5xx),
                "holds" if holds else "DOES NOT HOLD",
            )
            console.print(f"{name}: p99 {found.milliseconds:.0f} ms, {found.memory_mebibytes:.0f} MiB", style="dim")
    console.print(table)
    return failed


def _broken(console: Console, faults: dict[str, Callable[[], str]]) -> int:
    """The number of faults that did harm."""
    failed, table = 0, Table("fault", "seconds", "what came of it")
    for name, do in faults.items():
        began = time.monotonic()
        try:
            told = do()
        except AssertionError as error:
            failed, told = failed + 1, f"DOES NOT HOLD: {error}"
        table.add_row(name, f"{time.monotonic() - began:.0f}", told)
        console.print(f"{name}: {told}", style="dim", markup=False)
    console.print(table)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
