"""Tests of doubted labels over nights: found, looked at by another person, settled, shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from given_night import Night, a_night

from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.process import NIGHTLY_STAGES
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.reports.tree import Node
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.second_look import SecondLook

pytestmark = pytest.mark.slow

NIGHTS = ("2026-11-21", "2026-11-22", "2026-11-23")
ADA, BEN, CLEO = 1, 2, 3
UNTIL_LABELS = NIGHTLY_STAGES[: NIGHTLY_STAGES.index("find_label_errors") + 1]
OTHER = {"bolt": "nut", "nut": "bolt"}


class Nights:
    """Nights up to the labels, in which people answer as a test says."""

    def __init__(self, night: Night) -> None:
        self.night, self.store = night, night.store

    def go(self, cycle_id: str, reviewer: int | None = None, wrong: int = 0) -> FindLabelErrorsSummary:
        """Ada and Ben annotate new images in turn, the first `wrong` of them wrongly; `reviewer` answers reviews rightly."""
        for stage in UNTIL_LABELS:
            self.night.run(stage, cycle_id)
            if stage == "send_to_labeling":
                self._annotate(cycle_id, reviewer, wrong)
        return self.store.summary(cycle_id, FindLabelErrorsSummary)

    def _annotate(self, cycle_id: str, reviewer: int | None, wrong: int) -> None:
        tasks = self.store.read(LabelingTask, cycle_id).with_columns(pl.col("purpose").cast(pl.String))
        for number, row in enumerate(tasks.filter(purpose="first").iter_rows(named=True)):
            true = self.night.classes[row["image_id"]]
            self.night.server.annotate(
                row["label_studio_task_id"], [OTHER[true] if number < wrong else true], person=1 + number % 2
            )
        for row in tasks.filter(purpose="review").iter_rows(named=True) if reviewer else ():
            self.night.server.annotate(row["label_studio_task_id"], [self.night.classes[row["image_id"]]], person=reviewer)

    def doubted(self, cycle_id: str) -> str:
        """The one image that a night doubts."""
        (image_id,) = self.store.read(LabelSuspect, cycle_id)["image_id"]
        return str(image_id)

    def looks(self, cycle_id: str) -> Mapping[str, str]:
        """Image → reason of each second look of a night."""
        return dict(self.store.read(SecondLook, cycle_id).select("image_id", "reason").iter_rows())

    def label_of(self, image_id: str) -> tuple[str, int, str]:
        """State and votes of an image's label, and the class that it says."""
        row = self.store.current(Label).row(by_predicate=pl.col("image_id") == image_id, named=True)
        named = self.store.current(LabelObject).filter(image_id=image_id)["class_name"].to_list()
        return row["state"], row["votes"], named[0] if row["state"] == "labelled" else ""


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """One wrong label among 40, all by one vote; the next night knows that it is doubted."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    night = a_night(tmp_path, labeling={"deadline_s": 3600, "overlap_ratio": 0.0})
    night.bring(range(20))
    found = Nights(night)
    assert found.go(NIGHTS[0], wrong=1).suspects == 1
    night.bring(range(20, 21))
    return found


def test_doubted_label__is_decided_by_a_third_person_where_the_second_disagrees(nights: Nights) -> None:
    image_id = nights.doubted(NIGHTS[0])
    true = nights.night.classes[image_id]

    second = nights.go(NIGHTS[1], reviewer=CLEO)

    assert "looks like" in nights.looks(NIGHTS[1])[image_id]
    assert nights.label_of(image_id) == ("unsure", 2, "")
    assert (second.reviews, second.precision[0]) == ({"unclear": 1}, 0.0)

    third = nights.go(NIGHTS[2], reviewer=BEN)

    assert nights.looks(NIGHTS[2]) == {image_id: "Two people disagree about it, so a third one is asked."}
    assert nights.label_of(image_id) == ("labelled", 3, true)
    assert (third.reviews, third.precision[0], third.same_person) == ({"fixed": 1}, 1.0, 0)
    verdicts = nights.store.current(LabelVerdict)
    assert (
        verdicts.select("given_name", "suggested_name", "answered", pl.col("verdict").cast(pl.String)).rows()
        == [(OTHER[true], true, true, "fixed")] * 2
    )
    said = [one.says for one in leaves(lineage_of(nights, image_id)) if one.kind == "second look"]
    assert said[1].startswith(f"Two people disagree about it, so a third one is asked. In cycle {NIGHTS[2]}: annotator-")
    assert said[1].endswith(f"said {true}; the label was wrong.")


def test_doubted_label__is_not_settled_by_the_person_who_gave_it(nights: Nights) -> None:
    image_id = nights.doubted(NIGHTS[0])

    found = nights.go(NIGHTS[1], reviewer=ADA)

    assert (found.reviews, found.same_person) == ({"unclear": 1}, 1)
    nights.go(NIGHTS[2])
    assert nights.looks(NIGHTS[2]) == {
        image_id: "The person who looked at it again had annotated it before, so another one is asked."
    }


def test_doubted_label__stands_until_its_review_is_answered_and_is_asked_about_once(nights: Nights) -> None:
    image_id = nights.doubted(NIGHTS[0])

    found = nights.go(NIGHTS[1])

    assert (nights.label_of(image_id)[:2], found.reviews, found.suspects) == (("labelled", 1), {}, 1)
    nights.go(NIGHTS[2])
    assert nights.looks(NIGHTS[2]) == {}


def test_doubted_labels__are_shown_in_the_report_with_the_share_that_was_wrong(nights: Nights) -> None:
    nights.go(NIGHTS[1], reviewer=CLEO)

    report_key = nights.night.run("write_cycle_report", NIGHTS[1])["report_key"]

    page = nights.store.objects.read(report_key).content.decode()
    assert "Of 1 doubted labels that people looked at again so far, 0 were wrong and are fixed" in page
    assert "1 are not settled." in page


def lineage_of(nights: Nights, image_id: str) -> Node:
    return image_lineage(image_id, LineageReads(nights.store).about_image(image_id, []))


def leaves(node: Node) -> list[Node]:
    return [node, *(leaf for child in node.children for leaf in leaves(child))]
