"""How does a receiver know that a message is ours? By the signatures of the Standard Webhooks specification.

The signed text is `{id}.{timestamp}.{body}`. It is signed by HMAC-SHA256 with the webhook's secret (`v1`), and by the
webhook's Ed25519 key (`v1a`), whose public half can verify and cannot sign.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105  (it tells secrets from keys, and is none)
_PUBLIC_PREFIX: Final = "whpk_"
_SECRET_BYTES: Final = 32
SECRET_BYTES_MIN: Final = 24
SECRET_BYTES_MAX: Final = 64


def new_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def new_private_key() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def secret_shown(secret: bytes) -> str:
    return _SECRET_PREFIX + b64encode(secret).decode()


def secret_given(text: str) -> bytes:
    """The secret chosen by a client. Raises ValueError with the rule that it breaks."""
    try:
        secret = b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
        span = f"{SECRET_BYTES_MIN} to {SECRET_BYTES_MAX}"
        raise ValueError(f"must be base64 of {span} random bytes, best with {_SECRET_PREFIX} in front")
    return secret


def public_key(private_key: bytes) -> str:
    raw = Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
    return _PUBLIC_PREFIX + b64encode(raw).decode()


def signatures(hmac_secrets: Iterable[bytes], private_key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: a signature by each secret, and one by the key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    by_secret = [("v1", hmac.digest(secret, signed, hashlib.sha256)) for secret in hmac_secrets]
    by_key = ("v1a", Ed25519PrivateKey.from_private_bytes(private_key).sign(signed))
    return " ".join(f"{version},{b64encode(each).decode()}" for version, each in (*by_secret, by_key))
