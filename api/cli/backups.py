"""`run.py backup` and `restore`: copies the ledger and its files as of one moment, and brings them back.

A backup is a folder. Its `backup.json` is written last, when the copy was read again: a folder without it is no backup.
The data keys have a folder of their own in it, `keys`, since they must be deleted sooner than the rest: an old copy of
them opens personal data that were erased since. The list of erasures (LEDGER_ERASURES) is not in a backup, since it
must not go back with the ledger.
"""

import hashlib
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing
from fcntl import LOCK_SH, flock
from pathlib import Path
from typing import Final

import click
import msgspec
from eventsourcing.persistence import OperationalError, PersistenceError

from api import VERSION
from api.cli.terminal import NEEDS_A_PERSON, Unopened, fail, given_settings, opened, progress, settings, tell, warn
from api.settings import Settings
from domain.counted import counted
from domain.durable import open_to_append, sync
from domain.log.log import Log, LogAway, LogForbidden
from domain.log.opening import open_log, without_secrets
from domain.log.sqlite import Busy, connect, copy, cut_wal, sqlite3
from domain.moments import instant, utc_now
from domain.own_file import open_own
from domain.privacy.keyring import KeyStore
from domain.privacy.masters import MastersLocation, MasterUnknown
from domain.privacy.opening import KeysLocation, LedgerLocation, WrongKeys
from domain.privacy.sqlite_keys import SQLiteKeyStore
from domain.proof.checkpoint import split
from projections.proof.signing import NoSigningKey, public_key
from projections.proof.verification import verify
from projections.proof.verifying_checkpoints import CheckpointSource, Verified, checkpoints_of

MANIFEST: Final = "backup.json"
# The file beside the ledger with a line for each backup: its time, position and folder.
NOTES: Final = "backups.txt"
FORMAT: Final = 1
LEDGER: Final = "ledger.db"
WEBHOOKS: Final = "webhooks.db"
KEYS: Final = "keys/keys.db"
MASTER: Final = "keys/master.key"
_SETTINGS: Final = "settings.env"
_SECRET: Final = ("LEDGER_MASTER_KEY",)
_ON_POSTGRESQL: Final = (
    "the log itself is in PostgreSQL and not in this backup: pg_basebackup copies all of it, and with archived WAL to"
    " any moment; `pg_dump --schema=order_ledger` the log alone, without the data keys, which are in DIR/keys; `run.py"
    " migrate --to sqlite:///copy.db` makes a file of it"
)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backup's position (None where the log is in PostgreSQL), and the SHA-256 of each file."""

    format: int
    made_by: str
    made_at: str
    position: int | None
    files: dict[str, str]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Copy the ledger into DIR, also while it is serving. The copy is as of one moment; DIR must be new or empty.

    The backup also has the signing key, the checkpoints, the webhooks with their secrets, the log of accesses, the
    settings without their secrets, and in DIR/keys the data keys. The copy is then read again as by `run.py verify`;
    exits 1 where it is not what was recorded, and is no backup.

    Delete DIR/keys after a month and keep the newest: an old one opens data that were erased since. The master key is
    in it only where it stands beside the data keys; better keep it elsewhere (LEDGER_MASTER, LEDGER_MASTER_KEY).

    \b
      run.py backup /backups/$(date +%F)
      LEDGER_URL=sqlite:///new/ledger.db run.py restore /backups/2026-03-01
    """
    chosen = settings()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} is there and not empty; a backup goes into a folder of its own.")
    try:
        ledger = opened(chosen)
    except Unopened as error:
        fail(str(error))
    store = None if ledger.keys is None else ledger.keys.store
    ledger.close()
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        _copy_all(chosen, folder, store)
        place = _location_of(chosen, folder, has_keys=store is not None)
        position = (
            None if chosen.ledger is None else _must_verify(place, folder / "ledger.key", folder / "checkpoints.txt")
        )
        _finish(folder, position)
        _note(chosen, folder, position)
    except (OSError, Busy, sqlite3.Error, PersistenceError) as error:
        fail(f"there is no backup in {folder}: {error}", NEEDS_A_PERSON)
    if (folder / MASTER).exists():
        told = f"{folder / MASTER} is the master key, beside the keys that it wraps; better, it is elsewhere"
        warn(f"{told} (LEDGER_MASTER, LEDGER_MASTER_KEY).")
    if position is None:
        warn(f"{_ON_POSTGRESQL}.")
        print(f"what stands beside the ledger is in {folder}")
    else:
        print(f"{counted(position, 'event')} and what stands beside are in {folder}, read again: everything holds")


def _copy_all(chosen: Settings, folder: Path, store: KeyStore | None) -> None:
    """Copies signed heads and webhooks before the log, so that the log has every record that they name; and the data
    keys after the log, so that they include every key that it needs."""
    for name, path in _beside(chosen):
        if path.exists():
            _copy_file(path, folder / name)
    lines = (f"{name}={shlex.quote(without_secrets(value))}\n" for name, value in given_settings().items())
    (folder / _SETTINGS).write_text("".join(line for line in lines if not line.startswith(_SECRET)))
    if chosen.webhooks.exists():
        copy(chosen.webhooks, folder / WEBHOOKS)
    if chosen.ledger is not None:
        copy(chosen.ledger, folder / LEDGER)
    if store is not None:
        (folder / "keys").mkdir(0o700)
        _copy_keys(store, folder / KEYS)
        masters = chosen.keys.masters
        if store.file and masters.text is None and masters.file.resolve().parent == store.file.resolve().parent:
            _copy_file(masters.file, folder / MASTER)


def _copy_keys(store: KeyStore, target: Path) -> None:
    if store.file is not None:
        copy(store.file, target)
    else:
        with closing(SQLiteKeyStore(target)) as copied:
            copied.take_over(store)


def _beside(chosen: Settings) -> Iterator[tuple[str, Path]]:
    """The files that stand beside a ledger, by their names in a backup."""
    yield "ledger.key", chosen.key
    yield "checkpoints.txt", chosen.checkpoints
    yield "accesses.jsonl", chosen.accesses


def _copy_file(path: Path, target: Path) -> None:
    with path.open("rb") as file, os.fdopen(open_own(target, os.O_WRONLY | os.O_EXCL), "wb") as copied:
        flock(file, LOCK_SH)  # writers hold the lock while they add a line
        shutil.copyfileobj(file, copied)


def _location_of(chosen: Settings, folder: Path, *, has_keys: bool) -> LedgerLocation:
    masters = chosen.keys.masters
    if (folder / MASTER).exists():
        masters = MastersLocation(folder / MASTER)
    return LedgerLocation(f"sqlite:///{folder / LEDGER}", KeysLocation(folder / KEYS, masters) if has_keys else None)


def _must_verify(place: LedgerLocation, key: Path, notes: Path) -> int:
    """Verifies a ledger; returns its head, or ends the program with the first problem."""
    found = _verified(place, key, notes)
    if found.problems:
        first = found.problems[0]
        fail(
            f"what was copied is not what was recorded: position {first.position}, order {first.order or 'unknown'}:"
            f" {first.reason}; `run.py verify` says all of it",
            NEEDS_A_PERSON,
        )
    return found.events


def _verified(place: LedgerLocation, key: Path, notes: Path) -> Verified:
    try:
        public = public_key(key)
    except NoSigningKey:
        public = None
    with closing(open_log(place.url)) as log:
        log.create()  # an older version has made some of its tables
        sources = [checkpoints_of(log)]
    if notes.exists():
        sources.append(CheckpointSource(f"kept in {notes}", list(split(notes.read_bytes()))))
    with progress("reading it again") as say:
        return verify(place, None, checkpoints=sources, key=public, progress=say)


def _finish(folder: Path, position: int | None) -> None:
    """Writes a backup's manifest, and makes all its files durable."""
    for name in (LEDGER, KEYS, WEBHOOKS):
        if (folder / name).exists():
            with closing(connect(folder / name, "FULL")) as last:  # its close removes the WAL's files
                cut_wal(last)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder)): _sha256(path) for path in files}
    manifest = Manifest(FORMAT, VERSION, instant(utc_now()), position, names)
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    for path in (*files, folder / MANIFEST, folder):
        sync(path)


def _note(chosen: Settings, folder: Path, position: int | None) -> None:
    line = f"{instant(utc_now())} {'-' if position is None else position} {folder.resolve()}\n"
    with open_to_append(chosen.folder / NOTES) as notes:
        notes.write(line.encode(errors="surrogateescape"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path) -> None:
    """Bring the backup in DIR back to where the settings say. Nothing may be there yet.

    Each file is checked by its SHA-256, and the ledger as by `run.py verify`. The data keys come from DIR/keys; keys
    that are at LEDGER_KEYS already stay, so that an old backup can be restored with newer keys. The master key, if DIR
    has none, must be at LEDGER_MASTER or in LEDGER_MASTER_KEY; the list of erasures (LEDGER_ERASURES) must be at its
    place. The views are made when the service starts. Exits 1 where something does not hold.
    """
    chosen = settings()
    manifest = _manifest_of(folder)
    wanted = dict(_targets(chosen, manifest, folder))
    _must_be_empty(chosen, wanted)
    made: list[Path] = []
    try:
        for name, path in wanted.items():
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            made.append(path)
            _copy_file(folder / name, path)
            sync(path)
        keys = _keys_for(chosen, manifest, folder)
        position = None
        if chosen.ledger is not None:
            position = _must_verify(LedgerLocation(chosen.url, keys), chosen.key, chosen.checkpoints)
    except BaseException as error:
        for path in made:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        if isinstance(error, OSError | Busy | MasterUnknown | WrongKeys | sqlite3.Error | PersistenceError):
            fail(f"nothing was restored: {error}", NEEDS_A_PERSON)
        raise
    if keys is not None and not chosen.erasures.exists():
        told = (
            f"there is no {chosen.erasures} (LEDGER_ERASURES), so what was erased since {manifest.made_at} is not known"
        )
        warn(f"{told}.")
    if position is None:
        tell("the log is restored by PostgreSQL's own tools; `run.py verify` reads it whole.")
        print(f"what stands beside the ledger is back from {folder}")
    else:
        events = counted(position, "event is", "events are")
        print(f"{events} at {chosen.shown_url}, as of {manifest.made_at}: everything holds")


def _manifest_of(folder: Path) -> Manifest:
    """A backup's manifest, its files compared with it. Ends the program where they differ."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        fail(f"{folder} holds no whole backup: there is no {MANIFEST}, which is written last.", NEEDS_A_PERSON)
    except (OSError, msgspec.DecodeError) as error:
        fail(f"{folder / MANIFEST} cannot be read: {error}", NEEDS_A_PERSON)
    if manifest.format > FORMAT:
        fail(f"{folder} was made by a newer version of this program, {manifest.made_by}.", NEEDS_A_PERSON)
    wrong = [
        name
        for name, sha256 in manifest.files.items()
        if not ((folder / name).is_file() and _sha256(folder / name) == sha256)
        and not (name in (KEYS, MASTER) and not (folder / name).exists())
    ]
    if wrong:
        fail(f"{folder} is not what was backed up: missing or altered: {', '.join(wrong)}", NEEDS_A_PERSON)
    return manifest


def _targets(chosen: Settings, manifest: Manifest, folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a backup, each with the path that the settings give it."""
    if (LEDGER in manifest.files) != (chosen.ledger is not None):
        fail(f"the backup in {folder} is of a ledger on another engine than LEDGER_URL names.")
    if chosen.ledger is not None:
        yield LEDGER, chosen.ledger
    for name, path in _beside(chosen):
        if name in manifest.files:
            yield name, path
    if WEBHOOKS in manifest.files:
        yield WEBHOOKS, chosen.webhooks
    masters = chosen.keys.masters
    if (folder / KEYS).exists() and chosen.ledger is not None and not chosen.keys.path.exists():
        yield KEYS, chosen.keys.path
    if (folder / MASTER).exists() and masters.text is None and not masters.file.exists():
        yield MASTER, masters.file


def _must_be_empty(chosen: Settings, wanted: dict[str, Path]) -> None:
    there = [path for path in (*wanted.values(), chosen.views) if path.exists() or path.is_symlink()]
    if there:
        fail(f"a backup is restored where nothing is; there are {', '.join(map(str, there))}")


def _keys_for(chosen: Settings, manifest: Manifest, folder: Path) -> KeysLocation | None:
    """The data keys of a restored ledger; None where it has none. A database without keys is given those of the
    backup.

    Raises MasterUnknown, NotTheKeys.
    """
    if KEYS not in manifest.files:
        return None
    with closing(open_log(chosen.url)) as log:
        store = log.key_store(chosen.keys.path)
        if store.file is None:
            chosen.keys.masters.read()  # first: keys that came into a database stay there
            _bring_keys(log, store, folder / KEYS)
        if not store.exists():
            raise MasterUnknown(f"the backup's {KEYS} is deleted; put a newer backup's at {store.shown} (LEDGER_KEYS)")
    chosen.keys.masters.read()
    return chosen.keys


def _bring_keys(log: Log, store: KeyStore, file: Path) -> None:
    """Gives a database without data keys those of a backup. Raises NotTheKeys where the log in it is not sealed by
    them."""
    try:
        kept = log.keyring()
    except OperationalError as error:
        if isinstance(error, LogAway | LogForbidden):
            raise
        raise WrongKeys(f"there is no log yet, PostgreSQL's own tools bring the log back first: {error}") from error
    log.create()
    if store.exists() or not file.exists():
        return
    with closing(SQLiteKeyStore(file)) as backed_up:
        if kept is None or kept.id != backed_up.id:
            sealed = "is not sealed" if kept is None else f"is sealed by the keyring {kept.id}"
            raise WrongKeys(f"the log {sealed}, and the backup has the keyring {backed_up.id}")
        store.take_over(backed_up)
