"""A settlement file and a journal made from a seed, with planted troubles, and the plan of the expected results.

Most payments are settled without trouble. Each kind of trouble has the same share, so the plan has the outcome and the
rule of every row and every entry. There are also lines that settle no entry: fees, payouts, adjustments.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from domain.reconciliation.matching import Entry, Result, match
from domain.reconciliation.others import Cover, OtherFiles
from domain.reconciliation.rules import Rules, rules_from
from domain.settlement.lines import SIGNS, Line, Original

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 4, 1, tzinfo=UTC)
RULES: Rules = rules_from(
    'version = "test"\nsettlement_delay_days = 3\n[tolerance]\nUSD = "0.02"\nEUR = "0.02"\n'
    '[limits]\nUSD = "0.50"\nEUR = "0.50"\n[rates."GBP/USD"]\nrate = "1.25"\npercent = "1"\n'
)
PROVIDER = "acme"

# A plan for some lines and entries: outcome, rule, lines, entries. Rows get their numbers at the end.
Plan = tuple[str, str, list[Line], list[Entry]]


class Planting:
    """The lines and entries of one seed, for `match`, and the expected results."""

    def __init__(self, seed: int, payments: int) -> None:
        self._random = random.Random(seed)
        self._position = self._order = self._reference = 0
        # References that stand in the file twice -> the position of the entry that they settle, or 0.
        self._twice: dict[str, int] = {}
        plans: list[Plan] = []
        troubles = [getattr(self, name) for name in dir(self) if name.startswith("plant_")]
        each = round(payments * 0.02)
        for _ in range(payments - each * len(troubles)):
            plans.append(self._as_it_should_be())
        for plant in troubles:
            plans += [found for _ in range(each) for found in self._planted(plant)]
        self._random.shuffle(plans)
        self.entries = [entry for _, _, _, entries in plans for entry in entries]
        self.lines, self.expected = self._numbered(plans)

    def _planted(self, plant: Callable[[], Plan | list[Plan]]) -> list[Plan]:
        found = plant()
        return found if isinstance(found, list) else [found]

    def _numbered(self, plans: list[Plan]) -> tuple[list[Line], set[tuple[str, str, tuple[int, ...], tuple[int, ...]]]]:
        """The lines in the file's order with their rows, and the results expected of them."""
        slots = [(place, index) for place, plan in enumerate(plans) for index in range(len(plan[2]))]
        noise = [(None, index) for index in range(len(slots) // 20)]
        order: list[tuple[int | None, int]] = [*slots, *noise]
        self._random.shuffle(order)
        rows = {slot: row for row, slot in enumerate(order, 2)}
        lines = []
        for place, index in order:
            made = self._noise() if place is None else plans[place][2][index]
            lines.append(msgspec.structs.replace(made, row=rows[place, index]))
        expected = set()
        for place, (outcome, rule, of_lines, entries) in enumerate(plans):
            if outcome:
                own = tuple(sorted(rows[place, index] for index in range(len(of_lines))))
                expected.add((outcome, rule, own, tuple(sorted(entry.position for entry in entries))))
        return lines, expected | self._repetitions(lines)

    def _repetitions(self, lines: list[Line]) -> set[tuple[str, str, tuple[int, ...], tuple[int, ...]]]:
        """The results expected of lines that stand twice: the first one settles the entry."""
        first: dict[str, int] = {}
        expected: set[tuple[str, str, tuple[int, ...], tuple[int, ...]]] = set()
        for line in lines:
            if line.reference in self._twice:
                if line.reference in first:
                    expected.add(("duplicate_in_settlement", "repeated", (line.row,), ()))
                else:
                    position = self._twice[line.reference]
                    outcome = ("matched", "reference_and_amount") if position else ("missing_in_ledger", "left_over")
                    expected.add((*outcome, (line.row,), (position,) if position else ()))
                first.setdefault(line.reference, line.row)
        return expected

    def _amount(self) -> int:
        return self._random.choice((1990, 4999, 7990, 12000, self._random.randint(100, 99_999)))

    def _moment(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self._random.randrange(27 * 86_400))

    def _name(self, prefix: str = "pi") -> str:
        self._reference += 1
        return f"{prefix}_{self._reference:07x}"

    def _entry(self, **fields: object) -> Entry:
        self._position += 1
        if "order_id" not in fields:
            self._order += 1
        order_id = fields.get("order_id", self._order)
        values: dict[str, object] = {
            "position": self._position,
            "kind": "refund" if self._random.random() < 0.1 else "payment",
            "order_id": order_id,
            "order_key": f"{order_id:020x}",
            "provider": PROVIDER,
            "reference": self._name(),
            "amount": self._amount(),
            "currency": self._random.choice(("USD", "USD", "EUR")),
            "digits": 2,
            "received_at": self._moment(),
        }
        return msgspec.convert(values | fields, Entry)

    def _stray(self, **fields: object) -> Entry:
        """A payment that the journal does not have."""
        found = self._entry(**fields)
        self._position -= 1
        return found

    def _line(self, entry: Entry, **fields: object) -> Line:
        """The line that settles the entry, unless `fields` change it. `amount` has the journal's sign."""
        amount = fields.pop("amount", entry.amount)
        assert isinstance(amount, int)
        fee = amount * 29 // 1000 if entry.kind == "payment" else 0
        gross = amount * SIGNS[entry.kind]
        values: dict[str, object] = {
            "row": 0,
            "provider": entry.provider,
            "kind": entry.kind,
            "raw_kind": entry.kind,
            "reference": entry.reference,
            "gross": gross,
            "fee": fee,
            "net": gross - fee,
            "currency": entry.currency,
            "occurred_at": entry.received_at + timedelta(hours=self._random.randrange(48)),
            "payout": f"po_{entry.received_at:%m%d}",
            "order": self._random.choice(("", str(entry.order_id))),
        }
        return msgspec.convert(values | fields, Line)

    def _naming(self, entry: Entry) -> str:
        """A text with the order's key or id in it."""
        key, number = entry.order_key, entry.order_id
        return self._random.choice(
            (key, str(number), f"Order #{number}", f"payment for {key}, with thanks", f"({key}).")
        )

    def _noise(self) -> Line:
        entry = self._stray(kind="payment")
        kind = self._random.choice(("fee", "fee_refund", "payout"))
        return self._line(entry, kind=kind, raw_kind=kind, reference=self._name("x"))

    def _as_it_should_be(self) -> Plan:
        entry = self._entry()
        return "matched", "reference_and_amount", [self._line(entry)], [entry]

    def plant_amount_differs(self) -> Plan:
        entry = self._entry()
        return (
            "amount_differs",
            "reference",
            [self._line(entry, amount=entry.amount + self._random.choice((1, -1, 500)))],
            [entry],
        )

    def plant_currency_differs(self) -> Plan:
        entry = self._entry()
        return "currency_differs", "reference", [self._line(entry, currency="GBP")], [entry]

    def plant_missing_in_ledger(self) -> Plan:
        line = self._line(self._stray())
        return "missing_in_ledger", "left_over", [line], []

    def plant_missing_in_settlement(self) -> Plan:
        return "missing_in_settlement", "left_over", [], [self._entry()]

    def plant_in_transit(self) -> Plan:
        young = AS_OF - timedelta(seconds=self._random.randrange(3 * 86_400))
        return "in_transit", "settlement_delay", [], [self._entry(received_at=young)]

    def plant_duplicate(self) -> Plan:
        entry = self._entry()
        line = self._line(entry)
        self._twice[line.reference] = entry.position
        return "", "", [line, line], [entry]

    def plant_duplicate_of_a_line_that_is_not_in_the_ledger(self) -> Plan:
        line = self._line(self._stray())
        self._twice[line.reference] = 0
        return "", "", [line, line], []

    def plant_another_reference_and_the_order(self) -> Plan:
        entry = self._entry()
        reference = self._random.choice(("", self._name("bank")))
        return (
            "suggested",
            "order_and_amount",
            [self._line(entry, reference=reference, order=self._naming(entry))],
            [entry],
        )

    def plant_parts_of_one_payment(self) -> Plan:
        entry = self._entry(amount=self._random.randint(1000, 50_000))
        parts = self._parts(entry.amount)
        how = self._random.choice(("same reference", "parts of it", "order"))
        lines = []
        for place, part in enumerate(parts, 1):
            reference = {"same reference": entry.reference, "parts of it": f"{entry.reference}-{place}"}.get(how, "")
            order = self._naming(entry) if how == "order" else ""
            lines.append(self._line(entry, amount=part, reference=reference, order=order))
        return "suggested", "exact_sum", lines, [entry]

    def plant_payments_settled_as_one(self) -> Plan:
        first = self._entry(amount=self._random.randint(1000, 50_000))
        others = [
            self._entry(order_id=first.order_id, kind=first.kind, currency=first.currency, amount=first.amount + place)
            for place in range(1, self._random.randint(2, 4))
        ]
        line = self._line(
            first, amount=first.amount + sum(entry.amount for entry in others), reference="", order=self._naming(first)
        )
        return "suggested", "exact_sum", [line], [first, *others]

    def plant_an_amount_within_the_tolerance(self) -> Plan:
        entry = self._entry()
        amount = entry.amount + self._random.choice((-2, -1, 1, 2))
        line = self._line(entry, amount=amount, reference=self._name("bank"), order=self._naming(entry))
        return "suggested", "tolerance", [line], [entry]

    def plant_an_amount_beyond_the_tolerance(self) -> list[Plan]:
        entry = self._entry()
        line = self._line(entry, amount=entry.amount + 3, reference=self._name("bank"), order=self._naming(entry))
        return [
            ("missing_in_ledger", "left_over", [line], []),
            ("missing_in_settlement", "left_over", [], [entry]),
        ]

    def plant_two_payments_that_one_line_may_be(self) -> Plan:
        first = self._entry()
        fields = {"order_id": first.order_id, "kind": first.kind, "currency": first.currency, "amount": first.amount}
        return (
            "ambiguous",
            "order_and_amount",
            [self._line(first, reference="", order=self._naming(first))],
            [first, self._entry(**fields)],
        )

    def plant_a_movement_that_the_ledger_knows(self) -> Plan:
        kind = self._random.choice(("payment_failure", "refund_failure", "chargeback", "chargeback_reversal"))
        entry = self._entry(kind=kind)
        return "matched", "reference_and_amount", [self._line(entry)], [entry]

    def plant_money_that_was_pulled_back_and_is_there_in_the_ledger(self) -> list[Plan]:
        entry = self._entry(kind="payment")
        pulled = self._line(self._stray(kind=self._random.choice(("payment_failure", "chargeback"))), order="")
        return [
            ("matched", "reference_and_amount", [self._line(entry)], [entry]),
            ("missing_in_ledger", "left_over", [pulled], []),
        ]

    def plant_partial_refunds_under_the_payments_reference(self) -> list[Plan]:
        paid = self._name()
        first = self._entry(kind="refund", payment_reference=paid, amount=self._random.randint(100, 5_000))
        fields = {"kind": "refund", "payment_reference": paid, "order_id": first.order_id, "currency": first.currency}
        second = self._entry(**fields, amount=first.amount + 1)
        return [
            ("matched", "other_reference_and_amount", [self._line(refund, reference=paid)], [refund])
            for refund in (first, second)
        ]

    def plant_an_adjustment_a_reserve_or_a_transfer(self) -> Plan:
        kind = self._random.choice(("adjustment", "reserve_held", "reserve_released", "transfer", "conversion"))
        amount = self._random.choice((1, 50, 51, 4_000))
        line = self._line(self._stray(kind="payment"), kind=kind, raw_kind=kind, reference=self._name("x"))
        gross = -amount if kind == "reserve_held" else amount
        line = msgspec.structs.replace(line, gross=gross, fee=0, net=gross)
        return "noted" if amount <= 50 else "to_explain", "limit", [line], []

    def _in_pounds(self, dollars_of: Callable[[int], int], entry: Entry) -> Line:
        """The line of a payment in pounds that was settled in dollars."""
        dollars = dollars_of(entry.amount) * SIGNS[entry.kind]
        line = self._line(entry, currency="USD")
        original = Original(entry.amount * SIGNS[entry.kind], "GBP", self._random.choice(("", "1.25")))
        return msgspec.structs.replace(line, gross=dollars, fee=0, net=dollars, original=original)

    def plant_what_was_settled_in_another_currency(self) -> Plan:
        entry = self._entry(currency="GBP")
        line = self._in_pounds(lambda pounds: pounds * 125 // 100, entry)
        return "matched", "reference_and_amount", [line], [entry]

    def plant_what_was_settled_at_another_rate_than_expected(self) -> Plan:
        entry = self._entry(currency="GBP", amount=self._random.randint(1_000, 99_999))
        line = self._in_pounds(lambda pounds: pounds * self._random.choice((121, 129)) // 100, entry)
        return "rate_differs", "reference_and_amount", [line], [entry]

    def plant_a_kind_that_nobody_knows(self) -> Plan:
        line = self._line(self._stray(kind="payment"), kind="Loyalty Bonus", raw_kind="Loyalty Bonus")
        return "unknown_kind", "kind", [line], []

    def _parts(self, amount: int) -> list[int]:
        first = self._random.randint(1, amount // 2 - 1)
        if self._random.random() < 0.5:
            return [first, amount - first]
        second = self._random.randint(1, amount // 2 - 1)
        return [first, second, amount - first - second]


def own_rows(lines: list[Line]) -> Iterator[str]:
    """The rows of a file in our own layout for the lines. The lines' rows must be 2, 3, 4 and so on."""

    def amount(minor: int) -> str:
        return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"

    yield "reference,kind,gross,fee,net,currency,occurred_at,order,payout,original,original_currency,exchange_rate\n"
    for line in lines:
        amounts = ",".join(map(amount, (line.gross, line.fee, line.net)))
        at = f"{line.occurred_at:%Y-%m-%dT%H:%M:%SZ}"
        paid = f"{amount(line.original.amount or 0)},GBP,{line.original.rate}" if line.original else ",,"
        yield f'{line.reference},{line.kind},{amounts},{line.currency},{at},"{line.order}",{line.payout},{paid}\n'


def match_alone(
    lines: Sequence[Line], entries: Sequence[Entry], rules: Rules, *, as_of: datetime, zone: tzinfo = UTC
) -> list[Result]:
    """The results of `match` for the only file of its provider, which covers all days up to `as_of`."""
    covers = [Cover(currency, _ALWAYS, as_of) for currency in sorted({entry.currency for entry in entries})]
    return match(lines, entries, rules, others=OtherFiles("", covers, (), as_of), zone=zone)
