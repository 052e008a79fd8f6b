"""One message to one receiver: over what addresses, how long, and what is kept of the answer.

The addresses of the operator's own network are refused unless they are allowed: it is looked at which address a socket
is to be connected to, whatever name led there, so that no name can lead elsewhere the second time.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from time import monotonic, time
from typing import Any, Final, NamedTuple

import aiohttp

from projections.webhooks.signing import signatures
from projections.webhooks.store import Webhook

ANSWER_SECONDS_MAX: Final = 15.0
CONNECT_SECONDS_MAX: Final = 5.0
RESOLVE_SECONDS_MAX: Final = 3.0
# Of an answer's body so much is read, and its beginning kept.
_READ_BYTES_MAX: Final = 16 * 1024
_KEPT_BYTES_MAX: Final = 1024
_NAT64: Final = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE: Final = IPv6Network("::/96")
Networks = Sequence[IPv4Network | IPv6Network]


class AddressRefused(OSError):
    """An address of the operator's own network, or of none, that is not allowed."""

    def __init__(self, address: str) -> None:
        super().__init__(
            errno.EACCES, f"{address} is not an address of the public internet; LEDGER_WEBHOOK_NETWORKS allows others"
        )


class Answer(NamedTuple):
    """How a receiver answered, or why it did not."""

    status: int | None
    text: str | None
    error: str | None
    milliseconds: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def is_allowed(address: str, allowed: Networks) -> bool:
    """Whether messages may go to an address: one of the public internet, or of an allowed network."""
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip)
    if any(each in network for each in (ip, inner) for network in allowed):
        return True
    return _is_public(inner) and (_is_public(ip) or (ip.version == 6 and ip.ipv4_mapped is not None))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that one of IPv6 leads to, by whatever kind of translation; itself where it leads to none."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64 or ip in _IPV4_COMPATIBLE:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or ip


async def refused_address(host: str, allowed: Networks) -> str | None:
    """An address that a host's name leads to now and that is refused; None where there is none."""
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(host, None, type=socket.SOCK_STREAM), RESOLVE_SECONDS_MAX)
    except (OSError, UnicodeError, TimeoutError):
        return None
    return next((str(each[4][0]) for each in found if not is_allowed(str(each[4][0]), allowed)), None)


class Sender:
    """Sends within one event loop."""

    def __init__(self, allowed: Networks) -> None:
        self._allowed = allowed
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX, sock_connect=CONNECT_SECONDS_MAX),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Content-Type": "application/json", "User-Agent": "order-ledger"},
        )

    async def close(self) -> None:
        await self._session.close()

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The socket for an address that is about to be connected to. Raises AddressRefused."""
        family, kind, protocol, _, address = info
        if not is_allowed(str(address[0]), self._allowed):
            raise AddressRefused(str(address[0]))
        return socket.socket(family, kind, protocol)

    async def send(self, webhook: Webhook, message_id: str, body: bytes) -> Answer:
        """Sends a message once. A redirect is not followed: it is an answer like any other."""
        now, begun = int(time()), monotonic()
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(now),
            "webhook-signature": signatures(_secrets(webhook, now), webhook.private_key, message_id, now, body),
        }
        status = text = error = None
        try:
            async with self._session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
                text = await _beginning(answer)
        except TimeoutError:
            status, error = None, f"no whole answer within {ANSWER_SECONDS_MAX:.0f} s"
        except aiohttp.ClientConnectorError as failed:
            status, error = None, f"cannot connect: {failed.os_error.strerror or failed.os_error}"
        except (aiohttp.ClientError, OSError, ValueError, ssl.SSLError) as failed:
            status, error = None, str(failed) or type(failed).__name__
        return Answer(status, text, error, round((monotonic() - begun) * 1e3))


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The beginning of an answer's body. What is longer than we read ends the connection."""
    body = b""
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > _READ_BYTES_MAX:
            answer.close()
            break
    return body[:_KEPT_BYTES_MAX].decode(errors="replace")


def _secrets(webhook: Webhook, now: int) -> list[bytes]:
    """The secret, and for a while after a rotation the one before it."""
    is_old_good = webhook.old_secret is not None and (webhook.old_secret_until or 0) > now
    return [webhook.secret, *([webhook.old_secret] if is_old_good and webhook.old_secret is not None else [])]
