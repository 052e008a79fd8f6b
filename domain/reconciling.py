"""Taking settlement files in, and what people decide on what they come to: the reconciliations' application service.

The file, the rules and the report are kept in the ledger, each under its SHA-256, in the transaction that records the
event naming it. So a report can be made again at any time and compared, and what a person decided on stays to be seen
even where a later version of this program would find something else.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import BinaryIO, Final, NamedTuple, Protocol
from uuid import UUID

import msgspec

from domain.aggregate import Event, place, step
from domain.ledger import OrderLedger, must_be_whole
from domain.log.log import Reading, Transaction
from domain.log.records import Provenance
from domain.privacy.keyring import Whose
from domain.reconciliation import decide, matching
from domain.reconciliation import events as e
from domain.reconciliation.refusals import ReconciliationMoved, ReconciliationNotFound, ResultNotFound
from domain.reconciliation.report import Asked, Earlier, Report, encode, in_transit, report, until
from domain.reconciliation.rules import DEFAULT, Rules, rules_from
from domain.reconciliation.state import RECONCILIATION, Decision, Reconciliation, is_open, uuid_of
from domain.settlement import lines
from domain.settlement.lines import Misfit, SettlementRefused
from domain.settlement.reading import read
from domain.settlement.shipped import recognised, shipped
from domain.topics import kind_of

_READ_BYTES: Final = 64 * 1024


class Journal(Protocol):
    """What the views know of payments, and of the reconciliations before."""

    def position(self) -> int:
        """How far in the log it is, all that is recorded included."""

    def entries(self, provider: str, position: int, *, after: int = 0) -> Iterable[matching.Entry]:
        """A provider's payments and refunds behind one position up to another, in the order of their positions."""

    def file_before(self, provider: str, until: datetime) -> UUID | None:
        """The reconciliation of the provider's last file that ends before this moment."""


class Outcome(NamedTuple):
    """What a command came to: the reconciliation after it, how far in the log that is, and whether it is new."""

    reconciliation: Reconciliation
    position: int
    is_new: bool = False


class _Results(msgspec.Struct):
    """Of a kept report as much as decisions need to know."""

    class Result(msgspec.Struct):
        class Line(msgspec.Struct):
            row: int

        class Entry(msgspec.Struct):
            position: int

        id: str
        outcome: str
        lines: tuple[Line, ...]
        entries: tuple[Entry, ...]

    results: list[Result]


_decode_results = msgspec.json.Decoder(_Results).decode
_decode_report = msgspec.json.Decoder(Report).decode


class Given(NamedTuple):
    """Where a decision comes from, and the versions of the reconciliation that it is given for; None for any."""

    provenance: Provenance
    expected_versions: Sequence[int] | None = None

    def must_fit(self, state: Reconciliation) -> None:
        """Raises ReconciliationMoved."""
        if self.expected_versions is not None and state.version not in self.expected_versions:
            raise ReconciliationMoved(state.version)


class _Settled(NamedTuple):
    """What a file says."""

    lines: list[lines.Line]
    balances: list[lines.Balance]


def read_again(log: Reading, state: Reconciliation) -> tuple[Rules, _Settled]:
    """The rules and the file, as they were kept. Raises OperationalError where one is not what was kept."""
    rules = rules_from(b"".join(log.kept_file(state.rules_sha256)).decode())
    with TemporaryFile() as file:
        for piece in log.kept_file(state.file_sha256):
            file.write(piece)
        return rules, _read(file, state.file, state.provider, rules)


class Reconciling:
    def __init__(self, ledger: OrderLedger, journal: Journal) -> None:
        self._ledger = ledger
        self._log = ledger.log_of_events
        self._journal = journal

    # --- what is there ---

    def get(self, uuid: UUID, on: Reading | None = None) -> Reconciliation:
        """The reconciliation as its events make it; `on` a transaction, with what that has written.

        Raises ReconciliationNotFound, IncompleteHistory.
        """
        state: Reconciliation | None = None
        known = self._ledger.known_version(uuid, on)
        for stored in (on or self._log).select_events(uuid):
            record = self._ledger.mapper.to_domain_event(stored)
            if kind_of(record) is not RECONCILIATION:
                raise ReconciliationNotFound
            state = step(RECONCILIATION, state, record)
        must_be_whole(uuid, 0 if state is None else state.version, known)
        if state is None:
            raise ReconciliationNotFound
        return state

    def kept_report(self, sha256: str) -> bytes:
        return b"".join(self._log.kept_file(sha256))

    def made_again(self, state: Reconciliation) -> Report:
        """The report, from file, rules and journal anew: the same as the kept one."""
        rules, settled = read_again(self._log, state)
        asked = Asked(state.provider, state.file_sha256, state.rules_sha256, state.position, state.earlier)
        return report(asked, *settled, self._journal.entries(state.provider, state.position), rules)

    # --- commands ---

    def start(
        self, file: BinaryIO, name: str, provider: str, rules_toml: str | None, provenance: Provenance
    ) -> Outcome:
        """Takes a settlement file in; the same file by the same rules again changes nothing.

        The rules may be the name of those that come with the program. Raises SettlementRefused, or InvalidField where
        the rules are wrong; then nothing is recorded or kept.
        """
        toml = _rules_of(file, name, provider, rules_toml)
        rules, rules_text = rules_from(toml), toml.encode()
        file_sha256, rules_sha256 = _sha256_of(file), hashlib.sha256(rules_text).hexdigest()
        uuid = uuid_of(provider, file_sha256, rules_sha256)
        if known := self._known(uuid, self._log):
            return known
        settled = _read(file, name, provider, rules)
        position, now = self._journal.position(), self._ledger.clock()
        earlier = self._left_by(self._journal.file_before(provider, until(settled.lines)))
        asked = Asked(provider, file_sha256, rules_sha256, position, earlier)
        made = report(asked, *settled, self._journal.entries(provider, position), rules)
        kept = encode(made)
        events = _first_events(asked, name, made, kept, now)

        def record(t: Transaction) -> Outcome:
            # Another upload of the same file may have been first.
            if known := self._known(uuid, t):
                return known
            t.keep_file(file_sha256, file)
            for content in (rules_text, kept):
                _keep(t, content)
            return self._append(t, None, uuid, events, provenance=provenance, now=now)._replace(is_new=True)

        return self._ledger.write(record).result()

    def _known(self, uuid: UUID, on: Reading) -> Outcome | None:
        return self.as_it_is(self.get(uuid, on), on) if on.position_of(uuid, 1) else None

    def as_it_is(self, state: Reconciliation, on: Reading | None = None) -> Outcome:
        """The outcome of a command that changes nothing."""
        return Outcome(state, (on or self._log).position_of(state.uuid, state.version))

    def _left_by(self, uuid: UUID | None) -> Earlier | None:
        if uuid is None:
            return None
        state = self.get(uuid)
        made = _decode_report(self.kept_report(state.report_sha256))
        return Earlier(made.position, made.until, in_transit(made))

    def confirm(self, uuid: UUID, ids: Sequence[str], given: Given) -> Outcome:
        return self._decide(uuid, ids, given, lambda state, results, now: decide.confirm(state, results, now=now))

    def break_match(self, uuid: UUID, ids: Sequence[str], reason: str, given: Given) -> Outcome:
        def broken(state: Reconciliation, results: list[decide.Result], now: datetime) -> list[Event]:
            return decide.break_match(state, results, reason, now=now)

        return self._decide(uuid, ids, given, broken)

    def explain(self, uuid: UUID, ids: Sequence[str], reason: str, given: Given) -> Outcome:
        def explained(state: Reconciliation, results: list[decide.Result], now: datetime) -> list[Event]:
            return decide.explain(state, results, reason, now=now)

        return self._decide(uuid, ids, given, explained)

    def close(self, uuid: UUID, given: Given) -> Outcome:
        return self._decide(uuid, (), given, lambda state, _, now: decide.close(state, now=now))

    def _decide(
        self,
        uuid: UUID,
        ids: Sequence[str],
        given: Given,
        decided: Callable[[Reconciliation, list[decide.Result], datetime], list[Event]],
    ) -> Outcome:
        """All of it or, where one result cannot be decided so, nothing."""
        state = self.get(uuid)
        report_sha256, results = state.report_sha256, self._results(state, ids)

        def record(t: Transaction) -> Outcome:
            state = self.get(uuid, t)
            given.must_fit(state)
            found = results if state.report_sha256 == report_sha256 else self._results(state, ids)
            now = self._ledger.clock()
            return self._append(t, state, uuid, decided(state, found, now), provenance=given.provenance, now=now)

        return self._ledger.write(record).result()

    def _results(self, state: Reconciliation, ids: Sequence[str]) -> list[decide.Result]:
        """The report's results by these ids, each once. Raises ResultNotFound."""
        if not ids:
            return []
        known = {result.id: result for result in _plain_results(self.kept_report(state.report_sha256))}
        wanted = list(dict.fromkeys(ids))
        for unknown in (result for result in wanted if result not in known):
            raise ResultNotFound(unknown)
        return [known[result] for result in wanted]

    def run_again(self, uuid: UUID, given: Given) -> Outcome:
        """Looks again, to the head of the log; records nothing where the journal has nothing new of this provider.

        Decisions on what is found again hold on. Raises ReconciliationIsClosed.
        """
        state, position = self.get(uuid), self._journal.position()
        given.must_fit(state)
        decide.check_runs_again(state)
        if not any(self._journal.entries(state.provider, position, after=state.position)):
            return self.as_it_is(state)
        made = self.made_again(msgspec.structs.replace(state, position=position))
        kept, now = encode(made), self._ledger.clock()

        def record(t: Transaction) -> Outcome:
            state = self.get(uuid, t)
            given.must_fit(state)
            decide.check_runs_again(state)
            if position <= state.position:
                return self.as_it_is(state, t)
            event = e.ReconciliationRunAgain(
                occurred_at=now,
                position=position,
                report_sha256=hashlib.sha256(kept).hexdigest(),
                outcomes=_found(made),
                open=_count_open(made, state.decisions),
            )
            _keep(t, kept)
            return self._append(t, state, uuid, [event], provenance=given.provenance, now=now)

        return self._ledger.write(record).result()

    def _append(
        self,
        t: Transaction,
        state: Reconciliation | None,
        uuid: UUID,
        events: Sequence[Event],
        *,
        provenance: Provenance,
        now: datetime,
    ) -> Outcome:
        if state is not None and not events:
            return self.as_it_is(state, t)
        after, records = place(RECONCILIATION, state, uuid, events)
        stored = self._ledger.stored(records, Whose(f"reconciliation:{uuid}", after.started_at.year), now)
        positions = self._ledger.append(t, stored, provenance=provenance, now=now)
        return Outcome(after, positions[-1])


def _rules_of(file: BinaryIO, name: str, provider: str, given: str | None) -> str:
    """The text of the rules that are kept: with the description of the file, where the program has one."""
    if given is not None and given.strip() in shipped():
        return f"{DEFAULT}\n{shipped()[given.strip()].text}"
    toml = DEFAULT if given is None else given
    if rules_from(toml).mapping(provider) is not None:
        return toml
    try:
        known = recognised(file)
    except Misfit as misfit:
        raise SettlementRefused(name, misfit.row, misfit.column, misfit.message) from None
    return f"{toml}\n{shipped()[known].text}" if known else toml


def _read(file: BinaryIO, name: str, provider: str, rules: Rules) -> _Settled:
    """Raises SettlementRefused."""
    balances: list[lines.Balance] = []
    found = read(file, name, provider, rules.mapping(provider), balances.append, kinds=rules.kinds(provider))
    return _Settled(list(found), balances)


def _first_events(asked: Asked, name: str, made: Report, kept: bytes, now: datetime) -> list[Event]:
    return [
        e.ReconciliationStarted(
            occurred_at=now,
            provider=asked.provider,
            file=name,
            file_sha256=asked.file_sha256,
            rules_sha256=asked.rules_sha256,
            rules_version=made.rules_version,
            position=asked.position,
            earlier=asked.earlier,
        ),
        e.MatchesSuggested(
            occurred_at=now,
            report_sha256=hashlib.sha256(kept).hexdigest(),
            until=made.until,
            outcomes=_found(made),
            open=_count_open(made, {}),
        ),
    ]


def _sha256_of(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    for piece in iter(lambda: file.read(_READ_BYTES), b""):
        digest.update(piece)
    return digest.hexdigest()


def _keep(t: Transaction, content: bytes) -> None:
    t.keep_file(hashlib.sha256(content).hexdigest(), BytesIO(content))


def _count_open(made: Report, decisions: Mapping[str, Decision]) -> int:
    return sum(is_open(result.outcome, decisions.get(result.id)) for result in made.results)


def _found(made: Report) -> dict[str, int]:
    return {outcome: count for outcome, count in made.outcomes.items() if count}


def _plain_results(kept: bytes) -> Iterable[decide.Result]:
    for result in _decode_results(kept).results:
        rows = tuple(line.row for line in result.lines)
        positions = tuple(entry.position for entry in result.entries)
        yield decide.Result(result.id, result.outcome, rows, positions)
