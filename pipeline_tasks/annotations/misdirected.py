"""Answers by other people than those who were asked; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation

MISDIRECTED = "misdirected"
"""State of an annotation that has no vote, because another person was asked, or this one had the image already."""


@dataclass(frozen=True)
class Checked:
    """Annotations after the check, and the number of those that did not go as they were sent."""

    revisions: list[AnnotationRevision]
    by_another: int = 0
    """By another person than the one who was asked."""
    twice: int = 0
    """By a person who had answered another copy of the image in the same round."""


def checked(
    revisions: Sequence[AnnotationRevision],
    standing: Iterable[RecordedAnnotation],
    asked: Mapping[str, str],
    *,
    has_vote: bool,
) -> Checked:
    """Compare who answered with who was asked (`asked`: task_key → annotator); `has_vote`: count only, and change nothing.

    `standing` are the annotations of earlier collections. On a task that is for anyone, the answer of somebody who has answered a
    copy is the one too many: the earlier one counts. A reviewer's star outranks both rules.
    """
    numbers = {revision.annotation_id for revision in revisions}
    counted = [one for one in standing if one.annotation_id not in numbers and one.state == "answered"]
    own = {
        _copies(one) for one in [*counted, *revisions] if asked.get(one.task_key) == one.annotator_id and one.state == "answered"
    }
    first: dict[tuple[str, str, str], str] = {}
    for one in sorted(counted, key=_in_time):
        first.setdefault(_copies(one), one.task_key)
    found: dict[str, str] = {}
    for one in sorted(revisions, key=_in_time):
        if one.state not in ("answered", "skipped") or one.is_starred:
            continue
        if one.task_key in asked:
            if asked[one.task_key] != one.annotator_id:
                found[one.annotation_id] = "by_another"
        elif one.state == "answered" and (_copies(one) in own or first.setdefault(_copies(one), one.task_key) != one.task_key):
            found[one.annotation_id] = "twice"
    whys = list(found.values())
    kept = [one if has_vote or one.annotation_id not in found else replace(one, state=MISDIRECTED) for one in revisions]
    return Checked(kept, whys.count("by_another"), whys.count("twice"))


def _copies(one: RecordedAnnotation) -> tuple[str, str, str]:
    """The round, the image and the person: what copies of one image share."""
    return one.round_id, one.image_id, one.annotator_id


def _in_time(one: RecordedAnnotation) -> tuple[object, str]:
    return one.updated_at, one.annotation_id
