"""The refusals of the domain: one class for each rule that can be broken, with its stable code.

A refusal records nothing. `detail` is a whole sentence. `api/errors.py` has the HTTP statuses.
"""

from typing import Any, ClassVar


class Refusal(Exception):
    """A command that the rules do not allow."""

    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:  # it may come from another process
        return _made_again, (type(self), self.args), vars(self)


def _made_again(kind: type[Refusal], arguments: tuple[Any, ...]) -> Refusal:
    return kind.__new__(kind, *arguments)


class InvalidField(Refusal):
    """A value that is wrong in itself, at `field` (`items[0].unit_price`); `more` are others of the same request.

    `faults` has all of them, pairs of field and message.
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
        # The same words for every client: they do not tell whether another customer's order exists.
        super().__init__("There is no such order.")


class AccessKeyNotFound(Refusal):
    code = "key-not-found"


class AccessKeyTaken(Refusal):
    """Another key has, or had, this name."""

    code = "key-name-taken"


class AccessKeyIsRevoked(Refusal):
    code = "key-is-revoked"


class ScopesBeyond(Refusal):
    """A key would carry, or carries, what whoever asks may not do themselves."""

    code = "not-allowed"


class ItemNotFound(Refusal):
    code = "item-not-found"


class ChargeNotFound(Refusal):
    code = "charge-not-found"


class OrderMoved(Refusal):
    """The order is not at the version that the command was given for."""

    code = "order-moved"

    def __init__(self, current_version: int) -> None:
        super().__init__(f"The order has moved on: it is at version {current_version} now.")
        self.current_version = current_version


class OrderNotChangeable(Refusal):
    code = "order-not-changeable"


class PersonalDataErased(Refusal):
    """What is personal in the order was erased, so it takes none again."""

    code = "personal-data-erased"


class OrderInWork(Refusal):
    """An order is under way, so the shop still needs what is personal in it."""

    code = "order-in-work"


class PersonalDataHeld(Refusal):
    """What is personal must be kept for now, whoever asks."""

    code = "personal-data-held"


class PersonalDataPlain(Refusal):
    """What is personal was recorded as it is, so no key can be destroyed that would erase it."""

    code = "personal-data-plain"


class FileErased(Refusal):
    """A file that was kept is asked for after its key was destroyed."""

    code = "file-erased"

    def __init__(self) -> None:
        super().__init__("The file and its reports were erased; what was decided, and on which payments, stays.")


class OrderOfCustomer(Refusal):
    """The order's personal data are its customer's, and erased with all that the customer has."""

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
    """A line of an import whose order is there, and is another or says something else."""

    code = "import-conflict"


class LineTooLong(Refusal):
    """A line of an import has more bytes than any order needs."""

    code = "line-too-long"


class RefundExceedsSold(Refusal):
    """A line of a refund would give back more of something than was sold and not given back yet."""

    code = "refund-exceeds-sold"


class RefundNotFound(Refusal):
    code = "refund-not-found"


class ChargebackNotFound(Refusal):
    code = "chargeback-not-found"


class ReferenceTaken(Refusal):
    """Of a failed payment or refund, of a chargeback or its reversal."""

    code = "reference-taken"


class AmountExceedsLeft(Refusal):
    """More would be taken back than is left of what it is taken back from."""

    code = "amount-exceeds-left"


class PaymentNotVoidable(Refusal):
    code = "payment-not-voidable"


class IdempotencyKeyReused(Refusal):
    code = "idempotency-key-reused"
