"""The master keys, which wrap the data keys and are kept apart from them.

A file has one master key a line, its id and then its 32 bytes in Base64; the last line's key wraps. In the environment
the keys are separated by commas, with a colon behind each id. A key management service can take their place: it
implements `Master`, and is then called once for each data key that a process opens.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.durable import open_to_append, sync
from domain.own_file import open_own

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class MasterUnknown(Exception):
    """The master key that wrapped a data key is not given, or no master key is given at all. The message says which."""


class UnwrapFailed(Exception):
    """A wrapped key does not unwrap: its bytes were altered, or they are another key's."""


class Master(Protocol):
    """Wraps data keys, and unwraps them. `context` identifies the data key, and must be the same both times."""

    @property
    def current(self) -> str:
        """The id of the master key that wraps."""

    def refresh(self) -> None:
        """Learns which master key wraps now. Keeps the master keys that it has where they cannot be read."""

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """The id of the master key that wraps, and the wrapped key."""

    def unwrap(self, master: str, wrapped: bytes, context: bytes) -> bytes:
        """The unwrapped key. Raises MasterUnknown, UnwrapFailed."""


class MasterKeys:
    """The master keys in this process's memory. `read` reads them, and again where `version` has changed or an id is
    unknown.

    Implements `Master`.
    """

    def __init__(self, read: Callable[[], Mapping[str, bytes]], version: Callable[[], object]) -> None:
        self._read = read
        self._version = version
        self._keys: Mapping[str, AESGCM] = {}
        self._take_up()

    def _take_up(self) -> None:
        version = self._version()  # before the keys are read, so that a change meanwhile is read again
        self._keys = {name: AESGCM(key) for name, key in self._read().items()}
        self._seen = version

    @property
    def current(self) -> str:
        return list(self._keys)[-1]

    def refresh(self) -> None:
        if self._version() != self._seen:
            with suppress(MasterUnknown):
                self._take_up()

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        name, master = list(self._keys.items())[-1]
        nonce = os.urandom(_NONCE_BYTES)
        return name, nonce + master.encrypt(nonce, key, context)

    def unwrap(self, master: str, wrapped: bytes, context: bytes) -> bytes:
        if master not in self._keys:
            self._take_up()
        if master not in self._keys:
            raise MasterUnknown(f"the master key {master} is not among those that are given: {', '.join(self._keys)}")
        try:
            return self._keys[master].decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise UnwrapFailed from None


class MastersLocation(NamedTuple):
    """The source of the master keys: `text`, where there is one, or else the file."""

    file: Path
    text: str | None = None

    @property
    def exist(self) -> bool:
        return self.text is not None or self.file.exists()

    def read(self) -> MasterKeys:
        """Reads the master keys. Raises MasterUnknown where there are none, or one is malformed."""
        return MasterKeys(self._keys, self._version)

    def _version(self) -> object:
        """A value that differs whenever the source may have other keys."""
        if self.text is not None:
            return self.text
        with suppress(OSError):
            status = self.file.stat()
            return status.st_ino, status.st_size, status.st_mtime_ns
        return None

    def _keys(self) -> dict[str, bytes]:
        if self.text is not None:
            return _parsed((part.partition(":") for part in self.text.split(",")), "LEDGER_MASTER_KEY")
        try:
            with self.file.open() as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise MasterUnknown(f"{self.file} is open to others than its owner; `chmod 600 {self.file}`")
                return _parsed((line.partition(" ") for line in file.read().splitlines()), str(self.file))
        except FileNotFoundError:
            raise MasterUnknown(f"there is no master key at {self.file}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise MasterUnknown(f"{self.file} cannot be read: {error}") from None

    def add(self) -> str:
        """Adds a new master key to the file, which its owner alone may read. Returns the id; this key wraps from now
        on."""
        name = secrets.token_hex(4)
        line = f"{name} {base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"
        with open_to_append(self.file) as file:
            before = file.read()
            ends = not before or before.endswith(b"\n")  # a file written by hand may lack the last line end
            file.write(line.encode() if ends else f"\n{line}".encode())
        return name

    def remove(self, name: str) -> None:
        """Removes a master key from the file. Data keys that it wraps, in any copy, can then not be opened. Raises
        MasterUnknown; KeyError where the file has no such key."""
        keys = self._keys()
        del keys[name]
        new = self.file.with_name(f"{self.file.name}.new")
        with os.fdopen(open_own(new, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write("".join(f"{id_} {base64.b64encode(key).decode()}\n" for id_, key in keys.items()))
            file.flush()
            os.fsync(file.fileno())
        with self.file.open("r+b") as old:
            os.replace(new, self.file)
            sync(self.file.parent)
            # Now the old file's bytes are overwritten, for the little that is worth on today's disks. Done before the
            # replacement, a crash in between would leave no key at all.
            old.write(bytes(os.fstat(old.fileno()).st_size))
            old.flush()
            os.fsync(old.fileno())

    @property
    def names(self) -> list[str]:
        """The ids of the master keys, the wrapping one last. Raises MasterUnknown."""
        return list(self._keys())


def _parsed(pairs: Iterable[tuple[str, str, str]], source: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for name, _, text in pairs:
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not _ID.fullmatch(name.strip()) or len(key) != _KEY_BYTES:
            raise MasterUnknown(f"{source} should have an id and the Base64 of {_KEY_BYTES} bytes for each master key")
        keys[name.strip()] = key
    if not keys:
        raise MasterUnknown(f"{source} has no master key")
    return keys
