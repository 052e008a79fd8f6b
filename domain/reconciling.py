"""Takes settlement files in, runs them again, and records people's decisions: the reconciliations' application service.

The ledger keeps the file, the rules and the report, each under its SHA-256, in the transaction that records the event
naming it. So a report can be made again at any time and compared. The report that a person decided on stays readable,
even where a later version of this program would find other results.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import BinaryIO, Final, NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import OperationalError
from msgspec.structs import replace

from domain.aggregate import Event, Record, to_records
from domain.ledger import OrderLedger
from domain.ledger import owner_of as whose_order
from domain.log.log import Reading, Transaction
from domain.log.records import Provenance
from domain.log.records import uuid_of as uuid_of_originator
from domain.order.personal import CONTACT
from domain.privacy.keyring import DataOwner
from domain.reconciled import Journal, Reconciled, Shared, decided_on, owner_of, read_file
from domain.reconciliation import decide, payouts
from domain.reconciliation import events as e
from domain.reconciliation.deciding import DecisionBatch, Wanted
from domain.reconciliation.kept import SharedOffers, Written, decode_digest, write
from domain.reconciliation.others import DECIDED, affects
from domain.reconciliation.refusals import KeptFilesFull, ReconciliationMoved
from domain.reconciliation.report import LazyReport, Report, ReportInputs, Result
from domain.reconciliation.rules import DEFAULT, rules_from
from domain.reconciliation.state import (
    FILE,
    RECONCILIATION,
    STATUSES,
    SUBJECT,
    Decision,
    Reconciliation,
    is_open,
    uuid_of,
)
from domain.refusals import Refusal
from domain.settlement.lines import Misfit, SettlementRefused
from domain.settlement.shipped import recognise, shipped
from domain.topics import TOPICS

_READ_BYTES: Final = 64 * 1024
# The default limit for the stored bytes of settlement files, rules and reports together.
KEPT_BYTES_MAX: Final = 10 * 1024**3
# The topics of reconciliations; below, the topics whose events give a payment to a line.
_TOPICS: Final = tuple(name.decode() for name, topic in TOPICS.items() if topic.kind is RECONCILIATION)
_GIVING: Final = tuple(
    name.decode()
    for name, topic in TOPICS.items()
    if topic.shape in (e.MatchConfirmed, e.MatchedByHand, e.ReconciliationClosed)
)
# The decisions that may give a payment to a line.
_OF_PAYMENTS: Final = ("confirm", "match", "undo")
# A report is made anew where other reconciliations changed meanwhile, but so many times at most; the last is recorded.
TRIES_MAX: Final = 4
# At most so many other reconciliations are run again because of one.
RUNS_MAX: Final = 200


class Outcome(NamedTuple):
    """The outcome of a command: the reconciliation after it, the position of its last event, whether it is new, and the
    ids of the decided results."""

    reconciliation: Reconciliation
    position: int
    is_new: bool = False
    results: tuple[str, ...] = ()


class IncomingFile(NamedTuple):
    """A settlement file that is to be taken in, its rules as they are kept, and its reconciliation where it was taken
    in before."""

    uuid: UUID
    name: str
    provider: str
    rules: str
    file_sha256: str
    rules_sha256: str
    known: Outcome | None


class WriteConditions(NamedTuple):
    """A decision's provenance, and the versions of the reconciliation that it is given for; None for any version."""

    provenance: Provenance
    expected_versions: Sequence[int] | None = None

    def must_fit(self, state: Reconciliation) -> None:
        """Raises ReconciliationMoved where the reconciliation is at none of the expected versions."""
        if self.expected_versions is not None and state.version not in self.expected_versions:
            raise ReconciliationMoved(state.version)


class _Attempt(NamedTuple):
    """One attempt to make and record a report.

    `decisions` are laid over the report. `make` makes the report up to a position of the log, at a time. `record`
    records it; its result is None where the attempt must be repeated.
    """

    decisions: Mapping[str, Decision]
    make: Callable[[int, datetime], LazyReport]
    record: Callable[[Transaction, "_Run"], Outcome | None]


class Reconciling(Reconciled):
    """The commands on a ledger's reconciliations.

    Once kept files take `kept_bytes_max`, commands that would keep a file or a report raise KeptFilesFull. The days of
    a new file are those of `timezone`.
    """

    def __init__(
        self, ledger: OrderLedger, journal: Journal, kept_bytes_max: int = KEPT_BYTES_MAX, timezone: str = "UTC"
    ) -> None:
        super().__init__(ledger, journal)
        self._kept_bytes_max = kept_bytes_max
        self._timezone = timezone

    def _rerun_affected(self, state: Reconciliation, before: Shared | None, who: Provenance) -> None:
        """Runs the other reconciliations again whose results may change with this one. A closed one stays as it is.

        `before` has this one's claims and offers until now. A run can change the results of further reconciliations.
        The second run of a file changes only its possible claims, so the runs end soon; RUNS_MAX is for safety.
        """
        changed, runs = [(state, before)], 0
        while changed:
            one, before = changed.pop(0)
            after = self._shared(one)
            if before == after:
                continue
            self._journal.position()
            states = self._journal.reconciliations()
            all_offers = [self._shared_offers(state).offers for state in states]
            may_be_banks = any(offers.credits and not offers.is_bank for offers in all_offers)
            for other in states:
                if runs < RUNS_MAX and self._affects(one, before, after, other, may_be_banks=may_be_banks):
                    runs += 1
                    shared = self._shared(other)
                    again = self._rerun(other, who)
                    if again.run_version != other.run_version:
                        changed.append((again, shared))

    def _affects(
        self, one: Reconciliation, before: Shared | None, after: Shared, other: Reconciliation, *, may_be_banks: bool
    ) -> bool:
        """Whether the results of `other` may change, where `one` had the claims and offers `before` and now `after`."""
        if other.is_closed or other.is_withdrawn:
            return False
        if other.provider == one.provider:
            if other.file_sha256 == one.file_sha256:
                return False
            if affects(before.claims if before else None, after.claims, self._shared_claims(other)):
                return True
        offered = before.offers if before else SharedOffers([])
        moved = offered.covers != after.offers.covers
        return payouts.affects(
            offered.offers,
            after.offers.offers,
            self._shared_offers(other).offers,
            covers_moved=moved,
            may_be_banks=may_be_banks,
        )

    def _rerun(self, other: Reconciliation, who: Provenance) -> Reconciliation:
        """Runs another reconciliation again; returns it as it is where the run is refused. It may be closed meanwhile,
        its file may be damaged or unreadable for this version of the program, or the kept files may be full. Such a
        refusal must not fail the command that caused the run."""
        try:
            return self.run_again(other.uuid, WriteConditions(who), spreads=False).reconciliation
        except (Refusal, OperationalError):
            return other

    # --- commands ---

    def identify(self, file: BinaryIO, name: str, provider: str, rules_toml: str | None) -> IncomingFile:
        """The identity of a settlement file. `rules_toml` may also be the name of rules shipped with the program.

        Raises SettlementRefused, InvalidField where the rules are wrong, and for a new file KeptFilesFull.
        """
        toml = _rules_of(file, name, provider, rules_toml)
        rules_from(toml)
        file_sha256, rules_sha256 = _sha256_of(file), hashlib.sha256(toml.encode()).hexdigest()
        uuid = uuid_of(provider, file_sha256, rules_sha256)
        known = self._known(uuid, self._log)
        if known is None:
            self._must_have_room()
        return IncomingFile(uuid, name, provider, toml, file_sha256, rules_sha256, known)

    def _must_have_room(self) -> None:
        """Raises KeptFilesFull. Called before the work and outside the lock, so the last files may exceed the limit."""
        if (taken := self._log.kept_files_bytes()) >= self._kept_bytes_max:
            raise KeptFilesFull(taken, self._kept_bytes_max)

    def start(self, file: BinaryIO, name: str, provider: str, rules_toml: str | None, by: Provenance) -> Outcome:
        """Takes a settlement file in. The same file with the same rules a second time changes nothing.

        Raises what `identify` and `take_in` raise; then nothing is recorded or kept.
        """
        coming = self.identify(file, name, provider, rules_toml)
        return coming.known or self.take_in(file, coming, by)

    def take_in(
        self, file: BinaryIO, coming: IncomingFile, by: Provenance, say: Callable[[str, int], None] = lambda _, __: None
    ) -> Outcome:
        """Takes a new settlement file in. `say` gets the progress: the stage, and the number of lines read. Raises
        SettlementRefused."""
        uuid, name, provider, toml, file_sha256, rules_sha256, _ = coming
        rules, rules_text = rules_from(toml), toml.encode()
        settled = read_file(file, name, provider, rules, lambda lines: say("reading", lines))

        def make(position: int, now: datetime) -> LazyReport:
            say("matching", len(settled.lines))
            inputs = ReportInputs(provider, file_sha256, rules_sha256, position, now, timezone=self._timezone)
            return self._report_of(inputs, rules, settled, self._journal.reconciliations())

        def record(t: Transaction, run: _Run) -> Outcome:
            # Another upload of the same file may have been recorded first.
            if known := self._known(uuid, t):
                return known
            owner = DataOwner(f"{SUBJECT}{uuid}", run.now.year)
            sealed = self._ledger.files.keep(t, file_sha256, file, owner, FILE, run.now)
            _keep(t, rules_text)
            events = _first_events(run, name, sealed, self._keep(t, run, owner), self._timezone)
            return self._append(t, None, uuid, events, provenance=by, now=run.now)._replace(is_new=True)

        outcome = self._run(uuid, lambda: _Attempt({}, make, record))
        assert outcome is not None  # a new reconciliation cannot change meanwhile
        if outcome.is_new:
            self._rerun_affected(outcome.reconciliation, None, by)
            outcome = outcome._replace(position=max(outcome.position, self._log.max_notification_id() or 0))
        return outcome

    def _run(self, uuid: UUID, attempt: Callable[[], _Attempt]) -> Outcome | None:
        """Makes a report and records it; tries again where this or another reconciliation has changed meanwhile.

        None where this reconciliation changed at the last try, too.
        """
        for tries_left in reversed(range(TRIES_MAX)):
            if (outcome := self._tried(uuid, attempt(), may_wait=tries_left > 0)) is not None:
                return outcome
        return None

    def _tried(self, uuid: UUID, attempt: _Attempt, *, may_wait: bool) -> Outcome | None:
        """Makes an attempt's report and records it. None where this reconciliation has changed meanwhile, or another
        has and the attempt `may_wait`."""
        by_hand: list[Result] = []

        def is_open_(result: Result) -> bool:
            if result.rule == "by_hand":
                by_hand.append(result)
            return is_open(result.outcome, attempt.decisions.get(result.id))

        position, now = self._journal.position(), self._ledger.clock()
        with TemporaryFile() as file:
            made = attempt.make(position, now)
            run = _Run(made.head, write(made, file, is_open_), file, now, by_hand)

            def record(t: Transaction) -> Outcome | None:
                moved = t.raw_records(after=run.head.position, topics=_TOPICS)
                if may_wait and any(raw.order != str(uuid) for raw in list(moved)):
                    return None
                return attempt.record(t, run)

            return self._ledger.write(record).result()

    def _known(self, uuid: UUID, on: Reading) -> Outcome | None:
        return self._as_it_is(self.get(uuid, on), on) if on.position_of(uuid, 1) else None

    def _as_it_is(self, state: Reconciliation, on: Reading) -> Outcome:
        """The outcome of a command that changes nothing."""
        return Outcome(state, on.position_of(state.uuid, state.version))

    def decide(self, uuid: UUID, wanted: Sequence[Wanted], given: WriteConditions) -> Outcome:
        """Records people's decisions: all of them or, where one is refused, none.

        A match by hand, or its undoing, makes the report anew. Raises ResultNotFound or DecisionNotAllowed for one
        decision, DecisionsRefused for several; ReconciliationMoved, ReconciliationIsClosed, ReconciliationIsWithdrawn,
        KeptFilesFull.
        """
        state = self.get(uuid)
        for _ in range(TRIES_MAX):
            given.must_fit(state)
            before = self._shared(state)
            outcome = self._decided(state, wanted, given)
            if outcome is not None:
                self._rerun_affected(outcome.reconciliation, before, given.provenance)
                return outcome
            state = self.get(uuid)
        raise ReconciliationMoved(state.version)

    def _decided(self, state: Reconciliation, wanted: Sequence[Wanted], given: WriteConditions) -> Outcome | None:
        """Records decisions on a state of the reconciliation. None where the reconciliation has moved meanwhile, or
        another has got one of the payments."""
        looked = self._journal.position()
        held = self._held_elsewhere(state) if any(one.decision in _OF_PAYMENTS for one in wanted) else {}
        deciding = DecisionBatch(state, self.report(state), held, self._ledger.clock())
        events, after = deciding.events(wanted)
        taken = {position for event in events if isinstance(event, e.MatchConfirmed) for position in event.entries}
        taken.update(position for _, positions in deciding.pairs for position in positions)
        back = decided_on(state, "broken") - decided_on(after, "broken")
        ids = tuple(id_ for one in wanted for id_ in one.results)

        def is_late(t: Transaction) -> bool:
            return t.version_of(state.uuid) != state.version or self._is_given(t, state, taken | back, after=looked)

        def record_alone(t: Transaction) -> Outcome | None:
            if is_late(t):
                return None
            now = self._ledger.clock()
            outcome = self._append(t, state, state.uuid, events, provenance=given.provenance, now=now)
            return outcome._replace(results=ids)

        if after.by_hand == state.by_hand and not deciding.pairs and back.isdisjoint(held):
            return self._ledger.write(record_alone).result()
        deciding.check_open(self._open_elsewhere(state, held))
        self._must_have_room()

        def attempt() -> _Attempt:
            def make(position: int, now: datetime) -> LazyReport:
                by_hand = (*after.by_hand, *deciding.pairs)
                return self._made(after, position, now, self._journal.reconciliations(), by_hand)

            def record(t: Transaction, run: _Run) -> Outcome | None:
                if is_late(t):
                    return None
                matched, of_matches = deciding.matched(replace(after, open=run.written.open), run.by_hand)
                all_ = [*events, *matched, run.again(self._keep(t, run, owner_of(state)))]
                outcome = self._append(t, state, state.uuid, all_, provenance=given.provenance, now=run.now)
                return outcome._replace(results=(*of_matches, *ids))

            return _Attempt(after.decisions, make, record)

        return self._run(state.uuid, attempt)

    def _is_given(self, t: Transaction, state: Reconciliation, positions: set[int], *, after: int) -> bool:
        """Whether, behind the position `after`, another reconciliation has given one of these payments to a line, or
        was closed. A close always counts, since the closed one's claims must be looked at again."""
        for raw in t.raw_records(after=after, topics=_GIVING) if positions else ():
            event = self._ledger.mapper.read(raw).event
            entries = positions if isinstance(event, e.ReconciliationClosed) else getattr(event, "entries", ())
            if raw.order != str(state.uuid) and not positions.isdisjoint(entries):
                return True
        return False

    def close(self, uuid: UUID, given: WriteConditions) -> Outcome:
        """Closes a reconciliation. Raises ReconciliationIsOpen, also where a line of another file has just got one of
        its payments; ReconciliationIsWithdrawn, ReconciliationMoved."""
        for _ in range(TRIES_MAX):
            if (outcome := self._closed(uuid, given)) is not None:
                return outcome
        raise ReconciliationMoved(self.get(uuid).version)

    def _closed(self, uuid: UUID, given: WriteConditions) -> Outcome | None:
        """Closes a reconciliation in the state whose payments were looked for in other files. None where the
        reconciliation has moved meanwhile, or another file has got one of the payments."""
        looked = self._journal.position()
        state = self.get(uuid)
        if state.status != STATUSES[0]:
            return self._change(uuid, given, decide.close)
        own = self._shared_claims(state).settled
        away = (one for position, one in self._held_elsewhere(state).items() if position in own)
        if any(one.strength == DECIDED for one in away):
            state = self.run_again(uuid, given).reconciliation
            own = self._shared_claims(state).settled
        given.must_fit(state)

        def record(t: Transaction) -> Outcome | None:
            if t.version_of(uuid) != state.version or self._is_given(t, state, own, after=looked):
                return None
            now = self._ledger.clock()
            return self._append(t, state, uuid, decide.close(state, now=now), provenance=given.provenance, now=now)

        return self._ledger.write(record).result()

    def withdraw(self, uuid: UUID, reason: str, given: WriteConditions) -> Outcome:
        """Withdraws a reconciliation, so that its claims and its offers no longer count."""
        before = self._shared(self.get(uuid))
        outcome = self._change(uuid, given, lambda state, *, now: decide.withdraw(state, reason, now=now))
        self._rerun_affected(outcome.reconciliation, before, given.provenance)
        return outcome

    def _change(self, uuid: UUID, given: WriteConditions, decided: Callable[..., list[Event]]) -> Outcome:
        """Records the events that `decided` makes of the state. Raises ReconciliationMoved."""
        before = self.get(uuid)

        def record(t: Transaction) -> Outcome:
            state = self.since(before, t)
            given.must_fit(state)
            now = self._ledger.clock()
            return self._append(t, state, uuid, decided(state, now=now), provenance=given.provenance, now=now)

        return self._ledger.write(record).result()

    def run_again(self, uuid: UUID, given: WriteConditions, *, spreads: bool = True) -> Outcome:
        """Runs a reconciliation again, up to the log's head; records nothing where no result is new.

        A decision holds on where its result is found again. With `spreads`, other reconciliations whose results may
        change are run again, too. Raises ReconciliationIsClosed, ReconciliationIsWithdrawn, ReconciliationMoved,
        KeptFilesFull.
        """
        first = self.get(uuid)
        self._must_have_room()

        def attempt() -> _Attempt:
            state = self.since(first, self._log)
            given.must_fit(state)
            decide.check_changes(state)

            def make(position: int, now: datetime) -> LazyReport:
                return self._made(state, position, now, self._journal.reconciliations(), state.by_hand)

            def record(t: Transaction, run: _Run) -> Outcome | None:
                if t.version_of(uuid) != state.version:
                    return None
                if run.head.position <= state.position or not self._is_news(state, run):
                    return self._as_it_is(state, t)
                again = run.again(self._keep(t, run, owner_of(state)))
                return self._append(t, state, uuid, [again], provenance=given.provenance, now=run.now)

            return _Attempt(state.decisions, make, record)

        before = self._shared(first)
        outcome = self._run(uuid, attempt)
        if outcome is None:
            raise ReconciliationMoved(self.get(uuid).version)
        if spreads and outcome.reconciliation.run_version != first.run_version:
            self._rerun_affected(outcome.reconciliation, before, given.provenance)
        return outcome

    def _is_news(self, state: Reconciliation, run: "_Run") -> bool:
        """Whether the journal has a new movement of the provider, or the run has other results than the last."""
        if self._journal.has_news(state.provider, run.head.position, after=state.position):
            return True
        if not state.index_sha256:
            return True
        index = b"".join(self._log.kept_file(state.index_sha256))
        return decode_digest(index).results_sha256 != run.written.index.results_sha256

    def _whose(self, t: Transaction, record: Record, state: Reconciliation) -> DataOwner:
        """The subject of the reason in an event. Where the event is about one customer's payments alone, it is this
        customer, so that the reason is erased with the customer's other data."""
        own, owners = owner_of(state), dict[str, DataOwner]()
        for position in e.reasoned_about(record.event) if self._ledger.keys else ():
            raw = t.raw_record(position)
            order = self._ledger.order_in(t, uuid_of_originator(raw.originator_id)) if raw else None
            is_theirs = order is not None and CONTACT not in (*order.erased, *order.restricted)
            owner = whose_order(order) if order is not None and is_theirs else own
            owners[owner.subject] = owner
            if len(owners) > 1:
                return own
        return next(iter(owners.values()), own)

    def _keep(self, t: Transaction, run: "_Run", of: DataOwner) -> str:
        """Keeps a report with its index; returns the SHA-256 of the report's sealed bytes."""
        _keep(t, run.index)
        return self._ledger.files.keep(t, run.written.sha256, run.file, of, FILE, run.now)

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
            return self._as_it_is(state, t)
        after, records = to_records(RECONCILIATION, state, uuid, events)
        stored = [
            event for record in records for event in self._ledger.stored([record], self._whose(t, record, after), now)
        ]
        positions = self._ledger.append(t, stored, provenance=provenance, now=now)
        return Outcome(after, positions[-1])


def _rules_of(file: BinaryIO, name: str, provider: str, given: str | None) -> str:
    """The text of the rules to keep: the given rules, or the default, with a shipped description of the file where the
    program has one and the rules have none. Raises InvalidField, SettlementRefused."""
    if given is not None and given.strip() in shipped():
        return f"{DEFAULT}\n{shipped()[given.strip()].text}"
    toml = DEFAULT if given is None else given
    if rules_from(toml).mapping(provider) is not None:
        return toml
    try:
        known = recognise(file)
    except Misfit as misfit:
        raise SettlementRefused(name, misfit) from None
    return f"{toml}\n{shipped()[known].text}" if known else toml


class _Run:
    """A report made by a run: its head, its bytes in a file with their index, and the results matched by hand."""

    def __init__(
        self, head: Report, written: Written, file: BinaryIO, now: datetime, by_hand: Sequence[Result]
    ) -> None:
        self.head = head
        self.written = written
        self.now = now
        self.by_hand = by_hand
        self.file = file
        self.index = msgspec.json.encode(written.index)
        self.index_sha256 = hashlib.sha256(self.index).hexdigest()

    @property
    def outcomes(self) -> dict[str, int]:
        return {outcome: count for outcome, count in self.head.outcomes.items() if count}

    def again(self, sealed_sha256: str) -> Event:
        return e.ReconciliationRunAgain(
            occurred_at=self.now,
            position=self.head.position,
            report_sha256=self.written.sha256,
            report_sealed_sha256=sealed_sha256,
            index_sha256=self.index_sha256,
            outcomes=self.outcomes,
            open=self.written.open,
        )


def _first_events(
    run: _Run, name: str, file_sealed_sha256: str, report_sealed_sha256: str, timezone: str
) -> list[Event]:
    head = run.head
    return [
        e.ReconciliationStarted(
            occurred_at=run.now,
            provider=head.provider,
            file=name,
            file_sha256=head.file_sha256,
            file_sealed_sha256=file_sealed_sha256,
            rules_sha256=head.rules_sha256,
            rules_version=head.rules_version,
            position=head.position,
            timezone=timezone,
        ),
        e.MatchesSuggested(
            occurred_at=run.now,
            report_sha256=run.written.sha256,
            report_sealed_sha256=report_sealed_sha256,
            index_sha256=run.index_sha256,
            until=head.until,
            outcomes=run.outcomes,
            open=run.written.open,
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
