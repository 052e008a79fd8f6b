"""Is exactly what was erased gone, whatever else happens? Random orders, changes and erasures, several in one
transaction, erasures that are cut off, retention and restarts."""

import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from unittest.mock import patch
from uuid import UUID

import msgspec
import pytest

from domain.ledger import OrderLedger, Outcome
from domain.log.log import Transaction
from domain.log.opening import open_log
from domain.log.records import RawRecord
from domain.order.commands import (
    ChangedItem,
    ChangeItem,
    ChangeOrder,
    ChangeStatus,
    Command,
    GiveToCustomer,
    ReceivePayment,
    RefundPayment,
)
from domain.order.personal import CONTACT, INVOICE, PARTS
from domain.privacy import retaining
from domain.privacy.erasing import Erasing, ErasureRequest, destroy_leftovers
from domain.privacy.erasures import Erasures
from domain.privacy.opening import keys_of
from domain.privacy.periods import Period, RetentionPeriods
from domain.privacy.sealing import take_sealed
from domain.refusals import Refusal
from domain.strict_json import convert
from domain.topics import SEALED
from projections.customers.orders_of import orders_of
from projections.privacy import all_orders
from projections.proof.verification import verify
from projections.views.views import Views
from tests.conftest import ME, Clock, Provenance, new_order, writer_held
from tests.postgres import Cluster
from tests.privacy.conftest import found_in, keys_at, sealed_ledger

KEEP: Final = RetentionPeriods(Period.parse("400d"), Period.parse("3y"), Period.parse("3y"))
CUSTOMERS: Final = (7, 8, 9)
CHOICES: Final = (PARTS, PARTS, (CONTACT,), (INVOICE,))
STEPS: Final = 25
_WORD: Final = re.compile(r"(?:contact|invoice)\d{5}x")


class Work(NamedTuple):
    """A command that is done in a transaction, and the words in it. It returns None where it records nothing."""

    do: Callable[[Transaction], Outcome | None]
    words: set[str]


class Killed(Exception):
    """Stands for the end of the process."""


class Play:
    """A ledger to which random things happen, and the words that were recorded in each order. A word begins with the
    name of its part."""

    def __init__(self, opening: Callable[[], OrderLedger], folder: Path, clock: Clock, random: Random) -> None:
        self._opening = opening
        self._folder = folder
        self._clock = clock
        self._random = random
        self._count = 0
        self._words: dict[UUID, set[str]] = {}
        self._open()

    def _open(self) -> None:
        self.ledger = self._opening()
        assert self.ledger.keys is not None
        self.keys, self._noted = self.ledger.keys, Erasures(self._folder / "erasures.txt")
        destroy_leftovers(self.ledger, self.keys, self._noted)
        self.views = Views(self.ledger, self._folder / "views.db")
        self.views.ensure()
        self.ledger.feed = lambda written: self.views.catch_up(written=written)
        self._erasing = Erasing(self.ledger, self.keys, orders_of(self.views), KEEP, self._noted)

    def close(self) -> None:
        self.views.close()
        self.ledger.close()

    def step(self) -> None:
        dice = self._random.random()
        if dice < 0.75:
            self._do_at_once(self._random.choice([1, 1, 2, 4, 8]))
        elif dice < 0.85:
            self._erase_and_be_killed()
        elif dice < 0.9:
            self._clock.tick(days=self._random.choice([1, 100, 400]))
        elif dice < 0.95:
            self._retain()
        else:
            self.close()
            self._open()

    # --- what may happen ---

    def _word(self, part: str) -> str:
        self._count += 1
        return f"{part}{self._count:05d}x"

    def _who(self) -> Provenance:
        return self._random.choice([ME, Provenance("t", "r", self._word("idempotent"))])

    def _order(self) -> Work:
        customer = {"id": self._random.choice(CUSTOMERS)} if self._random.random() < 0.75 else {}
        body: dict[str, Any] = {"customer": {**customer, "first_name": self._word(CONTACT)}}
        body |= self._random.choice([{}, {"notes": self._word(CONTACT)}])
        body |= self._random.choice([{}, {"billing_address": self._word(INVOICE)}])
        command, who = new_order(**body), self._who()
        return Work(lambda t: self.ledger.create(t, command, who), _words_in(command))

    def _change(self) -> Work:
        word, uuid, who = self._word(CONTACT), self._random.choice(list(self._words)), self._who()
        status = self._random.choice(["hold", "new", "cancelled", "processing", "deleted"])
        given = self._random.choice([{}, {"first_name": word}])
        commands: list[Command] = [
            ChangeOrder(notes=word),
            ChangeOrder(shipping_address=self._word(INVOICE), metadata={"a": word}),
            ChangeOrder(billing_address=self._word(INVOICE)),
            ChangeItem(item=1, changed=ChangedItem(metadata={"a": word})),
            ChangeStatus(status=status, reason=word),
            convert({"amount": "40", "reference": f"paid-{uuid}", "provider": "p"}, ReceivePayment),
            convert({"amount": "1", "reference": word[-6:], "provider": "p", "reason": word}, RefundPayment),
            GiveToCustomer(id=self._random.choice(CUSTOMERS), **given),
        ]
        command = self._random.choice(commands)

        def change(t: Transaction) -> Outcome | None:
            before = self.ledger.order_in(t, uuid).version
            outcome = self.ledger.change(t, uuid, command, who)
            return outcome if outcome.order.version > before else None

        return Work(change, _words_in(command))

    def _erasure(self) -> Callable[[], object]:
        request = ErasureRequest(self._random.choice(CHOICES), force=True)
        if self._words and self._random.random() < 0.3:
            return partial(self._erasing.erase_guest, self._random.choice(list(self._words)), request, ME)
        return partial(self._erasing.erase_customer, self._random.choice(CUSTOMERS), request, ME)

    def _do_at_once(self, count: int) -> None:
        """Does pieces of work in one transaction; erasures wait in threads of their own."""
        work: list[tuple[Future[Outcome | None], set[str]]] = []
        erasures: list[Future[object]] = []
        with ThreadPoolExecutor(count) as pool, writer_held(self.ledger):
            for _ in range(count):
                if self._random.random() < 0.3:
                    erasures.append(pool.submit(self._erasure()))
                    time.sleep(0.02)  # so that it comes before the next
                else:
                    do, words = self._change() if self._words and self._random.random() < 0.6 else self._order()
                    work.append((self.ledger.write(do), words))
        for done, words in work:
            with suppress(Refusal):
                if (outcome := done.result()) is not None:
                    self._words.setdefault(outcome.order.uuid, set()).update(words)
        for erased in erasures:
            with suppress(Refusal):
                erased.result()

    def _erase_and_be_killed(self) -> None:
        """An erasure that ends when the keys are retired, or when its events are recorded."""
        of, name = self._random.choice([(self.ledger, "record"), (self._noted, "note")])
        with patch.object(of, name, side_effect=Killed), suppress(Killed, Refusal):
            self._erasure()()

    def _retain(self) -> None:
        found, _ = retaining.due(all_orders(self.ledger, self.views), self.keys, KEEP, self._clock())
        for due in found:
            with suppress(Refusal):
                self._erasing.erase_due(due, ME)

    # --- what must be so ---

    def check(self) -> None:
        """Each word opens exactly where its part is not erased, and so does the part's key; nothing else is in the
        files; the log verifies."""
        destroy_leftovers(self.ledger, self.keys, self._noted)
        self.keys.forget()
        gone: set[str] = set()
        for uuid, words in self._words.items():
            erased, raws = self.ledger.order(uuid).erased, list(self.ledger.log_of_events.raw_records_of(str(uuid)))
            opened = {word for raw in raws for word in _words_in(self.ledger.mapper.read(raw).event)}
            assert opened == {word for word in words if not word.startswith(erased)}
            gone |= words - opened
            for part, sealed in (of for raw in raws for of in _sealed_in(raw)):
                key = self.keys.store.get(sealed["key"])
                assert key is not None
                assert (key.wrapped is None) == (part in erased)
        self.views.renew()
        assert found_in(self._folder, [word.encode() for word in gone]) == {}
        verified = verify(self.ledger.location, self.views.path, checkpoints=[], key=None, progress=lambda *_: None)
        assert verified.problems == []


def _words_in(what: object) -> set[str]:
    return set(_WORD.findall(repr(what)))


def _sealed_in(raw: RawRecord) -> Iterable[tuple[str, dict[str, str]]]:
    return take_sealed(msgspec.json.decode(raw.payload)).items() if raw.topic.endswith(SEALED.encode()) else ()


def played(opening: Callable[[], OrderLedger], folder: Path, clock: Clock, seed: int) -> None:
    play = Play(opening, folder, clock, Random(seed))
    for _ in range(STEPS):
        play.step()
    play.check()
    play.close()


@pytest.mark.parametrize("seed", range(6))
def test_exactly_what_is_erased_is_gone(tmp_path: Path, clock: Clock, seed: int) -> None:
    played(lambda: sealed_ledger(tmp_path, clock), tmp_path, clock, seed)


@pytest.mark.parametrize("seed", range(100, 103))
def test_exactly_what_is_erased_is_gone_on_postgresql(
    cluster: Cluster, database: str, tmp_path: Path, clock: Clock, seed: int
) -> None:
    def opening() -> OrderLedger:
        log = open_log(cluster.url(database))
        return OrderLedger(log, clock=clock, keys=keys_of(log, keys_at(tmp_path), clock()))

    played(opening, tmp_path, clock, seed)
