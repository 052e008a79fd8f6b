"""An access key's state, and how events make it. A name belongs to one key for ever, so the key's UUID follows from
it."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.access import events as e
from domain.aggregate import Kind, Record, ValueObject

_NAMESPACE: Final = UUID("0c1b7c8e-6b1d-4a5e-9f43-3f5d2b7a9e10")


def uuid_of(name: str) -> UUID:
    """The UUID of the history of the key with this name."""
    return uuid5(_NAMESPACE, name)


class Former(ValueObject, frozen=True, kw_only=True):
    """A secret that a newer one has replaced, and the time at which it runs out."""

    prefix: str
    sha256: str
    expires_at: datetime


class Key(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    uuid: UUID
    version: int
    name: str
    prefix: str
    sha256: str
    customer_id: int | None = None
    scopes: tuple[str, ...] = ()
    made_at: datetime
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()
    former: tuple[Former, ...] = ()
    revoked_at: datetime | None = None


def evolve(key: Key | None, record: Record) -> Key:
    """The key after the record's event. Its events come in the order of versions, KeyMade first."""
    event, version = record.event, record.originator_version
    if isinstance(event, e.KeyMade):
        return Key(
            uuid=record.originator_id,
            version=version,
            name=event.name,
            prefix=event.prefix,
            sha256=event.sha256,
            customer_id=event.customer_id,
            scopes=event.scopes,
            made_at=event.occurred_at,
        )
    assert key is not None
    if isinstance(event, e.KeyScoped):
        return replace(key, version=version, scopes=event.scopes)
    if isinstance(event, e.KeyLimited):
        return replace(key, version=version, expires_at=event.expires_at, origins=event.origins)
    if isinstance(event, e.KeyRotated):
        return _rotated(replace(key, version=version), event)
    return replace(key, version=version, revoked_at=event.occurred_at)


def _rotated(key: Key, event: e.KeyRotated) -> Key:
    until = event.kept_until
    last = Former(prefix=key.prefix, sha256=key.sha256, expires_at=min(key.expires_at or until, until))
    return replace(
        key,
        prefix=event.prefix,
        sha256=event.sha256,
        expires_at=event.expires_at,
        former=(*(replace(of, expires_at=min(of.expires_at, until)) for of in key.former), last),
    )


KEY: Final = Kind("access key", topics=e.TOPICS, first=e.KeyMade, evolve=evolve)
