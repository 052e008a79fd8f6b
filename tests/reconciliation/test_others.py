"""The other files of a provider, seen beside one file."""

from datetime import UTC, datetime, timedelta

from domain.reconciliation.others import Cover, OtherFile, OtherFiles

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_file_may_have_been_taken_in_by_two_rules_that_both_have_it_reach_into_the_time_to_come() -> None:
    own = Cover("EUR", NOW - timedelta(days=60), NOW - timedelta(days=31))
    others = [
        OtherFile(
            uuid, "a.csv", "a" * 64, [Cover("EUR", NOW - timedelta(days=30), NOW + ahead)], [], [], is_closed=False
        )
        for uuid, ahead in (("1", timedelta(days=2)), ("2", timedelta(days=1)))
    ]
    asked = OtherFiles("b" * 64, [own], others, NOW)
    assert asked.outcome_of_missing(1, NOW - timedelta(days=40), "EUR", timedelta()) == "missing_in_settlement"
    assert asked.outcome_of_missing(2, NOW - timedelta(days=20), "EUR", timedelta()) is None
