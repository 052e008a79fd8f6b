"""Tokens of the shop's identity provider: JSON Web Tokens (RFC 7519), taken beside the ledger's own access keys.

The operator's settings name the provider's keys, issuer and audience. A token has the ledger's scopes in one claim, or
a customer's id in another.
"""

import logging
import re
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

import jwt
from jwt import PyJWK, PyJWKSet

from api.access import NAME
from api.settings import Provider
from domain.log.keys import SCOPES, Caller

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
LEEWAY_SECONDS: Final = 30  # for clocks that differ
# How long the provider's keys are in use, and the least time between two fetches where a token names an unknown key.
KEYS_SECONDS_MAX: Final = 600
KEYS_SECONDS_MIN: Final = 5
FETCH_SECONDS_MAX: Final = 5
KEYS_BYTES_MAX: Final = 1024 * 1024
_PIECE_BYTES: Final = 64 * 1024
_CUSTOMER: Final = re.compile(r"[0-9]{1,15}")

_log = logging.getLogger("order_ledger")


class TokenRefused(Exception):
    """A token is refused; the message tells its bearer why."""


class TokenMissigned(TokenRefused):
    """A token is not signed by the key that it names; the provider may have put another key in its place."""


class Tokens:
    """Reads tokens by the provider's keys, which are fetched now and then (`refresh`)."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys: dict[str | None, PyJWK] = {}
        self._asked_at = float("-inf")

    def may_refresh(self) -> bool:
        """Whether the provider's keys may be fetched again already."""
        return time.monotonic() - self._asked_at > KEYS_SECONDS_MIN

    def must_refresh(self, token: str) -> bool:
        """Whether the provider's keys must be fetched before the token is read."""
        age = time.monotonic() - self._asked_at
        return age > KEYS_SECONDS_MAX or (self.may_refresh() and self._key(token) is None)

    def refresh(self) -> None:
        """Fetches the provider's keys. The known keys stay where that fails."""
        try:
            found = PyJWKSet.from_json(_read(self._provider.keys).decode())
        except (OSError, ValueError, HTTPException, jwt.PyJWTError):
            _log.exception("the identity provider's keys at %s", self._provider.keys)
        else:
            self._keys = {key.key_id: key for key in found.keys if key.public_key_use != "enc"}
        self._asked_at = time.monotonic()

    def _key(self, token: str) -> PyJWK | None:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise TokenRefused("it is no token that can be read") from error
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def caller(self, token: str) -> Caller:
        """The caller that a token names. Raises TokenRefused, and TokenMissigned."""
        key = self._key(token)
        if key is None:
            raise TokenRefused("it is not signed by a key that the identity provider publishes")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._provider.audience,
                issuer=self._provider.issuer,
                leeway=LEEWAY_SECONDS,
                # RSA of at least 2,048 bits (RFC 7518, section 3.3).
                options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            refused = TokenMissigned if isinstance(error, jwt.InvalidSignatureError) else TokenRefused
            raise refused(str(error)[:1].lower() + str(error)[1:]) from error
        return _caller(claims, self._provider)


def _caller(claims: dict[str, Any], provider: Provider) -> Caller:
    scopes, customer = claims.get(provider.scopes_claim), claims.get(provider.customer_claim)
    named = scopes.split() if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
    ours = frozenset(scope for scope in named if scope in SCOPES)
    is_id = not isinstance(customer, bool) and isinstance(customer, int | str) and _CUSTOMER.fullmatch(str(customer))
    if not ours and not is_id:
        raise TokenRefused(
            f"it has no scope of this service in {provider.scopes_claim!r}, and no customer's id in"
            f" {provider.customer_claim!r}"
        )
    act = claims.get("act")
    return Caller(
        f"jwt:{_named(claims.get('sub') if claims.get('sub') is not None else customer)}",
        None if ours else int(str(customer)),
        ours,
        _named(act["sub"]) if isinstance(act, dict) and "sub" in act else None,
    )


def _named(value: Any) -> str:
    """A claim's value as an actor of the log. Raises TokenRefused."""
    if not NAME.fullmatch(str(value)):
        raise TokenRefused(
            "its 'sub', or that of its 'act', is no name of 1 to 100 visible ASCII characters without '/'"
        )
    return str(value)


def _read(keys: str) -> bytes:
    if not keys.startswith(("https://", "http://")):
        return Path(keys).read_bytes()
    until, found = time.monotonic() + FETCH_SECONDS_MAX, b""
    with urllib.request.urlopen(keys, timeout=FETCH_SECONDS_MAX) as answer:  # noqa: S310  (the operator's own address)
        while len(found) < KEYS_BYTES_MAX and (piece := answer.read1(_PIECE_BYTES)):
            found += piece
            if time.monotonic() > until:  # the timeout above is for each read alone
                raise TimeoutError(f"not whole after {FETCH_SECONDS_MAX} s")
    return found
