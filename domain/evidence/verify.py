#!/usr/bin/env python3
"""Is this order's history the one that was recorded? Checks an evidence pack, offline.

    python3 verify.py                      the pack that this file stands in
    python3 verify.py evidence.zip         a pack, zipped or unpacked, wherever it is
    python3 verify.py evidence.zip --key 'shop.example/orders+1234abcd+Ab…' --checkpoint kept.txt

It needs Python 3.8 or newer and nothing else: no network, no other package, none of the ledger's own code. It prints
what holds and what does not, and exits with 0 where all of it holds, 1 where anything does not, 2 where it was not told
what to check. README.txt in the pack explains the files.
"""

# ruff: noqa: B905 (Python 3.8 has no zip(strict=), and lengths are compared before)
# ruff: noqa: T201 (printing is this program's work)

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
import zipfile
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

MANIFEST = "manifest.txt"
FILES = (
    "README.txt",
    "checkpoint.txt",
    "events.jsonl",
    "key.txt",
    MANIFEST,
    "order.json",
    "proofs.json",
    "verify.py",
)
FILE_BYTES_MAX = 1 << 28


class Wrong(Exception):
    """Something does not hold. Names the file, and says why in words."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file


# --- Reading -------------------------------------------------------------------------------------------------------


class Number(str):
    """A JSON number with a point, kept as its text: no amount of money ever becomes a float."""


def read_json(file: str, text: str) -> Any:
    """JSON without what readers disagree about: a key twice, NaN."""

    def members(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Wrong(file, "an object has the same key twice")
        return found

    def no_number(text: str) -> Any:
        raise Wrong(file, f"{text} is not JSON")

    return json.loads(text, object_pairs_hook=members, parse_float=Number, parse_constant=no_number)


def read_base64(file: str, text: str) -> bytes:
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise Wrong(file, "Base64 with spare bits that are not zero")
    return content


class Key(NamedTuple):
    """A log's Ed25519 key, under the log's name."""

    name: str
    id: bytes
    public: bytes


def read_key(file: str, text: str) -> Key:
    """C2SP signed-note: the name, the first 4 bytes of SHA-256 over name, line feed, 1 and key, and 1 and the key."""
    found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/]{44})", text)
    if not found:
        raise Wrong(file, "this is no verifier key like name+01234567+Ab…")
    name, typed = found[1], read_base64(file, found[3])
    key = Key(name, hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4], typed[1:])
    if typed[0] != 1 or key.id.hex() != found[2]:
        raise Wrong(file, "the key's id is not the one of its name and bytes, or it is no Ed25519 key")
    return key


class Checkpoint(NamedTuple):
    """The head of a log, and the signatures below it by the name and id of their keys."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: Dict[Tuple[str, bytes], bytes]


_LINE = "[^\0-\x1f]+\n"
_CHECKPOINT = re.compile(
    "(?P<text>(?P<origin>[^\0-\x1f]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[0-9A-Za-z+/]{43}=)\n"
    f"(?:{_LINE})*)\n(?P<signatures>(?:\u2014 [^\\s]+ [^\\s]+\n)+)"
)


def read_checkpoint(file: str, content: bytes) -> Checkpoint:
    """C2SP tlog-checkpoint: origin, size, root, a blank line, and signatures (C2SP signed-note)."""
    found = _CHECKPOINT.fullmatch(content.decode())
    if not found:
        raise Wrong(file, "this is no checkpoint: a log's name, its size, its root, an empty line, signatures")
    signatures = {}
    for line in found["signatures"].splitlines():
        _, name, signature = line.split(" ")
        signed = read_base64(file, signature)
        signatures[name, signed[:4]] = signed[4:]
    return Checkpoint(
        found["text"], found["origin"], int(found["size"]), read_base64(file, found["root"]), signatures
    )
