"""Refusals that name every fault in a command's fields at once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.misfits import FAULTS_MAX, Fault
from domain.refusals import InvalidField


def collect(*parts: Callable[[], Any]) -> list[Any]:
    """The results of a command's parts, in order. Raises InvalidField with the faults of every part."""
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
    """Raises InvalidField with these faults, where there are any."""
    if found := list(faults):
        raise invalid(found)


def joined(refusal: InvalidField, other: InvalidField) -> InvalidField:
    """Both in one; where something in a field was named already, the field is not."""
    named = [field for field, _ in refusal.faults]
    more = [
        (field, message)
        for field, message in other.faults
        if not any(f"{name}.".startswith((f"{field}.", f"{field}[")) for name in named)
    ]
    return invalid([*refusal.faults, *more])


def invalid(faults: Sequence[Fault]) -> InvalidField:
    """The refusal with these faults, `FAULTS_MAX` at most."""
    first, *others = faults[:FAULTS_MAX]
    return InvalidField(*first, *others)
