"""verify.py's Ed25519, compared with the vectors of RFC 8032 and with `cryptography`."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.proof import verify
from tests.proof.logs import KEY

PUBLIC = KEY.public_key().public_bytes_raw()

# RFC 8032, section 7.1, the message of TEST 1024: 1023 bytes.
LONG_MESSAGE = """
08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f54e9f77b1e355f6c50544e23fb143
3ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37c93a1b270b20329d658675fc6ea534e0810a4432826bf58c941efb65
d57a338bbd2e26640f89ffbc1a858efcb8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80288a821a579116ec6d
ad2b3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573cb116dbefefd75499da96bd68
a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce
81bd84359d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d502f1a8c6eb6f1ce22b3de1a
1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f27088d78b7e883c8759d2c4f5c65adb7553878ad575f9fa
d878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089beccf80cfe2df16a2cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a
7a569d80c3414a8d0859dc65a46128bab27af87a71314f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504
df543af8969be3ea7082ff7fc9888c144da2af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb751fb73e6
66c6c655ade8297297d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb038dda0847dd988dcda6f3bfd15c4b4c4525004aa06e
eff8ca61783aacec57fb3d1f92b0fe2fd1a85f6724517b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b
68401adebf5a7e08d78ff4ef5d63653a65040cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7
276cd419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc5600a32ef5b52a1ecc820e308aa342
721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b111
6398a346f1a641f3b041e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa933a15ef1
369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185c32eddcdd306705e4dc1ffc872eeee475a64
dfac86aba41c0618983f8741c5ef68d3a101e8a3b8cac60c905c15fc910840b94c00a0b9d0
"""
# Section 7.1: secret key, public key, message, signature.
VECTORS = {
    "TEST 1": (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "TEST 2": (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "TEST 3": (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "TEST 1024": (
        "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
        "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
        LONG_MESSAGE,
        "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350"
        "aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03",
    ),
    "TEST SHA(abc)": (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}


def holds_elsewhere(signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(PUBLIC).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", VECTORS)
def test_the_rfcs_signatures_hold_and_their_messages_cannot_be_exchanged(name: str) -> None:
    secret, public, message, signature = (bytes.fromhex(part) for part in VECTORS[name])
    assert Ed25519PrivateKey.from_private_bytes(secret).sign(message) == signature
    assert verify.is_signature(signature, message, public)
    assert not verify.is_signature(signature, message + b"\0", public)
    assert not verify.is_signature(signature, message, PUBLIC)


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_every_signature_that_cryptography_makes_holds(secret: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert verify.is_signature(key.sign(message), message, key.public_key().public_bytes_raw())


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=40), st.integers(0, 64 * 8 - 1))
def test_no_bit_of_a_signature_can_be_changed(message: bytes, bit: int) -> None:
    signature = (int.from_bytes(KEY.sign(message), "little") ^ 1 << bit).to_bytes(64, "little")
    assert not verify.is_signature(signature, message, PUBLIC)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 32 * 8 - 1))
def test_no_bit_of_a_key_can_be_changed(bit: int) -> None:
    public = (int.from_bytes(PUBLIC, "little") ^ 1 << bit).to_bytes(32, "little")
    assert not verify.is_signature(KEY.sign(b"message"), b"message", public)


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=32, max_size=32), st.integers(0, verify.ORDER - 1), st.binary(max_size=20))
def test_a_signature_that_cryptography_refuses_is_refused(r: bytes, s: int, message: bytes) -> None:
    signature = r + s.to_bytes(32, "little")
    assert not holds_elsewhere(signature, message)
    assert not verify.is_signature(signature, message, PUBLIC)


def test_a_key_that_is_not_encoded_the_one_right_way_is_refused() -> None:
    # The neutral point, for which R = neutral and S = 0 is a signature of anything: y = 1, the sign of x = 0 not set.
    neutral, signature = b"\1" + bytes(31), b"\1" + bytes(63)
    assert verify.is_signature(signature, b"message", neutral)
    with_a_sign = b"\1" + bytes(30) + b"\x80"
    y_beyond_the_field = (verify.P + 1).to_bytes(32, "little")
    for public in (with_a_sign, y_beyond_the_field):
        assert not verify.is_signature(signature, b"message", public)


def test_a_signature_with_the_groups_order_added_to_it_is_refused() -> None:
    signature = KEY.sign(b"message")
    s = int.from_bytes(signature[32:], "little") + verify.ORDER
    forged = signature[:32] + s.to_bytes(32, "little")
    assert not verify.is_signature(forged, b"message", PUBLIC)
    assert not holds_elsewhere(forged, b"message")


@pytest.mark.parametrize("length", [0, 63, 65, 96])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    assert not verify.is_signature((KEY.sign(b"message") * 2)[:length], b"message", PUBLIC)


def test_a_key_that_is_no_point_is_refused() -> None:
    for public in (b"\2" + bytes(31), b"\xff" * 32, PUBLIC[:31], PUBLIC + b"\0"):
        assert not verify.is_signature(KEY.sign(b"message"), b"message", public)
