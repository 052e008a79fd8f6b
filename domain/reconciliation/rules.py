"""How are lines and journal set beside each other? The settings of a reconciliation, versioned, as TOML.

version = "2026-03"
settlement_delay_days = 3         # how long after a payment it may be settled; of providers without one of their own

[tolerance]                       # by currency: how far amounts may be apart and still be suggested
USD = "0.02"

[providers.stripe]
settlement_delay_days = 7

[providers.mybank.file]           # a file of no known format: see `mapping`
delimiter = ";"
…
"""

import tomllib
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from domain.money import Amount
from domain.refusals import InvalidField
from domain.settlement.formats.mapping import Mapping, checked
from domain.strict_json import shaped

_Days: TypeAlias = Annotated[int, Meta(ge=0, le=365)]


class ProviderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    settlement_delay_days: _Days | None = None
    file: Mapping | None = None


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """`tolerance_minor` is by currency, in its minor units; a currency that is not in it has none."""

    version: str
    settlement_delay_days: int = 3
    tolerance_minor: dict[str, int] = {}
    providers: dict[str, ProviderRules] = {}

    def delay_days(self, provider: str) -> int:
        own = self.providers[provider].settlement_delay_days if provider in self.providers else None
        return self.settlement_delay_days if own is None else own

    def mapping(self, provider: str) -> Mapping | None:
        """How this provider's files are read; None where their format is a known one."""
        return self.providers[provider].file if provider in self.providers else None


DEFAULT: Final = Rules(version="default-1")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    settlement_delay_days: _Days = DEFAULT.settlement_delay_days
    tolerance: dict[str, Amount] = {}
    providers: dict[str, ProviderRules] = {}


def rules_from(toml: str) -> Rules:
    """Raises InvalidField, naming what is wrong in the TOML."""
    try:
        # Numbers with a point stay text: an amount never passes through a float.
        file = shaped(tomllib.loads(toml, parse_float=str), _File)
    except tomllib.TOMLDecodeError as error:
        raise InvalidField("", f"this is not TOML: {error}") from None
    except RecursionError:
        raise InvalidField("", "this is nested too deep") from None
    for name, provider in file.providers.items():
        if provider.file:
            checked(provider.file, f"providers.{name}.file.")
    return Rules(
        version=file.version,
        settlement_delay_days=file.settlement_delay_days,
        tolerance_minor={code: amount.minor(code, f"tolerance.{code}") for code, amount in file.tolerance.items()},
        providers=file.providers,
    )
