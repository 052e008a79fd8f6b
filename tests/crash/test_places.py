"""Which connection is closed when places run short? Told by connections without sockets, and by the real service."""

import time
from contextlib import ExitStack

import pytest

from api.places import (
    ANSWERS_BYTES_MAX,
    BODIES_BYTES_MAX,
    CONNECTIONS_MAX,
    STREAMS_MAX,
    Places,
    Standing,
)
from tests.conftest import Service
from tests.crash.wire import HEALTH, Wire

MEBIBYTE = 1024 * 1024
SHARE = 100


class Held:
    """A connection as `Places` sees it, without a socket."""

    def __init__(self, standing: Standing, since: float = 0, *, body: int = 0, answer: int = 0) -> None:
        self.standing = standing
        self.since = since
        self.body_bytes = body
        self.answer_bytes = answer
        self.has_ended = False

    def end(self) -> None:
        self.has_ended = True


@pytest.fixture
def places() -> Places:
    return Places(SHARE, trusts=lambda host: host == "10.0.0.1")


def fill(places: Places, standings: list[Standing], host: str = "192.0.2.{}") -> list[Held]:
    """Takes a place for a connection of each standing, the first the oldest.

    Each has its own address unless `host` names one.
    """
    held = [Held(standing, since) for since, standing in enumerate(standings)]
    for number, connection in enumerate(held):
        places.take(connection, host.format(number % 256) if number < 256 else host.format(f"{number}"))
    return held


@pytest.mark.parametrize(
    ("standings", "goes"),
    [
        ([Standing.IDLE, Standing.NEVER_ASKED, Standing.NEVER_ASKED], 1),
        ([*[Standing.NEVER_ASKED] * 2, *[Standing.IDLE] * 8], 2),
        ([Standing.TAKES_AN_ANSWER, Standing.IDLE, Standing.IDLE], 1),
        ([Standing.WAITS_FOR_AN_ANSWER, Standing.TAKES_AN_ANSWER, Standing.TAKES_AN_ANSWER], 1),
    ],
)
def test_the_oldest_connection_without_a_request_goes_first_not_the_latest_quarter(
    standings: list[Standing], goes: int, places: Places
) -> None:
    held = fill(places, standings + [Standing.WAITS_FOR_AN_ANSWER] * (CONNECTIONS_MAX - len(standings)))
    assert places.has_room()
    places.take(Held(Standing.NEVER_ASKED, CONNECTIONS_MAX), "198.51.100.1")
    assert [number for number, connection in enumerate(held) if connection.has_ended] == [goes]


def test_connections_that_wait_for_answers_stay_and_new_ones_wait_for_a_place(places: Places) -> None:
    held = fill(places, [Standing.WAITS_FOR_AN_ANSWER] * CONNECTIONS_MAX)
    assert not places.has_room()
    places.leave(held[0])
    assert places.has_room()


@pytest.mark.parametrize("hosts", [["192.0.2.1"] * SHARE, [f"2001:db8::{n:x}" for n in range(SHARE)]])
def test_an_address_with_its_share_of_connections_loses_one_of_its_own(hosts: list[str], places: Places) -> None:
    """A client has as many IPv6 addresses as it likes, so their first half counts."""
    other = Held(Standing.NEVER_ASKED, -1)
    places.take(other, "198.51.100.1")
    own = [Held(Standing.NEVER_ASKED, since) for since in range(SHARE)]
    for connection, host in zip(own, hosts, strict=True):
        places.take(connection, host)
    assert not any(connection.has_ended for connection in own)
    places.take(Held(Standing.NEVER_ASKED, SHARE), hosts[0])
    assert [connection.has_ended for connection in (other, *own)] == [False, True] + [False] * (SHARE - 1)


def test_an_address_whose_connections_all_wait_for_answers_gets_no_more(places: Places) -> None:
    own = fill(places, [Standing.WAITS_FOR_AN_ANSWER] * SHARE, host="192.0.2.1")
    one_more = Held(Standing.NEVER_ASKED)
    places.take(one_more, "192.0.2.1")
    assert one_more.has_ended
    assert not any(connection.has_ended for connection in own)


def test_a_trusted_proxy_has_as_many_connections_as_it_likes(places: Places) -> None:
    held = fill(places, [Standing.NEVER_ASKED] * (3 * SHARE), host="10.0.0.1")
    assert not any(connection.has_ended for connection in held)


def test_half_bodies_and_answers_that_are_not_taken_are_bounded_together(places: Places) -> None:
    sending = [Held(Standing.NEVER_ASKED, n, body=MEBIBYTE) for n in range(BODIES_BYTES_MAX // MEBIBYTE + 3)]
    taking = [Held(Standing.TAKES_AN_ANSWER, n, answer=MEBIBYTE) for n in range(ANSWERS_BYTES_MAX // MEBIBYTE + 3)]
    for number, connection in enumerate((*sending, *taking)):
        places.take(connection, f"192.0.2.{number}")
    places.limit_bodies()
    places.limit_answers()
    for held in (sending, taking):
        assert [connection.has_ended for connection in held] == [True] * 3 + [False] * (len(held) - 3)


def test_a_thousand_half_request_lines_of_one_address_make_nobody_wait(make_service: object) -> None:
    service: Service = make_service(workers=1)
    with ExitStack() as stack:
        kept = stack.enter_context(Wire(service)).send(HEALTH)
        assert kept.answer().status == 200
        for _ in range(1_100):
            stack.enter_context(Wire(service)).send(HEALTH[:9])
        began = time.monotonic()
        for _ in range(20):
            with Wire(service) as other:
                assert other.send(HEALTH).answer().status == 200
            assert kept.send(HEALTH).answer().status == 200
        assert time.monotonic() - began < 5


def test_a_stream_takes_none_of_its_addresss_share_nor_of_the_places_of_requests(places: Places) -> None:
    for held in fill(places, [Standing.WAITS_FOR_AN_ANSWER] * SHARE, "192.0.2.1"):
        assert places.keep_stream(held, "key")
    more = fill(places, [Standing.WAITS_FOR_AN_ANSWER] * SHARE, "192.0.2.1")
    assert not any(held.has_ended for held in more)
    assert len(places.taken) == SHARE
    assert len(places.streams) == SHARE


def test_the_key_with_most_streams_loses_its_oldest_where_all_are_taken(places: Places) -> None:
    held = fill(places, [Standing.WAITS_FOR_AN_ANSWER] * CONNECTIONS_MAX)
    assert all(places.keep_stream(each, "greedy" if n % 2 else f"key {n}") for n, each in enumerate(held))
    (new,) = fill(places, [Standing.WAITS_FOR_AN_ANSWER])
    assert places.keep_stream(new, "modest")
    assert [n for n, each in enumerate(held) if each.has_ended] == [1]
    assert len(places.streams) == STREAMS_MAX


def test_one_more_key_gets_no_stream_where_each_key_has_one_and_all_are_taken(places: Places) -> None:
    for n, each in enumerate(fill(places, [Standing.WAITS_FOR_AN_ANSWER] * STREAMS_MAX)):
        assert places.keep_stream(each, f"key {n}")
    (new,) = fill(places, [Standing.WAITS_FOR_AN_ANSWER])
    assert not places.keep_stream(new, "one more")
