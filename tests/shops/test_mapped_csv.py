"""Are the CSVs of other shops imported by a description of their columns, ours or a shop's own?"""

from pathlib import Path
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.shops.found import Amounts, ExportedOrder, UnreadableOrder
from domain.shops.mapped_csv import plain
from domain.shops.mapping import SHIPPED, NoMapping, mapping_from
from tests.shops.exports import brought, one, order, read, remarks, table

ETSY = {
    "Sale Date": "01/31/24",
    "Order ID": "3001",
    "Full Name": "Ada Lovelace",
    "First Name": "Ada",
    "Last Name": "Lovelace",
    "Number of Items": "2",
    "Payment Method": "Credit Card",
    "Date Shipped": "02/02/24",
    "Ship City": "Austin",
    "Currency": "USD",
    "Order Value": "$1,013.00",
    "Coupon Code": "",
    "Discount Amount": "3.00",
    "Shipping Discount": "0",
    "Shipping": "4.50",
    "Sales Tax": "0.62",
    "Order Total": "$1,015.12",
    "Status": "Completed",
    "Card Processing Fees": "1.20",
    "Order Net": "1,000.00",
    "SKU": "FOX-01",
}
SQUARE = {
    "Date": "01/31/2024",
    "Time": "2:30:00 PM",
    "Time Zone": "Pacific Time (US & Canada)",
    "Gross Sales": "$30.00",
    "Discounts": "-$3.00",
    "Service Charges": "$0.00",
    "Gift Card Sales": "$0.00",
    "Tax": "$2.16",
    "Tip": "$2.00",
    "Partial Refunds": "$0.00",
    "Total Collected": "$31.16",
    "Transaction ID": "SQA1x",
    "Payment ID": "PA1",
    "Card Brand": "Visa",
    "Description": "Mug x 1, Print x 1",
    "Event Type": "Payment",
}
AMAZON = {
    "amazon-order-id": "112-9739103-0000002",
    "purchase-date": "2024-01-31T14:42:00+00:00",
    "last-updated-date": "2024-02-02T14:42:00+00:00",
    "order-status": "Shipped",
    "product-name": "Mug",
    "sku": "M-1",
    "quantity": "2",
    "currency": "EUR",
    "item-price": "42.00",
    "item-tax": "7.98",
    "shipping-price": "5.99",
    "shipping-tax": "1.14",
    "item-promotion-discount": "2.00",
    "ship-promotion-discount": "",
    "ship-country": "DE",
}


def test_etsys_orders_come_in(ledger: OrderLedger) -> None:
    text = table([ETSY, ETSY | {"Order ID": "3002", "Order Total": "$1,014.50", "Coupon Code": "FOX"}])
    assert brought(ledger, "etsy-orders", text).differences == []
    first = order(ledger, "3001")
    assert (first.totals.total, first.totals.paid, first.status) == (101512, 101512, "completed")
    on_top, kept = read("etsy-orders", text)
    assert isinstance(on_top, ExportedOrder)
    assert isinstance(kept, ExportedOrder)
    assert on_top.line["external_ids"] == {"etsy": "3001"}
    assert on_top.line["created_at"] == "2024-01-31T05:00:00Z"
    assert "included" not in on_top.line["charges"][0]
    assert kept.line["charges"][0]["included"] is True


def test_etsys_items_come_in(ledger: OrderLedger) -> None:
    row = {
        "Sale Date": "01/31/24",
        "Item Name": "Card",
        "Quantity": "2",
        "Price": "5.00",
        "Discount Amount": "1.00",
        "Shipping Discount": "0",
        "Order Shipping": "4.50",
        "Order Sales Tax": "0.62",
        "Item Total": "10.00",
        "Currency": "USD",
        "Date Paid": "01/31/24",
        "Date Shipped": "",
        "Order ID": "3001",
    }
    second = row | {
        "Item Name": "Print",
        "Quantity": "1",
        "Price": "8.00",
        "Item Total": "8.00",
        "Discount Amount": "0",
    }
    assert brought(ledger, "etsy-items", table([row, second])).differences == []
    assert order(ledger, "3001").totals.total == 900 + 800 + 450 + 62


def test_etsys_items_that_stand_in_overlapping_files_are_taken_once(ledger: OrderLedger) -> None:
    """They once were added up, and the total that is made of them was, too."""
    row = {"Sale Date": "01/31/24", "Item Name": "Mug", "Quantity": "1", "Price": "8.00", "Discount Amount": "0",
           "Shipping Discount": "0", "Order Shipping": "4.50", "Order Sales Tax": "0", "Item Total": "8.00",
           "Currency": "USD", "Date Paid": "01/31/24", "Date Shipped": "", "Order ID": "3001"}  # fmt: skip
    assert brought(ledger, "etsy-items", table([row]), table([row])).differences == []
    assert order(ledger, "3001").totals.total == 1250
    (refused,) = read("etsy-items", table([row]), table([row | {"Date Shipped": "02/02/24"}]))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why == "it stands in the files more than once (rows 2, 2), and says different things"
    other = row | {"Item Name": "Print"}
    assert len(one("etsy-items", table([row]), table([other])).line["items"]) == 2


def test_squares_transactions_come_in_with_tips_and_in_their_time_zone(ledger: OrderLedger) -> None:
    assert brought(ledger, "square-transactions", table([SQUARE])).differences == []
    found = one("square-transactions", table([SQUARE]))
    assert found.line["created_at"] == "2024-01-31T22:30:00Z"
    assert [(charge["kind"], charge["amount"]) for charge in found.line["charges"]] == [
        ("tax", "2.16"),
        ("tip", "2.00"),
    ]
    assert found.stated == Amounts(3116, 3116, 0)


def test_a_row_that_is_a_refund_is_one_of_its_order_or_named(ledger: OrderLedger) -> None:
    returned = SQUARE | {"Event Type": "Refund", "Total Collected": "-$12.00", "Date": "02/01/2024"}
    assert brought(ledger, "square-transactions", table([SQUARE, returned])).differences == []
    assert order(ledger, "SQA1x").totals.paid == 1916
    (refused,) = read("square-transactions", table([returned | {"Transaction ID": "other"}]))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why.startswith("a refund that does not say of which order it is")


def test_squares_items_come_in(ledger: OrderLedger) -> None:
    row = {
        "Date": "2024-01-31",
        "Time": "10:15:00",
        "Time Zone": "Eastern Time (US & Canada)",
        "Item": "Cheese",
        "Qty": "1.5",
        "Gross Sales": "$12.00",
        "Discounts": "($1.00)",
        "Net Sales": "$11.00",
        "Tax": "$1.06",
        "Transaction ID": "T1",
        "Event Type": "Payment",
    }
    assert brought(ledger, "square-items", table([row])).differences == []
    assert one("square-items", table([row])).line["items"][0]["metadata"]["quantity"] == "1.5"


def test_amazons_orders_come_in_parted_by_tabs(ledger: OrderLedger) -> None:
    other = AMAZON | {"product-name": "Napkins", "quantity": "1", "item-price": "18.00", "shipping-price": ""}
    gone = AMAZON | {"amazon-order-id": "112-1", "order-status": "Cancelled", "quantity": "0", "item-price": "",
                     "shipping-price": "", "item-promotion-discount": "", "currency": "", "item-tax": "",
                     "shipping-tax": ""}  # fmt: skip
    text = table([AMAZON, gone, other], delimiter="\t")
    assert brought(ledger, "amazon", text).differences == []
    there = order(ledger, "112-9739103-0000002")
    assert (there.totals.total, there.status, len(there.items)) == (4200 + 1800 + 599 - 400, "shipped", 2)
    assert (order(ledger, "112-1").status, order(ledger, "112-1").totals.paid) == ("cancelled", 0)


def test_a_quotation_mark_in_a_name_of_amazons_is_a_character_like_any_other() -> None:
    """A name that begins with such a mark once made the whole file unreadable, or took in the rows behind it."""
    rows = [AMAZON | {"product-name": '"Best" 6" mug', "amazon-order-id": f"1-{i}"} for i in range(2)]
    text = "\n".join("\t".join(cells) for cells in (AMAZON, *(row.values() for row in rows)))
    found = read("amazon", text)
    assert [each.line["items"][0]["product"]["name"] for each in found if isinstance(each, ExportedOrder)] == [
        '"Best" 6" mug'
    ] * 2


def test_a_currency_or_a_price_that_an_order_lacks_is_named() -> None:
    """A pending order of Amazon's has neither price nor currency."""
    bare = AMAZON | {"currency": "", "item-price": "", "order-status": "Pending"}
    found = one("amazon", table([bare], delimiter="\t"))
    assert "an order without a currency: taken as USD" in remarks(found)
    assert "an item without a price: taken as nothing: Mug" in remarks(found)
    assert "without" not in remarks(one("amazon", table([AMAZON], delimiter="\t")))


def test_etsys_orders_come_in_from_before_they_had_skus() -> None:
    found = one("etsy-orders", table([{name: value for name, value in ETSY.items() if name != "SKU"}]))
    assert found.stated.total == 101512


def test_a_column_or_a_status_that_a_description_does_not_name_is_named() -> None:
    found = one("etsy-orders", table([ETSY | {"Brand New": "x", "Status": "Teleported"}]))
    assert "no place for the column Brand New: x" in remarks(found)
    assert "the status 'Teleported': not known, taken as completed" in remarks(found)


@pytest.mark.parametrize("word", ["", "Teleported"])
def test_an_order_that_is_paid_and_of_no_known_status_is_in_work(word: str) -> None:
    found = one("etsy-orders", table([ETSY | {"Status": word, "Date Shipped": ""}]))
    assert [entry["status"] for entry in found.line["history"] if entry["type"] == "status"] == ["processing"]
    assert ("the status 'Teleported': not known, taken as processing" in remarks(found)) is bool(word)


def test_etsys_total_after_a_refund_is_kept() -> None:
    found = one("etsy-orders", table([ETSY | {"Adjusted Order Total": "1,000.00"}]))
    assert found.line["metadata"]["adjusted_order_total"] == "1,000.00"


OWN = """
system = "own"
delimiter = ";"
decimal = ","
encoding = "windows-1252"
date_formats = ["%d.%m.%Y %H:%M"]
timezone = "Europe/Berlin"
currency = "EUR"

[columns]
order = "Nr"
created_at = "Datum"
paid_at = "Bezahlt"
status = "Status"

[items]
name = "Artikel"
quantity = "Menge"
price = "Preis"

[once]
total = "Summe"
refunded = "Erstattet"

[statuses]
Versandt = "shipped"
"""
ROW = {"Nr": "A 7", "Datum": "31.01.2024 10:00", "Bezahlt": "31.01.2024 10:05", "Status": "versandt",
       "Artikel": "Käse", "Menge": "1,5", "Preis": "1.010,50", "Summe": "1.515,75", "Erstattet": "15,75"}  # fmt: skip


def own(tmp_path: Path, toml: str = OWN) -> str:
    path = tmp_path / "own.toml"
    path.write_text(toml)
    return str(path)


def test_a_shops_own_description_is_read(ledger: OrderLedger, tmp_path: Path) -> None:
    text = table([ROW], delimiter=";").encode("windows-1252")
    assert brought(ledger, own(tmp_path), text).differences == []
    there = order(ledger, "A-7")
    assert (there.totals.total, there.totals.paid, there.status) == (151575, 150000, "shipped")
    assert there.created_at.isoformat() == "2024-01-31T09:00:00+00:00"
    found = one(own(tmp_path), text)
    assert found.line["external_ids"] == {"own": "A 7"}
    assert found.line["metadata"]["number"] == "A 7"


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ('order = "Nr"', "", "columns.order: this field is required"),
        ('price = "Preis"', "", "items.price: name the column"),
        ('currency = "EUR"', 'currency = "XYZ"', "currency: 'XYZ' is not a currency"),
        ('timezone = "Europe/Berlin"', 'timezone = "Mars"', "timezone: 'Mars' is not a time zone"),
        ('paid_at = "Bezahlt"', "", "columns.paid_at: name the column"),
        ('Versandt = "shipped"', 'Versandt = "sent"', "statuses.Versandt: must be one of cancelled, completed"),
        ("[items]", "[itms]", "itms"),
        ("[items]", "[items", "this is not TOML"),
    ],
)
def test_a_wrong_description_is_named_with_the_field(tmp_path: Path, was: str, becomes: str, why: str) -> None:
    with pytest.raises(NoMapping) as refused:
        mapping_from(own(tmp_path, OWN.replace(was, becomes)))
    assert why in str(refused.value)


def test_a_description_that_is_not_there_names_those_that_come_with_the_program() -> None:
    with pytest.raises(NoMapping, match="amazon, etsy-items, etsy-orders, square-items, square-transactions"):
        mapping_from("nowhere.toml")


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_description_that_comes_with_the_program_is_right(name: str) -> None:
    assert mapping_from(name).columns.order


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("$1,234.50", ".", "1234.50"),
        ("(1.00)", ".", "-1.00"),
        ("-$3.00", ".", "-3.00"),
        ("1.234,50 €", ",", "1234.50"),
        ("US$ 5", ".", "5"),
        ("12'000.00", ".", "12000.00"),
        ("1,50", ".", None),
        ("1.50", ",", None),
        ("12,34,56", ".", None),
        ("abc", ".", None),
        ("−5.00", ".", "-5.00"),
        ("5.00-", ".", "-5.00"),
        ("+5.00", ".", "5.00"),
        ("-CA$4.42", ".", "-4.42"),
        ("$-3.00", ".", "-3.00"),
        ("(US$ 3.00)", ".", "-3.00"),
        ("100 kr", ",", "100"),
        ("1E+02", ".", None),
        ("1e5", ".", None),
        ("12:30", ".", None),
        ("1/2", ".", None),
        ("10-20", ".", None),
        ("-5-", ".", None),
        ("50%", ".", None),
    ],
)
def test_amounts_are_read_with_signs_of_currencies_and_groups_and_never_guessed(
    text: str, decimal: str, number: str | None
) -> None:
    assert plain(text, decimal) == number


def test_a_bad_cell_is_named_with_row_and_column(tmp_path: Path) -> None:
    for spoil in (
        {"Preis": "1.50"},
        {"Menge": "viel"},
        {"Datum": "gestern"},
        {"Nr": "6.03E+12"},
        {"Nr": "6E+12"},
        {"Preis": "1E+02"},
        {"Preis": "1" + " " * 60 + "x"},
    ):
        bad: dict[str, Any] = ROW | spoil
        (refused,) = read(own(tmp_path), table([bad], delimiter=";").encode("windows-1252"))
        assert isinstance(refused, UnreadableOrder)
        assert next(iter(spoil)) in refused.why


def test_every_fault_in_a_description_is_named_at_once(tmp_path: Path) -> None:
    wrong = OWN.replace('"EUR"', '"XYZ"').replace("Europe/Berlin", "Mars").replace('price = "Preis"', "")
    with pytest.raises(NoMapping, match=r"items\.price: .*; currency: .*; timezone: "):
        mapping_from(own(tmp_path, wrong))


def test_a_stated_payment_needs_a_column(tmp_path: Path) -> None:
    with pytest.raises(NoMapping, match=r"once\.paid: name the column"):
        mapping_from(own(tmp_path, OWN.replace('paid_at = "Bezahlt"', "").replace('"EUR"', '"EUR"\npaid = "stated"')))


def test_columns_of_a_description_that_the_file_does_not_have_are_named(tmp_path: Path) -> None:
    found = one(own(tmp_path, OWN), "Nr;Datum;Artikel;Preis\n1;31.01.2024 10:00;Tasse;5,00\n")
    said = "\n".join(kind for kind, _ in found.remarks)
    assert "the column 'Summe' of the mapping, which the file does not have: read as empty" in said


def test_a_time_zone_that_is_not_in_the_description_is_read_where_it_is_known_and_named_where_not() -> None:
    berlin = one("square-transactions", table([SQUARE | {"Time Zone": "Europe/Berlin"}]))
    assert berlin.line["created_at"] == "2024-01-31T13:30:00Z"
    assert "time zone" not in remarks(berlin)
    moon = one("square-transactions", table([SQUARE | {"Time Zone": "Sea of Tranquility"}]))
    assert moon.line["created_at"] == "2024-01-31T19:30:00Z"
    assert "the time zone 'Sea of Tranquility': not known, taken as America/New_York" in remarks(moon)


def test_columns_that_are_called_the_same_are_all_kept(tmp_path: Path) -> None:
    description = tmp_path / "wix.toml"
    description.write_text("""
system = "wix"
currency = "EUR"
paid = "always"
[columns]
order = "Order number"
created_at = "Date created"
[items]
name = "Item"
price = "Price"
[shipping]
name = "Recipient name"
city = "Delivery city"
[billing]
name = "Billing name"
city = "Delivery city (2)"
""")
    header = "Order number,Date created,Item,Price,Recipient name,Delivery city,Billing name,Delivery city,Delivery zip"
    text = f"{header},Delivery zip\n10001,2026-03-01,Mug,5.00,Ada L,Bern,Bob M,Basel,3000,4000\n"
    found = one(str(description), text)
    assert (found.line["shipping_city"]["name"], found.line["billing_city"]["name"]) == ("Bern", "Basel")
    kinds = [kind for kind, _ in found.remarks]
    assert "no place for the column Delivery zip" in kinds
    assert "no place for the column Delivery zip (2)" in kinds
