"""What does PostgreSQL itself find wrong in a log: in the schema, in the indexes against their tables?"""

from collections.abc import Iterator, Mapping
from typing import Final

import psycopg

from domain.log.postgres.connection import SCHEMA, WHOLE_SECONDS_MAX, Connection, Row, Statement
from domain.log.postgres.schema import APPEND_ONLY
from domain.log.records import Fault

_FAULTS_MAX: Final = 1_000
_COLUMNS: Final = {
    "logs": "log schema_version",
    "events": "position originator_id version topic payload recorded_at actor request_id idempotency_key digest",
    "claims": "kind value number originator_id version fingerprint",
    "checkpoints": "size note made_at",
    "access_keys": "name prefix hash customer_id scopes created_at revoked_at expires_at origins",
    "former_keys": "hash name prefix expires_at",
    "kept_files": "sha256 piece content",
    "clocks": "number boot uptime moment why",
    "keyrings": "number id since made_at",
    "webhooks": (
        "id url event_types secret old_secret old_secret_until private_key position created_at created_by disabled_at"
        " disabled_because revision"
    ),
    "deliveries": (
        "webhook position originator type status attempts next_at attempted_at answer_status answer error milliseconds"
    ),
    "handovers": "number size note made_at",
}
_INDEXES: Final = {
    "logs_pkey",
    "events_pkey",
    "events_originator_id_version_key",
    "claims_of_text",
    "claims_of_number",
    "checkpoints_pkey",
    "access_keys_pkey",
    "access_keys_hash_key",
    "former_keys_pkey",
    "kept_files_pkey",
    "clocks_pkey",
    "keyrings_pkey",
    "webhooks_pkey",
    "deliveries_pkey",
    "deliveries_waiting",
    "handovers_pkey",
}
_INDEX: Final = (
    "the index on order and version does not lead to this record; `run.py verify --mend-index` makes it anew"
)

_PLANNER: Final = Statement("SAVEPOINT planner")  # its settings as they were


def faults(connection: Connection) -> Iterator[Fault]:
    """Every fault of a log. The whole table of events is read twice: as it is stored, and by its index."""
    try:
        yield from _of_schema(connection)
        yield from _of_index(connection)
        yield from _taken_twice(connection)
    except psycopg.Error as error:
        yield Fault(0, None, f"PostgreSQL cannot read all of it: {error}")


def _of_schema(connection: Connection) -> Iterator[Fault]:
    """The differences between the tables, indexes and triggers and those that `schema.py` makes."""
    columns = connection.rows(
        "SELECT table_name::text, string_agg(column_name::text, ' ' ORDER BY ordinal_position)"
        " FROM information_schema.columns WHERE table_schema = $1 GROUP BY 1",
        (SCHEMA,),
    )
    there = {table.decode(): names.decode() for table, names in columns}
    yield from _unlike("table", _COLUMNS, there)
    indexes = connection.rows(
        "SELECT relname::text, indisvalid AND indisready FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE relnamespace = $1::text::regnamespace",
        (SCHEMA,),
    )
    whole = {name.decode() for name, is_whole in indexes if is_whole}
    for index in sorted(_INDEXES - whole):
        yield Fault(0, None, f"the schema has no whole index {index}")
    triggers = connection.rows(
        "SELECT tgname::text, tgenabled::text, proname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE relnamespace = $1::text::regnamespace AND NOT tgisinternal",
        (SCHEMA,),
    )
    names = [f"{table}_{what}_stay" for table in APPEND_ONLY for what in ("rows", "all")]
    found = {name.decode(): (enabled, function) for name, enabled, function in triggers}
    yield from _unlike("trigger", dict.fromkeys(names, (b"A", b"stays")), found)


def _unlike(what: str, expected: Mapping[str, object], there: Mapping[str, object]) -> Iterator[Fault]:
    """The tables, indexes and triggers of the schema that are missing, surplus or not as this program makes them."""
    for name in sorted(expected.keys() | there.keys()):
        if name not in there:
            yield Fault(0, None, f"the schema has no {what} {name}")
        elif name not in expected:
            yield Fault(0, None, f"the schema has what this program did not make: the {what} {name}")
        elif there[name] != expected[name]:
            yield Fault(0, None, f"the {what} {name} in the schema is not the one that this program makes")


def _of_index(connection: Connection) -> Iterator[Fault]:
    """The records that the index on order and version lacks. Compares a checksum of table and index first, in one
    snapshot, since records are appended meanwhile."""
    told = "SELECT count(*), bit_xor(hashtextextended(originator_id, version)) FROM events"
    by_table, by_index = _without(
        connection,
        (("indexscan", "indexonlyscan", "bitmapscan"), Statement(told)),
        (("seqscan", "bitmapscan"), Statement(f"{told} WHERE originator_id >= ''")),
    )
    if by_table != by_index:
        yield from _not_indexed(connection)


def _not_indexed(connection: Connection) -> Iterator[Fault]:
    # The inner query looks each record up in the index alone.
    lacking = Statement(
        "SELECT position, originator_id FROM events AS e WHERE NOT EXISTS (SELECT 1 FROM events AS i"
        " WHERE i.originator_id = e.originator_id AND i.version = e.version AND i.position = e.position)"
        f" ORDER BY position LIMIT {_FAULTS_MAX}"
    )
    (found,) = _without(connection, (("bitmapscan", "hashjoin", "mergejoin"), lacking))
    if not found:
        yield Fault(0, None, "the index on order and version has not what the table has; `run.py verify --mend-index`")
    for position, originator in found:
        yield Fault(position, (originator or b"").decode(errors="replace"), _INDEX)


def _taken_twice(connection: Connection) -> Iterator[Fault]:
    """The versions that more than one record of an order has. Reads the table alone, since the index may be damaged."""
    taken_again = Statement(
        "SELECT originator_id, version, min(position), max(position) FROM events GROUP BY 1, 2"
        f" HAVING count(*) > 1 LIMIT {_FAULTS_MAX}"
    )
    (twice,) = _without(connection, (("indexscan", "indexonlyscan", "bitmapscan"), taken_again))
    for originator, version, first, last in twice:
        order = (originator or b"").decode(errors="replace")
        yield Fault(last, order, f"it has the version {version} that the record at position {first} has")


def _without(connection: Connection, *asked: tuple[tuple[str, ...], Statement]) -> list[list[Row]]:
    """The rows of queries in one snapshot, each with these methods of the planner switched off."""
    statements, places = [Statement("BEGIN ISOLATION LEVEL REPEATABLE READ"), _PLANNER], []
    for ways, statement in asked:
        statements += [Statement(f"SET LOCAL enable_{way} = off") for way in ways]
        places.append(len(statements))
        statements += [statement, Statement("ROLLBACK TO planner")]
    found = connection.execute(*statements, Statement("COMMIT"), seconds=WHOLE_SECONDS_MAX)
    return [found[place] for place in places]
