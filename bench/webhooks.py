"""How many events a second reach a receiver of webhooks? `python -m bench.webhooks`."""

import asyncio
import json
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

import click

from bench import seed
from bench.contenders import Ledger

_OK: Final = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Receiver(asyncio.Protocol):
    """A receiver that answers every whole request with 204."""

    received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._got = b""

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            head = self._got[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self._got) < end + 4 + length:
                return
            self._got = self._got[end + 4 + length :]
            _Receiver.received += 1
            self._transport.write(_OK)  # type: ignore[attr-defined]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--orders", default=2_000, show_default=True, type=click.IntRange(10, 100_000))
def main(orders: int) -> None:
    """Fills a ledger, has a webhook begin at its beginning, and prints the events a second that a receiver gets."""
    with tempfile.TemporaryDirectory(prefix="webhooks-") as work:
        lines = seed.write(Path(work) / "orders.jsonl", orders)
        ledger = Ledger(Path(work) / "ledger")
        ledger.environment["LEDGER_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
        ledger.fill(lines)
        key = ledger.run("token", "create", "--scope", "webhooks:write", "--scope", "webhooks:read").strip()
        ledger.start("/healthz")
        try:
            asyncio.run(_measure(ledger, key))
        finally:
            ledger.stop()


async def _measure(ledger: Ledger, key: str) -> None:
    server = await asyncio.get_running_loop().create_server(_Receiver, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = await asyncio.to_thread(_ask, ledger, key, "", {"url": f"http://127.0.0.1:{port}/", "after": "orders:0"})
    begun = time.perf_counter()
    behind = made["behind"]
    while behind:
        await asyncio.sleep(0.2)
        behind = (await asyncio.to_thread(_ask, ledger, key, f"/{made['id']}"))["behind"]
    took = time.perf_counter() - begun
    print(f"{_Receiver.received:,} events in {took:.1f} s: {_Receiver.received / took:,.0f} a second")


def _ask(ledger: Ledger, key: str, path: str, body: object = None) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{ledger.port}/api/v1/webhooks{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Token {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
