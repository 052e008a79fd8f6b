"""How fast are the lists? Beside the same bytes from memory, and beside the peer; eight connections."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from api import shop, storefront
from bench import seed
from bench.contenders import Contender, Limit, same
from bench.load import reads
from bench.stage import Sample, Stage, loaded
from projections.orders.list import ORDERING

CLIENTS: Final = 8
_FIRST: Final = f"{shop.PATH}?limit=20"
_SHOP: Final = {
    "10": "limit=10",
    "20": "limit=20",
    "100": "limit=100",
    "filtered by status and method": "limit=20&payment_method=1&status_in=processing%2Ccompleted",
    "filtered by time": "created_from=2024-06-01T00%3A00%3A00Z&created_to=2025-03-01T00%3A00%3A00Z&limit=20",
    "searched, many found": "limit=20&search=behrooz",
    "searched, few found": "limit=20&search=%22city+17%22",
    "deep page": "limit=20&offset={deep}",
    **{f"sorted by {field}": f"limit=20&ordering={field}" for field in ORDERING},
}
_STOREFRONT: Final = {
    "20": "limit=20",
    "filtered by status": "limit=20&status=paid",
    "deep page": "limit=20&offset={deep}",
}
# Enough lists to compare two versions of the program: one for each way to find orders and to sort them.
_COMPARED: Final = frozenset(
    {
        "shop, 20 of 45 orders",
        "shop, 20",
        "shop, filtered by status and method",
        "shop, searched, many found",
        "shop, searched, few found",
        "shop, deep page",
        "shop, sorted by updated_at",
        "shop, sorted by billing_city__name",
        "storefront, 20 of 45 orders",
        "storefront, 20",
    }
)


def asked(stage: Stage) -> dict[str, tuple[str, str]]:
    """The target and whose key asks for it, by the line of the table."""
    deep = min(seed.REGULAR_ORDERS, stage.orders // 10) - 20
    found = {}
    for contract, path, queries in (("shop", shop.PATH, _SHOP), ("storefront", f"{storefront.PATH}/", _STOREFRONT)):
        found[f"{contract}, 20 of {seed.USUAL_ORDERS} orders"] = (f"{path}?limit=20", "usual")
        for line, query in queries.items():
            found[f"{contract}, {line}"] = (f"{path}?{query.format(deep=deep)}", "regular")
    return {line: who for line, who in found.items() if line in _COMPARED} if stage.against else found


def measure(stage: Stage) -> Iterator[Sample]:
    lines = asked(stage)
    contenders: list[Contender] = stage.contenders()
    for contender in contenders:
        contender.start(_FIRST)
    if not stage.against:
        limit = Limit(stage.folder, stage.ledger, list(lines.values()))
        limit.start(_FIRST)
        contenders.append(limit)
    try:
        for line, (target, who) in lines.items():
            stage.say(f"lists: {line}")
            fit = [c for c in contenders if c.name != "peer" or line.startswith("shop")]
            _check(stage, fit, target, who)
            yield from _measure(stage, line, target, who, fit)
    finally:
        for contender in contenders:
            contender.stop()


def _check(stage: Stage, contenders: Sequence[Contender], target: str, who: str) -> None:
    """Asserts that all contenders give equal answers, so that none is fast because it does less.

    A newer version may add.
    """
    first, *others = [(c.name, json.loads(c.get(target, who).replace(b":%d/" % c.port, b"/"))) for c in contenders]
    for name, answer in others:
        if same(first[1], answer):
            continue
        assert stage.against, f"{target}: {first[0]} and {name} differ\n{first[1]}\n{answer}"
        stage.say(f"{target}: the two versions do not give the same answer")
    assert first[1]["results"], f"{target} finds nothing"


def _measure(stage: Stage, line: str, target: str, who: str, contenders: Sequence[Contender]) -> Iterator[Sample]:
    for contender in stage.in_turn(contenders):
        port, key = contender.port, contender.keys[who]
        ask = partial(reads, port, target, key, clients=CLIENTS, seconds=stage.seconds, slow=contender.name == "peer")
        sample, _ = loaded("lists", line, contender, ask)
        yield sample
