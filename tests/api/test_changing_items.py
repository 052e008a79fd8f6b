"""A line's price, discount, shipping and quantity, and an order's recipient, changed over HTTP."""

from tests.api.conftest import ORDERS, assert_problem, placed
from tests.conftest import Client


def test_a_line_takes_each_of_its_amounts_and_its_quantity(staff: Client) -> None:
    here = f"{ORDERS}/{placed(staff)['id']}/items/1"
    body = {"unit_price": "90", "discount_amount": "5.00", "shipping": 4, "quantity": 2}
    (line,) = staff.patch(here, json=body).json()["items"]
    assert (line["unit_price"], line["discount_amount"], line["shipping"]) == ("90.00", "5.00", "4.00")
    assert (line["quantity"], line["total_price"]) == (2, "180.00")
    assert staff.patch(here, json={"discount_amount": "0"}).json()["total"] == 184
    assert_problem(staff.patch(here, json={}), 422, "invalid-field", field="quantity")
    assert_problem(staff.patch(here, json={"price": "1"}), 422, "invalid-field", field="price")


def test_a_quantity_that_is_not_whole_says_how_to_bring_it(staff: Client) -> None:
    problem = assert_problem(
        staff.post(ORDERS, json={"items": [{}, {"quantity": 1.5}]}), 422, "invalid-field", field="items[1].quantity"
    )
    assert "1.5 kg as one unit of 1.5 times the price, and the quantity in metadata" in problem["detail"]


def test_staff_see_the_recipient_and_search_for_them(staff: Client) -> None:
    city = {"id": 7, "name": "Arlington Heights"}
    order = placed(staff, shipping_first_name="Grace", shipping_last_name="Hopperton", shipping_city=city)
    here = f"{ORDERS}/{order['id']}"
    changed = staff.patch(here, json={"shipping_address": "1 Navy Way", "shipping_city": None}).json()
    shown = {name: value for name, value in changed.items() if name.startswith("shipping_") and value}
    assert shown == {
        "shipping_first_name": "Grace",
        "shipping_last_name": "Hopperton",
        "shipping_address": "1 Navy Way",
    }
    found = staff.get(ORDERS, params={"search": '"grace hopperton" navy'}).json()
    assert [each["id"] for each in found["results"]] == [order["id"]]
    assert staff.get(here).json() == changed
