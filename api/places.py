"""Which connection is ended when a worker's places, or its memory for bodies and answers, run short?

First connections that have never sent a whole request, the oldest first; the latest quarter of them is spared, since
their requests may be on the way. Then connections that are idle between two requests, the longest idle first; then
those that take an answer. A connection that waits for its answer is never ended. An address has a share of the places,
beyond which its own connections are ended; a trusted proxy stands for many clients and has no share.

A stream, an answer without an end, has a place of another kind, outside its address's share. Where all of these are
taken, the key with the most streams loses its oldest.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import Enum
from ipaddress import ip_address
from typing import Final, Protocol

CONNECTIONS_MAX: Final = 512
STREAMS_MAX: Final = 512
# The bytes of unfinished bodies that all connections together may have sent; and of answers that they have not taken.
BODIES_BYTES_MAX: Final = 16 * 1024 * 1024
ANSWERS_BYTES_MAX: Final = 48 * 1024 * 1024


class Standing(Enum):
    NEVER_ASKED = 0
    IDLE = 1
    TAKES_AN_ANSWER = 2
    WAITS_FOR_AN_ANSWER = 3


class Connection(Protocol):
    # Its standing, since when it has that, and the bytes that it has sent of an unfinished body.
    standing: Standing
    since: float
    body_bytes: int

    @property
    def answer_bytes(self) -> int:
        """The bytes of the answer that the client has not taken."""

    def end(self) -> None: ...


class Places:
    """The connections of one worker, each with its address."""

    def __init__(self, address_max: int, trusts: Callable[[str], bool]) -> None:
        self._address_max = address_max
        self._trusts = trusts
        # The address of each connection; None for a trusted proxy, which stands for many clients.
        self.taken: dict[Connection, str | None] = {}
        self._of: dict[str | None, dict[Connection, None]] = {}
        # The streams with the names of their keys, the oldest first.
        self.streams: dict[Connection, str] = {}

    def has_room(self) -> bool:
        """Whether there is a place for one more connection, or a connection that can be ended for it."""
        return len(self.taken) < CONNECTIONS_MAX or any(map(_may_go, self.taken))

    def take(self, connection: Connection, host: str) -> None:
        """Gives a connection a place. Where all are taken, or its address has its share, another connection is ended
        for it; where none can be, the connection itself."""
        address = None if self._trusts(host) else _network(host)
        neighbours = self._of.setdefault(address, {})
        if len(self.taken) >= CONNECTIONS_MAX:
            self._end_one(self.taken)
        has_share = address is not None and len(neighbours) >= self._address_max
        is_refused = has_share and not self._end_one(neighbours)
        self.taken[connection] = address
        self._of.setdefault(address, {})[connection] = None
        if is_refused:
            self._end(connection)

    def keep_stream(self, connection: Connection, caller: str) -> bool:
        """Moves a connection to a place of a stream; returns whether there was one, by ending another stream if need
        be."""
        if len(self.streams) >= STREAMS_MAX:
            most, count = Counter(self.streams.values()).most_common(1)[0]
            if most != caller and count < 2:
                return False
            self._end(next(each for each, name in self.streams.items() if name == most))
        self.leave(connection)
        self.streams[connection] = caller
        return True

    def leave(self, connection: Connection) -> None:
        self.streams.pop(connection, None)
        if connection in self.taken:
            address = self.taken.pop(connection)
            del self._of[address][connection]
            if not self._of[address]:
                del self._of[address]

    def limit_bodies(self) -> None:
        """Ends connections with unfinished bodies until the bodies are within `BODIES_BYTES_MAX`."""
        sending = [connection for connection in self.taken if connection.body_bytes]
        while sum(connection.body_bytes for connection in sending) > BODIES_BYTES_MAX and self._end_one(sending):
            sending = [connection for connection in sending if connection in self.taken]

    def limit_answers(self) -> None:
        """Ends the connections that have been taking their answers longest, until the answers are within
        `ANSWERS_BYTES_MAX`."""
        taking = [each for each in (*self.taken, *self.streams) if each.answer_bytes]
        while sum(connection.answer_bytes for connection in taking) > ANSWERS_BYTES_MAX:
            self._end(min(taking, key=lambda connection: connection.since))
            taking = [each for each in taking if each in self.taken or each in self.streams]

    def _end_one(self, connections: Iterable[Connection]) -> bool:
        """Ends one of the connections by the rule above; returns whether there was one that could be ended."""
        may_go = [connection for connection in connections if _may_go(connection)]
        if not may_go:
            return False
        never_asked = [connection for connection in may_go if connection.standing is Standing.NEVER_ASKED]
        others = [connection for connection in may_go if connection.standing is not Standing.NEVER_ASKED]
        if others and len(never_asked) <= len(may_go) // 4:
            self._end(min(others, key=lambda connection: (connection.standing.value, connection.since)))
        else:
            self._end(min(never_asked, key=lambda connection: connection.since))
        return True

    def _end(self, connection: Connection) -> None:
        self.leave(connection)
        connection.end()


def _may_go(connection: Connection) -> bool:
    return connection.standing is not Standing.WAITS_FOR_AN_ANSWER


def _network(host: str) -> str:
    """The part of an address that is one client's own: of IPv6 the first 64 bits."""
    if ":" not in host:
        return host
    return str(int(ip_address(host.partition("%")[0])) >> 64)
