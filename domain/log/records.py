"""A record of the log: the stored form of one event, and the digest over it.

Also the provenance of a write (actor, request, idempotency key), and claims on values unique across all orders.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import Notification

_Field = str | bytes | int | None


@dataclass(frozen=True)
class LogEntry(Notification):
    """The library's Notification, with the outcome of the digest's check."""

    # Whether the digest matches the record's bytes.
    is_intact: bool


class RawRecord(NamedTuple):
    """A record exactly as it is stored, for readers that must not trust the log: text as bytes."""

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
        """Whether the digest matches the record's bytes."""
        return self.digest == digest_of(*self[1:-1])


class Fault(NamedTuple):
    """A fault that an engine finds in a log: its position (0 where unknown), its order (None where unknown), and the
    reason in words."""

    position: int
    order: str | None
    reason: str


class Claim(NamedTuple):
    """A claim on a value that is unique in the whole ledger: the order that holds it, the order's version after the
    claiming write, and the fingerprint of the command or line, where one is kept."""

    originator_id: UUID
    version: int
    fingerprint: bytes | None


class StoredClaim(NamedTuple):
    """A claim exactly as it is stored, for readers that must not trust the log."""

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
    """The origin of a write: its actor, and the request's id and idempotency key, where it has them."""

    actor: str
    request_id: str | None = None
    idempotency_key: str | None = None


def digest_of(originator_id: _Field, version: _Field, topic: _Field, payload: _Field, /, *rest: _Field) -> bytes:
    """The SHA-256 of a record's fields without the position, as a leaf hash of RFC 9162 (a zero byte first).

    Each field is its length in four bytes and then its UTF-8; null is the length FFFFFFFF alone; a number is its
    decimal text. The fields are in the order of the table's columns, from originator_id to idempotency_key.
    """
    head = (b"\x00", _framed_again(originator_id), _framed_again(version), _framed_again(topic))
    return hashlib.sha256(b"".join((*head, _framed(payload), _all_framed_again(rest)))).digest()


def _framed(field: _Field) -> bytes:
    """A field's bytes in a leaf: its length and its UTF-8."""
    if field is None:
        return b"\xff\xff\xff\xff"
    text = field if isinstance(field, bytes) else str(field).encode()
    return len(text).to_bytes(4, "big") + text


# Cached, since all fields but the payload recur in many records; the last four are alike in all records of a command.
_framed_again = lru_cache(maxsize=4096)(_framed)


@lru_cache(maxsize=64)
def _all_framed_again(fields: tuple[_Field, ...]) -> bytes:
    return b"".join(map(_framed, fields))


def text_of(originator_id: bytes | None) -> str:
    """The text of a record's originator_id. In a damaged record it may be any text; an absent one is empty."""
    return (originator_id or b"").decode(errors="replace")


# Neighbours in the log are mostly of the same order, and parsing its UUID costs more than the rest of a record.
@lru_cache(maxsize=1024)
def uuid_of(originator_id: bytes) -> UUID:
    """The UUID that these bytes spell. Raises ValueError where they spell none."""
    return UUID(originator_id.decode())


def entry_of(raw: RawRecord) -> LogEntry:
    """A row of a record as the library's Notification."""
    try:
        uuid: UUID | str = uuid_of(raw.originator_id)
    except ValueError:  # damaged: no order has this UUID, and the fold raises for it
        uuid = raw.order
    return LogEntry(
        originator_id=uuid,
        originator_version=raw.version,
        topic=raw.topic.decode(errors="replace"),
        state=raw.payload,
        id=raw.position,
        is_intact=raw.digest_holds(),
    )
