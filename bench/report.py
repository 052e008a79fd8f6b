"""A table for each part: each line's medians, and the ledger's ratios to the others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from bench.stage import BEFORE, Sample

MORE_IS_BETTER = frozenset({"1/s"})


class Figures(NamedTuple):
    """One contender's medians over the rounds."""

    unit: str
    value: float
    median_ms: float | None
    p99_ms: float | None
    cpu_us: float | None
    samples: list[float]


def medians(samples: Iterable[Sample]) -> dict[tuple[str, str], dict[str, Figures]]:
    """The medians by part and line, then by contender, all in the order of their measurement."""
    found: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        found[sample.part, sample.line][sample.contender].append(sample)
    return {
        line: {name: _figures(measured) for name, measured in contenders.items()} for line, contenders in found.items()
    }


def _figures(samples: Sequence[Sample]) -> Figures:
    def middle(name: str) -> float | None:
        values = [getattr(sample, name) for sample in samples]
        return None if None in values else median(values)

    return Figures(
        samples[0].unit,
        median(sample.value for sample in samples),
        middle("median_ms"),
        middle("p99_ms"),
        middle("cpu_us"),
        [sample.value for sample in samples],
    )


def ratio(ledger: Figures, other: Figures) -> float:
    """How many times as good the ledger is: the median of the rounds' ratios, so that drift cancels out."""
    pairs = zip(ledger.samples, other.samples, strict=False)
    if ledger.unit in MORE_IS_BETTER:
        return median(ours / theirs for ours, theirs in pairs)
    return median(theirs / ours for ours, theirs in pairs)


def print_tables(samples: Iterable[Sample]) -> None:
    console = Console(width=None if Console().is_terminal else 180, highlight=False)
    lines = medians(samples)
    for part in dict.fromkeys(part for part, _ in lines):
        of_part = {line: contenders for (of, line), contenders in lines.items() if of == part}
        if part == "growth":
            table = _growth(of_part)
        elif any(BEFORE in contenders for contenders in of_part.values()):
            table = _two_versions(part, of_part)
        else:
            table = _side_by_side(part, of_part)
        console.print(table, "")


def _side_by_side(part: str, lines: dict[str, dict[str, Figures]]) -> Table:
    heads = (
        "ledger",
        "p50 / p99 ms",
        "µs cpu",
        "limit",
        "of it",
        "by cpu",
        "peer",
        "p50 / p99 ms",
        "times it",
        "by cpu",
    )
    table = _table(part, heads)
    for line, contenders in lines.items():
        table.add_row(line, *_cells(contenders))
    return table


def _two_versions(part: str, lines: dict[str, dict[str, Figures]]) -> Table:
    """How many times as good this version is as the one before: above 1 is better in every column of ratios."""
    heads = ("before", "p50 / p99 ms", "µs cpu", "now", "p50 / p99 ms", "µs cpu", "times as good", "p99", "by cpu")
    table = _table(part, heads)
    for line, contenders in lines.items():
        now, before = contenders["ledger"], contenders[BEFORE]
        good, by_cpu = _ratios(now, before)
        p99 = _times(before.p99_ms / now.p99_ms) if now.p99_ms and before.p99_ms else ""
        table.add_row(
            line,
            *(cell for one in (before, now) for cell in (_value(one), _latency(one), _cpu(one))),
            good,
            p99,
            by_cpu,
        )
    return table


def _growth(lines: dict[str, dict[str, Figures]]) -> Table:
    """The table of the growth, with a column for each size of the ledger."""
    sizes = list(dict.fromkeys(size for contenders in lines.values() for size in contenders))
    table = _table("growth", [head for size in sizes for head in (size, "p50 / p99 ms")])
    for line, contenders in lines.items():
        found = [contenders.get(size) for size in sizes]
        table.add_row(line, *(cell for figures in found for cell in (_value(figures), _latency(figures))))
    return table


def _table(title: str, heads: Iterable[str]) -> Table:
    table = Table(title, box=box.MARKDOWN)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(contenders: dict[str, Figures]) -> list[str]:
    ledger, limit, peer = (contenders.get(name) for name in ("ledger", "limit", "peer"))
    return [
        _value(ledger),
        _latency(ledger),
        _cpu(ledger),
        _value(limit),
        *_ratios(ledger, limit),
        _value(peer),
        _latency(peer),
        *_ratios(ledger, peer),
    ]


def _ratios(ledger: Figures | None, other: Figures | None) -> tuple[str, str]:
    """The ledger's ratios to another contender: by the measured value, and by processor time."""
    if ledger is None or other is None:
        return "", ""
    by_cpu = other.cpu_us / ledger.cpu_us if ledger.cpu_us and other.cpu_us else None
    return _times(ratio(ledger, other)), "" if by_cpu is None else _times(by_cpu)


def _times(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _value(figures: Figures | None) -> str:
    if figures is None:
        return ""
    return f"{figures.value:,.0f} {figures.unit}" if figures.value >= 100 else f"{figures.value:.3g} {figures.unit}"


def _cpu(figures: Figures | None) -> str:
    return f"{figures.cpu_us:,.0f}" if figures and figures.cpu_us else ""


def _latency(figures: Figures | None) -> str:
    if figures is None or figures.median_ms is None:
        return ""
    return f"{figures.median_ms:.2f} / {figures.p99_ms:.2f}"
