"""Is the log the one that was signed? Its tree, grown anew, is compared with every kept checkpoint and with the tree of
the views."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from domain.counted import counted
from domain.log.log import Log
from domain.log.sqlite import sqlite3
from domain.proof import checkpoint, merkle
from domain.proof.checkpoint import CheckpointMalformed, CheckpointUnsigned, VerifierKey
from domain.proof.handover import Signers
from projections import tree
from projections.proof.problems import Problem


class Verified(msgspec.Struct):
    """The result of a verification: how much was read, and the problems, ordered by position."""

    events: int = 0
    orders: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    # The names of the access keys, where no event has recorded any of them.
    keys_not_recorded: list[str] = []
    problems: list[Problem] = []


class CheckpointSource(NamedTuple):
    """Checkpoints to compare the log with; `source` names in problems the place where they were kept."""

    source: str
    notes: Sequence[bytes]


def checkpoints_of(log: Log) -> CheckpointSource:
    """The checkpoints that a ledger keeps, the handovers' included."""
    return CheckpointSource("kept in the ledger", [*log.checkpoints(), *(handed.note for handed in log.handovers())])


def signed_checkpoints(
    sources: Sequence[CheckpointSource], key: VerifierKey | None, verified: Verified
) -> list[tuple[str, checkpoint.Checkpoint]]:
    """The checkpoints with a valid signature, ordered by size; each of the others becomes a problem.

    `key` is the present key or an earlier one: handovers among the checkpoints join the keys.
    """
    found = []
    signers = None if key is None else Signers(key, [note for source in sources for note in source.notes])
    if signers:
        verified.problems += [
            Problem(of.size, None, f"{of.former} hands over to {of.next}, and neither is a key of this ledger")
            for of in signers.strangers
        ]
    for source, notes in sources:
        for note in notes:
            try:
                read = checkpoint.parse(note) if signers is None else signers.verify(note)
            except (CheckpointMalformed, CheckpointUnsigned) as error:
                verified.problems.append(Problem(_size_said(note), None, f"a checkpoint {source}: {error}"))
                continue
            verified.checkpoints += 1
            verified.unsigned += signers is None
            found.append((source, read))
    return sorted(found, key=lambda pair: pair[1].size)


def _size_said(note: bytes) -> int:
    """The size that a checkpoint states, true or not; 0 where it states none."""
    lines = note.splitlines()
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() and len(lines[1]) < 16 else 0


class GrowingTree:
    """A tree that grows with the log as it is read, and is compared with each checkpoint at that checkpoint's size.

    Keeps only the last complete node of each level: growing and the root need no others.
    """

    def __init__(
        self,
        checkpoints: list[tuple[str, checkpoint.Checkpoint]],
        verified: Verified,
        tree: "sqlite3.Connection | None" = None,
    ) -> None:
        self._tree = tree
        # Nodes that differ from those in the tree of the views: altered themselves, or over an altered record.
        self.nodes: list[Problem] = []
        self._coming = checkpoints[::-1]
        self._verified = verified
        self._size = 0
        self._good = 0
        self._is_rewritten = False
        self._last: dict[int, tuple[int, bytes]] = {}

    def _get(self, level: int, place: int) -> bytes:
        found, node = self._last[level]
        assert found == place
        return node

    def append(self, digests: Sequence[bytes]) -> None:
        rest = list(digests)
        while rest:
            until = len(rest) if not self._coming else min(len(rest), max(0, self._coming[-1][1].size - self._size))
            part, rest = rest[:until], rest[until:]
            levels = merkle.levels(self._size, part, self._get)
            self._compare(levels)
            for level, (first, nodes) in enumerate(levels):
                self._last[level] = (first + len(nodes) - 1, nodes[-1])
            self._size += len(part)
            self._hold_against()

    def _compare(self, levels: Sequence[tuple[int, Sequence[bytes]]]) -> None:
        """Compares the nodes above the leaves with those in the tree of the views."""
        if self._tree is None or not levels:
            return
        start = tree.number(0, self._size)
        kept = tree.between(self._tree, start, start + sum(len(nodes) for _, nodes in levels) - 1)
        for level, (first, nodes) in enumerate(levels[1:], 1):
            known = tree.of_level(kept, self._size, level, first, first + len(nodes) - 1)
            if known == nodes[: len(known)]:
                continue
            for place, (node, other) in enumerate(zip(nodes, known, strict=False), first):
                if node != other:
                    begin, end = (place << level) + 1, (place + 1) << level
                    reason = f"the tree of the views has another node over the positions {begin} to {end}"
                    self.nodes.append(Problem(begin, None, reason, end))

    def finish(self) -> None:
        self._hold_against()
        if self._tree is not None:
            self._tree.close()
        for source, beyond in reversed(self._coming):
            signs = f"a checkpoint {source} signs {counted(beyond.size, 'record')}"
            reason = f"{signs}, and the log has {self._size}: the end is gone"
            self._verified.problems.append(Problem(self._size + 1, None, reason))

    def _hold_against(self) -> None:
        while self._coming and self._coming[-1][1].size <= self._size:
            source, kept = self._coming.pop()
            if merkle.root(self._size, self._get) == kept.root:
                self._good = self._size
                continue
            reason = (
                f"a checkpoint {source} signs another history: a record from position {self._good + 1}"
                f" to {kept.size} is not what it was"
            )
            if not self._is_rewritten:  # every later checkpoint would fail for the same reason
                self._verified.problems.append(Problem(self._good + 1, None, reason, until=kept.size))
            self._is_rewritten = True
