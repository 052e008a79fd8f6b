"""Does the shop list find, sort and page as its contract says, and refuse queries that it does not understand?"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.conftest import NOBODY, ORDERS, SHOP, Customer, assert_problem, bring, key_of, moved, paid, placed
from tests.conftest import Client, Service

_ALL = "alpha bravo charlie delta echo foxtrot golf hotel juliet"
_FIELDS = (
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


def keys(customer: Client, query: str = "", path: str = SHOP) -> list[str]:
    """The keys of the orders that a query finds, in the order of the answer."""
    answer = customer.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [order["key"] for order in answer.json()["results"]]


def links(customer: Client, query: str) -> tuple[str | None, str | None]:
    """The query strings of the pages before and after the query's page."""
    page = customer.get(f"{SHOP}?{query}").json()
    before, after = (page[name] and page[name].removeprefix(f"{customer.base}{SHOP}?") for name in ("previous", "next"))
    return before, after


# --- filters and search ---


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", _ALL),
        ("status=new", "alpha juliet"),
        ("status=hold", "echo"),
        ("status=failed", "foxtrot"),
        ("status=cancelled", "delta"),
        ("status=processing", "bravo"),
        ("status=shipped", "golf"),
        ("status=completed", "charlie"),
        ("status=refunded", "hotel"),
        ("status_in=new,hold", "alpha echo juliet"),
        ("status_in=pending", ""),
        ("status_in=pending,processing,completed", "bravo charlie"),
        ("status_in=deleted", "india"),
        ("status_in=deleted,new", "alpha india juliet"),
        ("status_in=,,new", "alpha juliet"),
        ("status_in=new,%20hold%20,%20,%09processing", "alpha bravo echo juliet"),
        ("payment_method_in=2,%203", "bravo delta golf"),
        ("billing_city_in=%201%20,+2", "alpha bravo"),
        ("status_in=NEW", ""),
        ("status=new&status_in=new,hold", "alpha juliet"),
        ("status=new&status_in=hold", ""),
        ("payment_method=1", "alpha charlie foxtrot"),
        ("payment_method=9", ""),
        ("payment_method_in=2,3", "bravo delta golf"),
        ("payment_method_in=1", "alpha charlie foxtrot"),
        ("payment_method=1&payment_method_in=1,2", "alpha charlie foxtrot"),
        ("payment_method=1&payment_method_in=2", ""),
        ("shipping_method=1", "alpha golf"),
        ("shipping_method_in=1,2", "alpha bravo charlie golf hotel"),
        ("billing_country=1", "alpha charlie golf"),
        ("billing_country_in=2,1", "alpha bravo charlie delta golf"),
        ("billing_state=3", "bravo delta"),
        ("billing_state_in=1,2", "alpha charlie"),
        ("billing_city=4", "delta"),
        ("billing_city_in=1,2,999999999999999", "alpha bravo"),
        ("has_notes=true", "alpha delta"),
        ("has_notes=1", "alpha delta"),
        ("has_notes=false", "bravo charlie echo foxtrot golf hotel juliet"),
        ("has_notes=0", "bravo charlie echo foxtrot golf hotel juliet"),
        ("created_date=2024-05-31", "charlie delta"),
        ("created_date=2024-02-29", "bravo"),
        ("created_date=2024-03-01", ""),
        ("updated_date=2024-06-02", "charlie"),
        ("updated_date=2024-05-31", "delta"),
        ("created_from=2025-06-01", "hotel juliet"),
        ("created_from=2024-06-01T00:00:00Z&created_to=2024-06-01T00:00:00Z", "echo"),
        ("created_from=2024-06-01T00:00:00.000001Z", "foxtrot golf hotel juliet"),
        ("created_to=2024-02-29", "alpha bravo"),
        ("created_to=2024-02-29T23:59:59.999999Z", "alpha bravo"),
        ("created_to=2024-02-29T23:59:59.999998Z", "alpha"),
        ("created_to=2024-05-31", "alpha bravo charlie delta"),
        ("created_to=2024-02-29t23:59:59.9999999z", "alpha bravo"),
        ("created_from=2024-02-29t23:59:59.999999999z&created_to=2024-03-01", "bravo"),
        ("created_to=9999-12-31", _ALL),
        ("created_from=0001-01-01", _ALL),
        ("created_from=9999-12-31&created_to=0001-01-01", ""),
        ("created_date=9999-12-31", ""),
        ("created_from=2024-05-31T22:30:00%2B02:00&created_to=2024-05-31T16:30:00-04:00", "delta"),
        ("created_from=2024-05-31&created_to=2024-05-31", "charlie delta"),
        ("created_from=2024-06-01&created_to=2024-05-31", ""),
        ("updated_from=2025-01-02T00:00:00Z&updated_to=2025-01-03", "foxtrot golf"),
        ("updated_to=2024-01-10T08:00:00Z", "alpha"),
        ("billing_country=1&status=completed&has_notes=false", "charlie"),
    ],
)
def test_each_parameter_narrows_the_list(query: str, found: str, collector: Customer) -> None:
    assert sorted(keys(collector, query)) == found.split()


def test_ids_are_bounded_inclusively(collector: Customer) -> None:
    ids = {order["key"]: order["id"] for order in collector.get(SHOP).json()["results"]}
    low, high = ids["bravo"], ids["delta"]
    assert keys(collector, f"id_min={low}&id_max={high}&ordering=id") == ["bravo", "charlie", "delta"]
    assert keys(collector, f"id_max={low}&ordering=id") == ["alpha", "bravo"]
    assert keys(collector, f"id_min={high + 1}&id_max={high}") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ring", "alpha"),
        ("RING", "alpha"),
        ("ring bell", "alpha"),
        ("bell ring", "alpha"),
        ("bell", "alpha delta"),
        ('"the bell"', "alpha delta"),
        ('"ring the" sure', "alpha"),
        ('"bell the"', ""),
        ("ring nowhere", ""),
        ("  ring\t bell ", "alpha"),
        ('"', ""),
        ('"ring', ""),
        ("%", "alpha"),
        ("100%", "alpha"),
        ("r%g", ""),
        ("e_n", "alpha"),
        ("r_ng", ""),
        ("\\", ""),
        ("doe", "alpha"),
        ("joh", "alpha delta"),
        ("oh", "alpha delta"),
        ("john doe", "alpha"),
        ('"john doe"', ""),
        ("johndoe", ""),
        ("juliet", "juliet"),
        ("bRaVo", "bravo"),
        ("613", "alpha"),
        ("0952", "bravo"),
        ("canada", "alpha charlie golf"),
        ("MONTRÉAL", "charlie"),
        ("québec", "charlie"),
        ("ontario", "alpha"),
        # Arabic ye and kaf in the stored text or in the search, Persian ones in the other.
        ("کریمی", "bravo"),
        ("كريمي", "bravo"),
        ("كيش", "bravo"),
        ("کیش", "bravo"),
        ("ايران", "bravo delta"),
        # Digits of three scripts.
        ("021", "delta"),
        ("٠٢١", "delta"),
        ("۰۲۱", "delta"),
        ("۰۹۵۲۳۲۹۶۵۳۶", "bravo"),
        ("٦١٣", "alpha"),
        # Payment method, status and currency are not among the nine fields.
        ("courier", ""),
        ("cancelled", ""),
        ("USD", ""),
        ("\x00", ""),
        ("x" * 7_000, ""),
    ],
)
def test_search_finds_every_word_in_any_of_the_nine_fields(search: str, found: str, collector: Customer) -> None:
    answer = collector.get(SHOP, params={"search": search})
    assert answer.status_code == 200, answer.text
    assert sorted(order["key"] for order in answer.json()["results"]) == found.split()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notes", "needle"),
        ("billing_country", {"name": "needle"}),
        ("billing_state", {"name": "needle"}),
        ("billing_city", {"name": "needle"}),
        ("billing_first_name", "needle"),
        ("billing_last_name", "needle"),
        ("billing_mobile_number", "555-0199"),
    ],
)
def test_search_looks_in_each_field_that_a_client_can_give(
    field: str, value: Any, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    order = placed(staff, customer, **{field: value})
    placed(staff, customer)
    assert keys(customer, "search=555-0199" if field == "billing_mobile_number" else "search=eedl") == [order["key"]]


@pytest.mark.parametrize(
    "search",
    [
        "ISTANBUL",
        "istanbul",
        "Istanbul",
        '"fatima zehra"',
        "فاطمه",
        "می‌آید",
        '"می اید"',
        "میآید",
        "00905321234567",
        "(532)",
    ],
)
def test_the_shops_and_the_staffs_search_find_words_written_in_another_way(
    search: str, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    order = placed(
        staff,
        customer,
        billing_city={"name": "İstanbul"},
        billing_first_name="Fa\u0302tima Zehra",
        billing_last_name="فاطِمة",
        billing_mobile_number="+90 (532) 123-45 67",
        notes="می‌آید",
    )
    placed(staff, customer, notes="another", billing_mobile_number="+90 (533) 123-45 67")
    query = urlencode({"search": search, "customer": customer.id})
    assert keys(customer, query) == keys(staff, query, ORDERS) == [order["key"]]


def test_search_looks_in_the_id_and_in_the_key(collector: Customer) -> None:
    golf = next(order for order in collector.get(SHOP).json()["results"] if order["key"] == "golf")
    assert "golf" in keys(collector, f"search={golf['id']}")
    assert keys(collector, "search=ol") == ["golf"]


@pytest.mark.parametrize("field", ["billing_address", "billing_postal_code", "billing_national_code"])
def test_search_does_not_look_in_the_rest_of_the_address(
    field: str, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    placed(staff, customer, **{field: "needle"})
    assert keys(customer, "search=needle") == []


def test_a_parameter_given_empty_is_as_if_not_given(collector: Customer) -> None:
    names = "limit offset search ordering status status_in payment_method payment_method_in shipping_method"
    names += " billing_city_in has_notes id_min id_max created_date created_from updated_to min_position"
    everything = collector.get(SHOP).json()
    for name in names.split():
        assert collector.get(f"{SHOP}?{name}=").json()["results"] == everything["results"], name


def test_unknown_parameters_are_ignored(collector: Customer) -> None:
    assert keys(collector, "colour=red&customer=7&is_paid=maybe&key=x") == keys(collector)


# --- sorting ---


def _value(order: dict[str, Any], field: str) -> Any:
    for name in field.split("__"):
        order = order[name] if order is not None else None
    return order


@pytest.mark.parametrize("field", _FIELDS)
@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
def test_each_field_sorts_with_nulls_first_and_ties_by_falling_id(field: str, down: bool, collector: Customer) -> None:
    orders = collector.get(SHOP).json()["results"]
    by_falling_id = sorted(orders, key=lambda order: order["id"], reverse=True)
    known = [order for order in by_falling_id if _value(order, field) is not None]
    unknown = [order for order in by_falling_id if _value(order, field) is None]
    known.sort(key=lambda order: _value(order, field), reverse=down)
    expected = known + unknown if down else unknown + known
    assert keys(collector, f"ordering={'-' * down}{field}") == [order["key"] for order in expected]


def test_several_fields_sort_one_after_the_other(collector: Customer) -> None:
    found = keys(collector, "ordering=payment_method__name,-shipping_cost&has_notes=false")
    assert " ".join(found) == "echo juliet hotel bravo golf charlie foxtrot"


def test_the_newest_orders_come_first_where_nothing_is_said(collector: Customer) -> None:
    assert " ".join(keys(collector)) == "juliet hotel golf foxtrot echo delta charlie bravo alpha"


def test_shipping_costs_sort_as_numbers(staff: Client, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    for cost in ("9.50", "100", "10", "9.05"):
        placed(staff, customer, items=[{"shipping": cost}])
    shown = customer.get(f"{SHOP}?ordering=shipping_cost").json(parse_float=str)["results"]
    assert [order["shipping_cost"] for order in shown] == ["9.05", "9.50", 10, 100]


# --- pages ---


def test_pages_are_linked_as_limit_offset_pages_are(collector: Customer) -> None:
    assert links(collector, "limit=2") == (None, "limit=2&offset=2")
    assert links(collector, "limit=2&offset=2") == ("limit=2", "limit=2&offset=4")
    assert links(collector, "limit=2&offset=1") == ("limit=2", "limit=2&offset=3")
    assert links(collector, "limit=2&offset=6") == ("limit=2&offset=4", "limit=2&offset=8")
    assert links(collector, "limit=2&offset=7") == ("limit=2&offset=5", None)
    assert links(collector, "limit=9") == (None, None)


def test_a_page_beyond_the_end_is_empty_and_leads_back(collector: Customer) -> None:
    page = collector.get(f"{SHOP}?limit=4&offset=50").json()
    assert (page["count"], page["results"], page["next"]) == (9, [], None)
    assert page["previous"] == f"{collector.base}{SHOP}?limit=4&offset=46"
    assert collector.get(f"{SHOP}?offset=999999999999999").json()["results"] == []


def test_a_link_keeps_the_other_parameters_sorted_by_name(collector: Customer) -> None:
    before, after = links(collector, "zebra=1&status_in=new,hold,failed&offset=1&limit=1&ordering=-id&has_notes=")
    assert before == "has_notes=&limit=1&ordering=-id&status_in=new%2Chold%2Cfailed&zebra=1"
    assert after == "has_notes=&limit=1&offset=2&ordering=-id&status_in=new%2Chold%2Cfailed&zebra=1"


def test_a_link_keeps_what_was_searched_letter_for_letter(collector: Customer) -> None:
    _, after = links(collector, "search=%22the+bell%22&limit=1")
    assert after == "limit=1&offset=1&search=%22the+bell%22"
    _, after = links(collector, "search=%D8%A7%DB%8C%D8%B1%D8%A7%D9%86&limit=1")
    assert after == "limit=1&offset=1&search=%D8%A7%DB%8C%D8%B1%D8%A7%D9%86"


@pytest.mark.parametrize("query", ["limit=4&ordering=status", "limit=2&has_notes=false", "limit=3&search=a"])
def test_following_next_shows_each_order_once_and_previous_leads_back(query: str, collector: Customer) -> None:
    seen: list[str] = []
    url: str | None = f"{SHOP}?{query}"
    pages = []
    while url:
        page = collector.get(url).json()
        pages.append(page)
        seen += [order["key"] for order in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == pages[0]["count"]
    assert seen == keys(collector, f"{query}&limit=100")
    assert collector.get(pages[-1]["previous"]).json()["results"] == pages[-2]["results"]


@pytest.fixture(scope="module")
def regular(service: Service, new_customer: Callable[[], Customer]) -> Customer:
    """A customer with 101 orders."""
    customer = new_customer()
    bring(service, *({"customer": {"id": customer.id}} for _ in range(101)))
    return customer


@pytest.mark.parametrize(
    ("query", "shown", "after"),
    [
        ("", 10, "limit=10&offset=10"),
        ("limit=0", 10, "limit=10&offset=10"),
        ("limit=25", 25, "limit=25&offset=25"),
        ("limit=007", 7, "limit=7&offset=7"),
        ("limit=100", 100, "limit=100&offset=100"),
        ("limit=101", 100, "limit=100&offset=100"),
        ("limit=999999999999999", 100, "limit=100&offset=100"),
        ("limit=5&limit=3", 3, "limit=3&offset=3"),
    ],
)
def test_the_limit_is_10_unless_given_and_never_over_100(query: str, shown: int, after: str, regular: Customer) -> None:
    page = regular.get(f"{SHOP}?{query}").json()
    assert (page["count"], len(page["results"])) == (101, shown)
    assert page["next"] == f"{regular.base}{SHOP}?{after}"


def test_a_customer_without_orders_has_an_empty_list(new_customer: Callable[[], Customer]) -> None:
    assert new_customer().get(SHOP).text == '{"count":0,"next":null,"previous":null,"results":[]}'


# --- the time zone of days ---


@pytest.fixture(scope="module")
def in_tehran(service: Service, collector: Customer) -> Iterator[Client]:
    """The collector as a client of a service on the same ledger, with Tehran's time zone (UTC+3:30)."""
    views = str(service.folder / "views-tehran.db")
    there = Service(service.folder, LEDGER_TIMEZONE="Asia/Tehran", LEDGER_VIEWS=views).start()
    client = there.client(key_of(collector))
    yield client
    there.kill()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("created_date=2024-05-31", "charlie"),
        ("created_date=2024-06-01", "delta echo"),
        ("created_date=2024-03-01", "bravo"),
        ("created_from=2024-06-01&created_to=2024-06-01", "delta echo"),
        ("created_to=2024-05-31", "alpha bravo charlie"),
        ("created_to=2024-05-31T20:30:00Z", "alpha bravo charlie delta"),
        ("updated_date=2024-06-01", "delta echo"),
    ],
)
def test_days_are_those_of_the_configured_time_zone(query: str, found: str, in_tehran: Client) -> None:
    assert sorted(keys(in_tehran, query)) == found.split()


# --- the shown orders ---


def test_amounts_are_integers_where_integral_and_else_have_the_currencys_digits(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    for currency, price in (("USD", "79.90"), ("KWD", "1.5"), ("JPY", "75000"), ("USD", "75000.00")):
        placed(staff, customer, currency=currency, items=[{"unit_price": price}])
    text = customer.get(f"{SHOP}?ordering=id").text
    written = [part.split(",")[0] for part in text.split('"total":')[1:]]
    assert written == ["79.90", "1.500", "75000", "75000"]


def test_the_largest_amounts_are_shown_exactly(staff: Client, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    placed(staff, customer, items=[{"unit_price": "999999999999998.99"}])
    assert '"total":999999999999998.99,' in customer.get(SHOP).text


def test_totals_come_from_items_shipping_discounts_and_voucher(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    first = {"product": {"id": 1}, "unit_price": "10.10", "quantity": 3, "shipping": "1.00", "discount_amount": "0.30"}
    second = {"product": {"id": 1}, "unit_price": "5.00", "discount_amount": "0.20"}
    third = {"product": {"id": 2}, "unit_price": "1.00"}
    order = placed(
        staff,
        customer,
        items=[first, second, third],
        shipping_cost="2.50",
        voucher={"code": "WELCOME", "discount_amount": "1.00"},
    )
    paid(staff, order, "38.00")
    shown = customer.get(f"{SHOP}/{order['id']}").json(parse_float=str)
    expected = {
        "count": 2,
        "quantity": 5,
        "items_subtotal": "36.30",
        "items_discount": "0.50",
        "subtotal": "35.80",
        "total_discount": "1.50",
        "shipping_cost": "3.50",
        "total": "38.30",
        "amount_paid": 38,
        "amount_outstanding": "0.30",
        "is_paid": False,
        "is_payable": True,
    }
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("statuses", "is_payable"),
    [
        ([], True),
        (["hold"], True),
        (["processing"], True),
        (["failed"], True),
        (["processing", "shipped"], True),
        (["processing", "completed"], True),
        (["cancelled"], False),
        (["processing", "refunded"], False),
    ],
)
def test_an_unpaid_order_is_payable_unless_cancelled_or_refunded(
    statuses: list[str], is_payable: bool, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    moved(staff, placed(staff, customer), *statuses)
    (shown,) = customer.get(SHOP).json()["results"]
    assert (shown["is_paid"], shown["is_payable"]) == (False, is_payable)


def test_a_paid_order_has_nothing_outstanding_and_is_not_payable(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    paid(staff, placed(staff, customer))
    (shown,) = customer.get(SHOP).json()["results"]
    assert (shown["is_paid"], shown["amount_outstanding"], shown["is_payable"]) == (True, 0, False)


def test_a_guests_order_stands_in_no_customers_list(staff: Client, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    guest = placed(staff)
    assert keys(customer) == []
    assert_problem(customer.get(f"{SHOP}/{guest['id']}"), 404, "order-not-found")


def test_a_deleted_order_cannot_be_read_by_its_id(staff: Client, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    order = moved(staff, placed(staff, customer), "deleted")
    assert_problem(customer.get(f"{SHOP}/{order['id']}"), 404, "order-not-found")
    assert keys(customer, "status_in=deleted") == [order["key"]]


@pytest.mark.parametrize("reference", ["0", "-1", "1.0", "x", "999999999999999", "9" * 40, "%00", "٣", NOBODY])
def test_an_id_that_is_no_orders_gets_404(reference: str, collector: Customer) -> None:
    assert_problem(collector.get(f"{SHOP}/{reference}"), 404, "order-not-found")


# --- refused queries ---

_NOT_A_COUNT = ["-1", "٣", "1_000", "1.5", "%201", "%2B1", "0x10", "1e3", "99999999999999999999", "1" * 16]
_NOT_A_TIME = [
    "yesterday",
    "2024-02-30",
    "2024-13-01",
    "2024-5-1",
    "20240501",
    "2024-05-31T12:00:00",
    "2024-05-31T25:00:00Z",
    "0000-01-01",
    "2024-05-31T12:00:00%2B99:00",
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("limit", "offset") for value in _NOT_A_COUNT),
        *(("ordering", value) for value in ("customer__password", "id;drop table", "total", "--id", "id,x", "ID")),
        *(("status", value) for value in ("pending", "deleted", "NEW", "new,hold", "%00")),
        *(
            (name, value)
            for name in ("payment_method", "shipping_method", "billing_country", "billing_state", "billing_city")
            for value in ("x", "-1", "1,2", "1" * 16)
        ),
        *(
            (f"{name}_in", value)
            for name in ("payment_method", "shipping_method", "billing_country", "billing_state", "billing_city")
            for value in ("1,x", "1;2", "-1", "1 2", "1,-%202")
        ),
        *(("has_notes", value) for value in ("yes", "2", "null")),
        *((name, value) for name in ("id_min", "id_max") for value in ("x", "-1", "1.0", "٣")),
        *((f"{name}_date", value) for name in ("created", "updated") for value in _NOT_A_TIME),
        *((f"{name}_date", "2024-05-31T12:00:00Z") for name in ("created", "updated")),
        *(
            (f"{name}_{end}", value)
            for name in ("created", "updated")
            for end in ("from", "to")
            for value in _NOT_A_TIME
        ),
        ("min_position", "1"),
        ("min_position", "orders:x"),
        ("min_position", "orders:-1"),
    ],
)
def test_a_value_that_cannot_be_understood_gets_a_400_that_names_its_parameter(
    name: str, value: str, collector: Customer
) -> None:
    assert_problem(collector.get(f"{SHOP}?{name}={value}"), 400, "invalid-parameter", field=name)


def test_an_unknown_ordering_is_told_the_ten_fields(collector: Customer) -> None:
    told = assert_problem(collector.get(f"{SHOP}?ordering=nope"), 400, "invalid-parameter", field="ordering")
    assert all(field in told["detail"] for field in _FIELDS)


def test_an_unknown_status_is_told_the_eight(collector: Customer) -> None:
    told = assert_problem(collector.get(f"{SHOP}?status=nope"), 400, "invalid-parameter", field="status")
    eight = "new hold failed cancelled processing shipped completed refunded"
    assert all(status in told["detail"] for status in eight.split())
