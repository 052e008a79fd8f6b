"""Which address did the client ask for, by the headers of a trusted proxy?

Only the family of headers that the settings name is read: a proxy may pass the other one on as its client sent it. A
proxy adds its value on the right. So reading begins there, and skips the values of other trusted proxies; the client's
own values stand further to the left.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

from falcon.asgi import Request

from api.errors import Problem
from api.settings import Settings

T = TypeVar("T")
# A pair of RFC 7239, section 4. Some proxies leave the quotes out around an address with colons and brackets.
_PAIR: Final = re.compile(r'[ \t]*([A-Za-z]+)=([^\s,;"]+|"(?:[^"\\]|\\.)*")[ \t]*(;|,|$)')


class ForwardedAddress(NamedTuple):
    """The parts of the address that a client asked for; None for each part that the proxy does not tell."""

    scheme: str | None = None
    host: str | None = None
    port: str | None = None
    prefix: str | None = None


def forwarded_address(req: Request, settings: Settings) -> ForwardedAddress:
    """The address by the proxy's headers. `Forwarded` has no port apart from the host's, and no prefix. Raises a 400
    where it is malformed."""
    if settings.forwarded == "forwarded":
        hops = _hops(req.get_header("Forwarded") or "")
        hop = _added_by_proxy(settings, [hop.get("for", "") for hop in hops], hops) or {}
        return ForwardedAddress(hop.get("proto"), hop.get("host"))
    addresses = _values(req, "X-Forwarded-For")
    forwarded = (_values(req, f"X-Forwarded-{name}") for name in ("Proto", "Host", "Port", "Prefix"))
    return ForwardedAddress(*(_added_by_proxy(settings, addresses, values) for values in forwarded))


def _added_by_proxy(settings: Settings, addresses: Sequence[str], forwarded: Sequence[T]) -> T | None:
    """The value that the trusted proxy next to the client has added; where it added none, that of the first proxy that
    did. `addresses` has for each proxy the peer that asked it."""
    skipped = 0
    for address in reversed(addresses):
        if not settings.trusts(_without_port(address)):
            break
        skipped += 1
    return forwarded[max(0, len(forwarded) - 1 - skipped)] if forwarded else None


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _values(req: Request, name: str) -> list[str]:
    return [value.strip() for value in (req.get_header(name) or "").split(",") if value.strip()]


def _hops(header: str) -> list[dict[str, str]]:
    """The elements of a `Forwarded`, each as its pairs. Raises a 400 where one is malformed: were it passed over, a
    client could leave a quote open and have its own values read as the proxy's."""
    hops: list[dict[str, str]] = []
    hop: dict[str, str] = {}
    at = 0
    while at < len(header):
        pair = _PAIR.match(header, at)
        if pair is None or pair[1].lower() in hop:
            raise Problem(400, "invalid-host", "The Forwarded header is malformed (RFC 7239, section 4).")
        name, value, end = pair.groups()
        hop[name.lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if end != ";":
            hops.append(hop)
            hop = {}
        at = pair.end()
    return [*hops, hop] if hop else hops
