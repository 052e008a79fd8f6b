"""How fast are the lists? Beside the same bytes from memory, and beside the peer; eight connections."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from api import shop, storefront
from bench.contenders import Contender, Limit, same
from bench.load import reads
from bench.stage import Sample, Stage, loaded
from projections.orders import ORDERING

CLIENTS: Final = 8
_LINES: Final = {
    "shop, 10": "limit=10",
    "shop, 20": "limit=20",
    "shop, 100": "limit=100",
    "shop, filtered by status and method": "limit=20&payment_method=1&status_in=processing%2Ccompleted",
    "shop, filtered by time": "created_from=2024-06-01T00%3A00%3A00Z&created_to=2025-03-01T00%3A00%3A00Z&limit=20",
    "shop, searched, many found": "limit=20&search=behrooz",
    "shop, searched, few found": "limit=20&search=%22city+17%22",
    "shop, deep page": "limit=20&offset={deep}",
    **{f"shop, sorted by {field}": f"limit=20&ordering={field}" for field in ORDERING},
}
_STOREFRONT_LINES: Final = {
    "storefront, 20": "limit=20",
    "storefront, filtered by status": "limit=20&status=paid",
    "storefront, deep page": "limit=20&offset={deep}",
}


def targets(stage: Stage) -> dict[str, str]:
    """What is asked for, by the line of the table that it makes."""
    deep = min(1_000, stage.orders // 10) - 20
    both = ((shop.PATH, _LINES), (f"{storefront.PATH}/", _STOREFRONT_LINES))
    return {line: f"{path}?{query.format(deep=deep)}" for path, lines in both for line, query in lines.items()}


def measure(stage: Stage) -> Iterator[Sample]:
    asked = targets(stage)
    contenders: list[Contender] = stage.contenders()
    for contender in contenders:
        contender.start(asked["shop, 20"])
    limit = Limit(stage.folder, stage.ledger, list(asked.values()))
    limit.start(asked["shop, 20"])
    contenders.append(limit)
    try:
        for line, target in asked.items():
            stage.say(f"lists: {line}")
            fit = [c for c in contenders if c.name != "peer" or line.startswith("shop")]
            _check(fit, target)
            yield from _measure(stage, line, target, fit)
    finally:
        for contender in contenders:
            contender.stop()


def _check(contenders: Sequence[Contender], target: str) -> None:
    """All of them say the same, so that none is fast because it does less."""
    first, *others = [(c.name, json.loads(c.get(target).replace(b"%d" % c.port, b""))) for c in contenders]
    for name, answer in others:
        assert same(first[1], answer), f"{target}: {first[0]} and {name} differ\n{first[1]}\n{answer}"
    assert first[1]["results"], f"{target} finds nothing"


def _measure(stage: Stage, line: str, target: str, contenders: Sequence[Contender]) -> Iterator[Sample]:
    for contender in stage.in_turn(contenders):
        port, key = contender.port, contender.keys["regular"]
        ask = partial(reads, port, target, key, clients=CLIENTS, seconds=stage.seconds, slow=contender.name == "peer")
        sample, _ = loaded("lists", line, contender, ask)
        yield sample
