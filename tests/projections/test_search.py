"""The letters that a search takes as equal, and the words of a search."""

import sys
import unicodedata
from contextlib import closing

import pytest

from domain.log.sqlite import sqlite3
from projections.orders.search import BETWEEN, contains_sql, normalised, searchable, words


@pytest.mark.parametrize("ye", ["ی", "ي", "ى"])
def test_arabic_and_persian_forms_of_ye_are_the_same(ye: str) -> None:
    assert normalised(f"ایران{ye}") == normalised("ایرانی")


@pytest.mark.parametrize("kaf", ["ک", "ك"])
def test_arabic_and_persian_forms_of_kaf_are_the_same(kaf: str) -> None:
    assert normalised(f"پی{kaf}") == normalised("پیک")


@pytest.mark.parametrize("digits", ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"])
def test_arabic_persian_and_latin_digits_are_the_same(digits: str) -> None:
    assert normalised(digits) == "0123456789"


@pytest.mark.parametrize(
    ("one", "other"), [("JOHN", "john"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("Ж", "ж")]
)
def test_case_makes_no_difference_in_any_script(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize("text", ["%", "_", "a.b*c", "\\", "e", "ه", "ø", "한글", "が", "کि", "می\u200cخواهم"])
def test_every_other_character_is_itself(text: str) -> None:
    assert normalised(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("e\u0301", "\u00e9"),
        ("\u00e9", "e"),
        ("ﬁ", "fi"),
        ("Ｊｏｈｎ", "john"),
        ("Ⅷ", "viii"),
        ("x²", "x2"),
        ("ﻻ", "لا"),
        ("ＡＢＣ－１２", "abc-12"),
        ("İstanbul", "istanbul"),
        ("İstanbul", "ISTANBUL"),
        ("ışık", "IŞIK"),
        ("مُحَمَّد", "محمد"),
        ("الٰه", "اله"),
        ("محـــمد", "محمد"),
        ("فاطمة", "فاطمه"),
        ("خانۀ", "خانه"),
        ("آمنه", "امنه"),
        ("أحمد", "احمد"),
        ("إيران", "ایران"),
        ("مؤمن", "مومن"),
        ("رئیس", "رییس"),
        ("Ángström", "ANGSTROM"),
        ("Ёлка", "елка"),
        ("\u200e0912", "0912"),
        ("345\u20116789", "345-6789"),
    ],
)
def test_forms_of_a_letter_its_case_and_what_stands_over_it_make_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_no_combining_mark_of_unicode_is_left_out_but_those_that_make_other_letters() -> None:
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code)) not in (0, 7, 8, 9)]
    assert [mark for mark in marks if normalised(f"a{mark}b") != "ab"] == []


def finds(word: str, texts: list[str], phones: tuple[str, ...] = ()) -> bool:
    """Whether SQLite finds a row with these texts and phones by the word."""
    values: list[str] = [searchable(texts, phones)]
    term = contains_sql("?1", word, lambda value: values.append(value) or len(values))
    with closing(sqlite3.connect(":memory:")) as connection:
        (found,) = connection.execute(f"SELECT {term}", values).fetchone()
    return bool(found)


JOINED, PARTED, PLAIN = "می\u200cخواهم", "می خواهم", "میخواهم"


@pytest.mark.parametrize("asked", [JOINED, PARTED, PLAIN])
@pytest.mark.parametrize("stored", [JOINED, PARTED, PLAIN])
def test_a_zero_width_non_joiner_matches_a_space_and_nothing(asked: str, stored: str) -> None:
    (word,) = words(f'"{asked}"')
    assert finds(word, [f"a {stored} b"]) is ({asked, stored} != {PARTED, PLAIN})


@pytest.mark.parametrize("stored", ["کتاب‌خانه‌ها", "کتابخانه‌ها", "کتاب‌خانه ها", "کتابخانه ها", "کتابخانهها"])
def test_each_of_some_joiners_may_be_a_space_or_nothing(stored: str) -> None:
    assert finds(normalised("کتاب‌خانه‌ها"), [stored])
    assert not finds(normalised("کتاب‌خانه‌ها"), ["کتاب و خانه ها", "کتاب", "خانه‌ها"])


def test_many_joiners_cost_no_more_than_a_few() -> None:
    assert len(searchable(["می\u200cخواهم " * 1000])) < 30_000
    assert finds(normalised(JOINED), [f"{JOINED} " * 1000])


PHONES = ["+98 (912) 345-67 89", "00989123456789", "0098-912-345 6789", "98 912.345/6789", "+989123456789"]


@pytest.mark.parametrize("stored", PHONES)
@pytest.mark.parametrize(
    "asked", [*(f'"{phone}"' for phone in PHONES), *PHONES, "9123456789", "345-6789", "(912)", "۰۰۹۸۹۱۲", "+98912"]
)
def test_a_phone_number_is_found_however_it_is_written(asked: str, stored: str) -> None:
    assert all(finds(word, ["7", stored], (stored,)) for word in words(asked))


@pytest.mark.parametrize("asked", ["+7", "(7)", "912-4", "+0", "-", "00"])
def test_a_word_like_a_phone_number_is_looked_for_in_phone_numbers_alone(asked: str) -> None:
    assert not finds(asked, ["777", "9 12 4"], ("+98 912 35",))


@pytest.mark.parametrize("text", ["JOHN Straße ΣΊΣΥΦΟΣ", "ي ى ك ٣ ۳", "İstanbul", "ΐ ᾳ ﬃ ㎏ Å が 한"])
def test_normal_text_is_normal_already(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


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
