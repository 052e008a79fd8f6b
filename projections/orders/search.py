"""How are orders searched? What text of an order is looked in, which letters are the same, and what a search's words
are."""

import re
from typing import Final

from domain.order.state import Order

# Arabic and Persian forms of ye and kaf, and Arabic and Persian digits, are written alike before they are compared.
_SAME: Final = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک"}
    | {chr(0x0660 + digit): str(digit) for digit in range(10)}
    | {chr(0x06F0 + digit): str(digit) for digit in range(10)}
)
_WORD: Final = re.compile(r""" "([^"]*)"(?=\s|$) | '([^']*)'(?=\s|$) | (\S+) """, re.VERBOSE)
# Stands between the fields of one order, so that no word matches across two of them; text cannot hold it.
BETWEEN: Final = "\x1f"


def normal(text: str) -> str:
    """Text as it is compared: letters that are the same written alike, case folded."""
    # Of ASCII this is the same, and a fifth of the work.
    return text.lower() if text.isascii() else text.translate(_SAME).casefold()


def words(search: str) -> list[str]:
    """The words of a search, normalised: split on white space, quoted phrases kept whole, each word once."""
    found = (normal(a or b or c).replace(BETWEEN, " ") for a, b, c in _WORD.findall(search))
    return list(dict.fromkeys(word for word in found if word))


def search_text(order: Order) -> str:
    """The nine fields that the shop contract's `search` looks in."""
    billing = order.billing
    nine = (
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
    return normal(BETWEEN.join(filter(None, nine)))
