"""All that is wrong in the fields of a command, named at once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.misfits import FAULTS_MAX, Fault
from domain.refusals import InvalidField


def each(*parts: Callable[[], Any]) -> list[Any]:
    """What each part of a command comes to. Raises InvalidField naming what is wrong in all of them."""
    found: list[Any] = []
    faults: list[Fault] = []
    for part in parts:
        try:
            found.append(part())
        except InvalidField as refusal:
            faults += refusal.faults
    refuse(faults)
    return found


def refuse(faults: Iterable[Fault]) -> None:
    """Raises InvalidField naming these, where there are any."""
    if found := list(faults):
        raise invalid(found)


def invalid(faults: Sequence[Fault]) -> InvalidField:
    """The refusal that names these, or the first of very many."""
    first, *others = faults[:FAULTS_MAX]
    return InvalidField(*first, *others)
