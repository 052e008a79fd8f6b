"""A count and its noun are told as people say them."""

from domain.counted import counted, there_were_records


def test_a_count_of_one_is_told_in_the_singular_and_any_other_in_the_plural() -> None:
    assert [counted(count, "order") for count in (0, 1, 2)] == ["0 orders", "1 order", "2 orders"]


def test_a_plural_that_is_not_the_noun_with_an_s_is_given() -> None:
    assert [counted(count, "history is", "histories are") for count in (1, 2)] == ["1 history is", "2 histories are"]


def test_a_verb_goes_with_its_count() -> None:
    assert [there_were_records(count) for count in (1, 2)] == ["there was 1 record", "there were 2 records"]
