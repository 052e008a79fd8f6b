"""Was this record in the log, and does the log continue an earlier log? The proofs of both, and their checks.

The Merkle tree of RFC 9162, section 2, over given leaf hashes: here the digests of the log's records, which are leaf
hashes already (`domain/log/records.py`). The record at position p is the leaf of index p - 1.

Only complete subtrees are ever stored. The node (level, index) is the root over the 2**level leaves from index *
2**level on. It never changes once those leaves are there, so a store of nodes only grows, and the tree of every past
size stays readable. There are fewer than two nodes a leaf. Every function below reads a number of nodes that grows with
the logarithm of the size.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

# Level, index and hash of a node, as a table of nodes keeps them; level 0 is the leaves.
Node: TypeAlias = tuple[int, int, bytes]
# Reads the hash of a stored node by its level and index. Only complete subtrees of the size in question are read.
Get: TypeAlias = Callable[[int, int], bytes]

EMPTY_ROOT: Final = sha256().digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def levels(size: int, leaves: Sequence[bytes], get: Get) -> list[tuple[int, Sequence[bytes]]]:
    """The nodes that become complete when the leaves are appended to a tree of `size`: for each level, from the lowest,
    the index of the first such node, and the hashes.

    Reads at most one node a level, the last complete one, so `get` may know only those.
    """
    found: list[tuple[int, Sequence[bytes]]] = []
    first, row = size, leaves
    while row:
        found.append((first, row))
        paired = [get(len(found) - 1, first - 1), *row] if first % 2 else row
        row = list(map(node_hash, paired[::2], paired[1::2]))
        first //= 2
    return found


def append(size: int, leaves: Sequence[bytes], get: Get) -> list[Node]:
    """The nodes of `levels`, in the order in which they become complete."""
    rows = levels(size, leaves, get)
    nodes: list[Node] = []
    for leaf in range(size, size + len(leaves)):
        level, place = 0, leaf
        nodes.append((0, leaf, leaves[leaf - size]))
        while place % 2:  # a node is complete once its right child is
            level, place = level + 1, place // 2
            first, row = rows[level]
            nodes.append((level, place, row[place - first]))
    return nodes


def root(size: int, get: Get) -> bytes:
    """The root of the tree's first `size` leaves. Reads only the last complete node of some levels. Raises ValueError
    where `size` is negative."""
    if size < 0:
        raise ValueError(f"a tree has no size of {size}")
    return _subtree(0, size, get) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, get: Get) -> list[bytes]:
    """The proof that the leaf at `index` is in the tree of `size`: its path of siblings, from the lowest (section
    2.1.3.1). Raises ValueError where the tree has no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has none of index {index}")
    path = []
    first, end = 0, size
    while end - first > 1:
        middle = _middle(first, end)
        if index < middle:
            path.append(_subtree(middle, end, get))
            end = middle
        else:
            path.append(_subtree(first, middle, get))
            first = middle
    return path[::-1]


def consistency_proof(first: int, second: int, get: Get) -> list[bytes]:
    """The proof that the tree of size `second` begins with the tree of size `first` (section 2.1.4.1).

    Empty where there is nothing to prove: the sizes are equal, or `first` is 0. Raises ValueError where `second` is
    smaller.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves does not continue one of {first}")
    if first == 0:
        return []
    path = []
    start, end = 0, second
    while end != first:
        middle = _middle(start, end)
        if first <= middle:
            path.append(_subtree(middle, end, get))
            end = middle
        else:
            path.append(_subtree(start, middle, get))
            start = middle
    # Where the walk never went right, the remaining range is the first tree whole: the verifier knows its root.
    if start:
        path.append(_subtree(start, end, get))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    lefts = _siblings_on_the_left(index, size - 1)
    if len(proof) != len(lefts):
        return False
    reached = leaf
    for is_left, sibling in zip(lefts, proof, strict=True):
        reached = node_hash(sibling, reached) if is_left else node_hash(reached, sibling)
    return reached == root_hash


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof leads from the nodes that both trees share to both roots (section 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        return not proof and first_root == (second_root if first == second else EMPTY_ROOT)
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    lefts = _siblings_on_the_left(place, last)
    # A first tree that is one complete subtree is itself the shared node, and is left out of its own proof.
    path = list(proof) if place else [first_root, *proof]
    if len(path) != len(lefts) + 1:
        return False
    old = new = path[0]
    for is_left, sibling in zip(lefts, path[1:], strict=True):
        if is_left:
            old = node_hash(sibling, old)
        new = node_hash(sibling, new) if is_left else node_hash(new, sibling)
    return (old, new) == (first_root, second_root)


def _middle(first: int, end: int) -> int:
    """The place where the RFC splits the leaves first to end - 1: behind the largest power of two less than their
    number."""
    return first + (1 << (end - first - 1).bit_length() - 1)


def _subtree(first: int, end: int, get: Get) -> bytes:
    """The root over the leaves first to end - 1, a range of the RFC's splits: complete subtrees, ever smaller."""
    peaks = []
    while first < end:
        level = (end - first).bit_length() - 1
        peaks.append(get(level, first >> level))
        first += 1 << level
    found = peaks.pop()
    while peaks:
        found = node_hash(peaks.pop(), found)
    return found


def _siblings_on_the_left(place: int, last: int) -> list[bool]:
    """For each step from a node up to the root, whether the sibling stands on the left.

    `place` is the node's index in its level, `last` the index of the level's last node. A last node without a sibling
    stands for its parent too, and takes no step.
    """
    lefts = []
    while last:
        lefts.append(place % 2 == 1 or place == last)
        while place == last and not place % 2:
            place, last = place // 2, last // 2
        place, last = place // 2, last // 2
    return lefts
