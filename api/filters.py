"""The shop list's parameters as a filter on the views: one reading for customers and for staff."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from falcon.uri import parse_query_string

from api import paging
from api.errors import invalid_parameter
from api.parameters import Parameters
from domain.order import statuses
from projections.orders.list import NEWEST_FIRST, ORDERING, Filter, Ordering
from projections.orders.search import words

SEARCH_WORDS_MAX: Final = 32
_ID_FIELDS: Final = ("payment_method", "shipping_method", "billing_country", "billing_state", "billing_city")
NAMES: Final = frozenset(
    {
        "limit",
        "offset",
        "search",
        "ordering",
        "status",
        "status_in",
        "has_notes",
        "id_min",
        "id_max",
        "currency",
        "min_position",
    }
    | {f"{field}{suffix}" for field in _ID_FIELDS for suffix in ("", "_in")}
    | {f"{time}_{suffix}" for time in ("created", "updated") for suffix in ("date", "from", "to")}
)


class Asked(msgspec.Struct, frozen=True):
    """A list's query, read: what it is narrowed to, its order, and the part of it that is wanted."""

    wanted: Filter
    ordering: tuple[tuple[str, bool], ...]
    limit: int
    offset: int


# Clients send the same few queries again and again.
@lru_cache(maxsize=512)
def asked(query: str, zone: ZoneInfo, limit_default: int) -> Asked:
    """What a query string asks of the shop's list. Raises a 400 that names the parameter at fault."""
    parameters = Parameters(parse_query_string(query, keep_blank=True))
    return Asked(read(parameters, zone), ordering(parameters), *paging.window(parameters, limit_default))


def read(parameters: Parameters, zone: ZoneInfo) -> Filter:
    """What the list is to be narrowed to. Raises a 400 that names the parameter at fault."""
    ids: list[tuple[str, tuple[int, ...]]] = []
    for field in _ID_FIELDS:
        if (one := parameters.integer(field)) is not None:
            ids.append((f"{field}_id", (one,)))
        if some := parameters.integers(f"{field}_in"):
            ids.append((f"{field}_id", tuple(some)))
    return Filter(
        statuses=_statuses(parameters),
        ids=tuple(ids),
        id_min=parameters.integer("id_min"),
        id_max=parameters.integer("id_max"),
        has_notes=parameters.boolean("has_notes"),
        created=tuple(parameters.ranges("created", zone)),
        updated=tuple(parameters.ranges("updated", zone)),
        words=search_words(parameters),
        currency=parameters.currency(),
    )


def _statuses(parameters: Parameters) -> tuple[str, ...] | None:
    status = parameters.choice("status", statuses.LISTED)
    named = parameters.listed("status_in")
    if not named:
        return None if status is None else (status,)
    return tuple(name for name in named if name in statuses.TRANSITIONS and status in (None, name))


def search_words(parameters: Parameters) -> tuple[str, ...]:
    """The words of `search`, normal. Raises a 400 where there are too many."""
    found = words(parameters.text("search") or "")
    if len(found) > SEARCH_WORDS_MAX:
        raise invalid_parameter("search", f"at most {SEARCH_WORDS_MAX} words")
    return tuple(found)


def ordering(parameters: Parameters) -> Ordering:
    """The columns that the shop's list is to be sorted by, and whether each goes down. Raises a 400."""
    terms = [(ORDERING[field], is_down) for field, is_down in ordering_fields(parameters, ORDERING)]
    return tuple(terms) or NEWEST_FIRST


def ordering_fields(parameters: Parameters, known: Iterable[str]) -> Ordering:
    """The fields of `ordering`, and whether each goes down; a field named twice counts where it stands first.

    Raises a 400 where a field is not known.
    """
    terms: dict[str, bool] = {}
    for term in parameters.listed("ordering"):
        field = term.removeprefix("-")
        if field and field not in known:
            raise invalid_parameter("ordering", f"must be of {', '.join(known)}, each with or without a - in front")
        if field:
            terms.setdefault(field, term.startswith("-"))
    return tuple(terms.items())
