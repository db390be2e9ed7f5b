"""Things of labels for a selection: an image is represented by the class of its rarest thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline_tasks.kinds.choosing import Labelled
from pipeline_tasks.kinds.multi_label.choosing import MultiLabelChoosing


@dataclass(frozen=True)
class KeypointChoosing(MultiLabelChoosing):
    """Selection part of the kind `keypoints`; the names of images are those of images with several classes."""

    def scorer(self, graph: Any, temperature: float) -> None:  # type: ignore[override]
        """None: there is no head on embeddings."""
        return

    def why_no_gain(self, labelled: Labelled) -> str:
        """The gain compares heads on embeddings, which cannot place points."""
        return "The gain of a selection is not measured for keypoints: it compares classifiers on embeddings."
