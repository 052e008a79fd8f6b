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

from domain.log.recorder import SQLiteRecorder
from domain.moments import instant

SCOPES: Final = ("orders:read", "orders:write", "audit:read", "finance:read", "finance:write")
_PREFIX_LENGTH: Final = 8
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Caller(msgspec.Struct, frozen=True):
    name: str
    customer_id: int | None
    scopes: frozenset[str]


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
    """The keys that a ledger's file holds."""

    def __init__(self, recorder: SQLiteRecorder) -> None:
        self._recorder = recorder

    def create(
        self,
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
        with self._recorder.exclusive():
            writer = self._recorder.writer
            if writer.execute("SELECT 1 FROM access_keys WHERE name = ?", (name,)).fetchone():
                raise ValueError(f"There is, or was, a key named {name}; take another name.")
            writer.execute(
                "INSERT INTO access_keys VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (name, prefix, _hash(key), customer_id, " ".join(dict.fromkeys(scopes)), instant(now)),
            )
        return key

    def caller(self, key: str) -> Caller | None:
        """Who the key belongs to; None where it is unknown or revoked. Asks the file every time, so that a revocation
        holds from the next request on, whichever process answers it."""
        row = self._recorder.reader.execute(
            "SELECT name, customer_id, scopes FROM access_keys WHERE hash = ? AND revoked_at IS NULL",
            (_hash(key),),
        ).fetchone()
        return Caller(row[0], row[1], frozenset(row[2].split())) if row else None

    def list(self) -> list[AccessKey]:
        rows = self._recorder.reader.execute(
            "SELECT name, prefix, customer_id, scopes, created_at, revoked_at FROM access_keys"
            " ORDER BY created_at, name"
        )
        return [
            AccessKey(name, prefix, customer, tuple(scopes.split()), *times)
            for name, prefix, customer, scopes, *times in rows
        ]

    def revoke(self, name_or_prefix: str, *, now: datetime) -> str:
        """The revoked key's name. Raises ValueError where no key, or more than one, answers to it."""
        with self._recorder.exclusive():
            writer = self._recorder.writer
            in_force = writer.execute("SELECT name, prefix FROM access_keys WHERE revoked_at IS NULL").fetchall()
            found = [name for name, _ in in_force if name == name_or_prefix] or [
                name for name, prefix in in_force if len(name_or_prefix) >= 4 and prefix.startswith(name_or_prefix)
            ]
            if len(found) != 1:
                how_many = "No key in force" if not found else "More than one key"
                raise ValueError(f"{how_many} answers to {name_or_prefix}; `token list` shows them.")
            writer.execute("UPDATE access_keys SET revoked_at = ? WHERE name = ?", (instant(now), found[0]))
        return str(found[0])
