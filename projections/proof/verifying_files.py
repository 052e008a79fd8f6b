"""Are the kept files unaltered? Each stored file is compared with the SHA-256 by which the log's records name it. A
sealed one is also opened, where its key is there, and compared with the SHA-256 of its plain content."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import msgspec
from eventsourcing.persistence import OperationalError

from domain.log.log import Log
from domain.log.records import RawRecord
from domain.period.state import PERIOD
from domain.privacy.files import KeptFiles
from domain.privacy.keyring import Keyring
from domain.reconciliation.state import RECONCILIATION
from domain.refusals import FileErased
from domain.topics import TOPICS
from projections.proof.problems import Problem

_NAMING: Final = frozenset(name for name, topic in TOPICS.items() if topic.kind in (RECONCILIATION, PERIOD))


def check_files(log: Log, keys: Keyring | None, raws: Iterable[RawRecord]) -> Iterator[Problem]:
    """The problems of the kept files that these records name."""
    kept = KeptFiles(log, keys)
    for raw, sha256, sealed_sha256 in _named_by(raws):
        try:
            _read(kept.pieces(sha256, sealed_sha256))
        except FileErased:
            yield from _sealed(log, raw, sealed_sha256)
        except OperationalError as error:
            yield Problem(raw.position, raw.order, str(error))


def names_of_files(raws: Iterable[RawRecord]) -> set[str]:
    """The SHA-256s under which the files that the records name are kept."""
    return {sealed_sha256 or sha256 for _, sha256, sealed_sha256 in _named_by(raws)}


def _named_by(raws: Iterable[RawRecord]) -> Iterator[tuple[RawRecord, str, str]]:
    """Each record with the SHA-256 of a file that it names, and the SHA-256 of its sealed bytes, if any."""
    for raw in raws:
        if raw.topic in _NAMING:
            with suppress(TypeError, ValueError):  # a damaged record is a problem of its own
                for pair in msgspec.json.decode(raw.payload, type=_Named).files():
                    yield raw, *pair


def _sealed(log: Log, raw: RawRecord, sha256: str) -> Iterator[Problem]:
    """The problem of a sealed file with a destroyed key: its bytes must still be the kept ones."""
    try:
        _read(log.kept_file(sha256))
    except OperationalError as error:
        yield Problem(raw.position, raw.order, str(error))


def _read(pieces: Iterable[bytes]) -> None:
    for _ in pieces:
        pass


class _Named(msgspec.Struct):
    """The files that an event names."""

    file_sha256: str = ""
    file_sealed_sha256: str = ""
    rules_sha256: str = ""
    report_sha256: str = ""
    report_sealed_sha256: str = ""
    index_sha256: str = ""
    csv_sha256: str = ""

    def files(self) -> Iterator[tuple[str, str]]:
        """The SHA-256 of each file, and the SHA-256 of its sealed bytes, if any."""
        sealed = (self.file_sha256, self.file_sealed_sha256), (self.report_sha256, self.report_sealed_sha256)
        plain = ((sha256, "") for sha256 in (self.rules_sha256, self.index_sha256, self.csv_sha256))
        return ((sha256, sealed_sha256) for sha256, sealed_sha256 in (*sealed, *plain) if sha256)
