"""A service under attack, and the waits of a healthy client."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from tests.conftest import ROOT, Service
from tests.crash.processes import memory_bytes, workers
from tests.torture.attacks import ATTACKS, LIST

MEBIBYTE = 1024 * 1024
# A 5xx of ours, except the 503s that name their reason and say when to come again.
_DUE = (503, 507)


class Measured(NamedTuple):
    """One attack: its size, the healthy client's 99th percentile, a worker's highest memory, and the wrong 5xx."""

    attack: str
    size: int
    requests: int
    milliseconds: float
    memory_mebibytes: float
    wrong_5xx: int


class Shop:
    """A service with an attacking customer, who has very many orders, and a healthy customer."""

    def __init__(self, folder: Path, orders: int) -> None:
        self.service = Service(folder)
        cities = [{"id": number, "name": f"City {number % 97}"} for number in range(100)]
        lines = (
            json.dumps(
                {
                    "customer": {"id": 7 if number > 20 else 8},
                    "billing_city": cities[number % 100],
                    "notes": "n" * 2_000,
                }
            ).encode()
            for number in range(orders)
        )
        assert self.service.run("import", "-", stdin=b"\n".join(lines)).returncode == 0
        self._attacker, self.healthy = (self.service.key(customer=customer) for customer in (7, 8))

    def measure(self, name: str, size: int, seconds: float) -> Measured:
        """Measures an attack on a freshly started service, so that the memory is this attack's alone."""
        self.service.start()
        try:
            with self._attack(name, size) as attackers:
                time.sleep(min(2, seconds / 2))
                taken, statuses = self._ask(seconds)
                memory = max(memory_bytes(pid, "VmHWM") for pid in workers(self.service))
            statuses += attackers()
        finally:
            self.service.kill()
        wrong = sum(times for status, times in statuses.items() if status >= 500 and status not in _DUE)
        percentile = sorted(taken)[int(len(taken) * 0.99)] * 1000
        return Measured(name, size, len(taken), percentile, memory / MEBIBYTE, wrong)

    @contextmanager
    def _attack(self, name: str, size: int) -> Iterator[Callable[[], Counter[int]]]:
        scopes = ATTACKS[name].scopes
        key = self.service.key(*scopes) if scopes else self._attacker
        arguments = [name, str(self.service.port), key, str(size)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.attacks", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

        def told() -> Counter[int]:
            output, _ = process.communicate(timeout=60)
            return Counter({int(status): times for status, times in json.loads(output).items()})

        try:
            yield told
        finally:
            assert process.poll() is None, "the attack went on to the end"
            if sys.exc_info()[0]:
                process.kill()

    def _ask(self, seconds: float) -> tuple[list[float], Counter[int]]:
        """The healthy client's waits and statuses: `/healthz` and its list, on a kept connection and on new ones."""
        kept = self.service.client(self.healthy)
        taken: list[float] = []
        statuses: Counter[int] = Counter()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for close in ({}, {"Connection": "close"}):
                for path in ("/healthz", LIST):
                    began = time.monotonic()
                    try:
                        status = kept.get(path, headers=close, timeout=30).status_code
                    except requests.ConnectionError:
                        status = 599  # counts as a failure
                    taken.append(time.monotonic() - began)
                    statuses[status] += 1
                    time.sleep(0.005)
        return taken, statuses
