"""Who has to go when a worker's places for connections, or its memory for what they send and take, run short?

Never who waits for an answer. Of the others first those that have never sent a whole request, then those that have
been idle, then those that are slow to take their answer; of each, whoever has been that longest. An address has a share
of the places, so that its own connections go; a trusted proxy stands for many clients and has no share.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum
from ipaddress import ip_address
from typing import Final, Protocol

CONNECTIONS_MAX: Final = 512
# What all connections together have sent of bodies that are not whole yet, and what they have not yet taken of answers.
BODIES_BYTES_MAX: Final = 24 * 1024 * 1024
ANSWERS_BYTES_MAX: Final = 48 * 1024 * 1024


class Standing(IntEnum):
    """In the order in which connections go."""

    HAS_ASKED_NOTHING = 0
    HAS_ASKED = 1
    TAKES_AN_ANSWER = 2
    WAITS_FOR_AN_ANSWER = 3


class Connection(Protocol):
    # When it began or was last answered, and how much it has sent of a body that is not whole.
    since: float
    body_bytes: int

    @property
    def standing(self) -> Standing: ...

    @property
    def answer_bytes(self) -> int:
        """How much of an answer its client has not taken."""

    def end(self) -> None: ...


class Places:
    """The connections of one worker, each with its address."""

    def __init__(self, address_max: int, trusts: Callable[[str], bool]) -> None:
        self._address_max = address_max
        self._trusts = trusts
        self.taken: dict[Connection, str] = {}

    def has_room(self) -> bool:
        """Whether one more can come, by another's going if need be."""
        return len(self.taken) < CONNECTIONS_MAX or any(map(_may_go, self.taken))

    def take(self, connection: Connection, host: str) -> None:
        """Gives a place. Where all are taken, or its address has its share, another goes for it, or else it itself."""
        address = _network(host)
        if len(self.taken) >= CONNECTIONS_MAX:
            self._end_one(self.taken)
        neighbours = [other for other, its in self.taken.items() if its == address]
        self.taken[connection] = address
        if len(neighbours) >= self._address_max and not self._trusts(host) and not self._end_one(neighbours):
            self._end(connection)

    def leave(self, connection: Connection) -> None:
        self.taken.pop(connection, None)

    def look_at_bodies(self) -> None:
        """Ends some whose body does not become whole, where together they hold too much."""
        sending = [connection for connection in self.taken if connection.body_bytes]
        while sum(connection.body_bytes for connection in sending) > BODIES_BYTES_MAX and self._end_one(sending):
            sending = [connection for connection in sending if connection in self.taken]

    def look_at_answers(self) -> None:
        """Ends those that have been at their answer longest, where together they hold too much."""
        taking = [connection for connection in self.taken if connection.answer_bytes]
        while sum(connection.answer_bytes for connection in taking) > ANSWERS_BYTES_MAX:
            self._end(min(taking, key=lambda connection: connection.since))
            taking = [connection for connection in taking if connection in self.taken]

    def _end_one(self, connections: Iterable[Connection]) -> bool:
        """Whether there was one that could go."""
        going = min(
            filter(_may_go, connections),
            key=lambda connection: (connection.standing, connection.since),
            default=None,
        )
        if going is not None:
            self._end(going)
        return going is not None

    def _end(self, connection: Connection) -> None:
        self.leave(connection)
        connection.end()


def _may_go(connection: Connection) -> bool:
    return connection.standing < Standing.WAITS_FOR_AN_ANSWER


def _network(host: str) -> str:
    """What of an address one client has to itself: of IPv6 the first half."""
    try:
        address = ip_address(host)
    except ValueError:
        return host  # a socket of the machine's own
    return host if address.version == 4 else str(int(address) >> 64)
