"""A reader for Beancount files as we write them, without our code or Beancount's, and the balances of the books."""

import re
from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

_TRANSACTION = re.compile(r'(\d{4}-\d\d-\d\d) \* ("(?:[^"\\]|\\.)*")(?: \^order-(\d+))?')
_POSITION = re.compile(r"  position: (\d+)")
_POSTING = re.compile(r"  ([A-Z][A-Za-z-]*(?::[A-Z0-9][A-Za-z0-9-]*)+)  (-?\d+(?:\.\d+)?) ([A-Z]{3})")
_OPENING = re.compile(r"(\d{4}-\d\d-\d\d) (?:open|commodity) (\S+)")
_PROVIDER = re.compile(r'  provider: ("(?:[^"\\]|\\.)*")')

Balances = dict[tuple[str, str], Decimal]


class Transaction(NamedTuple):
    day: str
    narration: str
    order_id: int | None
    position: int
    postings: list[tuple[str, Decimal, str]]


class Books(NamedTuple):
    """`opened` has the day of each account and commodity, `providers` the account of each provider by name."""

    transactions: list[Transaction]
    opened: dict[str, str]
    providers: dict[str, str]

    def balances(self) -> Balances:
        """The amounts other than zero, by account and currency."""
        found: Balances = defaultdict(Decimal)
        for transaction in self.transactions:
            for account, amount, currency in transaction.postings:
                found[account, currency] += amount
        return {key: amount for key, amount in found.items() if amount}


def read(text: str) -> Books:
    """The books in a text. Raises AssertionError at any line of another form."""
    books = Books([], {}, {})
    heading, *lines = text.split("\n")
    assert re.fullmatch(r"; The orders, to position \d+ of the log\.", heading)
    assert lines.pop(0) == 'option "title" "Orders"'
    for line in lines:
        if found := _TRANSACTION.fullmatch(line):
            books.transactions.append(
                Transaction(found[1], unquoted(found[2]), int(found[3]) if found[3] else None, 0, [])
            )
        elif found := _POSITION.fullmatch(line):
            books.transactions.append(books.transactions.pop()._replace(position=int(found[1])))
        elif found := _POSTING.fullmatch(line):
            books.transactions[-1].postings.append((found[1], Decimal(found[2]), found[3]))
        elif found := _OPENING.fullmatch(line):
            assert found[2] not in books.opened
            books.opened[found[2]] = found[1]
        elif found := _PROVIDER.fullmatch(line):
            books.providers[unquoted(found[1])] = list(books.opened)[-1]
        else:
            assert line == "", line
    return books


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
