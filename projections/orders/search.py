"""How are orders searched? The searched text of an order, the letters that count as the same, and the words of a
search."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from typing import Final
from unicodedata import combining, normalize

from domain.order.events import CustomerDetails, Recipient
from domain.order.state import Order

# Characters that are normalised before comparison, beyond Unicode's compatibility forms and case folding: Arabic and
# Persian forms of a letter, their digits, and the dotless i, whose capital is that of the dotted one. Hyphens become
# one; characters that stretch a word or are invisible are removed.
_SAME: Final = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ٱ": "ا", "ı": "i"}
    | {chr(0x0660 + digit): str(digit) for digit in range(10)}
    | {chr(0x06F0 + digit): str(digit) for digit in range(10)}
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u0640\u00ad\u200b\u200d\u200e\u200f\u2060\ufeff")
)
# Marks of these combining classes make other letters: nuktas of India, the voicing of kana, viramas.
_OF_LETTERS: Final = (0, 7, 8, 9)
# The end of the range that has all combining marks.
_MARKS_END: Final = 0x1F000
# The zero-width non-joiner. It separates like a space and joins like none: Persian words are written with it, with a
# space and with neither.
JOINER: Final = "\u200c"
_SPELLED_JOINERS_MAX: Final = 3
_WORD: Final = re.compile(r""" "([^"]*)"(?=\s|$) | '([^']*)'(?=\s|$) | (\S+) """, re.VERBOSE)
# Separates the fields of one order, so that no word matches across two of them; no text contains it.
BETWEEN: Final = "\x1f"
# Precedes the bare digits of a phone number, which come last.
_PHONE: Final = "\x1e"
_OURS: Final = re.compile(f"[{BETWEEN}{_PHONE}]")
_PHONE_LIKE: Final = re.compile(r"[0-9() ./+-]*[() ./+-][0-9() ./+-]*|00[0-9]*")
_NO_DIGIT: Final = re.compile(r"[^0-9]")


_SPECIAL: Final = re.compile(r"[%_\\]")
_ESCAPED: Final = r"\\\g<0>"


def normalised(text: str) -> str:
    """The text in the form that is compared: same letters written alike, case folded, without combining marks."""
    # For ASCII this gives the same at a fifth of the work; so each field is normalised by itself.
    if text.isascii():
        return text.lower()
    if BETWEEN in text:
        return BETWEEN.join(map(normalised, text.split(BETWEEN)))
    return normalize("NFC", _bare_letters(_bare_letters(text).casefold()))


def _bare_letters(text: str) -> str:
    return normalize("NFKD", text).translate(_alike())


@cache
def _alike() -> dict[int, str | int | None]:
    marks = (code for code in range(0x300, _MARKS_END) if combining(chr(code)) not in _OF_LETTERS)
    return _SAME | dict.fromkeys(marks)


def words(search: str) -> list[str]:
    """The words of a search, normalised: split on white space, quoted phrases kept whole, each word once."""
    found = (normalised(_OURS.sub(" ", a or b or c)) for a, b, c in _WORD.findall(search))
    return list(dict.fromkeys(word for word in found if word))


def contains_sql(column: str, word: str, place: Callable[[str], int | None]) -> str:
    """The SQL condition that a column of searchable text contains a normalised word.

    `place` receives each value and returns its parameter's number, or None where parameters have none.
    """
    # The plus keeps SQLite from preparing the statement anew for each word, to see whether an index would help. `instr`
    # finds the same in more time.
    likes = [f"{column} LIKE +?{place(pattern) or ''} ESCAPE '\\'" for pattern in _patterns(word)]
    return likes[0] if len(likes) == 1 else f"({' OR '.join(likes)})"


def _patterns(word: str) -> list[str]:
    """The patterns for LIKE, one of which must match. Every character of the word is matched literally."""
    found = [f"%{_escaped(spelling)}%" for spelling in _spellings(word)]
    if _PHONE_LIKE.fullmatch(word) and (digits := _bare(word)):
        found.append(f"%{_PHONE}%{digits}%")
    return found


def _escaped(word: str) -> str:
    # A zero byte would end the pattern. No text contains one, or the character that replaces it here.
    return _SPECIAL.sub(_ESCAPED, word).replace("\0", "\1")


def searchable(texts: Iterable[str | None], phones: Iterable[str | None] = ()) -> str:
    """The searched text of some fields, with the bare digits of the phone numbers among them."""
    text = normalised(BETWEEN.join(filter(None, texts)))
    if JOINER in text:
        text = BETWEEN.join(spelling for field in text.split(BETWEEN) for spelling in _spellings(field))
    numbers = filter(None, (_bare(normalised(phone)) for phone in phones if phone))
    return text + "".join(f"{_PHONE}{digits}" for digits in numbers)


def _spellings(text: str) -> list[str]:
    """The text with each joiner replaced by a space or by nothing; with many joiners, all of them by the same."""
    first, *rest = text.split(JOINER)
    if not rest:
        return [text]
    if len(rest) > _SPELLED_JOINERS_MAX:
        return [text.replace(JOINER, " "), text.replace(JOINER, "")]
    ways = product((" ", ""), repeat=len(rest))
    return [first + "".join(part for pair in zip(way, rest, strict=True) for part in pair) for way in ways]


def _bare(phone: str) -> str:
    """A phone number's digits, without the international prefix 00."""
    return _NO_DIGIT.sub("", phone).removeprefix("00")


def staff_search_text(order: Order) -> str:
    """The text that the staff's search looks in: the nine fields of `search_text`, the customer's username, e-mail,
    phone and full name (and so each name), the recipient and the shipping address, and the references of payments and
    refunds."""
    references = (payment.reference for payment in order.payments)
    details = order.customer.details if order.customer else CustomerDetails()
    of_customer = (details.username, details.email, full_name(details), details.phone)
    texts = (*_nine(order), *of_customer, *_of_recipient(order.recipient), *references)
    return searchable(texts, phones=[order.billing.mobile_number, order.recipient.mobile_number, details.phone])


def _of_recipient(recipient: Recipient) -> tuple[str | None, ...]:
    return (
        recipient.country.name if recipient.country else None,
        recipient.state.name if recipient.state else None,
        recipient.city.name if recipient.city else None,
        recipient.address,
        recipient.postal_code,
        recipient.national_code,
        recipient.mobile_number,
        full_name(recipient),
    )


def full_name(details: CustomerDetails | Recipient) -> str:
    """First and last name, joined by a space."""
    return " ".join(filter(None, (details.first_name, details.last_name)))


def search_text(order: Order) -> str:
    """The text of the nine fields that the shop contract's `search` looks in."""
    return searchable(_nine(order), phones=[order.billing.mobile_number])


def _nine(order: Order) -> tuple[str | None, ...]:
    billing = order.billing
    return (
        str(order.id),
        order.key,
        order.notes,
        billing.country.name if billing.country else None,
        billing.state.name if billing.state else None,
        billing.city.name if billing.city else None,
        billing.first_name,
        billing.last_name,
        billing.mobile_number,
    )
