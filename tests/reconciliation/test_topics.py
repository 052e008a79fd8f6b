"""Are earlier versions' events of reconciliations still read with their meaning?"""

import json
from pathlib import Path

import msgspec
import pytest

from domain.log.mapper import EventMapper
from tests.samples import Sample, samples, stored

BEFORE_INDEXES = ("reconciliation.matches_suggested.v1", "reconciliation.run_again.v1")


@pytest.mark.parametrize(
    "sample",
    [sample for sample in samples(Path(__file__).parent) if sample.topic in BEFORE_INDEXES],
    ids=lambda sample: sample.topic,
)
def test_a_report_of_before_there_were_indexes_is_read_as_one_without(sample: Sample) -> None:
    event = EventMapper().to_domain_event(stored(sample)).event
    held = json.loads(bytes(sample.payload))
    assert {**held, "index_sha256": ""}.items() <= msgspec.to_builtins(event).items()


def test_a_reconciliation_from_before_there_were_time_zones_has_the_days_of_utc() -> None:
    for sample in samples(Path(__file__).parent):
        if sample.topic == "reconciliation.started.v1":
            assert EventMapper().to_domain_event(stored(sample)).event.timezone == "UTC"
