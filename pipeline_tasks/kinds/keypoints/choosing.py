"""Things of labels for a selection: an image is represented by the class of its rarest thing, as with boxes."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.kinds.boxes.choosing import BoxChoosing
from pipeline_tasks.kinds.choosing import Labelled


@dataclass(frozen=True)
class KeypointChoosing(BoxChoosing):
    """Selection part of the kind `keypoints`; a model's beliefs are those about the classes of its things."""

    def why_no_gain(self, labelled: Labelled) -> str:
        """The gain compares heads on embeddings, which cannot place points."""
        return "The gain of a selection is not measured for keypoints: it compares classifiers on embeddings."
