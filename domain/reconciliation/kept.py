"""How is a report kept? As JSON, beside an index by which a page of it or one result is read.

A report of a large file is too long to be read whole for each page and each decision. Other files of the provider need
only its claims.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO, Final

import msgspec

from domain.moments import microseconds
from domain.reconciliation.others import Claim, Cover, SharedClaims, Waiting, covers
from domain.reconciliation.payouts import Offers
from domain.reconciliation.report import END, ID_DIGITS, LazyReport, Report, Result, claims_of, encoded

# The index has the offset of each result whose number is a multiple of STEP_RESULTS.
STEP_RESULTS: Final = 100
_decode_report = msgspec.json.Decoder(Report).decode
_decode_results = msgspec.json.Decoder(list[Result]).decode


class Index(msgspec.Struct, frozen=True):
    """The index of a report. `offsets` are where every STEP_RESULTS-th result begins, and where the last one ends;
    `ids` has all ids, one behind the other; `waiting` are the payments that are expected in the file and missing;
    `offers` is for the files of other providers."""

    results_sha256: str
    covers: list[Cover]
    offsets: list[int]
    ids: str
    claims: list[Claim]
    waiting: list[Waiting]
    offers: Offers


class SharedOffers(msgspec.Struct, frozen=True):
    """The part of an index that the files of other providers need."""

    covers: list[Cover]
    offers: Offers = Offers()


class _Places(msgspec.Struct, frozen=True):
    """The part of an index that is needed to read the report."""

    offsets: list[int]
    ids: str


class _Digest(msgspec.Struct, frozen=True):
    """The part of an index that is the same in two reports with the same results."""

    results_sha256: str


decode_digest = msgspec.json.Decoder(_Digest).decode
decode_offers = msgspec.json.Decoder(SharedOffers).decode
decode_claims = msgspec.json.Decoder(SharedClaims).decode
_decode_places = msgspec.json.Decoder(_Places).decode


class Written(msgspec.Struct, frozen=True):
    """A report that was written: its SHA-256, its index, and how many of its results are open."""

    sha256: str
    index: Index
    open: int


def write(made: LazyReport, file: BinaryIO, is_open: Callable[[Result], bool]) -> Written:
    """Writes a report as JSON; `is_open` decides which results count as open."""
    whole, of_results = hashlib.sha256(), hashlib.sha256()
    offsets: list[int] = []
    ids: list[str] = []
    size = open_ = 0
    for result, piece in encoded(made):
        if result is not None:
            if len(ids) % STEP_RESULTS == 0:
                offsets.append(size + piece.startswith(b","))
            ids.append(result.id)
            of_results.update(piece)
            open_ += is_open(result)
        elif piece == END:
            offsets.append(size)
        whole.update(piece)
        file.write(piece)
        size += len(piece)
    index = Index(of_results.hexdigest(), made.covers, offsets, "".join(ids), made.claims, made.waiting, made.offers)
    return Written(whole.hexdigest(), index, open_)


class KeptReport:
    """A kept report. `pieces` opens its bytes anew; `index` is the kept index."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]], index: bytes) -> None:
        self._pieces = pieces
        self._places = _decode_places(index)

    @property
    def head(self) -> Report:
        """The report without its results."""
        return _decode_report(self._read(0, self._places.offsets[0]) + END)

    def __len__(self) -> int:
        return len(self._places.ids) // ID_DIGITS

    def results(self, first: int, end: int) -> Sequence[Result]:
        """The results from number `first` to before number `end`."""
        end = min(end, len(self))
        if first >= end:
            return ()
        offsets = self._places.offsets
        start, stop = first // STEP_RESULTS, -(-end // STEP_RESULTS)
        found = _decode_results(b"[" + self._read(offsets[start], offsets[stop]).rstrip(b",") + b"]")
        return found[first - start * STEP_RESULTS : end - start * STEP_RESULTS]

    def place(self, id_: str) -> int | None:
        """The number of a result, by its id; None for an id that the report does not have."""
        at = self._places.ids.find(id_) if len(id_) == ID_DIGITS else -1
        while at >= 0 and at % ID_DIGITS:
            at = self._places.ids.find(id_, at + 1)
        return at // ID_DIGITS if at >= 0 else None

    def result(self, id_: str) -> Result | None:
        """A result, by its id; None for an id that the report does not have."""
        place = self.place(id_)
        return None if place is None else self.results(place, place + 1)[0]

    def ids(self) -> set[str]:
        ids = self._places.ids
        return {ids[at : at + ID_DIGITS] for at in range(0, len(ids), ID_DIGITS)}

    def _read(self, start: int, end: int) -> bytes:
        """The report's bytes from offset `start` to before offset `end`."""
        found, at = bytearray(), 0
        for piece in self._pieces():
            if at + len(piece) > start:
                found += piece[max(0, start - at) : end - at]
            at += len(piece)
            if at >= end:
                break
        return bytes(found)


def without_index(pieces: Callable[[], Iterator[bytes]]) -> KeptReport:
    """A kept report from before there were indexes. Its bytes are read whole, at once."""
    content, index = indexed(b"".join(pieces()))
    return KeptReport(lambda: iter([content]), index)


def indexed(content: bytes) -> tuple[bytes, bytes]:
    """A report without an index as it would be written today, and its index, without offers."""
    report = _decode_report(content)
    results = report.results
    waiting = [
        Waiting(entry.position, microseconds(entry.received_at))
        for result in results
        if not result.lines
        for entry in result.entries
    ]
    of_lines = ((line.currency, line.occurred_at) for result in results for line in result.lines)
    head = msgspec.structs.replace(report, results=())
    made = LazyReport(head, iter(results), covers(of_lines, ()), claims_of(results), waiting, Offers())
    written = write(made, file := BytesIO(), lambda _: False)
    return file.getvalue(), msgspec.json.encode(written.index)


# The report that stands for an erased one.
_NOTHING: Final = Report(
    provider="",
    file_sha256="",
    rules_sha256="",
    rules_version="",
    position=0,
    until=datetime.min.replace(tzinfo=UTC),
    lines=0,
    entries=0,
    outcomes={},
    tie_out=(),
    results=(),
)
ERASED: Final = without_index(lambda: iter([msgspec.json.encode(_NOTHING)]))
