"""Record of the stage `collect_annotations`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class CollectAnnotationsSummary:
    """New and changed annotations since the last collection."""

    stage: ClassVar[str] = "collect_annotations"

    annotations_new: int
    annotations_changed: int
    annotations_deleted: int
    annotations_skipped: int
    """New and changed annotations without content."""
    annotations_from_earlier_rounds: int
    """Annotations that arrived after their own cycle had continued."""
    annotators: int
    tasks_unanswered: int
    """Tasks of this cycle's round without annotations; they stay open in Label Studio and the next cycle collects them."""
    projects_gone: list[int] = field(default_factory=list)
    """Label Studio projects of earlier rounds that were deleted there; their collected annotations stay."""
    unknown_choices: dict[str, int] = field(default_factory=dict)
    """Choice that no class of the project is → new and changed annotations with it. They are kept, and give no label."""
    form_differences: list[str] = field(default_factory=list)
    """Sentences on what people changed in the form in Label Studio, each with the remedy."""
    tasks_lost: int = 0
    """Tasks deleted in Label Studio before they were annotated; their images can be selected again."""
    annotations_by_hand: int = 0
    """Annotations, among those looked at, of tasks that people imported themselves; not used."""
    annotations_of_replaced_images: int = 0
    """Annotations of our tasks whose data people edited to show another image; not used."""
    annotations_refused: int = 0
    """New and changed annotations with an object that is not valid, such as a box outside the image; kept, but they do not vote."""
    refusals: list[str] = field(default_factory=list)
    """The first of them, each with its image and its objects' problems."""
    foreign_tasks: dict[str, int] = field(default_factory=dict)
    """Reason → tasks that stand in Label Studio and that Nightlens did not send; the table `foreign_tasks` names them."""
    asked_changes: dict[str, int] = field(default_factory=dict)
    """Change → images with an open task whose file changed at its source since the last night; see `asked_changes`."""
    projects_made_again: list[int] = field(default_factory=list)
    """Label Studio projects that people had deleted, and that were made again and filled from the annotation log."""
    copies_removed: int = 0
    """Doubles of tasks, as a late import makes them, that nobody had touched."""
    tasks_set_back: int = 0
    """Tasks whose key, round or image people had edited in their data."""
    annotations_put_back: int = 0
    """Annotations that Label Studio had lost, as after a restore from a backup, and that were put back from the annotation log."""
    annotations_by_another: int = 0
    """New and changed annotations by another person than the one who was asked."""
    annotations_twice: int = 0
    """New and changed annotations of a second copy of an image by a person who had answered one in the same round."""


def refusal(image_id: str, annotation_id: str, problems: Iterable[str]) -> str:
    """A line of `refusals`."""
    return f"image {image_id}, annotation {annotation_id}: {'; '.join(problems)}"


def refused_image(line: str) -> tuple[str, str]:
    """The image_id in a line of `refusals`, and the rest of the line."""
    image, _, rest = line.partition(", ")
    return image.removeprefix("image "), rest
