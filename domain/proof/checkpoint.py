"""What did the log's keeper sign? The head of the log as text that anyone can keep, and its Ed25519 signature.

The formats are C2SP's: `tlog-checkpoint` for the text, `signed-note` around it. A checkpoint has a line for the origin,
which names the log, one for the size of its tree, and one for the root in Base64; lines of extensions may follow. After
an empty line come the signatures, each `— <key's name> <Base64 of the key's id and the signature>`.

Here a log's key has the log's name, so that one key never speaks for another log.
"""

import base64
import binascii
import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NOTE_BYTES_MAX: Final = 1 << 20

_ED25519: Final = b"\x01"  # signed-note's number for this kind of signature
_KEY_ID_BYTES: Final = 4
_LINE: Final = r"[^\x00-\x1f]+\n"  # signed-note allows no control character but the line feed
_NOTE: Final = re.compile(rf"(?P<text>(?:{_LINE}){{3,}})\n(?P<signatures>(?:— {_LINE})+)")
_DASH: Final = "— ".encode()
_SIGNATURE: Final = re.compile(r"— (?P<name>\S+) (?P<signature>\S+)")
_SIZE: Final = re.compile("0|[1-9][0-9]{0,18}")
_NAME: Final = re.compile(r"[^\s+\x00-\x1f]+")
_VERIFIER_KEY: Final = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>\S+)")


class CheckpointMalformed(ValueError):
    """The text is no checkpoint, or no verifier key."""


class CheckpointUnsigned(ValueError):
    """The checkpoint has no signature by the key, or a wrong one."""


class Checkpoint(msgspec.Struct, frozen=True):
    """The head of a log: the root of its tree at a size."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


class VerifierKey(msgspec.Struct, frozen=True):
    """A log's public key under the log's name. Its text is printed and served, and auditors keep it."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key of a text. Raises CheckpointMalformed."""
        found = _VERIFIER_KEY.fullmatch(text)
        encoded = _from_base64(found["key"]) if found else b""
        if found is None or len(encoded) != 33 or encoded[:1] != _ED25519:
            raise CheckpointMalformed(f"{text!r} is no verifier key of Ed25519; one is like 'name+01234567+AQID…'.")
        key = cls(found["name"], encoded[1:])
        if key.id.hex() != found["id"]:
            raise CheckpointMalformed(f"{text!r}: the id in the middle is not this name's and key's.")
        return key


class _Note(NamedTuple):
    """A signed text, and under it each key's name with its id and signature."""

    text: str
    signatures: list[tuple[str, bytes]]


def verifier_key(key: "Ed25519PrivateKey", name: str) -> VerifierKey:
    """The public half of a log's key. Raises ValueError where a log cannot have the name."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a log: neither spaces nor plus signs, and at least one character.")
    return VerifierKey(name, key.public_key().public_bytes_raw())


def sign(key: "Ed25519PrivateKey", origin: str, size: int, root: bytes, extensions: Sequence[str] = ()) -> bytes:
    """The signed checkpoint, as it is kept and served. Raises ValueError where a log cannot have the origin."""
    public = verifier_key(key, origin)
    text = "".join(f"{line}\n" for line in (origin, size, _base64(root), *extensions))
    return f"{text}\n— {origin} {_base64(public.id + key.sign(text.encode()))}\n".encode()


def parse(note: bytes) -> Checkpoint:
    """The content of a checkpoint; its signatures are not checked. Raises CheckpointMalformed."""
    return _checkpoint(_note(note).text)


def verify(note: bytes, key: VerifierKey) -> Checkpoint:
    """The content of a checkpoint that the key has signed. Raises CheckpointMalformed, CheckpointUnsigned.

    Signatures by other keys are skipped, as signed-note asks: witnesses may have added theirs.
    """
    # Imported here: these take 6 MB, and few processes need them.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    text, signatures = _note(note)
    checkpoint = _checkpoint(text)
    if checkpoint.origin != key.name:
        raise CheckpointUnsigned(f"The checkpoint is of the log {checkpoint.origin!r}, the key of {key.name!r}.")
    own = [
        signed[_KEY_ID_BYTES:] for name, signed in signatures if (name, signed[:_KEY_ID_BYTES]) == (key.name, key.id)
    ]
    if not own:
        raise CheckpointUnsigned(f"The checkpoint is not signed by the key {key}.")
    for signature in own:
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
        except InvalidSignature:
            raise CheckpointUnsigned(f"The signature by {key} is not of this checkpoint.") from None
    return checkpoint


def signed_by(note: bytes) -> set[tuple[str, bytes]]:
    """The names and ids of the keys in a checkpoint's lines of signatures, which are not checked. Raises
    CheckpointMalformed."""
    return {(name, signed[:_KEY_ID_BYTES]) for name, signed in _note(note).signatures}


def split(notes: bytes) -> Iterator[bytes]:
    """The checkpoints of a file to which each was appended, byte for byte. Damaged ones are left for `parse` to refuse.

    Empty lines between checkpoints, as in files joined by hand, are skipped.
    """
    lines: list[bytes] = []
    for line in notes.removeprefix(BOM_UTF8).splitlines(keepends=True):
        if lines and lines[-1].startswith(_DASH) and not line.startswith(_DASH):
            yield b"".join(lines)
            lines = []
        if lines or line.strip():
            lines.append(line)
    if lines:
        yield b"".join(lines)


def _note(note: bytes) -> _Note:
    if len(note) > NOTE_BYTES_MAX:
        raise CheckpointMalformed(f"A checkpoint has at most {NOTE_BYTES_MAX} bytes, this one {len(note)}.")
    try:
        found = _NOTE.fullmatch(note.decode())
    except UnicodeDecodeError as error:
        raise CheckpointMalformed(f"The checkpoint is not UTF-8, at byte {error.start}.") from None
    if found is None:
        raise CheckpointMalformed("This is no checkpoint: lines of text, an empty line, and lines of signatures.")
    return _Note(found["text"], [_signature(line) for line in found["signatures"].removesuffix("\n").split("\n")])


def _signature(line: str) -> tuple[str, bytes]:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise CheckpointMalformed(f"{line!r} is no line of a signature.")
    return found["name"], _from_base64(found["signature"])


def _checkpoint(text: str) -> Checkpoint:
    origin, size, root, *extensions = text.removesuffix("\n").split("\n")
    if not _SIZE.fullmatch(size):
        raise CheckpointMalformed(f"{size!r} is no size of a log.")
    checkpoint = Checkpoint(origin, int(size), _from_base64(root), tuple(extensions))
    if len(checkpoint.root) != hashlib.sha256().digest_size:
        raise CheckpointMalformed(f"{root!r} is no SHA-256 in Base64.")
    return checkpoint


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _from_base64(text: str) -> bytes:
    """The bytes of a Base64 text. Raises CheckpointMalformed, also where another text would decode to the same bytes:
    spare bits must be zero."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content or _base64(content) != text:
        raise CheckpointMalformed(f"{text!r} is not Base64.")
    return content
