"""Checkpoints in C2SP's formats, compared with bytes that another implementation signed."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.proof import merkle
from domain.proof.checkpoint import (
    NOTE_BYTES_MAX,
    Checkpoint,
    CheckpointMalformed,
    CheckpointUnsigned,
    VerifierKey,
    parse,
    sign,
    split,
    verifier_key,
    verify,
)
from tests.proof.logs import KEY, NAME, VERIFIER_KEY, signed_note

# The test log of Tessera (github.com/transparency-dev/tessera, testdata), made by its build_log.sh: key, leaves, heads.
TESSERA_NAME = "example.com/log/testdata"
TESSERA_SECRET = base64.b64decode("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg")[1:]
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_LEAVES = ["one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven"]
TESSERA_CHECKPOINTS = {
    0: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.com/log/testdata "
    "M9e0lhxJACzE1KoUdqKuPa+9p6R7dSW8BlEvrg/noo8FkGg6PbJoRNOcdjqjOq89wVvTA60eubCc4oufo5BvIVEgtQc=\n",
    3: "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n\n— example.com/log/testdata "
    "M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1dwcwh9bGQnqVAg=\n",
    11: "Yok1cS5VdokGLBy73BC2I16b3atss6KBN9jnIi6Fz/A=\n\n— example.com/log/testdata "
    "M9e0lqbRtWirJwbUy4w3VrK2RyzfW8P+OIkc8t6b6AVG/tQd1Q2SN+uCLYzNNFnf/PhzeCdURSGQe1MRnohCxPu21wg=\n",
}
ROOT = bytes(range(32))
NOTE = sign(KEY, NAME, 1234, ROOT)


@pytest.mark.parametrize("size", TESSERA_CHECKPOINTS)
def test_the_same_leaves_and_key_make_the_very_bytes_that_tessera_signed(size: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(TESSERA_SECRET)
    leaves = [sha256(b"\0" + word.encode()).digest() for word in TESSERA_LEAVES[:size]]
    nodes: dict[tuple[int, int], bytes] = {}
    nodes.update(((level, index), node) for level, index, node in merkle.append(0, leaves, lambda *at: nodes[at]))
    note = sign(key, TESSERA_NAME, size, merkle.root(size, lambda *at: nodes[at]))
    assert note.decode() == f"{TESSERA_NAME}\n{size}\n{TESSERA_CHECKPOINTS[size]}"
    assert str(verifier_key(key, TESSERA_NAME)) == TESSERA_KEY
    assert verify(note, VerifierKey.parse(TESSERA_KEY)).size == size


@pytest.mark.parametrize(
    "text",
    [
        TESSERA_KEY,
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "فروشگاه.example/orders+" + str(verifier_key(KEY, "فروشگاه.example/orders")).split("+", 1)[1],
    ],
)
def test_verifier_keys_of_others_are_read_and_written_back_the_same(text: str) -> None:
    assert str(VerifierKey.parse(text)) == text


def test_a_signed_checkpoint_is_read_as_it_was_signed() -> None:
    assert verify(NOTE, VERIFIER_KEY) == parse(NOTE) == Checkpoint(NAME, 1234, ROOT)


def test_lines_of_extensions_are_signed_and_kept() -> None:
    text = NOTE.decode().partition("\n\n")[0] + "\nwitnessed by nobody\nλ\n"
    assert verify(signed_note(text), VERIFIER_KEY).extensions == ("witnessed by nobody", "λ")


def test_signatures_by_other_keys_are_passed_over() -> None:
    other = Ed25519PrivateKey.generate()
    text = NOTE.decode().partition("\n\n")[0] + "\n"
    by_a_witness = signed_note(text, other, "witness.example").decode().partition("\n\n")[2]
    same_name = signed_note(text, other, NAME).decode().partition("\n\n")[2]
    assert verify(NOTE + (by_a_witness + same_name).encode(), VERIFIER_KEY).size == 1234
    of_another_kind = f"— {NAME} {base64.b64encode(b'1234' + b'x' * 3000).decode()}\n"
    assert verify(NOTE + of_another_kind.encode(), VERIFIER_KEY).size == 1234


def test_a_checkpoint_that_only_others_signed_is_refused() -> None:
    with pytest.raises(CheckpointUnsigned, match="not signed by the key"):
        verify(sign(Ed25519PrivateKey.generate(), NAME, 1234, ROOT), VERIFIER_KEY)


def test_one_wrong_signature_by_the_key_spoils_the_right_one() -> None:
    wrong = base64.b64encode(VERIFIER_KEY.id + bytes(64)).decode()
    with pytest.raises(CheckpointUnsigned, match="not of this checkpoint"):
        verify(NOTE + f"— {NAME} {wrong}\n".encode(), VERIFIER_KEY)


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    signature = base64.b64encode(VERIFIER_KEY.id + bytes(length)).decode()
    note = NOTE.decode().partition("\n\n")[0] + f"\n\n— {NAME} {signature}\n"
    with pytest.raises(CheckpointUnsigned, match="not of this checkpoint"):
        verify(note.encode(), VERIFIER_KEY)


def test_the_key_of_one_log_does_not_speak_for_another() -> None:
    text = f"shop.example/other\n1234\n{base64.b64encode(ROOT).decode()}\n"
    with pytest.raises(CheckpointUnsigned, match=r"of the log 'shop\.example/other'"):
        verify(signed_note(text), VERIFIER_KEY)


def test_no_byte_of_a_checkpoint_can_be_changed() -> None:
    for i in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[i] ^= 1 << bit
            with pytest.raises((CheckpointMalformed, CheckpointUnsigned)):
                verify(bytes(changed), VERIFIER_KEY)


def test_no_byte_of_a_verifier_key_can_be_changed() -> None:
    text = str(VERIFIER_KEY).encode()
    for i in range(len(text)):
        changed = bytearray(text)
        changed[i] ^= 1
        with pytest.raises(CheckpointMalformed):
            VerifierKey.parse(changed.decode())


_ROOT_TEXT = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME}\n01\n{_ROOT_TEXT}\n",
        f"{NAME}\n-1\n{_ROOT_TEXT}\n",
        f"{NAME}\n٣\n{_ROOT_TEXT}\n",
        f"{NAME}\n{10**19}\n{_ROOT_TEXT}\n",
        f"{NAME}\n 1\n{_ROOT_TEXT}\n",
        f"{NAME}\n1\n{_ROOT_TEXT[:-1]}\n",
        f"{NAME}\n1\n{_ROOT_TEXT[:-2]}9=\n",  # the same bytes, in base64 whose spare bits are not zero
        f"{NAME}\n1\n{base64.b64encode(ROOT[1:]).decode()}\n",
        f"{NAME}\n1\n\n",
        f"{NAME}\n1\n",
        f"\n1\n{_ROOT_TEXT}\n",
        f"{NAME}\n1\n{_ROOT_TEXT}\n\nan extension behind an empty line\n",
        f"{NAME}\n1\n{_ROOT_TEXT}\nan extension\twith a tab\n",
        f"{NAME}\r\n1\r\n{_ROOT_TEXT}\r\n",
        f"{NAME}\n1\n{_ROOT_TEXT}",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused_however_well_it_is_signed(text: str) -> None:
    with pytest.raises(CheckpointMalformed):
        verify(signed_note(text), VERIFIER_KEY)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        NOTE[:-1],
        NOTE.partition(b"\n\n")[0] + b"\n",
        NOTE + b"\n",
        NOTE + NOTE,
        NOTE.replace("—".encode(), b"-"),
        NOTE + "— only-a-name\n".encode(),
        NOTE + "— name not/base64!\n".encode(),
        NOTE + b"\xff",
        NOTE + "— a AAAA\u2028— b\n".encode(),
        b"x" * (NOTE_BYTES_MAX + 1),
    ],
)
def test_a_text_that_is_no_signed_note_is_refused(note: bytes) -> None:
    with pytest.raises(CheckpointMalformed):
        parse(note)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2028b", "a\x00b"])
def test_a_log_cannot_have_a_name_that_its_checkpoints_could_not_be_read_with(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a log"):
        sign(KEY, name, 0, ROOT)


def test_checkpoints_appended_to_one_file_come_apart_again() -> None:
    notes = [sign(KEY, NAME, size, ROOT) for size in range(3)]
    notes[1] += "— witness.example AAAABBBB\n".encode()
    assert list(split(b"".join(notes))) == notes
    assert list(split(b"\n" + b"\n\n".join(notes) + b"\n")) == notes
    assert list(split(b"")) == []
    assert list(split(b"\xef\xbb\xbf" + NOTE)) == [NOTE]


def test_a_damaged_checkpoint_in_a_file_leaves_those_before_it_readable() -> None:
    first, torn, last = split(NOTE + NOTE + NOTE[:50])
    assert first == torn == NOTE
    assert last == NOTE[:50]
    with pytest.raises(CheckpointMalformed):
        parse(last)
