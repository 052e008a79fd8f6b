"""How fast do many orders come in, are the views made anew, and is all of it verified?"""

import sys
from collections.abc import Iterator
from pathlib import Path

from bench import limits
from bench.contenders import Ledger, run
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


def measure_verify(stage: Stage) -> Iterator[Sample]:
    """`run.py verify`, from its start to its end: every stored byte, and every order against the views."""
    ledger = stage.ledger
    events = OrderLedger(ledger.file).head()
    for name in stage.in_turn(["ledger"]):
        stage.say("verify")
        took = limits.cost(lambda: run(sys.executable, "run.py", "verify", environment=ledger.environment))
        yield per_second("verify", "events", name, events, took)


def per_second(part: str, line: str, name: str, done: int, took: limits.Cost) -> Sample:
    return Sample(part, line, name, "1/s", done / took.seconds, cpu_us=took.cpu_seconds / done * 1e6)
