"""How fast are orders created, paid and moved on, over HTTP? By one client, by eight and by many, beside the peer.

A created order is durable and stands in the lists when it is answered. The limit is a bare loop of durable commits of
one row each, by one writer, which no create can do without. The third figure is a loop that only writes the rows of a
create.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from random import Random
from typing import Final

from api import orders
from bench import limits, seed
from bench.contenders import Contender
from bench.load import Load, drive, message
from bench.stage import Sample, Stage, loaded

CLIENTS: Final = (1, 8)
CLIENTS_OF_VERSIONS: Final = (8, 64)
_BODIES: Final = 500


def measure(stage: Stage) -> Iterator[Sample]:
    contenders = stage.contenders()
    for contender in contenders:
        contender.start("/api/shop/customers/me/orders")
    try:
        for clients in CLIENTS_OF_VERSIONS if stage.against else CLIENTS:
            for measured in stage.in_turn(contenders if stage.against else [*contenders, None]):
                stage.say(f"writes: {clients} clients, {measured.name if measured else 'bare commits'}")
                yield from _measure(measured, clients, stage) if measured else _limit(stage, clients)
    finally:
        for contender in contenders:
            contender.stop()


def _measure(contender: Contender, clients: int, stage: Stage) -> Iterator[Sample]:
    """Creates orders, then pays each, then changes the status of each."""
    ids: Sequence[int] = ()
    asks = {
        "create": lambda: create(contender, clients, stage.seconds),
        "pay": lambda: _on_each(contender, clients, stage.seconds, "payments", ids, _payment),
        "change status": lambda: _on_each(contender, clients, stage.seconds, "status", ids, _to_processing),
    }
    for what, ask in asks.items():
        sample, found = loaded("writes", f"{what}, {_words(clients)}", contender, ask)
        ids = found.ids
        yield sample


def _limit(stage: Stage, clients: int) -> Iterator[Sample]:
    rate = limits.commits_per_second(stage.folder, stage.seconds)
    for what in ("create", "pay", "change status"):
        yield Sample("writes", f"{what}, {_words(clients)}", "limit", "1/s", rate)
    if clients == 1:
        views = stage.ledger.folder / "views.db"
        rate = limits.bare_creates_per_second(stage.ledger.file, views, stage.folder, seed.ITEMS, stage.seconds)
        yield Sample("writes", "the rows of a create alone, one writer", "limit", "1/s", rate)


def create(contender: Contender, clients: int, seconds: float) -> Load:
    random = Random(clients)
    bodies = [json.dumps(seed.body(random)).encode() for _ in range(_BODIES)]
    requests = [message("POST", orders.PATH, contender.keys["staff"], body) for body in bodies]
    return drive(contender.port, [islice(cycle(requests), i, None) for i in range(clients)], seconds)


def _on_each(
    contender: Contender,
    clients: int,
    seconds: float,
    what: str,
    ids: Sequence[int],
    body_of: Callable[[int], dict[str, str]],
) -> Load:
    def script(some: Iterable[int]) -> Iterator[bytes]:
        for number in some:
            body = json.dumps(body_of(number)).encode()
            yield message("POST", f"{orders.PATH}/{number}/{what}", contender.keys["staff"], body)

    return drive(contender.port, [script(ids[i::clients]) for i in range(clients)], seconds)


def _payment(number: int) -> dict[str, str]:
    return {"amount": "1.00", "reference": f"bench-{number}", "provider": "stripe", "method": "card"}


def _to_processing(_number: int) -> dict[str, str]:
    return {"status": "processing"}


def _words(clients: int) -> str:
    return f"{clients} client{'s' if clients > 1 else ''}"
