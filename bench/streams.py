"""How soon do followers of the live log hear of a commit? `python -m bench.streams`."""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

import click

from bench.contenders import Ledger
from bench.load import percentile

OPEN_AT_ONCE: Final = 16
_WARMING: Final = 5
AUDIT: Final = "/api/v1/audit/events/stream"
OWN: Final = "/api/v1/i/orders/stream"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--subscribers", default=500, show_default=True, type=click.IntRange(1, 1_000))
@click.option("--orders", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--own", is_flag=True, help="Half of them are streams of the one customer whose orders these are.")
def main(subscribers: int, orders: int, own: bool) -> None:
    """Records orders one by one while so many clients follow, and prints each follower's delay after the answer.

    The answer comes when the commit is durable. Below zero the follower heard of the order before its writer had the
    answer.
    """
    with tempfile.TemporaryDirectory(prefix="streams-") as work:
        ledger = Ledger(Path(work) / "ledger")
        ledger.keys = {"regular": "none yet"}
        ledger.start("/healthz")
        ledger.keys = {
            "audit": ledger.run("token", "create", "--scope", "audit:read").strip(),
            "own": ledger.run("token", "create", "--customer", "7").strip(),
            "staff": ledger.run("token", "create", "--scope", "orders:write").strip(),
        }
        try:
            waited = asyncio.run(_measure(ledger, subscribers, orders, own))
        finally:
            ledger.stop()
    print(f"{subscribers} streams, {orders} orders, {len(waited):,} times told")
    for share in (0.5, 0.9, 0.99, 1.0):
        print(f"{share:5.0%}  {percentile(sorted(waited), share) * 1e3:8.1f} ms")
    print(f" mean  {statistics.fmean(waited) * 1e3:8.1f} ms")


async def _measure(ledger: Ledger, subscribers: int, orders: int, own: bool) -> list[float]:
    told: dict[int, list[float]] = {}
    turns = asyncio.Semaphore(OPEN_AT_ONCE)
    ready = [asyncio.create_task(_opened(ledger, bool(n % 2) and own, turns)) for n in range(subscribers)]
    readers = [asyncio.create_task(_read(stream, told)) for stream in await asyncio.gather(*ready)]
    answered: dict[int, float] = {}
    body = json.dumps({"customer": {"id": 7}, "items": []}).encode()
    for n in range(orders + _WARMING):
        position = await _create(ledger, body)
        if n >= _WARMING:
            answered[position] = time.perf_counter()
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)
    for reader in readers:
        reader.cancel()
    missing = [position for position in answered if len(told.get(position, ())) != subscribers]
    assert not missing, f"not all were told of {missing}"
    return [moment - answered[position] for position in answered for moment in told[position]]


async def _opened(ledger: Ledger, is_own: bool, turns: asyncio.Semaphore) -> asyncio.StreamReader:
    async with turns:
        reader, writer = await asyncio.open_connection("127.0.0.1", ledger.port)
        target, key = (OWN, ledger.keys["own"]) if is_own else (AUDIT, ledger.keys["audit"])
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {key}\r\n\r\n".encode())
        head = await reader.readuntil(b"\n\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        reader.writer = writer  # type: ignore[attr-defined]  # else the connection is closed with it
        return reader


async def _read(reader: asyncio.StreamReader, told: dict[int, list[float]]) -> None:
    while True:
        line = await reader.readline()
        if line.startswith(b"id: "):
            told.setdefault(int(line.rpartition(b":")[2]), []).append(time.perf_counter())


async def _create(ledger: Ledger, body: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", ledger.port)
    writer.write(
        f"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Token {ledger.keys['staff']}\r\nConnection: close"
        f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 201"), head
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    return int(fields[b"ledger-position"].rpartition(b":")[2])


if __name__ == "__main__":
    main()
