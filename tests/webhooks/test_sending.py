"""Which addresses are refused, and what becomes of an event after three days? Told without a service."""

import asyncio
import time
from ipaddress import ip_network
from pathlib import Path

import pytest
from eventsourcing.persistence import DatabaseError

from domain.ledger import OrderLedger
from projections.webhooks import delivering
from projections.webhooks.addresses import Networks, is_allowed
from projections.webhooks.delivering import PAUSES_SECONDS
from projections.webhooks.sending import Answer, Sender
from projections.webhooks.store import Webhook, store_of
from tests.conftest import ME, do, new_order
from tests.waiting import until
from tests.webhooks.conftest import Receiver

PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.1.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:a00:1::1", "::127.0.0.1", "fec0::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_an_address_of_the_public_internet_is_allowed(address: str) -> None:
    assert is_allowed(address, ())


def test_networks_that_are_named_are_allowed_and_no_others() -> None:
    allowed = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert is_allowed("10.1.2.3", allowed)
    assert is_allowed("::ffff:10.1.2.3", allowed)
    assert is_allowed("fd00::1", allowed)
    assert not is_allowed("127.0.0.1", allowed)


def test_pauses_grow_and_are_three_days_together() -> None:
    assert list(PAUSES_SECONDS) == sorted(PAUSES_SECONDS)
    assert sum(PAUSES_SECONDS) == 3 * 24 * 3600


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_nothing_is_sent_to_a_refused_address_whatever_name_leads_there(receiver: Receiver, host: str) -> None:
    """The address is checked at each connection: the host's name may have led elsewhere when the webhook was made."""
    url = receiver.url.replace("127.0.0.1", host)
    answer = asyncio.run(send_once(url, ()))
    assert answer.status is None
    assert "not an address of the public internet" in str(answer.error)
    assert receiver.messages == []
    assert asyncio.run(send_once(receiver.url, (ip_network("127.0.0.1"),))).status == 204


def test_no_more_of_an_answer_is_read_than_is_kept(receiver: Receiver) -> None:
    receiver.answers = lambda _: (200, {}, b"x" * 50_000_000)
    answer = asyncio.run(send_once(receiver.url, (ip_network("127.0.0.1"),)))
    assert (answer.status, answer.text) == (200, "x" * 1_024)


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"]
)
def test_an_answer_that_breaks_off_is_none_and_is_called_so(said: bytes) -> None:
    async def sent() -> Answer:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            writer.write(said)
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await send_once(f"http://127.0.0.1:{port}", (ip_network("127.0.0.1"),))

    answer = asyncio.run(sent())
    assert (answer.status, answer.text) == (None, None)
    assert answer.error == "the connection ended before there was a whole answer"


async def send_once(url: str, allowed: Networks) -> Answer:
    sender = Sender(allowed)
    try:
        webhook = Webhook("wh_1", url, (), b"s" * 24, None, None, b"k" * 32, 0, "", "")
        return await sender.send(webhook, "wh_1-1", b"{}")
    finally:
        await sender.close()


def test_a_clock_that_is_set_back_holds_no_event_up(
    ledger: OrderLedger, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(ledger.log_of_events, tmp_path / "webhooks.db")
    webhook = Webhook("wh", receiver.url, (), b"s" * 32, None, None, b"p" * 32, 0, "2026-03-01T10:30:00Z", "staff")
    store.add(webhook, count_max=1)
    end = delivering.start(ledger, store, [ip_network("127.0.0.0/8")])
    try:
        do(ledger.create, new_order(), ME)
        receiver.wait(1)
        monkeypatch.setattr(delivering, "time", lambda: time.time() - 3_600)
        do(ledger.create, new_order(), ME)
        receiver.wait(2)
        until(lambda: [each.position for each in store.all()] == [ledger.head()])
    finally:
        end()


def test_an_event_whose_record_cannot_be_read_from_the_disk_is_tried_again_after_a_pause(
    ledger: OrderLedger, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = lambda _: (500, {}, b"")
    store = store_of(ledger.log_of_events, tmp_path / "webhooks.db")
    webhook = Webhook("wh", receiver.url, (), b"s" * 32, None, None, b"p" * 32, 0, "2026-03-01T10:30:00Z", "staff")
    store.add(webhook, count_max=1)
    do(ledger.create, new_order(), ME)
    asked: list[int] = []

    def malformed(position: int) -> None:
        asked.append(position)
        raise DatabaseError("database disk image is malformed")

    end = delivering.start(ledger, store, [ip_network("127.0.0.0/8")])
    try:
        until(lambda: store.waiting_count("wh") == 1)
        monkeypatch.setattr(ledger.log_of_events, "raw_record", malformed)
        store.enable("wh")
        until(lambda: asked)
        time.sleep(1)
    finally:
        end()
    assert len(asked) == 1
