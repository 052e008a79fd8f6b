"""How are orders searched? The text of an order that is searched, the letters that are alike, the words of a search."""

import re
from typing import Final

from domain.order.events import CustomerDetails
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


# Whether normal text has a word in it. `instr` says the same in more time. The plus keeps SQLite from preparing the
# statement anew for each word, to see whether an index would do.
HAS: Final = "LIKE +? ESCAPE '\\'"
_SPECIAL: Final = re.compile(r"[%_\\]")
_ESCAPED: Final = r"\\\g<0>"


def normal(text: str) -> str:
    """Text as it is compared: letters that are the same written alike, case folded."""
    # Of ASCII this is the same, and a fifth of the work.
    return text.lower() if text.isascii() else text.translate(_SAME).casefold()


def words(search: str) -> list[str]:
    """The words of a search, normalised: split on white space, quoted phrases kept whole, each word once."""
    found = (normal(a or b or c).replace(BETWEEN, " ") for a, b, c in _WORD.findall(search))
    return list(dict.fromkeys(word for word in found if word))


def having(word: str) -> str:
    """The value of `?` in `HAS` for a normal word. Every character of it is ordinary."""
    # A zero byte would end the pattern; no text holds it, nor what stands for it here.
    return f"%{_SPECIAL.sub(_ESCAPED, word)}%".replace("\0", "\1")


def staff_search_text(order: Order) -> str:
    """The fields that the search of staff looks in beside those nine: the customer's username, e-mail and full name (so
    each name, too), and the references of payments and refunds."""
    references = (payment.reference for payment in order.payments)
    details = order.customer.details if order.customer else CustomerDetails()
    return normal(BETWEEN.join(filter(None, (details.username, details.email, full_name(details), *references))))


def full_name(details: CustomerDetails) -> str:
    """First and last name."""
    return " ".join(filter(None, (details.first_name, details.last_name)))


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
