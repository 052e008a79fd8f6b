"""The base of every part of a run: its size, its folder, and the contenders, made when the first part needs them."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

from bench import seed
from bench.contenders import THIS, Checkout, Contender, Ledger, Peer
from bench.load import Load

_T = TypeVar("_T")
BEFORE = "before"


class Sample(NamedTuple):
    """One measurement of one contender. Units: 1/s, where more is better; s, MB and B, where less is better."""

    part: str
    line: str
    contender: str
    unit: str
    value: float
    median_ms: float | None = None
    p99_ms: float | None = None
    # The processor time for each request, order or event, which hardly depends on the machine's other work.
    cpu_us: float | None = None


def loaded(part: str, line: str, contender: Contender, ask: Callable[[], Load]) -> tuple[Sample, Load]:
    """Puts a load on a contender. Returns the load and its sample."""
    before = contender.cpu_seconds()
    found = ask()
    cpu_us = (contender.cpu_seconds() - before) / max(1, found.requests) * 1e6
    rate = found.requests_per_second
    return Sample(part, line, contender.name, "1/s", rate, found.median * 1e3, found.p99 * 1e3, cpu_us), found


class Stage:
    def __init__(
        self, folder: Path, *, quick: bool, full: bool, with_peer: bool, against: Checkout | None = None
    ) -> None:
        self.folder = folder
        self.quick = quick
        self.full = full
        self.with_peer = with_peer
        self.against = against
        self.orders = 2_000 if quick else 10_000
        # Two versions differ by little: more and shorter turns cancel more of the machine's other work.
        self.rounds = 5 if against and not quick else 3
        self.seconds = 1.0 if against or quick else 2.0

    def say(self, what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    def lines(self, orders: int, items: int = seed.ITEMS) -> Path:
        """The path of a file of import lines, which is written once."""
        file = self.folder / f"{orders}-orders-of-{items}.jsonl"
        return file if file.exists() else seed.write(file, orders, items)

    @cached_property
    def ledger(self) -> Ledger:
        ledger = Ledger(self.folder / "ledger")
        if self.against:
            ledger.copy(self.before)
        else:
            self.say(f"filling the ledger with {self.orders} orders")
            ledger.fill(self.lines(self.orders))
        return ledger

    @cached_property
    def before(self) -> Ledger:
        """The version to compare with. It fills the measured ledger: an older version cannot read a newer one's."""
        assert self.against
        self.say(f"filling the ledger with {self.orders} orders, by {self.against.folder}")
        before = Ledger(self.folder / BEFORE, BEFORE, self.against)
        before.fill(self.lines(self.orders))
        return before

    @cached_property
    def peer(self) -> Peer:
        self.say(f"filling the peer with {self.orders} orders")
        return Peer(self.folder / "peer", self.lines(self.orders))

    def ledgers(self) -> list[Ledger]:
        return [self.ledger, self.before] if self.against else [self.ledger]

    def contenders(self) -> list[Contender]:
        return [*self.ledgers(), self.peer] if self.with_peer else [*self.ledgers()]

    def versions(self) -> dict[str, Checkout]:
        """The measured versions of the program, by the names of their ledgers."""
        return {"ledger": THIS, BEFORE: self.against} if self.against else {"ledger": THIS}

    def in_turn(self, contenders: Sequence[_T]) -> Iterator[_T]:
        """Each contender once a round. Each round begins with another one, so that drift hits all alike."""
        for turn in range(self.rounds if contenders else 0):
            first = turn % len(contenders)
            yield from (*contenders[first:], *contenders[:first])


def fresh(function: Callable[..., _T], *arguments: object) -> _T:
    """The result of a function in a new Python process, where nothing else has left anything behind."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
