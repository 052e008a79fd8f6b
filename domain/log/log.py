"""What may a program ask of a log, and of a transaction on a log? Each engine implements these Protocols.

Every engine raises the eventsourcing library's errors: IntegrityError where another write took a version or a claim
first, OperationalError for every other failure. Its subclasses LogFull, LogBusy, LogForbidden and LogAway say why
nothing can be written. WriteLost says that a write was lost and can be done again.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol
from uuid import UUID

from eventsourcing.persistence import OperationalError, StoredEvent

from domain.log.records import Claim, Fault, LogEntry, NewClaim, Provenance, RawRecord, StoredClaim
from domain.privacy.keyring import KeyStore


class LogFull(OperationalError):
    """The log's disk takes no more bytes. The records can still be read."""


class LogBusy(OperationalError):
    """Another program has held the log's lock for too long."""


class LogAway(OperationalError):
    """The log cannot be reached, or does not answer. A write that was under way may be recorded, or not."""


class LogForbidden(OperationalError):
    """The process lacks the right to write the log; on PostgreSQL the message says which role has it."""


class WriteLost(OperationalError):
    """The transaction is not in the log, for a reason outside of it. All of its work can be done again."""


class ReadHints(NamedTuple):
    """A hint to the log: the reads that a piece of work will need, as far as the caller can tell beforehand.

    `originators` are histories, `claims` pairs of kind and value, `maxima` the kinds whose largest integer is needed,
    `boots` the starts of machines whose clock is needed. `subjects` are the subjects whose data keys will seal, besides
    those of the histories. A read without a hint is done when it is needed.
    """

    originators: tuple[UUID, ...] = ()
    claims: tuple[tuple[str, str | int], ...] = ()
    maxima: tuple[str, ...] = ()
    boots: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class Census(NamedTuple):
    """The log's counts at one moment: the head, the last position ever given, the number of claims of each kind."""

    head: int
    given: int
    claims: dict[str, int]


class ClockReading(NamedTuple):
    """A kept reading of a machine's clock: the instant `moment`, `uptime` microseconds after the machine's start
    `boot`. `why` is "first", "gained" or "accepted"."""

    boot: str
    uptime: int
    moment: str
    why: str


class KeptCheckpoint(NamedTuple):
    """A signed head that the log keeps: the number of records it signs, its note, and the instant it was made."""

    size: int
    note: bytes
    made_at: str


class KeptKeyring(NamedTuple):
    """The keyring that seals personal data in the log, and the log's head when sealing began (`since`)."""

    id: str
    since: int
    made_at: str


class StoredKey(NamedTuple):
    """An access key as the log stores it. Times are instants; scopes and origins are separated by blanks."""

    name: str
    prefix: str
    hash: bytes
    customer_id: int | None
    scopes: str
    created_at: str
    revoked_at: str | None
    expires_at: str | None = None
    origins: str = ""


class FormerKey(NamedTuple):
    """A secret that an access key had before its current one, and the instant at which the secret runs out."""

    hash: bytes
    name: str
    prefix: str
    expires_at: str


class Reading(Protocol):
    """The reads of a log. Inside a transaction they see the transaction's own writes.

    A span of positions excludes its first position and includes its last. An `originator` is an order, a
    reconciliation, an access key or a period.
    """

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LogEntry]:
        """An originator's events in the order of versions, each with its position."""

    def max_notification_id(self) -> int | None:
        """The log's head, which is its last position; None while the log is empty."""

    def raw_records(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        originator_id: UUID | None = None,
        topics: Sequence[str] = (),
        actor: str | None = None,
        since: str | None = None,
        before: str | None = None,
    ) -> Generator[RawRecord, None, None]:
        """The records of a span in the order of positions. `since` and `before` are instants, both inclusive."""

    def raw_record(self, position: int) -> RawRecord | None:
        """The record at a position; None where there is none."""

    def raw_records_of(
        self, originator_id: str, *, gt: int | None = None, lte: int | None = None, limit: int | None = None
    ) -> Iterator[RawRecord]:
        """An originator's records in the order of versions: behind the version `gt`, up to the version `lte`."""

    def raw_records_by_order(self, low: str, high: str) -> Iterator[RawRecord]:
        """The records of the originators from the UUID `low` to before `high`, in the order of UUIDs and versions."""

    def raw_records_elsewhere(
        self, orders: Iterable[str], first: int, last: int, head: int, *, limit: int | None = None
    ) -> Iterator[RawRecord]:
        """The records of these originators up to `head`, without those from position `first` to `last`, in the order of
        positions."""

    def raw_records_without_beginning(self, head: int) -> Iterator[RawRecord]:
        """The records up to `head` of originators without a version 1, in the order of positions."""

    def parts(self, size: int) -> list[int]:
        """The numbers of the parts of the log that have records. Part 0 has the positions from 1 to `size`, and so
        on."""

    def census(self) -> Census:
        """The log's counts. The last position given is known even where its record is gone."""

    def last_recorded_at(self) -> str | None:
        """The instant of the last record, which is the latest of all; None while the log is empty."""

    def clock_reading(self, boot: str) -> ClockReading | None:
        """The clock's last kept reading since the machine's start `boot`; None where there is none."""

    def clock_readings(self) -> list[ClockReading]:
        """Every kept reading of a machine's clock, in the order of keeping."""

    def position_of(self, originator_id: UUID | str, version: int) -> int:
        """The position of an originator's version; 0 where the originator has no such version."""

    def version_of(self, originator_id: UUID | str, until: int | None = None) -> int:
        """An originator's last version, up to the position `until` where one is given; 0 where there is none. Looks
        from the index's end."""

    def payload_bytes(self, originator_id: UUID) -> int:
        """The bytes of all payloads of an originator together."""

    def actor_at(self, position: int) -> str | None:
        """The actor of the record at a position; None where there is no record."""

    def begun(self, orders: Iterable[str]) -> list[str]:
        """The UUIDs among `orders` that have a version 1 in the log."""

    def claim(self, kind: str, value: str | int) -> Claim | None:
        """The claim on a unique value, by its kind: the order, and the order's version after the claiming write; None
        where the value is free."""

    def claimed(self, wanted: Iterable[tuple[str, str | int]]) -> Mapping[tuple[str, str | int], StoredClaim]:
        """The claims on these pairs of kind and value, by pair. A free pair is absent."""

    def claims(self, kind: str) -> Iterator[StoredClaim]:
        """Every claim of a kind."""

    def every_claim(self) -> Iterator[NewClaim]:
        """Every claim of every kind, with its fingerprint."""

    def dangling_claims(self) -> Iterator[StoredClaim]:
        """The claims, of every kind, that name a version which their order does not have."""

    def claim_max(self, kind: str) -> int:
        """The largest integer claimed of a kind; 0 where none is claimed."""

    def checkpoints(self, last: int | None = None) -> list[bytes]:
        """The notes of the kept signed heads, or of the `last` largest of them, the smallest first."""

    def every_checkpoint(self) -> Iterator[KeptCheckpoint]:
        """The kept signed heads, the smallest first."""

    def last_checkpoint(self) -> KeptCheckpoint | None:
        """The largest kept signed head; None where none is kept."""

    def handovers(self) -> list[KeptCheckpoint]:
        """The signed heads by which one signing key handed over to the next, in the order of keeping."""

    def kept_files(self) -> list[str]:
        """The SHA-256 of each kept file, sorted."""

    def kept_files_bytes(self) -> int:
        """The stored (compressed) bytes of all kept files together."""

    def kept_file(self, sha256: str) -> Iterator[bytes]:
        """The content of a kept file, piece by piece. Raises OperationalError where the file is missing or altered."""

    def keyring(self) -> KeptKeyring | None:
        """The keyring that seals personal data; None where personal data is recorded in the clear."""

    def access_key(self, key_hash: bytes) -> StoredKey | None:
        """The access key with this hash, in force or not; None where there is none. Found by a former secret, it has
        this secret's hash, prefix and end."""

    def access_keys(self) -> list[StoredKey]:
        """Every access key, in force or not, in the order of making."""

    def former_keys(self) -> list[FormerKey]:
        """Every former secret of every access key, in the order of the keys' names and the secrets' ends."""


class Transaction(Reading, Protocol):
    """A transaction on a log: all of its writes are committed, or none."""

    # Whether this transaction has already checked the clock against the log.
    clock_holds: bool

    @property
    def may_grow(self) -> bool:
        """Whether more work should join the transaction while it is under way, rather than wait for the next."""

    def prefetch(self, wants: ReadHints) -> None:
        """Reads in one round trip the answers that work joining the transaction will need."""

    @property
    def written(self) -> Sequence[RawRecord]:
        """The records that this transaction has appended, in the order of positions."""

    def append(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        provenance: Provenance,
        now: datetime,
        claims: Sequence[NewClaim] = (),
    ) -> Sequence[int]:
        """Appends events and takes claims; returns the positions.

        A record's `recorded_at` is never earlier than that of the record before it. Raises IntegrityError where a
        version or a claim is taken, or where an event's version does not follow on its history's last version.
        """

    def take_over(self, raws: Sequence[RawRecord], claims: Sequence[NewClaim] = ()) -> None:
        """Appends another log's next records byte for byte, and takes claims.

        Raises IntegrityError where a position does not follow on the head, or a version or a claim is taken.
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """A savepoint: where its block raises, the block's writes are taken back and the rest of the transaction
        stands."""

    def keep_checkpoint(self, size: int, note: bytes, now: datetime) -> None:
        """Keeps a signed head. Does nothing where a signed head of this size is already kept."""

    def keep_handover(self, handed: KeptCheckpoint) -> None:
        """Keeps the signed head by which one signing key hands over to the next."""

    def keep_file(self, sha256: str, file: BinaryIO) -> None:
        """Keeps a file's content under its SHA-256. Does nothing where the file is already kept."""

    def keep_keyring(self, keyring: KeptKeyring) -> None:
        """Binds the log for ever to one keyring, which seals personal data from now on."""

    def put_access_key(self, key: StoredKey) -> None:
        """Stores an access key in place of the stored key of the same name."""

    def put_former_key(self, key: FormerKey) -> None:
        """Stores a former secret in place of the stored secret of the same hash."""

    def keep_clock(self, shown: ClockReading) -> None:
        """Keeps a reading of a machine's clock."""

    def touch(self) -> None:
        """Does a write that changes nothing. Raises the error that keeps the engine from writing, if any."""


Row = tuple[Any, ...]
# Tells whether the process still has the turn.
Holds = Callable[[], bool]


class BesideTransaction(Protocol):
    """A transaction on tables beside a log: all of it is committed, or nothing. Its statements are SQL that both
    engines know, with `?` for values."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Executes a statement; returns its rows."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Executes a statement once for each row of values."""


class Beside(Protocol):
    """Tables beside a log. They are no part of it, so their rows may change.

    They are in a file, for the processes of one machine, or in the log's database, for all nodes. The methods raise
    Busy, LogAway, and the drivers' errors.
    """

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a query finds; none where the tables were never made."""

    def transaction(self) -> AbstractContextManager[BesideTransaction]:
        """A transaction on the tables, which are made where they are missing."""

    def turn(self) -> AbstractContextManager[Holds | None]:
        """The turn of one process among all processes that share these tables; None where another process has it. The
        block's end frees the turn, even where the process dies."""


class Log(Reading, Protocol):
    """A log, used by many threads. Among all processes at most one transaction is under way at a time."""

    @property
    def url(self) -> str:
        """The address by which another process opens this log (`opening.open_log`)."""

    @property
    def is_local(self) -> bool:
        """Whether the log is on this machine, so that no read waits for another one."""

    @property
    def connection_losses(self) -> int:
        """The number of times this process lost its connection to the log, its start counted. After each time the log
        may have fallen back to a standby's shorter copy."""

    def create(self) -> None:
        """Makes the log's tables where they are missing. Raises OperationalError where the address holds something
        else."""

    def transaction(self, wants: ReadHints = ...) -> AbstractContextManager[Transaction]:
        """A transaction, begun once no other is under way. `wants` are read at its start. Raises LogBusy where the
        wait takes too long, and LogAway; at the commit also LogFull and WriteLost."""

    def locked(self) -> AbstractContextManager[Reading]:
        """The log's reads while no process writes, for as long as the block takes. Raises LogBusy, LogAway."""

    def wait_for_news(self, seconds: float, /) -> bool:
        """Waits up to so many seconds for news of another node's append or of a changed access key; returns whether
        there may be any. An engine that tells no news returns False at once. Only one thread of a process may wait."""

    def access_key_nowait(self, key_hash: bytes) -> StoredKey | None:
        """The access key with this hash, where the process knows it without a wait; else None."""

    def key_store(self, file: Path) -> KeyStore:
        """The store of this log's data keys: this file or, for a log in a database, tables there."""

    def beside(self, file: Path, tables: Sequence[str]) -> Beside:
        """The tables beside the log, made by the statements `tables` in this file. For a log in a database, they are
        in its schema already."""

    def faults(self) -> Iterator[Fault]:
        """The faults that the engine itself finds in its schema, its stored rows and its indexes. Reads the whole
        log."""

    def warnings(self, workers: int = 0) -> list[str]:
        """The settings of the engine that an operator should change for so many serving processes."""

    def mend_indexes(self) -> None:
        """Makes every index anew from its table. Raises IntegrityError where a table has a unique value twice."""

    def close(self) -> None:
        """Closes this thread's connection for reading and the process's one for writing. Their next use opens them
        again."""
