"""The tables of a log on PostgreSQL: append-only for every role, by triggers that no setting switches off."""

from collections.abc import Iterator
from typing import Final

from eventsourcing.persistence import OperationalError

from domain.log.postgres.connection import SCHEMA, Connection, Statement
from domain.log.postgres.data_keys import KEYS_GRANTS, KEYS_SCHEMA, KEYS_TABLES

SCHEMA_VERSION: Final = 1
# Takes the lock under which one transaction at a time writes. The row is never updated: each update would leave a dead
# version, which all later locks would walk while any old snapshot is open.
LOCK: Final = Statement("SELECT 1 FROM logs WHERE log = 'orders' FOR UPDATE")

_TABLES: Final = """
CREATE TABLE logs (
  log            text COLLATE "C" PRIMARY KEY,
  schema_version bigint NOT NULL
);
CREATE TABLE events (
  position        bigint PRIMARY KEY CHECK (position > 0),
  originator_id   text COLLATE "C" NOT NULL,
  version         bigint NOT NULL,
  topic           text COLLATE "C" NOT NULL,
  payload         text COLLATE "C" NOT NULL,
  recorded_at     text COLLATE "C" NOT NULL,
  actor           text COLLATE "C" NOT NULL,
  request_id      text COLLATE "C",
  idempotency_key text COLLATE "C",
  digest          bytea NOT NULL CHECK (octet_length(digest) = 32),
  UNIQUE (originator_id, version)
);
CREATE TABLE claims (
  kind          text COLLATE "C" NOT NULL,
  value         text COLLATE "C",
  number        bigint,
  originator_id text COLLATE "C" NOT NULL,
  version       bigint NOT NULL,
  fingerprint   bytea,
  CHECK (num_nonnulls(value, number) = 1)
);
CREATE UNIQUE INDEX claims_of_text ON claims (kind, value) WHERE value IS NOT NULL;
CREATE UNIQUE INDEX claims_of_number ON claims (kind, number) WHERE number IS NOT NULL;
CREATE TABLE checkpoints (
  size    bigint PRIMARY KEY,
  note    text COLLATE "C" NOT NULL,
  made_at text COLLATE "C" NOT NULL
);
CREATE TABLE access_keys (
  name        text COLLATE "C" PRIMARY KEY,
  prefix      text COLLATE "C" NOT NULL,
  hash        bytea NOT NULL UNIQUE,
  customer_id bigint,
  scopes      text COLLATE "C" NOT NULL,
  created_at  text COLLATE "C" NOT NULL,
  revoked_at  text COLLATE "C"
);
CREATE TABLE kept_files (
  sha256  text COLLATE "C" NOT NULL,
  piece   bigint NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (sha256, piece)
);
ALTER TABLE kept_files ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE clocks (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  boot   text COLLATE "C" NOT NULL,
  uptime bigint NOT NULL,
  moment text COLLATE "C" NOT NULL,
  why    text COLLATE "C" NOT NULL
);
CREATE TABLE keyrings (
  number  bigint PRIMARY KEY CHECK (number = 1),
  id      text COLLATE "C" NOT NULL,
  since   bigint NOT NULL,
  made_at text COLLATE "C" NOT NULL
);
CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
    MESSAGE = format('the log is append-only: no %s of %s', TG_OP, TG_TABLE_NAME);
END
$body$;
INSERT INTO logs VALUES ('orders', 1)
"""
# These came later: an older ledger gets them when it is opened by a role that may make tables.
_FORMER_KEYS: Final = """
ALTER TABLE access_keys ADD COLUMN expires_at text COLLATE "C", ADD COLUMN origins text COLLATE "C" NOT NULL DEFAULT '';
CREATE TABLE former_keys (
  hash       bytea PRIMARY KEY,
  name       text COLLATE "C" NOT NULL,
  prefix     text COLLATE "C" NOT NULL,
  expires_at text COLLATE "C" NOT NULL
)
"""
_HANDOVERS: Final = """
CREATE TABLE handovers (
  number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  size    bigint NOT NULL,
  note    text COLLATE "C" NOT NULL,
  made_at text COLLATE "C" NOT NULL
)
"""
_APPEND_ONLY_FIRST: Final = ("events", "claims", "checkpoints", "kept_files", "clocks", "keyrings")
APPEND_ONLY: Final = (*_APPEND_ONLY_FIRST, "handovers")
_WEBHOOKS: Final = """
CREATE TABLE webhooks (
  id               text COLLATE "C" PRIMARY KEY,
  url              text COLLATE "C" NOT NULL,
  event_types      text COLLATE "C" NOT NULL,
  secret           bytea NOT NULL,
  old_secret       bytea,
  old_secret_until bigint,
  private_key      bytea NOT NULL,
  position         bigint NOT NULL,
  created_at       text COLLATE "C" NOT NULL,
  created_by       text COLLATE "C" NOT NULL,
  disabled_at      text COLLATE "C",
  disabled_because text COLLATE "C",
  revision         bigint NOT NULL DEFAULT 1
);
CREATE TABLE deliveries (
  webhook       text COLLATE "C" NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  position      bigint NOT NULL,
  originator    text COLLATE "C" NOT NULL,
  type          text COLLATE "C" NOT NULL,
  status        text COLLATE "C" NOT NULL,
  attempts      bigint NOT NULL,
  next_at       bigint NOT NULL,
  attempted_at  text COLLATE "C",
  answer_status bigint,
  answer        text COLLATE "C",
  error         text COLLATE "C",
  milliseconds  bigint,
  PRIMARY KEY (webhook, position)
);
CREATE INDEX deliveries_waiting ON deliveries (webhook, position) WHERE status = 'waiting'
"""
# ENABLE ALWAYS: without it, a role that may set session_replication_role = replica would bypass the triggers.
_GUARDS: Final = """
CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER {table}_all_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stays();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_rows_stay, ENABLE ALWAYS TRIGGER {table}_all_stay
"""
_GRANTS: Final = """\
-- For the role that the service logs in as. Run it as the role that has made the tables.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT ON {tables} TO {role};
-- To lock the log's row is a right of roles that may update it; nothing does.
GRANT SELECT, UPDATE (schema_version) ON {schema}.logs TO {role};
GRANT SELECT, INSERT, UPDATE (prefix, hash, scopes, revoked_at, expires_at, origins) ON {schema}.access_keys TO {role};
GRANT SELECT, INSERT, UPDATE (expires_at) ON {schema}.former_keys TO {role};
-- The webhooks are no part of the log.
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.webhooks, {schema}.deliveries TO {role};
"""


def grants(role: str) -> str:
    """The SQL that lets a role of PostgreSQL serve, without the right to alter records."""
    quoted = '"' + role.replace('"', '""') + '"'
    tables = ", ".join(f"{SCHEMA}.{table}" for table in APPEND_ONLY)
    return (_GRANTS + KEYS_GRANTS).format(schema=SCHEMA, role=quoted, tables=tables)


def make_tables(connection: Connection) -> None:
    """Makes the missing tables in one transaction, so that several nodes may call this at once. Raises OperationalError
    where the database is not in UTF8, or the schema is something else's or of a newer version of this program."""
    if not _is_made(connection):
        connection.execute(*_making())
    # With the schema's name: without it, a role that lacks rights on the schema would be told that no table exists.
    ((version,),) = connection.rows(f"SELECT schema_version FROM {SCHEMA}.logs WHERE log = 'orders'")
    if version > SCHEMA_VERSION:
        raise OperationalError("this ledger was written by a newer version of this program.")


def _is_made(connection: Connection) -> bool:
    ((encoding, tables, is_fed),) = connection.rows(
        "SELECT current_setting('server_encoding'), (SELECT array_agg(tablename::text) FROM pg_tables"
        " WHERE schemaname = ANY($1)), EXISTS (SELECT FROM pg_subscription_rel JOIN pg_class ON pg_class.oid = srrelid"
        " JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname = ANY($1))",
        ([SCHEMA, KEYS_SCHEMA],),
    )
    if is_fed:
        raise OperationalError(
            "this is a copy that a subscription feeds: what was recorded here would stand beside what comes, and end"
            " it. Name the database that it comes from, or drop the subscription first."
        )
    if encoding != b"UTF8":
        raise OperationalError(f"the database is in {encoding.decode()}; a ledger needs one in UTF8.")
    there = {table.decode() for table in tables or ()}
    if there and not there >= {"logs", "events", "claims"}:
        raise OperationalError(f"the schema {SCHEMA} is of something else, not a ledger.")
    return there >= {"former_keys", "handovers", "data_keys", "webhooks"}


def _making() -> Iterator[Statement]:
    yield Statement("BEGIN")
    yield Statement("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", (SCHEMA,))
    guards = [_GUARDS.format(table=table) for table in _APPEND_ONLY_FIRST]
    scripts = {
        f"{SCHEMA}.logs": ";".join([f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", _TABLES, *guards]),
        f"{SCHEMA}.former_keys": _FORMER_KEYS,
        f"{KEYS_SCHEMA}.data_keys": KEYS_TABLES,
        f"{SCHEMA}.handovers": ";".join([_HANDOVERS, _GUARDS.format(table="handovers")]),
        f"{SCHEMA}.webhooks": _WEBHOOKS,
    }
    # One statement, so that only the first node makes the tables.
    steps = (f"IF to_regclass('{missing}') IS NULL THEN {script}; END IF;" for missing, script in scripts.items())
    yield Statement(f"DO $do$ BEGIN {' '.join(steps)} END $do$")
    yield Statement("COMMIT")
