"""What may be asked of a log, and of a transaction on it. Each engine that a log can stand on implements these.

Whatever the engine, an error of it is the library's: IntegrityError where another write was first to a version or a
claim, OperationalError for all else. Of these LogFull, LogBusy, LogForbidden and LogAway say why nothing can be
written, and WriteLost that what was lost can be written again.
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
    """The disk that the log is on takes nothing more. What it has can be read."""


class LogBusy(OperationalError):
    """Another program has kept the log to itself for too long."""


class LogAway(OperationalError):
    """The log cannot be reached, or does not answer; what was under way may be recorded, or not."""


class LogForbidden(OperationalError):
    """The process has not the right to; the message says who has."""


class WriteLost(OperationalError):
    """What was written is not there, through no fault of its own: all of it can be done again."""


class Wants(NamedTuple):
    """What work will ask of a log, as far as it can be foretold: histories, claims, the largest integers of kinds,
    clocks, and whose personal data it will seal beside those of the histories. A hint: what is not named is asked for
    when it is needed."""

    originators: tuple[UUID, ...] = ()
    claims: tuple[tuple[str, str | int], ...] = ()
    maxima: tuple[str, ...] = ()
    boots: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class Census(NamedTuple):
    """How much there is, all at one moment: the head, the last position ever given, the claims of each kind."""

    head: int
    given: int
    claims: dict[str, int]


class ClockShown(NamedTuple):
    """What a machine's clock showed, so many microseconds after the machine's start `boot`, and why that is kept."""

    boot: str
    uptime: int
    moment: str
    why: str


class KeptCheckpoint(NamedTuple):
    """A signed head that is kept: how many records it signs, its note, and the instant when it was made."""

    size: int
    note: bytes
    made_at: str


class KeptKeyring(NamedTuple):
    """The keyring that seals what is personal in the log, and the head of the log when it began to."""

    id: str
    since: int
    made_at: str


class StoredKey(NamedTuple):
    """An access key as it is stored; times are instants, scopes and origins stand with blanks between them."""

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
    """A secret of an access key before its newest one, and the instant when it runs out."""

    hash: bytes
    name: str
    prefix: str
    expires_at: str


class Reading(Protocol):
    """What a log answers; inside a transaction, with all that the transaction has written.

    A span of positions leaves its first out and has its last in it. An `originator` is an order or a reconciliation.
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
        """An originator's events by their versions, each with its position."""

    def max_notification_id(self) -> int | None:
        """The head of the log: its last position; None while it is empty."""

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
        """The records of a span in the order of positions; `since` and `before` are instants, both inclusive."""

    def raw_record(self, position: int) -> RawRecord | None:
        """The record at a position."""

    def raw_records_of(
        self, originator_id: str, *, gt: int | None = None, lte: int | None = None, limit: int | None = None
    ) -> Iterator[RawRecord]:
        """An originator's records by their versions; behind one version, or up to one."""

    def raw_records_by_order(self, low: str, high: str) -> Iterator[RawRecord]:
        """The records of the originators from the UUID `low` to before `high`, each one's by their versions."""

    def raw_records_elsewhere(
        self, orders: Iterable[str], first: int, last: int, head: int, *, limit: int | None = None
    ) -> Iterator[RawRecord]:
        """These originators' records up to `head` that do not stand from `first` to `last`, by positions."""

    def raw_records_without_beginning(self, head: int) -> Iterator[RawRecord]:
        """The records up to `head` of originators that have no first version, by positions."""

    def parts(self, size: int) -> list[int]:
        """The numbers, from 0, of those parts of the log that have records, each part `size` positions long."""

    def census(self) -> Census:
        """How much there is. The last position given is known whether or not its record is still there."""

    def last_recorded_at(self) -> str | None:
        """The time of the last record, which no other one's is later than; None while there is none."""

    def clock_shown(self, boot: str) -> ClockShown | None:
        """What was last kept of a machine's clock since that start."""

    def clocks_shown(self) -> list[ClockShown]:
        """All that was kept of machines' clocks, in the order in which it was."""

    def position_of(self, originator_id: UUID | str, version: int) -> int:
        """The position where an originator reached a version; 0 where it did not."""

    def version_of(self, originator_id: UUID | str, until: int | None = None) -> int:
        """An originator's last version, or its last up to a position, looked for from the end; 0 where it has none."""

    def payload_bytes(self, originator_id: UUID) -> int:
        """How many bytes an originator's payloads have together."""

    def actor_at(self, position: int) -> str | None:
        """The actor of the record at a position."""

    def begun(self, orders: Iterable[str]) -> list[str]:
        """Those of these UUIDs that have a first version."""

    def claim(self, kind: str, value: str | int) -> Claim | None:
        """The claim of something unique: its order, and the version that the claiming write brought that to."""

    def claimed(self, wanted: Iterable[tuple[str, str | int]]) -> Mapping[tuple[str, str | int], StoredClaim]:
        """Those of these kinds and values that are claimed, each with its claim."""

    def claims(self, kind: str) -> Iterator[StoredClaim]:
        """Every claim of a kind."""

    def every_claim(self) -> Iterator[NewClaim]:
        """Every claim of every kind, with all that was claimed."""

    def claims_of_nothing(self) -> Iterator[StoredClaim]:
        """The claims of whatever kind whose order has not the version that they name."""

    def claim_max(self, kind: str) -> int:
        """The largest integer that is claimed of a kind; 0 where none is."""

    def checkpoints(self, last: int | None = None) -> list[bytes]:
        """The signed heads that are kept, or the last so many of them, the smallest first."""

    def every_checkpoint(self) -> Iterator[KeptCheckpoint]:
        """The signed heads that are kept, the smallest first."""

    def last_checkpoint(self) -> KeptCheckpoint | None:
        """The signed head of the largest size."""

    def handovers(self) -> list[KeptCheckpoint]:
        """The signed heads by which one signing key handed over to the next, as they were kept."""

    def kept_files(self) -> list[str]:
        """The SHA-256 of each kept file, in their order."""

    def kept_files_bytes(self) -> int:
        """What all kept files take, as they are stored."""

    def kept_file(self, sha256: str) -> Iterator[bytes]:
        """A kept file, piece by piece. Raises OperationalError where it is not what was kept."""

    def keyring(self) -> KeptKeyring | None:
        """The keyring that what is personal is sealed by; None where it is recorded as it is."""

    def access_key(self, key_hash: bytes) -> StoredKey | None:
        """The access key with this hash, in force or not; by a former secret, as it is with that."""

    def access_keys(self) -> list[StoredKey]:
        """Every access key there is and was, in the order of their making."""

    def former_keys(self) -> list[FormerKey]:
        """Every former secret of every access key, by their names and by when they run out."""


class Transaction(Reading, Protocol):
    """All of it is committed, or nothing."""

    # Whether the clock was held against the log already in this transaction.
    clock_holds: bool

    @property
    def may_grow(self) -> bool:
        """Whether more work is to join the transaction while it is under way, or is better off in the next."""

    def prefetch(self, wants: Wants) -> None:
        """Asks at once for what work will ask that joins the transaction."""

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
        version or a claim is taken, or where the version before an event's is not the last one.
        """

    def take_over(self, raws: Sequence[RawRecord], claims: Sequence[NewClaim] = ()) -> None:
        """Appends another log's next records exactly as they are stored there, and takes claims.

        Raises IntegrityError where a position does not follow on the head, or a version or a claim is taken.
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """What is written inside is taken back where it raises; the rest of the transaction stands."""

    def keep_checkpoint(self, size: int, note: bytes, now: datetime) -> None:
        """Keeps a signed head; one that is kept for its size already stays."""

    def keep_handover(self, handed: KeptCheckpoint) -> None:
        """Keeps the signed head by which one signing key hands over to the next."""

    def keep_file(self, sha256: str, file: BinaryIO) -> None:
        """Keeps a file's content under its SHA-256; one that is kept already stays."""

    def keep_keyring(self, keyring: KeptKeyring) -> None:
        """Binds the log to the keyring by which what is personal is sealed from now on; there is one, for ever."""

    def put_access_key(self, key: StoredKey) -> None:
        """Keeps an access key as it is now, in the place of the one of its name."""

    def put_former_key(self, key: FormerKey) -> None:
        """Keeps a former secret as it is now, in the place of the one of its hash."""

    def keep_clock(self, shown: ClockShown) -> None:
        """Keeps what a machine's clock shows."""

    def touch(self) -> None:
        """Writes what changes nothing, so that whatever keeps the engine from writing shows."""


Row = tuple[Any, ...]
# Whether whoever has the turn still has it.
Holds = Callable[[], bool]


class Changing(Protocol):
    """A transaction: all of it is committed, or nothing. In SQL both engines know, with `?` for values."""

    def do(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a statement returns."""

    def do_each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """A statement for each of these rows of values."""


class Beside(Protocol):
    """Tables that stand beside a log and are no part of it, so they can be changed: in a file, of one machine; or in
    the log's database, of all nodes. Raises Busy, LogAway, and the drivers' errors."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """What a query finds; nothing where the tables were never made."""

    def transaction(self) -> AbstractContextManager[Changing]:
        """Makes the tables where they are missing."""

    def turn(self) -> AbstractContextManager[Holds | None]:
        """The turn of one process among all that have these tables; None where another has it. At the end of this it is
        free again, however that comes."""


class Log(Reading, Protocol):
    """A log. It is used by many threads; at any time at most one transaction, of whatever process, is under way."""

    @property
    def url(self) -> str:
        """The address by which another process opens the same log (`opening.open_log`)."""

    @property
    def is_at_hand(self) -> bool:
        """Whether it answers by itself, so that to ask is no wait for anybody else."""

    @property
    def times_lost(self) -> int:
        """How often it was out of reach for this process, its start counted: each time it may have gone back since, to
        what a standby had."""

    def create(self) -> None:
        """Makes what a log needs where it is missing. Raises OperationalError where something else stands there."""

    def transaction(self, wants: Wants = ...) -> AbstractContextManager[Transaction]:
        """Begins to write when nobody else does, with what is wanted at hand. Raises LogBusy where that takes too long,
        LogAway; at the commit also LogFull, and WriteLost."""

    def held(self) -> AbstractContextManager[Reading]:
        """Nobody writes meanwhile, however long that is. Raises LogBusy, LogAway."""

    def wait_for_news(self, seconds: float, /) -> bool:
        """Whether somebody may have appended within this time, or changed keys; for one thread of a process."""

    def access_key_at_hand(self, key_hash: bytes) -> StoredKey | None:
        """The access key with this hash, where that is known without a wait."""

    def key_store(self, file: Path) -> KeyStore:
        """Where the data keys of this log are: in this file or, for a log in a database, beside it there."""

    def beside(self, file: Path, tables: Sequence[str]) -> Beside:
        """Tables beside the log: these, in this file or, for a log in a database, those that stand ready there."""

    def faults(self) -> Iterator[Fault]:
        """What the engine itself finds wrong: in its schema, in what it has stored, in its indexes. Reads it all."""

    def warnings(self, workers: int = 0) -> list[str]:
        """What an operator should change of what the log stands on, where so many processes are to serve it."""

    def mend_indexes(self) -> None:
        """Makes every index anew from its table. Raises IntegrityError where a table has twice what is unique."""

    def close(self) -> None:
        """Closes this thread's connection for reading, and the one for writing. Either opens again when it is used."""
