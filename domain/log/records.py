"""A record of the log: what is stored of one event, and the digest over it.

Also what goes into the log beside events: where a write comes from, and claims of what is unique across all orders.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import Notification

_Field = str | bytes | int | None


@dataclass(frozen=True)
class LogEntry(Notification):
    """The library's Notification, and whether it can be believed."""

    # Whether the record's bytes are those that its digest was made of.
    is_intact: bool


class RawRecord(NamedTuple):
    """A record exactly as it is stored, for readers that must not trust it: text as its bytes."""

    position: int
    originator_id: bytes
    version: int
    topic: bytes
    payload: bytes
    recorded_at: bytes
    actor: bytes
    request_id: bytes | None
    idempotency_key: bytes | None
    digest: bytes

    @property
    def order(self) -> str:
        return text_of(self.originator_id)

    def digest_holds(self) -> bool:
        """Whether the record's bytes are those that its digest was made of."""
        return self.digest == digest_of(*self[1:-1])


class Fault(NamedTuple):
    """What an engine finds wrong in a log: at which position (0 where that is unknown), of which order, and what."""

    position: int
    order: str | None
    reason: str


class Claim(NamedTuple):
    """What somebody holds of what is unique in the whole ledger, and the write that took it."""

    originator_id: UUID
    version: int
    fingerprint: bytes | None


class StoredClaim(NamedTuple):
    """A claim exactly as it is stored, for readers that must not trust it."""

    kind: str
    value: str | int
    originator_id: str
    version: int


class NewClaim(NamedTuple):
    kind: str
    value: str | int
    originator_id: UUID
    version: int
    fingerprint: bytes | None = None


class Provenance(msgspec.Struct, frozen=True):
    """Where a write comes from."""

    actor: str
    request_id: str | None = None
    idempotency_key: str | None = None


def digest_of(originator_id: _Field, version: _Field, topic: _Field, payload: _Field, /, *rest: _Field) -> bytes:
    """SHA-256 over a record's fields but its position, as the leaf hash of RFC 9162 (a zero byte first).

    Each field is its length in four bytes and then its UTF-8; null is the length FFFFFFFF alone; a number is its
    decimal text. The fields come in the order of the table's columns, from originator_id to idempotency_key.
    """
    head = (b"\x00", _framed_again(originator_id), _framed_again(version), _framed_again(topic))
    return hashlib.sha256(b"".join((*head, _framed(payload), _all_framed_again(rest)))).digest()


def _framed(field: _Field) -> bytes:
    """A field as a leaf's bytes have it."""
    if field is None:
        return b"\xff\xff\xff\xff"
    text = field if isinstance(field, bytes) else str(field).encode()
    return len(text).to_bytes(4, "big") + text


# All but the payloads stand in many records; the last four together, in all that one command wrote.
_framed_again = lru_cache(maxsize=4096)(_framed)


@lru_cache(maxsize=64)
def _all_framed_again(fields: tuple[_Field, ...]) -> bytes:
    return b"".join(map(_framed, fields))


def text_of(originator_id: bytes | None) -> str:
    """What a record has for its order's UUID; of a damaged one that may be anything, or nothing at all."""
    return (originator_id or b"").decode(errors="replace")


# Neighbours in the log are mostly of the same order, and parsing its UUID costs more than the rest of a record.
@lru_cache(maxsize=1024)
def uuid_of(originator_id: bytes) -> UUID:
    """Raises ValueError where the bytes are no UUID's text."""
    return UUID(originator_id.decode())


def entry_of(row: tuple[Any, ...]) -> LogEntry:
    """A record as the library's Notification."""
    raw = RawRecord._make(row)
    try:
        uuid: UUID | str = uuid_of(raw.originator_id)
    except ValueError:  # damaged: no order's, and whoever folds it finds that out
        uuid = raw.order
    return LogEntry(
        originator_id=uuid,
        originator_version=raw.version,
        topic=raw.topic.decode(errors="replace"),
        state=raw.payload,
        id=raw.position,
        is_intact=raw.digest_holds(),
    )
