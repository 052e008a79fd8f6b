"""The ledger: takes a command, loads the order, decides, appends events. An `eventsourcing` application on this
program's own recorder."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from datetime import datetime
from threading import Lock, RLock
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID, uuid4

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.popo import POPOFactory
from eventsourcing.utils import Environment

from domain.aggregate import Event, IncompleteHistory, Record, fold, personal_parts, to_records
from domain.claims import (
    NOT_RECORDED,
    RecordedMovement,
    claims_of,
    external_id_taken,
    recorded_movement,
    reference_taken_elsewhere,
    reference_value,
)
from domain.import_batch import ImportBatch
from domain.log.clock import Watch
from domain.log.log import Log, LogAway, LogBusy, LogForbidden, LogFull, ReadHints, Reading, Transaction
from domain.log.mapper import EventMapper
from domain.log.records import Claim, NewClaim, Provenance, RawRecord
from domain.log.writer import Measure, Writer
from domain.moments import utc_now
from domain.order import commands, decide
from domain.order import events as e
from domain.order.imported import AcceptedLine, import_order
from domain.order.personal import CONTACT, FIELDS
from domain.order.state import ORDER, Order, without
from domain.privacy.files import KeptFiles
from domain.privacy.keyring import CUSTOMER, GUEST, DataOwner
from domain.privacy.marking import Marks
from domain.privacy.opening import KeysLocation, LedgerLocation, SealedSince
from domain.recognising import Recogniser
from domain.refusals import (
    IdempotencyKeyReused,
    ImportConflict,
    OrderKeyTaken,
    OrderMoved,
    OrderNotFound,
    OrderTooLong,
    Refusal,
)
from domain.strict_json import canonical
from domain.topics import kind_of

LOG: Final = "orders"
ORDER_BYTES_MAX: Final = 2 * 1024 * 1024
# Folding a history of up to so many events takes about as long as looking up its kept state.
FOLD_EVENTS_MAX: Final = 64
P = ParamSpec("P")
T = TypeVar("T")


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of a command: the order after it, and the log's position of the order's last event.

    For a trial, `trial_events` has the events that the command would record, and the position is the log's head.
    `replayed` says that an earlier write with the same idempotency key gave this outcome.
    """

    order: Order
    position: int
    replayed: bool = False
    trial_events: tuple[Event, ...] | None = None


class KeptOrder(Protocol):
    """An order's state at one of its versions, as the views keep it."""

    @property
    def version(self) -> int: ...

    def order(self, digest: bytes) -> Order | None:
        """The state; None where it is damaged, or where the record with this digest is not the last folded into it."""


def _fold_order(order: Order | None, records: Iterable[Record]) -> Order | None:
    """The order after these records. Raises OrderNotFound where they are of another kind of history, BrokenHistory."""
    return fold(ORDER, order, map(_of_order, records))


def _of_order(record: Record) -> Record:
    if kind_of(record) is ORDER:
        return record
    raise OrderNotFound


class OrderLedger(Application[UUID]):
    """All orders of one log. The clock is an argument, so that a test can fix it.

    A command is a method whose first argument is a transaction; callers give it to `write`.
    """

    name = LOG
    mapper: EventMapper

    def __init__(
        self,
        log: Log,
        *,
        currency_default: str = "USD",
        clock: Callable[[], datetime] = utc_now,
        watch: Watch | None = None,
        keys: KeysLocation | None = None,
        is_made: bool = False,
        is_plain: bool = False,
    ) -> None:
        self.log_of_events = log
        # Whether the log had no keyring when it was opened: once it has one, this object may record nothing any more.
        self._is_plain = is_plain
        # The data keys that seal and open personal data; None where it is recorded in the clear.
        self._keys_at = keys
        self.keys = keys.open(log) if keys else None
        self.marks = Marks(self.keys)
        self.files = KeptFiles(log, self.keys)
        # Whether the log's tables are made already, so that opening the ledger need not reach the log.
        self._is_made = is_made
        self.currency_default = currency_default
        self.clock = clock
        # Checks whether the clock can be believed; None where it always is.
        self.watch = watch
        # The next four are set where there are views, or metrics. Feeds the views with the records of a commit; returns
        # the position that the views reach.
        self.feed: Callable[[Sequence[RawRecord]], int] | None = None
        # Gets the figures of each commit.
        self.measure: Measure | None = None
        # Finds an order's state in the views. Without it the ledger is as right, and slower with long histories.
        self.kept: Callable[[UUID], KeptOrder | None] = lambda _: None
        # Finds the version of a history that the views have reached; 0 where they do not know the history.
        self.version_in_views: Callable[[UUID], int] = lambda _: 0
        # Runs once, before the first write and before the first use of a data key.
        self.beginning: Callable[[], None] | None = None
        self._beginning = RLock()
        self._writer: Writer | None = None
        self._starting = Lock()
        super().__init__()
        if self.keys is not None:
            self.keys.on_forgotten.append(self.mapper.forget)
            self.keys.before = self.begin

    @property
    def location(self) -> LedgerLocation:
        """The addresses by which another process opens this ledger."""
        return LedgerLocation(self.log_of_events.url, self._keys_at)

    def construct_env(self, name: str, env: Mapping[str, str] | None = None) -> Environment:
        # The library would read the process's environment: a stray COMPRESSOR_TOPIC must not change the log.
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        # The library takes from this factory only what the two methods below do not make: snapshots, which a ledger
        # does not have.
        return POPOFactory(env)

    def construct_mapper(self) -> EventMapper:
        return EventMapper(self.keys)

    def construct_recorder(self) -> ApplicationRecorder:
        if not self._is_made:
            self.log_of_events.create()
        return cast(ApplicationRecorder, self.log_of_events)

    def begin(self) -> None:
        """Runs `beginning`, unless it has run. Where `beginning` raises, so does this, and the next call runs it
        again."""
        if self.beginning is not None:
            with self._beginning:
                if self.beginning is not None:
                    self.beginning()
                    self.beginning = None

    # --- writing ---

    def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Gives work to the process's one writing thread: `ledger.write(ledger.create, command, who)`.

        The future has the result once the work's writes are durable and the views were fed with them (`fed_to`).
        """
        with self._starting:
            if self._writer is None:
                self._writer = Writer(self.transaction, self._feed, self.measure)
                self._writer.start()
        return self._writer.submit(lambda t: work(t, *args, **kwargs), self._wants(*args))

    def _wants(self, *given: object) -> ReadHints:
        """The reads that work with these arguments will need, as a hint to the log."""
        claims: list[tuple[str, str | int]] = []
        for each in given:
            if isinstance(each, Provenance) and each.idempotency_key is not None:
                claims.append(("idempotency", reference_value(each.actor, each.idempotency_key)))
            elif isinstance(each, commands.Move):
                claims.append((commands.MOVES[type(each)], reference_value(each.provider, each.reference)))
        return ReadHints(
            originators=tuple(each for each in given if isinstance(each, UUID)),
            claims=tuple(claims),
            maxima=("order-id",) if any(isinstance(each, commands.CreateOrder) for each in given) else (),
            boots=() if self.watch is None else (self.watch.boot,),
            subjects=() if self.keys is None else tuple(_customers_in(given)),
        )

    @contextmanager
    def transaction(self, wants: ReadHints) -> Iterator[Transaction]:
        """A transaction of the log in which data keys may be made, to seal personal data."""
        self.begin()
        self.mapper.forget()
        with self.log_of_events.transaction(wants) as t, nullcontext() if self.keys is None else self.keys.sealing():
            yield t

    def _feed(self, t: Transaction) -> int:
        return self.feed(t.written) if self.feed else 0

    @property
    def write_error(self) -> LogBusy | LogFull | LogForbidden | LogAway | None:
        """The error of the last write where the log could not be written; None where it could."""
        return self._writer.write_error if self._writer else None

    def probe(self) -> None:
        """Tries to write to the log, so that `write_error` is current even without commands. Does not wait."""
        if self._writer is None:
            self.write(lambda _: None)
        else:
            self._writer.probe()

    @property
    def fed_to(self) -> int:
        """The position to which the views were fed after this process's last write; 0 where feeding them failed."""
        return self._writer.fed_to if self._writer else 0

    def close(self) -> None:
        """Ends the writing thread once all waiting work is done, and closes the calling thread's connections."""
        with self._starting:
            if self._writer is not None:
                self._writer.stop()
            self._writer = None
        self.close_connections()

    def close_connections(self) -> None:
        """Closes the calling thread's connections, and the one for writing. Their next use opens them again."""
        self.log_of_events.close()
        if self.keys is not None:
            self.keys.store.close()

    def create(
        self,
        t: Transaction,
        command: commands.CreateOrder,
        provenance: Provenance,
        *,
        earlier_order: Order | None = None,
        is_trial: bool = False,
    ) -> Outcome:
        """Records a new order in one atomic append. `earlier_order` and `is_trial` are as in `change`, and so are the
        errors."""
        request = _Request("create", command, provenance, earlier_order, is_trial)
        if replayed := self._replayed(t, request):
            return replayed
        now = self.clock()
        uuid, key, order_id = uuid4(), command.key or _new_key(), t.claim_max("order-id") + 1
        if command.key and t.claim("order-key", key):
            raise OrderKeyTaken(f"There is an order with the key {key} already.")
        events = decide.create(command, order_id=order_id, key=key, currency_default=self.currency_default, now=now)
        order, records = decide.to_records(None, uuid, events)
        return self._append(t, order, records, now, request)

    def change(
        self,
        t: Transaction,
        uuid: UUID,
        command: commands.Command,
        provenance: Provenance,
        *,
        expected_versions: Sequence[int] | None = None,
        order_id: int | None = None,
        owner_id: int | None = None,
        earlier_order: Order | None = None,
        is_trial: bool = False,
    ) -> Outcome:
        """Gives a command to an order; records its events. Raises a Refusal, FoldFirst.

        `expected_versions`: raises OrderMoved where the order is at none of them. `order_id`: raises OrderNotFound
        where the order has another integer id. `owner_id`: raises OrderNotFound where the order is not this customer's,
        or is deleted. `earlier_order`: the order that an earlier FoldFirst has named. `is_trial`: records nothing; the
        outcome has the events.
        """
        request = _Request(f"{uuid} {type(command).__name__}", command, provenance, earlier_order, is_trial)
        order = self.order_in(t, uuid)
        if order_id is not None and order.id != order_id:
            raise OrderNotFound
        if replayed := self._replayed(t, request):
            return replayed
        if owner_id is not None and (order.customer_id != owner_id or order.status == "deleted"):
            raise OrderNotFound
        if expected_versions is not None and order.version not in expected_versions:
            raise OrderMoved(order.version)
        now = self.clock()
        recorded = _recorded(t, command, uuid) if isinstance(command, commands.Move) else NOT_RECORDED
        events = list(map(recorded.numbered, decide.decide(order, command, now)))
        if recorded.claim and not events:
            return self._append(t, self._order_at(t, recorded.claim, request), [], now, request)
        after, records = decide.to_records(order, uuid, events)
        return self._append(t, after, records, now, request)

    def import_batch(
        self,
        t: Transaction,
        lines: Sequence[tuple[commands.ImportOrder, AcceptedLine | Refusal]],
        provenance: Provenance,
    ) -> list[Order | UUID | Refusal]:
        """Records many orders, each line with the records or the refusal that `import_line` made of it; each order
        whole or not at all.

        Returns for each line the order, the UUID of the order that was there already, or the refusal. A repeated line
        is recognised by its order's ids, so no line claims an idempotency key.
        """
        batch = ImportBatch(self._recogniser(t))
        outcomes = batch.add(lines)
        now = self.clock()
        stored = [event for line in batch.accepted for event in self.stored(line.records, owner_of(line.order), now)]
        marks = {line.order.uuid: self._mark(line, now) for line in batch.accepted}
        claims = [
            claim._replace(fingerprint=marks[claim.originator_id]) if claim.kind in _NAMING else claim
            for claim in batch.claims
        ]
        self.append(t, stored, provenance=_without_key(provenance), now=now, claims=claims)
        return outcomes

    def _recogniser(self, on: Reading) -> Recogniser:
        return Recogniser(on, self.mapper, self.marks, self._decided_as)

    def _mark(self, line: AcceptedLine, now: datetime) -> bytes | None:
        """The kept form of a line's fingerprint: keyed where the line has personal data."""
        if line.fingerprint is None:
            return None
        return self.marks.make(line.fingerprint, owner_of(line.order), _parts_in(line.records), now)

    def trial(self) -> ImportBatch:
        """An import batch that records nothing. Its outcomes are what `import_batch` would give."""
        return ImportBatch(self._recogniser(self.log_of_events))

    def first_event(self, uuid: UUID) -> e.OrderCreated:
        """The first event of an order. Raises OrderNotFound."""
        first = next(self.log_of_events.raw_records_of(str(uuid), limit=1), None)
        event = first and self.mapper.read(first).event
        if not isinstance(event, e.OrderCreated):
            raise OrderNotFound
        return event

    def import_line(self, line: commands.ImportOrder, fingerprint: bytes | None = None) -> AcceptedLine | Refusal:
        """The records that a line of an import makes, or its refusal. Decided outside of a transaction; `import_batch`
        checks the rest. An order without an id in the line has the id 0 here.
        """
        try:
            uuid, key = line.uuid or uuid4(), line.key or _new_key()
            return self._decided(line, uuid, line.id or 0, key)._replace(fingerprint=fingerprint)
        except Refusal as refusal:
            return refusal

    def recognise(
        self, lines: Sequence[tuple[commands.ImportOrder, bytes | None]]
    ) -> list[UUID | ImportConflict | None]:
        """For each line with its fingerprint: the UUID of its order where the log has it, its conflict with that order,
        or None.

        A UUID or a conflict is final. None is not: another write may record the order meanwhile, also between two of
        the reads here, which then find only some of the line's names.
        """
        recogniser = self._recogniser(self.log_of_events)
        recogniser.look_up([line for line, _ in lines])
        found: list[UUID | ImportConflict | None] = []
        for line, fingerprint in lines:
            try:
                found.append(recogniser.recognise(line, fingerprint))
            except ImportConflict as conflict:
                found.append(conflict if recogniser.has_all_names_of(line) else None)
        return found

    def _decided_as(self, line: commands.ImportOrder, uuid: UUID, first: e.OrderCreated) -> AcceptedLine:
        """The records that a line would make as the order with this UUID and first event. Raises a Refusal."""
        begun = msgspec.structs.replace(line, created_at=line.created_at or first.occurred_at)
        return self._decided(begun, uuid, first.id, first.key)

    def _decided(self, line: commands.ImportOrder, uuid: UUID, order_id: int, key: str) -> AcceptedLine:
        return import_order(
            line, uuid=uuid, order_id=order_id, key=key, currency_default=self.currency_default, now=self.clock()
        )

    # --- reading ---

    def order(self, uuid: UUID, version: int | None = None) -> Order:
        """The order after its events, up to a version where one is given. Raises OrderNotFound, IncompleteHistory."""
        return self._whole(uuid, version, self.log_of_events, self.known_version(uuid))

    def _whole(self, uuid: UUID, version: int | None, on: Reading, known: int) -> Order:
        """The order, read in full. Raises OrderNotFound, and IncompleteHistory where the records end before the `known`
        version, or before `version`."""
        wanted = known if version is None else min(version, known)
        # The list reads all rows at once: an unfinished query would keep the connection at this moment of the log.
        records = list(on.raw_records_of(str(uuid), gt=0, lte=version))
        order = _fold_order(None, map(self.mapper.read, records))
        must_be_whole(uuid, 0 if order is None else order.version, wanted)
        if order is None:
            raise OrderNotFound
        return order

    def known_version(self, uuid: UUID, on: Reading | None = None) -> int:
        """The last version of a history by the views and by the end of the log's index. To be called before the history
        is read, since it may grow meanwhile."""
        return max(self.version_in_views(uuid), (on or self.log_of_events).version_of(uuid))

    def uuid_of(self, order_id: int) -> UUID:
        """The UUID of the order with this integer id. Raises OrderNotFound."""
        claim = self.log_of_events.claim("order-id", order_id)
        if claim is None:
            raise OrderNotFound
        return claim.originator_id

    def latest(self) -> datetime:
        """The later of the clock's time and the last record's: the clock may have been set back since."""
        last = self.log_of_events.last_recorded_at()
        return self.clock() if last is None else max(self.clock(), datetime.fromisoformat(last))

    def clock_problem(self) -> str | None:
        """The message for a clock that is not believed, so that nothing can be recorded; None where it is believed."""
        return self.watch.problem(self.log_of_events, self.clock()) if self.watch is not None else None

    def head(self) -> int:
        """The position of the log's last event; 0 while it is empty."""
        return self.log_of_events.max_notification_id() or 0

    # --- the steps of a command ---

    def order_in(self, t: Transaction, uuid: UUID, version: int | None = None) -> Order:
        """The order in a transaction, up to a version where one is given. For a long history, reads only the records
        behind the state that the views keep. Raises OrderNotFound, IncompleteHistory."""
        end = t.version_of(uuid)
        last = end if version is None else version
        if last > FOLD_EVENTS_MAX and (order := self._from_kept(t, uuid, last)):
            return order
        return self._whole(uuid, version, t, max(end, self.version_in_views(uuid)))

    def _from_kept(self, t: Transaction, uuid: UUID, last: int) -> Order | None:
        """The order at its version `last`, from the kept state and the records behind it; None where the kept state is
        missing or does not fit the log."""
        kept = self.kept(uuid)
        if kept is None or kept.version > last:
            return None
        # The list reads all rows at once: an unfinished query would keep the writer's connection at this moment.
        records = list(t.raw_records_of(str(uuid), gt=kept.version - 1, lte=last))
        if not records or not records[0].digest_holds():
            return None
        order = kept.order(records[0].digest)
        order = order and _fold_order(order, map(self.mapper.read, records[1:]))
        if order is not None:
            must_be_whole(uuid, order.version, last)
        return order

    def _append(
        self, t: Transaction, order: Order, records: list[Record], now: datetime, request: "_Request"
    ) -> Outcome:
        """Appends a command's records and claims its idempotency key. `order` is the order after the records. Raises
        ExternalIdTaken, OrderTooLong."""
        claims = claims_of(records)
        _external_ids_must_be_free(t, claims)
        if request.is_trial:
            return Outcome(order, t.max_notification_id() or 0, trial_events=tuple(record.event for record in records))
        if request.provenance.idempotency_key is not None:
            mark = self.marks.make(request.fingerprint(), owner_of(order), request.personal_parts(records), now)
            claims.append(NewClaim("idempotency", request.idempotency_value(), order.uuid, order.version, mark))
        stored = self.stored(records, owner_of(order), now)
        before = t.payload_bytes(order.uuid) if order.version > len(records) else 0
        if stored and before + sum(len(event.state) for event in stored) > ORDER_BYTES_MAX:
            raise OrderTooLong(f"What happened to an order comes to at most {ORDER_BYTES_MAX} bytes in all.")
        if stored or claims:
            positions = self.append(t, stored, provenance=request.provenance, now=now, claims=claims)
        return Outcome(order, positions[-1] if records else t.position_of(order.uuid, order.version))

    def record(
        self, t: Transaction, order: Order, events: Sequence[Event], provenance: Provenance, now: datetime
    ) -> Outcome:
        """Appends decided events to an order's history, without a claim on an idempotency key, also where the order is
        as long as a command may make it: an erasure must never be refused for that."""
        after, records = to_records(ORDER, order, order.uuid, events)
        stored, who = self.stored(records, owner_of(after), now), _without_key(provenance)
        positions = self.append(t, stored, provenance=who, now=now, claims=claims_of(records))
        return Outcome(after, positions[-1])

    def stored(self, records: Iterable[Record], owner: DataOwner, now: datetime) -> list[StoredEvent]:
        """The stored events of records of one history, of any kind. To be called inside the transaction that appends
        them, since it may make data keys."""
        return [self.mapper.stored(record, owner, now) for record in records]

    def append(
        self,
        t: Transaction,
        stored: Sequence[StoredEvent],
        *,
        provenance: Provenance,
        now: datetime,
        claims: Sequence[NewClaim] = (),
    ) -> Sequence[int]:
        """Appends events and takes claims; returns the positions. Raises ClockJumped, SealedSince."""
        if stored and self._is_plain and t.keyring() is not None:
            raise SealedSince("keys were made for this ledger since it was opened here; this has to be started again")
        if stored and self.watch is not None and not t.clock_holds:
            self.watch.must_hold(t, now)
            t.clock_holds = True
        return t.append(stored, provenance=provenance, now=now, claims=claims)

    def _order_at(self, t: Transaction, claim: Claim, request: "_Request") -> Order:
        """The order as the claiming write left it, made again from its events up to then, without the personal data
        that an erasure has restricted since. Raises FoldFirst."""
        return without(self._left(t, claim, request), self.order_in(t, claim.originator_id).restricted)

    def _left(self, t: Transaction, claim: Claim, request: "_Request") -> Order:
        order = request.earlier_order
        if order is not None and (order.uuid, order.version) == (claim.originator_id, claim.version):
            return order
        if claim.version <= FOLD_EVENTS_MAX:
            return self.order_in(t, claim.originator_id, claim.version)
        if (order := self._from_kept(t, claim.originator_id, claim.version)) is None:
            raise FoldFirst(claim.originator_id, claim.version)
        return order

    def _replayed(self, t: Transaction, request: "_Request") -> Outcome | None:
        """The outcome of an earlier write with this idempotency key; None where there is none. Raises
        IdempotencyKeyReused where the write was another command."""
        if request.provenance.idempotency_key is None:
            return None
        claim = t.claim("idempotency", request.idempotency_value())
        if claim is None:
            return None
        if not self.marks.matches(claim.fingerprint, request.fingerprint()):
            raise IdempotencyKeyReused("This Idempotency-Key was sent before with another command; take a new one.")
        order = self._order_at(t, claim, request)
        return Outcome(order, t.position_of(order.uuid, order.version), replayed=True)


def _new_key() -> str:
    return secrets.token_hex(10)


def _without_key(provenance: Provenance) -> Provenance:
    """The provenance without its idempotency key, for a write that does not claim one: a key in a record must be
    claimed."""
    return msgspec.structs.replace(provenance, idempotency_key=None)


def _customers_in(given: Iterable[object]) -> Iterator[str]:
    """The subjects of the customers in the orders that work with these arguments will create or import."""
    for each in given:
        orders = [each] if isinstance(each, commands.CreateOrder) else ()
        if isinstance(each, list):
            orders = [line for line, _ in each]
        for order in orders:
            if order.customer is not None and order.customer.id is not None:
                yield f"{CUSTOMER}{order.customer.id}"


def _recorded(t: Transaction, command: commands.Move, uuid: UUID) -> RecordedMovement:
    """The movement of a command as it is recorded on this order, if at all. Raises a Refusal where another order has
    its reference."""
    recorded = recorded_movement(t, command, uuid)
    if recorded.claim and recorded.claim.originator_id != uuid:
        raise reference_taken_elsewhere(commands.MOVES[type(command)], command.provider, command.reference)
    return recorded


def _external_ids_must_be_free(t: Transaction, claims: Iterable[NewClaim]) -> None:
    for claim in claims:
        if claim.kind == "external-id" and (held := t.claim(claim.kind, claim.value)):
            raise external_id_taken(claim, f"order {held.originator_id}")


def _parts_in(records: Iterable[Record]) -> set[str]:
    """The parts of personal data that these records have a value of."""
    found = (
        personal_parts(record.event, FIELDS[type(record.event)]) for record in records if type(record.event) in FIELDS
    )
    return {part for parts in found for part in parts}


def owner_of(order: Order) -> DataOwner:
    """The subject of an order's personal data: its customer or, for a guest, the order itself."""
    subject = f"{GUEST}{order.uuid}" if order.customer_id is None else f"{CUSTOMER}{order.customer_id}"
    return DataOwner(subject, order.created_at.year)


def subjects_of(orders: Sequence[Order]) -> list[str]:
    """The subjects whose data keys can seal personal data of these orders: their customers, and each order itself,
    since it may have been a guest's before."""
    owners = dict.fromkeys(owner_of(order).subject for order in orders)
    return list(owners | dict.fromkeys(f"{GUEST}{order.uuid}" for order in orders))


def must_be_whole(uuid: UUID, version: int, known: int) -> None:
    """Raises IncompleteHistory where the last version read of a history is before the last known version."""
    if version < known:
        raise IncompleteHistory(
            f"{uuid}: the log's index on order and version leads to version {version}, and there is a version {known};"
            " `run.py verify` says more"
        )


class FoldFirst(Exception):
    """A command was given before, and the order that it then left has too many events to be folded while other commands
    wait. The caller folds it, and gives the command again with it."""

    def __init__(self, uuid: UUID, version: int) -> None:
        super().__init__(f"order {uuid} at version {version}")
        self.uuid = uuid
        self.version = version


class _Request(NamedTuple):
    """A command with its scope (a new order, or which order and shape of command) and its provenance."""

    scope: str
    command: commands.Command
    provenance: Provenance
    # The order after an earlier write of the same command, where a FoldFirst has named it.
    earlier_order: Order | None = None
    is_trial: bool = False

    def idempotency_value(self) -> str:
        return reference_value(self.provenance.actor, self.provenance.idempotency_key or "")

    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.scope.encode() + b"\n" + canonical(self.command)).digest()

    def personal_parts(self, records: Iterable[Record]) -> set[str]:
        """The parts of personal data in the command, by the records that it made. A command without records counts as
        contact data where its text may repeat recorded data."""
        return _parts_in(records) or ({CONTACT} if _may_repeat(self.command) else set())


def _may_repeat(command: commands.Command) -> bool:
    """Whether a command has a text that may repeat recorded personal data."""
    if isinstance(command, commands.ChangeItem):
        return bool(command.changed.metadata)
    has_texts = isinstance(command, commands.ChangeOrder | commands.GiveToCustomer)
    return has_texts or getattr(command, "reason", None) is not None


# The kinds of claims that keep the fingerprint of an order's import line.
_NAMING: Final = ("order-id", "order-key")
