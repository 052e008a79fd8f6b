"""Sends one message to one receiver: how long that may take, and how much of the answer is kept.

The address is checked when the socket is made (`addresses.py`), whatever name it came from, so that no name can resolve
to another address the second time.
"""

import errno
import socket
import ssl
from time import monotonic, time
from typing import Any, Final, NamedTuple

import aiohttp

from projections.webhooks.addresses import Networks, is_allowed
from projections.webhooks.signing import signatures
from projections.webhooks.store import Webhook

ANSWER_SECONDS_MAX: Final = 15.0
CONNECT_SECONDS_MAX: Final = 5.0
# The most bytes that are read of an answer's body, and the most that are kept of its beginning.
_READ_BYTES_MAX: Final = 16 * 1024
_KEPT_BYTES_MAX: Final = 1024


class AddressRefused(OSError):
    """An address that is not of the public internet, and of no allowed network."""

    def __init__(self, address: str) -> None:
        super().__init__(
            errno.EACCES, f"{address} is not an address of the public internet; LEDGER_WEBHOOK_NETWORKS allows others"
        )


class Answer(NamedTuple):
    """A receiver's answer, or the error in its place."""

    status: int | None
    text: str | None
    error: str | None
    milliseconds: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Sends messages within one event loop."""

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
        """The socket for an address before it is connected. Raises AddressRefused."""
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
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, ConnectionError):
            status, error = None, "the connection ended before there was a whole answer"
        except (aiohttp.ClientError, OSError, ValueError, ssl.SSLError) as failed:
            status, error = None, str(failed) or type(failed).__name__
        return Answer(status, text, error, round((monotonic() - begun) * 1e3))


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The beginning of an answer's body. A body longer than the limit closes the connection."""
    body = b""
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > _READ_BYTES_MAX:
            answer.close()
            break
    return body[:_KEPT_BYTES_MAX].decode(errors="replace")


def _secrets(webhook: Webhook, now: int) -> list[bytes]:
    """The secret, and for a while after a rotation the former one."""
    is_old_good = webhook.old_secret is not None and (webhook.old_secret_until or 0) > now
    return [webhook.secret, *([webhook.old_secret] if is_old_good and webhook.old_secret is not None else [])]
