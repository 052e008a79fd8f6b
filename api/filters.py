"""The parameters of the shop's list as a filter on the views, for customers and for staff."""

from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from falcon.uri import parse_query_string

from api import paging
from api.asking import Asking
from api.errors import collect, invalid_parameter
from api.parameters import Parameters
from api.positions import position_in
from domain.order import statuses
from projections.orders import list as orders
from projections.orders.list import NEWEST_FIRST, ORDERING, Filter, Ordering, Page
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


class ListQuery(msgspec.Struct, frozen=True):
    """A list's query string, parsed: its filter, ordering and page, and the least position of the views."""

    wanted: Filter
    ordering: tuple[tuple[str, bool], ...]
    limit: int
    offset: int
    min_position: int | None


# Clients send the same few query strings again and again.
@lru_cache(maxsize=512)
def parse_list_query(query: str, zone: ZoneInfo, limit_default: int) -> ListQuery:
    """A query string of the shop's list, parsed. Raises a 400 that names the parameters at fault."""
    parameters = Parameters(parse_query_string(query, keep_blank=True))
    wanted, sorting, (limit, offset), position = collect(
        lambda: read_filter(parameters, zone),
        lambda: ordering(parameters),
        lambda: paging.window(parameters, limit_default),
        lambda: position_in(parameters, "min_position"),
    )
    return ListQuery(wanted, sorting, limit, offset, position)


async def page(asking: Asking, query: ListQuery, document: str, customer_id: int | None) -> Page:
    """A page of orders, as their `document`, once the views have reached the least position. Raises what `Asking`
    raises."""
    await asking.await_position(query.min_position)
    return await asking(
        lambda connection: orders.page(
            connection,
            query.wanted,
            document=document,
            customer_id=customer_id,
            ordering=query.ordering,
            limit=query.limit,
            offset=query.offset,
        )
    )


def read_filter(parameters: Parameters, zone: ZoneInfo) -> Filter:
    """The filter of the list. Raises a 400 that names the parameters at fault."""
    named, id_min, id_max, has_notes, created, updated, words_of_search, *ids = collect(
        lambda: _statuses(parameters),
        lambda: parameters.integer("id_min"),
        lambda: parameters.integer("id_max"),
        lambda: parameters.boolean("has_notes"),
        lambda: tuple(parameters.ranges("created", zone)),
        lambda: tuple(parameters.ranges("updated", zone)),
        lambda: search_words(parameters),
        *(partial(_ids, parameters, field) for field in _ID_FIELDS),
    )
    return Filter(
        statuses=named,
        ids=tuple(chain.from_iterable(ids)),
        id_min=id_min,
        id_max=id_max,
        has_notes=has_notes,
        created=created,
        updated=updated,
        words=words_of_search,
        currency=parameters.currency(),
    )


def _ids(parameters: Parameters, field: str) -> list[tuple[str, tuple[int, ...]]]:
    one, some = collect(lambda: parameters.integer(field), lambda: parameters.integers(f"{field}_in"))
    return [(f"{field}_id", ids) for ids in (() if one is None else (one,), tuple(some)) if ids]


def _statuses(parameters: Parameters) -> tuple[str, ...] | None:
    status = parameters.choice("status", statuses.LISTED)
    named = parameters.listed("status_in")
    if not named:
        return None if status is None else (status,)
    return tuple(name for name in named if name in statuses.TRANSITIONS and status in (None, name))


def search_words(parameters: Parameters) -> tuple[str, ...]:
    """The normalised words of `search`. Raises a 400 for too many."""
    found = words(parameters.text("search") or "")
    if len(found) > SEARCH_WORDS_MAX:
        raise invalid_parameter("search", f"at most {SEARCH_WORDS_MAX} words")
    return tuple(found)


def ordering(parameters: Parameters) -> Ordering:
    """The columns that the shop's list is sorted by, each with whether it descends. Raises a 400."""
    terms = [(ORDERING[field], is_down) for field, is_down in ordering_fields(parameters, ORDERING)]
    return tuple(terms) or NEWEST_FIRST


def ordering_fields(parameters: Parameters, known: Iterable[str]) -> Ordering:
    """The fields of `ordering`, each with whether it descends; of a field named twice the first counts.

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
