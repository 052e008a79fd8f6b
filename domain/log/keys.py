"""Access keys: who a caller is and what they may do.

A key's secret is 256 random bits, shown once. The log keeps only the SHA-256 (a password's slow hash would guard
nothing: a random secret cannot be guessed). A key carries either a customer or scopes. The key's name is the actor of
the records that it writes, so a name is never given again, even after the key is revoked. Rotating a key changes the
secret and keeps the name. Every change of a key is also an event in the log, so that auditors see it, and `verify`
finds a key that was stored in another way.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence, Set
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from domain.access import events as e
from domain.access.state import uuid_of
from domain.aggregate import Event, Record
from domain.faults import refuse
from domain.log.clock import Watch
from domain.log.log import FormerKey, Log, StoredKey, Transaction
from domain.log.mapper import EventMapper
from domain.log.records import Provenance
from domain.moments import instant, utc_now
from domain.refusals import AccessKeyIsRevoked, AccessKeyNotFound, AccessKeyTaken, ScopesBeyond

SCOPES: Final = (
    "orders:read",
    "orders:write",
    "audit:read",
    "audit:personal",
    "finance:read",
    "finance:write",
    "webhooks:read",
    "webhooks:write",
    "keys:write",
    "privacy:read",
    "privacy:write",
)
PREFIX_LENGTH: Final = 8
_BY: Final = Provenance("cli:token")
_MAPPER: Final = EventMapper()
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
# An origin as browsers write it (RFC 6454): without a path, and without the scheme's own port.
_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(:[0-9]{1,5})?")
ORIGINS_MAX: Final = 20
_LAST: Final = datetime.max.replace(tzinfo=UTC)
# A customer's key reads this customer's orders, and deletes unpaid orders.
_OF_A_CUSTOMER: Final = ("orders:read", "orders:write")


class Caller(msgspec.Struct, frozen=True):
    """The caller of a request: the name of the key or of the token's subject, and the person, where one is named."""

    name: str
    customer_id: int | None
    scopes: frozenset[str]
    person: str | None = None
    # The origins from which a browser may send the key; empty where every origin may.
    origins: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """The actor of the records that this caller writes: `name`, or `name/person`."""
        return f"{self.name}/{self.person}" if self.person else self.name


class FormerSecret(msgspec.Struct, frozen=True):
    prefix: str
    expires_at: str


class AccessKey(msgspec.Struct, frozen=True):
    """An access key without its secret, as operators and clients see it; times are the log's instants."""

    name: str
    prefix: str
    customer_id: int | None
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None
    expires_at: str | None = None
    origins: tuple[str, ...] = ()
    former: tuple[FormerSecret, ...] = ()


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The access keys of a ledger.

    Methods that write take a transaction first (`OrderLedger.write`) and record each change as an event in it. `by` is
    the actor of the change. `within` has the actor's own scopes; None for an operator of this machine, who has all.
    A method with `within` raises ScopesBeyond where the key carries, or would carry, a scope outside of it.
    """

    def __init__(self, log: Log, watch: Watch | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self._log = log
        self._clock = clock
        # Checks whether the clock can be believed; None where it always is.
        self._watch = watch

    def create(
        self,
        t: Transaction,
        *,
        now: datetime,
        customer_id: int | None = None,
        scopes: Sequence[str] = (),
        name: str | None = None,
        expires_at: datetime | None = None,
        origins: Sequence[str] = (),
        by: Provenance = _BY,
        within: Set[str] | None = None,
    ) -> str:
        """Makes a key; returns its secret, which is shown only here. Raises InvalidField, ScopesBeyond, AccessKeyTaken,
        ClockJumped."""
        key = secrets.token_hex(32)
        prefix = key[:PREFIX_LENGTH]
        name = prefix if name is None else name
        must_be_valid(name, customer_id, scopes, expires_at, origins, now=now)
        carries = tuple(dict.fromkeys(scopes))
        _must_be_within(within, carries or _OF_A_CUSTOMER)
        if any(known.name == name for known in t.access_keys()):
            raise AccessKeyTaken(f"There is, or was, a key named {name}; take another name.")
        self.adopt(t, now=now, by=by)
        stored = StoredKey(
            name,
            prefix,
            _hash(key),
            customer_id,
            " ".join(carries),
            instant(now),
            None,
            _text(expires_at),
            " ".join(dict.fromkeys(origins)),
        )
        t.put_access_key(stored)
        self._record(t, [Record(uuid_of(name), 1, _made(stored))], now, by)
        if stored.expires_at or stored.origins:
            self._record_next(t, name, _limited(stored, now), now, by)
        return key

    def adopt(self, t: Transaction, *, now: datetime, by: Provenance = _BY) -> int:
        """Records the keys that an older version of this program stored without events; returns their number.

        Does nothing where the log has an event of any key: an unrecorded key then came in by another way, and `verify`
        must find it.
        """
        keys = t.access_keys()
        if any(t.version_of(uuid_of(key.name)) for key in keys):
            return 0
        for key in keys:
            events: list[Event] = [_made(key, adopted=True)]
            if (revoked_at := _moment(key.revoked_at)) is not None:
                events.append(e.KeyRevoked(occurred_at=revoked_at, name=key.name))
            self._record(t, [Record(uuid_of(key.name), at, event) for at, event in enumerate(events, 1)], now, by)
        return len(keys)

    def caller(self, key: str) -> Caller | None:
        """The caller that a key belongs to; None where the key is unknown, revoked or has run out. Reads the log every
        time, so a revocation holds from the next request on, in every process."""
        return self._in_force(self._log.access_key(_hash(key)))

    def caller_nowait(self, key: str) -> Caller | None:
        """The caller that a key belongs to, where the log knows it without a wait; else None."""
        return self._in_force(self._log.access_key_nowait(_hash(key)))

    def caller_offline(self, key: str, stored_as: Callable[[bytes], StoredKey | None]) -> Caller | None:
        """The caller that a key belongs to, by remembered keys, for while the log is out of reach. `stored_as` finds a
        remembered key by its hash."""
        return self._in_force(stored_as(_hash(key)))

    def _in_force(self, found: StoredKey | None) -> Caller | None:
        if found is None or found.revoked_at is not None:
            return None
        if found.expires_at is not None and found.expires_at <= instant(self._clock()):
            return None
        return Caller(
            found.name, found.customer_id, frozenset(found.scopes.split()), origins=frozenset(found.origins.split())
        )

    def list(self) -> list[AccessKey]:
        former: dict[str, list[FormerSecret]] = {}
        for secret in self._log.former_keys():
            former.setdefault(secret.name, []).append(FormerSecret(secret.prefix, secret.expires_at))
        return [
            AccessKey(
                key.name,
                key.prefix,
                key.customer_id,
                tuple(key.scopes.split()),
                key.created_at,
                key.revoked_at,
                key.expires_at,
                tuple(key.origins.split()),
                tuple(former.get(key.name, ())),
            )
            for key in self._log.access_keys()
        ]

    def get(self, name: str) -> AccessKey:
        """The key of this name, in force or not. Raises AccessKeyNotFound."""
        for key in self.list():
            if key.name == name:
                return key
        raise _no_key()

    def find_name(self, name_or_prefix: str) -> str:
        """The name of the key in force that has this name, or whose prefix begins with these (at least 4) letters.
        Raises AccessKeyNotFound where no key or more than one fits."""
        in_force = [key for key in self._log.access_keys() if key.revoked_at is None]
        found = [key for key in in_force if key.name == name_or_prefix] or [
            key for key in in_force if len(name_or_prefix) >= 4 and key.prefix.startswith(name_or_prefix)
        ]
        if len(found) != 1:
            how_many = "No key in force" if not found else "More than one key"
            raise AccessKeyNotFound(f"{how_many} answers to {name_or_prefix}; `token list` shows them.")
        return found[0].name

    def change(
        self,
        t: Transaction,
        name: str,
        *,
        now: datetime,
        scopes: Sequence[str] | UnsetType = UNSET,
        expires_at: datetime | None | UnsetType = UNSET,
        origins: Sequence[str] | UnsetType = UNSET,
        by: Provenance = _BY,
        within: Set[str] | None = None,
    ) -> None:
        """Gives a key other scopes (a staff key only), another end or other origins. Raises InvalidField, ScopesBeyond,
        AccessKeyNotFound, AccessKeyIsRevoked, ClockJumped."""
        key = _changeable(t, name, within)
        carries = key.scopes.split() if scopes is UNSET else list(dict.fromkeys(scopes))
        from_where = key.origins.split() if origins is UNSET else list(dict.fromkeys(origins))
        refuse(_faults(carries, key.customer_id, expires_at, from_where, now))
        _must_be_within(within, carries)
        end = key.expires_at if expires_at is UNSET else _text(expires_at)
        changed = key._replace(scopes=" ".join(carries), expires_at=end, origins=" ".join(from_where))
        if changed == key:
            return
        self.adopt(t, now=now, by=by)
        t.put_access_key(changed)
        if changed.scopes != key.scopes:
            self._record_next(t, name, e.KeyScoped(occurred_at=now, name=name, scopes=tuple(carries)), now, by)
        if (changed.expires_at, changed.origins) != (key.expires_at, key.origins):
            self._record_next(t, name, _limited(changed, now), now, by)

    def rotate(
        self,
        t: Transaction,
        name: str,
        *,
        now: datetime,
        keep_until: datetime | None = None,
        expires_at: datetime | None | UnsetType = UNSET,
        by: Provenance = _BY,
        within: Set[str] | None = None,
    ) -> str:
        """Gives a key a new secret; returns the secret, which is shown only here. The key's former secrets run out at
        `keep_until` at the latest, at once where it is None. The key keeps its end unless `expires_at` is given. Raises
        InvalidField, ScopesBeyond, AccessKeyNotFound, AccessKeyIsRevoked, ClockJumped."""
        key = _changeable(t, name, within)
        end = _moment(key.expires_at) if expires_at is UNSET else expires_at
        refuse(_time_faults(now, keep_until=keep_until, expires_at=end))
        until = instant(keep_until or now)
        self.adopt(t, now=now, by=by)
        for former in t.former_keys():
            if former.name == name and former.expires_at > until:
                t.put_former_key(former._replace(expires_at=until))
        t.put_former_key(FormerKey(key.hash, name, key.prefix, min(key.expires_at or until, until)))
        secret = secrets.token_hex(32)
        rotated = key._replace(hash=_hash(secret), prefix=secret[:PREFIX_LENGTH], expires_at=_text(end))
        t.put_access_key(rotated)
        self._record_next(t, name, _rotated(rotated, until, now), now, by)
        return secret

    def revoke(self, t: Transaction, name: str, *, now: datetime, by: Provenance = _BY) -> None:
        """Revokes a key for ever, with its former secrets. Raises AccessKeyNotFound, AccessKeyIsRevoked,
        ClockJumped."""
        key = _changeable(t, name)
        self.adopt(t, now=now, by=by)
        t.put_access_key(key._replace(revoked_at=instant(now)))
        self._record_next(t, name, e.KeyRevoked(occurred_at=now, name=name), now, by)

    def _record_next(self, t: Transaction, name: str, event: Event, now: datetime, by: Provenance) -> None:
        uuid = uuid_of(name)
        self._record(t, [Record(uuid, t.version_of(uuid) + 1, event)], now, by)

    def _record(self, t: Transaction, records: Sequence[Record], now: datetime, by: Provenance) -> None:
        """Appends events of a key. Raises ClockJumped."""
        if self._watch is not None and not t.clock_holds:
            self._watch.must_hold(t, now)
            t.clock_holds = True
        t.append(list(map(_MAPPER.to_stored_event, records)), provenance=by, now=now)


def must_be_valid(
    name: str | None,
    customer_id: int | None,
    scopes: Sequence[str],
    expires_at: datetime | None,
    origins: Sequence[str],
    *,
    now: datetime,
) -> None:
    """Raises InvalidField with all that is no good of a new key's terms."""
    refuse([*_faults(scopes, customer_id, expires_at, origins, now), *([] if name is None else _name_faults(name))])


def _faults(
    scopes: Sequence[str],
    customer_id: int | None,
    expires_at: datetime | None | UnsetType,
    origins: Sequence[str],
    now: datetime,
) -> list[tuple[str, str]]:
    """The faults of a key's scopes, customer, end and origins, as pairs of field and message."""
    found = []
    if (customer_id is None) == (not scopes):
        found.append(("scopes", "A key carries either a customer or scopes."))
    if unknown := set(scopes) - set(SCOPES):
        found.append(("scopes", f"There is no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}."))
    if len(origins) > ORIGINS_MAX:
        found.append(("origins", f"at most {ORIGINS_MAX}, these are {len(origins)}"))
    for at, origin in enumerate(origins):
        if not _ORIGIN.fullmatch(origin):
            found.append((f"origins[{at}]", "must be an origin as browsers write it, like https://shop.example.com"))
    return found + _time_faults(now, expires_at=None if expires_at is UNSET else expires_at)


def _time_faults(now: datetime, **times: datetime | None) -> list[tuple[str, str]]:
    given = {name: moment for name, moment in times.items() if moment is not None}
    early = [(name, f"must be later than now, {instant(now)}") for name, moment in given.items() if moment <= now]
    late = [(name, "is outside the calendar, in UTC") for name, moment in given.items() if moment > _LAST]
    return early + late


def _name_faults(name: str) -> list[tuple[str, str]]:
    fits = _NAME.fullmatch(name)
    return [] if fits else [("name", "A name is at most 64 letters, digits, dots, hyphens and underscores.")]


def _must_be_within(within: Set[str] | None, scopes: Sequence[str]) -> None:
    """Raises ScopesBeyond where a scope is not among the actor's own (`within`; None allows every scope)."""
    if within is not None and (beyond := [scope for scope in scopes if scope not in within]):
        raise ScopesBeyond(f"This needs a key with the scope {', '.join(beyond)}: nobody gives what they have not.")


def _changeable(t: Transaction, name: str, within: Set[str] | None = None) -> StoredKey:
    """The stored key of this name. Raises AccessKeyNotFound, ScopesBeyond, AccessKeyIsRevoked."""
    for key in t.access_keys():
        if key.name == name:
            _must_be_within(within, key.scopes.split() or _OF_A_CUSTOMER)
            if key.revoked_at is not None:
                raise AccessKeyIsRevoked(f"The key {name} is revoked, for ever; make another.")
            return key
    raise _no_key()


def _no_key() -> AccessKeyNotFound:
    return AccessKeyNotFound("There is no such key.")


def _made(key: StoredKey, *, adopted: bool = False) -> e.KeyMade:
    return e.KeyMade(
        occurred_at=datetime.fromisoformat(key.created_at),
        name=key.name,
        prefix=key.prefix,
        sha256=key.hash.hex(),
        customer_id=key.customer_id,
        scopes=tuple(key.scopes.split()),
        adopted=adopted,
    )


def _limited(key: StoredKey, now: datetime) -> e.KeyLimited:
    return e.KeyLimited(
        occurred_at=now, name=key.name, expires_at=_moment(key.expires_at), origins=tuple(key.origins.split())
    )


def _rotated(key: StoredKey, until: str, now: datetime) -> e.KeyRotated:
    return e.KeyRotated(
        occurred_at=now,
        name=key.name,
        prefix=key.prefix,
        sha256=key.hash.hex(),
        kept_until=datetime.fromisoformat(until),
        expires_at=_moment(key.expires_at),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
