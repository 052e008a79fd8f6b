"""How do PostgreSQL and SQLite compare over HTTP, how much faster are more nodes, and how far do views lag?

`python -m tests.failover.engines FOLDER`

Needs the environment of the tests, which starts a PostgreSQL of its own, and a folder on a real disk. Nodes are
measured twice: sharing this machine's cores, and each with a fixed share of a core, as if it had a machine of its own.
The second needs root and the processor controller of Linux's control groups, version 1.
"""

import json
import os
import sys
import tempfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from http.client import HTTPConnection
from itertools import count, cycle, islice, product
from pathlib import Path
from random import Random
from secrets import token_hex
from statistics import median
from threading import Event
from time import time
from typing import Any, Final

from bench import seed
from bench.load import Load, drive, message, reads
from domain.log.postgres.connection import SCHEMA
from domain.log.sqlite import sqlite3
from tests.conftest import Service
from tests.crash.processes import children
from tests.postgres import Cluster, files_in

ROUNDS: Final = 3
# The creates a second, and the number of clients that take turns at them.
PACE: Final = 500
PACED_CLIENTS: Final = 32
_BODIES: Final = 200
# A control group for each node, and the processor time that a node has in each period.
_GROUPS: Final = Path("/sys/fs/cgroup/cpu")
_PERIOD_US: Final = 10_000
_SHARE_US: Final = 2_000


class Node:
    """A service, and a key for it."""

    def __init__(self, folder: Path, workers: int, **environment: str) -> None:
        own: dict[str, Any] = files_in(folder) | {"LEDGER_MASTER": f"{sys.argv[1]}/master.key"}
        self.service = Service(folder, workers=workers, **own | environment).start()
        self.key = self.service.key("orders:read", "orders:write")

    def create(self, clients: int, seconds: float) -> Load:
        random = Random(clients)
        bodies = [json.dumps(seed.body(random)).encode() for _ in range(_BODIES)]
        requests = [message("POST", "/api/v1/orders", self.key, body) for body in bodies]
        return drive(self.service.port, [islice(cycle(requests), i, None) for i in range(clients)], seconds)

    def pay(self, clients: int, seconds: float) -> Load:
        """Pays a cent again and again on each order that was created."""
        orders = self.service.client(self.key).get("/api/v1/orders?limit=1").json()["count"]

        def payments(client: int) -> Iterator[bytes]:
            run = token_hex(4)
            for nth in count(client, clients):
                payment = {"amount": "0.01", "provider": "p", "reference": f"{run}-{nth}"}
                path = f"/api/v1/orders/{nth % orders + 1}/payments"
                yield message("POST", path, self.key, json.dumps(payment).encode())

        return drive(self.service.port, [payments(client) for client in range(clients)], seconds)

    def lists(self, clients: int, seconds: float) -> Load:
        return reads(self.service.port, "/api/v1/orders?limit=20", self.key, clients=clients, seconds=seconds)


@contextmanager
def nodes(number: int, workers: int, **environment: str) -> Iterator[list[Node]]:
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=sys.argv[1])))
            made.append(Node(folder, workers, **environment))
            stack.callback(made[-1].service.kill)
        yield made


@contextmanager
def limited(made: list[Node]) -> Iterator[None]:
    """Limits each node to its share of a core."""
    limits = {}
    for node in made:
        assert node.service.process
        master = node.service.process.pid
        group = _GROUPS / f"ledger-{master}"
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(_SHARE_US))
        limits[group] = [master, *children(master)]
        _move(limits[group], group)
    try:
        yield
    finally:
        for group, processes in limits.items():
            _move(processes, _GROUPS)
            group.rmdir()


def _move(processes: list[int], group: Path) -> None:
    for process in processes:
        (group / "cgroup.procs").write_text(str(process))


def together(made: list[Node], ask: Callable[[Node], Load]) -> float:
    """The requests a second of all nodes together, under load at once."""
    with ThreadPoolExecutor(len(made)) as pool:
        return sum(load.requests_per_second for load in pool.map(ask, made))


def behind(node: Node, other: Node, cluster: Cluster, database: str, seconds: float) -> float:
    """The lag of one node's views behind another node's records, at the 99th percentile, in milliseconds.

    The other node records at a steady pace. The lag counts from `recorded_at`, which is before the commit.
    """
    random, over = Random(1), Event()
    bodies = [json.dumps(seed.body(random)) for _ in range(_BODIES)]
    headers = {"Authorization": f"Token {node.key}", "Content-Type": "application/json"}
    began, shown = time(), []

    def create(client: int) -> None:
        connection = HTTPConnection("127.0.0.1", node.service.port)
        for nth in count(client, PACED_CLIENTS):
            if over.wait(max(0, began + nth / PACE - time())):
                return
            connection.request("POST", "/api/v1/orders", bodies[nth % _BODIES], headers)
            connection.getresponse().read()

    def watch() -> None:
        with closing(sqlite3.connect(other.service.environment["LEDGER_VIEWS"], isolation_level=None)) as views:
            while not over.wait(0.001):
                shown.append((views.execute("SELECT position FROM positions").fetchone()[0], time()))

    with ThreadPoolExecutor(PACED_CLIENTS + 1) as pool:
        for work in (watch, *(partial(create, client) for client in range(PACED_CLIENTS))):
            pool.submit(work)
        over.wait(seconds)
        over.set()
    asked = f"SELECT position, recorded_at FROM {SCHEMA}.events WHERE position BETWEEN %s AND %s"
    recorded = cluster.do(asked, shown[len(shown) // 10][0], shown[-1][0], database=database)
    late = [
        shown[bisect_left(shown, (position, 0.0))][1] - datetime.fromisoformat(recorded_at).timestamp()
        for position, recorded_at in recorded
    ]
    return sorted(late)[int(len(late) * 0.99)] * 1_000


def main(seconds: float) -> None:
    cluster = Cluster("fsync=on").start()
    found: defaultdict[str, list[float]] = defaultdict(list)
    limits: dict[str, Any] = {"which share all cores": lambda _: nullcontext()}
    if os.access(_GROUPS, os.W_OK):
        limits[f"each with {_SHARE_US / _PERIOD_US:.0%} of a core"] = limited
    else:
        print(f"nodes with a share of a core each are left out: {_GROUPS} cannot be written")
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
                    found[f"payments/s, 64 clients, {name}"].append(node.pay(64, seconds).requests_per_second)
                for name, (node,) in running.items():
                    found[f"lists/s, 8 clients, {name}"].append(node.lists(8, seconds).requests_per_second)
        for _ in range(ROUNDS):
            for (how, limit), number in product(limits.items(), (1, 2, 4)):
                with nodes(number, 1, LEDGER_URL=cluster.url(cluster.new_database())) as made, limit(made):
                    created = together(made, partial(Node.create, clients=64 // number, seconds=seconds))
                    found[f"creates/s, 64 clients, {number} nodes {how}"].append(created)
                    listed = together(made, partial(Node.lists, clients=64 // number, seconds=seconds))
                    found[f"lists/s, 64 clients, {number} nodes {how}"].append(listed)
            with nodes(2, 2, LEDGER_URL=cluster.url(database := cluster.new_database())) as (node, other):
                late = behind(node, other, cluster, database, 2 * seconds)
                found[f"ms behind at p99, {PACE} creates/s"].append(late)
    finally:
        cluster.remove()
    for what, figures in found.items():
        print(f"{what}: {median(figures):.0f}  ({', '.join(f'{figure:.0f}' for figure in figures)})")


if __name__ == "__main__":
    main(float(sys.argv[2]) if sys.argv[2:] else 5)
