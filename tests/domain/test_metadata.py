"""Metadata: a shop's own words on orders and on their lines."""

from typing import Any

import pytest

from domain.order import commands as c
from domain.order import events as e
from domain.refusals import InvalidField
from domain.strict_json import canonical, convert
from tests.domain.test_charges import place
from tests.domain.test_decide import NOW, add, change, created, given, item, lines, order_of

SOURCE = {"utm_source": "newsletter"}
ENGRAVED = {"engraving": "Für Ada"}


def metadata(whole: dict[str, str] | None = None, **of_items: dict[str, str]) -> e.MetadataChanged:
    items = {int(number.removeprefix("item_")): words for number, words in of_items.items()}
    return e.MetadataChanged(occurred_at=NOW, personal=e.MetadataPersonal(metadata=whole, items=items))


def test_an_order_is_created_with_all_its_metadata_in_one_event() -> None:
    *_, last = place(metadata=SOURCE, items=[{}, {"metadata": ENGRAVED}, {"metadata": {}}])
    assert last == metadata(SOURCE, item_2=ENGRAVED)
    assert len(place(metadata={}, items=[{"metadata": None}])) == 2
    order = order_of(place(metadata=SOURCE, items=[{}, {"metadata": ENGRAVED}]))
    assert (order.metadata, [each.metadata for each in order.items]) == (SOURCE, [None, ENGRAVED])


def test_metadata_is_replaced_as_a_whole_and_the_same_again_is_no_event() -> None:
    before = (created(), item(1), metadata(SOURCE, item_1=ENGRAVED))
    given(*before).when(change(metadata={"a": "b"})).then(metadata({"a": "b"}))
    given(*before).when(change(metadata=SOURCE)).then()
    given(*before).when(change(metadata=None)).then(metadata({}))
    given(*before).when(lines(1, metadata=None)).then(metadata(item_1={}))
    given(*before).when(lines(1, metadata=ENGRAVED)).then()
    given(created()).when(change(metadata={})).then()


def test_a_line_is_added_and_changed_with_its_metadata_at_once() -> None:
    added = e.ItemAdded(occurred_at=NOW, item=2, unit_price="0.00", quantity=1, shipping="0.00", discount_amount="0.00")
    given(created(), item(1)).when(add(metadata=ENGRAVED)).then(added, metadata(item_2=ENGRAVED))
    both = lines(1, quantity=2, metadata=ENGRAVED)
    more = e.ItemQuantityChanged(occurred_at=NOW, item=1, quantity=2)
    given(created(), item(1)).when(both).then(more, metadata(item_1=ENGRAVED))


def test_a_line_takes_its_metadata_along_when_it_is_removed() -> None:
    order = (
        given(created(), item(1), metadata(item_1=ENGRAVED))
        .when(c.RemoveItem(item=1))
        .then(e.ItemRemoved(occurred_at=NOW, item=1))
    )
    assert order.items == ()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"": "x"}, "metadata."),
        ({"k" * 41: "x"}, f"metadata.{'k' * 41}"),
        ({"k": "x" * 501}, "metadata.k"),
    ],
)
def test_a_key_of_40_characters_takes_a_text_of_500_and_longer_ones_are_named(
    wrong: dict[str, str], field: str
) -> None:
    assert place(metadata={"k" * 40: "x" * 500})
    for body, where in (({"metadata": wrong}, field), ({"items": [{"metadata": wrong}]}, f"items[0].{field}")):
        with pytest.raises(InvalidField) as refused:
            place(**body)
        assert refused.value.field == where


@pytest.mark.parametrize("wrong", [{f"k{n}": "" for n in range(51)}, {"k": 1}, {"k": None}, ["k"], "k"])
def test_metadata_is_at_most_50_texts(wrong: Any) -> None:
    with pytest.raises(InvalidField, match="metadata"):
        convert({"metadata": wrong}, c.CreateOrder)
    assert convert({"metadata": {f"k{n}": "" for n in range(50)}}, c.CreateOrder)


def test_a_command_without_metadata_has_the_canonical_bytes_of_before() -> None:
    for shape in (c.CreateOrder, c.ChangeOrder, c.AddItem):
        assert b"metadata" not in canonical(convert({}, shape))


def test_an_order_without_metadata_keeps_nothing_for_it() -> None:
    assert order_of([created(), item()]).metadata is None
