"""The rules of a reconciliation: its settings, versioned, as TOML.

version = "2026-03"
settlement_delay_days = 3         # a payment may be settled so many days later; for providers without their own

[tolerance]                       # by currency: the largest difference of amounts that is still suggested
USD = "0.02"

[limits]                          # by currency: the largest adjustment, reserve or transfer that needs no decision
USD = "5.00"

[rates."USD/EUR"]                 # the expected amount in the settlement's currency for one unit of the payment's
rate = "0.92"
percent = "1.5"                   # the largest deviation from the rate that is no difference

[providers.stripe]
settlement_delay_days = 7

[providers.mybank.file]           # for files of no known format: see `settlement.formats.mapping`
delimiter = ";"
…

[providers.stripe.kinds]          # for files of any format: the provider's words for our kinds, where it has others
climate_order_purchase = "fee"
Reserve = ["reserve_held", "reserve_released"]

[file]                            # for the files of providers that have no mapping of their own
…
"""

import tomllib
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from domain.currencies import digits_of, minor_digits
from domain.faults import refuse
from domain.money import Amount, Unit
from domain.refusals import InvalidField
from domain.settlement.formats.mapping import KindOrPair, Mapping, faults
from domain.settlement.lines import shown
from domain.strict_json import convert

TEXT_CHARS_MAX: Final = 64 * 1024
# A key of n parts takes the TOML reader n² steps, and a key is on one line.
LINE_CHARS_MAX: Final = 1_000

_Days: TypeAlias = Annotated[int, Meta(ge=0, le=365)]
_Decimal: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9]{1,12}(\.[0-9]{1,15})?\Z")]


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The expected amount in one currency for one unit of another; `percent` is the deviation that is allowed."""

    rate: _Decimal
    percent: _Decimal = "0"


class ProviderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of one provider. `bank` declares the provider a bank where its files do not show that: payouts of other
    providers should have come there."""

    settlement_delay_days: _Days | None = None
    bank: bool = False
    file: Mapping | None = None
    kinds: dict[str, KindOrPair] = {}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a reconciliation. `tolerance_minor` and `limits_minor` are by currency, in its minor units, and 0
    for every other currency. `rates` are by pair: USD/EUR is for payments in USD that settle in EUR."""

    version: str
    settlement_delay_days: int = 3
    tolerance_minor: dict[str, int] = {}
    limits_minor: dict[str, int] = {}
    rates: dict[str, Rate] = {}
    providers: dict[str, ProviderRules] = {}
    file: Mapping | None = None

    def delay_days(self, provider: str) -> int:
        own = self.providers[provider].settlement_delay_days if provider in self.providers else None
        return self.settlement_delay_days if own is None else own

    def mapping(self, provider: str) -> Mapping | None:
        """The mapping of this provider's files, its own before the common one; None for files of a known format."""
        own = self.providers[provider].file if provider in self.providers else None
        return own or self.file

    def is_bank(self, provider: str) -> bool:
        return provider in self.providers and self.providers[provider].bank

    def kinds(self, provider: str) -> dict[str, KindOrPair]:
        """This provider's words for our kinds, for files of any format."""
        return self.providers[provider].kinds if provider in self.providers else {}


# The rules where none are given. They are kept like any others, so they spell out the default, which may change.
DEFAULT: Final = 'version = "default-1"\nsettlement_delay_days = 3\n'


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    settlement_delay_days: _Days = 3
    tolerance: dict[str, Amount] = {}
    limits: dict[str, Amount] = {}
    rates: dict[str, Rate] = {}
    providers: dict[str, ProviderRules] = {}
    file: Mapping | None = None


def rules_from(toml: str) -> Rules:
    """Reads rules from TOML. Raises InvalidField, which names the faults."""
    toml = toml.removeprefix("\ufeff")
    _check_text(toml)
    try:
        # Numbers with a point stay text: an amount never passes through a float.
        file = convert(tomllib.loads(toml, parse_float=str), _File)
    except tomllib.TOMLDecodeError as error:
        raise InvalidField("", f"this is not TOML: {error}") from None
    except RecursionError:
        raise InvalidField("", "this is nested too deep") from None
    except ValueError:  # the one other error that `tomllib` lets through
        raise InvalidField("", "a number has too many digits; amounts have at most 15 before the point") from None
    refuse(_faults(file))
    return Rules(
        version=file.version,
        settlement_delay_days=file.settlement_delay_days,
        tolerance_minor=_minor(file.tolerance, "tolerance"),
        limits_minor=_minor(file.limits, "limits"),
        rates=file.rates,
        providers=file.providers,
        file=file.file,
    )


def _faults(file: _File) -> Iterator[tuple[str, str]]:
    """Every field of the rules with a wrong value, and a message that says what would be right."""
    if file.file:
        yield from faults(file.file, "file.")
    for pair, expected in file.rates.items():
        of, _, in_ = pair.partition("/")
        if minor_digits(of) is None or minor_digits(in_) is None or of == in_:
            yield f"rates.{pair}", f"{shown(pair)} is no pair of currencies of ISO 4217, like USD/EUR"
        if not Fraction(expected.rate):
            yield f"rates.{pair}.rate", "a rate is more than nought"
    for name, provider in file.providers.items():
        if provider.file:
            yield from faults(provider.file, f"providers.{name}.file.")
    for field, amounts in (("tolerance", file.tolerance), ("limits", file.limits)):
        for code, amount in amounts.items():
            try:
                _minor({code: amount}, field)
            except InvalidField as refusal:
                yield from refusal.faults


def _minor(amounts: dict[str, Amount], field: str) -> dict[str, int]:
    return {code: amount.minor(Unit(code, digits_of(code)), f"{field}.{code}") for code, amount in amounts.items()}


def _check_text(toml: str) -> None:
    """Raises InvalidField for text that the TOML reader would take too long to read, and for a lone surrogate."""
    if len(toml) > TEXT_CHARS_MAX:
        raise InvalidField("", f"rules have at most {TEXT_CHARS_MAX} characters, these are {len(toml)}")
    for number, line in enumerate(toml.split("\n"), 1):
        if len(line) > LINE_CHARS_MAX:
            raise InvalidField("", f"line {number} has {len(line)} characters; at most {LINE_CHARS_MAX} are taken")
        try:
            line.encode()
        except UnicodeEncodeError as error:
            raise InvalidField("", f"line {number} has a lone surrogate at its character {error.start + 1}") from None
