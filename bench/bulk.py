"""How fast do many orders come in, and how fast are the views made anew?"""

from collections.abc import Iterator
from pathlib import Path

from bench import limits
from bench.contenders import Ledger
from bench.stage import Sample, Stage, fresh
from domain.ledger import OrderLedger


def measure_import(stage: Stage) -> Iterator[Sample]:
    """`run.py import`, from its start to its end: all durable, and the views at the log's head."""
    for items in stage.in_turn((1, 5)):
        stage.say(f"import: {stage.orders} orders of {items}")
        folder = Path(f"{stage.folder}/import-{items}-{len(list(stage.folder.iterdir()))}")
        ledger = Ledger(folder, stage.lines(stage.orders, items))
        line = f"orders of {items} item{'s' if items > 1 else ''}"
        yield per_second("import", line, "ledger", stage.orders, ledger.imported)


def measure_rebuild(stage: Stage) -> Iterator[Sample]:
    """Events a second, beside a loop that only reads, decodes and writes the same rows."""
    ledger = stage.ledger.file
    events = OrderLedger(ledger).head()
    fresh(limits.rebuild, ledger, stage.folder)
    measured = {"ledger": limits.rebuild, "limit": limits.bare_rebuild}
    for name in stage.in_turn(list(measured)):
        stage.say(f"rebuild: {name}")
        yield per_second("rebuild", "events", name, events, fresh(measured[name], ledger, stage.folder))


def per_second(part: str, line: str, name: str, done: int, took: limits.Cost) -> Sample:
    return Sample(part, line, name, "1/s", done / took.seconds, cpu_us=took.cpu_seconds / done * 1e6)
