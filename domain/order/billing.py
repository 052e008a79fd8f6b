"""The rules for an address, of a bill or of a delivery, by its country.

Iran's rules are the contract's: 10 digits of postal code, a national code with a right check digit, a mobile number of
09 and nine digits. Elsewhere only lengths and characters are bounded.
"""

import re
from typing import Final

from domain.faults import invalid
from domain.order.events import Billing

# field of Billing -> (its pattern, the rule in words for the client)
_IRAN: Final = {
    "postal_code": (re.compile(r"[0-9]{10}"), "a postal code of Iran has 10 digits"),
    "national_code": (re.compile(r"[0-9]{10}"), "a national code of Iran has 10 digits"),
    "mobile_number": (re.compile(r"09[0-9]{9}"), "a mobile number of Iran is 09 and nine digits"),
}
_ELSEWHERE: Final = {
    "postal_code": (re.compile(r"[0-9A-Za-z -]{1,16}"), "at most 16 letters, digits, spaces and hyphens"),
    "national_code": (re.compile(r"[0-9A-Za-z ./-]{1,32}"), "at most 32 letters, digits, spaces and . / -"),
    "mobile_number": (
        re.compile(r"\+?[0-9 ()./-]{1,32}"),
        "at most 32 digits, spaces and ( ) . / -, with + in front",
    ),
}


def national_code_holds(code: str) -> bool:
    """Whether the tenth digit of an Iranian national code is the check digit of the nine before it.

    The nine are weighted 10 to 2 and summed modulo 11; the check digit is the remainder below 2, else 11 less it.
    """
    remainder = sum(int(digit) * (10 - i) for i, digit in enumerate(code[:9])) % 11
    return int(code[9]) == (remainder if remainder < 2 else 11 - remainder)


def check(address: Billing, prefix: str = "billing_") -> None:
    """Checks an address by its country's rules. Raises InvalidField with each field at fault: the prefix and the
    field's name."""
    in_iran = address.country is not None and (address.country.code or "").upper() == "IR"
    faults = []
    for name, (pattern, words) in (_IRAN if in_iran else _ELSEWHERE).items():
        value: str | None = getattr(address, name)
        if not value:
            continue
        if not pattern.fullmatch(value):
            faults.append((f"{prefix}{name}", words))
        elif in_iran and name == "national_code" and not national_code_holds(value):
            faults.append((f"{prefix}{name}", "its last digit is not the check digit of the others"))
    if faults:
        raise invalid(faults)
