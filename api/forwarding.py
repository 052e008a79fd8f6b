"""What does a trusted proxy tell of the address that a client asked for?

Only the family of headers that the settings name counts: a proxy may pass the other one on as its client sent it. What
a proxy adds stands on the right of what came to it, so reading begins there, and skips as many places as the addresses
in them are those of other trusted proxies. A client's own words stand further to the left.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

from falcon.asgi import Request

from api.errors import Problem
from api.settings import Settings

T = TypeVar("T")
# A pair of RFC 7239, section 4. Some proxies send an address without quotes, though it has colons and brackets.
_PAIR: Final = re.compile(r'[ \t]*([A-Za-z]+)=([^\s,;"]+|"(?:[^"\\]|\\.)*")[ \t]*(;|,|$)')


class Outer(NamedTuple):
    """What stands in the address that a client asked for; each None where the proxy is silent about it."""

    scheme: str | None = None
    host: str | None = None
    port: str | None = None
    prefix: str | None = None


def outer(req: Request, settings: Settings) -> Outer:
    """Raises a 400 for a malformed `Forwarded`, which knows of no port apart from the host's, and of no prefix."""
    if settings.forwarded == "forwarded":
        hops = _hops(req.get_header("Forwarded") or "")
        hop = _beyond(settings, [hop.get("for", "") for hop in hops], hops) or {}
        return Outer(hop.get("proto"), hop.get("host"))
    addresses = _values(req, "X-Forwarded-For")
    told = (_values(req, f"X-Forwarded-{name}") for name in ("Proto", "Host", "Port", "Prefix"))
    return Outer(*(_beyond(settings, addresses, values) for values in told))


def _beyond(settings: Settings, addresses: Sequence[str], told: Sequence[T]) -> T | None:
    """What was told by the trusted proxy that is next to the client; by the last that told anything, where proxies
    before it did not. `addresses` are those that each proxy was asked from."""
    skipped = 0
    for address in reversed(addresses):
        if not settings.trusts(_without_port(address)):
            break
        skipped += 1
    return told[max(0, len(told) - 1 - skipped)] if told else None


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _values(req: Request, name: str) -> list[str]:
    return [value.strip() for value in (req.get_header(name) or "").split(",") if value.strip()]


def _hops(header: str) -> list[dict[str, str]]:
    """The elements of a `Forwarded`, each as its pairs. Raises a 400 for what is malformed: passed over, a quote that a
    client leaves open would make its own words the last ones."""
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
