"""The signed heads of the log: made from the tree, kept in the ledger and in a file outside it.

Anyone who kept a head then detects a truncated or rewritten log; the file is for keeping elsewhere.

The ledger's row of a handover decides. Before the row is written, nothing has changed. Once it is written, the next
process that signs finishes the handover, should the process that began it have been killed.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.counted import counted, there_were_records
from domain.durable import open_to_append, sync
from domain.ledger import LOG, OrderLedger
from domain.log.log import KeptCheckpoint, LogAway, Transaction
from domain.log.sqlite import is_of_the_disk
from domain.moments import instant
from domain.own_file import open_own
from domain.proof import checkpoint, handover, merkle
from domain.proof.checkpoint import VerifierKey
from domain.proof.handover import Handover, Signers
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
    """Other users than its owner can read or write the key file, so any of them can have made a signature."""


class KeyHandedOver(NoSigningKey):
    """The key has handed over to another key, and the file of that key is not here."""


class HeadNotKept(NoSigningKey):
    """The file for signed heads cannot be written, so no head is signed."""


class LogAltered(Exception):
    """The log does not continue its signed heads, so no further head is signed; `run.py verify` says where."""


def create_key(path: Path) -> VerifierKey:
    """Makes the log's signing key in a file that only its owner can read. Raises FileExistsError: a key is never
    overwritten."""
    # Imported here: these take 6 MB, and few processes need them.
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    with os.fdopen(open_own(path, os.O_WRONLY | os.O_EXCL), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return checkpoint.verifier_key(key, ORIGIN)


@contextmanager
def _private_key(path: Path, lock: int = LOCK_SH) -> Iterator["Ed25519PrivateKey"]:
    """The signing key in a file. The file is locked, so that no process replaces it meanwhile. Raises NoSigningKey."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  (as above)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    while True:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise NoSigningKey("There is no signing key yet; `run.py key create` makes one.") from None
        except OSError as error:
            raise NoSigningKey(f"{path} cannot be read: {error.strerror}.") from None
        with file:
            flock(file, lock)
            if not (path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())):
                continue  # another file was put there before we had the lock
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyExposed(f"{path} is open to others than its owner; `chmod 600 {path}`.")
            try:
                loaded = serialization.load_pem_private_key(file.read(), password=None)
            except ValueError:
                loaded = None
            if not isinstance(loaded, Ed25519PrivateKey):
                raise NoSigningKey(f"{path} holds no Ed25519 key.")
            yield loaded
            return


def public_key(path: Path) -> VerifierKey:
    """The public half of the signing key in a file. Raises NoSigningKey."""
    with _private_key(path) as key:
        return checkpoint.verifier_key(key, ORIGIN)


class Checkpoints:
    """Signs the log's head. `key` is the file of the signing key, `kept` the file outside the database."""

    def __init__(self, ledger: OrderLedger, views: Views, *, key: Path, kept: Path) -> None:
        self._ledger = ledger
        self._views = views
        self._key = key
        self.kept = kept

    def public(self) -> VerifierKey:
        """The public half of the key that signs. Raises NoSigningKey."""
        return self.signers().current

    def signers(self) -> Signers:
        """The public halves of the key that signs, and of earlier keys. Raises NoSigningKey."""
        with self._signing() as key:
            handovers = self._ledger.log_of_events.handovers()
            return Signers(checkpoint.verifier_key(key, ORIGIN), [kept.note for kept in handovers])

    def hand_over(self) -> Handover:
        """Makes a new signing key, to which the present key hands over at the log's head. Raises NoSigningKey, and the
        errors of `current`."""
        with self._signing(LOCK_EX) as key:
            following = _following(self._key)
            following.unlink(missing_ok=True)  # left by a handover that was never recorded
            create_key(following)
            last = self._last()
            size, node = self._tree()
            if last:
                _must_go_on(last.note, size, node)
            with _private_key(following) as next_key:
                note = handover.sign(key, next_key, ORIGIN, size, merkle.root(size, node))
            handed = handover.read(note)
            assert handed is not None
            self._ledger.write(self._record, handed, _last_leaf(size, node)).result()
        self._finish(handed)
        return handed

    def _record(self, t: Transaction, handed: Handover, leaf: bytes | None) -> None:
        """Records the handover: from now on it holds. Raises KeyHandedOver where the key has handed over already, on
        another machine."""
        if before := _from(handed.former, t.handovers()):
            if before == handed:
                return  # repeated, since the first commit was never confirmed
            raise _not_here(before, self._key)
        _must_stand(t, handed.size, leaf)
        t.keep_handover(KeptCheckpoint(handed.size, handed.note, instant(self._ledger.clock())))

    @contextmanager
    def _signing(self, lock: int = LOCK_SH) -> Iterator["Ed25519PrivateKey"]:
        """The present signing key, which cannot hand over meanwhile. Raises NoSigningKey."""
        while True:
            with _private_key(self._key, lock) as key:
                public = checkpoint.verifier_key(key, ORIGIN)
                handed = _from(public, self._ledger.log_of_events.handovers())
                if handed is None:
                    yield key
                    return
            self._finish(handed)

    def _finish(self, handed: Handover) -> None:
        """Puts the next key's file in the place of the former key's. Raises KeyHandedOver where the next key is not
        here."""
        with _private_key(self._key, LOCK_EX) as key:
            if checkpoint.verifier_key(key, ORIGIN) != handed.former:
                return  # another process was first
            following = _following(self._key)
            if not following.exists() or public_key(following) != handed.next:
                raise _not_here(handed, self._key)
            self._keep_in_file(handed.note)
            following.replace(self._key)
            sync(self._key.parent)

    def current(self) -> bytes:
        """The signed head: the last one where nothing was recorded since, else a new one, which is kept.

        Raises NoSigningKey, LogAway, the errors of `Views.catch_up`, and LogAltered: a signature on a rewritten history
        would make it look true.
        """
        return self._head(None)

    def for_reader(self) -> bytes:
        """The signed head for a reader, as `current` returns it. It is kept once a minute at most, since reads would
        otherwise fill the disk."""
        return self._head(SHOWN_KEPT_EVERY)

    def _head(self, kept_every: timedelta | None) -> bytes:
        with self._signing() as key:
            last = self._last()
            size, node = self._tree()
            if last:
                _must_go_on(last.note, size, node)
            if last and last.size == size and _is_by(last.note, checkpoint.verifier_key(key, ORIGIN)):
                return last.note
            note, leaf = checkpoint.sign(key, ORIGIN, size, merkle.root(size, node)), _last_leaf(size, node)
            # A signed head over records that a promoted standby lacks would be a fault for ever, whoever has it.
            self._ledger.write(_must_stand, size, leaf).result()
            if last is None or kept_every is None or self._is_older(last, kept_every):
                self._keep(key, size, note, leaf)
            return note

    def _tree(self) -> tuple[int, merkle.Get]:
        self._views.catch_up()
        reader = self._views.reader
        return tree.size(reader), tree.node(reader)

    def _last(self) -> KeptCheckpoint | None:
        """The last signed head. Of two heads of the same size, the handover's, which is the later one.

        Read before the tree is read: another process may sign a longer log meanwhile.
        """
        log = self._ledger.log_of_events
        kept = [*log.handovers()[-1:], *filter(None, [log.last_checkpoint()])]
        return max(kept, key=lambda of: of.size, default=None)

    def sign_first(self, size: int, root: bytes, extension: str) -> bytes:
        """Signs and keeps the first head of a log. The line `extension` in it names the log that this one was made
        from. Raises NoSigningKey."""
        with self._signing() as key:
            note = checkpoint.sign(key, ORIGIN, size, root, (extension,))
            self._keep(key, size, note, None)
            return note

    def sign_if_due(self, every_seconds: int) -> None:
        """Signs the head where events were recorded since the last signed head and that head is older than
        `every_seconds`. Does nothing without a key."""
        last, every = self._last(), timedelta(seconds=every_seconds)
        if self._key.exists() and (last is None or (last.size < self._ledger.head() and self._is_older(last, every))):
            self.current()

    def _is_older(self, kept: KeptCheckpoint, age: timedelta) -> bool:
        """Whether a head is at least so old. A head with a future time, from a wrong clock, counts as older."""
        now = self._ledger.clock()
        return not instant(now - age) < kept.made_at <= instant(now)

    def _keep(self, key: "Ed25519PrivateKey", size: int, note: bytes, leaf: bytes | None) -> None:
        """Keeps a head that the key signed. Raises KeyHandedOver where the key has handed over meanwhile, on another
        machine."""
        self._ledger.write(self._keep_by, checkpoint.verifier_key(key, ORIGIN), size, note, leaf).result()

    def _keep_by(self, t: Transaction, signer: VerifierKey, size: int, note: bytes, leaf: bytes | None) -> None:
        if (handed := _from(signer, t.handovers())) and size > handed.size:
            raise _not_here(handed, self._key)
        _must_stand(t, size, leaf)
        # The file first: a head in the database alone proves nothing once someone rewrites the database.
        self._keep_in_file(note)
        t.keep_checkpoint(size, note, self._ledger.clock())

    def _keep_in_file(self, note: bytes) -> None:
        try:
            with open_to_append(self.kept) as file:  # locked: another signer's note may be unfinished
                file.seek(0)
                notes = file.read()
                if note not in notes:
                    file.truncate(_end_of_notes(notes))
                    file.write(note)
        except OSError as error:
            if is_of_the_disk(error):
                raise
            raise HeadNotKept(f"{self.kept} cannot be written, so nothing is signed: {error.strerror}.") from None


def _following(path: Path) -> Path:
    """The file of the next key, until it takes the key's place."""
    return path.with_name(f"{path.name}.next")


def _from(former: VerifierKey, kept: Iterable[KeptCheckpoint]) -> Handover | None:
    """The handover of a key among the kept ones; None where there is none."""
    return next((handed for of in kept if (handed := handover.read(of.note)) and handed.former == former), None)


def _not_here(handed: Handover, path: Path) -> KeyHandedOver:
    why = f"The signing key in {path} handed over to {handed.next} when {there_were_records(handed.size)}"
    return KeyHandedOver(f"{why}; bring the file of that key here, from where it was rotated.")


def _end_of_notes(notes: bytes) -> int:
    """The place of the next note: the end of the notes, without an unfinished note that a crash left."""
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
        raise LogAltered(
            f"{counted(signed.size, 'record was', 'records were')} signed, and the log has {size}: its end is gone."
        )
    if merkle.root(signed.size, node) != signed.root:
        raise LogAltered(f"What was signed of the first {counted(signed.size, 'record')} is not what the log has now.")


def _last_leaf(size: int, node: merkle.Get) -> bytes | None:
    return node(0, size - 1) if size else None


def _must_stand(t: Transaction, size: int, leaf: bytes | None) -> None:
    """Raises LogAway unless the log still has the last record to be signed. Once the transaction ends, the standby has
    the record, too."""
    raw = t.raw_record(size)
    if leaf is not None and (raw is None or raw.digest != leaf):
        raise LogAway(f"the log has not the record that the views have at position {size}")


def _is_by(note: bytes, key: VerifierKey) -> bool:
    try:
        checkpoint.verify(note, key)
    except (checkpoint.CheckpointMalformed, checkpoint.CheckpointUnsigned):
        return False
    return True
