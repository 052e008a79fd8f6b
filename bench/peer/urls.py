"""The addresses of the ledger that the peer has too."""

from django.urls import path

from bench.peer import views

urlpatterns = [
    path("api/shop/customers/me/orders", views.MyOrders.as_view()),
    path("api/v1/orders", views.Orders.as_view()),
    path("api/v1/orders/<int:order_id>/payments", views.Payments.as_view()),
    path("api/v1/orders/<int:order_id>/status", views.Status.as_view()),
]
