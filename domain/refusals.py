"""The refusals of the domain: one class for each rule that a command can break, with the rule's stable code.

A refused command records nothing. `detail` is a whole sentence. `api/errors.py` has the HTTP statuses.
"""

from typing import Any, ClassVar


class Refusal(Exception):
    """The domain's refusal of a command, named by the rule that the command would break."""

    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:  # for pickling, since another process may raise it
        return _made_again, (type(self), self.args), vars(self)


def _made_again(kind: type[Refusal], arguments: tuple[Any, ...]) -> Refusal:
    return kind.__new__(kind, *arguments)


class InvalidField(Refusal):
    """A value is wrong by itself, at `field` (`items[0].unit_price`); `more` are the request's other wrong fields.

    `faults` has all of them, as pairs of field and message.
    """

    code = "invalid-field"

    def __init__(self, field: str, message: str, *more: tuple[str, str]) -> None:
        self.faults = ((field, message), *more)
        super().__init__("; ".join(f"{field}: {message}" if field else message for field, message in self.faults))
        self.field = field
        self.message = message


class OrderNotFound(Refusal):
    code = "order-not-found"

    def __init__(self) -> None:
        # The same words for every client, so that they do not reveal whether another customer's order exists.
        super().__init__("There is no such order.")


class AccessKeyNotFound(Refusal):
    code = "key-not-found"


class AccessKeyTaken(Refusal):
    """Another key has, or had, this name."""

    code = "key-name-taken"


class AccessKeyIsRevoked(Refusal):
    code = "key-is-revoked"


class ScopesBeyond(Refusal):
    """A key carries, or would carry, a scope that the caller does not have."""

    code = "not-allowed"


class ItemNotFound(Refusal):
    code = "item-not-found"


class ChargeNotFound(Refusal):
    code = "charge-not-found"


class OrderMoved(Refusal):
    """The order is at another version than the command expects."""

    code = "order-moved"

    def __init__(self, current_version: int) -> None:
        super().__init__(f"The order has moved on: it is at version {current_version} now.")
        self.current_version = current_version


class OrderNotChangeable(Refusal):
    code = "order-not-changeable"


class PersonalDataErased(Refusal):
    """The order's personal data was erased, so the order takes no new personal data."""

    code = "personal-data-erased"


class OrderInWork(Refusal):
    """An order is under way, so the shop still needs its personal data."""

    code = "order-in-work"


class PersonalDataHeld(Refusal):
    """A legal hold: the personal data must be kept for now."""

    code = "personal-data-held"


class PersonalDataPlain(Refusal):
    """The personal data was recorded in the clear, so destroying a data key cannot erase it."""

    code = "personal-data-plain"


class FileErased(Refusal):
    """The kept file cannot be read: its data key was destroyed."""

    code = "file-erased"

    def __init__(self) -> None:
        super().__init__("The file and its reports were erased; what was decided, and on which payments, stays.")


class OrderOfCustomer(Refusal):
    """The order's personal data belongs to its customer, and is erased with the customer's other data."""

    code = "order-of-a-customer"


class CustomerNotFound(Refusal):
    code = "customer-not-found"

    def __init__(self) -> None:
        super().__init__("No order names such a customer.")


class OrderTooLong(Refusal):
    code = "order-too-long"


class StatusChangeNotAllowed(Refusal):
    code = "status-change-not-allowed"


class DiscountExceedsItem(Refusal):
    code = "discount-exceeds-item"


class TotalNegative(Refusal):
    code = "total-negative"


class AmountTooLarge(Refusal):
    code = "amount-too-large"


class OrderNotPayable(Refusal):
    code = "order-not-payable"


class PaymentExceedsOutstanding(Refusal):
    code = "payment-exceeds-outstanding"


class OrderKeyTaken(Refusal):
    code = "order-key-taken"


class ExternalIdTaken(Refusal):
    code = "external-id-taken"


class OrderHasCustomer(Refusal):
    code = "order-has-customer"


class PaymentReferenceTaken(Refusal):
    code = "payment-reference-taken"


class PaymentNotFound(Refusal):
    code = "payment-not-found"


class RefundExceedsReceived(Refusal):
    code = "refund-exceeds-received"


class RefundReferenceTaken(Refusal):
    code = "refund-reference-taken"


class ImportConflict(Refusal):
    """An import line names several orders, or differs from the recorded order that it names."""

    code = "import-conflict"


class LineTooLong(Refusal):
    """An import line has more bytes than any order needs."""

    code = "line-too-long"


class RefundExceedsSold(Refusal):
    """A line of a refund would give back more than is left of the sold item or charge that it names."""

    code = "refund-exceeds-sold"


class RefundNotFound(Refusal):
    code = "refund-not-found"


class ChargebackNotFound(Refusal):
    code = "chargeback-not-found"


class ReferenceTaken(Refusal):
    """Another order has this reference of a failed payment or refund, a chargeback or its reversal."""

    code = "reference-taken"


def reference_taken(kind: str, provider: str, reference: str, how: str) -> Refusal:
    """The refusal of a movement of money whose reference another of its kind has."""
    refusal = {"payment": PaymentReferenceTaken, "refund": RefundReferenceTaken}.get(kind, ReferenceTaken)
    return refusal(f"{provider} {kind.replace('_', ' ')} {reference} is recorded already, {how}.")


class AmountExceedsLeft(Refusal):
    """A movement would take back more than is left of the movement that it is about."""

    code = "amount-exceeds-left"


class PaymentNotVoidable(Refusal):
    code = "payment-not-voidable"


class IdempotencyKeyReused(Refusal):
    code = "idempotency-key-reused"
