"""Record of the stage `send_to_labeling`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class SendToLabelingSummary:
    """Address and size of the labeling round, and its deadline."""

    stage: ClassVar[str] = "send_to_labeling"

    round_id: str
    label_config_digest: str
    images: int
    tasks: int
    """Labeling tasks: images, and copies of those that several people annotate."""
    deadline_at: str
    """Deadline, fixed at the first success, so that a retry does not extend it."""
    label_studio_project_id: int | None = None
    label_studio_view_id: int | None = None
    url: str | None = None
    why: str | None = None
    """Reason why there is no round."""
    form_differences: list[str] = field(default_factory=list)
    """Sentences on what people changed in the form in Label Studio, each with the remedy."""
    is_held: bool = False
    """Labeling was paused, so nothing was sent; the images can be selected again."""
    second_looks: int = 0
    """Tasks that show an image once more to one person, for example because its label is doubted."""
    pre_annotated: dict[str, int] = field(default_factory=dict)
    """Images with a prediction of the champion, by arm (`tables.pre_annotation`)."""
    pre_annotated_by: str | None = None
    """Digest of the champion that predicted them."""
    why_no_pre_annotations: str | None = None
    """Reason why no image has one."""
    why_overlap: str = ""
    """Sentence on the overlap, where it is larger than set because most people are new."""
    assigned: dict[str, int] = field(default_factory=dict)
    """Pseudonym of a person → tasks that they are asked, where the project says who is."""
    tasks_for_anyone: int = 0
    """Tasks that no rule fits or for which nobody of the rule is left; 0 where the project has no rules."""
    person_tabs: dict[str, str] = field(default_factory=dict)
    """Pseudonym of a person → the address of the tab with their open tasks."""
