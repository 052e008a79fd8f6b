"""`make torture`: every attack at full size, and a table of what a healthy client felt of it."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.torture.attacks import ATTACKS
from tests.torture.measuring import Shop

SECONDS = 40
ORDERS = 20_000
MEMORY_MEBIBYTES_MAX = 150


def main(*names: str) -> int:
    """The attacks of these names, or all. 1 where one did what it should not."""
    console, failed = Console(), 0
    table = Table("attack", "size", "requests", "p99 ms", "at most", "memory MiB", "wrong 5xx", "")
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), ORDERS)
        for name in names or ATTACKS:
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
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
