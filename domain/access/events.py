"""The events of an access key: facts in the past tense, and the permanent topics under which they are stored.

Never the key itself: its hash, which is that of 256 random bits, and its first letters. Who made it is the actor of the
record, and when the time of that.
"""

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


class KeyRevoked(Event, frozen=True, kw_only=True):
    name: str


TOPICS: Final[dict[str, type[Event]]] = {
    "access_key.made.v1": KeyMade,
    "access_key.scoped.v1": KeyScoped,
    "access_key.revoked.v1": KeyRevoked,
}
