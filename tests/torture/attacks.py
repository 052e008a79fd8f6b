"""The attacks, by name: each sends its requests until it is stopped."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import NamedTuple

from tests.crash.wire import HEALTH, chunk

MEBIBYTE = 1024 * 1024
LIST = "/api/shop/customers/me/orders"
TEN_FIELDS = (
    "billing_city__name,billing_state__name,-billing_country__name,shipping_method__name,-payment_method__name,"
    "shipping_cost,status,-updated_at,created_at,id"
)


class Target(NamedTuple):
    """The port of the attacked service, the attacker's key (a customer's with very many orders), the attack's size."""

    port: int
    key: str
    size: int


class Attack(NamedTuple):
    """An attack: each of `size` connections runs `one` again and again, with the connection's number."""

    one: "Callable[[Client, int], Awaitable[None]]"
    small: int
    full: int
    # The bound of a healthy client's 99th percentile: 100 for attacks without a key of staff or finance, else 1,000.
    milliseconds_max: int = 100
    # The scopes of the attacker's key; none where the key is a customer's.
    scopes: tuple[str, ...] = ()


class Client:
    """One connection of an attacker."""

    def __init__(self, target: Target, statuses: Counter[int], address: str) -> None:
        self.target = target
        self._statuses = statuses
        self._address = address

    async def open(self, *, receive_bytes: int = 64 * 1024) -> None:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self.target.port, local_addr=(self._address, 0), limit=receive_bytes
        )

    async def send(self, *parts: bytes) -> None:
        self._writer.write(b"".join(parts))
        await self._writer.drain()

    def get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer {self.target.key}\r\n\r\n".encode()

    async def answer(self) -> None:
        head = await self._reader.readuntil(b"\r\n\r\n")
        self._statuses[int(head.split()[1])] += 1
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await self._reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)

    async def answers(self, times: int) -> None:
        for _ in range(times):
            await self.answer()

    async def read(self, size: int) -> bytes:
        return await self._reader.read(size)

    async def until_closed(self) -> None:
        while await self._reader.read(65536):
            pass

    def close(self) -> None:
        with suppress(Exception):
            self._writer.transport.abort()


def head(*lines: str, line: str = "POST /api/v1/orders HTTP/1.1") -> bytes:
    return "\r\n".join((line, "Host: shop.test", *lines, "\r\n")).encode()


async def chunk_left_open(client: Client, number: int) -> None:
    method = ("GET", "POST")[number % 2]
    await client.send(head("Transfer-Encoding: chunked", line=f"{method} /healthz HTTP/1.1"), b"fffffffffffff")
    await client.until_closed()


async def half_request_line(client: Client, _: int) -> None:
    await client.send(HEALTH[:9])
    await client.until_closed()


async def nothing(client: Client, _: int) -> None:
    await client.until_closed()


async def half_head(client: Client, _: int) -> None:
    """A head that stays incomplete, of the largest size allowed."""
    await client.send(head(*(f"X-{number}: {'y' * 1000}" for number in range(31)))[:-2])
    await client.until_closed()


async def half_body(client: Client, _: int) -> None:
    await client.send(head(f"Content-Length: {MEBIBYTE}"), b" " * (MEBIBYTE - 1))
    await client.until_closed()


async def tiny_chunks(client: Client, _: int) -> None:
    await client.send(head("Transfer-Encoding: chunked"), chunk(b" ") * 16_000)
    await client.until_closed()


async def idle_after_one(client: Client, _: int) -> None:
    await client.send(HEALTH)
    await client.answer()
    await client.until_closed()


async def reads_slowly(client: Client, _: int) -> None:
    """A client that reads two kilobytes of a hundred orders in five seconds."""
    await client.send(client.get(f"{LIST}?limit=100"))
    while await client.read(1024):
        await asyncio.sleep(2.5)


async def reads_nothing(client: Client, _: int) -> None:
    for _ in range(200):
        await client.send(client.get(f"{LIST}?limit=100"))
    await asyncio.sleep(60)


async def pipelined(client: Client, _: int) -> None:
    await asyncio.gather(client.send(HEALTH * 5_000), client.answers(5_000))


async def slow_lists(client: Client, _: int) -> None:
    """The last page of a list sorted by ten fields."""
    await client.send(client.get(f"{LIST}?limit=10&offset=1900&ordering={TEN_FIELDS}"))
    await client.answer()


async def readiness(client: Client, _: int) -> None:
    await client.send(HEALTH.replace(b"healthz", b"readyz"))
    await client.answer()


# --- on features that came later ---


async def pages_for_everybody(client: Client, _: int) -> None:
    """Large answers that need no key."""
    for path in ("/docs/swagger-ui-bundle.js", "/openapi.json"):
        await client.send(client.get(path))
        await client.answer()


async def forged_tokens(client: Client, number: int) -> None:
    """Tokens as long as a header may be, in three parts, each token a new one."""
    key = f"{number:x}" * 100 + "e30." * 2 + "x" * 7_000
    for nth in range(50):
        await client.send(f"GET {LIST} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}{nth}\r\n\r\n".encode())
        await client.answer()


async def long_etags(client: Client, _: int) -> None:
    etags = ",".join(f'"{nth}"' for nth in range(700))
    for path in (f"{LIST}/1", "/api/v1/i/orders"):
        await client.send(client.get(path)[:-2], f"If-None-Match: {etags}\r\n\r\n".encode())
        await client.answer()


async def searches(client: Client, number: int) -> None:
    """Searches for very many words, each of which is compared with every order."""
    words = "+".join(f"n{'n' * (nth % 7)}{nth if nth == number else ''}" for nth in range(150))
    await client.send(client.get(f"{LIST}?search={words}&limit=1"))
    await client.answer()


async def streams_from_the_beginning(client: Client, _: int) -> None:
    await client.send(client.get("/api/v1/i/orders/stream?after=orders:0"))
    while await client.read(65536):
        pass


async def post(client: Client, path: str, body: bytes, content_type: str = "application/json") -> None:
    lines = (f"Authorization: Bearer {client.target.key}", f"Content-Type: {content_type}")
    await client.send(head(*lines, f"Content-Length: {len(body)}", line=f"POST {path} HTTP/1.1"), body)
    await client.answer()


async def empty_items(client: Client, _: int) -> None:
    await post(client, "/api/v1/orders", b'{"items":[%b{}]}' % (b"{}," * 79_999))


async def dry_runs(client: Client, _: int) -> None:
    await post(client, "/api/v1/orders?dry_run=true", b'{"items":[%b{}]}' % (b"{}," * 999))


async def everything_since(client: Client, _: int) -> None:
    await client.send(client.get("/api/v1/orders?after_position=orders:0&limit=100"))
    await client.answer()


async def metadata_that_nothing_has(client: Client, number: int) -> None:
    """Many requests on each connection: with one on each, the machine ran out of ports for the healthy client."""
    for _ in range(50):
        await client.send(client.get(f"/api/v1/orders?metadata.{number}=x&search=n+nn+nnn"))
        await client.answer()


async def scans_of_the_log(client: Client, number: int) -> None:
    await client.send(client.get(f"/api/v1/audit/events?actor=nobody{number}&limit=1000"))
    await client.answer()


async def workbooks(client: Client, _: int) -> None:
    """Workbooks, which are answered in chunks."""
    accept = "Accept: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\r\nConnection: close\r\n\r\n"
    await client.send(client.get("/api/v1/finance/payments")[:-2], accept.encode())
    await client.until_closed()


async def settlement_files(client: Client, number: int) -> None:
    """Forms with a file that is hard to read, and with malformed rules."""
    file = b"reference,kind,gross\n" + b'"' * 400_000 + b"\n" * 400_000
    parts = (b'name="rules"\r\n\r\n' + b"[" * 30_000, b'name="file"; filename="x.csv"\r\n\r\n' + file)
    body = b"".join(b"--x\r\nContent-Disposition: form-data; %b\r\n" % part for part in parts) + b"--x--\r\n"
    path = f"/api/v1/finance/reconciliations?provider=p{number}"
    await post(client, path, body, "multipart/form-data; boundary=x")
    await post(client, path, file, "text/csv")


ATTACKS: dict[str, Attack] = {
    "a chunk left open": Attack(chunk_left_open, 60, 60),
    "half request lines": Attack(half_request_line, 1_100, 1_100),
    "nothing sent": Attack(nothing, 1_100, 2_500, 1_000),
    "nothing sent, of many addresses": Attack(nothing, 1_100, 2_500, 1_000),
    "half heads, of many addresses": Attack(half_head, 200, 1_000),
    "half bodies, of many addresses": Attack(half_body, 50, 500),
    "a chunk for each byte": Attack(tiny_chunks, 20, 100),
    "idle after one request, of many addresses": Attack(idle_after_one, 600, 2_500, 1_000),
    "pipelined": Attack(pipelined, 4, 4),
    "readiness": Attack(readiness, 16, 64),
    "answers read slowly": Attack(reads_slowly, 60, 200),
    "answers not read": Attack(reads_nothing, 30, 200),
    "slow lists of one customer": Attack(slow_lists, 64, 64),
    "searches of one customer": Attack(searches, 64, 64),
    "streams from the beginning": Attack(streams_from_the_beginning, 32, 300),
    "large pages without a key": Attack(pages_for_everybody, 16, 64),
    "forged tokens": Attack(forged_tokens, 16, 64),
    "thousands of ETags": Attack(long_etags, 16, 64),
    "80,000 items": Attack(empty_items, 8, 32, 1_000, ("orders:write",)),
    "dry runs of 1,000 items": Attack(dry_runs, 16, 64, 1_000, ("orders:write",)),
    "everything since the beginning": Attack(everything_since, 16, 64, 1_000, ("orders:read",)),
    "metadata that nothing has": Attack(metadata_that_nothing_has, 16, 64, 1_000, ("orders:read",)),
    "scans of the log": Attack(scans_of_the_log, 16, 64, 1_000, ("audit:read",)),
    "workbooks": Attack(workbooks, 16, 64, 1_000, ("finance:read",)),
    "settlement files": Attack(settlement_files, 8, 32, 1_000, ("finance:write",)),
}


async def attack(name: str, target: Target) -> Counter[int]:
    """Runs an attack until standard input ends. Returns the number of answers by status."""
    statuses: Counter[int] = Counter()
    spread = "many addresses" in name
    # Other tests' services listen on 127.0.0.1, where the attack could take the ports that they want.
    addresses = (f"127.0.{number // 250 + 1}.{number % 250 + 1}" if spread else "127.0.0.2" for number in count())

    async def go_on(number: int, address: str) -> None:
        while True:
            client = Client(target, statuses, address)
            with suppress(OSError, asyncio.IncompleteReadError):
                await client.open()
                await ATTACKS[name].one(client, number)
            client.close()

    tasks = [asyncio.create_task(go_on(number, next(addresses))) for number in range(target.size)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    return statuses


if __name__ == "__main__":
    told = asyncio.run(attack(sys.argv[1], Target(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
    print(json.dumps(told))
