"""How fast are many orders imported, the views rebuilt, and all of it verified?"""

import re
from collections.abc import Iterator

from bench import limits
from bench.contenders import Ledger
from bench.stage import Sample, Stage, fresh
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder


def measure_import(stage: Stage) -> Iterator[Sample]:
    """The orders a second of `run.py import`, from its start to its end: durable, and the views at the log's head."""
    for items in (5,) if stage.against else (1, 5):
        for turn, (name, checkout) in enumerate(stage.in_turn(list(stage.versions().items()))):
            stage.say(f"import: {stage.orders} orders of {items}, {name}")
            ledger = Ledger(stage.folder / f"import-{items}-{turn}", name, checkout)
            took = ledger.fill(stage.lines(stage.orders, items))
            yield per_second("import", f"orders of {items} item{'s' if items > 1 else ''}", name, stage.orders, took)


def measure_rebuild(stage: Stage) -> Iterator[Sample]:
    """The events a second of a rebuild, beside a loop that only reads and decodes events and writes the same rows."""
    if stage.against:
        yield from _by_command("rebuild", stage)
        return
    ledger = stage.ledger.file
    events = OrderLedger(SQLiteRecorder(ledger)).head()
    fresh(limits.rebuild, ledger, stage.folder)
    measured = {"ledger": limits.rebuild, "limit": limits.bare_rebuild}
    for name in stage.in_turn(list(measured)):
        stage.say(f"rebuild: {name}")
        yield per_second("rebuild", "events", name, events, fresh(measured[name], ledger, stage.folder))


def measure_verify(stage: Stage) -> Iterator[Sample]:
    """The events a second of `run.py verify`: every stored byte, and every order against the views."""
    yield from _by_command("verify", stage)


def _by_command(command: str, stage: Stage) -> Iterator[Sample]:
    for ledger in stage.in_turn(stage.ledgers()):
        stage.say(f"{command}: {ledger.name}")
        yield _of_command(command, ledger)


def _of_command(command: str, ledger: Ledger) -> Sample:
    """The events a second of a command, from its start to its end.

    The first number in its output is the number of events.
    """
    printed: list[str] = []
    took = limits.cost(lambda: printed.append(ledger.run(command)))
    events = re.search("[0-9]+", printed[0])
    assert events, printed
    return per_second(command, "events", ledger.name, int(events[0]), took)


def per_second(part: str, line: str, name: str, done: int, took: limits.Cost) -> Sample:
    return Sample(part, line, name, "1/s", done / took.seconds, cpu_us=took.cpu_seconds / done * 1e6)
