"""How do PostgreSQL and SQLite compare over HTTP, and what do more nodes bring?

`python -m tests.failover.engines FOLDER`
Needs the environment of the tests, which starts a PostgreSQL of its own, and a folder on a real disk.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from bench import seed
from bench.load import Load, drive, message, reads
from tests.conftest import Service
from tests.postgres import Cluster, files_in

ROUNDS: Final = 3
_BODIES: Final = 200


class Node:
    """A service and a key for it."""

    def __init__(self, folder: Path, workers: int, **environment: str) -> None:
        own: dict[str, Any] = files_in(folder) | {"LEDGER_MASTER": f"{sys.argv[1]}/master.key"}
        self.service = Service(folder, workers=workers, **own | environment).start()
        self.key = self.service.key("orders:read", "orders:write")

    def create(self, clients: int, seconds: float) -> Load:
        random = Random(clients)
        bodies = [json.dumps(seed.body(random)).encode() for _ in range(_BODIES)]
        requests = [message("POST", "/api/v1/orders", self.key, body) for body in bodies]
        return drive(self.service.port, [islice(cycle(requests), i, None) for i in range(clients)], seconds)

    def lists(self, clients: int, seconds: float) -> Load:
        return reads(self.service.port, "/api/v1/orders?limit=20", self.key, clients=clients, seconds=seconds)


@contextmanager
def nodes(count: int, workers: int, **environment: str) -> Iterator[list[Node]]:
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=sys.argv[1])))
            made.append(Node(folder, workers, **environment))
            stack.callback(made[-1].service.kill)
        yield made


def together(made: list[Node], ask: Callable[[Node], Load]) -> float:
    """Requests a second of all nodes at once."""
    with ThreadPoolExecutor(len(made)) as pool:
        return sum(load.requests_per_second for load in pool.map(ask, made))


def main(seconds: float) -> None:
    cluster = Cluster("fsync=on").start()
    found: defaultdict[str, list[float]] = defaultdict(list)
    try:
        engines: dict[str, Any] = {"SQLite": {}, "PostgreSQL": {"LEDGER_URL": cluster.url(cluster.new_database())}}
        with ExitStack() as stack:
            running = {name: stack.enter_context(nodes(1, 2, **of)) for name, of in engines.items()}
            for _ in range(ROUNDS):
                for clients in (1, 64):
                    for name, (node,) in running.items():
                        load = node.create(clients, seconds)
                        found[f"creates/s, {clients} clients, {name}"].append(load.requests_per_second)
                for name, (node,) in running.items():
                    found[f"lists/s, 8 clients, {name}"].append(node.lists(8, seconds).requests_per_second)
        for _ in range(ROUNDS):
            for count in (1, 2, 4):
                with nodes(count, 1, LEDGER_URL=cluster.url(cluster.new_database())) as made:
                    created = together(made, partial(Node.create, clients=64 // count, seconds=seconds))
                    found[f"creates/s, 64 clients, {count} nodes"].append(created)
                    listed = together(made, partial(Node.lists, clients=64 // count, seconds=seconds))
                    found[f"lists/s, 64 clients, {count} nodes"].append(listed)
    finally:
        cluster.remove()
    for what, figures in found.items():
        print(f"{what}: {median(figures):.0f}  ({', '.join(f'{figure:.0f}' for figure in figures)})")


if __name__ == "__main__":
    main(float(sys.argv[2]) if sys.argv[2:] else 5)
