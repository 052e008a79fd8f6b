"""`python -m bench` runs all parts or those named; it prints a table, and writes samples and a plot to bench/out."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from bench import bulk, growth, lists, processes, report, shops, uploads, writes
from bench.contenders import ROOT, checkout, python_of_peer
from bench.stage import Sample, Stage

PARTS: Final[dict[str, Callable[[Stage], Iterator[Sample]]]] = {
    "lists": lists.measure,
    "writes": writes.measure,
    "uploads": uploads.measure,
    "import": bulk.measure_import,
    "shops": shops.measure,
    "rebuild": bulk.measure_rebuild,
    "verify": bulk.measure_verify,
    "start": processes.measure_start,
    "memory": processes.measure_memory,
    "growth": growth.measure,
}
# The parts in which two versions of the program are compared, unless some are named.
OF_VERSIONS: Final = ("lists", "writes", "import", "rebuild", "verify", "start", "memory")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--quick", is_flag=True, help="Smaller ledgers and shorter loads: a look, not a result.")
@click.option("--full", is_flag=True, help="Growth up to a million orders (half an hour, some 15 GB of disk).")
@click.option("--peer/--no-peer", "with_peer", default=True, show_default=True, help="Measure the Django peer too.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another checkout of this program, with its own .venv: compares this version with that one, in turns.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=ROOT / "bench" / "out",
    help="Where to work; on a real disk, or a commit costs nothing.  [default: bench/out]",
)
def main(parts: tuple[str, ...], quick: bool, full: bool, with_peer: bool, against: Path | None, folder: Path) -> None:
    """Measure the ledger beside its peer and beside what the machine can do. PARTS: all, unless some are named.

    With --against, measure it beside another version of itself instead; the growth is no part of that.
    """
    if against and "growth" in parts:
        raise click.UsageError("growth is measured of one version alone.")
    work = folder.resolve() / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    other = checkout(against) if against else None
    with_peer = with_peer and not against
    stage = Stage(work, quick=quick, full=full, with_peer=with_peer, against=other)
    samples: list[Sample] = []
    try:
        for part in parts or (OF_VERSIONS if against else PARTS):
            samples += PARTS[part](stage)
    finally:  # the samples from before a failure are worth keeping
        shutil.rmtree(work)
        results = folder / "results.json"
        results.write_bytes(msgspec.json.encode(samples))
    report.print_tables(samples)
    if with_peer:
        subprocess.run([python_of_peer(), "-m", "bench.plot", results, folder / "results.png"], cwd=ROOT, check=True)
        print(f"{results} and results.png beside it")


if __name__ == "__main__":
    main()
