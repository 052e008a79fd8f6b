"""Each attack in a small form: a healthy client is answered meanwhile, and no worker grows or fails."""

import pytest

from tests.torture.attacks import ATTACKS
from tests.torture.measuring import Measured, Shop

SECONDS = 2.5
ORDERS = 2_000
TRIES = 3
# The bounds of the full size suit a machine that does nothing else.
SLACK = 10
MEMORY_MEBIBYTES_MAX = 150


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("torture"), ORDERS)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_healthy_client_is_answered_during(name: str, shop: Shop) -> None:
    attack = ATTACKS[name]
    measured: list[Measured] = []
    for _ in range(TRIES):  # a busy machine may spoil one try
        measured.append(shop.measure(name, attack.small, SECONDS))
        assert measured[-1].wrong_5xx == 0
        assert measured[-1].memory_mebibytes <= MEMORY_MEBIBYTES_MAX
        if measured[-1].milliseconds <= attack.milliseconds_max * SLACK:
            return
    pytest.fail(f"{measured}")
