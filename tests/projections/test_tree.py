"""Does reading a level of the tree return the nodes that were appended to it?"""

from hypothesis import example, given
from hypothesis import strategies as st

from domain.proof import merkle
from projections import tree


@given(st.integers(0, 20_000), st.integers(1, 300), st.integers(0, 600))
@example(0, 8_192, 16_383)  # the parts of a verification begin at such multiples
@example(3 * 8_192, 8_192, 16_384)
@example(2**14 - 1, 2, 20)
def test_the_nodes_of_each_level_are_those_that_were_appended(size: int, leaves: int, known: int) -> None:
    """`known` is the number of nodes that have been read."""
    places = [(level, place) for level, place, _ in merkle.append(size, [bytes(32)] * leaves, lambda *_: bytes(32))]
    nodes = [b"%032d" % number for number in range(len(places))]
    read = b"".join(nodes[:known])
    for level in {level for level, _ in places}:
        of_it = [(place, node) for (at, place), node in zip(places, nodes[:known], strict=False) if at == level]
        first, last = ([place for at, place in places if at == level][i] for i in (0, -1))
        assert tree.of_level(read, size, level, first, last) == [node for _, node in of_it]
