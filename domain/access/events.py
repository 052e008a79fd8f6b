"""The events of an access key: facts in the past tense, and the permanent topics under which they are stored.

Never the key itself: its hash, which is that of 256 random bits, and its first letters. Who made it is the actor of the
record, and when the time of that.
"""

from datetime import datetime
from typing import Final

from domain.aggregate import Event


class KeyMade(Event, frozen=True, kw_only=True):
    """A key carries either a customer or scopes. One that is `adopted` was made at this time by an older version of the
    program, which did not record it."""

    name: str
    prefix: str
    sha256: str
    customer_id: int | None = None
    scopes: tuple[str, ...] = ()
    adopted: bool = False


class KeyScoped(Event, frozen=True, kw_only=True):
    """`scopes` are all that the key carries from now on."""

    name: str
    scopes: tuple[str, ...]


class KeyLimited(Event, frozen=True, kw_only=True):
    """The key's newest secret runs out at `expires_at`, or never. Where there are `origins`, a browser may bring the
    key from those alone."""

    name: str
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()


class KeyRotated(Event, frozen=True, kw_only=True):
    """The key has another secret. Those before it run out at `kept_until` at the latest."""

    name: str
    prefix: str
    sha256: str
    kept_until: datetime
    expires_at: datetime | None = None


class KeyRevoked(Event, frozen=True, kw_only=True):
    name: str


TOPICS: Final[dict[str, type[Event]]] = {
    "access_key.made.v1": KeyMade,
    "access_key.scoped.v1": KeyScoped,
    "access_key.limited.v1": KeyLimited,
    "access_key.rotated.v1": KeyRotated,
    "access_key.revoked.v1": KeyRevoked,
}
