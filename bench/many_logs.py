"""Orders spread over several logs by customer: does everything that is one answer today stay one? A simulation.

`python -m bench.many_logs` plays creates, payments and crashes over some logs, feeds views from them in any order, and
checks the claims of docs/scaling.md about it. Logs are lists here; the program has nothing of it.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Final, NamedTuple

LOGS: Final = 8
IDS_AT_ONCE: Final = 100


class Record(NamedTuple):
    order: int
    customer: int
    what: str
    reference: str
    amount: int


def log_of(customer: int) -> int:
    """The log of a customer's orders: by a hash, which spreads neighbours."""
    return int.from_bytes(hashlib.sha256(b"customer %d" % customer).digest()[:4]) % LOGS


class Claims:
    """The log of claims that must be unique in all logs: a value is reserved for a write, which then records it."""

    def __init__(self, logs: list[list[Record]]) -> None:
        self._logs = logs
        self._reserved: dict[str, tuple[int, int]] = {}
        self._blocks = count()

    def take(self, reference: str, order: int, customer: int) -> bool:
        """Reserves a reference for an order. Returns False where another order has it.

        The reservation of a crashed writer goes to the next order that asks, once the log that it names does not have
        the reference.
        """
        holder = self._reserved.get(reference)
        if holder is not None and holder[0] != order and self._is_recorded(reference, holder[1]):
            return False
        self._reserved[reference] = (order, customer)
        return True

    def _is_recorded(self, reference: str, customer: int) -> bool:
        return any(record.reference == reference for record in self._logs[log_of(customer)])

    def block(self) -> Iterator[int]:
        """The next block of ids, for one log."""
        start = next(self._blocks) * IDS_AT_ONCE
        return iter(range(start + 1, start + 1 + IDS_AT_ONCE))


class Shop:
    def __init__(self, random: Random) -> None:
        self.logs: list[list[Record]] = [[] for _ in range(LOGS)]
        self.claims = Claims(self.logs)
        self._ids = [self.claims.block() for _ in range(LOGS)]
        self._random = random
        self.acknowledged: list[Record] = []
        self.refused = 0

    def create(self, customer: int) -> Record | None:
        log = log_of(customer)
        if (order := next(self._ids[log], None)) is None:
            self._ids[log] = self.claims.block()
            order = next(self._ids[log])
        return self._record(log, Record(order, customer, "created", f"id {order}", 0))

    def pay(self, created: Record, reference: str, amount: int) -> None:
        if not self.claims.take(reference, created.order, created.customer):
            self.refused += 1
            return
        log = log_of(created.customer)
        if any(record.reference == reference for record in self.logs[log]):
            return  # the payment was sent again
        self._record(log, created._replace(what="paid", reference=reference, amount=amount))

    def _record(self, log: int, record: Record) -> Record | None:
        if self._random.random() < 0.02:
            return None  # the writer crashed between its claim and its record
        self.logs[log].append(record)
        self.acknowledged.append(record)
        return record


class Views:
    """A node's views: rows by order, the journal by log and position, and a vector of positions."""

    def __init__(self) -> None:
        self.positions = [0] * LOGS
        self.paid: Counter[int] = Counter()
        self.journal: dict[tuple[int, int], Record] = {}

    def feed(self, log: int, records: list[Record], limit: int) -> None:
        """Feeds the next records of one log, independently of the positions in the others."""
        for record in records[self.positions[log] : self.positions[log] + limit]:
            self.positions[log] += 1
            self.paid[record.order] += record.amount
            if record.what == "paid":
                self.journal[log, self.positions[log]] = record


def root(logs: list[list[Record]], positions: list[int]) -> bytes:
    """The head of all logs: a tree over the head of each."""
    heads = [hashlib.sha256(repr(log[:at]).encode()).digest() for log, at in zip(logs, positions, strict=True)]
    return hashlib.sha256(b"".join(heads)).digest()


def main(steps: int, seed: int) -> str:
    random = Random(seed)
    shop, views = Shop(random), [Views(), Views()]
    orders: list[Record] = []
    for _ in range(steps):
        if not orders or random.random() < 0.4:
            if created := shop.create(random.randrange(500)):
                orders.append(created)
        else:
            shop.pay(random.choice(orders), f"r{random.randrange(steps)}", random.randint(1, 99))
        for each in views:
            log = random.randrange(LOGS)
            each.feed(log, shop.logs[log], random.randrange(5))
    for each in views:
        for log in random.sample(range(LOGS), LOGS):
            each.feed(log, shop.logs[log], steps)
    every = [record for log in shop.logs for record in log]
    assert sorted(every) == sorted(shop.acknowledged), "what was acknowledged is there, once"
    assert max(Counter(record.reference for record in every).values()) == 1, "a reference, and an id, is one order's"
    assert all(log_of(record.customer) == at for at, log in enumerate(shop.logs) for record in log)
    first, second = views
    assert (first.paid, first.journal, first.positions) == (second.paid, second.journal, second.positions)
    assert sum(record.amount for record in first.journal.values()) == sum(record.amount for record in every)
    assert root(shop.logs, first.positions) == root(shop.logs, second.positions)
    sizes = [len(log) for log in shop.logs]
    return (
        f"{len(every)} records in {LOGS} logs ({min(sizes)} to {max(sizes)} each), {shop.refused} references refused as"
        " another order's: each acknowledged record once, each reference one order's, both nodes' views the same"
    )


if __name__ == "__main__":
    print(main(int(sys.argv[1]) if sys.argv[1:] else 50_000, seed=16))
