"""One transaction on the log: its foretold reads come with the lock, and its writes go with the commit.

Between the two only a read that was not foretold is sent, together with the writes so far. A savepoint is kept in this
process's memory until a read sends the writes before it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg.types.numeric import Int8

from domain.log import files
from domain.log.library import must_follow
from domain.log.log import ClockReading, FormerKey, KeptCheckpoint, KeptKeyring, ReadHints, StoredKey, WriteLost
from domain.log.postgres.connection import (
    ANSWER_SECONDS_MAX,
    LOCK_WAIT_SECONDS_MAX,
    Connection,
    ConnectionLost,
    Row,
    Statement,
    library_errors,
)
from domain.log.postgres.data_keys import CHANGE, TransactionKeys, notification, of_histories, of_subjects
from domain.log.postgres.reading import (
    COLUMNS,
    KEYRING_SQL,
    PostgresReading,
    claim_of,
    clock_of,
    keyring_of,
    stored_claim,
    these_claims,
)
from domain.log.postgres.schema import LOCK
from domain.log.records import Claim, NewClaim, Provenance, RawRecord, digest_of
from domain.moments import instant
from domain.privacy.keyring import GUEST, StoredDataKey

CHANNEL: Final = "order_ledger"
KEYS: Final = "keys"  # the notification of changed access keys; that of an append is the appending node's id
# For the copying of a log, which sends no statement while it writes the copy.
HELD_IDLE_SECONDS_MAX: Final = 600

# Only the last so many events of a longer history are foretold: a command folds them onto the state that the views
# keep.
PREFETCHED_EVENTS_MAX: Final = 65
_SAVEPOINT: Final = Statement("SAVEPOINT work")
_RELEASE: Final = Statement("RELEASE work")
_HEAD: Final = Statement("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1")
_HISTORIES: Final = (
    f"SELECT {COLUMNS} FROM unnest($1::text[]) AS wanted (uuid) CROSS JOIN LATERAL (SELECT * FROM events"
    f" WHERE originator_id = uuid ORDER BY version DESC LIMIT {PREFETCHED_EVENTS_MAX}) AS last"
    " ORDER BY originator_id, version"
)
_MAXIMA: Final = (
    "SELECT wanted, (SELECT max(number) FROM claims WHERE kind = wanted AND number IS NOT NULL)"
    " FROM unnest($1::text[]) AS wanted"
)
_CLOCKS: Final = (
    "SELECT DISTINCT ON (boot) boot, uptime, moment, why FROM clocks WHERE boot = ANY($1) ORDER BY boot, number DESC"
)
_INSERT_EVENTS: Final = (
    "INSERT INTO events SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[],"
    " $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])"
)
_INSERT_CLAIMS: Final = (
    "INSERT INTO claims SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[],"
    " $6::bytea[])"
)
_NUMBERS: Final = (0, 2)  # the places of a record's fields that are bigints
_BYTES: Final = 9


class _History(NamedTuple):
    """The records of a whole history, or of its end."""

    raws: list[RawRecord]
    is_whole: bool

    def has(self, gt: int | None) -> bool:
        """Whether every record behind a version is here."""
        return self.is_whole or (gt is not None and bool(self.raws) and self.raws[0].version <= gt + 1)

    def between(self, gt: int | None, lte: int | None) -> list[RawRecord]:
        return [raw for raw in self.raws if (gt or 0) < raw.version and (lte is None or raw.version <= lte)]


class _Savepoint:
    """A savepoint: the numbers of unsent events, unsent claims and changes at its start, and whether it was sent."""

    def __init__(self, t: "PostgresTransaction") -> None:
        self.is_sent = False
        self.events, self.claims, self.changes = len(t.unsent_events), len(t.unsent_claims), len(t.changes)


class PostgresTransaction(PostgresReading):
    """Implements `log.Transaction`, on the connection that has the log's lock."""

    def __init__(self, connection: Connection, node: str, *, is_sealed: bool) -> None:
        self._connection = connection
        self._node = node
        # A sealed log's data keys as this transaction knows them, and the keyring's `change` under the lock.
        self.keys = TransactionKeys() if is_sealed else None
        self.keys_change: bytes | None = None
        # How many changes of data keys this process was told of before the transaction read any.
        self.keys_told = 0
        self._has_changed_data_keys = False
        self._has_read: set[str] = set()
        self.clock_holds = False
        self._written: list[RawRecord] = []
        self._recorded_at: str | None = None
        self.head_before = self.head = 0
        # Whether other nodes write, too: during their commits more work arrives here, and joins.
        self.may_grow = False
        # The answers that are known without a query.
        self._histories: dict[str, _History] = {}
        self._claims: dict[tuple[str, str | int], Claim | None] = {}
        self._maxima: dict[str, int] = {}
        self._clocks: dict[str, ClockReading | None] = {}
        self._keyring: KeptKeyring | None = None
        # The unsent writes, in the order of sending: statements, events, claims.
        self._statements: list[Statement] = []
        self.unsent_events: list[RawRecord] = []
        self.unsent_claims: list[NewClaim] = []
        self._savepoints: list[_Savepoint] = []
        # The steps that undo, last first, what the writes changed in this object.
        self.changes: list[Callable[[], object]] = []
        self._has_written = False
        self._has_changed_keys = False
        # Whether the transaction has read anything, which a client may be told.
        self._has_told = False
        # Whether the writes of earlier turns failed when they were sent, so that nothing can be committed.
        self.is_spoilt = False
        # The query that finds out, on another connection, whether the transaction is committed. It looks for a record:
        # other rows may have been there before, or be taken back to a savepoint.
        self.proof: Statement | None = None

    # --- what is foretold ---

    def begin(self, wants: ReadHints) -> None:
        """Begins, takes the log's lock, and reads the head and the wanted answers. Raises ConnectionLost, and the
        driver's LockNotAvailable."""
        asked = list(_asked(wants, is_sealed=self.keys is not None))
        if self.keys is not None:
            asked.append((CHANGE, PostgresTransaction.note_change))
        else:
            asked.append((Statement(KEYRING_SQL), PostgresTransaction.note_keyring))
        # The head in a statement behind the lock's, so that its snapshot is taken under the lock.
        statements = [Statement("BEGIN"), LOCK, _HEAD, *(statement for statement, _ in asked)]
        _, _, head, *found = self._connection.execute(*statements, seconds=LOCK_WAIT_SECONDS_MAX + 0.5)
        if head:
            self.head, self._recorded_at = head[0][0], head[0][1].decode()
        self.head_before = self.head
        self._note(wants, asked, found)

    def keep_lock(self) -> None:
        """Keeps the lock for up to `HELD_IDLE_SECONDS_MAX` without a statement. Raises WriteLost."""
        self._exchange(Statement(f"SET LOCAL idle_in_transaction_session_timeout = '{HELD_IDLE_SECONDS_MAX}s'"))

    def prefetch(self, wants: ReadHints) -> None:
        if asked := list(_asked(wants, is_sealed=self.keys is not None)):
            self._note(wants, asked, self._exchange(*(statement for statement, _ in asked)))

    def _note(
        self,
        wants: ReadHints,
        asked: Sequence[tuple[Statement, Callable[["PostgresTransaction", ReadHints, list[Row]], None]]],
        found: Sequence[list[Row]],
    ) -> None:
        self._has_told = self._has_told or bool(wants.originators or wants.claims or wants.maxima)
        for (_, note), rows in zip(asked, found, strict=True):
            note(self, wants, rows)

    def note_histories(self, wants: ReadHints, rows: list[Row]) -> None:
        raws: dict[str, list[RawRecord]] = {str(uuid): [] for uuid in wants.originators}
        for raw in map(RawRecord._make, rows):
            raws[raw.order].append(raw)
        for order, found in raws.items():
            # A known history stays, since it has this transaction's own records, too.
            self._histories.setdefault(order, _History(found, len(found) < PREFETCHED_EVENTS_MAX))

    def note_claims(self, wants: ReadHints, rows: list[Row]) -> None:
        found = {(claim.kind, claim.value): claim_of(row[3:]) for row in rows if (claim := stored_claim(row))}
        for pair in wants.claims:
            self._claims.setdefault(pair, found.get(pair))

    def note_maxima(self, _wants: ReadHints, rows: list[Row]) -> None:
        for kind, largest in rows:
            self._maxima.setdefault(kind.decode(), largest or 0)

    def note_clocks(self, wants: ReadHints, rows: list[Row]) -> None:
        found = {clock.boot: clock for clock in map(clock_of, rows)}
        for boot in wants.boots:
            self._clocks.setdefault(boot, found.get(boot))

    def note_keyring(self, _wants: ReadHints, rows: list[Row]) -> None:
        self._keyring = keyring_of(rows)

    def note_change(self, _wants: ReadHints, rows: list[Row]) -> None:
        self.keys_change = rows[0][0] if rows else None

    def note_keys_of_subjects(self, wants: ReadHints, rows: list[Row]) -> None:
        if self.keys is not None:
            self.keys.note(wants.subjects, rows)

    def note_keys_of_histories(self, wants: ReadHints, rows: list[Row]) -> None:
        if self.keys is not None:
            self.keys.note((f"{GUEST}{uuid}" for uuid in wants.originators), rows)

    # --- data keys ---

    def ask_keys_of(self, subject: str) -> None:
        if self.keys is not None:
            self.keys.note([subject], self._exchange(of_subjects([subject]))[0])

    def has_read(self, uuid: str) -> bool:
        """Whether the transaction has looked this history up. A history that it has not looked up begins in it."""
        return uuid in self._has_read

    def put_data_key(self, key: StoredDataKey) -> None:
        self._has_written = True
        if self.keys is not None:
            self.keys.put(key)

    def change_data_keys(self, *statements: Statement) -> None:
        self._has_written = self._has_changed_data_keys = True
        self._exchange(*statements)

    # --- asking ---

    def _rows(self, sql: str, values: Sequence[Any] = (), *, seconds: float = ANSWER_SECONDS_MAX) -> list[Row]:
        return self._exchange(Statement(sql, values), seconds=seconds)[0]

    def _exchange(self, *asked: Statement, seconds: float = ANSWER_SECONDS_MAX) -> list[list[Row]]:
        """Sends the unsent writes and these statements; returns the statements' rows. Raises WriteLost, and the
        library's errors."""
        for savepoint in self._savepoints:
            self._send_savepoint(savepoint)
        self._has_told = True
        begun = self._statements.index(_SAVEPOINT) if _SAVEPOINT in self._statements else len(self._statements)
        self._collect(len(self.unsent_events), len(self.unsent_claims))
        statements, self._statements = self._statements, []
        with library_errors():
            try:
                return self._connection.execute(*statements, *asked, seconds=seconds)[len(statements) :]
            except ConnectionLost as error:
                raise WriteLost(str(error)) from error
            except psycopg.Error:
                # The writes of earlier turns may be what failed; rolling back to the savepoint does not mend those.
                self.is_spoilt = self.is_spoilt or bool(self._savepoints and begun)
                raise

    def _send_savepoint(self, savepoint: _Savepoint) -> None:
        if not savepoint.is_sent:
            self._collect(savepoint.events, savepoint.claims)
            self._statements.append(_SAVEPOINT)
            savepoint.is_sent = True

    def _collect(self, events: int, claims: int) -> None:
        """Moves the first so many unsent events and claims to the statements that are sent next."""
        if rows := self.unsent_events[:events]:
            del self.unsent_events[:events]
            self._statements.append(Statement(_INSERT_EVENTS, _columns(rows)))
        if taken := self.unsent_claims[:claims]:
            del self.unsent_claims[:claims]
            self._statements.append(Statement(_INSERT_CLAIMS, _claim_columns(taken)))
        for savepoint in self._savepoints:
            savepoint.events, savepoint.claims = max(0, savepoint.events - events), max(0, savepoint.claims - claims)

    def _known(self, originator_id: UUID | str) -> _History | None:
        self._has_read.add(str(originator_id))
        return self._histories.get(str(originator_id))

    @property
    def written(self) -> list[RawRecord]:
        return list(self._written)

    def last_recorded_at(self) -> str | None:
        return self._recorded_at

    def max_notification_id(self) -> int | None:
        return self.head or None

    def raw_records_of(
        self, originator_id: str, *, gt: int | None = None, lte: int | None = None, limit: int | None = None
    ) -> Iterator[RawRecord]:
        history = self._known(originator_id)
        if history is None or not history.has(gt):
            return super().raw_records_of(originator_id, gt=gt, lte=lte, limit=limit)
        return iter(history.between(gt, lte)[:limit])

    def version_of(self, originator_id: UUID | str, until: int | None = None) -> int:
        history = self._known(originator_id)
        if history is None or until is not None:
            return super().version_of(originator_id, until)
        return history.raws[-1].version if history.raws else 0

    def position_of(self, originator_id: UUID | str, version: int) -> int:
        history = self._known(originator_id)
        if history is None or not history.has(version - 1):
            return super().position_of(originator_id, version)
        return next((raw.position for raw in history.raws if raw.version == version), 0)

    def payload_bytes(self, originator_id: UUID) -> int:
        history = self._known(originator_id)
        if history is None or not history.is_whole:
            return super().payload_bytes(originator_id)
        return sum(len(raw.payload) for raw in history.raws)

    def claim(self, kind: str, value: str | int) -> Claim | None:
        if (kind, value) not in self._claims:
            return super().claim(kind, value)
        return self._claims[kind, value]

    def claim_max(self, kind: str) -> int:
        return self._maxima[kind] if kind in self._maxima else super().claim_max(kind)

    def clock_reading(self, boot: str) -> ClockReading | None:
        return self._clocks[boot] if boot in self._clocks else super().clock_reading(boot)

    def keyring(self) -> KeptKeyring | None:
        return self._keyring if self.keys is None else super().keyring()

    # --- writing ---

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        savepoint, clock_holds = _Savepoint(self), self.clock_holds
        self._savepoints.append(savepoint)
        try:
            yield
        except BaseException:
            self._savepoints.pop()
            self.clock_holds = clock_holds
            while len(self.changes) > savepoint.changes:
                self.changes.pop()()
            del self.unsent_events[savepoint.events :], self.unsent_claims[savepoint.claims :]
            if savepoint.is_sent:
                self._statements = [Statement("ROLLBACK TO work"), _RELEASE]
            raise
        self._savepoints.pop()
        if savepoint.is_sent:
            self._collect(len(self.unsent_events), len(self.unsent_claims))
            self._statements.append(_RELEASE)

    def append(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        provenance: Provenance,
        now: datetime,
        claims: Sequence[NewClaim] = (),
    ) -> Sequence[int]:
        recorded_at = max(instant(now), self._recorded_at or "")
        alike = (recorded_at, provenance.actor, provenance.request_id, provenance.idempotency_key)
        raws = list(self._raws_of(stored_events, alike))
        for claim in claims:
            if self._claims.get((claim.kind, claim.value)):
                raise IntegrityError(f"{claim.kind} {claim.value} is claimed already")
        self._note_written(raws, claims)
        return range(self.head - len(raws) + 1, self.head + 1)

    def take_over(self, raws: Sequence[RawRecord], claims: Sequence[NewClaim] = ()) -> None:
        if raws and raws[0].position != self.head + 1:
            raise IntegrityError(f"position {raws[0].position} does not follow on the log's head")
        self._note_written(raws, claims)

    def _raws_of(self, stored_events: Sequence[StoredEvent], alike: tuple[str | None, ...]) -> Iterator[RawRecord]:
        """The records of these events. Raises IntegrityError where a version does not follow on its history's last."""
        last_versions: dict[str, int] = {}
        texts = [None if text is None else text.encode() for text in alike]
        for position, stored in enumerate(stored_events, self.head + 1):
            order, version = str(stored.originator_id), stored.originator_version
            if order not in last_versions:
                # A history that begins is taken for new, since its UUID is random. The unique index has the last word.
                is_new = version == 1 and order not in self._histories
                last_versions[order] = 0 if is_new else self.version_of(order)
            must_follow(version, last_versions[order], order)
            last_versions[order] = version
            digest = digest_of(order, version, stored.topic, stored.state, *alike)
            fields = (position, order.encode(), version, stored.topic.encode(), stored.state, *texts, digest)
            yield RawRecord._make(fields)

    def _note_written(self, raws: Sequence[RawRecord], claims: Sequence[NewClaim]) -> None:
        """Notes records and claims: as unsent, in the known answers, and with the steps that undo both."""
        before = (len(self._written), self.head, self._recorded_at, self.proof)
        self.changes.append(lambda: self._go_back_to(*before))
        self._written += raws
        self.unsent_events += raws
        self.unsent_claims += claims
        self._has_written = self._has_written or bool(raws) or bool(claims)
        for raw in raws:
            history = self._histories.get(raw.order) or self._begin_history(raw)
            history.raws.append(raw)
            self.changes.append(history.raws.pop)
            self.head, self._recorded_at = raw.position, raw.recorded_at.decode()
        if raws and self.proof is None:
            place = (raws[0].position, raws[0].digest)
            self.proof = Statement("SELECT 1 FROM events WHERE position = $1 AND digest = $2", place)
        for claim in claims:
            self._take(claim)

    def _begin_history(self, raw: RawRecord) -> _History:
        """A history that is known from this record on. Taken back to a savepoint it is unknown again: without a record
        it would pass for one that the log has not."""
        history = self._histories[raw.order] = _History([], is_whole=raw.version == 1)
        self.changes.append(lambda: self._histories.pop(raw.order))
        return history

    def _go_back_to(self, written: int, head: int, recorded_at: str | None, proof: Statement | None) -> None:
        del self._written[written:]
        self.head, self._recorded_at, self.proof = head, recorded_at, proof

    def _take(self, claim: NewClaim) -> None:
        pair, largest = (claim.kind, claim.value), self._maxima.get(claim.kind)
        was_known, before = pair in self._claims, self._claims.get(pair)
        self._claims[pair] = Claim(UUID(str(claim.originator_id)), claim.version, claim.fingerprint)
        if isinstance(claim.value, int) and largest is not None:
            self._maxima[claim.kind] = max(largest, claim.value)

        def give_back() -> None:
            if was_known:
                self._claims[pair] = before
            else:
                del self._claims[pair]
            if largest is not None:
                self._maxima[claim.kind] = largest

        self.changes.append(give_back)

    def _write(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._has_written = True
        self._rows(sql, values)

    def keep_checkpoint(self, size: int, note: bytes, now: datetime) -> None:
        self._write(
            "INSERT INTO checkpoints SELECT $1::bigint, $2::text, $3::text WHERE NOT EXISTS"
            " (SELECT 1 FROM checkpoints WHERE size = $1)",
            (size, note.decode(), instant(now)),
        )

    def keep_handover(self, handed: KeptCheckpoint) -> None:
        values = (Int8(handed.size), handed.note.decode(), handed.made_at)
        self._write("INSERT INTO handovers (size, note, made_at) VALUES ($1, $2, $3)", values)

    def keep_file(self, sha256: str, file: BinaryIO) -> None:
        if self._one("SELECT 1 FROM kept_files WHERE sha256 = $1 LIMIT 1", (sha256,)):
            return
        for piece in files.pieces(file):
            self._write("INSERT INTO kept_files VALUES ($1, $2, $3)", (sha256, *piece))

    def keep_keyring(self, keyring: KeptKeyring) -> None:
        self._keyring = keyring
        values = (keyring.id, Int8(keyring.since), keyring.made_at)
        self._write("INSERT INTO keyrings VALUES (1, $1, $2, $3)", values)

    def put_access_key(self, key: StoredKey) -> None:
        self._write(
            "INSERT INTO access_keys VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO UPDATE SET"
            " prefix = excluded.prefix, hash = excluded.hash, scopes = excluded.scopes,"
            " revoked_at = excluded.revoked_at, expires_at = excluded.expires_at, origins = excluded.origins",
            key,
        )
        self._has_changed_keys = True

    def put_former_key(self, key: FormerKey) -> None:
        self._write(
            "INSERT INTO former_keys VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO UPDATE SET"
            " expires_at = excluded.expires_at",
            key,
        )
        self._has_changed_keys = True

    def keep_clock(self, shown: ClockReading) -> None:
        self._write("INSERT INTO clocks (boot, uptime, moment, why) VALUES ($1, $2, $3, $4)", shown)
        self._clocks[shown.boot] = shown
        self.changes.append(lambda: self._clocks.pop(shown.boot, None))  # so that it is asked for again

    def mend_indexes(self) -> None:
        self._write("REINDEX TABLE events")
        self._write("REINDEX TABLE claims")

    def touch(self) -> None:
        """Does nothing: taking the log's lock was a write."""

    # --- the end ---

    def commit_statements(self) -> list[Statement]:
        """The statements that end the transaction, in one round trip. Raises IntegrityError where it `is_spoilt`.

        Locking the log's row is a write, so COMMIT waits for the standby even where no record was written. So a record
        that the transaction has read, and the client's answer is about, is on the standby. A transaction that has
        neither read nor written needs no wait, and rolls back.
        """
        if self.is_spoilt:
            raise IntegrityError("what was written before did not fit when it was sent")
        if not (self._has_written or self._has_told):
            return [Statement("ROLLBACK")]
        self._collect(len(self.unsent_events), len(self.unsent_claims))
        if self.keys is not None:
            self._statements += self.keys.inserting()
        news = [*([self._node] if self._written else []), *([KEYS] if self._has_changed_keys else [])]
        telling = [Statement("SELECT pg_notify($1, $2)", (CHANNEL, each)) for each in news]
        telling += [notification()] if self._has_changed_data_keys else []
        return [*self._statements, *telling, Statement("COMMIT")]

    def refused(self, error: psycopg.IntegrityError, log: PostgresReading) -> IntegrityError:
        """The library's error for a broken constraint, with a message in the log's words."""
        for order in dict.fromkeys(raw.order for raw in self._written if raw.version == 1):
            if version := log.version_of(order):
                return IntegrityError(
                    f"the log is append-only: version 1 of {order} does not follow on version {version}"
                )
        return IntegrityError(str(error))


def _asked(
    wants: ReadHints, *, is_sealed: bool
) -> Iterator[tuple[Statement, Callable[[PostgresTransaction, ReadHints, list[Row]], None]]]:
    """The queries for the wanted answers, each with the method that notes its rows."""
    if wants.originators:
        uuids = list(dict.fromkeys(map(str, wants.originators)))
        yield Statement(_HISTORIES, (uuids,)), PostgresTransaction.note_histories
    if wants.claims:
        columns = "kind, value, number, originator_id, version, fingerprint"
        yield Statement(*these_claims(columns, wants.claims)), PostgresTransaction.note_claims
    if wants.maxima:
        yield Statement(_MAXIMA, (list(dict.fromkeys(wants.maxima)),)), PostgresTransaction.note_maxima
    if wants.boots:
        yield Statement(_CLOCKS, (list(dict.fromkeys(wants.boots)),)), PostgresTransaction.note_clocks
    if is_sealed and wants.subjects:
        yield of_subjects(set(wants.subjects)), PostgresTransaction.note_keys_of_subjects
    if is_sealed and wants.originators:
        yield of_histories(set(map(str, wants.originators))), PostgresTransaction.note_keys_of_histories


def _columns(raws: Sequence[RawRecord]) -> list[list[Any]]:
    """The records' fields column by column, in the types that the driver sends."""
    columns: list[list[Any]] = [list(column) for column in zip(*raws, strict=True)]
    for place, column in enumerate(columns):
        if place in _NUMBERS:
            columns[place] = list(map(Int8, column))
        elif place != _BYTES:
            columns[place] = [None if text is None else text.decode() for text in column]
    return columns


def _claim_columns(claims: Sequence[NewClaim]) -> list[list[Any]]:
    return [
        [claim.kind for claim in claims],
        [claim.value if isinstance(claim.value, str) else None for claim in claims],
        [None if isinstance(claim.value, str) else Int8(claim.value) for claim in claims],
        [str(claim.originator_id) for claim in claims],
        [Int8(claim.version) for claim in claims],
        [claim.fingerprint for claim in claims],
    ]
