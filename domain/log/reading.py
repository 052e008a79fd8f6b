"""The reads of a log on SQLite, over any connection: a thread's own, or a transaction's.

They raise the library's OperationalError, never the driver's.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.log import files
from domain.log.library import LibraryReading
from domain.log.log import Census, ClockReading, FormerKey, KeptCheckpoint, KeptKeyring, StoredKey
from domain.log.records import Claim, NewClaim, RawRecord, StoredClaim
from domain.log.sqlite import as_json, library_errors, sqlite3

# Text is read as bytes, so that a damaged byte is a damaged record and not an exception out of the driver. SQLite plans
# a plain `LIMIT ?` for the bound value, so it prepares the statement anew for each value; with `+?` it does not.
_RAW: Final = (
    "SELECT position, CAST(originator_id AS BLOB), version, CAST(topic AS BLOB), CAST(payload AS BLOB),"
    " CAST(recorded_at AS BLOB), CAST(actor AS BLOB), CAST(request_id AS BLOB), CAST(idempotency_key AS BLOB),"
    " digest FROM events"
)
_EVERYTHING: Final = 2**62
_KEYS: Final = f"SELECT {', '.join(StoredKey._fields)} FROM access_keys"
_KEYS_BY_FORMER: Final = (
    "SELECT name, former_keys.prefix, former_keys.hash, customer_id, scopes, created_at, revoked_at,"
    " former_keys.expires_at, origins FROM former_keys JOIN access_keys USING (name)"
)


class SQLiteReading(LibraryReading, ABC):
    """Implements `log.Reading`."""

    @property
    @abstractmethod
    def connection(self) -> sqlite3.Connection:
        """The connection that the reads use."""

    def _row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with library_errors():
            row: tuple[Any, ...] | None = self.connection.execute(statement, values).fetchone()
        return row

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with library_errors():
            return self.connection.execute(statement, values).fetchall()

    def _each(self, statement: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows one after another, however many there are."""
        with library_errors():
            yield from self.connection.execute(statement, values)

    def _records(self, statement: str, values: Sequence[Any]) -> Generator[RawRecord, None, None]:
        with library_errors():
            yield from map(RawRecord._make, self.connection.execute(f"{_RAW} {statement}", values))

    def max_notification_id(self) -> int | None:
        """The head of the log; None while it is empty."""
        row = self._row("SELECT max(position) FROM events")
        return row[0] if row else None

    # --- records ---

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
        terms = ["position > ?", "position <= ?"]
        values: list[str | int] = [after, _EVERYTHING if until is None else until]
        for term, value in (
            ("originator_id = ?", None if originator_id is None else str(originator_id)),
            ("actor = ?", actor),
            ("recorded_at >= ?", since),
            ("recorded_at <= ?", before),
        ):
            if value is not None:
                terms.append(term)
                values.append(value)
        if topics:
            terms.append(f"topic IN ({', '.join('?' * len(topics))})")
            values += topics
        values.append(-1 if limit is None else limit)
        return self._records(f"WHERE {' AND '.join(terms)} ORDER BY position LIMIT +?", values)

    def raw_record(self, position: int) -> RawRecord | None:
        return next(self.raw_records(after=position - 1, until=position), None)

    def raw_records_of(
        self, originator_id: str, *, gt: int | None = None, lte: int | None = None, limit: int | None = None
    ) -> Iterator[RawRecord]:
        # Without `gt` and `lte` the statement has no term on the version, so even a damaged version is found.
        spans = [("version > ?", gt), ("version <= ?", lte)]
        terms = ["originator_id = ?", *(term for term, end in spans if end is not None)]
        values = (originator_id, *(end for _, end in spans if end is not None), -1 if limit is None else limit)
        return self._records(f"WHERE {' AND '.join(terms)} ORDER BY version LIMIT +?", values)

    def raw_records_by_order(self, low: str, high: str) -> Iterator[RawRecord]:
        return self._records(
            "WHERE originator_id >= ? AND originator_id < ? ORDER BY originator_id, version", (low, high)
        )

    def raw_records_elsewhere(
        self, orders: Iterable[str], first: int, last: int, head: int, *, limit: int | None = None
    ) -> Iterator[RawRecord]:
        # The subquery gets the positions from the index and sorts only these: no payload is sorted, nor read early.
        return self._records(
            "WHERE position IN (SELECT position FROM events WHERE originator_id IN (SELECT value FROM json_each(?))"
            " AND (position < ? OR position > ?) AND position <= ?) ORDER BY position LIMIT +?",
            (as_json(orders), first, last, head, -1 if limit is None else limit),
        )

    def raw_records_without_beginning(self, head: int) -> Iterator[RawRecord]:
        return self._records(
            "WHERE originator_id IN (SELECT originator_id FROM events GROUP BY originator_id"
            " HAVING total(version = 1) = 0) AND position <= ? ORDER BY position",
            (head,),
        )

    def parts(self, size: int) -> list[int]:
        found: list[int] = []
        after = -(2**63)
        while True:
            ((position,),) = self._rows("SELECT min(position) FROM events WHERE position > ?", (after,))
            if position is None:
                return found
            found.append((position - 1) // size)
            after = (found[-1] + 1) * size

    def census(self) -> Census:
        # One statement, so that all counts are of one moment.
        ((head, given, claims),) = self._rows(
            "SELECT (SELECT max(position) FROM events), (SELECT seq FROM sqlite_sequence WHERE name = 'events'),"
            " (SELECT json_group_object(kind, n) FROM (SELECT kind, count(*) AS n FROM claims GROUP BY kind))"
        )
        return Census(head or 0, given or 0, msgspec.json.decode(claims))

    def last_recorded_at(self) -> str | None:
        row = self._row("SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1")
        return row[0] if row else None

    def clock_reading(self, boot: str) -> ClockReading | None:
        row = self._row(
            "SELECT boot, uptime, moment, why FROM clocks WHERE boot = ? ORDER BY number DESC LIMIT 1", (boot,)
        )
        return ClockReading._make(row) if row else None

    def clock_readings(self) -> list[ClockReading]:
        rows = self._rows("SELECT boot, uptime, moment, why FROM clocks ORDER BY number")
        return list(map(ClockReading._make, rows))

    def position_of(self, originator_id: UUID | str, version: int) -> int:
        row = self._row(
            "SELECT position FROM events WHERE originator_id = ? AND version = ?", (str(originator_id), version)
        )
        return int(row[0]) if row else 0

    def version_of(self, originator_id: UUID | str, until: int | None = None) -> int:
        # With `+position` SQLite uses the index on order and version, instead of scanning the log up to `until`.
        row = self._row(
            "SELECT version FROM events WHERE originator_id = ? AND +position <= ? ORDER BY version DESC LIMIT 1",
            (str(originator_id), _EVERYTHING if until is None else until),
        )
        return row[0] if row else 0

    def payload_bytes(self, originator_id: UUID) -> int:
        ((size,),) = self._rows(
            "SELECT sum(octet_length(payload)) FROM events WHERE originator_id = ?", (str(originator_id),)
        )
        return size or 0

    def actor_at(self, position: int) -> str | None:
        row = self._row("SELECT actor FROM events WHERE position = ?", (position,))
        return row[0] if row else None

    def begun(self, orders: Iterable[str]) -> list[str]:
        rows = self._rows(
            "SELECT wanted.value FROM json_each(?) AS wanted"
            " WHERE EXISTS (SELECT 1 FROM events WHERE originator_id = wanted.value AND version = 1)",
            (as_json(orders),),
        )
        return [uuid for (uuid,) in rows]

    # --- claims ---

    def claim(self, kind: str, value: str | int) -> Claim | None:
        row = self._row(
            "SELECT originator_id, version, fingerprint FROM claims WHERE kind = ? AND value = ?", (kind, value)
        )
        return Claim(UUID(row[0]), row[1], row[2]) if row else None

    def claimed(self, wanted: Iterable[tuple[str, str | int]]) -> Mapping[tuple[str, str | int], StoredClaim]:
        rows = self._rows(
            "WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS kind, value ->> 1 AS value FROM json_each(?))"
            " SELECT kind, value, originator_id, version FROM wanted CROSS JOIN claims USING (kind, value)",
            (as_json(wanted),),
        )
        return {row[:2]: StoredClaim._make(row) for row in rows}

    def claims(self, kind: str) -> Iterator[StoredClaim]:
        rows = self._each("SELECT kind, value, originator_id, version FROM claims WHERE kind = ?", (kind,))
        return map(StoredClaim._make, rows)

    def every_claim(self) -> Iterator[NewClaim]:
        rows = self._each("SELECT kind, value, originator_id, version, fingerprint FROM claims ORDER BY kind, value")
        return (NewClaim(kind, value, UUID(order), version, mark) for kind, value, order, version, mark in rows)

    def dangling_claims(self) -> Iterator[StoredClaim]:
        rows = self._each(
            "SELECT kind, value, originator_id, version FROM claims WHERE NOT EXISTS (SELECT 1 FROM events"
            " WHERE events.originator_id = claims.originator_id AND events.version = claims.version)"
        )
        return map(StoredClaim._make, rows)

    def claim_max(self, kind: str) -> int:
        row = self._row("SELECT value FROM claims WHERE kind = ? ORDER BY value DESC LIMIT 1", (kind,))
        return int(row[0]) if row else 0

    # --- signed heads, files and keys ---

    def checkpoints(self, last: int | None = None) -> list[bytes]:
        rows = self._rows(
            "SELECT CAST(note AS BLOB) FROM checkpoints ORDER BY size DESC LIMIT +?", (-1 if last is None else last,)
        )
        return [note for (note,) in rows][::-1]

    def every_checkpoint(self) -> Iterator[KeptCheckpoint]:
        rows = self._rows("SELECT size, CAST(note AS BLOB), made_at FROM checkpoints ORDER BY size")
        return map(KeptCheckpoint._make, rows)

    def last_checkpoint(self) -> KeptCheckpoint | None:
        row = self._row("SELECT size, CAST(note AS BLOB), made_at FROM checkpoints ORDER BY size DESC LIMIT 1")
        return KeptCheckpoint._make(row) if row else None

    def handovers(self) -> list[KeptCheckpoint]:
        rows = self._rows("SELECT size, CAST(note AS BLOB), made_at FROM handovers ORDER BY number")
        return list(map(KeptCheckpoint._make, rows))

    def kept_files(self) -> list[str]:
        return [sha256 for (sha256,) in self._rows("SELECT DISTINCT sha256 FROM kept_files ORDER BY sha256")]

    def kept_files_bytes(self) -> int:
        # SQLite knows a content's length without reading the content.
        return sum(size for (size,) in self._rows("SELECT length(content) FROM kept_files"))

    def kept_file(self, sha256: str) -> Iterator[bytes]:
        def stored(number: int) -> bytes | None:
            row = self._row("SELECT content FROM kept_files WHERE sha256 = ? AND piece = ?", (sha256, number))
            return row[0] if row else None

        return files.whole(sha256, stored)

    def keyring(self) -> KeptKeyring | None:
        row = self._row("SELECT id, since, made_at FROM keyrings")
        return KeptKeyring._make(row) if row else None

    def access_key(self, key_hash: bytes) -> StoredKey | None:
        row = self._row(f"{_KEYS} WHERE hash = ?", (key_hash,))
        row = row or self._row(f"{_KEYS_BY_FORMER} WHERE former_keys.hash = ?", (key_hash,))
        return StoredKey._make(row) if row else None

    def access_keys(self) -> list[StoredKey]:
        return list(map(StoredKey._make, self._rows(f"{_KEYS} ORDER BY created_at, name")))

    def former_keys(self) -> list[FormerKey]:
        rows = self._rows("SELECT hash, name, prefix, expires_at FROM former_keys ORDER BY name, expires_at, prefix")
        return list(map(FormerKey._make, rows))
