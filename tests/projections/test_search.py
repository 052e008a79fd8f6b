"""Which letters are the same to a search, and what its words are."""

import pytest

from projections.orders.search import BETWEEN, normal, words


@pytest.mark.parametrize("ye", ["ی", "ي", "ى"])
def test_arabic_and_persian_forms_of_ye_are_the_same(ye: str) -> None:
    assert normal(f"ایران{ye}") == normal("ایرانی")


@pytest.mark.parametrize("kaf", ["ک", "ك"])
def test_arabic_and_persian_forms_of_kaf_are_the_same(kaf: str) -> None:
    assert normal(f"پی{kaf}") == normal("پیک")


@pytest.mark.parametrize("digits", ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"])
def test_arabic_persian_and_latin_digits_are_the_same(digits: str) -> None:
    assert normal(digits) == "0123456789"


@pytest.mark.parametrize(
    ("one", "other"), [("JOHN", "john"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("Ж", "ж")]
)
def test_case_makes_no_difference_in_any_script(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize("text", ["%", "_", "a.b*c", "\\", "é", "e", "ه", "ة", "²", "½"])
def test_every_other_character_is_itself(text: str) -> None:
    assert normal(text) == text


@pytest.mark.parametrize("text", ["JOHN Straße ΣΊΣΥΦΟΣ", "ي ى ك ٣ ۳", "İstanbul"])
def test_normal_text_is_normal_already(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", []),
        (" \t\n\u00a0\u3000", []),
        ("John", ["john"]),
        ("  john\tdoe\u00a0smith ", ["john", "doe", "smith"]),
        ("john John JOHN", ["john"]),
        ("b a b", ["b", "a"]),
        ("۰۹۱۲ 0912", ["0912"]),
        ('"john doe" smith', ["john doe", "smith"]),
        ("'john doe' smith", ["john doe", "smith"]),
        ('"  kept  as it is  "', ["  kept  as it is  "]),
        ('"it\'s"', ["it's"]),
        ("it's o'clock", ["it's", "o'clock"]),
        ("%_\\ * ? ", ["%_\\", "*", "?"]),
    ],
)
def test_words_are_split_on_white_space_with_quoted_phrases_kept_and_each_word_once(
    search: str, expected: list[str]
) -> None:
    assert words(search) == expected


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('"', ['"']),
        ('"john', ['"john']),
        ('john"', ['john"']),
        ('"john doe', ['"john', "doe"]),
        ('a"b c"d', ['a"b', 'c"d']),
    ],
)
def test_a_quote_without_its_partner_is_an_ordinary_character(search: str, expected: list[str]) -> None:
    assert words(search) == expected


@pytest.mark.parametrize("search", ['""', "''", "\"\" ''"])
def test_an_empty_phrase_asks_for_nothing(search: str) -> None:
    assert words(search) == []


def test_no_word_can_reach_across_two_fields() -> None:
    assert all(BETWEEN not in word for word in words(f"a{BETWEEN}b {BETWEEN} '{BETWEEN}'"))
