"""The reads of a log on PostgreSQL, over any connection: one for reading, or a transaction's.

They raise the library's errors, never the driver's.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg.types.numeric import Int8

from domain.log import files
from domain.log.library import LibraryReading
from domain.log.log import Census, ClockReading, FormerKey, KeptCheckpoint, KeptKeyring, StoredKey
from domain.log.postgres.connection import ANSWER_SECONDS_MAX, WHOLE_SECONDS_MAX, Row
from domain.log.records import Claim, NewClaim, RawRecord, StoredClaim

COLUMNS: Final = (
    "position, originator_id, version, topic, payload, recorded_at, actor, request_id, idempotency_key, digest"
)
# A span is read in short statements: none fills the memory, or holds up the server's vacuum.
PAGE_POSITIONS: Final = 4_096
PIECE_BYTES_MAX: Final = 4 * 1024 * 1024
CLAIMS_AT_ONCE: Final = 10_000
KEYS_SQL: Final = f"SELECT {', '.join(StoredKey._fields)} FROM access_keys"
KEYS_BY_FORMER_SQL: Final = (
    "SELECT name, former_keys.prefix, former_keys.hash, customer_id, scopes, created_at, revoked_at,"
    " former_keys.expires_at, origins FROM former_keys JOIN access_keys USING (name)"
)
KEYRING_SQL: Final = "SELECT id, since, made_at FROM keyrings"
_EVERYTHING: Final = 2**62
_CLAIM: Final = "kind, value, number, originator_id, version"


class PostgresReading(LibraryReading, ABC):
    """Implements `log.Reading`."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = (), *, seconds: float = ANSWER_SECONDS_MAX) -> list[Row]:
        """The rows of a query, which has so many seconds."""

    def _records(self, rest: str, values: Sequence[Any], *, seconds: float = ANSWER_SECONDS_MAX) -> Iterator[RawRecord]:
        return map(RawRecord._make, self._rows(f"SELECT {COLUMNS} FROM events {rest}", values, seconds=seconds))

    def _one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first row; None where there is no row."""
        rows = self._rows(sql, values)
        return rows[0][0] if rows else None

    def max_notification_id(self) -> int | None:
        """The head of the log; None while it is empty."""
        head: int | None = self._one("SELECT max(position) FROM events")
        return head

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
        if "\0" in (actor or ""):  # PostgreSQL's text cannot hold a NUL, so the server would refuse the query
            return
        terms = ["position > $1", "position <= $2"]
        values: list[Any] = [after, _EVERYTHING if until is None else until]
        for term, value in (
            ("originator_id = ${}", None if originator_id is None else str(originator_id)),
            ("actor = ${}", actor),
            ("recorded_at >= ${}", since),
            ("recorded_at <= ${}", before),
            ("topic = ANY(${})", list(topics) or None),
        ):
            if value is not None:
                values.append(value)
                terms.append(term.format(len(values)))
        where = f"WHERE {' AND '.join(terms)}"
        if originator_id is None and limit is None:
            yield from self._paged(f"{where} ORDER BY position", after, until, values[2:])
            return
        # Sorted by an expression, so that the server uses the index on order and version instead of scanning the log.
        order = "position" if originator_id is None else "position + 0"
        yield from self._in_pieces(where, order, values, _limit(limit))

    def _in_pieces(self, where: str, order: str, values: Sequence[Any], limit: int) -> Generator[RawRecord, None, None]:
        """The records of a query whose first value is the position to read behind. Each statement reads about
        `PIECE_BYTES_MAX` of payloads."""
        before = f"sum(octet_length(payload)) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) - octet_length(payload)"
        found = f"SELECT {COLUMNS}, {before} AS before FROM events {where} ORDER BY {order} LIMIT ${len(values) + 1}"
        piece = f"SELECT {COLUMNS} FROM ({found}) AS found WHERE before < {PIECE_BYTES_MAX}"
        after = values[0]
        while limit > 0:
            raws = list(map(RawRecord._make, self._rows(piece, (after, *values[1:], limit))))
            yield from raws
            if len(raws) == limit or sum(len(raw.payload) for raw in raws) < PIECE_BYTES_MAX:
                return
            after, limit = raws[-1].position, limit - len(raws)

    def _paged(
        self, rest: str, after: int, until: int | None, filters: Sequence[Any]
    ) -> Generator[RawRecord, None, None]:
        head = self.max_notification_id() or 0
        last = head if until is None else min(until, head)
        while after < last:
            page_end = min(last, after + PAGE_POSITIONS)
            yield from self._records(rest, (after, page_end, *filters)) if filters else self._span(after, page_end)
            after = page_end

    def _span(self, after: int, until: int) -> Iterator[RawRecord]:
        """All records of a span."""
        return self._records("WHERE position > $1 AND position <= $2 ORDER BY position", (after, until))

    def raw_record(self, position: int) -> RawRecord | None:
        return next(self._records("WHERE position = $1", (position,)), None)

    def raw_records_of(
        self, originator_id: str, *, gt: int | None = None, lte: int | None = None, limit: int | None = None
    ) -> Iterator[RawRecord]:
        low, high = (-_EVERYTHING if gt is None else gt), (_EVERYTHING if lte is None else lte)
        return self._records(
            "WHERE originator_id = $1 AND version > $2 AND version <= $3 ORDER BY version LIMIT $4",
            (originator_id, low, high, _limit(limit)),
        )

    def raw_records_by_order(self, low: str, high: str) -> Iterator[RawRecord]:
        return self._records(
            "WHERE originator_id >= $1 AND originator_id < $2 ORDER BY originator_id, version",
            (low, high),
            seconds=WHOLE_SECONDS_MAX,
        )

    def raw_records_elsewhere(
        self, orders: Iterable[str], first: int, last: int, head: int, *, limit: int | None = None
    ) -> Iterator[RawRecord]:
        where = (
            "WHERE position > $1 AND originator_id = ANY($2) AND (position < $3 OR position > $4) AND position <= $5"
        )
        return self._in_pieces(where, "position + 0", (0, list(orders), first, last, head), _limit(limit))

    def raw_records_without_beginning(self, head: int) -> Iterator[RawRecord]:
        return self._records(
            "WHERE originator_id IN (SELECT originator_id FROM events GROUP BY originator_id"
            " HAVING NOT bool_or(version = 1)) AND position <= $1 ORDER BY position",
            (head,),
            seconds=WHOLE_SECONDS_MAX,
        )

    def parts(self, size: int) -> list[int]:
        rows = self._rows(
            "SELECT part FROM generate_series((SELECT (min(position) - 1) / $1 FROM events),"
            " (SELECT (max(position) - 1) / $1 FROM events)) AS part WHERE EXISTS"
            " (SELECT 1 FROM events WHERE position > part * $1 AND position <= (part + 1) * $1) ORDER BY part",
            (size,),
        )
        return [part for (part,) in rows]

    def census(self) -> Census:
        # One statement, so that all counts are of one moment. A signed head's size tells of positions whose records are
        # gone.
        ((head, signed, kinds, counts),) = self._rows(
            "SELECT (SELECT max(position) FROM events), (SELECT max(size) FROM checkpoints),"
            " (SELECT array_agg(kind ORDER BY kind) FROM (SELECT DISTINCT kind FROM claims) AS kinds),"
            " (SELECT array_agg(n ORDER BY kind) FROM"
            " (SELECT kind, count(*) AS n FROM claims GROUP BY kind) AS counts)",
            seconds=WHOLE_SECONDS_MAX,
        )
        claims = {kind.decode(): count for kind, count in zip(kinds or (), counts or (), strict=True)}
        return Census(head or 0, max(head or 0, signed or 0), claims)

    def last_recorded_at(self) -> str | None:
        return _text(self._one("SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1"))

    def clock_reading(self, boot: str) -> ClockReading | None:
        rows = self._rows(
            "SELECT boot, uptime, moment, why FROM clocks WHERE boot = $1 ORDER BY number DESC LIMIT 1", (boot,)
        )
        return clock_of(rows[0]) if rows else None

    def clock_readings(self) -> list[ClockReading]:
        return list(map(clock_of, self._rows("SELECT boot, uptime, moment, why FROM clocks ORDER BY number")))

    def position_of(self, originator_id: UUID | str, version: int) -> int:
        values = (str(originator_id), version)
        return self._one("SELECT position FROM events WHERE originator_id = $1 AND version = $2", values) or 0

    def version_of(self, originator_id: UUID | str, until: int | None = None) -> int:
        # An expression of the position, so that the server uses the index on order and version.
        found = self._one(
            "SELECT version FROM events WHERE originator_id = $1 AND position + 0 <= $2 ORDER BY version DESC LIMIT 1",
            (str(originator_id), _EVERYTHING if until is None else until),
        )
        return found or 0

    def payload_bytes(self, originator_id: UUID) -> int:
        asked = "SELECT sum(octet_length(payload)) FROM events WHERE originator_id = $1"
        return self._one(asked, (str(originator_id),)) or 0

    def actor_at(self, position: int) -> str | None:
        return _text(self._one("SELECT actor FROM events WHERE position = $1", (position,)))

    def begun(self, orders: Iterable[str]) -> list[str]:
        rows = self._rows(
            "SELECT originator_id FROM events WHERE originator_id = ANY($1) AND version = 1", (list(orders),)
        )
        return [uuid.decode() for (uuid,) in rows]

    # --- claims ---

    def claim(self, kind: str, value: str | int) -> Claim | None:
        column = "value" if isinstance(value, str) else "number"
        rows = self._rows(
            f"SELECT originator_id, version, fingerprint FROM claims WHERE kind = $1 AND {column} = $2", (kind, value)
        )
        return claim_of(rows[0]) if rows else None

    def claimed(self, wanted: Iterable[tuple[str, str | int]]) -> Mapping[tuple[str, str | int], StoredClaim]:
        found = map(stored_claim, self._rows(*these_claims(_CLAIM, wanted)))
        return {(claim.kind, claim.value): claim for claim in found}

    def claims(self, kind: str) -> Iterator[StoredClaim]:
        for column, least in (("value", ""), ("number", -_EVERYTHING)):
            comparison, last = ">=", least
            while rows := self._rows(
                f"SELECT {_CLAIM} FROM claims WHERE kind = $1 AND {column} {comparison} $2 ORDER BY {column} LIMIT $3",
                (kind, last, CLAIMS_AT_ONCE),
            ):
                found = list(map(stored_claim, rows))
                yield from found
                comparison, last = ">", found[-1].value

    def every_claim(self) -> Iterator[NewClaim]:
        for column, least in (("value", ""), ("number", -_EVERYTHING)):
            comparison, last = ">=", ("", least)
            while rows := self._rows(
                f"SELECT {_CLAIM}, fingerprint FROM claims WHERE {column} IS NOT NULL"
                f" AND (kind, {column}) {comparison} ($1, $2) ORDER BY kind, {column} LIMIT $3",
                (*last, CLAIMS_AT_ONCE),
            ):
                found = list(map(_new_claim, rows))
                yield from found
                comparison, last = ">", (found[-1].kind, found[-1].value)

    def dangling_claims(self) -> Iterator[StoredClaim]:
        rows = self._rows(
            f"SELECT {_CLAIM} FROM claims WHERE NOT EXISTS (SELECT 1 FROM events"
            " WHERE events.originator_id = claims.originator_id AND events.version = claims.version)",
            seconds=WHOLE_SECONDS_MAX,
        )
        return map(stored_claim, rows)

    def claim_max(self, kind: str) -> int:
        return self._one("SELECT max(number) FROM claims WHERE kind = $1 AND number IS NOT NULL", (kind,)) or 0

    # --- signed heads, files and keys ---

    def checkpoints(self, last: int | None = None) -> list[bytes]:
        rows = self._rows("SELECT note FROM checkpoints ORDER BY size DESC LIMIT $1", (_limit(last),))
        return [note for (note,) in rows][::-1]

    def every_checkpoint(self) -> Iterator[KeptCheckpoint]:
        return map(_checkpoint_of, self._rows("SELECT size, note, made_at FROM checkpoints ORDER BY size"))

    def last_checkpoint(self) -> KeptCheckpoint | None:
        rows = self._rows("SELECT size, note, made_at FROM checkpoints ORDER BY size DESC LIMIT 1")
        return _checkpoint_of(rows[0]) if rows else None

    def handovers(self) -> list[KeptCheckpoint]:
        return list(map(_checkpoint_of, self._rows("SELECT size, note, made_at FROM handovers ORDER BY number")))

    def kept_files(self) -> list[str]:
        return [sha.decode() for (sha,) in self._rows("SELECT DISTINCT sha256 FROM kept_files ORDER BY sha256")]

    def kept_files_bytes(self) -> int:
        return int(self._one("SELECT coalesce(sum(length(content)), 0)::bigint FROM kept_files"))

    def kept_file(self, sha256: str) -> Iterator[bytes]:
        asked = "SELECT content FROM kept_files WHERE sha256 = $1 AND piece = $2"
        return files.whole(sha256, lambda number: self._one(asked, (sha256, number)))

    def keyring(self) -> KeptKeyring | None:
        return keyring_of(self._rows(KEYRING_SQL))

    def access_key(self, key_hash: bytes) -> StoredKey | None:
        asked = f"{KEYS_SQL} WHERE hash = $1 UNION ALL {KEYS_BY_FORMER_SQL} WHERE former_keys.hash = $1"
        rows = self._rows(asked, (key_hash,))
        return key_of(rows[0]) if rows else None

    def access_keys(self) -> list[StoredKey]:
        return list(map(key_of, self._rows(f"{KEYS_SQL} ORDER BY created_at, name")))

    def former_keys(self) -> list[FormerKey]:
        rows = self._rows("SELECT hash, name, prefix, expires_at FROM former_keys ORDER BY name, expires_at, prefix")
        return [FormerKey(hash_, *(text.decode() for text in texts)) for hash_, *texts in rows]


def these_claims(columns: str, wanted: Iterable[tuple[str, str | int]]) -> tuple[str, Sequence[Any]]:
    """The query for the claims on these pairs of kind and value, and the query's values."""
    pairs = list(dict.fromkeys(wanted))
    texts = [(kind, value) for kind, value in pairs if isinstance(value, str)]
    numbers = [(kind, Int8(value)) for kind, value in pairs if not isinstance(value, str)]
    sql = (
        f"SELECT {columns} FROM unnest($1::text[], $2::text[]) AS wanted (kind, value)"
        " JOIN claims USING (kind, value)"
        f" UNION ALL SELECT {columns} FROM unnest($3::text[], $4::bigint[]) AS wanted (kind, number)"
        " JOIN claims USING (kind, number)"
    )
    return sql, [[pair[at] for pair in some] for some in (texts, numbers) for at in (0, 1)]


def stored_claim(row: Row) -> StoredClaim:
    kind, value, number, originator_id, version, *_ = row
    return StoredClaim(kind.decode(), number if value is None else value.decode(), originator_id.decode(), version)


def _new_claim(row: Row) -> NewClaim:
    kind, value, originator_id, version = stored_claim(row)
    return NewClaim(kind, value, UUID(originator_id), version, row[-1])


def claim_of(row: Row) -> Claim:
    originator_id, version, fingerprint = row
    return Claim(UUID(originator_id.decode()), version, fingerprint)


def clock_of(row: Row) -> ClockReading:
    boot, uptime, moment, why = row
    return ClockReading(boot.decode(), uptime, moment.decode(), why.decode())


def _checkpoint_of(row: Row) -> KeptCheckpoint:
    size, note, made_at = row
    return KeptCheckpoint(size, note, made_at.decode())


def keyring_of(rows: Sequence[Row]) -> KeptKeyring | None:
    return KeptKeyring(rows[0][0].decode(), rows[0][1], rows[0][2].decode()) if rows else None


def key_of(row: Row) -> StoredKey:
    name, prefix, key_hash, customer_id, scopes, created_at, revoked_at, expires_at, origins = row
    return StoredKey(
        name.decode(),
        prefix.decode(),
        key_hash,
        customer_id,
        scopes.decode(),
        created_at.decode(),
        _text(revoked_at),
        _text(expires_at),
        origins.decode(),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _limit(limit: int | None) -> int:
    return _EVERYTHING if limit is None else limit
