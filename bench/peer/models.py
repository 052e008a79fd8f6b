"""Ordinary tables. Customers are Django's users, as in most shops."""

import uuid
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db import models

from domain.order.statuses import TRANSITIONS, UNPAYABLE

ZERO = Decimal("0.00")


def money() -> models.DecimalField:
    return models.DecimalField(max_digits=17, decimal_places=2, default=ZERO)


class Named(models.Model):
    name = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Country(Named):
    code = models.CharField(max_length=8)


class State(Named):
    code = models.CharField(max_length=8)


class City(Named):
    pass


class PaymentMethod(Named):
    pass


class ShippingMethod(Named):
    pass


class Product(Named):
    slug = models.SlugField()


def reference(to: type[models.Model] | str) -> models.ForeignKey:
    return models.ForeignKey(to, null=True, on_delete=models.PROTECT)


class Order(models.Model):
    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    key = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=16, choices=[(name, name) for name in TRANSITIONS], default="new")
    currency = models.CharField(max_length=3)
    customer = reference(settings.AUTH_USER_MODEL)
    payment_method = reference(PaymentMethod)
    shipping_method = reference(ShippingMethod)
    shipping_base = money()
    notes = models.TextField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    billing_country = reference(Country)
    billing_state = reference(State)
    billing_city = reference(City)
    billing_address = models.CharField(max_length=500, null=True)
    billing_postal_code = models.CharField(max_length=16, null=True)
    billing_national_code = models.CharField(max_length=32, null=True)
    billing_mobile_number = models.CharField(max_length=32, null=True)
    billing_first_name = models.CharField(max_length=200, null=True)
    billing_last_name = models.CharField(max_length=200, null=True)
    voucher_code = models.CharField(max_length=64, null=True)
    voucher_discount = money()
    # Kept with the order, because the contract sorts by it: the shipping cost of the order and of its items.
    shipping_cost = money()

    class Meta:
        indexes = (
            models.Index(fields=["customer", "-created_at", "-id"]),
            models.Index(fields=["customer", "status", "-created_at"]),
            models.Index(fields=["-created_at", "-id"]),
        )

    @cached_property
    def lines(self) -> list["OrderItem"]:
        return list(self.items.all())

    @property
    def count(self) -> int:
        return len({item.product_id for item in self.lines})

    @property
    def quantity(self) -> int:
        return sum(item.quantity for item in self.lines)

    @cached_property
    def items_subtotal(self) -> Decimal:
        return sum((item.unit_price * item.quantity for item in self.lines), ZERO)

    @cached_property
    def items_discount(self) -> Decimal:
        return sum((item.discount_amount for item in self.lines), ZERO)

    @property
    def subtotal(self) -> Decimal:
        return self.items_subtotal - self.items_discount

    @property
    def total_discount(self) -> Decimal:
        return self.items_discount + self.voucher_discount

    @cached_property
    def total(self) -> Decimal:
        return self.items_subtotal - self.total_discount + self.shipping_cost

    @cached_property
    def amount_paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments.all()), ZERO)

    @property
    def amount_outstanding(self) -> Decimal:
        return max(ZERO, self.total - self.amount_paid)

    @property
    def is_paid(self) -> bool:
        return self.amount_paid >= self.total

    @property
    def is_payable(self) -> bool:
        return not self.is_paid and self.status not in UNPAYABLE


class OrderItem(models.Model):
    order = models.ForeignKey(Order, related_name="items", on_delete=models.CASCADE)
    product = reference(Product)
    variant = models.BigIntegerField(null=True)
    unit_price = money()
    quantity = models.PositiveIntegerField(default=1)
    shipping = money()
    discount_amount = money()
    offer = models.BigIntegerField(null=True)


class Payment(models.Model):
    order = models.ForeignKey(Order, related_name="payments", on_delete=models.CASCADE)
    amount = money()
    provider = models.CharField(max_length=200)
    reference = models.CharField(max_length=200)
    method = models.CharField(max_length=200, null=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["provider", "reference"], name="one_payment_a_reference"),)


def shown() -> models.QuerySet[Order]:
    """The orders with all that their serializer reads, in three queries however many orders there are."""
    return Order.objects.select_related(
        "customer",
        "payment_method",
        "shipping_method",
        "billing_country",
        "billing_state",
        "billing_city",
    ).prefetch_related("items", "payments")


def touched(order: Order, at: datetime, **changes: object) -> None:
    """Saves the changes, and the time of the change."""
    for name, value in {**changes, "updated_at": at}.items():
        setattr(order, name, value)
    order.save(update_fields=[*changes, "updated_at"])
