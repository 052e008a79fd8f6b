"""The signed heads of the log: made from the tree, kept in the ledger, and in a file outside it.

Truncating or rewriting the log is then caught by anyone who kept one, and the file is for keeping elsewhere.

Where the key hands over to another, the ledger's row of that decides: before it nothing has begun, and behind it
whoever signs next finishes, should the process that began have been killed.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.durable import appending, sync
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
    """Others than its owner can read or write the key, so what it signs may be anybody's."""


class KeyHandedOver(NoSigningKey):
    """The key has handed over to another, which is not here."""


class HeadNotKept(NoSigningKey):
    """The file that signed heads are kept in cannot be written, so there is to be none."""


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
    with os.fdopen(open_own(path, os.O_WRONLY | os.O_EXCL), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return checkpoint.verifier_key(key, ORIGIN)


@contextmanager
def _private_key(path: Path, lock: int = LOCK_SH) -> Iterator["Ed25519PrivateKey"]:
    """The signing key in a file, in whose place nobody puts another meanwhile. Raises NoSigningKey."""
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
                continue  # another was put there before we had the lock
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
        """The public halves of the key that signs, and of those before it. Raises NoSigningKey."""
        with self._signing() as key:
            handovers = self._ledger.log_of_events.handovers()
            return Signers(checkpoint.verifier_key(key, ORIGIN), [kept.note for kept in handovers])

    def hand_over(self) -> Handover:
        """Makes a new signing key, to which the present one hands over at the log's head. Raises NoSigningKey, and what
        `current` raises."""
        with self._signing(LOCK_EX) as key:
            following = _following(self._key)
            following.unlink(missing_ok=True)  # of a handover that never was
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
        """From here on the key has handed over. Raises KeyHandedOver where it has already, on another machine."""
        if before := _from(handed.former, t.handovers()):
            if before == handed:
                return  # this is done again, since nobody answered to the first commit
            raise _not_here(before, self._key)
        _must_stand(t, handed.size, leaf)
        t.keep_handover(KeptCheckpoint(handed.size, handed.note, instant(self._ledger.clock())))

    @contextmanager
    def _signing(self, lock: int = LOCK_SH) -> Iterator["Ed25519PrivateKey"]:
        """The key that signs now, and goes on to until this is over. Raises NoSigningKey."""
        while True:
            with _private_key(self._key, lock) as key:
                public = checkpoint.verifier_key(key, ORIGIN)
                handed = _from(public, self._ledger.log_of_events.handovers())
                if handed is None:
                    yield key
                    return
            self._finish(handed)

    def _finish(self, handed: Handover) -> None:
        """Puts the next key in the place of the one that handed over. Raises KeyHandedOver where it is not here."""
        with _private_key(self._key, LOCK_EX) as key:
            if checkpoint.verifier_key(key, ORIGIN) != handed.former:
                return  # somebody else was first
            following = _following(self._key)
            if not following.exists() or public_key(following) != handed.next:
                raise _not_here(handed, self._key)
            self._keep_in_file(handed.note)
            following.replace(self._key)
            sync(self._key.parent)

    def current(self) -> bytes:
        """The signed head: the last one where nothing was recorded since, else a new one, which is kept.

        Raises NoSigningKey, and LogAltered: a signature under a rewritten history would make it look like a true one.
        """
        return self._head(None)

    def shown(self) -> bytes:
        """The same for whoever asks to read it. It is kept once a minute at most: else reading would fill the disk."""
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
            # A head of what a standby that takes over has not got would be a fault for ever, whoever has it.
            self._ledger.write(_must_stand, size, leaf).result()
            if last is None or kept_every is None or self._is_older(last, kept_every):
                self._keep(key, size, note, leaf)
            return note

    def _tree(self) -> tuple[int, merkle.Get]:
        self._views.catch_up()
        reader = self._views.reader
        return tree.size(reader), tree.node(reader)

    def _last(self) -> KeptCheckpoint | None:
        """The last signed head. Of two of one size that by which a key handed over, which is the later one.

        It is asked for before the tree is: another process may sign a longer log meanwhile.
        """
        log = self._ledger.log_of_events
        kept = [*log.handovers()[-1:], *filter(None, [log.last_checkpoint()])]
        return max(kept, key=lambda of: of.size, default=None)

    def begin(self, size: int, root: bytes, extension: str) -> bytes:
        """Signs and keeps the first head of a log, with a line that says where that comes from. Raises NoSigningKey."""
        with self._signing() as key:
            note = checkpoint.sign(key, ORIGIN, size, root, (extension,))
            self._keep(key, size, note, None)
            return note

    def keep_up(self, every_seconds: int) -> None:
        """Signs the head where events were recorded since the last signed one and that is older than this; without a
        key it does nothing."""
        last, every = self._last(), timedelta(seconds=every_seconds)
        if self._key.exists() and (last is None or (last.size < self._ledger.head() and self._is_older(last, every))):
            self.current()

    def _is_older(self, kept: KeptCheckpoint, age: timedelta) -> bool:
        """Whether a head is as old as that; so is one of a time that is still to come, which a wrong clock gave it."""
        now = self._ledger.clock()
        return not instant(now - age) < kept.made_at <= instant(now)

    def _keep(self, key: "Ed25519PrivateKey", size: int, note: bytes, leaf: bytes | None) -> None:
        """Keeps a head that the key signed. Raises KeyHandedOver where it has handed over meanwhile, elsewhere."""
        self._ledger.write(self._keep_by, checkpoint.verifier_key(key, ORIGIN), size, note, leaf).result()

    def _keep_by(self, t: Transaction, signer: VerifierKey, size: int, note: bytes, leaf: bytes | None) -> None:
        if (handed := _from(signer, t.handovers())) and size > handed.size:
            raise _not_here(handed, self._key)
        _must_stand(t, size, leaf)
        # The file first: a head in the database alone proves nothing once somebody rewrites the database.
        self._keep_in_file(note)
        t.keep_checkpoint(size, note, self._ledger.clock())

    def _keep_in_file(self, note: bytes) -> None:
        try:
            with appending(self.kept) as file:  # another signer's note must not be taken for one that was cut short
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
    """Where the key is that is to take a key's place, until it does."""
    return path.with_name(f"{path.name}.next")


def _from(former: VerifierKey, kept: Iterable[KeptCheckpoint]) -> Handover | None:
    """The handover of a key among those that are kept."""
    return next((handed for of in kept if (handed := handover.read(of.note)) and handed.former == former), None)


def _not_here(handed: Handover, path: Path) -> KeyHandedOver:
    why = f"The signing key in {path} handed over to {handed.next} when there were {handed.size} records"
    return KeyHandedOver(f"{why}; bring the file of that key here, from where it was rotated.")


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


def _last_leaf(size: int, node: merkle.Get) -> bytes | None:
    return node(0, size - 1) if size else None


def _must_stand(t: Transaction, size: int, leaf: bytes | None) -> None:
    """The log must still end with, or have behind it, the last record that is signed; its standby has that, too, once
    this is over. Raises LogAway."""
    raw = t.raw_record(size)
    if leaf is not None and (raw is None or raw.digest != leaf):
        raise LogAway(f"the log has not the record that the views have at position {size}")


def _is_by(note: bytes, key: VerifierKey) -> bool:
    try:
        checkpoint.verify(note, key)
    except (checkpoint.CheckpointMalformed, checkpoint.CheckpointUnsigned):
        return False
    return True
