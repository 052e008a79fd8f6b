"""Is every order of Shopify's JSON, from REST or GraphQL, imported with each total, payment and refund, or named?"""

import io
import json
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.shops import shopify_json
from domain.shops.found import Amounts, ExportedOrder, UnreadableOrder
from domain.shops.tables import Malformed, Source
from tests.shops.exports import brought, jsonl, one, order, read, remarks

KIND = "shopify-json"
SALE = {
    "id": 11,
    "order_id": 6031234567890,
    "kind": "sale",
    "status": "success",
    "amount": "110.00",
    "currency": "USD",
    "gateway": "shopify_payments",
    "processed_at": "2024-01-31T10:00:05-05:00",
}


def item(**fields: Any) -> dict[str, Any]:
    return {"id": 1, "name": "Mug", "price": "50.00", "quantity": 2, "product_id": 5, "variant_id": 7} | fields


def rest(**fields: Any) -> dict[str, Any]:
    """An order of 100.00 with 10.00 of taxes on top."""
    return {
        "id": 6031234567890,
        "name": "#1001",
        "created_at": "2024-01-31T10:00:00-05:00",
        "currency": "USD",
        "total_price": "110.00",
        "total_tax": "10.00",
        "taxes_included": False,
        "tax_lines": [{"title": "VAT", "price": "10.00", "rate": 0.1}],
        "financial_status": "paid",
        "fulfillment_status": None,
        "line_items": [item()],
        "shipping_lines": [],
        "transactions": [SALE],
        "refunds": [],
    } | fields


def shopify(**fields: Any) -> ExportedOrder:
    return one(KIND, json.dumps(rest(**fields)))


def test_fields_without_a_place_are_told_in_the_order_of_the_file() -> None:
    names = [f"extra_{letter}" for letter in "qhzbxk"]
    extra = dict.fromkeys(names, "x")
    found = shopify(**extra, line_items=[item(**extra)])
    told = [kind.rsplit(maxsplit=1)[-1] for kind, _ in found.remarks if "extra_" in kind]
    assert told == [*names, *names]


def history(found: ExportedOrder, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in found.line["history"] if entry["type"] == kind]


def ties(ledger: OrderLedger, *texts: str) -> None:
    tie_out = brought(ledger, KIND, *texts)
    assert tie_out.differences == []


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda order: json.dumps({"orders": [order]}),
        lambda order: json.dumps({"order": order}),
        lambda order: json.dumps([order]),
        lambda order: json.dumps([{"orders": [order]}], indent=2),
        json.dumps,
        jsonl,
        lambda order: jsonl({"orders": [order]}, {"orders": []}),
        lambda order: "﻿" + json.dumps({"orders": [order], "count": 1}),
        lambda order: json.dumps({"data": {"orders": {"edges": [{"node": order}]}}}),
    ],
)
def test_an_order_is_found_whatever_it_is_wrapped_in(wrapped: Any) -> None:
    assert one(KIND, wrapped(rest())).stated == Amounts(11000, 11000, 0)


def test_the_order_comes_in_with_ids_charges_and_payment(ledger: OrderLedger) -> None:
    ties(ledger, json.dumps({"orders": [rest()]}))
    there = order(ledger, "#1001")
    assert (there.totals.total, there.totals.paid) == (11000, 11000)
    assert there.created_at.isoformat() == "2024-01-31T15:00:00+00:00"
    found = shopify()
    assert found.line["external_ids"] == {"shopify": "6031234567890"}
    assert found.line["charges"] == [{"kind": "tax", "name": "VAT", "rate": "0.1", "amount": "10.00"}]
    assert found.line["items"][0]["product"] == {"id": 5, "name": "Mug"}
    assert history(found, "payment")[0]["reference"] == "11"


def test_taxes_that_the_prices_include_are_told_and_not_added(ledger: OrderLedger) -> None:
    included = rest(taxes_included=True, total_price="100.00", transactions=[SALE | {"amount": "100.00"}])
    ties(ledger, json.dumps(included))
    assert one(KIND, json.dumps(included)).line["charges"][0]["included"] is True


def test_discounts_are_those_that_were_allocated_to_lines_and_shipping(ledger: OrderLedger) -> None:
    off = [{"amount": "5.00", "discount_application_index": 0}, {"amount": "2.50", "discount_application_index": 1}]
    shipping = {"id": 3, "title": "UPS", "price": "8.00", "discount_allocations": [{"amount": "8.00"}]}
    fields = {
        "line_items": [item(discount_allocations=off, total_discount="5.00")],
        "shipping_lines": [shipping],
        "total_discounts": "15.50",
        "discount_codes": [{"code": "TEN", "amount": "15.50", "type": "percentage"}],
        "total_price": "102.50",
        "transactions": [SALE | {"amount": "102.50"}],
    }
    ties(ledger, json.dumps(rest(**fields)))
    found = shopify(**fields)
    assert found.line["items"][0]["discount_amount"] == "7.50"
    assert found.line["voucher"] == {"discount_amount": "0.00", "code": "TEN"}


def test_a_discount_that_was_allocated_to_nothing_is_the_orders(ledger: OrderLedger) -> None:
    fields = {"total_discounts": "10.00", "total_price": "100.00", "transactions": [SALE | {"amount": "100.00"}]}
    ties(ledger, json.dumps(rest(**fields)))


def test_tips_duties_and_fees_are_charges(ledger: OrderLedger) -> None:
    fields = {
        "total_tip_received": "3.00",
        "original_total_duties_set": {"shop_money": {"amount": "4.00", "currency_code": "USD"}},
        "original_total_additional_fees_set": {"shop_money": {"amount": "1.00", "currency_code": "USD"}},
        "total_price": "118.00",
        "transactions": [SALE | {"amount": "118.00"}],
    }
    ties(ledger, json.dumps(rest(**fields)))
    kinds = {charge["kind"]: charge["amount"] for charge in shopify(**fields).line["charges"]}
    assert kinds == {"tax": "10.00", "tip": "3.00", "duty": "4.00", "fee": "1.00"}


def test_a_tip_among_the_lines_is_not_counted_twice(ledger: OrderLedger) -> None:
    tip = {"id": 2, "name": "Tip", "title": "Tip", "price": "3.00", "quantity": 1, "product_id": None}
    fields = {"line_items": [item(), tip], "total_tip_received": "3.00", "total_price": "113.00"}
    ties(ledger, json.dumps(rest(**fields, transactions=[SALE | {"amount": "113.00"}])))


def test_only_money_that_moved_is_a_payment() -> None:
    found = shopify(
        transactions=[
            SALE | {"id": 1, "kind": "authorization"},
            SALE | {"id": 2, "kind": "capture", "parent_id": 1, "amount": "60.00"},
            SALE | {"id": 3, "kind": "capture", "parent_id": 1, "amount": "50.00"},
            SALE | {"id": 4, "kind": "sale", "status": "failure"},
            SALE | {"id": 5, "kind": "sale", "status": "pending"},
            SALE | {"id": 6, "kind": "void", "parent_id": 1},
            SALE | {"id": 7, "kind": "teleport"},
        ]
    )
    assert [(entry["reference"], entry["amount"]) for entry in history(found, "payment")] == [
        ("2", "60.00"),
        ("3", "50.00"),
    ]
    assert found.stated.paid == 11000
    for named in ("that failed: no money moved", "a sale that is pending", "the kind 'teleport': not known"):
        assert named in remarks(found)


REFUND = {
    "id": 21,
    "order_id": 6031234567890,
    "created_at": "2024-02-10T10:00:00-05:00",
    "note": "broken",
    "refund_line_items": [
        {"line_item_id": 1, "quantity": 1, "subtotal": 50.0, "total_tax": 5.0, "restock_type": "return"}
    ],
    "order_adjustments": [],
    "transactions": [
        SALE | {"id": 12, "kind": "refund", "amount": "55.00", "parent_id": 11,
                "processed_at": "2024-02-10T10:00:00-05:00"}
    ],
}  # fmt: skip


def test_a_refund_says_what_it_was_for(ledger: OrderLedger) -> None:
    fields = {"refunds": [REFUND], "financial_status": "partially_refunded"}
    ties(ledger, json.dumps(rest(**fields)))
    (refund,) = history(shopify(**fields), "refund")
    assert (refund["amount"], refund["payment_reference"], refund["reason"]) == ("55.00", "11", "broken")
    assert refund["lines"] == [
        {"item": 1, "quantity": 1, "amount": "50.00", "restock": True},
        {"charge": 0, "amount": "5.00"},
    ]


def test_a_refund_of_shipping_is_an_adjustment() -> None:
    adjustment = {"kind": "shipping_refund", "amount": "-5.00", "tax_amount": "0.00"}
    money = [REFUND["transactions"][0] | {"amount": "5.00"}]
    of_shipping = {"refund_line_items": [], "order_adjustments": [adjustment], "transactions": money}
    shipping = [{"id": 3, "title": "UPS", "price": "5.00"}]
    found = shopify(refunds=[REFUND | of_shipping], shipping_lines=shipping, total_price="115.00")
    assert history(found, "refund")[0]["lines"] == [{"shipping": "5.00"}]


def test_a_refund_of_shipping_that_was_taken_back_and_given_again_is_one() -> None:
    amounts = ("-5.00", "5.00", "-5.00")
    adjustments = [{"kind": "shipping_refund", "amount": amount, "tax_amount": "0.00"} for amount in amounts]
    money = [REFUND["transactions"][0] | {"amount": "5.00"}]
    of_shipping = {"refund_line_items": [], "order_adjustments": adjustments, "transactions": money}
    shipping = [{"id": 3, "title": "UPS", "price": "5.00"}]
    found = shopify(refunds=[REFUND | of_shipping], shipping_lines=shipping, total_price="115.00")
    assert history(found, "refund")[0]["lines"] == [{"shipping": "5.00"}]


def test_a_refund_that_is_not_the_sum_of_its_lines_is_taken_without_them() -> None:
    money = [REFUND["transactions"][0] | {"amount": "40.00"}]
    found = shopify(refunds=[REFUND | {"transactions": money}])
    assert "lines" not in history(found, "refund")[0]
    assert "not the sum of its lines" in remarks(found)


def test_a_refund_for_more_than_was_sold_is_taken_without_its_lines(ledger: OrderLedger) -> None:
    again = REFUND | {"id": 22, "transactions": [REFUND["transactions"][0] | {"id": 13}]}
    thrice = REFUND["refund_line_items"][0] | {"quantity": 3}
    fields = {"refunds": [REFUND, again], "financial_status": "refunded"}
    ties(ledger, json.dumps(rest(**fields)))
    assert all("lines" in entry for entry in history(shopify(**fields), "refund"))
    found = shopify(refunds=[REFUND | {"refund_line_items": [thrice]}])
    assert "lines" not in history(found, "refund")[0]
    assert "for more than was sold" in remarks(found)


def test_transactions_and_refunds_come_beside_the_orders_in_whatever_order(ledger: OrderLedger) -> None:
    bare = rest(financial_status="partially_refunded")
    del bare["transactions"]
    del bare["refunds"]
    texts = (json.dumps({"transactions": [SALE]}), json.dumps({"orders": [bare]}), json.dumps({"refunds": [REFUND]}))
    found = one(KIND, *texts)
    assert found.stated == Amounts(11000, 11000, 5500)
    ties(ledger, *texts)


def test_a_transaction_that_stands_in_its_refund_too_counts_once() -> None:
    found = shopify(refunds=[REFUND], transactions=[SALE, REFUND["transactions"][0]])
    assert found.stated == Amounts(11000, 11000, 5500)


def test_a_transaction_of_no_order_is_named() -> None:
    _, refused = read(KIND, json.dumps({"orders": [rest()]}), json.dumps([SALE | {"id": 99, "order_id": 5}]))
    assert isinstance(refused, UnreadableOrder)
    assert (refused.place, refused.why) == ("order 5", "transaction of an order that is in none of the files")


def test_the_financial_status_tells_the_money_paid_where_there_are_no_transactions(ledger: OrderLedger) -> None:
    bare = rest(payment_gateway_names=["paypal"])
    del bare["transactions"]
    ties(ledger, json.dumps(bare))
    found = one(KIND, json.dumps(bare))
    assert (found.stated.paid, history(found, "payment")[0]["provider"]) == (11000, "paypal")
    assert "a payment without its transaction" in remarks(found)


@pytest.mark.parametrize("transactions", [[], None])
def test_an_order_that_is_paid_and_has_no_transactions_was_exported_without_them(
    transactions: list[Any] | None,
) -> None:
    assert shopify(transactions=transactions).stated.paid == 11000


def test_an_order_that_was_refunded_and_was_exported_without_its_money_has_none_left(ledger: OrderLedger) -> None:
    text = json.dumps(rest(transactions=[], financial_status="refunded"))
    found = one(KIND, text)
    assert found.stated == Amounts(11000, 11000, 11000)
    assert "a refund without its transaction" in remarks(found)
    ties(ledger, text)
    assert (order(ledger, "#1001").status, order(ledger, "#1001").totals.paid) == ("refunded", 0)


def test_a_refund_of_which_nothing_is_told_but_that_there_was_one_is_named() -> None:
    found = shopify(transactions=[], financial_status="partially_refunded")
    assert found.stated == Amounts(11000, 11000, 0)
    assert "partially refunded, but without its refunds: taken as nothing" in remarks(found)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"total_cash_rounding_payment_adjustment_set": "0.02"}, {"cash_rounding_payment": "0.02"}),
        ({"total_cash_rounding_refund_adjustment_set": "-0.01"}, {"cash_rounding_refund": "-0.01"}),
        ({"total_cash_rounding_payment_adjustment_set": "0.00"}, {}),
        ({"total_cash_rounding_adjustment": {"payment_set": "-0.02", "refund_set": "0.0"}},
         {"cash_rounding_payment": "-0.02"}),
    ],
)  # fmt: skip
def test_the_rounding_of_cash_is_kept_and_named(given: dict[str, Any], kept: dict[str, str]) -> None:
    def bag(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return {name: bag(inner) for name, inner in value.items()}
        return {"shop_money": {"amount": value, "currency_code": "USD"}}

    found = shopify(**{name: bag(value) for name, value in given.items()})
    assert (found.line.get("metadata") or {}) == kept
    assert ("cash that was rounded" in remarks(found)) is bool(kept)
    assert "no place for the field" not in remarks(found)


def test_graphqls_totals_tell_the_money_moved_where_no_transactions_were_asked_for(ledger: OrderLedger) -> None:
    bare = {name: value for name, value in BULK[0].items() if name not in ("transactions", "refunds")}
    ties(ledger, jsonl(bare, BULK[1]))
    assert (order(ledger, "#1001").totals.paid, len(order(ledger, "#1001").payments)) == (5500, 2)


def test_an_item_that_an_edit_took_out_counts_as_never_ordered_and_is_named(ledger: OrderLedger) -> None:
    edit = {"id": 31, "transactions": [], "order_adjustments": [],
            "refund_line_items": [{"line_item_id": 1, "quantity": 1, "subtotal": 50.0, "total_tax": 5.0}]}  # fmt: skip
    fields = {"refunds": [edit], "current_total_price": "55.00", "transactions": [SALE | {"amount": "55.00"}]}
    ties(ledger, json.dumps(rest(**fields)))
    there = order(ledger, "#1001")
    assert (there.totals.total, there.items[0].quantity) == (5500, 1)
    assert "an order that was edited" in remarks(shopify(**fields))


def test_an_item_returned_in_an_exchange_counts_as_never_ordered_despite_a_refund(
    ledger: OrderLedger,
) -> None:
    """Otherwise the customer would owe the money of the returned item, which paid for the other item."""
    items = [{"id": 1, "title": "Mug", "price": "100.00", "quantity": 1}]
    items += [{"id": 2, "title": "Cup", "price": "50.00", "quantity": 1}]
    sale = SALE | {"amount": "100.00"}
    back = SALE | {"id": 12, "kind": "refund", "amount": "50.00", "parent_id": 11}
    came_back = {"line_item_id": 1, "quantity": 1, "subtotal": "100.00", "total_tax": "0.00"}
    exchange = {"id": 31, "transactions": [back], "refund_line_items": [came_back]}
    fields = {"line_items": items, "total_price": "150.00", "total_tax": "0.00", "tax_lines": [],
              "total_outstanding": "0.00", "current_total_price": "50.00", "refunds": [exchange],
              "transactions": [sale, back], "financial_status": "partially_refunded"}  # fmt: skip
    ties(ledger, json.dumps(rest(**fields)))
    there = order(ledger, "#1001")
    assert (there.totals.total, there.totals.paid, there.totals.outstanding) == (5000, 5000, 0)
    assert "an order that was edited" in remarks(shopify(**fields))


@pytest.mark.parametrize(
    "fields",
    [{"total_outstanding": "50.00"}, {"total_price": "100.00", "line_items": [item(price="100.00", quantity=1)]}],
)
def test_a_refund_of_less_than_its_items_is_no_exchange_where_money_is_owed_or_all_was_paid(
    fields: dict[str, Any],
) -> None:
    back = SALE | {"id": 12, "kind": "refund", "amount": "50.00", "parent_id": 11}
    came_back = {"line_item_id": 1, "quantity": 1, "subtotal": "100.00", "total_tax": "0.00"}
    refund = {"id": 31, "transactions": [back], "refund_line_items": [came_back]}
    found = shopify(
        **{"total_price": "150.00", "total_tax": "0.00", "tax_lines": [], "total_outstanding": "0.00"}
        | {"line_items": [item(price="150.00", quantity=1)], "refunds": [refund]}
        | {"transactions": [SALE | {"amount": "100.00"}, back], "financial_status": "partially_refunded"}
        | fields
    )
    assert "an order that was edited" not in remarks(found)


def test_the_current_quantity_shows_an_edit_where_refunds_were_not_asked_for(
    ledger: OrderLedger,
) -> None:
    """Otherwise the customer would owe the item that the edit removed."""
    items = [{"id": 1, "title": "Mug", "price": "50.00", "quantity": 2, "current_quantity": 1}]
    fields = {"line_items": items, "current_total_price": "55.00", "current_total_tax": "5.00",
              "transactions": [SALE | {"amount": "55.00"}]}  # fmt: skip
    ties(ledger, json.dumps(rest(**fields)))
    there = order(ledger, "#1001")
    assert (there.totals.total, there.totals.outstanding, there.items[0].quantity) == (5500, 0, 1)
    assert "an order that was edited" in remarks(shopify(**fields))


@pytest.mark.parametrize(
    "fields", [{"financial_status": "refunded"}, {"cancelled_at": "2024-02-01T00:00:00Z"}, {"total_refunded": "55.00"}]
)
def test_a_refund_or_a_cancellation_is_no_edit(fields: dict[str, Any]) -> None:
    items = [{"id": 1, "title": "Mug", "price": "50.00", "quantity": 2, "current_quantity": 1}]
    found = shopify(line_items=items, current_total_price="55.00", **fields)
    assert (found.stated.total, found.line["items"][0]["quantity"]) == (11000, 2)


def test_a_cancelled_order_keeps_its_total_though_all_was_restocked(ledger: OrderLedger) -> None:
    restocked = {
        "id": 31,
        "transactions": [],
        "refund_line_items": [{"line_item_id": 1, "quantity": 2, "subtotal": 100.0}],
    }
    fields = {"refunds": [restocked], "cancelled_at": "2024-02-01T10:00:00-05:00", "financial_status": "voided"}
    ties(ledger, json.dumps(rest(**fields, transactions=[])))
    assert (order(ledger, "#1001").totals.total, order(ledger, "#1001").status) == (11000, "cancelled")


def test_amounts_are_those_of_the_shops_own_currency(ledger: OrderLedger) -> None:
    def both(shop: str, customer: str) -> dict[str, Any]:
        money = ((shop, "USD"), (customer, "EUR"))
        return dict(
            zip(
                ("shop_money", "presentment_money"),
                ({"amount": amount, "currency_code": code} for amount, code in money),
                strict=True,
            )
        )

    fields = {
        "presentment_currency": "EUR",
        "total_price_set": both("110.00", "99.00"),
        "transactions": [SALE | {"currency": "EUR", "amount": "99.00"}],
    }
    ties(ledger, json.dumps(rest(**fields)))
    assert "money in the customer's currency" in remarks(shopify(**fields))


def test_an_amount_with_too_many_digits_and_a_time_without_an_offset_are_named() -> None:
    order = rest(created_at="2024-01-31T10:00:00", total_price="110.004")
    found = one(KIND, json.dumps(order))
    assert "an amount with more digits than its currency has: rounded: 110.004" in remarks(found)
    assert "times that do not say their offset: taken as UTC: 2024-01-31T10:00:00" in remarks(found)
    assert "rounded" not in remarks(one(KIND, json.dumps(rest())))


def test_half_of_a_character_is_written_as_the_one_that_stands_for_it() -> None:
    """The text was cut off within an emoji.

    No text can hold half a character, and the import once ended with a traceback.
    """
    text = json.dumps(rest(name="#1\U0001f600", note="so good \U0001f600", tags="a")).replace('\\ude00"', '"', 1)
    assert '\\ud83d"' in text
    found = one(KIND, text)
    assert {found.number, found.line["notes"]} == {"#1\ufffd", "so good \U0001f600"}


def test_a_draft_order_is_refused_by_name() -> None:
    draft = rest(name="#D1", invoice_sent_at=None)
    (refused,) = read(KIND, json.dumps({"draft_orders": [draft]}))
    assert isinstance(refused, UnreadableOrder)
    assert (refused.number, refused.why.partition(":")[0]) == ("#D1", "a draft order")


def test_a_test_order_is_told_by_its_metadata() -> None:
    found = shopify(test=True)
    assert found.line["metadata"]["test"] == "true"
    assert "a test order" in remarks(found)


def test_unknown_fields_and_statuses_are_named() -> None:
    found = shopify(financial_status="half", fulfillment_status="flying", brand_new={"a": 1})
    for named in ("the financial_status 'half'", "the fulfillment_status 'flying'", "no place for the field brand_new"):
        assert named in remarks(found)


def test_an_order_of_a_wrong_shape_is_refused_and_the_next_one_read() -> None:
    odd = [
        rest(line_items="none"),
        rest(transactions=7),
        rest(currency=None),
        rest(created_at=None),
        rest(customer=[1]),
    ]
    *refused, taken = read(KIND, json.dumps([*odd, rest()]))
    assert all(isinstance(each, UnreadableOrder) for each in refused)
    assert isinstance(taken, ExportedOrder)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"orders": [{"id": 1,}]}', "file-1, row 1, column 22: this is not JSON"),
        (
            '[\n{"id": 1}\n{"id": 2}]',
            "file-1, row 3, column 1: this is not JSON: a comma or the array's end is missing",
        ),
        ('{"orders": [{"id": 1, "name": "#1"}', "file-1, row 1, column 36: this is not JSON"),
        (b"[\xff]", "file-1: the text is not UTF-8"),
    ],
)
def test_a_malformed_file_is_refused_with_row_and_column(text: str | bytes, why: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(KIND, text)
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize(
    "text",
    [
        '{"errors": [{"message": "Throttled"}], "data": null}',
        '{"errors": "Not Found"}',
        '{"products": [{"id": 1, "title": "Mug"}]}',
        '[{"id": 1, "name": "#1"}]',
        "[1]",
        '"orders"',
        "",
    ],
)
def test_a_file_without_anything_of_an_order_is_no_export(text: str) -> None:
    with pytest.raises(Malformed, match=r"file-1(, row 1: this is no order|: the file is empty)"):
        read(KIND, text)


@pytest.mark.parametrize("text", ["[]", '{"orders": []}', '{"data": {"orders": {"edges": [], "pageInfo": {"x": 1}}}}'])
def test_a_page_without_orders_is_an_export_of_none(text: str) -> None:
    assert read(KIND, text) == []


def test_an_object_that_is_no_order_is_refused_and_not_left_out_in_silence() -> None:
    text = json.dumps({"orders": [rest(), {"title": "Mug"}], "errors": [{"message": "Throttled"}], "next": {"page": 2}})
    _, odd, error = read(KIND, text)
    assert isinstance(odd, UnreadableOrder)
    assert odd.why == """this is no order, and nothing that belongs to one: '{"title":"Mug"}'"""
    assert isinstance(error, UnreadableOrder)
    assert "Throttled" in error.why


def test_an_order_whose_id_was_not_asked_for_is_one() -> None:
    without = rest()
    del without["id"]
    found = one(KIND, json.dumps({"orders": [without]}))
    assert (found.number, found.stated, found.external_ids) == ("#1001", Amounts(11000, 11000, 0), {})
    node = {"name": "#1002", "createdAt": "2024-01-31T10:00:00Z", "displayFinancialStatus": "PAID",
            "totalPriceSet": money("5.00"),
            "lineItems": {"nodes": [{"id": "gid://shopify/LineItem/1", "name": "Mug", "quantity": 1,
                                     "originalUnitPriceSet": money("5.00")}]}}  # fmt: skip
    found = one(KIND, json.dumps({"data": {"orders": {"edges": [{"node": node}]}}}))
    assert (found.number, found.stated) == ("#1002", Amounts(500, 500, 0))


def money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


BULK: list[dict[str, Any]] = [
    {
        "id": "gid://shopify/Order/6031234567890",
        "name": "#1001",
        "createdAt": "2024-01-31T15:00:00Z",
        "currencyCode": "USD",
        "displayFinancialStatus": "PARTIALLY_REFUNDED",
        "displayFulfillmentStatus": "FULFILLED",
        "taxesIncluded": False,
        "totalPriceSet": money("110.0"),
        "totalTaxSet": money("10.0"),
        "totalReceivedSet": money("110.0"),
        "totalRefundedSet": money("55.0"),
        "taxLines": [{"title": "VAT", "rate": 0.1, "priceSet": money("10.0")}],
        "customer": {"id": "gid://shopify/Customer/7001234567890", "email": "ada@example.com"},
        "tags": ["vip", "wholesale"],
        "customAttributes": [{"key": "gift", "value": "yes"}],
        "transactions": [
            {
                "id": "gid://shopify/OrderTransaction/11",
                "kind": "SALE",
                "status": "SUCCESS",
                "gateway": "shopify_payments",
                "amountSet": money("110.0"),
                "processedAt": "2024-01-31T15:00:05Z",
            },
            {
                "id": "gid://shopify/OrderTransaction/12",
                "kind": "REFUND",
                "status": "SUCCESS",
                "gateway": "shopify_payments",
                "amountSet": money("55.0"),
                "processedAt": "2024-02-10T15:00:00Z",
                "parentTransaction": {"id": "gid://shopify/OrderTransaction/11"},
            },
        ],
        "refunds": [{"id": "gid://shopify/Refund/21", "createdAt": "2024-02-10T15:00:00Z", "note": "broken"}],
    },
    {
        "id": "gid://shopify/LineItem/1",
        "name": "Mug",
        "quantity": 2,
        "originalUnitPriceSet": money("50.0"),
        "product": {"id": "gid://shopify/Product/5"},
        "__parentId": "gid://shopify/Order/6031234567890",
    },
    {"id": "gid://shopify/Order/6031234567891", "name": "#1002", "createdAt": "2024-01-31T15:00:00Z",
     "currencyCode": "USD", "displayFinancialStatus": "PENDING", "totalPriceSet": money("5.0"),
     "transactions": []},
    {"id": "gid://shopify/LineItem/2", "name": "Cup", "quantity": 1, "originalUnitPriceSet": money("5.0"),
     "__parentId": "gid://shopify/Order/6031234567891"},
]  # fmt: skip


def test_graphqls_bulk_lines_come_in_with_the_objects_that_belong_to_them(ledger: OrderLedger) -> None:
    ties(ledger, jsonl(*BULK))
    first, second = order(ledger, "#1001"), order(ledger, "#1002")
    assert (first.totals.total, first.totals.paid, first.status) == (11000, 5500, "completed")
    assert (second.totals.total, second.totals.paid, second.status) == (500, 0, "new")
    found = read(KIND, jsonl(*BULK))[0]
    assert isinstance(found, ExportedOrder)
    assert found.line["customer"]["id"] == 7001234567890
    assert found.line["metadata"] == {"tags": "vip, wholesale", "gift": "yes"}
    assert found.line["external_ids"] == {"shopify": "6031234567890"}
    assert history(found, "refund")[0]["payment_reference"] == "11"


def test_graphqls_bulk_lines_may_begin_with_a_byte_order_mark() -> None:
    """The mark once hid the first order's line, so that the order had its lines twice."""
    found = read(KIND, "\ufeff" + jsonl(*BULK))
    assert found == read(KIND, jsonl(*BULK))


def test_graphqls_bulk_lines_are_put_together_where_they_stand_apart(ledger: OrderLedger) -> None:
    ties(ledger, jsonl(BULK[0], BULK[2], BULK[3], BULK[1]))
    assert [len(order(ledger, key).items) for key in ("#1001", "#1002")] == [1, 1]


def test_a_bulk_line_of_an_order_that_is_not_there_is_named() -> None:
    found = read(KIND, jsonl(*BULK, BULK[1] | {"__parentId": "gid://shopify/Order/5"}))
    (refused,) = (each for each in found if isinstance(each, UnreadableOrder))
    assert "gid://shopify/Order/5" in refused.why


def test_a_large_array_is_read_in_memory_that_does_not_grow_with_it() -> None:
    import tracemalloc

    one_order = json.dumps(rest(transactions=[], note="x" * 2_000))

    def peak(count: int) -> int:
        stream = io.BytesIO(("[" + ",".join([one_order] * count) + "]").encode())
        tracemalloc.start()
        assert sum(1 for _ in shopify_json.read([Source("orders", stream)])) == count
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    assert peak(4_000) < peak(1_000) + 2_000_000


def test_an_order_of_pages_that_overlap_has_its_transactions_each_time(ledger: OrderLedger) -> None:
    page = json.dumps({"orders": [rest(transactions=[])]})
    tie_out = brought(ledger, KIND, page, page, json.dumps({"transactions": [SALE]}))
    assert tie_out.differences == []
    assert (tie_out.counts["imported"], tie_out.counts["there"]) == (1, 1)


@pytest.mark.parametrize("times", [(1, 0), (0, 1), (1, 1), (0, 2)])
def test_an_edit_counts_once_wherever_it_stands(times: tuple[int, int]) -> None:
    """A second copy once took the item out again, from the total to compare with as well, so that nothing differed."""
    one_mug = {"line_item_id": 1, "quantity": 1, "subtotal": "50.00", "total_tax": "5.00"}
    edit = {"id": 31, "order_id": 6031234567890, "transactions": [], "refund_line_items": [one_mug]}
    within, beside = times
    sale = SALE | {"amount": "55.00"}
    pages = [json.dumps({"refunds": [edit]})] * beside
    found = one(KIND, json.dumps(rest(refunds=[edit] * within, transactions=[sale])), *pages)
    assert found.stated == Amounts(5500, 5500, 0)
    assert found.line["items"][0]["quantity"] == 1
