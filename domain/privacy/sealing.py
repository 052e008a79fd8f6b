"""Seals the personal data of an event, and opens them where the event stands.

The stored form is the event's JSON without its personal data. Its field `personal` has, for each part that is not
empty, the id of the data key, the hash and the sealed text: `"personal": {"contact": {"key": "hGOt…", "hash": "pXi/…",
"data": "upPS…"}}`. The text is the JSON of the fields taken out, nested as they stood. It is deflated, since most of it
is names of fields, and padded to whole blocks, since its length would show for ever. `hash` is SHA-256 over the text
and a salt that only the key makes: a reader to whom a part is shown can check it without the key. AES-256-GCM seals the
text and binds it to its place and its hash, so it opens in this version of this order, beside this hash, and nowhere
else.
"""

import binascii
import hashlib
import hmac
import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from domain.aggregate import Event, PersonalParts
from domain.privacy.keyring import DataKey, DataOwner, Keyring

BLOCK_BYTES: Final = 32
_LABEL: Final = b"order-ledger sealed 1\0"
_NONCE_BYTES: Final = 12
# More than the largest event.
TEXT_BYTES_MAX: Final = 16 * 1024 * 1024
# How texts are deflated: a dictionary of what often stands in them, and a window just large enough for it. Inflating
# takes the same window and dictionary, so these two never change unless the label does. The quickest level costs 4
# bytes of 100.
_LEVEL: Final = 1
_WINDOW: Final = -10
_MEMORY: Final = 6
_OFTEN: Final = (
    b'{"reason":"{"personal":{"metadata":{"items":{"1":{"shipping":{"mobile_number":"+","city":{"id":1,"name":""},'
    b'"address":"","postal_code":"","national_code":"","first_name":"","last_name":""}}}{"personal":{"customer":{'
    b'"username":"","email":"","phone":"@gmail.com","first_name":"","last_name":""},"notes":"","billing":{'
    b'"mobile_number":"+"}}}{"personal":{"billing":{"city":{"id":1,"name":""},"address":"","postal_code":"",'
    b'"national_code":"","first_name":"","last_name":""}}}'
)
_FIELD: Final = "personal"
_SEALED: Final = frozenset({"key", "hash", "data"})
_NOTHING: Final[dict[str, Any]] = {}
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode
Tree = dict[str, Any]


class SealBroken(ValueError):
    """A sealed part does not open in its place: it was altered, or moved there."""


class Place(NamedTuple):
    """An event's place: its history, its version in the history, and its topic."""

    originator_id: UUID
    version: int
    topic: bytes

    def bound(self, part: str) -> bytes:
        """The bytes that a sealed part is bound to."""
        version = self.version.to_bytes(4, "big")
        return b"".join((_LABEL, self.originator_id.bytes, version, self.topic, b"\0", part.encode()))


class OpenedPart(NamedTuple):
    """An opened part, with the salt that its hash is checked by."""

    salt: bytes
    text: bytes


class Sealing:
    """Seals by the keys of a ledger, and opens the parts that `opens` names, all where it is None."""

    def __init__(self, keys: Keyring, *, opens: Collection[str] | None) -> None:
        self.keys = keys
        self._opens = opens

    def sealed(
        self, event: Event, personal: PersonalParts, place: Place, owner: DataOwner, now: datetime
    ) -> bytes | None:
        """The event as it is stored; None where it has no personal data. Raises KeyUnknown, MasterUnknown."""
        tree: Tree = msgspec.to_builtins(event)
        taken = {part: _taken(tree, places) for part, places in _places(type(event), personal).items()}
        if not any(taken.values()):
            return None
        held = tree.setdefault(_FIELD, {})
        for part, content in taken.items():
            if content:
                held[part] = seal(self.keys.sealing_key(owner, part, now), place.bound(part), _encode(content))
        return _encode(tree)

    def opened(self, payload: bytes, place: Place) -> Tree:
        """A stored event's tree as it was before sealing, without the parts that are erased or not to be opened.

        Raises SealBroken, KeyUnknown, MasterUnknown; ValueError where the payload is no sealed event.
        """
        tree: Tree = _decode(payload)
        for part, sealed in take_sealed(tree).items():
            if self._opens is not None and part not in self._opens:
                continue
            if (key := self.keys.open(sealed["key"])) is not None:
                _put_back(tree, _decode(opened(key, place.bound(part), sealed)))
        return tree

    def opened_parts(self, payload: bytes, place: Place) -> dict[str, OpenedPart | None]:
        """The parts of a stored event with their salts; None for an erased part. Raises the same as `opened`."""
        found: dict[str, OpenedPart | None] = {}
        for part, sealed in take_sealed(_decode(payload)).items():
            key, bound = self.keys.open(sealed["key"]), place.bound(part)
            found[part] = None if key is None else OpenedPart(salt_of(key, bound), opened(key, bound, sealed))
        return found


def seal(key: DataKey, bound: bytes, text: bytes) -> dict[str, str]:
    """A part's text as it is stored, sealed and bound to its place and its hash."""
    deflating = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_FIXED, _OFTEN)
    padded = deflating.compress(text) + deflating.flush()
    padded += bytes(-len(padded) % BLOCK_BYTES)  # inflating ignores bytes behind the end of a deflated text
    nonce, hash_ = os.urandom(_NONCE_BYTES), _hash_of(key, bound, text)
    return {
        "key": key.id,
        "hash": hash_,
        "data": _text(nonce + key.aead.encrypt(nonce, padded, _with_hash(bound, hash_))),
    }


def opened(key: DataKey, bound: bytes, sealed: Mapping[str, str]) -> bytes:
    """The text of a sealed part. Raises SealBroken."""
    try:
        data = binascii.a2b_base64(sealed["data"], strict_mode=True)
        nonce, content = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        try:
            padded, is_bound_to_hash = key.aead.decrypt(nonce, content, _with_hash(bound, sealed["hash"])), True
        except InvalidTag:  # earlier versions bound a part to its place alone
            padded, is_bound_to_hash = key.aead.decrypt(nonce, content, bound), False
        text = zlib.decompressobj(_WINDOW, _OFTEN).decompress(padded, TEXT_BYTES_MAX)
    except (InvalidTag, TypeError, ValueError, zlib.error):
        raise SealBroken("a sealed part does not open in this place") from None
    if not is_bound_to_hash and _hash_of(key, bound, text) != sealed["hash"]:
        raise SealBroken("a sealed part has another hash than its text")
    return text


def _with_hash(bound: bytes, hash_: str) -> bytes:
    """A place and a hash as one. The zero byte tells an empty hash from none, which earlier versions bound. Raises
    TypeError where the hash is no text."""
    return b"\0".join((bound, str.encode(hash_)))


def _hash_of(key: DataKey, bound: bytes, text: bytes) -> str:
    return _text(hashlib.sha256(salt_of(key, bound) + text).digest())


def salt_of(key: DataKey, bound: bytes) -> bytes:
    return hmac.digest(key.salting, bound, "sha256")


def _text(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode()


def sealed_parts(payload: bytes) -> list[str]:
    """The names of the parts that are sealed in a stored event. Raises ValueError where the payload is no sealed
    event."""
    return list(take_sealed(_decode(payload)))


def unopened(payload: bytes) -> Tree:
    """A sealed event's tree without its sealed parts. Raises ValueError where the payload is no sealed event."""
    tree: Tree = _decode(payload)
    take_sealed(tree)
    return tree


# --- personal fields, taken out of an event and put back ---


def take_sealed(tree: Tree) -> dict[str, dict[str, str]]:
    """Takes the sealed parts out of a stored event's tree. Raises ValueError where the tree has no sealed part."""
    held = tree.get(_FIELD)
    if not isinstance(held, dict):
        raise ValueError("a sealed event has no personal parts")
    parts = {part: value for part, value in held.items() if isinstance(value, dict) and value.keys() == _SEALED}
    if not parts:
        raise ValueError("a sealed event has no sealed part")
    for part in parts:
        del held[part]
    return parts


def _taken(tree: Tree, places: "Iterable[_Fields]") -> Tree:
    """Takes the named fields out of a tree, into a tree of their own. Each required field leaves an empty text
    behind."""
    out: Tree = {}
    for steps, names, leaves_text in places:
        at: Any = tree
        for step in steps:
            at = at.get(step, _NOTHING)
        found = {name: at.pop(name) for name in names if at.get(name)}
        if found:
            into = out
            for step in steps:
                into = into.setdefault(step, {})
            into |= found
            at |= dict.fromkeys(leaves_text & found.keys(), "")
    return out


class _Fields(NamedTuple):
    """Fields that stand beside each other: the path to them, their names, and the names of the required ones."""

    steps: tuple[str, ...]
    names: tuple[str, ...]
    required: frozenset[str]


_places_of: dict[type[Event], dict[str, list[_Fields]]] = {}


def _places(shape: type[Event], personal: PersonalParts) -> dict[str, list[_Fields]]:
    """The places of each part in an event of a shape. A shape has its parts for ever, so the places are found once."""
    if (known := _places_of.get(shape)) is None:
        required = frozenset(field.encode_name for field in msgspec.structs.fields(shape) if field.required)
        known = _places_of[shape] = {part: list(_beside(paths, required)) for part, paths in personal.items()}
    return known


def _beside(paths: Iterable[str], required: frozenset[str]) -> Iterator[_Fields]:
    of: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        *steps, name = path.split(".")
        of.setdefault(tuple(steps), []).append(name)
    for at, names in of.items():
        yield _Fields(at, tuple(names), frozenset() if at else required & set(names))


def _put_back(tree: Tree, taken: Tree) -> None:
    for name, value in taken.items():
        if isinstance(value, dict) and isinstance(at := tree.get(name), dict) and at:
            _put_back(at, value)
        else:
            tree[name] = value
