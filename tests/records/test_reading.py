"""Records are read from an event's JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import ClassVar

import pytest

import pipeline_tasks.records
from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.process import STAGES
from pipeline_tasks.records.reading import read_record


@dataclass(frozen=True)
class Figure:
    value: float
    low: float | None = None


@dataclass(frozen=True)
class Outcome:
    stage: ClassVar[str] = "measure"

    name: str
    images: int = 0
    figures: dict[str, Figure] = field(default_factory=dict)
    pair: tuple[Figure, ...] = ()


def test_read_record__gives_what_was_written_nested_records_too() -> None:
    written = Outcome("a", 2, {"recall": Figure(0.5, 0.25)}, (Figure(1.0),))

    assert read_record(Outcome, asdict(written), "here") == written


def test_read_record__drops_keys_that_it_does_not_know_and_fills_in_defaults() -> None:
    assert read_record(Outcome, {"name": "a", "colour": "red", "figures": {"recall": {"value": 1, "of": 3}}}, "here") == Outcome(
        "a", figures={"recall": Figure(1.0)}
    )


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"images": 1}, "the field name is missing"),
        ({"name": "a", "images": "many"}, "the field images holds 'many'"),
        ({"name": "a", "figures": {"recall": {}}}, "the field figures.recall.value is missing"),
    ],
)
def test_read_record__names_the_place_and_the_field(given: dict[str, object], fault: str) -> None:
    with pytest.raises(CorruptObjectError, match=f"ledger/7: wanted a Outcome: {fault}"):
        read_record(Outcome, given, "ledger/7")


def test_records__of_a_stage_lie_in_a_module_of_its_name() -> None:
    found = {}
    for module in iter_modules(pipeline_tasks.records.__path__):
        for one in vars(import_module(f"pipeline_tasks.records.{module.name}")).values():
            if is_dataclass(one) and "stage" in vars(one) and one.__module__.endswith(module.name):
                found[vars(one)["stage"]] = module.name
                assert all(name.name != "stage" for name in fields(one)), "a stage's name is not written into its summary"

    assert found == {name: name for name in STAGES}
