"""Kills a service again and again while it delivers under load: `python -m tests.webhooks.kills [KILLS]`."""

import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import requests

from tests.conftest import Client, Service
from tests.waiting import until
from tests.webhooks.conftest import ORDERS, WEBHOOKS, Receiver

CLIENTS = 4
_BETWEEN_SECONDS = 0.4


def writes(service: Service, key: str, is_over: threading.Event) -> None:
    """Creates orders and changes them until `is_over`, whatever happens to the service."""
    client = service.client(key)
    while not is_over.is_set():
        with suppress(requests.RequestException, KeyError):
            order = client.post(ORDERS, json={"items": [{"unit_price": "1"}] * 3}).json()["id"]
            for quantity in range(2, 8):
                client.patch(f"{ORDERS}/{order}/items/1", json={"quantity": quantity})


def told_in_order(receiver: Receiver) -> dict[str, list[int]]:
    """The versions of each order in the messages, in the order in which each first came."""
    told: dict[str, list[int]] = defaultdict(list)
    for message in receiver.messages:
        version = message.json["data"]["version"]
        if version not in told[message.order]:
            told[message.order].append(version)
    return told


def killed(folder: Path, kills: int) -> str:
    """Kills a service many times. Raises AssertionError where an event got lost, or was told before an earlier one."""
    receiver = Receiver()
    service = Service(folder, LEDGER_WEBHOOK_NETWORKS="127.0.0.1").start()
    is_over = threading.Event()
    try:
        staff: Client = service.client(service.key("orders:write", "audit:read", "webhooks:read", "webhooks:write"))
        key = str(staff.headers["Authorization"]).removeprefix("Bearer ")
        webhook = staff.post(WEBHOOKS, json={"url": receiver.url}).json()["id"]
        threads = [threading.Thread(target=writes, args=(service, key, is_over)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for _ in range(kills):
            time.sleep(_BETWEEN_SECONDS)
            service.kill()
            service.start()
        is_over.set()
        for thread in threads:
            thread.join()
        until(lambda: _is_all_told(staff, webhook), 60)
        told = told_in_order(receiver)
        recorded = _recorded(staff)
        assert told == recorded, {order for order in recorded if told.get(order) != recorded[order]}
        events = sum(map(len, recorded.values()))
        return f"{kills} kills, {events} events of {len(recorded)} orders, {len(receiver.messages)} messages"
    finally:
        is_over.set()
        service.kill()
        receiver.close()


def _is_all_told(staff: Client, webhook: str) -> bool:
    shown = staff.get(f"{WEBHOOKS}/{webhook}").json()
    return bool(shown["behind"] == 0 and shown["waiting"] == 0)


def _recorded(staff: Client) -> dict[str, list[int]]:
    """The versions of each order in the log."""
    recorded: dict[str, list[int]] = defaultdict(list)
    following: str | None = "orders:0"
    while following:
        page = staff.get(f"/api/v1/audit/events?limit=1000&after={following}").json()
        for event in page["events"]:
            if event["order"]:
                recorded[event["order"]].append(event["version"])
        following = page["next"]
    return recorded


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        print(killed(Path(work), int(sys.argv[1]) if len(sys.argv) > 1 else 50))
