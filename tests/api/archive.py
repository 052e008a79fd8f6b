"""Ten orders of one customer, over two years, that differ in every field that a list can filter or sort by.

Each is known by its key, after the radio alphabet. They are imported, since only an import can record orders of the
past.
"""

from typing import Any, Final

CUSTOMER_ID: Final = 42

_CARD = {"id": 1, "name": "Card"}
_BANK = {"id": 2, "name": "Bank"}
_CASH = {"id": 3, "name": "Cash"}
_COURIER = {"id": 1, "name": "Courier"}
_POST = {"id": 2, "name": "Post"}
_CANADA = {"id": 1, "name": "Canada", "code": "CA"}
_IRAN = {"id": 2, "name": "ایران", "code": "IR"}
_ONTARIO = {"id": 1, "name": "Ontario", "code": "ON"}
_QUEBEC = {"id": 2, "name": "Québec", "code": "QC"}
_TEHRAN = {"id": 3, "name": "تهران", "code": None}


def _order(key: str, created_at: str, *history: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """An import line; the history is times and the statuses that the order changed to then."""
    return {
        "key": key,
        "created_at": created_at,
        "customer": {"id": CUSTOMER_ID},
        "history": [{"at": at, "type": "status", "status": status} for at, status in history],
        **fields,
    }


LINES: Final = [
    _order(
        "alpha",
        "2024-01-10T08:00:00Z",
        notes="Ring the bell, 100% sure; file_name",
        payment_method=_CARD,
        shipping_method=_COURIER,
        shipping_cost="5.00",
        billing_country=_CANADA,
        billing_state=_ONTARIO,
        billing_city={"id": 1, "name": "Ottawa"},
        billing_first_name="John",
        billing_last_name="Doe",
        billing_mobile_number="+1 613 5550100",
    ),
    _order(
        "bravo",
        "2024-02-29T23:59:59.999999Z",
        ("2024-03-05T10:00:00Z", "processing"),
        payment_method=_BANK,
        shipping_method=_POST,
        shipping_cost="75000",
        billing_country=_IRAN,
        billing_state=_TEHRAN,
        billing_city={"id": 2, "name": "کیش"},
        billing_first_name="علی",
        billing_last_name="كريمي",
        billing_mobile_number="09523296536",
    ),
    _order(
        "charlie",
        "2024-05-31T12:00:00Z",
        ("2024-05-31T13:00:00Z", "processing"),
        ("2024-06-02T09:00:00Z", "completed"),
        notes="",
        payment_method=_CARD,
        shipping_method=_POST,
        shipping_cost="12.50",
        billing_country=_CANADA,
        billing_state=_QUEBEC,
        billing_city={"id": 3, "name": "Montréal"},
        billing_first_name="Jean",
        billing_last_name="Roy",
    ),
    _order(
        "delta",
        "2024-05-31T20:30:00Z",
        ("2024-05-31T21:00:00Z", "cancelled"),
        notes="Call ۰۲۱ before you come, not the bell",
        payment_method=_CASH,
        billing_country=_IRAN,
        billing_state=_TEHRAN,
        billing_city={"id": 4, "name": "تهران"},
        billing_first_name="Mary",
        billing_last_name="Johnson",
    ),
    _order("echo", "2024-06-01T00:00:00Z", ("2024-06-01T00:00:01Z", "hold"), shipping_cost="5.00"),
    _order("foxtrot", "2025-01-01T00:00:00Z", ("2025-01-02T00:00:00Z", "failed"), payment_method=_CARD),
    _order(
        "golf",
        "2025-01-01T00:00:00Z",
        ("2025-01-02T00:00:00Z", "processing"),
        ("2025-01-03T00:00:00Z", "shipped"),
        payment_method=_BANK,
        shipping_method=_COURIER,
        billing_country=_CANADA,
    ),
    _order(
        "hotel",
        "2025-06-01T00:00:00Z",
        ("2025-06-02T00:00:00Z", "processing"),
        ("2025-06-03T00:00:00Z", "refunded"),
        shipping_method=_POST,
    ),
    _order("india", "2025-07-01T00:00:00Z", ("2025-07-02T00:00:00Z", "deleted"), payment_method=_CARD),
    _order("juliet", "2026-01-01T00:00:00Z"),
]
