"""The evidence pack for an auditor who has none of our software: one order's history and its proofs, as one zip.

The same parts make the same bytes: nothing in the zip depends on the clock or the machine.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final, NamedTuple, NotRequired, TypedDict, Unpack
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec

from domain.proof.checkpoint import VerifierKey

MANIFEST: Final = "manifest.txt"
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
_UNIX: Final = 3
_READABLE: Final = 0o644 << 16


class StoredRecord(NamedTuple):
    """A row of the log, every column as it is stored."""

    position: int
    originator_id: str
    version: int
    topic: str
    payload: str
    recorded_at: str
    actor: str
    request_id: str | None
    idempotency_key: str | None
    digest: bytes


class Continuation(NamedTuple):
    """The proof that the pack's log begins with the log of an earlier checkpoint: that log's size, and the consistency
    proof."""

    size: int
    proof: Sequence[bytes]


class ShownPart(NamedTuple):
    """A part of the personal data in the event of this version: its text, and the salt that was hashed with the
    text."""

    version: int
    part: str
    salt: bytes
    text: bytes


class Proven(TypedDict):
    """Some stored records of a history, each with its proof in the checkpoint's tree; the checkpoint and its key. The
    continuations prove that the log goes on from earlier heads. `handovers` are the checkpoints by which earlier keys
    handed over, the earliest first; each needs a continuation."""

    records: Sequence[StoredRecord]
    inclusion: Sequence[Sequence[bytes]]
    checkpoint: bytes
    key: VerifierKey
    continuations: NotRequired[Sequence[Continuation]]
    handovers: NotRequired[Sequence[bytes]]


def pack(*, document: bytes, personal: Sequence[ShownPart] = (), **proven: Unpack[Proven]) -> bytes:
    """The zip of an order. `document` is the order as JSON, as far as `personal` shows it."""
    return _pack({"order.json": document}, "README.txt", personal, **proven)


def pack_of_reconciliation(
    *, kept: Mapping[str, bytes], personal: Sequence[ShownPart] = (), **proven: Unpack[Proven]
) -> bytes:
    """The zip of a reconciliation. `kept` has its settlement, rules.toml and report.json; erased ones are missing."""
    return _pack(kept, "RECONCILIATION.txt", personal, **proven)


def _pack(
    told: Mapping[str, bytes],
    readme: str,
    personal: Sequence[ShownPart],
    *,
    records: Sequence[StoredRecord],
    inclusion: Sequence[Sequence[bytes]],
    checkpoint: bytes,
    key: VerifierKey,
    continuations: Sequence[Continuation] = (),
    handovers: Sequence[bytes] = (),
) -> bytes:
    proofs = {
        "inclusion": [
            {"position": record.position, "path": _hexadecimal(proof)}
            for record, proof in zip(records, inclusion, strict=True)
        ],
        "consistency": [{"size": size, "path": _hexadecimal(proof)} for size, proof in continuations],
        **({"handovers": [note.decode() for note in handovers]} if handovers else {}),
    }
    parts = {
        "README.txt": _readme(readme, records, key),
        "checkpoint.txt": checkpoint,
        "events.jsonl": b"".join(_line(record) for record in records),
        "key.txt": f"{key}\n".encode(),
        "proofs.json": msgspec.json.encode(proofs),
        "verify.py": _own("verify.py"),
        # msgspec writes a salt's bytes as their Base64.
        "personal.json": msgspec.json.encode([{**part._asdict(), "text": part.text.decode()} for part in personal]),
        **told,
    }
    return _zip({**parts, MANIFEST: manifest(parts)})


def manifest(parts: dict[str, bytes]) -> bytes:
    """The SHA-256 of each file, in the format of `sha256sum`."""
    return "".join(f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts)).encode()


def _line(record: StoredRecord) -> bytes:
    return msgspec.json.encode({**record._asdict(), "digest": record.digest.hex()}) + b"\n"


def _hexadecimal(hashes: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in hashes]


def _readme(name: str, records: Sequence[StoredRecord], key: VerifierKey) -> bytes:
    last = records[-1]
    return _own(name).decode().format(order=last.originator_id, version=last.version, key=key).encode()


@cache
def _own(name: str) -> bytes:
    """A file of this package that goes into every pack."""
    return files(__package__).joinpath(name).read_bytes()


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    # Not compressed: deflate's output for the same bytes differs between versions of zlib.
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name in sorted(parts):
            entry = ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            archive.writestr(entry, parts[name])
    return buffer.getvalue()
