"""Which addresses may messages go to? Addresses of the operator's own network are refused unless they are allowed."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

RESOLVE_SECONDS_MAX: Final = 3.0
_NAT64: Final = IPv6Network("64:ff9b::/96")
# The private network before fc00::/7; Python takes it for public.
_SITE_LOCAL: Final = IPv6Network("fec0::/10")
_IPV4_COMPATIBLE: Final = IPv6Network("::/96")
Networks = Sequence[IPv4Network | IPv6Network]


def is_allowed(address: str, allowed: Networks) -> bool:
    """Whether messages may go to an address: one of the public internet, or of an allowed network."""
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip)
    if any(each in network for each in (ip, inner) for network in allowed):
        return True
    return _is_public(inner) and (_is_public(ip) or (ip.version == 6 and ip.ipv4_mapped is not None))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    is_other = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip in _SITE_LOCAL
    return ip.is_global and not is_other


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address is translated to; the address itself where there is no translation."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64 or ip in _IPV4_COMPATIBLE:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or ip


async def refused_address(host: str, allowed: Networks) -> str | None:
    """A refused address among those that a host's name resolves to now; None where there is none."""
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(host, None, type=socket.SOCK_STREAM), RESOLVE_SECONDS_MAX)
    except (OSError, UnicodeError, TimeoutError):
        return None
    return next((str(each[4][0]) for each in found if not is_allowed(str(each[4][0]), allowed)), None)
