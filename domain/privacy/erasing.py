"""Erases a person's data: records an event in each of the person's orders, then destroys the keys.

No other process writes meanwhile. First the keys are retired, so that no process on any machine seals by them any more.
Then the events are recorded, and then the keys are destroyed. After a crash in between, `destroy_leftovers` finishes
the erasure at the next start, before anything is read: the log says which keys must be destroyed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from domain import reconciled
from domain.aggregate import Event, fold, personal_parts, to_records
from domain.claims import ERASED_KEY, ERASING, claims_of
from domain.ledger import OrderLedger, owner_of, subjects_of
from domain.log.log import Log, Transaction
from domain.log.mapper import EventMapper
from domain.log.records import Provenance, StoredClaim
from domain.order import events as e
from domain.order.erasure import ErasureGrounds, erase, is_in_work
from domain.order.personal import CONTACT, INVOICE, PARTS
from domain.order.state import ORDER, Order
from domain.privacy.erasures import Erasures, NotedErasure
from domain.privacy.keyring import CUSTOMER, GUEST, DataOwner, Keyring, StoredDataKey
from domain.privacy.periods import RetentionPeriods
from domain.privacy.retaining import Due, FileDue
from domain.reconciliation import events as of_reconciliation
from domain.reconciliation.refusals import ReconciliationInWork, ReconciliationMoved, ReconciliationNotFound
from domain.reconciliation.state import FILE, RECONCILIATION, Reconciliation
from domain.reconciliation.state import SUBJECT as RECONCILIATION_SUBJECT
from domain.refusals import (
    CustomerNotFound,
    OrderInWork,
    OrderNotFound,
    OrderOfCustomer,
    PersonalDataHeld,
    PersonalDataPlain,
)
from domain.topics import TOPICS, Topic

RETENTION: Final = "retention"
# The form of a basis and of a reference. Both stay in the log for ever, so they must not hold a text that names a
# person.
NAME_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._:/#()-]{0,63}"
_NAMED_MAX: Final = 10
_MASKED: Final = EventMapper(opens=())
_Erased: TypeAlias = e.PersonalErased | of_reconciliation.PersonalErased


class ErasureRequest(msgspec.Struct, frozen=True):
    """A request to erase parts of personal data, with its basis; of orders of all years where `years` is empty.

    `force` erases also where an order is in work. A trial erases nothing and tells the orders and keys concerned.
    `again` is set when an erasure is repeated: it has the erasure's id and the keys that it destroyed.
    """

    parts: tuple[str, ...]
    basis: str = "request"
    reference: str | None = None
    force: bool = False
    is_trial: bool = False
    years: tuple[int, ...] = ()
    again: NotedErasure | None = None


class Erasure(NamedTuple):
    """The outcome of an erasure. Where `is_new` is false nothing was erased, and `id` is the id of the last erasure
    before, if any."""

    id: str | None
    subject: str
    parts: tuple[str, ...]
    orders: Sequence[UUID]
    keys: Sequence[str]
    position: int
    is_new: bool


# Lists the UUIDs of a customer's orders, up to the log's last commit.
OrdersOf = Callable[[int], Iterable[UUID]]


class Erasing:
    """Erases personal data. `erasures` is the file outside the ledger in which every erasure is noted."""

    def __init__(
        self, ledger: OrderLedger, keys: Keyring, orders_of: OrdersOf, keep: RetentionPeriods, erasures: Erasures
    ) -> None:
        self._ledger = ledger
        self.keys = keys
        self._orders_of = orders_of
        self._keep = keep
        self._erasures = erasures

    def erase_customer(self, customer_id: int, request: ErasureRequest, provenance: Provenance) -> Erasure:
        """Erases parts of a customer's personal data in all of the customer's orders.

        Raises CustomerNotFound, OrderInWork, PersonalDataHeld, PersonalDataPlain.
        """

        def record(t: Transaction) -> Erasure:
            orders = self._orders(t, customer_id)
            if request.again is not None:
                orders += self._guests_yet(t, request.again)
            if not orders:
                raise CustomerNotFound
            return self._record(t, f"{CUSTOMER}{customer_id}", orders, request, provenance)

        return self._finish(self._ledger.write(record).result(), request)

    def erase_guest(self, uuid: UUID, request: ErasureRequest, provenance: Provenance) -> Erasure:
        """Erases parts of the personal data of a guest's order.

        Raises OrderNotFound, OrderOfCustomer, OrderInWork, PersonalDataHeld, PersonalDataPlain.
        """

        def record(t: Transaction) -> Erasure:
            order = self._ledger.order_in(t, uuid)
            if (of := order.customer_id) is not None:
                at = f"customers/{of}/erasures"
                raise OrderOfCustomer(f"The order is customer {of}'s; erase all that is theirs, at {at}.")
            return self._record(t, owner_of(order).subject, [order], request, provenance)

        return self._finish(self._ledger.write(record).result(), request)

    def erase_due(self, due: Due, provenance: Provenance) -> Erasure:
        """Erases a part after the end of its retention period.

        Raises OrderInWork, also where an order's period was extended meanwhile, PersonalDataHeld, PersonalDataPlain.
        """
        request = ErasureRequest((due.part,), RETENTION, years=(due.year,))

        def record(t: Transaction) -> Erasure:
            if due.subject.startswith(CUSTOMER):  # all of the customer's orders by now: one key seals a whole year
                orders = self._orders(t, int(due.subject.removeprefix(CUSTOMER)))
            else:
                orders = [self._ledger.order_in(t, order.uuid) for order in due.orders]
            there = [order for order in orders if order.created_at.year == due.year and due.part not in order.erased]
            if any(self._keep.until(due.part, order.retention_from) > due.until for order in there):
                raise OrderInWork(f"Something has happened to an order of {due.subject} meanwhile.")
            return self._record(t, due.subject, orders, request, provenance)

        return self._finish(self._ledger.write(record).result(), request)

    def erase_file_due(self, due: FileDue, provenance: Provenance) -> Erasure:
        """Erases parts of a reconciliation after the end of their retention period. Raises the same as
        `erase_reconciliation`."""
        request = ErasureRequest(due.parts, RETENTION)
        return self.erase_reconciliation(due.state.uuid, request, provenance, version=due.state.version)

    def erase_reconciliation(
        self, uuid: UUID, request: ErasureRequest, provenance: Provenance, *, version: int | None = None
    ) -> Erasure:
        """Erases parts of a reconciliation: `file`, the provider's file with all reports, and `contact`, the reasons
        that people gave. Where `version` is given, the reconciliation must be at that version.

        Raises ReconciliationNotFound, ReconciliationMoved, ReconciliationInWork, PersonalDataHeld, PersonalDataPlain.
        """

        def record(t: Transaction) -> Erasure:
            state = reconciled.reconciliation(self._ledger, uuid, t)
            if version not in (None, state.version):
                raise ReconciliationMoved(state.version)
            return self._record_of_reconciliation(t, state, request, provenance)

        return self._finish(self._ledger.write(record).result(), request)

    # --- the steps ---

    def _orders(self, t: Transaction, customer_id: int) -> list[Order]:
        """A customer's orders, with those that this transaction has written."""
        found = dict.fromkeys(self._orders_of(customer_id))
        created = (raw for raw in t.written if TOPICS[raw.topic].shape in (e.OrderCreated, e.CustomerChanged))
        found |= dict.fromkeys(UUID(raw.order) for raw in created)
        orders = [self._ledger.order_in(t, uuid) for uuid in found]
        return [order for order in orders if order.customer_id == customer_id]

    def _guests_yet(self, t: Transaction, noted: NotedErasure) -> list[Order]:
        """The guests' orders that a noted erasure of a customer reached: after the backup that the ledger was restored
        from, they were given to the customer."""
        keys = self.keys.store.get_all(noted.keys)
        uuids = {UUID(key.subject.removeprefix(GUEST)) for key in keys if key.subject.startswith(GUEST)}
        orders = [self._ledger.order_in(t, uuid) for uuid in sorted(uuids) if t.version_of(uuid)]
        return [order for order in orders if order.customer_id is None]

    def _record(
        self, t: Transaction, subject: str, orders: Sequence[Order], request: ErasureRequest, provenance: Provenance
    ) -> Erasure:
        """Retires the keys, then records an event in each order that has something to erase.

        Raises PersonalDataHeld, OrderInWork, PersonalDataPlain.
        """
        now, holding = self._ledger.clock(), subjects_of(orders)  # an order holds those of other years, too
        orders = [order for order in orders if not request.years or order.created_at.year in request.years]
        decided = self._decided(orders, request, now)
        if not decided:
            return self._nothing(t, subject, request)
        if request.again is None:
            self._must_not_be_held(holding)
            self._must_be_erasable(t, [order for order, _ in decided], request)
        waiting = self._keys_of(t, subject, orders, request)
        keys, uuids = list(waiting), [order.uuid for order, _ in decided]
        if request.is_trial:
            return Erasure(None, subject, request.parts, uuids, keys, t.max_notification_id() or 0, is_new=False)
        self.keys.retire(keys, now)
        position = 0
        for order, event in decided:
            # Each key stands in one event: in that of an order whose data it sealed or, where no such order is left, in
            # the last.
            is_last = order is decided[-1][0]
            own = [key for key, of in waiting.items() if is_last or of == owner_of(order)]
            for key in own:
                del waiting[key]
            recorded = replace(event, keys=tuple(own))
            position = self._ledger.record(t, order, [recorded], provenance, now).position
        return Erasure(decided[0][1].erasure, subject, request.parts, uuids, keys, position, is_new=True)

    def _nothing(self, t: Transaction, subject: str, request: ErasureRequest) -> Erasure:
        return Erasure(None, subject, request.parts, (), (), t.max_notification_id() or 0, is_new=False)

    def _record_of_reconciliation(
        self, t: Transaction, state: Reconciliation, request: ErasureRequest, provenance: Provenance
    ) -> Erasure:
        """Retires the keys, then records the event in the reconciliation.

        Raises PersonalDataHeld, PersonalDataPlain, ReconciliationInWork.
        """
        now, subject = self._ledger.clock(), reconciled.owner_of(state).subject
        if request.again is None:
            self._must_not_be_held([subject])
            _must_be_sealed(t, state.uuid, request.parts)
        keys = tuple(self._keys_of(t, subject, (), request))
        if not keys:
            return self._nothing(t, subject, request)
        if state.is_in_work and not request.force:
            raise ReconciliationInWork(state.open)
        self.keys.retire(keys, now)
        event = of_reconciliation.PersonalErased(
            occurred_at=now,
            erasure=request.again.id if request.again else str(uuid4()),
            basis=request.basis,
            erased=request.parts,
            reference=request.reference,
            keys=keys,
        )
        after, records = to_records(RECONCILIATION, state, state.uuid, [event])
        stored = self._ledger.stored(records, reconciled.owner_of(after), now)
        positions = self._ledger.append(t, stored, provenance=provenance, now=now, claims=claims_of(records))
        return Erasure(event.erasure, subject, request.parts, (), keys, positions[-1], is_new=True)

    def _decided(
        self, orders: Sequence[Order], request: ErasureRequest, now: datetime
    ) -> list[tuple[Order, e.PersonalErased]]:
        """The orders that have something to erase, each with its event."""
        why = ErasureGrounds(
            erasure=request.again.id if request.again else str(uuid4()),
            basis=request.basis,
            parts=request.parts,
            restricts=request.basis != RETENTION,
            reference=request.reference,
        )
        left = INVOICE if CONTACT in request.parts else CONTACT  # the part that is kept where one of the two goes
        found = []
        for order in orders:
            event = erase(order, why, until=self._keep.until(left, order.retention_from), now=now)
            if event is not None:
                found.append((order, event))
        return found

    def _destroyed(self, subject: str, request: ErasureRequest) -> Iterator[tuple[str, str]]:
        """The destroyed keys of the requested parts: the time each was destroyed, and the id of its erasure."""
        for key in self.keys.store.of_subject(subject):
            if key.part in request.parts and key.destroyed_at and key.erasure:
                yield key.destroyed_at, key.erasure

    def _must_be_erasable(self, t: Transaction, orders: Sequence[Order], request: ErasureRequest) -> None:
        """Raises OrderInWork, PersonalDataPlain."""
        if not request.force and (in_work := [order.id for order in orders if is_in_work(order)]):
            named = ", ".join(map(str, in_work[:_NAMED_MAX])) + (" and more" if len(in_work) > _NAMED_MAX else "")
            raise OrderInWork(
                f"Orders in work: {named}. The shop still needs to know whose they are; `force` erases all the same."
            )
        keyring = t.keyring()
        if keyring is None or keyring.since:  # else every record was sealed from the first
            for order in orders:
                _must_be_sealed(t, order.uuid, PARTS)

    def _must_not_be_held(self, subjects: Collection[str]) -> None:
        """Raises PersonalDataHeld where one of the subjects is held."""
        if hold := self.keys.store.hold_on(subjects):
            held = f"What is personal of {hold.subject} is held"
            raise PersonalDataHeld(f"{held} since {hold.since}, by {hold.reference}.")

    def _keys_of(
        self, t: Transaction, subject: str, orders: Sequence[Order], request: ErasureRequest
    ) -> dict[str, DataOwner | None]:
        """The ids of the keys to destroy, each with its owner. They are the subject's keys, and the keys that orders
        had as guests' orders before they became the customer's. A repeated erasure adds the keys that it destroyed
        before, without an owner."""
        subjects = dict.fromkeys((subject, *subjects_of(orders)))
        found: dict[str, DataOwner | None] = {}
        for key in (key for of in subjects for key in self.keys.of_subject(of)):
            in_years = not request.years or key.year in request.years
            if in_years and key.part in request.parts and key.destroyed_at is None and not _is_taken(t, key):
                found[key.id] = DataOwner(key.subject, key.year)
        if request.again is not None:
            found |= {key: None for key in request.again.keys if key not in found and not t.claim(ERASED_KEY, key)}
        return found

    def _finish(self, erasure: Erasure, request: ErasureRequest) -> Erasure:
        """Notes the erasure in the file outside and destroys its keys, once the events are recorded. Also finishes an
        earlier erasure that was cut off."""
        if erasure.is_new and erasure.id is not None:
            now, keys = self._ledger.clock(), tuple(erasure.keys)
            of = erasure.id, erasure.subject, erasure.parts, request.years, request.basis, request.reference
            self._erasures.note(NotedErasure(*of, keys), now)
            self.keys.destroy(erasure.keys, erasure.id, now)
        there = self.keys.store.of_subject(erasure.subject)
        is_left = any(key.retired_at is not None and key.destroyed_at is None for key in there)
        if not request.is_trial and (is_left or not erasure.is_new):
            destroy_leftovers(self._ledger, self.keys, self._erasures)
        if erasure.is_new or erasure.orders:
            return erasure
        _, last = max(self._destroyed(erasure.subject, request), default=("", None))
        return erasure._replace(id=last)


def _is_taken(t: Transaction, key: StoredDataKey) -> bool:
    """Whether the log has an erasure that destroys this key: the erasure is about to destroy it, or was cut off
    before."""
    return key.retired_at is not None and t.claim(ERASED_KEY, key.id) is not None


def _must_be_sealed(t: Transaction, uuid: UUID, parts: Collection[str]) -> None:
    """Raises PersonalDataPlain where a record of the history has one of these parts in plain, or names a file or report
    kept in plain."""
    for raw in t.raw_records_of(str(uuid)):
        topic = TOPICS[raw.topic]
        if not topic.is_sealed and not set(parts).isdisjoint(_plain_in(topic.decode(raw.payload), topic)):
            raise PersonalDataPlain(
                f"What is personal at position {raw.position} was recorded before it was sealed, so it cannot be"
                " erased; `run.py seal` makes a log of this one in which it can."
            )


def _plain_in(event: Event, topic: Topic) -> Iterator[str]:
    """The parts of personal data that an event has in plain; `file` where it names a file or report kept in plain."""
    yield from personal_parts(event, topic.kind.personal.get(topic.shape, {}))
    for what in ("file", "report"):
        if getattr(event, f"{what}_sha256", "") and not getattr(event, f"{what}_sealed_sha256"):
            yield FILE


def missing_erasures(ledger: OrderLedger, keys: Keyring, erasures: Erasures) -> list[NotedErasure]:
    """The erasures that the file outside has and this ledger's log lacks, because the ledger was restored from an older
    backup.

    Raises ErasuresMalformed.
    """
    recorded = {str(claim.value) for claim in ledger.log_of_events.claims(ERASED_KEY)}
    aside = keys.store.aside()
    return [noted for noted in erasures.missing(recorded) if noted.id not in aside]


def unrecorded(ledger: OrderLedger, keys: Keyring) -> list[StoredDataKey]:
    """The destroyed keys for which this ledger's log has no event. The ledger was restored from before an erasure that
    is still to be repeated, or a person destroyed the keys by hand."""
    destroyed = [key for key in keys.store.each() if key.destroyed_at is not None]  # before the claims are read
    recorded = {str(claim.value) for claim in ledger.log_of_events.claims(ERASED_KEY)}
    aside = keys.store.aside()
    return [key for key in destroyed if key.id not in recorded and key.erasure not in aside]


def repeat(erasing: Erasing, noted: NotedErasure, provenance: Provenance) -> Erasure:
    """Repeats an erasure on a restored ledger. Puts the erasure aside where the ledger has nothing to erase. Raises a
    Refusal."""
    request = ErasureRequest(noted.parts, noted.basis, noted.reference, force=True, years=noted.years, again=noted)
    nothing = Erasure(noted.id, noted.subject, noted.parts, (), (), 0, is_new=False)
    try:
        if not erasing.keys.store.get_all(noted.keys):  # the erased data are not here, or are another ledger's
            made = nothing
        elif noted.subject.startswith(RECONCILIATION_SUBJECT):
            made = erasing.erase_reconciliation(
                UUID(noted.subject.removeprefix(RECONCILIATION_SUBJECT)), request, provenance
            )
        elif noted.subject.startswith(CUSTOMER):
            made = erasing.erase_customer(int(noted.subject.removeprefix(CUSTOMER)), request, provenance)
        else:
            made = erasing.erase_guest(UUID(noted.subject.removeprefix(GUEST)), request, provenance)
    except (CustomerNotFound, OrderNotFound, ReconciliationNotFound):
        made = nothing
    if not made.is_new:
        erasing.keys.store.put_aside(noted.id)
    return made


def destroy_leftovers(ledger: OrderLedger, keys: Keyring, erasures: Erasures) -> list[str]:
    """Destroys the keys that the log says are destroyed and the store still has: of erasures that were cut off, and
    keys that came back out of a backup. Returns their ids. Runs at every start, before anything is read."""
    erased = {str(claim.value): claim for claim in ledger.log_of_events.claims(ERASED_KEY)}
    unfinished: dict[str, tuple[_Erased, list[StoredDataKey]]] = {}
    for key_id in keys.store.alive(erased):
        key, event = keys.store.get(key_id), _event_of(ledger.log_of_events, erased[key_id])
        assert key is not None
        unfinished.setdefault(event.erasure, (event, []))[1].append(key)
    for erasure, (event, found) in unfinished.items():
        now, ids = ledger.clock(), tuple(key.id for key in found)
        years = sorted({key.year for key in found}) if event.basis == RETENTION else ()
        subject = _subject_of(ledger.log_of_events, erased[ids[0]], found[0])
        erasures.note(
            NotedErasure(erasure, subject, event.erased, tuple(years), event.basis, event.reference, ids), now
        )
        keys.destroy(ids, erasure, now)
    return [key.id for _, found in unfinished.values() for key in found]


def _subject_of(log: Log, claim: StoredClaim, key: StoredDataKey) -> str:
    """The subject of the erasure that took the claim on a destroyed key. A guest's key may have been destroyed with the
    data of the customer who got the order."""
    if not key.subject.startswith(GUEST):
        return key.subject
    order = fold(ORDER, None, map(_MASKED.read, list(log.raw_records_of(claim.originator_id, lte=claim.version))))
    return key.subject if order is None else owner_of(order).subject


def _event_of(log: Log, claim: StoredClaim) -> _Erased:
    """The event that took the claim on a destroyed key."""
    (raw,) = log.raw_records_of(claim.originator_id, gt=claim.version - 1, lte=claim.version)
    event = _MASKED.read(raw).event
    assert isinstance(event, ERASING)
    return event
