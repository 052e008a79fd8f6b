"""How may a file of an unknown layout be read? A first rules file, guessed from the file's first rows, for a person to
mend.

Columns are recognised by their names, in several languages, and by their cells. A comment names each doubt. Reading the
file then shows whether the guess is right.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC
from itertools import islice
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

import msgspec

from domain.currencies import minor_digits
from domain.settlement.formats.mapping import Mapping, checked, zone_of
from domain.settlement.lines import KINDS, Misfit, shown
from domain.settlement.tables import cells
from domain.settlement.tables.cells import Cell, Dates, Notation, Number, Row, in_latin
from domain.settlement.tables.rows import beginning, csv_rows
from domain.settlement.tables.sheet import SHEET_BEGINS, sheet_rows

ROWS_LOOKED_AT_MAX: Final = 500
KINDS_LISTED_MAX: Final = 40
# No currency has more digits behind the point.
DIGITS_MAX: Final = 4
HEADER_ROWS_MAX: Final = 100
# Shorter names stand within others by chance.
WITHIN_CHARS_MIN: Final = 6
_LOOK_BYTES: Final = 256 * 1024
_DELIMITERS: Final = (",", ";", "\t", "|")
Table: TypeAlias = list[Row]
# What a table of a rules file says; of its columns, which column each field is in.
TomlTable: TypeAlias = dict[str, Any]

# The names of columns, whole or in part, the likeliest first.
_NAMES: Final = {
    "occurred_at": (
        "created (utc)|transaction date|booking date|created_at|created at|created|date|datum|buchungstag|"
        "buchungsdatum|valuta|wertstellung|fecha|data|dato|transaktionsdatum|bokföringsdag|kirjauspäivä|"
        "timestamp|datetime|time stamp|posted|completed|day|tag|تاریخ"
    ),
    "timezone": "timezone|time zone|zeitzone|fuseau horaire|fuso orario|zona horaria|tijdzone",
    "time": "time|uhrzeit|heure|hora|ora|orario|tijd|ساعت|زمان",
    "reference": (
        "transaction id|payment id|charge id|transaktionscode|transaktions-id|end-to-end|kundenreferenz|"
        "reference|referenz|referentie|référence|receipt number|"
        "referencia|referência|identificador|riferimento|psp reference|tracking|id|ref number|transaction|"
        "شماره پیگیری|کد پیگیری|شماره مرجع|شماره تراکنش|پیگیری"
    ),
    "kind": (
        "transaction type|event type|type|typ|art|kind|category|kategorie|vorgang|umsatzart|buchungstext|tipo|soort|"
        "description|beschreibung|نوع"
    ),
    "direction": "debit/credit|credit/debit|dr/cr|cr/dr|d/c|c/d|s/h|soll/haben|af bij|bij af|sens|direction|richtung",
    "debit": (
        "debit|soll|débit|debe|dare|withdrawal|withdrawals|paid out|money out|ausgang|af|"
        "cargo|ut fra konto|بدهکار|برداشت"
    ),
    "credit": (
        "credit|haben|crédit|haber|avere|deposit|deposits|paid in|money in|eingang|bij|"
        "abono|inn på konto|بستانکار|واریز"
    ),
    "gross": (
        "gross amount|gross|brutto|bruto|amount|betrag|umsatz|montant|importe|importo|bedrag|belopp|beløp|beløb|kwota|"
        "valor|total|summe|value|مبلغ"
    ),
    "fee": (
        "total fee|total fees|fee|fees|"
        "gebühr|gebühren|entgelt|commission|frais|comisión|comissão|commissione|kosten|tarifa|tariffa|charges|کارمزد"
    ),
    "net": "net amount|net|netto|neto|líquido|خالص",
    "original_currency": (
        "original currency|orig currency|presentment currency|foreign currency|originalwährung|oorspr munt|"
        "devise d'origine|moneda original|valuta originale"
    ),
    "original": (
        "original amount|orig amount|presentment amount|foreign amount|originalbetrag|oorspr bedrag|montant d'origine|"
        "importe original|importo originale"
    ),
    "exchange_rate": (
        "exchange rate|fx rate|wechselkurs|umrechnungskurs|koers|wisselkoers|taux de change|tipo de cambio|"
        "tasso di cambio"
    ),
    "currency": "currency|währung|waehrung|devise|divisa|moneda|moeda|waluta|valuta|munt|muntsoort|ccy|ارز|واحد",
    "status": "status|state|zustand|statut|estado|stato|وضعیت",
    "order": (
        "order id|order number|order|bestellung|bestellnummer|rechnungsnummer|invoice|merchant reference|description|"
        "verwendungszweck|memo|details|subject|commande|pedido|ordine|omschrijving|descrição|"
        "descripción|concepto|libellé|label|"
        "causale|beskrivning|beskrivelse|tytuł|text|tekst|narration|سفارش|شرح|توضیحات"
    ),
    "payout": "payout id|payout|settlement id|settlement reference|deposit id|batch number|batch|auszahlung|تسویه",
}
# The kinds that the words of a column may mean, by a piece of the word; the first piece that fits counts.
_WORDS: Final = (
    ("penalty|pénalité", "fee"),
    ("chargeback reversal|dispute won|dispute reversal|reversed chargeback", "chargeback_reversal"),
    ("chargeback|charged back|charged_back|dispute|rücklastschrift|rückbuchung|contracargo", "chargeback"),
    ("refund fail|failed refund", "refund_failure"),
    ("payment fail|charge fail|failed payment|failed charge|settledreversed", "payment_failure"),
    ("fee refund|gebührenerstattung|remboursement de commission|remboursement de taxe", "fee_refund"),
    (
        "refund|erstattung|rückzahlung|gutschrift an|remboursement|reembolso|devolu|"
        "rimborso|terugbetaling|return|عودت|برگشت",
        "refund",
    ),
    ("montant de commande|frais de port", "payment"),
    ("fee|gebühr|entgelt|commission|frais|comisi|kosten|charges|کارمزد", "fee"),
    ("payout fail|payout return|payout cancel", "payout_failure"),
    (
        "payout|auszahlung|withdrawal|deposit to bank|settlement|virement vers|retiro|prelievo|uitbetaling|تسویه",
        "payout",
    ),
    ("reserve|hold|einbehalt|rücklage", ""),
    ("conversion|umrechnung|currency exchange|fx", "conversion"),
    ("transfer|top-up|topup|umbuchung|transferencia", "transfer"),
    ("adjust|korrektur|correction|ajuste|rettifica", "adjustment"),
    (
        "payment|charge|sale|zahlung|verkauf|paiement|pago|pagamento|compra|betaling|purchase|captur|settled|"
        "پرداخت|خرید|واریز",
        "payment",
    ),
    # Banks' words for money that came in.
    ("credit|deposit|income|incoming|received|gutschr|eingang|bijschrijving|virement re|abono|accredito", "payment"),
)
_NOT_DONE: Final = re.compile(
    "pending|denied|failed|declined|cancel|expired|void|refused|open|ausstehend|abgelehnt|storniert|"
    "offen|fehlgeschlagen|ناموفق"
)
_TOTALS: Final = re.compile(
    "(?:opening |closing |starting |ending )?balance (?:at|on)|(?:sub|grand )?totals?|"
    "summe|gesamt|saldo|somme|suma|totale|totaal|جمع|مجموع"
)
_CLOCK: Final = ("", " %H:%M:%S", " %H:%M", ", %H:%M:%S", " - %H:%M:%S", " %H:%M:%S %z")
_HALF_DAYS: Final = (" %I:%M:%S %p", " %I:%M %p")
_DATE_FORMATS: Final = (
    *(f"%d{mark}%m{mark}%{year}{time}" for mark in "./-" for year in "Yy" for time in _CLOCK),
    *(f"%m{mark}%d{mark}%{year}{time}" for mark in "/-" for year in "Yy" for time in (*_CLOCK, *_HALF_DAYS)),
    *(f"%d{mark}%m{mark}%{year}{time}" for mark in "./-" for year in "Yy" for time in _HALF_DAYS),
    *(f"%Y{mark}%m{mark}%d{time}" for mark in "/.-" for time in (*_CLOCK, *_HALF_DAYS, " %H:%M %z")),
    *(f"{day}{time}" for day in ("%d %b %Y", "%d %b, %Y", "%b %d, %Y", "%d %B %Y", "%Y%m%d") for time in _CLOCK),
)
_DIRECTIONS: Final = (("d", "c"), ("dr", "cr"), ("s", "h"), ("soll", "haben"), ("debit", "credit"), ("af", "bij"))
_SIGN_CURRENCY: Final = {"€": "EUR", "£": "GBP", "$": "USD", "₹": "INR", "¥": "JPY", "₺": "TRY", "﷼": "IRR"}
_NUMBER: Final = re.compile(r"[0-9](?:[0-9.,'’ \xa0\u202f]*[0-9])?")
_TIME: Final = re.compile("[0-9]{1,2}:[0-9]{2}")
_PERSIAN: Final = re.compile("[۰-۹٠-٩]")
_OFFSET: Final = re.compile(r":[0-9.]+ ?(?:[zZ]|[+-][0-9]{2}:?[0-9]{2})\Z")
_JALALI_YEAR: Final = re.compile("1[34][0-9]{2}[-/.]")
_WORD: Final = re.compile(r"[^\W_]+")
# How a column's name may be what it is called, the likeliest first: as it is, by its words, or within a word of it.
_WAYS_OF_NAMING: Final[tuple[Callable[[str, str], bool], ...]] = (
    lambda name, called: name == called,
    lambda name, called: set(_WORD.findall(called)) <= set(_WORD.findall(name)),
    lambda name, called: len(called) >= WITHIN_CHARS_MIN and called in name,  # Kundenreferenz
)
_TOGETHER: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")


class Guess(NamedTuple):
    """A guessed description: its tables in TOML, the first without a name; its mapping; and the doubts that a person
    must settle."""

    tables: dict[str, TomlTable]
    mapping: Mapping
    doubts: list[str]

    def toml(self, provider: str | None) -> str:
        """The description as tables of a rules file: for this provider's files, or for all providers'."""
        at = f"providers.{_key(provider)}.file" if provider else "file"
        parts = []
        for name, table in self.tables.items():
            head = at if not name else f"{at}.{name}"
            parts.append("\n".join([f"[{head}]", *(f"{_key(key)} = {_value(value)}" for key, value in table.items())]))
        return "\n\n".join(parts) + "\n"


def guess(stream: BinaryIO, currency: str) -> Guess:
    """A description of the file's layout. `currency` is assumed for files that name none. Raises Misfit where the file
    is no table with days and amounts."""
    dialect, table = _table(stream)
    header_row, looking, columns = _below_a_header(table)
    general: TomlTable = {key: value for key, value in dialect.items() if value not in (",", "utf-8")}
    if header_row > 1:
        general["header_row"] = header_row
    tables: dict[str, TomlTable] = {"": general, "columns": columns}
    _times(looking, general, columns)
    _amounts(looking, general, columns)
    done = looking.done(columns)
    _add_up(done, general, columns)
    _currency(looking, general, columns, currency)
    _kinds(done, tables)
    _signs(done, tables)
    _skipped(looking, tables, table)
    tables = {name: found for name, found in tables.items() if found or not name}
    shape = {**tables[""], **{name: found for name, found in tables.items() if name}}
    return Guess(tables, checked(msgspec.convert(shape, Mapping)), looking.doubts)


# --- the table ---


def _table(stream: BinaryIO) -> tuple[dict[str, str], Table]:
    """The first rows, with their delimiter and encoding, which a workbook does not have. Raises Misfit."""
    stream.seek(0)
    begin = stream.read(_LOOK_BYTES)
    if begin.startswith(SHEET_BEGINS):
        stream.seek(0)
        with closing(sheet_rows(stream)) as sheet:
            return {}, list(islice(sheet, ROWS_LOOKED_AT_MAX))
    encoding = _encoding(begin)
    found: list[tuple[int, str, Table]] = []
    for delimiter in _DELIMITERS:
        stream.seek(0)
        table = beginning(csv_rows(stream, encoding=encoding, delimiter=delimiter), ROWS_LOOKED_AT_MAX)
        width, count = _width(table)
        if width > 1:
            found.append((width * count, delimiter, table))
    if not found:
        raise Misfit(None, None, "this is no table: neither commas, semicolons, tabs nor bars part it into columns")
    _, delimiter, table = max(found, key=lambda each: each[0])
    return {"delimiter": delimiter, "encoding": encoding}, table


def _encoding(begin: bytes) -> str:
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        begin.rpartition(b"\n")[0].decode()
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _width(table: Table) -> tuple[int, int]:
    """The width that most rows have, and the number of these rows."""
    counts = Counter(len(row) for _, row in table)
    return max(counts.items(), key=lambda each: (each[1] if each[0] > 1 else 0, each[0]), default=(0, 0))


def _headers(table: Table) -> Iterator[tuple[int, list[str], Table]]:
    """The rows that may be the header: each row's number, the names in it, and the rows below it that have the table's
    width."""
    width, _ = _width(table)
    for place, (row, found) in enumerate(table[:HEADER_ROWS_MAX]):
        names = [" ".join(cell.split()) if isinstance(cell, str) else "" for cell in found]
        words = [name for name in names if name and not _NUMBER.fullmatch(in_latin(name)) and not _date_formats([name])]
        # The rows of some banks end with one delimiter more than their header.
        if width - 1 <= len(found) <= width and len(words) >= max(2, width - 2):
            below = (each for each in table[place + 1 :] if len(each[1]) == width)
            yield row, names, [each for each in below if not _is_total(each[1])]


def _below_a_header(table: Table) -> tuple[int, "_Sample", TomlTable]:
    """The number of the first header above columns of days and amounts, the rows below that header, and these columns.
    Some banks begin with other rows as wide as their header.

    Raises Misfit.
    """
    misfit = Misfit(None, None, "no row looks like the names of columns")
    for count, (row, names, rows) in enumerate(_headers(table)):
        looking = _Sample(names, rows)
        try:
            return row, looking, _columns(looking)
        except Misfit as fault:
            misfit = misfit if count else fault
    raise misfit


def _is_total(row: Sequence[Cell]) -> bool:
    return isinstance(row[0], str) and _TOTALS.match(row[0].strip().casefold()) is not None


class _Sample:
    """The columns by their names, their cells, and the doubts so far."""

    def __init__(self, names: list[str], rows: Table) -> None:
        self.names = [name for name in names if name and names.count(name) == 1]
        self._header = names
        self._places = {name: names.index(name) for name in self.names}
        self._rows = rows
        self.doubts: list[str] = []

    def done(self, columns: TomlTable) -> "_Sample":
        """The same without the rows that will be skipped, since their status says that they moved nothing."""
        if "status" not in columns:
            return self
        place = self._places[columns["status"]]
        done = _Sample(self._header, [each for each in self._rows if not _is_undone(_text(each[1][place]))])
        done.doubts = self.doubts
        return done

    def cells(self, column: str) -> list[Cell]:
        """The cells of a column that are not empty."""
        place = self._places[column]
        found = (row[place] for _, row in self._rows)
        return [cell for cell in found if not (isinstance(cell, str) and not cell.strip())]

    def texts(self, column: str) -> list[str]:
        return list(map(_text, self.cells(column)))

    def tells_rows_apart(self, column: str) -> bool:
        """Whether half of the rows have a text in this column, and the texts differ."""
        texts = self.texts(column)
        return len(texts) * 2 >= len(self._rows) and (len(set(texts)) > 1 or len(texts) == 1)

    def is_full(self, column: str) -> bool:
        return len(self.cells(column)) == len(self._rows)

    def amounts(self, column: str, notation: Notation) -> list[int]:
        """The amounts of all rows, in some unit, 0 for an empty cell; an empty list where a cell holds no amount."""
        place = self._places[column]
        try:
            return [cells.minor_in_notation(row[place], DIGITS_MAX, notation, "") or 0 for _, row in self._rows]
        except ValueError:
            return []

    def beside(self, column: str, other: str) -> list[tuple[str, str]]:
        """The texts of two columns, for the rows that have both."""
        places = self._places[column], self._places[other]
        pairs = ([_text(row[place]) for place in places] for _, row in self._rows)
        return [(one, two) for one, two in pairs if one and two]

    def find(self, field: str, fits: Callable[[str], bool], taken: Iterable[str] = ()) -> str | None:
        """The column of the likeliest name whose cells fit: a column with this name, else with the words of this name,
        else with this name within its own."""
        free = [name for name in self.names if name not in set(taken)]
        for is_named in _WAYS_OF_NAMING:
            for called in _NAMES[field].split("|"):
                for name in free:
                    if is_named(_in_words(name), called) and fits(name):
                        return name
        return None


def _in_words(name: str) -> str:
    """A column's name in small letters, with blanks in it where it is written together, like GrossAmount."""
    return _TOGETHER.sub(" ", name).casefold()


def _is_undone(status: str) -> bool:
    return _NOT_DONE.search(status.casefold()) is not None


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Number) else str(cell).strip()


# --- the columns ---


def _columns(looking: _Sample) -> TomlTable:
    """The column of each field for which one is recognised. Raises Misfit where no column holds days, or none
    amounts."""
    found: TomlTable = {}

    def take(field: str, fits: Callable[[str], bool]) -> None:
        if column := looking.find(field, fits, found.values()):
            found[field] = column

    def is_amount(column: str) -> bool:
        return _share(looking.texts(column), lambda text: _NUMBER.search(in_latin(text)) is not None) and not is_date(
            column
        )

    def is_date(column: str) -> bool:
        return any(not isinstance(cell, str | Number) for cell in looking.cells(column)) or bool(
            _date_formats(looking.texts(column))
        )

    def is_zone(column: str) -> bool:
        return _share(looking.texts(column), lambda text: zone_of(text) is not None)

    def is_code(column: str) -> bool:
        return _share(looking.texts(column), lambda text: minor_digits(text.upper()) is not None)

    def is_word_of_few(column: str) -> bool:
        return len(set(looking.texts(column))) <= KINDS_LISTED_MAX

    take("occurred_at", is_date)
    dated = [name for name in looking.names if is_date(name)]
    if "occurred_at" not in found and dated:  # whatever its name is
        found["occurred_at"] = dated[0]
        looking.doubts.append(f"no column is called like a time; here is taken {dated[0]}")
    take("timezone", is_zone)
    take("time", lambda column: _share(looking.texts(column), lambda text: bool(_TIME.match(in_latin(text)))))
    take("original_currency", is_code)
    take("original", is_amount)
    take("exchange_rate", is_amount)
    if not {"original", "original_currency"} <= found.keys():
        found.pop("original", None)
        found.pop("original_currency", None)
    take("currency", is_code)
    codes = [name for name in looking.names if name not in found.values() and is_code(name)]
    if "currency" not in found and len(codes) == 1:  # whatever its name is
        found["currency"] = codes[0]
    take("direction", lambda column: len(set(looking.texts(column))) <= 2)
    if "direction" not in found:
        take("debit", is_amount)
        take("credit", is_amount)
    if not {"debit", "credit"} <= found.keys():
        found.pop("debit", None)
        found.pop("credit", None)
        take("gross", is_amount)
    take("fee", is_amount)
    take("net", is_amount)
    take("reference", lambda column: looking.tells_rows_apart(column) and not _is_of_payouts(column))
    take("kind", lambda column: looking.is_full(column) and not is_amount(column) and is_word_of_few(column))
    take("status", is_word_of_few)
    if {"status", "gross"} <= found.keys() and "kind" not in found and _has_negatives(looking, found):
        said = map(_meaning, looking.texts(found["status"]))
        found |= {"kind": found["status"]} if "refund" in said else {}
    take("payout", lambda _: True)
    take("order", lambda _: True)
    if "occurred_at" not in found:
        raise Misfit(None, None, f"no column holds dates; there are {', '.join(looking.names[:20])}")
    if not {"gross", "net", "debit"} & found.keys():
        raise Misfit(None, None, f"no column holds amounts; there are {', '.join(looking.names[:20])}")
    return found


def _is_of_payouts(column: str) -> bool:
    return _in_words(column).replace("_", " ") in _NAMES["payout"].split("|")


def _share(texts: Sequence[str], fits: Callable[[str], bool]) -> bool:
    """Whether at least nine in ten of the texts fit, and there are texts at all."""
    return bool(texts) and sum(map(fits, texts)) * 10 >= len(texts) * 9


# --- times ---


def _date_formats(texts: Sequence[str]) -> list[str]:
    """The formats of times that fit all of the texts; "" is the format of ISO 8601."""
    if not texts:
        return []
    plain = [in_latin(text) for text in texts]
    if all(text.isdigit() and len(text) == 10 for text in plain):
        return ["unix"]
    if all(text.isdigit() and len(text) == 13 for text in plain):
        return ["unix_ms"]
    if all(_JALALI_YEAR.match(text) for text in plain):
        return ["jalali"] if _all_are(plain, Dates(None, None, is_jalali=True)) else []
    return [pattern for pattern in ("", *_DATE_FORMATS) if _all_are(plain, Dates(UTC, pattern or None))]


def _all_are(texts: Sequence[str], dates: Dates) -> bool:
    try:
        for text in texts:
            cells.moment(text, dates)
    except ValueError:
        return False
    return True


def _times(looking: _Sample, general: TomlTable, columns: TomlTable) -> None:
    day, time = columns["occurred_at"], columns.pop("time", None)
    texts = [cell for cell in looking.cells(day) if isinstance(cell, str)]
    formats = _date_formats(texts)
    if time is not None and all(len(in_latin(text)) <= len("31.12.2026") for text in texts):
        columns["occurred_at"] = [day, time]
        hour = " %H:%M:%S" if any(text.count(":") == 2 for text in looking.texts(time)) else " %H:%M"
        formats = [each if each in ("", "jalali") else f"{each}{hour}" for each in formats]
    if any(map(_PERSIAN.search, texts)):
        general["digits"] = "persian"
    if formats[:1] == ["jalali"]:
        general["calendar"] = "jalali"
        general["timezone"] = "Asia/Tehran"
    elif formats and formats[0]:
        general["date_format"] = formats[0]
        others = [each for each in formats[1:] if each.replace("%y", "%Y")[:5] != formats[0].replace("%y", "%Y")[:5]]
        if others:
            looking.doubts.append(f"days may also be written like {others[0]}; here is taken {formats[0]}")
    if "timezone" not in general and formats[:1] not in (["unix"], ["unix_ms"]):
        general["timezone"] = "UTC"
    if general.get("timezone") == "UTC" and "timezone" not in columns and not all(map(_OFFSET.search, texts)):
        looking.doubts.append("times without an offset are taken as UTC; name the timezone of the file")


# --- amounts ---


def _amounts(looking: _Sample, general: TomlTable, columns: TomlTable) -> None:
    fields = [field for field in ("gross", "debit", "credit", "fee", "net") if field in columns]
    texts = [text for field in fields for text in looking.texts(columns[field])]
    if any(map(_PERSIAN.search, texts)):
        general["digits"] = "persian"
    numbers = [found[0] for text in texts if (found := _NUMBER.search(_plain(text)))]
    decimal, thousands = _marks(numbers)
    if decimal != ".":
        general["decimal"] = decimal
    if thousands:
        general["thousands"] = thousands
        either = next((number for number in numbers if thousands in number), "")
        if thousands in ".," and not any(decimal in number for number in numbers):
            looking.doubts.append(f"what parts {shown(either)} is taken for thousands; it may be the decimal mark")
    if not any(mark in number for number in numbers for mark in ".,"):
        looking.doubts.append(
            "amounts have no decimal mark; where they are in the smallest unit, say minor_units = true"
        )


def _add_up(looking: _Sample, general: TomlTable, columns: TomlTable) -> None:
    """Chooses the columns of fee and net so that gross - fee = net on every row. Drops the fee where the gross is the
    sum of all other columns, the fee's included. Drops the gross where it makes up net and fee only with another
    column, and the net where nothing adds up."""
    if not {"gross", "fee"} <= columns.keys():
        return
    notation = Notation(general.get("decimal", "."), general.get("thousands", ""), is_persian=True)
    taken = [name for field, name in columns.items() if field not in {"fee", "net"}]
    amounts = {name: looking.amounts(name, notation) for name in looking.names if name not in taken}
    gross = looking.amounts(columns["gross"], notation)
    if "net" not in columns:
        if any(gross) and list(map(sum, zip(*filter(None, amounts.values()), strict=False))) == gross:
            whole, fee = columns["gross"], columns.pop("fee")
            looking.doubts.append(f"{whole} is what the other columns come to with {fee} in it, so no fee is taken")
        return
    named = columns["fee"], columns["net"]
    if not all((gross, *map(amounts.get, named))):
        return
    for fee, net in (named, *((named[0], name) for name in amounts), *((name, named[1]) for name in amounts)):
        for sign in (1, -1):
            less = [came - sign * kept for came, kept in zip(gross, amounts[fee], strict=False)]
            if fee != net and amounts[net] == less:
                columns["fee"], columns["net"] = fee, net
                return
    for name, more in amounts.items():
        less = [came + beside - kept for came, beside, kept in zip(gross, more, amounts[named[0]], strict=False)]
        if less == amounts[named[1]]:
            given_back = f"{columns.pop('gross')} and {name} less {named[0]} are {named[1]}"
            looking.doubts.append(f"{given_back}: the gross amount is taken as {named[1]} and {named[0]} come to")
            return
    looking.doubts.append(f"{columns['gross']} less {named[0]} is not {columns.pop('net')}, which is left out")


def _plain(text: str) -> str:
    return in_latin(text).replace("٫", ".").replace("٬", ",")


def _marks(numbers: Sequence[str]) -> tuple[str, str]:
    """The decimal mark and the mark between thousands, by their places in the numbers."""
    votes: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    for number in numbers:
        marks = [(place, mark) for place, mark in enumerate(number) if not mark.isdigit()]
        if not marks:
            continue
        place, last = marks[-1]
        behind = len(number) - place - 1
        is_thousands = behind == 3 and (len({mark for _, mark in marks}) == 1)
        if last in ".," and not is_thousands:
            votes[last] += 1
            marks.pop()
        thousands.update({"’": "'", "\xa0": " ", "\u202f": " "}.get(mark, mark) for _, mark in marks)
    decimal = max(votes, key=lambda mark: votes[mark], default="," if thousands["."] else ".")
    between = max((mark for mark in thousands if mark != decimal), key=lambda mark: thousands[mark], default="")
    return decimal, between


def _currency(looking: _Sample, general: TomlTable, columns: TomlTable, otherwise: str) -> None:
    if "currency" in columns:
        return
    amount = next(columns[field] for field in ("gross", "credit", "net") if field in columns)
    named = [
        word.upper() for word in _WORD.findall(amount) if minor_digits(word.upper()) is not None and len(word) == 3
    ]
    signs = {_SIGN_CURRENCY[sign] for text in looking.texts(amount) for sign in text if sign in _SIGN_CURRENCY}
    codes = {word.upper() for text in looking.texts(amount) for word in _WORD.findall(text) if len(word) == 3}
    codes = {code for code in codes if minor_digits(code) is not None}
    otherwise = "IRR" if general.get("calendar") == "jalali" else otherwise
    general["currency"] = next(iter([*named, *sorted(codes), *sorted(signs)]), otherwise)
    if not (named or codes or signs):
        looking.doubts.append(f"no currency is named; here is taken {otherwise}")


# --- kinds and signs ---


def _kinds(looking: _Sample, tables: dict[str, TomlTable]) -> None:
    columns = tables["columns"]
    if "kind" not in columns:
        tables[""]["kind"] = "line"
        tables["kinds"] = {"line": ["refund", "payment"]}
        looking.doubts.append(
            "no column tells the kind; what came in is taken for a payment, what went out for a refund"
        )
        return
    kinds: TomlTable = {}
    taken, given = _ways(looking, columns)
    words = list(dict.fromkeys(looking.texts(columns["kind"])))
    has_sales = any("sale" in word.casefold() for word in words)
    for word in words:
        meaning = "refund" if has_sales and word.casefold() == "credit" else _meaning(word)
        if meaning == "payment" and word in taken:  # the word takes as well, and no payment does
            meaning = ["fee" if "charge" in word.casefold() else "adjustment", "payment"]
        if meaning == "refund" and word in given:
            meaning = ["refund", "adjustment"]
        if meaning is None:
            looking.doubts.append(f"which kind is {word!r}? It is kept as it is; the kinds are {', '.join(KINDS)}")
        elif meaning != word:
            kinds[word] = meaning
    tables["kinds"] = kinds


def _ways(looking: _Sample, columns: TomlTable) -> tuple[set[str], set[str]]:
    """The kinds' words that take from the balance, and those that give to it; none where the amounts do not show the
    way of the money."""
    kind = columns["kind"]
    if "debit" in columns:
        taken, given = (looking.beside(kind, columns[field]) for field in ("debit", "credit"))
    elif "gross" in columns and "direction" not in columns and _has_negatives(looking, columns):
        amounts = looking.beside(kind, columns["gross"])
        taken = [(word, amount) for word, amount in amounts if _is_negative(amount)]
        given = [(word, amount) for word, amount in amounts if not _is_negative(amount)]
    else:
        return set(), set()
    return {word for word, amount in taken if _is_something(amount)}, {
        word for word, amount in given if _is_something(amount)
    }


def _meaning(word: str) -> object:
    plain = word.casefold()
    if plain in KINDS:
        return plain
    if plain == "order":
        return "payment"
    for pieces, kind in _WORDS:
        if any(piece in plain for piece in pieces.split("|")):
            return kind or ["reserve_held", "reserve_released"]
    return None


def _signs(looking: _Sample, tables: dict[str, TomlTable]) -> None:
    columns = tables["columns"]
    signs: TomlTable = {}
    direction = columns.pop("direction", None)
    if direction is not None:
        words = {text.casefold(): text for text in looking.texts(direction)}
        for debit, credit in _DIRECTIONS:
            if words.keys() <= {debit, credit}:
                named = {"debit": words.get(debit, debit.upper()), "credit": words.get(credit, credit.upper())}
                signs |= {"gross": "by_direction", "direction": direction, **named}
    elif "gross" in columns and "kind" in columns and not _has_negatives(looking, columns):
        given = [kind for kind in tables["kinds"].values() if isinstance(kind, str)]
        if {"refund", "fee", "payout", "chargeback"} & {*given, *looking.texts(columns["kind"])}:
            signs["gross"] = "by_kind"
    if "fee" in columns and _is_fee_negative(looking, columns["fee"], columns.get("gross") or columns["fee"]):
        signs["fee"] = "negative"
    tables["signs"] = signs


def _has_negatives(looking: _Sample, columns: TomlTable) -> bool:
    amounts = [columns[field] for field in ("gross", "net") if field in columns]
    return any(_is_negative(text) for column in amounts for text in looking.texts(column))


def _is_fee_negative(looking: _Sample, fee: str, gross: str) -> bool:
    """Whether the file writes a charged fee as a negative amount. Rows whose money came in decide, since a refund may
    give its fee back."""
    pairs = [(came, charged) for came, charged in looking.beside(gross, fee) if _is_something(charged)]
    came_in = [(came, charged) for came, charged in pairs if not _is_negative(came)]
    fees = [charged for _, charged in came_in or pairs]
    return bool(fees) and all(map(_is_negative, fees))


def _is_negative(text: str) -> bool:
    return text.strip("$€£ ").startswith(("-", "−", "(")) or text.endswith("-")


def _is_something(text: str) -> bool:
    return any(digit in "123456789" for digit in in_latin(text))


def _skipped(looking: _Sample, tables: dict[str, TomlTable], table: Table) -> None:
    skip: TomlTable = {}
    width, _ = _width(table)
    below = [row for number, row in table if number > tables[""].get("header_row", 1)]
    totals = [str(row[0]).strip() for row in below if _is_total(row)]
    if totals:
        skip["from"] = list(dict.fromkeys(totals))
    if any(len(row) < width - 1 for row in below):
        skip["short"] = True
    status = tables["columns"].pop("status", None)
    if status is not None:
        undone = list(filter(_is_undone, dict.fromkeys(looking.texts(status))))
        if undone:
            skip["cells"] = {status: undone}
            looking.doubts.append(f"rows whose {status} is {', '.join(undone)} are passed over")
    tables["skip"] = skip


# --- TOML ---


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "a").isalnum() else _value(key)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(of)}" for key, of in value.items()) + " }"
    return msgspec.json.encode(value).decode()
