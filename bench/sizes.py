"""How much room does a ledger take? `python -m bench.sizes 10000 100000` prints the table of docs/operations.md."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import click

from api import orders, shop, storefront
from bench import seed
from bench.contenders import ROOT, Ledger
from domain.ledger import OrderLedger
from domain.log.opening import open_log

_REQUESTS: Final = 2_000
_TARGETS: Final = (
    (f"{shop.PATH}?limit=20", "usual"),
    (f"{shop.PATH}?search=product&limit=20", "usual"),
    (f"{storefront.PATH}/", "usual"),
    (f"{orders.PATH}?limit=100", "staff"),
    (f"{orders.PATH}/7", "staff"),
)
_HEAD: Final = (
    "orders",
    "events",
    "ledger.db",
    "of that an order",
    "keys.db",
    "views.db",
    "of that an order",
    "a worker at first",
    "then",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("sizes", type=click.IntRange(100, 10_000_000), nargs=-1, required=True)
@click.option("--olist", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A real shop's CSV files.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where to work; on a real disk.")
def main(sizes: tuple[int, ...], olist: Path | None, folder: Path | None) -> None:
    """Fills ledgers with so many orders of five items each, and prints a row for each.

    A row has the sizes of the files, and the memory of the larger of two workers, after its start and after some
    thousand requests.
    """
    print(f"| {' | '.join(_HEAD)} |\n|{'---|' * len(_HEAD)}", flush=True)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="sizes-", dir=folder) as work:
            _print_row(Path(work), seed.write(Path(work) / "orders.jsonl", size))
    if olist is not None:
        with tempfile.TemporaryDirectory(prefix="sizes-", dir=folder) as work:
            lines = Path(work) / "orders.jsonl"
            with lines.open("wb") as file:
                program = [sys.executable, str(ROOT / "docs" / "olist.py"), str(olist)]
                subprocess.run(program, stdout=file, stderr=subprocess.DEVNULL, check=True)
            _print_row(Path(work), lines)


def _print_row(work: Path, lines: Path) -> None:
    ledger = Ledger(work / "ledger")
    ledger.fill(lines)
    ledger.run("rebuild")  # puts the scattered rows of the imported views together
    with lines.open("rb") as file:
        count = sum(1 for _ in file)
    log = open_log(ledger.environment["LEDGER_URL"])
    events = OrderLedger(log).head()
    log.close()
    ledger.start(_TARGETS[0][0])
    at_first, then = ledger.worker_bytes()[-1], _warmed(ledger)
    ledger.stop()
    sizes = [(ledger.folder / name).resolve().stat().st_size for name in ("ledger.db", "keys.db", "views.db")]
    of_log, of_keys, of_views = sizes
    row = (
        f"{count:,}",
        f"{events:,}",
        _mb(of_log),
        f"{of_log / count / 1e3:.1f} kB",
        _mb(of_keys),
        _mb(of_views),
        f"{of_views / count / 1e3:.1f} kB",
        _mb(at_first),
        _mb(then),
    )
    print(f"| {' | '.join(row)} |", flush=True)


def _warmed(ledger: Ledger) -> int:
    """The memory of the larger worker in bytes, after both have answered for a while."""
    for number in range(_REQUESTS):
        ledger.get(*_TARGETS[number % len(_TARGETS)])
    time.sleep(0.5)
    return ledger.worker_bytes()[-1]


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
