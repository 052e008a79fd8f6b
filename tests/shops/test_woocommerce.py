"""Is every order of WooCommerce's imported with its refunds and every total, or named?"""

import json
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.shops.found import Amounts, ExportedOrder, UnreadableOrder
from domain.shops.tables import TAKEN_ONCE, Malformed
from tests.shops.exports import brought, one, order, read, remarks

KIND = "woocommerce"


def item(**fields: Any) -> dict[str, Any]:
    return {
        "id": 315,
        "name": "Mug &ndash; black",
        "product_id": 93,
        "variation_id": 0,
        "quantity": 2,
        "subtotal": "20.00",
        "subtotal_tax": "2.00",
        "total": "18.00",
        "total_tax": "1.80",
        "sku": "M-1",
        "price": 9,
        "meta_data": [{"key": "pa_color", "value": "black"}, {"key": "_reduced_stock", "value": "2"}],
    } | fields


def woo(**fields: Any) -> dict[str, Any]:
    """An order of 18.00 after a coupon of 2.00, with shipping of 5.00 and taxes of 2.30."""
    return {
        "id": 727,
        "number": "727",
        "status": "processing",
        "currency": "USD",
        "date_created": "2024-01-31T16:28:02",
        "date_created_gmt": "2024-01-31T19:28:02",
        "date_paid_gmt": "2024-01-31T19:28:08",
        "date_completed_gmt": None,
        "date_modified_gmt": "2024-02-05T10:00:00",
        "prices_include_tax": False,
        "total": "25.30",
        "total_tax": "2.30",
        "shipping_total": "5.00",
        "shipping_tax": "0.50",
        "customer_id": 0,
        "customer_note": "Ring twice",
        "billing": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "(555) 555-5555",
                    "country": "US", "state": "CA", "postcode": "94103", "city": "San Francisco"},
        "shipping": {},
        "payment_method": "stripe",
        "payment_method_title": "Card",
        "transaction_id": "ch_1",
        "line_items": [item()],
        "tax_lines": [{"label": "State Tax", "rate_percent": 10, "tax_total": "1.80", "shipping_tax_total": "0.50"}],
        "shipping_lines": [{"method_title": "Flat rate", "total": "5.00", "total_tax": "0.50"}],
        "fee_lines": [],
        "coupon_lines": [{"code": "two"}],
        "refunds": [],
        "meta_data": [],
    } | fields  # fmt: skip


def test_fields_without_a_place_are_told_in_the_order_of_the_file() -> None:
    names = [f"extra_{letter}" for letter in "qhzbxk"]
    extra = dict.fromkeys(names, "x")
    found = one(KIND, json.dumps([woo(**extra, line_items=[item(**extra)])]))
    told = [kind.rsplit(maxsplit=1)[-1] for kind, _ in found.remarks if "extra_" in kind]
    assert told == [*names, *names]


def test_objects_of_no_order_are_told_in_the_order_of_the_file() -> None:
    refunds = [{"id": 9000 + number, "parent_id": number, "amount": "1.00"} for number in (31, 7, 88, 12, 54)]
    *_, _ = found = read(KIND, json.dumps([woo()]), json.dumps(refunds))
    assert [each.place for each in found if isinstance(each, UnreadableOrder)] == [
        f"order {n}" for n in (31, 7, 88, 12, 54)
    ]


def found(**fields: Any) -> ExportedOrder:
    return one(KIND, json.dumps([woo(**fields)]))


def ties(ledger: OrderLedger, *texts: str) -> None:
    assert brought(ledger, KIND, *texts).differences == []


def test_an_order_comes_in_with_its_total_and_its_times_in_utc(ledger: OrderLedger) -> None:
    ties(ledger, json.dumps([woo()]))
    there = order(ledger, "727")
    assert (there.totals.total, there.totals.paid, there.status) == (2530, 2530, "processing")
    assert there.created_at.isoformat() == "2024-01-31T19:28:02+00:00"
    line = found().line
    assert line["external_ids"] == {"woocommerce": "727"}
    assert line["items"][0] == {
        "unit_price": "10.00",
        "quantity": 2,
        "discount_amount": "2.00",
        "product": {"id": 93, "name": "Mug – black"},
        "metadata": {"sku": "M-1", "pa_color": "black"},
    }
    assert line["charges"] == [{"kind": "tax", "name": "State Tax", "rate": "0.1", "amount": "2.30"}]
    assert line["voucher"] == {"discount_amount": "0.00", "code": "two"}
    assert (line["notes"], line["history"][0]["reference"]) == ("Ring twice", "ch_1")


def test_prices_with_taxes_stay_with_taxes_which_are_told_and_not_added(ledger: OrderLedger) -> None:
    ties(ledger, json.dumps([woo(prices_include_tax=True)]))
    line = found(prices_include_tax=True).line
    assert (line["items"][0]["unit_price"], line["items"][0]["discount_amount"]) == ("11.00", "2.20")
    assert line["shipping_cost"] == "5.50"
    assert line["charges"][0]["included"] is True


def test_a_guest_has_a_contact_and_no_id() -> None:
    assert "id" not in found().line["customer"]
    assert found().line["customer"]["email"] == "ada@example.com"
    assert found(customer_id=26).line["customer"]["id"] == 26


def test_a_negative_fee_is_a_discount_and_another_one_a_charge(ledger: OrderLedger) -> None:
    fees = [
        {"name": "Loyalty", "total": "-3.00", "total_tax": "0.00"},
        {"name": "COD", "total": "1.50", "total_tax": "0"},
    ]
    ties(ledger, json.dumps([woo(fee_lines=fees, total="23.80")]))
    line = found(fee_lines=fees, total="23.80").line
    assert line["voucher"]["discount_amount"] == "3.00"
    assert {"kind": "fee", "name": "COD", "amount": "1.50"} in line["charges"]


def test_the_total_is_what_is_left_after_gift_cards(ledger: OrderLedger) -> None:
    cards = [{"id": 1, "code": "GIFT-1", "amount": 10}]
    ties(ledger, json.dumps([woo(gift_cards=cards, total="15.30")]))
    one_of_them = found(gift_cards=cards, total="15.30")
    assert one_of_them.line["voucher"] == {"discount_amount": "10.00", "code": "two, GIFT-1"}
    assert "gift cards: a discount" in remarks(one_of_them)


def test_a_rounding_between_lines_and_total_is_a_fee_or_a_discount(ledger: OrderLedger) -> None:
    ties(ledger, json.dumps([woo(total="25.31"), woo(id=728, number="728", total="25.29", transaction_id="ch_2")]))
    assert {"kind": "fee", "name": "Rounding", "amount": "0.01"} in found(total="25.31").line["charges"]
    assert found(total="25.29").line["voucher"]["discount_amount"] == "0.01"


def test_an_order_that_does_not_come_to_its_total_is_named(ledger: OrderLedger) -> None:
    (difference,) = brought(ledger, KIND, json.dumps([woo(total="99.00")])).differences
    assert difference.ours is not None
    assert (difference.stated.total, difference.ours.total) == (9900, 2530)
    assert "come to 25.30" in difference.why


def test_an_uneven_line_has_its_price_rounded_up_and_the_rest_as_discount(ledger: OrderLedger) -> None:
    uneven = item(quantity=3, subtotal="10.00", total="10.00", total_tax="1.00", subtotal_tax="1.00")
    fields = {"line_items": [uneven], "tax_lines": [], "total_tax": "1.50", "total": "16.50", "coupon_lines": []}
    ties(ledger, json.dumps([woo(**fields)]))
    (line,) = found(**fields).line["items"]
    assert (line["unit_price"], line["quantity"], line["discount_amount"]) == ("3.34", 3, "0.02")


def test_a_quantity_in_fractions_is_one_unit_at_the_lines_price(ledger: OrderLedger) -> None:
    fields = {"line_items": [item(quantity=1.5)]}
    ties(ledger, json.dumps([woo(**fields)]))
    (line,) = found(**fields).line["items"]
    assert (line["unit_price"], line["quantity"], line["metadata"]["quantity"]) == ("20.00", 1, "1.5")
    assert "a quantity in fractions" in remarks(found(**fields))


REFUND = {
    "id": 801,
    "parent_id": 727,
    "date_created_gmt": "2024-02-03T10:00:00",
    "amount": "9.90",
    "reason": "broken",
    "refunded_payment": True,
    "line_items": [
        item(
            id=320,
            quantity=-1,
            total="-9.00",
            total_tax="-0.90",
            meta_data=[{"key": "_refunded_item_id", "value": "315"}],
        )
    ],
}


def test_refunds_come_beside_the_orders_and_say_what_they_were_for(ledger: OrderLedger) -> None:
    orders = json.dumps([woo(refunds=[{"id": 801, "reason": "broken", "total": "-9.90"}])])
    ties(ledger, json.dumps([REFUND]), orders)
    with_refund = one(KIND, json.dumps([REFUND]), orders)
    assert with_refund.stated == Amounts(2530, 2530, 990)
    (refund,) = (entry for entry in with_refund.line["history"] if entry["type"] == "refund")
    assert (refund["at"], refund["reference"], refund["payment_reference"]) == ("2024-02-03T10:00:00Z", "801", "ch_1")
    assert refund["lines"] == [{"item": 1, "amount": "9.00", "quantity": 1}, {"charge": 0, "amount": "0.90"}]


def test_a_refund_before_version_9_names_its_order_by_the_link() -> None:
    old = {key: value for key, value in REFUND.items() if key != "parent_id"}
    old["_links"] = {"up": [{"href": "https://example.com/wp-json/wc/v3/orders/727"}]}
    assert one(KIND, json.dumps([woo()]), json.dumps([old])).stated.refunded == 990


def test_a_refund_with_odd_links_is_named_as_of_no_order() -> None:
    links: list[Any] = [{"up": [7]}, {"up": 7}, [], {"up": []}]
    odd = [{"id": 1, "amount": "1.00", "refunded_payment": True, "_links": each} for each in links]
    *refused, taken = reversed(read(KIND, json.dumps(odd), json.dumps([woo()])))
    assert isinstance(taken, ExportedOrder)
    assert [each.why for each in refused if isinstance(each, UnreadableOrder)] == ["the refund 1 names no order"] * 4


def test_a_refund_that_its_taxes_have_rounded_beyond_the_payment_is_named_with_the_reason(ledger: OrderLedger) -> None:
    """The case of woocommerce/woocommerce#64668: the taxes of each line are rounded, the order's are not."""
    tie_out = brought(ledger, KIND, json.dumps([woo(refunds=[{"id": 9, "reason": "", "total": "-25.31"}])]))
    (difference,) = tie_out.differences
    assert (difference.stated.refunded, difference.ours and difference.ours.refunded) == (2531, 0)
    assert difference.why == "a refund of 25.31 is more than was received, and left out"


def test_a_refund_that_only_the_order_tells_has_no_date_and_is_named(ledger: OrderLedger) -> None:
    fields = {"refunds": [{"id": 801, "reason": "", "total": "-9.90"}]}
    ties(ledger, json.dumps([woo(**fields)]))
    assert "a refund without a date" in remarks(found(**fields))


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("pending", "new"),
        ("on-hold", "hold"),
        ("processing", "processing"),
        ("completed", "completed"),
        ("wc-completed", "completed"),
        ("cancelled", "cancelled"),
        ("refunded", "refunded"),
        ("failed", "failed"),
        ("trash", "deleted"),
        ("shipped", "shipped"),
        ("being-engraved", "new"),
    ],
)
def test_statuses_become_ours(ledger: OrderLedger, status: str, ours: str) -> None:
    refunds = [REFUND | {"amount": "25.30"}] if status == "refunded" else []
    paid = status in ("processing", "completed", "refunded")
    fields = {"status": status, "refunds": refunds, "date_paid_gmt": "2024-01-31T19:28:08" if paid else None}
    ties(ledger, json.dumps([woo(**fields)]))
    assert order(ledger, "727").status == ours
    assert ("not known" in remarks(found(**fields))) is (status == "being-engraved")


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft"])
def test_a_draft_is_refused_by_name(status: str) -> None:
    (refused,) = read(KIND, json.dumps([woo(status=status)]))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why == f"status: {status} is not an order yet"


def test_an_order_without_its_total_is_refused() -> None:
    (refused,) = read(KIND, json.dumps([woo(total=None)]))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why == "total: it is empty"


def test_unknown_fields_are_named() -> None:
    odd = found(brand_new="a", meta_data=[{"key": "_secret", "value": "x"}, {"key": "gift", "value": "yes"}])
    assert "no place for the field brand_new: a" in remarks(odd)
    assert "_secret: x" in remarks(odd)
    assert odd.line["metadata"] == {"gift": "yes"}


def test_an_order_of_a_wrong_shape_is_refused_and_the_next_one_read() -> None:
    odd = [woo(line_items=5), woo(total="much"), woo(currency=""), woo(date_created=None, date_created_gmt=None),
           woo(billing="x"), woo(tax_lines=[1]), woo(line_items=[item(quantity="many")]),
           woo(line_items=[item(total={})])]  # fmt: skip
    *refused, taken = read(KIND, json.dumps([*odd, woo()]))
    assert all(isinstance(each, UnreadableOrder) for each in refused)
    assert isinstance(taken, ExportedOrder)


@pytest.mark.parametrize(
    "text", ['{"code": "rest_forbidden", "data": {"status": 401}}', '[{"id": 5, "total": "9"}]', ""]
)
def test_a_file_without_anything_of_an_order_is_no_export(text: str) -> None:
    with pytest.raises(Malformed, match=r"file-1(, row 1: this is no order|: the file is empty)"):
        read(KIND, text)


def test_an_object_that_is_no_order_is_refused_and_not_left_out_in_silence() -> None:
    _, odd = read(KIND, json.dumps([woo(), {"id": 5}]))
    assert isinstance(odd, UnreadableOrder)
    assert odd.why.startswith("this is no order")


def test_an_object_that_is_no_refund_is_refused_too() -> None:
    _, odd = read(KIND, json.dumps([woo()]), json.dumps([REFUND, {"code": "rest_forbidden"}]))
    assert isinstance(odd, UnreadableOrder)
    assert odd.why.startswith("this is no order")


def test_an_order_of_pages_that_overlap_has_its_refunds_each_time(ledger: OrderLedger) -> None:
    page = json.dumps([woo()])
    tie_out = brought(ledger, KIND, page, page, json.dumps([REFUND]))
    assert tie_out.differences == []
    assert (tie_out.counts["imported"], tie_out.counts["there"]) == (1, 1)
    (sums,) = tie_out.sums.values()
    assert (sums.orders, sums.refunded) == (1, [990, 990])
    assert tie_out.remarks.counts[TAKEN_ONCE] == 1
    again = brought(ledger, KIND, page, page, json.dumps([REFUND]), is_dry=True)
    assert again.sums == tie_out.sums
