"""Access keys: who a caller is and what they may do.

A key is 256 random bits, shown once; only its SHA-256 is kept (a password's slow hash would guard nothing here:
there is nothing to guess). It carries either a customer or scopes. Its name stands as the actor of what it writes,
so a name is never given again, even after it was revoked.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from domain.log.log import Log, StoredKey, Transaction
from domain.moments import instant

SCOPES: Final = (
    "orders:read",
    "orders:write",
    "audit:read",
    "audit:personal",
    "finance:read",
    "finance:write",
    "privacy:read",
    "privacy:write",
)
_PREFIX_LENGTH: Final = 8
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the name of a key or of a token's subject, and the person behind it, where that is said."""

    name: str
    customer_id: int | None
    scopes: frozenset[str]
    person: str | None = None

    @property
    def actor(self) -> str:
        """As whom the log records what this caller does."""
        return f"{self.name}/{self.person}" if self.person else self.name


class AccessKey(msgspec.Struct, frozen=True):
    """A key as `token list` shows it; times as the log writes them."""

    name: str
    prefix: str
    customer_id: int | None
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The access keys of a ledger. The two that write take a transaction first (`OrderLedger.write`)."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def create(
        self,
        t: Transaction,
        *,
        now: datetime,
        customer_id: int | None = None,
        scopes: Sequence[str] = (),
        name: str | None = None,
    ) -> str:
        """A new key, the only time it can be seen. Raises ValueError where the name or the scopes are no good."""
        if (customer_id is None) == (not scopes):
            raise ValueError("A key carries either a customer or scopes.")
        if unknown := set(scopes) - set(SCOPES):
            raise ValueError(f"There is no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}.")
        key = secrets.token_hex(32)
        prefix = key[:_PREFIX_LENGTH]
        name = name or prefix
        if not _NAME.fullmatch(name):
            raise ValueError("A name is at most 64 letters, digits, dots, hyphens and underscores.")
        if any(known.name == name for known in t.access_keys()):
            raise ValueError(f"There is, or was, a key named {name}; take another name.")
        carries = " ".join(dict.fromkeys(scopes))
        t.put_access_key(StoredKey(name, prefix, _hash(key), customer_id, carries, instant(now), None))
        return key

    def caller(self, key: str) -> Caller | None:
        """Who the key belongs to; None where it is unknown or revoked. Asks the log every time, so that a revocation
        holds from the next request on, whichever process answers it."""
        return _caller(self._log.access_key(_hash(key)))

    def caller_at_hand(self, key: str) -> Caller | None:
        """The same, as far as it is known without a wait."""
        return _caller(self._log.access_key_at_hand(_hash(key)))

    def list(self) -> list[AccessKey]:
        return [
            AccessKey(key.name, key.prefix, key.customer_id, tuple(key.scopes.split()), key.created_at, key.revoked_at)
            for key in self._log.access_keys()
        ]

    def revoke(self, t: Transaction, name_or_prefix: str, *, now: datetime) -> str:
        """The revoked key's name. Raises ValueError where no key, or more than one, answers to it."""
        in_force = [key for key in t.access_keys() if key.revoked_at is None]
        found = [key.name for key in in_force if key.name == name_or_prefix] or [
            key.name for key in in_force if len(name_or_prefix) >= 4 and key.prefix.startswith(name_or_prefix)
        ]
        if len(found) != 1:
            how_many = "No key in force" if not found else "More than one key"
            raise ValueError(f"{how_many} answers to {name_or_prefix}; `token list` shows them.")
        t.revoke_access_key(found[0], instant(now))
        return found[0]


def _caller(found: StoredKey | None) -> Caller | None:
    if found is None or found.revoked_at is not None:
        return None
    return Caller(found.name, found.customer_id, frozenset(found.scopes.split()))
