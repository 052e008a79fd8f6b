"""The same figures as a picture: `python -m bench.plot results.json results.png`, in bench's own environment."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

COLOURS = {"limit": "#b8b8b8", "ledger": "#1b6ca8", "peer": "#c8553d"}
GROWING = ("list of 20", "search in a customer's 1,000", "staff search, few found", "create, 8 clients")
# part: line: contender: values
Lines = dict[str, dict[str, list[list]]]


def main(results: str, picture: str) -> None:
    parts: dict[str, Lines] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for part, line, contender, *figures in json.loads(Path(results).read_text()):
        parts[part][line][contender].append(figures)
    growth = parts.pop("growth", None)
    rates = {f"{part}: {line}": found for part, lines in parts.items() for line, found in lines.items() if _rate(found)}
    panels = bool(rates) + bool(growth)
    if not panels:
        return
    figure, axes = pyplot.subplots(
        1, panels, figsize=(9 * panels, max(5, 0.42 * len(rates))), squeeze=False, layout="constrained"
    )
    left = iter(axes[0])
    if rates:
        _bars(next(left), rates)
    if growth:
        _curves(next(left), growth)
    figure.savefig(picture, dpi=110)


def _rate(found: dict[str, list[list]]) -> bool:
    return all(unit == "1/s" for figures in found.values() for unit, *_ in figures)


def _bars(axes: Axes, rates: dict[str, dict[str, list[list]]]) -> None:
    height = 0.26
    for place, (name, colour) in enumerate(COLOURS.items()):
        found = [(row, contenders[name]) for row, contenders in enumerate(rates.values()) if name in contenders]
        values = [median(value for _, value, *_ in figures) for _, figures in found]
        axes.barh([row + (place - 1) * height for row, _ in found], values, height, color=colour, label=name)
    axes.set_yticks(range(len(rates)), list(rates))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(left=1)
    axes.set_xlabel("a second (requests, orders or events); each step is ten times")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()


def _curves(axes: Axes, growth: Lines) -> None:
    """Draws milliseconds by the number of orders: the median as a line, the 99th percentile dashed."""
    for line, colour in zip(GROWING, ("#1b6ca8", "#c8553d", "#3d8b37", "#7b4fa3"), strict=True):
        sizes = [int(size.split()[0].replace(",", "")) for size in growth[line]]
        for place, style, name in ((2, "-", "median"), (3, "--", "p99")):
            points = [_middle(figures, place) for figures in growth[line].values()]
            axes.plot(sizes, points, style, marker="o", color=colour, label=f"{line}, {name}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("orders in the ledger")
    axes.set_ylabel("milliseconds")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


def _middle(figures: Iterable[list], place: int) -> float:
    return median(figure[place] for figure in figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
