"""Which addresses are refused, and what is left when three days are over: told without a service."""

from ipaddress import ip_network

import pytest

from projections.webhooks.delivering import PAUSES_SECONDS
from projections.webhooks.sending import is_allowed

PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.1.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:a00:1::1", "::127.0.0.1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_an_address_of_the_public_internet_is_not(address: str) -> None:
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
