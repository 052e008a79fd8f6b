"""The shop list's parameters as a filter on the views: one reading for customers and for staff."""

from typing import Final
from zoneinfo import ZoneInfo

from api.errors import invalid_parameter
from api.parameters import Parameters
from domain.order import TRANSITIONS
from projections.orders import NEWEST_FIRST, ORDERING, Filter
from projections.search import words

SEARCH_WORDS_MAX: Final = 32
# The seed's order of the eight; `deleted` can only be asked for by `status_in`.
STATUSES: Final = ("new", "hold", "failed", "cancelled", "processing", "shipped", "completed", "refunded")
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
        "min_position",
    }
    | {f"{field}{suffix}" for field in _ID_FIELDS for suffix in ("", "_in")}
    | {f"{time}_{suffix}" for time in ("created", "updated") for suffix in ("date", "from", "to")}
)


_NOT_NARROWING: Final = frozenset({"limit", "offset", "ordering", "min_position"})
_EVERYTHING: Final = Filter()


def read(parameters: Parameters, zone: ZoneInfo) -> Filter:
    """What the list is to be narrowed to. Raises a 400 that names the parameter at fault."""
    if parameters.names() <= _NOT_NARROWING:
        return _EVERYTHING
    ids = []
    for field in _ID_FIELDS:
        if (one := parameters.integer(field)) is not None:
            ids.append((f"{field}_id", [one]))
        if some := parameters.integers(f"{field}_in"):
            ids.append((f"{field}_id", some))
    return Filter(
        statuses=_statuses(parameters),
        ids=ids,
        id_min=parameters.integer("id_min"),
        id_max=parameters.integer("id_max"),
        has_notes=parameters.boolean("has_notes"),
        created=parameters.ranges("created", zone),
        updated=parameters.ranges("updated", zone),
        words=_words(parameters),
    )


def _statuses(parameters: Parameters) -> list[str] | None:
    status = parameters.choice("status", STATUSES)
    named = [name for name in (parameters.text("status_in") or "").split(",") if name]
    if not named:
        return None if status is None else [status]
    return [name for name in named if name in TRANSITIONS and status in (None, name)]


def _words(parameters: Parameters) -> list[str]:
    found = words(parameters.text("search") or "")
    if len(found) > SEARCH_WORDS_MAX:
        raise invalid_parameter("search", f"at most {SEARCH_WORDS_MAX} words")
    return found


def ordering(parameters: Parameters) -> list[tuple[str, bool]]:
    """Columns to sort by, and whether each goes down; a field named twice counts where it stands first."""
    given = parameters.text("ordering")
    if given is None:
        return list(NEWEST_FIRST)
    terms: dict[str, bool] = {}
    for term in given.split(","):
        field = term.strip().removeprefix("-")
        if field and field not in ORDERING:
            raise invalid_parameter("ordering", f"must be of {', '.join(ORDERING)}, each with or without a - in front")
        if field:
            terms.setdefault(ORDERING[field], term.strip().startswith("-"))
    return list(terms.items()) or list(NEWEST_FIRST)
