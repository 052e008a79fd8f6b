"""The events of an access key: facts in the past tense, and the permanent topics under which they are stored.

An event never has the secret. It has the secret's SHA-256, which is of 256 random bits, and its first letters (prefix).
The actor and the time of a change are those of its record.
"""

from datetime import datetime
from typing import Final

from domain.aggregate import Event


class KeyMade(Event, frozen=True, kw_only=True):
    """A key was made; it carries either a customer or scopes. Where it is `adopted`, an older version of the program
    made it at `occurred_at` and did not record it."""

    name: str
    prefix: str
    sha256: str
    customer_id: int | None = None
    scopes: tuple[str, ...] = ()
    adopted: bool = False


class KeyScoped(Event, frozen=True, kw_only=True):
    """The key got other scopes: `scopes` are all that it carries from now on."""

    name: str
    scopes: tuple[str, ...]


class KeyLimited(Event, frozen=True, kw_only=True):
    """The key got another end or other origins. Its newest secret runs out at `expires_at`, or never. A browser may
    send the key only from `origins`, or from anywhere where there are none."""

    name: str
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()


class KeyRotated(Event, frozen=True, kw_only=True):
    """The key got a new secret, which runs out at `expires_at`, or never. The former secrets run out at `kept_until` at
    the latest."""

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
