"""Settings of the labeling rounds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline_tasks.settings.assignment import AssignmentSettings
from pipeline_tasks.settings.reminders import ReminderSettings
from pipeline_tasks.settings.section import Ratio, Settings
from pipeline_tasks.settings.styles import NameStyle


class BlurSettings(Settings):
    """A detector of faces, plates or the like, which people must not see: their copies are blurred there, originals are not."""

    model: str = Field(
        min_length=1,
        description="ONNX file of a detector, in NIGHTLENS_HOME or absolute: a model of the kind `box` that Nightlens exported, or "
        "any with one image as input and `boxes` and `scores` as outputs (docs/how-to/blur-faces-and-plates.md).",
    )
    names: tuple[str, ...] = Field((), description="Names of a Nightlens model that are blurred; empty: all that it finds.")
    min_score: Ratio = Field(0.25, description="Least score of a box that is blurred.")
    margin: Ratio = Field(0.15, description="Share of a box's longer side that is blurred around it, too.")


class LabelingSettings(Settings):
    """Settings of labeling rounds."""

    deadline_s: float = Field(gt=0, description="Seconds after the round is sent until the cycle continues.")
    release_ratio: Ratio = Field(1.0, description="Continue before the deadline once this share of tasks is annotated.")
    overlap_ratio: Ratio = Field(0.1, description="Share of the images that several people annotate.")
    overlap_annotators: int = Field(3, ge=2, description="Number of annotators of each of those images.")
    new_person_annotations: int = Field(
        30,
        ge=0,
        description="Annotations that others or gold judge, below which a person is new; while at least half of the people are, "
        "more images are annotated by several, where people are weighed and overlap_ratio is above 0; 0: nobody is new.",
    )
    new_people_annotators: int = Field(5, ge=2, description="Number of annotators of each of these images.")
    new_people_overlap_ratio: Ratio = Field(0.5, description="Largest share of a round's images that several annotate for this.")
    first_round_people: int | None = Field(
        None, ge=1, description="People who will annotate the first round, all of them new; null: not known, its overlap is as set."
    )
    consensus: Literal["weighed", "kind"] = Field(
        "weighed",
        description="Labels of the kind `class`: `weighed` weighs each person, and a model that has not seen the image's votes, "
        "by how often they are right, as soon as 50 images have several annotations; `kind` takes the majority.",
    )
    least_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of the labelled images that each class must have; the report and the log name those below it, and "
        "the next selection takes images that probably show them first; null: none.",
    )
    least_share_quota_ratio: Ratio = Field(0.25, description="Maximum share of the strategy's picks that is reserved for them.")
    review_ratio: Ratio = Field(
        0.05,
        description="Share of the budget that is sent beside it, to another person: the most doubted labels "
        "(`find_label_errors`); 0: none.",
    )
    escalation_ratio: Ratio = Field(
        0.05,
        description="Share of the budget that is sent beside it, to one more person each: images on which people disagree, whose "
        "label is believed below 0.9, or that only people who mostly guess annotated; 0: none.",
    )
    audit_half_width: float | None = Field(
        None,
        gt=0,
        lt=0.5,
        description="Each night so many labels, drawn at random, go to another person that the 95 % interval of the share of "
        "wrong ones is at most twice this wide, beside the budget: about 140 for 0.05 where a tenth is wrong; null: none.",
    )
    gold_ratio: Ratio = Field(
        0.0, description="Gold images a round, as a share of its images: their labels are certain and measure people; 0: none."
    )
    review_at_most_times: int = Field(
        3, ge=1, description="Maximum number of further looks at one image of each sort, such as a third where two people disagree."
    )
    service: Literal["mturk", "scale", "labelbox"] | None = Field(
        None,
        description="Service that rounds go to as files (docs/how-to/label-with-a-service.md): the night looks for imported "
        "answers every five minutes; null: none.",
    )
    ask_every_s: float = Field(5.0, gt=0)
    ask_again_after_cycles: int | None = Field(
        3, ge=1, description="Cycles after which an image with an unsure label can be selected again; null: never."
    )
    ask_at_most_times: int = Field(3, ge=1, description="Maximum number of rounds for an image that stays unsure.")
    compare_all_up_to_tasks: int = Field(
        20_000,
        ge=0,
        description="Each night compares every annotation of a Label Studio project with this many tasks or fewer; of a "
        "larger one, those that changed, and all only if the counts disagree.",
    )
    prelabel_ratio: Ratio = Field(
        0.5,
        description="Share of a round's images for training whose annotator sees the champion's prediction, to keep or correct; "
        "from the others it is hidden, so that its effect is measured. 0: nobody sees one.",
    )
    guideline: str | None = Field(
        None,
        min_length=1,
        description="Text that people read in Label Studio before they begin, a paragraph a blank line; null: none is set there.",
    )
    blur: BlurSettings | None = Field(
        None,
        description="Detector (`model`, `names`, `min_score`, `margin`) of faces, plates or the like, blurred in people's "
        "copies of images (docs/how-to/blur-faces-and-plates.md); null: nothing is blurred.",
    )
    assignment: AssignmentSettings | None = Field(
        None,
        description="Who is asked about which images (`people`, `rules`, `misdirected`; docs/how-to/say-who-is-asked.md); "
        "null: anyone.",
    )
    reminders: ReminderSettings | None = Field(
        None,
        description="When people are reminded of a waiting round and when others are told (`remind_after_hours`, "
        "`escalate_after_hours`, `remind`, `escalate`; docs/how-to/remind-annotators.md); null: nobody is.",
    )
    styles: dict[str, NameStyle] = Field(
        {},
        description="Class → its `colour` (#rrggbb, or a name such as red) and its `hotkey` (a letter or digit) in the labeling "
        "form; others have those that the label kind gives them.",
    )
    question: str | None = Field(None, description="Question above the form; null: the label kind's own.")
    cost_per_hour: float | None = Field(None, ge=0, description="Cost of an annotator's hour; null: the report states hours only.")
    currency: str | None = Field(
        None, min_length=1, max_length=8, description="Currency of cost_per_hour, as the report prints it."
    )

    @model_validator(mode="after")
    def _cost_has_a_currency(self) -> LabelingSettings:
        """Refuse a cost without a currency."""
        if (self.cost_per_hour is None) != (self.currency is None):
            raise ValueError("cost_per_hour and currency must be set together, or neither")
        return self
