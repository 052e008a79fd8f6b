"""Is every order of Shopify's orders export imported with its total, or named with the reason?"""

import io

import pytest

from domain.ledger import OrderLedger
from domain.shops import shopify_csv
from domain.shops.found import Amounts, ExportedOrder, UnreadableOrder
from domain.shops.tables import Malformed, Source
from tests.shops.exports import brought, brought_in, line, one, order, read, remarks, shopify_rows, table

KIND = "shopify-csv"


def shopify(*items: dict[str, str], **fields: str) -> ExportedOrder:
    return one(KIND, table(shopify_rows(*items, **fields)))


def test_an_orders_own_fields_stand_on_its_first_row_and_every_row_is_an_item() -> None:
    rows = shopify_rows(line("25.00", 2), line("10.00", name="Cup"), Total="64.90", Shipping="4.90")
    rows += shopify_rows(line("1.00"), Name="#1002", Total="1.00")
    first, second = read(KIND, table(rows))
    assert isinstance(first, ExportedOrder)
    assert isinstance(second, ExportedOrder)
    assert [item["product"]["name"] for item in first.line["items"]] == ["Mug", "Cup"]
    assert (first.number, first.line["key"], first.place) == ("#1001", "#1001", "file-1, row 2")
    assert first.stated == Amounts(6490, 6490, 0)
    assert (second.number, second.place) == ("#1002", "file-1, row 4")


def test_a_time_that_a_spreadsheet_has_made_a_number_refuses_its_order_with_what_to_do() -> None:
    (refused,) = read(KIND, table(shopify_rows(line("5.00"), Total="5.00", **{"Created at": "45384.34789351852"})))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why.startswith("Created at: '45384.34789351852' is a time as a spreadsheet counts it")


def test_the_orders_come_in_with_their_totals(ledger: OrderLedger) -> None:
    rows = shopify_rows(line("25.00", 2), line("10.00", name="Cup"), Total="64.90", Shipping="4.90")
    tie_out = brought(ledger, KIND, table(rows))
    assert (tie_out.differences, tie_out.counts["imported"]) == ([], 1)
    there = order(ledger, "#1001")
    assert (there.totals.total, there.totals.paid, there.status) == (6490, 6490, "processing")
    assert there.created_at.isoformat() == "2024-01-31T09:00:00+00:00"


@pytest.mark.parametrize(("total", "included"), [("50.00", True), ("59.50", False)])
def test_taxes_are_within_the_prices_where_the_total_says_so_and_else_on_top(total: str, included: bool) -> None:
    taxes = {"Tax 1 Name": "MwSt 19%", "Tax 1 Value": "9.50"}
    found = one(KIND, table(shopify_rows(line("50.00", **taxes), Total=total, Taxes="9.50")))
    charge = {"kind": "tax", "name": "MwSt 19%", "rate": "0.19", "amount": "9.50"}
    assert found.line["charges"] == [charge | ({"included": True} if included else {})]


def test_taxes_that_their_columns_do_not_add_up_to_are_one_charge() -> None:
    taxes = {"Tax 1 Name": "State 4%", "Tax 1 Value": "1.00"}
    found = one(KIND, table(shopify_rows(line("50.00", **taxes), Total="53.00", Taxes="3.00")))
    assert found.line["charges"] == [{"kind": "tax", "name": "Taxes", "amount": "3.00"}]


def test_a_discount_is_the_orders_and_that_of_a_line_is_the_lines(ledger: OrderLedger) -> None:
    of_line = line("20.00", **{"Lineitem discount": "2.00"})
    fields = {"Total": "33.00", "Discount_Amount": "7.00", "Discount_Code": "SAVE"}
    tie_out = brought(ledger, KIND, table(shopify_rows(of_line, line("20.00"), **fields)))
    assert tie_out.differences == []
    there = order(ledger, "#1001")
    assert [item.discount for item in there.items] == [200, 0]
    assert there.voucher is not None
    assert (there.voucher.code, there.voucher.discount) == ("SAVE", 500)


def test_a_discount_of_lines_beside_the_orders_is_taken_off_too(ledger: OrderLedger) -> None:
    of_line = line("20.00", **{"Lineitem discount": "2.00"})
    tie_out = brought(ledger, KIND, table(shopify_rows(of_line, Total="17.00", Discount_Amount="1.00")))
    assert tie_out.differences == []


def test_a_discount_that_was_of_the_shipping_is_what_the_total_says() -> None:
    found = shopify(line("20.00"), Total="20.00", Subtotal="20.00", Discount_Amount="5.00", Discount_Code="FREE")
    assert found.line["voucher"] == {"discount_amount": "0.00", "code": "FREE"}
    assert "what the total says was taken off: 0.00, not 5.00" in remarks(found)


def test_an_order_that_does_not_come_to_its_total_is_named_with_both_sides(ledger: OrderLedger) -> None:
    tie_out = brought(ledger, KIND, table(shopify_rows(line("20.00"), Total="21.00")))
    (difference,) = tie_out.differences
    assert difference.ours is not None
    assert (difference.number, difference.stated.total, difference.ours.total) == ("#1001", 2100, 2000)
    assert "do not come to its total" in difference.why


def test_apostrophes_against_spreadsheets_are_no_part_of_ids_zips_and_phones() -> None:
    fields = {"Id": "'6031234567890", "Billing_Zip": "'01234", "Billing_Phone": "'+49 30 1", "Total": "1.00"}
    found = shopify(line("1.00"), **fields)
    assert found.line["external_ids"] == {"shopify": "6031234567890"}
    assert (found.line["billing_postal_code"], found.line["billing_mobile_number"]) == ("01234", "+49 30 1")


@pytest.mark.parametrize("spoilt", ["6.03E+12", "6,03E+12", "6E+12"])
def test_an_id_that_a_spreadsheet_has_shortened_refuses_its_order(spoilt: str) -> None:
    rows = shopify_rows(line("1.00"), Id=spoilt, Total="1.00")
    rows += shopify_rows(line("2.00"), Name="#1002", Id="6031234567891", Total="2.00")
    refused, taken = read(KIND, table(rows))
    assert isinstance(refused, UnreadableOrder)
    assert (refused.number, refused.place) == ("#1001", "file-1, row 2")
    assert refused.why.startswith(f"Id: '{spoilt}' was shortened by a spreadsheet")
    assert isinstance(taken, ExportedOrder)


def test_a_number_that_a_spreadsheet_has_shortened_refuses_its_order() -> None:
    (refused,) = read(KIND, table(shopify_rows(line("1.00"), Name="1.00E+05", Total="1.00")))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why.startswith("its number '1.00E+05' was shortened by a spreadsheet")


def test_other_texts_that_a_spreadsheet_has_shortened_are_left_out_and_named() -> None:
    fields = {"Payment_Reference": "1.23E+15", "Phone": "4.91701E+11", "Billing_Zip": "1.2E+04", "Tags": "7.1E+12"}
    found = shopify(line("1.00", **{"Lineitem sku": "4.05E+12"}), Total="1.00", Id="7", **fields)
    (payment,) = (entry for entry in found.line["history"] if entry["type"] == "payment")
    assert payment["reference"] == "7"
    assert "E+" not in str(found.line)
    for what in ("payment's reference", "phone", "billing postal code", "tags", "Lineitem sku"):
        assert f"a {what} that a spreadsheet has shortened: left out" in remarks(found)


def test_times_that_do_not_say_their_offset_are_taken_as_utc_and_named() -> None:
    found = shopify(line("1.00"), Total="1.00", Created_at="2024-01-31 10:00")
    assert found.line["created_at"] == "2024-01-31T10:00:00Z"
    assert "times that do not say their offset: taken as UTC: 2024-01-31 10:00" in remarks(found)
    assert "offset" not in remarks(shopify(line("1.00"), Total="1.00"))


def test_an_order_that_stands_in_overlapping_files_is_taken_once_and_named(ledger: OrderLedger) -> None:
    """Its lines once were added up, and the surplus passed as a discount."""
    rows = shopify_rows(line("20.00"), line("5.00"), Total="25.00", Subtotal="25.00")
    other = shopify_rows(line("1.00"), Name="#1002", Total="1.00")
    for texts in ((table([*rows, *other]), table(rows)), (table(rows), table(rows)), (table([*rows, *rows]),)):
        found = next(each for each in read(KIND, *texts) if each.number == "#1001")
        assert isinstance(found, ExportedOrder), found
        assert (len(found.line["items"]), found.stated.total) == (2, 2500)
        assert "stands in the files more than once, and says the same: taken once" in remarks(found)
        assert "discount" not in remarks(found)


def test_an_order_that_stands_in_the_files_twice_and_says_different_things_is_refused() -> None:
    texts = [table(shopify_rows(line("20.00"), Total="20.00", Fulfillment_Status=word)) for word in ("", "fulfilled")]
    (refused,) = read(KIND, *texts)
    assert isinstance(refused, UnreadableOrder)
    assert refused.why == "it stands in the files 2 times (rows 2, 2), and says different things"


def test_rows_that_all_have_the_orders_own_fields_are_its_lines() -> None:
    rows = shopify_rows(line("20.00"), line("20.00"), Total="40.00")
    found = one(KIND, table([rows[0], rows[0]]))
    assert (len(found.line["items"]), found.stated.total) == (2, 4000)


def test_a_refund_without_a_date_is_of_the_last_time_that_is_known(ledger: OrderLedger) -> None:
    fields = {
        "Financial_Status": "partially_refunded",
        "Refunded_Amount": "5.00",
        "Fulfillment_Status": "fulfilled",
        "Fulfilled_at": "2024-02-03 08:00:00 +0100",
    }
    tie_out = brought(ledger, KIND, table(shopify_rows(line("20.00"), Total="20.00", **fields)))
    assert tie_out.differences == []
    assert tie_out.remarks.counts["a refund without a date: taken as of the last time that the order has"] == 1
    there = order(ledger, "#1001")
    assert there.updated_at.isoformat() == "2024-02-03T07:00:00+00:00"
    assert (there.status, there.totals.paid, there.totals.outstanding) == ("completed", 1500, 0)


def test_several_means_of_payment_are_one_payment_and_named() -> None:
    found = shopify(line("20.00"), Total="20.00", Payment_Method="Shopify Payments + Gift Card", Id="7")
    (payment,) = (entry for entry in found.line["history"] if entry["type"] == "payment")
    assert (payment["provider"], payment["reference"], payment["amount"]) == ("shopify", "7", "20.00")
    assert payment["method"] == "Shopify Payments + Gift Card"
    assert "several means of payment" in remarks(found)


def test_one_means_of_payment_is_the_provider_with_its_reference() -> None:
    fields = {"Payment_Method": "Shopify Payments", "Payment_Reference": "c123.1"}
    found = shopify(line("20.00"), Total="20.00", **fields)
    assert found.line["history"][0]["provider"] == "shopify_payments"
    assert found.line["history"][0]["reference"] == "c123.1"


@pytest.mark.parametrize(
    ("financial", "fulfillment", "cancelled", "status"),
    [
        ("pending", "unfulfilled", "", "new"),
        ("authorized", "", "", "new"),
        ("paid", "unfulfilled", "", "processing"),
        ("partially_paid", "unfulfilled", "", "processing"),
        ("paid", "partial", "", "processing"),
        ("pending", "fulfilled", "", "shipped"),
        ("paid", "fulfilled", "", "completed"),
        ("paid", "on_hold", "", "hold"),
        ("refunded", "fulfilled", "", "refunded"),
        ("refunded", "unfulfilled", "2024-02-02 10:00:00 +0100", "cancelled"),
        ("paid", "fulfilled", "2024-02-02 10:00:00 +0100", "cancelled"),
        ("voided", "unfulfilled", "", "cancelled"),
        ("expired", "unfulfilled", "", "failed"),
        ("something new", "odd", "", "new"),
    ],
)
def test_statuses_become_ours(
    ledger: OrderLedger, financial: str, fulfillment: str, cancelled: str, status: str
) -> None:
    fields = {
        "Financial_Status": financial,
        "Fulfillment_Status": fulfillment,
        "Cancelled_at": cancelled,
        "Refunded_Amount": "20.00" if financial == "refunded" else "0.00",
        "Outstanding_Balance": "5.00" if financial == "partially_paid" else "0.00",
    }
    tie_out = brought(ledger, KIND, table(shopify_rows(line("20.00"), Total="20.00", **fields)))
    assert tie_out.differences == []
    assert order(ledger, "#1001").status == status


def test_an_unknown_status_or_column_is_named_and_not_lost() -> None:
    fields = {"Financial_Status": "half paid", "Fulfillment_Status": "teleported", "Brand New Column": "what"}
    found = shopify(line("1.00"), Total="1.00", **fields)
    assert "the Financial Status 'half_paid': not known" in remarks(found)
    assert "the Fulfillment Status 'teleported': not known" in remarks(found)
    assert "no place for the column Brand New Column: what" in remarks(found)


def test_tags_source_and_risk_are_kept_as_metadata() -> None:
    found = shopify(line("1.00"), Total="1.00", Tags="vip, wholesale", Source="web", Risk_Level="Low")
    assert found.line["metadata"] == {"tags": "vip, wholesale", "source": "web", "risk_level": "Low"}


def test_metadata_that_is_too_long_is_named() -> None:
    found = shopify(line("1.00"), Total="1.00", **{"Note Attributes": "x" * 501})
    assert "note_attributes" not in found.line.get("metadata", {})
    assert "no place for note_attributes: xxx" in remarks(found)


def test_a_phone_or_zip_that_our_rules_do_not_take_is_named_and_the_order_comes_in(ledger: OrderLedger) -> None:
    fields = {"Billing_Phone": "call Bob", "Billing_Zip": "K2P/0B0", "Billing_Country": "CA", "Total": "1.00"}
    tie_out = brought(ledger, KIND, table(shopify_rows(line("1.00"), **fields)))
    assert tie_out.counts["imported"] == 1
    named = " ".join(tie_out.remarks.counts)
    assert "no place for a billing mobile number" in named
    assert "no place for a billing postal code" in named
    assert order(ledger, "#1001").metadata == {"billing_mobile_number": "call Bob", "billing_postal_code": "K2P/0B0"}


def test_a_tip_is_a_charge() -> None:
    tip = line("3.00", name="Tip", **{"Lineitem requires shipping": "false"})
    found = shopify(line("20.00"), tip, Total="23.00")
    assert found.line["charges"] == [{"kind": "tip", "name": "Tip", "amount": "3.00"}]
    assert len(found.line["items"]) == 1


def test_duties_are_a_charge() -> None:
    found = shopify(line("20.00"), Total="24.00", Duties="4.00")
    assert found.line["charges"] == [{"kind": "duty", "name": "Duties", "amount": "4.00"}]


def test_an_item_of_which_none_is_left_is_named() -> None:
    found = shopify(line("20.00"), line("5.00", 0, "Gone"), Total="20.00")
    assert len(found.line["items"]) == 1
    assert "none is left: left out: Gone" in remarks(found)


def test_currencies_without_digits_are_read(ledger: OrderLedger) -> None:
    tie_out = brought(ledger, KIND, table(shopify_rows(line("1000", 2), Currency="JPY", Total="2000.00")))
    assert tie_out.differences == []
    assert order(ledger, "#1001").totals.total == 2000


def test_a_byte_order_mark_is_skipped() -> None:
    assert one(KIND, "﻿" + table(shopify_rows(line("1.00"), Total="1.00"))).number == "#1001"


def test_files_go_on_where_the_one_before_ends() -> None:
    rows = shopify_rows(line("1.00"), line("2.00"), line("3.00"), Total="6.00")
    header = list(rows[0])
    pages = [table([dict.fromkeys(header, "") | row for row in part]) for part in (rows[:2], rows[2:])]
    assert len(one(KIND, *pages).line["items"]) == 3


def test_rows_of_an_order_that_stand_apart_are_brought_together() -> None:
    first = shopify_rows(line("1.00"), line("2.00"), Total="3.00")
    other = shopify_rows(line("5.00"), Name="#1002", Total="5.00")
    found = read(KIND, table([first[1], *other, first[0]]))
    assert sorted(each.number for each in found) == ["#1001", "#1002"]
    assert {each.number: each.stated for each in found if isinstance(each, ExportedOrder)}["#1001"].total == 300


def test_other_spellings_of_columns_are_known() -> None:
    found = shopify(
        line("1.00", **{"Lineitem SKU": "M-1"}), Total="1.00", **{"Canceled at": "2024-02-02 10:00:00 +0100"}
    )
    assert found.line["items"][0]["metadata"] == {"sku": "M-1"}
    assert found.line["history"][-1]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ({"Lineitem price": "1,50"}, "row 2, Lineitem price: '1,50' is not an amount"),
        ({"Lineitem quantity": "1.5"}, "row 2, Lineitem quantity: '1.5' is not a whole number"),
        ({"Currency": "XYZ"}, "'XYZ' is not a currency of ISO 4217"),
        ({"Created at": "yesterday"}, "Created at: 'yesterday' is not a time"),
        ({"Created at": ""}, "Created at: it is empty"),
        ({"Total": "ten"}, "Total: 'ten' is not an amount"),
    ],
)
def test_a_bad_cell_refuses_its_order_with_row_and_column(spoil: dict[str, str], why: str) -> None:
    rows = shopify_rows(line("1.00"), Total="1.00")
    rows[0] |= spoil
    rows += shopify_rows(line("1.00"), Name="#1002", Total="1.00")
    refused, taken = read(KIND, table(rows))
    assert isinstance(refused, UnreadableOrder)
    assert refused.why.startswith(why)
    assert isinstance(taken, ExportedOrder)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "file-1: the file is empty"),
        (b"Name;Total\n", "file-1, row 1, column Name: there is no such column; the columns seem to be parted by semi"),
        (b"Name,Total\n", "file-1, row 1, column Lineitem quantity: there is no such column"),
        (b'Name,Lineitem quantity,Lineitem price\n"#1,1,1\n', "file-1, row 2: this is not CSV"),
        (b"Name,Lineitem quantity,Lineitem price\n#1,1\n", "file-1, row 2: 2 cells under a header of 3"),
        (b"Name,Lineitem quantity,Lineitem price\n#1,1,\xff\n", "file-1, row 2, column 3: the text is not utf-8"),
    ],
)
def test_a_malformed_file_is_refused_with_row_and_column_before_anything_is_given(text: bytes, why: str) -> None:
    good = table(shopify_rows(line("1.00"), Total="1.00")).encode()
    with pytest.raises(Malformed) as refused:
        next(shopify_csv.read([Source("file-0", io.BytesIO(good)), Source("file-1", io.BytesIO(text))]))
    assert str(refused.value).startswith(why)


def test_a_repeated_run_skips_orders_that_are_there(ledger: OrderLedger) -> None:
    text = table(shopify_rows(line("20.00"), Total="20.00"))
    brought(ledger, KIND, text)
    tie_out = brought(ledger, KIND, text)
    assert (tie_out.counts, tie_out.differences) == ({"imported": 0, "there": 1, "rejected": 0}, [])


def test_an_order_that_is_there_and_says_something_else_is_told_with_both_sides(ledger: OrderLedger) -> None:
    brought(ledger, KIND, table(shopify_rows(line("20.00"), Total="20.00")))
    tie_out = brought(ledger, KIND, table(shopify_rows(line("30.00"), Total="30.00")))
    (difference,) = tie_out.differences
    assert difference.ours is not None
    assert (difference.stated.total, difference.ours.total) == (3000, 2000)
    assert difference.why.startswith("conflict: ")


def test_a_dry_run_ties_out_and_records_nothing(ledger: OrderLedger) -> None:
    text = table(shopify_rows(line("20.00"), Total="20.00"))
    tie_out = brought(ledger, KIND, text, is_dry=True)
    assert (tie_out.counts["imported"], tie_out.differences) == (1, [])
    assert ledger.log_of_events.max_notification_id() is None


def test_a_dry_run_knows_an_order_that_stands_twice_in_the_files(ledger: OrderLedger) -> None:
    texts = [table(shopify_rows(line(price), Total=price)) for price in ("20.00", "30.00")]
    rows = [row for number in range(150) for row in shopify_rows(line("1.00"), Name=f"#2{number}", Total="1.00")]
    tie_out = brought(ledger, KIND, texts[0], table(rows), is_dry=True)
    assert tie_out.differences == []
    found = [*read(KIND, texts[0], table(rows)), *read(KIND, texts[1])]
    tie_out = brought_in(ledger, found, is_dry=True)
    (difference,) = tie_out.differences
    assert difference.number == "#1001"
    assert difference.ours is not None, "the first of them would be there"
    assert (difference.stated.total, difference.ours.total) == (3000, 2000)


def test_a_dry_run_counts_orders_that_stand_twice_as_an_import_does(ledger: OrderLedger) -> None:
    text = table(shopify_rows(line("20.00"), Total="20.00"))
    rows = [row for number in range(150) for row in shopify_rows(line("1.00"), Name=f"#2{number}", Total="1.00")]
    found = [*read(KIND, text), *read(KIND, text), *read(KIND, table(rows)), *read(KIND, text)]
    tried, done = (brought_in(ledger, found, is_dry=is_dry) for is_dry in (True, False))
    assert tried.counts == done.counts == {"imported": 151, "there": 2, "rejected": 0}
    assert tried.events == done.events
    assert tried.differences == done.differences == []


def test_an_order_that_was_sent_after_it_was_cancelled_has_come_through_all_statuses(ledger: OrderLedger) -> None:
    times = {"Fulfilled_at": "2024-02-03 10:00:00 +0100", "Cancelled_at": "2024-02-02 10:00:00 +0100"}
    fields = {"Total": "20.00", "Financial_Status": "pending", "Paid_at": "", "Fulfillment_Status": "fulfilled"}
    tie_out = brought(ledger, KIND, table(shopify_rows(line("20.00"), **fields, **times)))
    assert tie_out.differences == []
    assert order(ledger, "#1001").status == "cancelled"
