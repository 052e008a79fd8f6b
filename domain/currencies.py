"""The currencies of ISO 4217: each with its digits after the point, and the day of its withdrawal.

The table is part of this program, because records must stay readable whichever packages are installed. Active
currencies come from the standard's list one, withdrawn currencies from list three (those in use since 1990). No row is
ever deleted: a withdrawn currency gets its day. Units without digits (gold, SDR, the codes for tests) are left out,
since no order is in them.

A recorded order does not need this table: its first event has its currency's digits.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.refusals import InvalidField


class Currency(NamedTuple):
    """A currency: its digits after the point, and the first day on which it was no longer money; None while it is."""

    digits: int
    withdrawn: date | None = None


_ACTIVE: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
        CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
        IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
        MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
        SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
        YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# List three gives months. The day here is the exact day where known. Else it is the first of the month, or of the next
# month where the currency was still used in the listed one.
_WITHDRAWN: Final = {
    0: """
        ADP 2003-07-01  BEF 2002-03-01  BYB 2001-01-01  BYR 2017-01-01  ESP 2002-03-01  GRD 2002-03-01  ITL 2002-03-01
        LUF 2002-03-01  MGF 2005-01-01  PTE 2002-03-01  TPE 2002-11-01  TRL 2006-01-01
    """,
    2: """
        AFA 2003-01-01  ANG 2025-04-01  AOK 1991-03-01  AON 2000-02-01  AOR 2000-02-01  ARA 1992-01-01  ATS 2002-03-01
        AZM 2006-01-01  BAD 1998-07-01  BGL 2003-11-01  BGN 2026-01-01  BRE 1993-08-01  BRN 1990-03-16  BRR 1994-07-01
        BUK 1990-02-01  CHC 2004-11-01  CSD 2006-10-01  CSK 1993-03-01  CUC 2021-07-01  CYP 2008-01-01  DDM 1990-07-01
        DEM 2002-03-01  ECS 2000-09-01  EEK 2011-01-01  FIM 2002-03-01  FRF 2002-03-01  GEK 1995-10-01  GHC 2008-01-01
        GWP 1997-05-01  HRD 1995-01-01  HRK 2023-01-01  IEP 2002-03-01  LTL 2015-01-01  LTT 1993-07-01  LVL 2014-01-01
        LVR 1995-01-01  MRO 2018-01-01  MTL 2008-01-01  MXP 1993-01-01  MZM 2006-07-01  NIC 1990-11-01  NLG 2002-03-01
        PEI 1991-07-01  PLZ 1997-01-01  ROL 2005-07-01  RUR 2004-01-01  SDD 2007-07-01  SDP 1998-06-01  SIT 2007-01-01
        SKK 2009-01-01  SLL 2024-01-01  SRG 2004-01-01  STD 2018-01-01  SUR 1991-01-01  TJR 2001-04-01  TMM 2009-01-01
        UAK 1996-09-16  USS 2014-04-01  UYP 1993-03-01  VEB 2008-01-01  VEF 2018-08-20  XEU 1999-01-01  YDD 1991-09-01
        YUD 1990-01-01  YUM 2003-07-01  YUN 1995-11-01  ZMK 2013-01-01  ZRN 1999-06-01  ZRZ 1994-02-01  ZWD 2008-08-01
        ZWL 2024-09-01  ZWN 2006-10-01  ZWR 2009-06-01
    """,
}


def _table() -> Iterator[tuple[str, Currency]]:
    for digits, codes in _ACTIVE.items():
        for code in codes.split():
            yield code, Currency(digits)
    for digits, text in _WITHDRAWN.items():
        words = text.split()
        for code, day in zip(words[::2], words[1::2], strict=True):
            yield code, Currency(digits, date.fromisoformat(day))


CURRENCIES: Final[Mapping[str, Currency]] = MappingProxyType(dict(_table()))


def minor_digits(code: str) -> int | None:
    """The digits after the point of a currency, active or withdrawn; None where the code is no currency."""
    currency = CURRENCIES.get(code)
    return None if currency is None else currency.digits


def digits_of(code: str, on: date | None = None) -> int:
    """The digits after the point of a currency. Raises InvalidField where the code is no currency, or where the
    currency was withdrawn by the day `on`."""
    currency = CURRENCIES.get(code)
    if currency is None:
        raise InvalidField("currency", f"{code!r} is not a currency of ISO 4217; write it like 'USD'.")
    if on is not None and currency.withdrawn is not None and currency.withdrawn <= on:
        raise InvalidField("currency", f"{code} was withdrawn on {currency.withdrawn}; no order is in it since.")
    return currency.digits
