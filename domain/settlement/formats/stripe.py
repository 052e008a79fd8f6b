"""The lines of Stripe's itemised payout reconciliation report.

Report types `payout_reconciliation.itemized.*`, and `balance_change_from_activity.itemized.*`, which has the same
columns. Names and meanings: https://docs.stripe.com/reports/report-types/payout-reconciliation; the categories:
https://docs.stripe.com/reports/reporting-categories.

- `gross`, `fee` and `net` are in major units ("dollars for USD, yen for JPY"), signed as they change the balance, the
  fee positive where it is charged (the balance transaction's `amount - fee`).
- A payment's reference is its `payment_intent_id`, where the report has that column, else its `charge_id` or
  `source_id`; the others are aliases. Any other movement's reference is its `source_id` (`re_…`, `dp_…`, `po_…`); the
  movement concerns the payment that the payment's columns name.
- The time is `created_utc`, or `created`, which is in the time zone of the report's request: request UTC.
- Where the customer paid in another currency, `customer_facing_amount` and `customer_facing_currency` have that amount,
  if the report has these columns.
- The order is looked for in a metadata column, if the report has one (`payment_metadata[order]`,
  `payment_metadata[order_id]` or `payment_metadata[order_key]`), else in the `description`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Final

from domain.settlement.lines import RESERVE, SIGNS, Line, Meaning, Misfit, Original, kind_of
from domain.settlement.tables.cells import Dates, Row
from domain.settlement.tables.table import Header, Record, records

REQUIRED: Final = ("balance_transaction_id", "reporting_category", "currency", "gross", "fee", "net")
_KINDS: Final[dict[str, Meaning]] = {
    "charge": "payment",
    "charge_failure": "payment_failure",
    # A charge that was captured in part: its rest never came.
    "partial_capture_reversal": "payment_failure",
    "refund": "refund",
    "refund_failure": "refund_failure",
    "dispute": "chargeback",
    "dispute_reversal": "chargeback_reversal",
    "fee": ("fee", "fee_refund"),
    "network_cost": ("fee", "fee_refund"),
    "tax": ("fee", "fee_refund"),
    "payout": "payout",
    "payout_reversal": "payout_failure",
    "connect_reserved_funds": RESERVE,
    "risk_reserved_funds": RESERVE,
    "payment_network_reserved_funds": RESERVE,
    "minimum_balance_hold": RESERVE,
    "payout_minimum_balance_hold": RESERVE,
    "payout_minimum_balance_release": RESERVE,
    "issuing_authorization_hold": RESERVE,
    "issuing_authorization_release": RESERVE,
    "transfer": "transfer",
    "transfer_reversal": "transfer",
    "topup": "transfer",
    "topup_reversal": "transfer",
    "connect_collection_transfer": "transfer",
    "advance": "transfer",
    "advance_funding": "transfer",
    "anticipation_repayment": "transfer",
    "financing_paydown": "transfer",
    "financing_paydown_reversal": "transfer",
    "financing_payout": "transfer",
    "financing_payout_reversal": "transfer",
    "currency_conversion": "conversion",
    "climate_order_purchase": "adjustment",
    "climate_order_refund": "adjustment",
    "contribution": "adjustment",
    "issuing_dispute": "adjustment",
    "issuing_transaction": "adjustment",
    "obligation": "adjustment",
    "other_adjustment": "adjustment",
    "platform_earning": "adjustment",
    "platform_earning_refund": "adjustment",
    "unreconciled_customer_funds": "adjustment",
}
_DATES: Final = Dates(UTC)
_ORDER_COLUMNS: Final = (
    "payment_metadata[order]",
    "payment_metadata[order_id]",
    "payment_metadata[order_key]",
    "description",
)


def is_stripe(header: Sequence[str]) -> bool:
    """Whether a table's header is the header of this report."""
    return {"balance_transaction_id", "reporting_category"} <= set(header)


def stripe_lines(rows: Iterable[Row], provider: str) -> Iterator[Line]:
    """The lines of the report. Raises Misfit."""
    below = iter(rows)
    header = next((Header(row, cells) for row, cells in below), None)
    if header is None:
        raise Misfit(None, None, "the file is empty")
    header.require(*REQUIRED)
    created = "created_utc" if "created_utc" in header.places else "created"
    header.require(created)
    order = next((name for name in _ORDER_COLUMNS if name in header.places), None)
    for record in records(below, header):
        yield _line(record, provider, created, order)


def _line(record: Record, provider: str, created: str, order: str | None) -> Line:
    category = record.shared("reporting_category")
    if not category:
        raise record.misfit("reporting_category", "the category is missing")
    currency, digits = record.currency("currency")
    amounts = [record.amount(column, digits) for column in ("gross", "fee", "net")]
    kind = kind_of(_KINDS.get(category, category), amounts[2] or amounts[0] or 0)
    gross, fee, net = record.amounts(("gross", "fee", "net"), kind, *amounts)
    names = [record.reference("source_id")]
    of_payment = [record.reference("payment_intent_id"), record.reference("charge_id")]
    if kind == "payment":
        names, of_payment = [*of_payment, *names], []
    # A report with its default columns alone names only the balance transaction.
    reference, *aliases = dict.fromkeys(filter(None, names)) or [record.reference("balance_transaction_id")]
    return Line(
        row=record.row,
        provider=provider,
        kind=kind,
        raw_kind=category,
        reference=reference,
        gross=gross,
        fee=fee,
        net=net,
        currency=currency,
        occurred_at=record.moment((created,), _DATES),
        order=record.word(order),
        payout=record.payout("automatic_payout_id"),
        aliases=tuple(aliases),
        concerns=tuple(dict.fromkeys(filter(None, of_payment))),
        original=_original(record, currency, gross) if kind in SIGNS else None,
    )


def _original(record: Record, currency: str, gross: int) -> Original | None:
    """The amount that the customer paid, where it was in another currency."""
    if not record.word("customer_facing_currency"):
        return None
    said, digits = record.currency("customer_facing_currency")
    amount = None if said == currency else record.amount("customer_facing_amount", digits)
    return None if amount is None else Original(abs(amount) * (1 if gross >= 0 else -1), said)
