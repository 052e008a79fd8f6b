"""How are orders searched? The text of an order that is searched, the letters that are alike, the words of a search."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from typing import Final
from unicodedata import combining, normalize

from domain.order.events import CustomerDetails, Recipient
from domain.order.state import Order

# Written alike before they are compared, beside what Unicode's compatibility forms and case folding make alike: Arabic
# and Persian forms of a letter, their digits, and the dotless i, which capital letters do not tell from the other. What
# stretches a word or is not seen does not count, and a hyphen is one.
_SAME: Final = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ٱ": "ا", "ı": "i"}
    | {chr(0x0660 + digit): str(digit) for digit in range(10)}
    | {chr(0x06F0 + digit): str(digit) for digit in range(10)}
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u0640\u00ad\u200b\u200d\u200e\u200f\u2060\ufeff")
)
# These combining classes make other letters: nuktas of India, the voicing of kana, viramas.
_OF_LETTERS: Final = (0, 7, 8, 9)
# Behind all combining marks.
_MARKS_END: Final = 0x1F000
# Parts a word as a space does, and joins what it parts: Persian is written with it, with a space and with neither.
JOINER: Final = "\u200c"
_SPELLED_JOINERS_MAX: Final = 3
_WORD: Final = re.compile(r""" "([^"]*)"(?=\s|$) | '([^']*)'(?=\s|$) | (\S+) """, re.VERBOSE)
# Stands between the fields of one order, so that no word matches across two of them; text cannot hold it.
BETWEEN: Final = "\x1f"
# Stands before the bare digits of a phone number, which come last.
_PHONE: Final = "\x1e"
_OURS: Final = re.compile(f"[{BETWEEN}{_PHONE}]")
_PHONE_LIKE: Final = re.compile(r"[0-9() ./+-]*[() ./+-][0-9() ./+-]*|00[0-9]*")
_NO_DIGIT: Final = re.compile(r"[^0-9]")


_SPECIAL: Final = re.compile(r"[%_\\]")
_ESCAPED: Final = r"\\\g<0>"


def normal(text: str) -> str:
    """Text as it is compared: letters that are the same written alike, case folded, without combining marks."""
    # Of ASCII this is the same, and a fifth of the work; so each field is looked at by itself.
    if text.isascii():
        return text.lower()
    if BETWEEN in text:
        return BETWEEN.join(map(normal, text.split(BETWEEN)))
    return normalize("NFC", _bare_letters(_bare_letters(text).casefold()))


def _bare_letters(text: str) -> str:
    return normalize("NFKD", text).translate(_alike())


@cache
def _alike() -> dict[int, str | int | None]:
    marks = (code for code in range(0x300, _MARKS_END) if combining(chr(code)) not in _OF_LETTERS)
    return _SAME | dict.fromkeys(marks)


def words(search: str) -> list[str]:
    """The words of a search, normalised: split on white space, quoted phrases kept whole, each word once."""
    found = (normal(_OURS.sub(" ", a or b or c)) for a, b, c in _WORD.findall(search))
    return list(dict.fromkeys(word for word in found if word))


def has_any(column: str, word: str, place: Callable[[str], int | None]) -> str:
    """The SQL that says whether a column of searchable text has a normal word in it.

    `place` is told each value and gives the number of its parameter, or None where parameters have none.
    """
    # The plus keeps SQLite from preparing the statement anew for each word, to see whether an index would do. `instr`
    # says the same as LIKE in more time.
    likes = [f"{column} LIKE +?{place(pattern) or ''} ESCAPE '\\'" for pattern in _patterns(word)]
    return likes[0] if len(likes) == 1 else f"({' OR '.join(likes)})"


def _patterns(word: str) -> list[str]:
    """What LIKE is to look for: one of these. Every character of the word is ordinary."""
    found = [f"%{_escaped(spelling)}%" for spelling in _spellings(word)]
    if _PHONE_LIKE.fullmatch(word) and (digits := _bare(word)):
        found.append(f"%{_PHONE}%{digits}%")
    return found


def _escaped(word: str) -> str:
    # A zero byte would end the pattern; no text holds it, nor what stands for it here.
    return _SPECIAL.sub(_ESCAPED, word).replace("\0", "\1")


def searchable(texts: Iterable[str | None], phones: Iterable[str | None] = ()) -> str:
    """The text that is searched, of some fields; of those that are phone numbers the bare digits, too."""
    text = normal(BETWEEN.join(filter(None, texts)))
    if JOINER in text:
        text = BETWEEN.join(spelling for field in text.split(BETWEEN) for spelling in _spellings(field))
    numbers = filter(None, (_bare(normal(phone)) for phone in phones if phone))
    return text + "".join(f"{_PHONE}{digits}" for digits in numbers)


def _spellings(text: str) -> list[str]:
    """Normal text with a space or nothing for each joiner in it; where these are many, the same for all of them."""
    first, *rest = text.split(JOINER)
    if not rest:
        return [text]
    if len(rest) > _SPELLED_JOINERS_MAX:
        return [text.replace(JOINER, " "), text.replace(JOINER, "")]
    ways = product((" ", ""), repeat=len(rest))
    return [first + "".join(part for pair in zip(way, rest, strict=True) for part in pair) for way in ways]


def _bare(phone: str) -> str:
    """A phone number's digits, without what stands for the way out of a country."""
    return _NO_DIGIT.sub("", phone).removeprefix("00")


def staff_search_text(order: Order) -> str:
    """The fields that the search of staff looks in: those nine, the customer's username, e-mail, phone and full name
    (so each name, too), the recipient and the shipping address, and the references of payments and refunds."""
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
    """First and last name."""
    return " ".join(filter(None, (details.first_name, details.last_name)))


def search_text(order: Order) -> str:
    """The nine fields that the shop contract's `search` looks in."""
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
