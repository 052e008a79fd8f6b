"""Which keys have signed the log, one after the other?

A key hands over to the next by a checkpoint that both sign. Its line `signing-key <former> <next>` names the two keys.
Its size is the place in the log: signatures of the former key on larger checkpoints are not believed.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.counted import there_were_records
from domain.proof import checkpoint
from domain.proof.checkpoint import Checkpoint, CheckpointMalformed, CheckpointUnsigned, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LINE: Final = "signing-key"
_IN_NOTE: Final = f"\n{_LINE} ".encode()


class Handover(NamedTuple):
    """A handover: the former key, the next key, the size of the log, and the checkpoint that both keys signed."""

    former: VerifierKey
    next: VerifierKey
    size: int
    note: bytes


def sign(former: "Ed25519PrivateKey", following: "Ed25519PrivateKey", origin: str, size: int, root: bytes) -> bytes:
    """The checkpoint by which one key hands over to the next."""
    line = f"{_LINE} {checkpoint.verifier_key(former, origin)} {checkpoint.verifier_key(following, origin)}"
    text, by_former = checkpoint.sign(former, origin, size, root, (line,)).split(b"\n\n")
    _, by_next = checkpoint.sign(following, origin, size, root, (line,)).split(b"\n\n")
    return text + b"\n\n" + by_former + by_next


def read(note: bytes) -> Handover | None:
    """The handover of a checkpoint; None where the checkpoint has none, or is not signed by both keys."""
    if _IN_NOTE not in note:
        return None
    try:
        said = checkpoint.parse(note)
        found = [line.split(" ") for line in said.extensions if line.startswith(f"{_LINE} ")]
        ((_, *texts),) = found
        former, following = map(VerifierKey.parse, texts)
        for key in (former, following):
            checkpoint.verify(note, key)
    except (CheckpointMalformed, CheckpointUnsigned, ValueError):
        return None
    return Handover(former, following, said.size, note)


class Signers:
    """The keys that are believed for a log's checkpoints: one key, and all keys joined to it by handovers."""

    def __init__(self, key: VerifierKey, notes: Iterable[bytes]) -> None:
        """Finds the handovers among the notes. Only the first handover of each key counts: a key hands over once in a
        log."""
        found = [handed for handed in map(read, notes) if handed]
        by_former = {handed.former: handed for handed in reversed(found)}
        by_next = {handed.next: handed for handed in by_former.values()}
        before, behind = list(_along(key, by_next, "former")), list(_along(key, by_former, "next"))
        self.handovers = [*reversed(before), *behind]
        self.strangers = [handed for handed in found if handed not in self.handovers]
        self.current = behind[-1].next if behind else key
        self._until = {handed.former: handed.size for handed in self.handovers}

    @property
    def keys(self) -> list[VerifierKey]:
        """The current key, then those before it, the last one first."""
        return [self.current, *(handed.former for handed in reversed(self.handovers))]

    def leading_to(self, key: VerifierKey) -> list[Handover]:
        """The handovers that lead up to a key, in their order."""
        return self.handovers[: len(self.handovers) - self.keys.index(key)]

    def signer(self, note: bytes) -> VerifierKey:
        """The newest of these keys that has signed a checkpoint. Raises CheckpointMalformed, CheckpointUnsigned."""
        by = checkpoint.signed_by(note)
        for key in self.keys:
            if (key.name, key.id) in by:
                return key
        raise CheckpointUnsigned(f"The checkpoint is not signed by the key {self.current}.")

    def verify(self, note: bytes) -> Checkpoint:
        """The content of a checkpoint that one of these keys signed before it handed over.

        Raises CheckpointMalformed, CheckpointUnsigned.
        """
        key = self.signer(note)
        said = checkpoint.verify(note, key)
        if said.size > (until := self._until.get(key, said.size)):
            raise CheckpointUnsigned(f"It is signed by {key}, which handed over when {there_were_records(until)}.")
        return said


def _along(key: VerifierKey, handovers: dict[VerifierKey, Handover], way: str) -> Iterable[Handover]:
    """The handovers that lead from a key to others, one after the other."""
    seen = {key}
    while (handed := handovers.get(key)) is not None:
        key = handed.former if way == "former" else handed.next
        if key in seen:
            return
        seen.add(key)
        yield handed
