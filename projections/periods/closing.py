"""Closing a period, and its report: that of a closed one as it was kept, byte for byte; that of an open one as of
now."""

import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from domain.aggregate import to_records
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.log import Transaction
from domain.log.records import Provenance
from domain.period.events import TOPICS, PeriodClosed
from domain.period.months import Month, month_named
from domain.period.state import PERIOD, Period, uuid_of
from domain.privacy.keyring import DataOwner
from domain.proof import checkpoint
from domain.refusals import InvalidField
from projections.payments.list import providers
from projections.periods.report import Report, ReportSubject, make
from projections.periods.table import closed
from projections.views.views import Views

if TYPE_CHECKING:
    from projections.proof.signing import Checkpoints

FORMS: Final = ("json", "csv")


class Periods:
    """The periods of a ledger's providers."""

    def __init__(self, ledger: OrderLedger, views: Views) -> None:
        self._ledger = ledger
        self._views = views

    def closed(self, provider: str | None = None) -> list[Period]:
        """The closed periods, of one provider or of all, ordered by month."""
        return closed(self._views.reader, provider)

    def report(self, provider: str, month: Month, form: str) -> bytes:
        """A period's report, in one of FORMS. Raises InvalidField; OperationalError where a kept report is altered."""
        position = self._views.catch_up()
        before = self.closed(provider)
        if period := _of(month, before):
            sha256 = period.report_sha256 if form == "json" else period.csv_sha256
            return b"".join(self._ledger.log_of_events.kept_file(sha256))
        self._must_fit(provider, month, before)
        report = make(lambda: self._views.reader, ReportSubject(provider, month, position), before)
        return _rendered(report, form)

    def reproduce(self, period: Period) -> Report:
        """The report of a closed period, made from the views once more. It must equal the kept one."""
        month = month_named(period.month, ZoneInfo(period.timezone))
        subject = ReportSubject(period.provider, month, period.position, period.closed_at, period.checkpoint)
        return make(lambda: self._views.reader, subject, self.closed(period.provider))

    def close(self, provider: str, month: Month, checkpoints: "Checkpoints", who: Provenance) -> tuple[Period, bool]:
        """Closes a provider's month on the signed head of the log. Returns the period, and whether it was open until
        now.

        Raises InvalidField where the month cannot be closed, and the errors of `Checkpoints.current`. Where another
        period is closed meanwhile, the report is made again.
        """
        while True:
            signed = checkpoints.current()
            before = self.closed(provider)
            if known := _of(month, before):
                return known, False
            self._must_fit(provider, month, before)
            now = self._ledger.clock()
            if month.until >= now:
                raise InvalidField("period", f"{month.name} is not over yet in {month.zone.key}")
            self._must_be_whole()
            subject = ReportSubject(provider, month, checkpoint.parse(signed).size, now, signed.decode())
            report = make(lambda: self._views.reader, subject, before)
            kept = {form: _rendered(report, form) for form in FORMS}
            period = self._ledger.write(self._record, subject, report, kept, who).result()
            self._views.catch_up()
            if period is not None:
                return period, True

    def _record(
        self, t: Transaction, subject: ReportSubject, report: Report, kept: Mapping[str, bytes], who: Provenance
    ) -> Period | None:
        """Records that a period is closed. Returns None where another one was closed behind the head that the report is
        made on."""
        if list(t.raw_records(after=subject.position, topics=tuple(TOPICS), limit=1)):
            return None
        assert subject.closed_at is not None
        event = PeriodClosed(
            occurred_at=subject.closed_at,
            provider=subject.provider,
            month=subject.month.name,
            timezone=subject.month.zone.key,
            since=subject.month.since,
            until=subject.month.until,
            position=subject.position,
            checkpoint=subject.checkpoint or "",
            report_sha256=_keep(t, kept["json"]),
            csv_sha256=_keep(t, kept["csv"]),
            movements=report.movements,
            late=report.late,
        )
        uuid = uuid_of(subject.provider, subject.month.name)
        period, records = to_records(PERIOD, None, uuid, [event])
        stored = self._ledger.stored(records, DataOwner(f"period:{uuid}", subject.closed_at.year), subject.closed_at)
        self._ledger.append(t, stored, provenance=who, now=subject.closed_at)
        return period

    def _must_fit(self, provider: str, month: Month, periods: Sequence[Period]) -> None:
        """Raises InvalidField where there is no such provider, or where its closed periods are months of another time
        zone: a moment would then belong to two periods, or to none."""
        if not periods and provider not in (known := providers(self._views.reader)):
            raise InvalidField("provider", f"no payment names {provider}; there are {', '.join(known) or 'none'}")
        if other := next((period.timezone for period in periods if period.timezone != month.zone.key), None):
            raise InvalidField(
                "period", f"the closed periods of {provider} are months of {other}, and LEDGER_TIMEZONE is not"
            )

    def _must_be_whole(self) -> None:
        """Raises InvalidField while the views lack an order: no report would have the order's payments."""
        if count := self._views.stopped_count():
            raise InvalidField(
                "", f"{counted(count, 'order')} cannot be read, `run.py verify` says which; nothing is closed"
            )


def _of(month: Month, periods: Sequence[Period]) -> Period | None:
    return next((period for period in periods if period.month == month.name), None)


def _rendered(report: Report, form: str) -> bytes:
    return report.json() if form == "json" else report.csv()


def _keep(t: Transaction, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    t.keep_file(sha256, BytesIO(content))
    return sha256
