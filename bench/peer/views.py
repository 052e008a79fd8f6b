"""The customer's list, and staff's commands: create, pay, change status."""

import secrets
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.generics import ListAPIView
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peer.models import TRANSITIONS, Order, OrderItem, Payment, shown, touched
from bench.peer.serializers import NewOrderSerializer, NewPaymentSerializer, NewStatusSerializer, OrderSerializer


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


class Pages(LimitOffsetPagination):
    default_limit = 10
    max_limit = 100


class NamesFilter(filters.BaseInFilter, filters.CharFilter):
    pass


class IdsFilter(filters.BaseInFilter, filters.NumberFilter):
    pass


class OrderFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=[(name, name) for name in TRANSITIONS])
    status_in = NamesFilter(field_name="status", lookup_expr="in")
    payment_method = filters.NumberFilter(field_name="payment_method_id")
    payment_method_in = IdsFilter(field_name="payment_method_id", lookup_expr="in")
    shipping_method = filters.NumberFilter(field_name="shipping_method_id")
    billing_country = filters.NumberFilter(field_name="billing_country_id")
    billing_state = filters.NumberFilter(field_name="billing_state_id")
    billing_city = filters.NumberFilter(field_name="billing_city_id")
    has_notes = filters.BooleanFilter(field_name="notes", lookup_expr="isnull", exclude=True)
    id_min = filters.NumberFilter(field_name="id", lookup_expr="gte")
    id_max = filters.NumberFilter(field_name="id", lookup_expr="lte")
    created_from = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_to = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")
    updated_from = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    updated_to = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="lte")


class Ordering(OrderingFilter):
    """Orders equal ones by -id, so that pages do not overlap."""

    def get_ordering(self, request: Request, queryset: QuerySet[Order], view: Any) -> list[str]:
        return [*super().get_ordering(request, queryset, view), "-id"]


class MyOrders(ListAPIView):
    serializer_class = OrderSerializer
    pagination_class = Pages
    filter_backends = (filters.DjangoFilterBackend, SearchFilter, Ordering)
    filterset_class = OrderFilter
    search_fields = (
        "id",
        "key",
        "notes",
        "billing_country__name",
        "billing_state__name",
        "billing_city__name",
        "billing_first_name",
        "billing_last_name",
        "billing_mobile_number",
    )
    ordering_fields = (
        "id",
        "created_at",
        "updated_at",
        "status",
        "shipping_cost",
        "billing_country__name",
        "billing_state__name",
        "billing_city__name",
        "payment_method__name",
        "shipping_method__name",
    )
    ordering = ("-created_at",)

    def get_queryset(self) -> QuerySet[Order]:
        return shown().filter(customer_id=self.request.user.pk).exclude(status="deleted")


class StaffView(APIView):
    permission_classes = (IsAdminUser,)

    def answer(self, order_id: int, code: int = status.HTTP_200_OK) -> Response:
        """The answer with the order as the lists show it now."""
        return Response(OrderSerializer(shown().get(pk=order_id)).data, status=code)


class Orders(StaffView):
    def post(self, request: Request) -> Response:
        given = NewOrderSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = dict(given.validated_data)
        items, voucher, now = fields.pop("items"), fields.pop("voucher"), timezone.now()
        shipping = fields.pop("shipping_cost")
        with transaction.atomic():
            order = Order.objects.create(
                **fields,
                key=secrets.token_hex(10),
                created_at=now,
                updated_at=now,
                shipping_base=shipping,
                shipping_cost=shipping + sum(item["shipping"] for item in items),
                voucher_code=voucher["code"] if voucher else None,
                voucher_discount=voucher["discount_amount"] if voucher else 0,
            )
            OrderItem.objects.bulk_create(OrderItem(order=order, **item) for item in items)
        return self.answer(order.pk, status.HTTP_201_CREATED)


class Payments(StaffView):
    def post(self, request: Request, order_id: int) -> Response:
        given = NewPaymentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            order = get_object_or_404(Order.objects.prefetch_related("items", "payments"), pk=order_id)
            if not order.is_payable or given.validated_data["amount"] > order.amount_outstanding:
                raise Conflict("the order takes no such payment")
            now = timezone.now()
            Payment.objects.create(order=order, received_at=now, **given.validated_data)
            touched(order, now)
        return self.answer(order_id, status.HTTP_201_CREATED)


class Status(StaffView):
    def post(self, request: Request, order_id: int) -> Response:
        given = NewStatusSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        to = given.validated_data["status"]
        with transaction.atomic():
            order = get_object_or_404(Order, pk=order_id)
            if to not in TRANSITIONS[order.status]:
                raise Conflict(f"the order is {order.status}; it cannot become {to}")
            touched(order, timezone.now(), status=to)
        return self.answer(order_id)
