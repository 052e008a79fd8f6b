"""Answers and bodies in the shop contract's shapes and order of fields."""

from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers

from bench.peer import models as m


def read_only_money() -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=17, decimal_places=2, read_only=True)


class CustomerSerializer(serializers.ModelSerializer):
    full_name = serializers.CharField(source="get_full_name", read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "full_name")


def of_names(named: type[m.Named], *more: str) -> serializers.ModelSerializer:
    class Meta:
        model = named
        fields = ("id", "name", *more)

    return type(f"{named.__name__}Serializer", (serializers.ModelSerializer,), {"Meta": Meta})(read_only=True)


class PaymentMethodSerializer(serializers.ModelSerializer):
    image = serializers.ReadOnlyField(default=None)

    class Meta:
        model = m.PaymentMethod
        fields = ("id", "name", "image")


class ShippingMethodSerializer(PaymentMethodSerializer):
    class Meta(PaymentMethodSerializer.Meta):
        model = m.ShippingMethod


class OrderSerializer(serializers.ModelSerializer):
    customer = CustomerSerializer(read_only=True)
    payment_method = PaymentMethodSerializer(read_only=True)
    shipping_method = ShippingMethodSerializer(read_only=True)
    billing_country = of_names(m.Country, "code")
    billing_state = of_names(m.State, "code")
    billing_city = of_names(m.City)
    items_subtotal = read_only_money()
    items_discount = read_only_money()
    subtotal = read_only_money()
    total_discount = read_only_money()
    total = read_only_money()
    amount_paid = read_only_money()
    amount_outstanding = read_only_money()

    class Meta:
        model = m.Order
        fields = (
            "id",
            "key",
            "status",
            "customer",
            "payment_method",
            "shipping_method",
            "shipping_cost",
            "notes",
            "created_at",
            "updated_at",
            "billing_country",
            "billing_state",
            "billing_city",
            "billing_address",
            "billing_postal_code",
            "billing_national_code",
            "billing_mobile_number",
            "billing_first_name",
            "billing_last_name",
            "count",
            "quantity",
            "items_subtotal",
            "items_discount",
            "subtotal",
            "total_discount",
            "total",
            "amount_paid",
            "amount_outstanding",
            "is_paid",
            "is_payable",
        )


class ById(serializers.PrimaryKeyRelatedField):
    """A reference that the contract's bodies write as an object with an id."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data["id"])


class NewItemSerializer(serializers.ModelSerializer):
    product = serializers.DictField()

    class Meta:
        model = m.OrderItem
        fields = ("product", "variant", "unit_price", "quantity", "shipping", "discount_amount", "offer")


class VoucherSerializer(serializers.Serializer):
    code = serializers.CharField()
    discount_amount = serializers.DecimalField(max_digits=17, decimal_places=2, min_value=0)


class NewOrderSerializer(serializers.ModelSerializer):
    customer = ById(queryset=User.objects.all())
    payment_method = ById(queryset=m.PaymentMethod.objects.all())
    shipping_method = ById(queryset=m.ShippingMethod.objects.all())
    billing_country = ById(queryset=m.Country.objects.all())
    billing_state = ById(queryset=m.State.objects.all())
    billing_city = ById(queryset=m.City.objects.all())
    items = NewItemSerializer(many=True)
    voucher = VoucherSerializer(allow_null=True)

    class Meta:
        model = m.Order
        fields = (
            "currency",
            "customer",
            "payment_method",
            "shipping_method",
            "shipping_cost",
            "notes",
            "billing_country",
            "billing_state",
            "billing_city",
            "billing_address",
            "billing_postal_code",
            "billing_national_code",
            "billing_mobile_number",
            "billing_first_name",
            "billing_last_name",
            "items",
            "voucher",
        )

    def validate_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Adds the products that the items name, by one query."""
        products = m.Product.objects.in_bulk([item["product"]["id"] for item in items])
        for item in items:
            if item["product"]["id"] not in products:
                raise serializers.ValidationError(f"there is no product {item['product']['id']}")
            item["product"] = products[item["product"]["id"]]
        return items


class NewPaymentSerializer(serializers.ModelSerializer):
    class Meta:
        model = m.Payment
        fields = ("amount", "reference", "provider", "method")


class NewStatusSerializer(serializers.ModelSerializer):
    class Meta:
        model = m.Order
        fields = ("status",)
