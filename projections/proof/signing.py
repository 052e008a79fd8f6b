"""The signed heads of the log: made from the tree, kept in the ledger, and in a file outside it.

Truncating or rewriting the log is then caught by anyone who kept one, and the file is for keeping elsewhere.
"""

import os
from datetime import timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.ledger import LOG, OrderLedger
from domain.moments import instant
from domain.proof import checkpoint, merkle
from domain.proof.checkpoint import VerifierKey
from projections import tree
from projections.views.views import Views

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SIGNATURE: Final = "— ".encode()
SHOWN_KEPT_EVERY: Final = timedelta(minutes=1)
ORIGIN: Final = f"order-ledger/{LOG}"


class NoSigningKey(Exception):
    """The ledger has no key to sign with."""


class KeyExposed(NoSigningKey):
    """Others than its owner can read or write the key, so what it signs may be anybody's."""


class LogAltered(Exception):
    """The log does not continue its signed heads, so nothing more is signed: `run.py verify` says where."""


def create_key(path: Path) -> VerifierKey:
    """Makes the log's signing key, readable by its owner alone. Raises FileExistsError: a key is never written over."""
    # 6 MB that few processes need.
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return checkpoint.verifier_key(key, ORIGIN)


def _private_key(path: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  (as above)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyExposed(f"{path} is open to others than its owner; `chmod 600 {path}`.")
            loaded = serialization.load_pem_private_key(file.read(), password=None)
    except FileNotFoundError:
        raise NoSigningKey("There is no signing key yet; `run.py key create` makes one.") from None
    except ValueError:
        loaded = None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise NoSigningKey(f"{path} holds no Ed25519 key.")
    return loaded


def public_key(path: Path) -> VerifierKey:
    """The public half of the signing key in a file. Raises NoSigningKey."""
    return checkpoint.verifier_key(_private_key(path), ORIGIN)


class Checkpoints:
    """Signs the log's head. `key` is the file of the signing key, `kept` the file outside the database."""

    def __init__(self, ledger: OrderLedger, views: Views, *, key: Path, kept: Path) -> None:
        self._ledger = ledger
        self._views = views
        self._key = key
        self.kept = kept

    def public(self) -> VerifierKey:
        """The public half. Raises NoSigningKey."""
        return public_key(self._key)

    def current(self) -> bytes:
        """The signed head: the last one where nothing was recorded since, else a new one, which is kept.

        Raises NoSigningKey, and LogAltered: a signature under a rewritten history would make it look like a true one.
        """
        return self._head(None)

    def shown(self) -> bytes:
        """The same for whoever asks to read it. It is kept once a minute at most: else reading would fill the disk."""
        return self._head(SHOWN_KEPT_EVERY)

    def _head(self, kept_every: timedelta | None) -> bytes:
        key = _private_key(self._key)
        self._views.catch_up()
        last = self._ledger.log_of_events.last_checkpoint()
        reader = self._views.reader
        size, node = tree.size(reader), tree.node(reader)
        if last:
            _must_go_on(last.note, size, node)
        if last and last.size == size and _is_by(last.note, checkpoint.verifier_key(key, ORIGIN)):
            return last.note
        note = checkpoint.sign(key, ORIGIN, size, merkle.root(size, node))
        if last is None or kept_every is None or last.made_at <= instant(self._ledger.clock() - kept_every):
            self._keep(size, note)
        return note

    def begin(self, size: int, root: bytes, extension: str) -> bytes:
        """Signs and keeps the first head of a log, with a line that says where that comes from. Raises NoSigningKey."""
        note = checkpoint.sign(_private_key(self._key), ORIGIN, size, root, (extension,))
        self._keep(size, note)
        return note

    def keep_up(self, every_seconds: int) -> None:
        """Signs the head where events were recorded since the last signed one and that is older than this; without a
        key it does nothing."""
        last = self._ledger.log_of_events.last_checkpoint()
        due = instant(self._ledger.clock() - timedelta(seconds=every_seconds))
        if self._key.exists() and (last is None or (last[0] < self._ledger.head() and last[2] <= due)):
            self.current()

    def _keep(self, size: int, note: bytes) -> None:
        # The file first: a head in the database alone proves nothing once somebody rewrites the database.
        descriptor = os.open(self.kept, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            flock(file, LOCK_EX)  # another signer's note must not be taken for one that was cut short
            file.seek(0)
            file.truncate(_end_of_notes(file.read()))
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        self._ledger.write(lambda t: t.keep_checkpoint(size, note, self._ledger.clock())).result()


def _end_of_notes(notes: bytes) -> int:
    """The place of the next note: the end of the notes, without the unfinished one that a crash can leave."""
    end = len(notes)
    for line in reversed(notes.splitlines(keepends=True)):
        whole = line.endswith(b"\n")
        if whole and line.startswith(_SIGNATURE):
            break
        end -= len(line)
        if line.rstrip() == ORIGIN.encode() or (not whole and ORIGIN.encode().startswith(line)):
            return end
    return len(notes)


def _must_go_on(note: bytes, size: int, node: merkle.Get) -> None:
    """Raises LogAltered where the tree does not continue the tree that the note signed."""
    signed = checkpoint.parse(note)
    if size < signed.size:
        raise LogAltered(f"{signed.size} records were signed, and the log has {size}: its end is gone.")
    if merkle.root(signed.size, node) != signed.root:
        raise LogAltered(f"What was signed of the first {signed.size} records is not what the log has now.")


def _is_by(note: bytes, key: VerifierKey) -> bool:
    try:
        checkpoint.verify(note, key)
    except (checkpoint.CheckpointMalformed, checkpoint.CheckpointUnsigned):
        return False
    return True
