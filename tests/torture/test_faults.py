"""Each fault in a small form: nothing is lost, half done, doubled, shown to others or broken."""

import pytest

from tests.conftest import ROOT
from tests.torture import __doc__ as table
from tests.torture.faults import FAULTS, IN_THE_SUITE


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_comes_of(name: str) -> None:
    FAULTS[name].do(FAULTS[name].small)


def test_every_fault_stands_in_the_table_and_its_tests_are_there() -> None:
    assert len(FAULTS) + len(IN_THE_SUITE) == 14, "and the attacks"
    assert table
    assert all(name in table for name in (*FAULTS, *IN_THE_SUITE))
    assert all((ROOT / path).exists() for paths in IN_THE_SUITE.values() for path in paths)
