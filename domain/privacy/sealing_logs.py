"""Writes a log that was recorded in plain anew, position for position, with its personal data sealed.

A record keeps its position, version, time, actor and request. A record that had personal data gets another payload,
topic and digest. So the new log has a tree of its own, and its first checkpoint names the old log's root, for readers
who have compared the two. The old log is to be destroyed then: its very digests confirm guesses.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import islice
from tempfile import TemporaryFile
from typing import Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from domain.aggregate import Record
from domain.ledger import OrderLedger
from domain.log.log import KeptKeyring, Log, Reading, Transaction
from domain.log.mapper import EventMapper
from domain.log.records import NewClaim, RawRecord, digest_of, uuid_of
from domain.moments import instant
from domain.order import events as e
from domain.order.personal import CONTACT
from domain.privacy.files import KeptFiles
from domain.privacy.keyring import CUSTOMER, GUEST, DataOwner, Keyring
from domain.privacy.marking import Marks, is_keyed
from domain.proof import merkle
from domain.reconciliation.events import ReconciliationStarted, reasoned_about
from domain.reconciliation.state import FILE, RECONCILIATION, SUBJECT
from domain.topics import TOPICS, kind_of

BATCH_RECORDS: Final = 2_000
SEALED_FROM: Final = "sealed-from"


class NotSealed(Exception):
    """The log cannot be written anew. The message says why, and at which position."""


class Sealed(NamedTuple):
    """The number of records, the number of those that were sealed, and the roots of the old log's tree and the new
    one's."""

    records: int
    sealed: int
    old_root: bytes
    root: bytes


def seal_log(
    source: OrderLedger, target: Log, keys: Keyring, now: datetime, progress: Callable[[int, int], None]
) -> Sealed:
    """Writes the source's log anew into an empty log, sealed by these keys. Raises NotSealed, and the errors of the
    mapper."""
    target.create()
    if target.max_notification_id() is not None:
        raise NotSealed("the other place has records already; name one that has none.")
    with source.log_of_events.locked() as held:  # no command is recorded meanwhile
        head = held.max_notification_id() or 0
        sealing = _Sealing(source, held, keys, now)
        trees = _Tree(), _Tree()
        for after in range(0, head, BATCH_RECORDS):
            until = min(head, after + BATCH_RECORDS)
            old = list(held.raw_records(after=after, until=until))
            if len(old) < until - after:
                raise NotSealed(f"records are missing behind position {after}; `run.py verify` says which.")
            with target.transaction() as t, keys.sealing():
                new = [sealing.record(t, raw) for raw in old]
                t.take_over(new)
            for tree, raws in zip(trees, (old, new), strict=True):
                tree.append([raw.digest for raw in raws])
            progress(until, head)
        claims = iter(held.every_claim())
        while some := list(islice(claims, BATCH_RECORDS)):
            with target.transaction() as t, keys.sealing():
                t.take_over([], [sealing.claim(claim) for claim in some])
        with target.transaction() as t:
            _copy_the_rest(source, t, sealing.files)
            t.keep_keyring(KeptKeyring(keys.store.id, 0, instant(now)))
    return Sealed(head, sealing.sealed, trees[0].root, trees[1].root)


def extension(origin: str, made: Sealed) -> str:
    """The line in the new log's first checkpoint that names the old log."""
    return f"{SEALED_FROM} {origin} {made.records} {base64.b64encode(made.old_root).decode()}"


def _copy_the_rest(source: OrderLedger, t: Transaction, sealed: Mapping[str, str]) -> None:
    for key in source.log_of_events.access_keys():
        t.put_access_key(key)
    for former in source.log_of_events.former_keys():
        t.put_former_key(former)
    for sha256 in (sha256 for sha256 in source.log_of_events.kept_files() if sha256 not in sealed):
        t.keep_file(sha256, BytesIO(b"".join(source.log_of_events.kept_file(sha256))))


class _Sealing:
    """Seals the records one after the other, in the log's order."""

    def __init__(self, source: OrderLedger, held: Reading, keys: Keyring, now: datetime) -> None:
        self._read = source.mapper.read
        self._kept = source.log_of_events.kept_file
        self._held = held
        self._seals = KeptFiles(source.log_of_events, keys)
        # The SHA-256 of each sealed file's sealed bytes, by that of the plain file.
        self.files: dict[str, str] = {}
        self._stored = EventMapper(keys).stored
        self._marks = Marks(keys)
        self._now = now
        self._owners: dict[UUID, DataOwner] = {}
        self.sealed = 0

    def record(self, t: Transaction, raw: RawRecord) -> RawRecord:
        record = self._read(raw)
        event, uuid = record.event, record.originator_id
        if isinstance(event, e.OrderCreated):
            subject = f"{GUEST}{uuid}" if event.customer_id is None else f"{CUSTOMER}{event.customer_id}"
            self._owners[uuid] = DataOwner(subject, event.occurred_at.year)
        elif isinstance(event, e.CustomerChanged):
            self._owners[uuid] = self._owners[uuid]._replace(subject=f"{CUSTOMER}{event.customer_id}")
        elif isinstance(event, ReconciliationStarted):
            self._owners[uuid] = DataOwner(f"{SUBJECT}{uuid}", event.occurred_at.year)
        topic, with_files = TOPICS[raw.topic], self._with_files(t, record)
        if topic.is_sealed or (topic.shape not in topic.kind.personal and with_files is record):
            return raw
        stored = self._stored(with_files, self._owner(record), self._now)
        if not TOPICS[stored.topic.encode()].is_sealed and with_files is record:
            return raw
        self.sealed += 1
        made = raw._replace(topic=stored.topic.encode(), payload=stored.state)
        return made._replace(digest=digest_of(*made[1:-1]))

    def _owner(self, record: Record) -> DataOwner:
        """The owner of a record's personal data. A reason about payments of a single customer belongs to that customer,
        any other data to the record's own subject."""
        paid = filter(None, map(self._held.raw_record, reasoned_about(record.event)))
        owners = {owner.subject: owner for owner in (self._owners[uuid_of(raw.originator_id)] for raw in paid)}
        return next(iter(owners.values())) if len(owners) == 1 else self._owners[record.originator_id]

    def _with_files(self, t: Transaction, record: Record) -> Record:
        """The record with the SHA-256 of the sealed bytes of the file or report that it names. A file or report kept in
        plain is sealed now."""
        for what in ("file", "report"):
            sha256 = getattr(record.event, f"{what}_sha256", "")
            if kind_of(record) is RECONCILIATION and sha256 and not getattr(record.event, f"{what}_sealed_sha256"):
                sealed = self._sealed(t, sha256, self._owners[record.originator_id])
                return replace(record, event=replace(record.event, **{f"{what}_sealed_sha256": sealed}))
        return record

    def _sealed(self, t: Transaction, sha256: str, owner: DataOwner) -> str:
        with TemporaryFile() as file:
            file.writelines(self._kept(sha256))
            self.files[sha256] = self._seals.keep(t, sha256, file, owner, FILE, self._now)
        return self.files[sha256]

    def claim(self, claim: NewClaim) -> NewClaim:
        """The claim with its fingerprint keyed like that of a new command, since a plain one confirms guesses. A keyed
        one stays."""
        owner = self._owners.get(claim.originator_id)
        if claim.fingerprint is None or owner is None or is_keyed(claim.fingerprint):
            return claim
        return claim._replace(fingerprint=self._marks.make(claim.fingerprint, owner, (CONTACT,), self._now))


class _Tree:
    """A Merkle tree that keeps only the last complete node of each level."""

    def __init__(self) -> None:
        self._size = 0
        self._last: dict[int, bytes] = {}

    def _get(self, level: int, _index: int) -> bytes:
        return self._last[level]

    def append(self, digests: Sequence[bytes]) -> None:
        for level, (_, nodes) in enumerate(merkle.levels(self._size, digests, self._get)):
            self._last[level] = nodes[-1]
        self._size += len(digests)

    @property
    def root(self) -> bytes:
        return merkle.root(self._size, self._get)
