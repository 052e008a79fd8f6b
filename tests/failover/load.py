"""Clients that create and pay orders through one or more nodes during a fault, and the claims that hold afterwards."""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import requests

from domain.ledger import OrderLedger
from domain.log.opening import open_log
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation
from projections.views.views import Views
from tests.conftest import Client, Service
from tests.projections.rows import rows
from tests.waiting import until

ANSWER_SECONDS_MAX = 30


class Load:
    """So many clients, each of which goes from node to node. Half of them send Idempotency-Keys."""

    def __init__(self, nodes: Sequence[Service], clients: int) -> None:
        self._nodes = nodes
        # One key for all nodes, since an Idempotency-Key belongs to its sender.
        self._key = nodes[-1].key("orders:read", "orders:write")
        self._tokens = count(1)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(clients)]
        # Acknowledged tokens; wrong answers; the longest answer's seconds.
        self.acknowledged: set[str] = set()
        self.wrong: list[str] = []
        self.longest_seconds = 0.0
        self.unavailable = 0

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, acknowledged: int, seconds: float = 60) -> None:
        """Waits until so many more commands are acknowledged."""
        wanted, deadline = len(self.acknowledged) + acknowledged, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} of {wanted} acknowledged; {self.wrong[:3]}"
            time.sleep(0.02)

    def _run(self, number: int) -> None:
        with_key = number % 2 == 0
        clients = [Client(node.base, self._key) for node in self._nodes]
        turn = count(number)
        while not self._over.is_set():
            token = f"t{number}-{next(self._tokens)}"
            item = {"unit_price": "10.00", "product": {"id": 1, "name": token}}
            body = {"notes": "sealed", "items": [item], "customer": {"id": number + 1}}
            order = self._give(clients, turn, "/api/v1/orders", body, token, with_key)
            if order is None:
                continue
            payment = {"amount": "10.00", "reference": f"p{token}", "provider": "stripe", "method": "card"}
            path = f"/api/v1/orders/{order['id']}/payments"
            # The reference makes a repeated payment one payment, so it is sent until it is acknowledged.
            while not self._over.is_set():
                if self._give(clients, turn, path, payment, payment["reference"], with_key) is not None:
                    break

    def _give(
        self, clients: list[Client], turn: "count[int]", path: str, body: dict[str, Any], token: str, with_key: bool
    ) -> Any:
        """The document in the answer, or None where there is no acknowledgement.

        With an Idempotency-Key the command is repeated until it is acknowledged.
        """
        headers = {"Idempotency-Key": token} if with_key else {}
        while not self._over.is_set():
            client, began = clients[next(turn) % len(clients)], time.monotonic()
            try:
                answer = client.post(path, json=body, headers=headers, timeout=ANSWER_SECONDS_MAX)
            except requests.RequestException:
                answer = None
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
            if answer is not None and answer.status_code in (200, 201):
                self.acknowledged.add(token)
                return answer.json()
            if answer is not None and answer.status_code != 503:
                self.wrong.append(f"{answer.status_code} {answer.text}")
                return None
            self.unavailable += 1
            time.sleep(0.05)
            if not with_key:
                return None
        return None

    def must_hold(self, url: str) -> None:
        """Asserts that each acknowledged command is recorded once, and that positions, times and digests are sound."""
        assert self.wrong == []
        with closing(open_log(url)) as log:
            raws = list(log.raw_records())
        assert [raw.position for raw in raws] == list(range(1, len(raws) + 1))
        assert all(raw.digest_holds() for raw in raws)
        assert [raw.recorded_at for raw in raws] == sorted(raw.recorded_at for raw in raws)
        found = Counter(filter(None, map(_token, raws)))
        assert [token for token in self.acknowledged if token not in found] == [], "missing"
        assert [token for token, times in found.items() if times > 1] == [], "doubled"


def _token(raw: Any) -> str | None:
    payload = json.loads(raw.payload)
    if raw.topic.startswith(b"order.item_added"):
        return payload.get("product", {}).get("name")
    return payload.get("reference") if raw.topic.startswith(b"order.payment_received") else None


def views_must_be_as_made_anew(node: Service, folder: Path) -> None:
    """Asserts that a node's views, once caught up, equal a rebuild's."""
    masters = MastersLocation(Path(node.environment["LEDGER_MASTER"]))
    ledger = OrderLedger(open_log(node.url), keys=KeysLocation(folder / "none.db", masters))
    head = ledger.head()
    client = node.client(node.key("orders:read"))
    until(lambda: client.get(f"/api/v1/orders?limit=1&min_position=orders:{head}").status_code == 200, 60)
    views, anew = Views(ledger, node.folder / "views.db"), Views(ledger, folder / f"anew-{node.port}.db")
    anew.rebuild()
    live, made = rows(views), rows(anew)
    for of_one in (live, made):
        of_one.pop("recent")
    assert live == made
    for each in (views, anew):
        each.close()
    ledger.close()
