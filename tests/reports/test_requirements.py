"""Tests of the report's section on images wanted and there."""

from __future__ import annotations

from dataclasses import replace

from reports.test_process import DATA

from pipeline_tasks.records.requirement import Requirement
from pipeline_tasks.reports.requirements import section

NUT, YARD = Requirement("class", "nut", 50, 12, None), Requirement("site", "yard", 10, 30, 4)


def test_section__says_how_many_are_met_and_what_lacks_most() -> None:
    said = str(section(replace(DATA, requirements=(NUT, YARD))))

    assert "1 of 2 requirements are met. Most is lacking of class nut: 12 of 50." in said
    assert "· 12 of 50" in said
    assert "class nut: 24" in said
    assert ">38<" in said


def test_section__is_none_without_requirements() -> None:
    assert section(DATA) is None
