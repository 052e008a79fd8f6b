"""The tree: does it agree with the RFC's definition, with published vectors and with another implementation?"""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.proof import merkle

# The leaves that Certificate Transparency's own tests use, and the roots of the first 0 to 8 of them.
LEAVES = [
    sha256(b"\0" + bytes.fromhex(content)).digest()
    for content in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


class Nodes(dict[tuple[int, int], bytes]):
    """A store of nodes that counts the nodes read from it."""

    def __init__(self, leaves: list[bytes], batches: list[int] | None = None) -> None:
        super().__init__()
        self.reads = 0
        size = 0
        for batch in batches or [len(leaves)]:
            self.add(size, leaves[size : size + batch])
            size += batch

    def add(self, size: int, leaves: list[bytes]) -> None:
        self.update(((level, index), node) for level, index, node in merkle.append(size, leaves, self.get_node))

    def get_node(self, level: int, index: int) -> bytes:
        self.reads += 1
        return self[level, index]


def leaves(number: int) -> list[bytes]:
    return [sha256(b"\0" + str(i).encode()).digest() for i in range(number)]


# The RFC's definitions, word for word: sections 2.1.1, 2.1.3.1 and 2.1.4.1.


def split(number: int) -> int:
    k = 1
    while k * 2 < number:
        k *= 2
    return k


def tree_hash(d: list[bytes]) -> bytes:
    if len(d) <= 1:
        return d[0] if d else sha256().digest()
    k = split(len(d))
    return sha256(b"\1" + tree_hash(d[:k]) + tree_hash(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), tree_hash(d[k:])] if m < k else [*path(m - k, d[k:]), tree_hash(d[:k])]


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [tree_hash(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), tree_hash(d[k:])]
    return [*subproof(m - k, d[k:], False), tree_hash(d[:k])]


def test_roots_are_those_of_certificate_transparencys_vectors() -> None:
    nodes = Nodes(LEAVES)
    assert [merkle.root(size, nodes.get_node).hex() for size in range(9)] == list(ROOTS)


def test_proofs_are_those_of_certificate_transparencys_vectors() -> None:
    nodes = Nodes(LEAVES)
    inclusion = merkle.inclusion_proof(5, 8, nodes.get_node)
    assert [one.hex() for one in inclusion] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    consistency = merkle.consistency_proof(3, 8, nodes.get_node)
    assert [one.hex() for one in consistency] == [
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_proofs_are_those_of_the_rfcs_example_of_seven_leaves() -> None:
    a, b, c, d, e, f, j = leaves(7)
    g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d), merkle.node_hash(e, f)
    k, l = merkle.node_hash(g, h), merkle.node_hash(i, j)  # noqa: E741  (the RFC calls it l)
    get = Nodes([a, b, c, d, e, f, j]).get_node
    assert merkle.root(7, get) == merkle.node_hash(k, l)
    assert merkle.inclusion_proof(0, 7, get) == [b, h, l]
    assert merkle.inclusion_proof(3, 7, get) == [c, g, l]
    assert merkle.inclusion_proof(4, 7, get) == [f, j, k]
    assert merkle.inclusion_proof(6, 7, get) == [i, k]
    assert merkle.consistency_proof(3, 7, get) == [c, d, g, l]
    assert merkle.consistency_proof(4, 7, get) == [l]
    assert merkle.consistency_proof(6, 7, get) == [i, j, k]


def test_every_root_and_proof_up_to_70_leaves_is_that_of_the_rfcs_definition() -> None:
    d = leaves(70)
    get = Nodes(d).get_node
    for size in range(1, 71):
        assert merkle.root(size, get) == tree_hash(d[:size])
        for index in range(size):
            assert merkle.inclusion_proof(index, size, get) == path(index, d[:size])
        for first in range(1, size + 1):
            assert merkle.consistency_proof(first, size, get) == subproof(first, d[:size], True)


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_the_nodes_are_the_same_in_whatever_batches_the_leaves_come(batches: list[int]) -> None:
    d = leaves(sum(batches))
    nodes = Nodes(d, batches)
    assert nodes == Nodes(d)
    assert len(nodes) < 2 * len(d)


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_the_last_complete_node_of_each_level_is_all_that_appending_and_the_root_read(batches: list[int]) -> None:
    d, size = leaves(sum(batches)), 0
    last: dict[int, tuple[int, bytes]] = {}

    def get(level: int, index: int) -> bytes:
        known, node = last[level]
        assert known == index
        return node

    for batch in batches:
        for level, index, node in merkle.append(size, d[size : size + batch], get):
            last[level] = index, node
        size += batch
        assert merkle.root(size, get) == tree_hash(d[:size])


@settings(deadline=None)
@given(st.data())
def test_proofs_lead_to_the_roots_and_a_changed_one_does_not(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    d = leaves(size)
    get = Nodes(d).get_node
    roots = merkle.root(first, get), merkle.root(size, get)
    inclusion, consistency = merkle.inclusion_proof(index, size, get), merkle.consistency_proof(first, size, get)
    assert merkle.verify_inclusion(d[index], index, size, inclusion, roots[1])
    assert merkle.verify_consistency(first, size, *roots, consistency)

    other = sha256(b"other").digest()
    assert not merkle.verify_inclusion(other, index, size, inclusion, roots[1])
    assert not merkle.verify_inclusion(d[index], index, size, inclusion, other)
    assert not merkle.verify_consistency(first, size, other, roots[1], consistency)
    assert not merkle.verify_consistency(first, size, roots[0], other, consistency)
    for proof, holds in (
        (inclusion, lambda changed: merkle.verify_inclusion(d[index], index, size, changed, roots[1])),
        (consistency, lambda changed: merkle.verify_consistency(first, size, *roots, changed)),
    ):
        assert not holds([*proof, other])
        for i in range(len(proof)):
            assert not holds([*proof[:i], other, *proof[i + 1 :]])
            assert not holds([*proof[:i], *proof[i + 1 :]])


@settings(deadline=None)
@given(st.integers(1, 200), st.data())
def test_a_leaf_is_proven_at_its_own_place_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    d = leaves(size)
    get = Nodes(d).get_node
    proof = merkle.inclusion_proof(index, size, get)
    root = merkle.root(size, get)
    assert [i for i in range(-1, size + 1) if merkle.verify_inclusion(d[index], i, size, proof, root)] == [index]


def test_nothing_is_consistent_with_an_empty_log_but_its_own_root() -> None:
    root = Nodes(LEAVES)[3, 0]
    assert merkle.consistency_proof(0, 8, Nodes(LEAVES).get_node) == []
    assert merkle.verify_consistency(0, 8, merkle.EMPTY_ROOT, root, [])
    assert not merkle.verify_consistency(0, 8, root, root, [])
    assert not merkle.verify_consistency(0, 8, merkle.EMPTY_ROOT, root, [root])
    assert merkle.verify_consistency(0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [])
    assert not merkle.verify_consistency(8, 7, root, root, [])
    assert not merkle.verify_consistency(-1, 7, root, root, [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (8, 8), (-1, 8)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has none of index"):
        merkle.inclusion_proof(index, size, Nodes(LEAVES).get_node)
    assert not merkle.verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


def test_sizes_that_cannot_be_are_refused() -> None:
    get = Nodes(LEAVES).get_node
    with pytest.raises(ValueError, match="no size of -1"):
        merkle.root(-1, get)
    for first, second in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="does not continue"):
            merkle.consistency_proof(first, second, get)


def test_a_proof_reads_few_nodes_of_a_large_tree() -> None:
    size = 100_000
    nodes = Nodes(leaves(size))
    levels = size.bit_length()
    for index in random.Random(1).sample(range(size), 200):
        before = nodes.reads
        merkle.inclusion_proof(index, size, nodes.get_node)
        merkle.consistency_proof(index + 1, size, nodes.get_node)
        merkle.root(index, nodes.get_node)
        assert nodes.reads - before <= 5 * levels


def test_roots_and_proofs_equal_those_of_another_implementation_on_1000_random_sizes() -> None:
    pymerkle = pytest.importorskip("pymerkle")
    dice = random.Random(9162)
    contents = [str(i).encode() for i in range(20_000)]
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    oracle.append_entries(contents)
    get = Nodes(leaves(len(contents))).get_node
    for size in dice.sample(range(1, len(contents) + 1), 1_000):
        index, first = dice.randrange(size), dice.randint(1, size)
        root = oracle.get_root(size)
        assert merkle.root(size, get) == root
        # pymerkle's paths begin with the leaf itself.
        path = oracle.prove_inclusion(index + 1, size).path[1:]
        assert merkle.inclusion_proof(index, size, get) == path
        # pymerkle's consistency proofs have another form: pymerkle checks its proofs with our roots, we ours with its
        # roots.
        oracle.prove_consistency(first, size).verify(merkle.root(first, get), merkle.root(size, get))
        ours = merkle.consistency_proof(first, size, get)
        assert merkle.verify_consistency(first, size, oracle.get_root(first), root, ours)
