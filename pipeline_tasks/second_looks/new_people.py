"""Overlap of tonight's round, raised while most people who annotate are new."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.label_quality.new_people import Overlap, Wanted, overlap_for_new_people
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.annotator_score import AnnotatorScore


def tonights_overlap(store: Store, kind: Kind, settings: LabelingSettings, images: int) -> tuple[Overlap, str]:
    """The overlap of a round of so many images, and a sentence on it if it is raised.

    Only where people are weighed: nobody is paused elsewhere, and comparing their objects needs no more overlap than is set.
    """
    usual = Overlap(settings.overlap_ratio, settings.overlap_annotators)
    if not usual.ratio or not settings.new_person_annotations or settings.consensus == "kind" or kind.freezing.keeps_objects:
        return usual, ""
    wanted = Wanted(settings.new_person_annotations, settings.new_people_annotators, settings.new_people_overlap_ratio)
    judged = _judged(store, settings.first_round_people)
    found = overlap_for_new_people(judged, images, usual, wanted)
    return found, "" if found == usual else _says(judged, found, wanted)


def _judged(store: Store, first_round_people: int | None) -> npt.NDArray[np.int64]:
    """Annotations of each person that others or gold judged, of the people whose annotations the newest night collected."""
    files = store.files(AnnotatorScore)
    if not files:
        return np.zeros(first_round_people or 0, np.int64)
    for file in reversed(store.files(Annotation)):
        people = store.read(Annotation, file.cycle_id)["annotator_id"].unique()
        if len(people):
            break
    else:
        return np.zeros(first_round_people or 0, np.int64)
    scores = store.read(AnnotatorScore, files[-1].cycle_id)
    known = scores.filter(scores["annotator_id"].is_in(people.implode()), ~scores["is_paused"])
    judged: npt.NDArray[np.int64] = (known["shared_images"] + known["gold_images"]).to_numpy().astype(np.int64)
    return judged


def _says(judged: npt.NDArray[np.int64], found: Overlap, wanted: Wanted) -> str:
    new = int((judged < wanted.annotations).sum())
    several = f"{found.ratio:.0%} of the images are annotated by {found.annotators} people, {found.votes_an_image:.2f} an image"
    known = f"fewer than {wanted.annotations} of their annotations can be judged"
    return f"{new} of {len(judged)} people are new: {known}. So {several} on average."
