"""Who has to go when a worker's places for connections, or its memory for what they send and take, run short?

First those that have never sent a whole request, the oldest first, but for the latest quarter: they may be about to.
Then those that are idle between two requests, the longest idle first; then those that are taking an answer. Never who
waits for one. An address has a share of the places, so that its own connections go; a trusted proxy stands for many
clients and has no share.

A stream, an answer without an end, has a place of another kind, and none of its address's share. Where all of those are
taken, the key that has most of them loses its oldest.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import Enum
from ipaddress import ip_address
from typing import Final, Protocol

CONNECTIONS_MAX: Final = 512
STREAMS_MAX: Final = 512
# What all connections together have sent of bodies that are not whole yet, and what they have not yet taken of answers.
BODIES_BYTES_MAX: Final = 16 * 1024 * 1024
ANSWERS_BYTES_MAX: Final = 48 * 1024 * 1024


class Standing(Enum):
    NEVER_ASKED = 0
    IDLE = 1
    TAKES_AN_ANSWER = 2
    WAITS_FOR_AN_ANSWER = 3


class Connection(Protocol):
    # Where it stands since when, and how much it has sent of a body that is not whole.
    standing: Standing
    since: float
    body_bytes: int

    @property
    def answer_bytes(self) -> int:
        """How much of an answer its client has not taken."""

    def end(self) -> None: ...


class Places:
    """The connections of one worker, each with its address."""

    def __init__(self, address_max: int, trusts: Callable[[str], bool]) -> None:
        self._address_max = address_max
        self._trusts = trusts
        # That of a trusted proxy, which stands for many, is None.
        self.taken: dict[Connection, str | None] = {}
        self._of: dict[str | None, dict[Connection, None]] = {}
        # Each with the name of its key, the oldest first.
        self.streams: dict[Connection, str] = {}

    def has_room(self) -> bool:
        """Whether one more can come, by another's going if need be."""
        return len(self.taken) < CONNECTIONS_MAX or any(map(_may_go, self.taken))

    def take(self, connection: Connection, host: str) -> None:
        """Gives a place. Where all are taken, or its address has its share, another goes for it, or else it itself."""
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
        """Gives a place of a stream instead of the one it has; whether there was one, by another's going if need be."""
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

    def look_at_bodies(self) -> None:
        """Ends some whose body does not become whole, where together they hold too much."""
        sending = [connection for connection in self.taken if connection.body_bytes]
        while sum(connection.body_bytes for connection in sending) > BODIES_BYTES_MAX and self._end_one(sending):
            sending = [connection for connection in sending if connection in self.taken]

    def look_at_answers(self) -> None:
        """Ends those that have been at their answer longest, where together they hold too much."""
        taking = [each for each in (*self.taken, *self.streams) if each.answer_bytes]
        while sum(connection.answer_bytes for connection in taking) > ANSWERS_BYTES_MAX:
            self._end(min(taking, key=lambda connection: connection.since))
            taking = [each for each in taking if each in self.taken or each in self.streams]

    def _end_one(self, connections: Iterable[Connection]) -> bool:
        """Whether there was one that could go."""
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
    """What of an address one client has to itself: of IPv6 the first half."""
    if ":" not in host:
        return host
    return str(int(ip_address(host.partition("%")[0])) >> 64)
