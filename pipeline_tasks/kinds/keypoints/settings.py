"""Settings of the kind `keypoints`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline_tasks.kinds.keypoints.keypoint_kind import SIGMA
from pipeline_tasks.registry import unknown
from pipeline_tasks.settings.section import Settings


class KeypointSettings(Settings):
    """Section `labels` of a project of keypoints."""

    skeleton: dict[str, tuple[str, ...]] = Field(description="Class → names of its points, in order.")
    edges: dict[str, tuple[tuple[str, str], ...]] = Field({}, description="Class → pairs of points that are drawn as lines.")
    sigmas: dict[str, dict[str, float]] = Field(
        {}, description=f"Class → point → spread of right answers as a share of the thing's size; default {SIGMA:g}."
    )
    mirrored_pairs: dict[str, tuple[tuple[str, str], ...]] = Field(
        {},
        description="Class → pairs of points that change names in a mirror, such as left and right ones; an empty list if none "
        "does. A training mirrors images only if every class is named here.",
    )
    things: Literal["one", "boxes"] = Field(
        "one", description="At most one thing of each class an image; or several, and people draw a box around each."
    )

    @model_validator(mode="after")
    def _names_fit(self) -> KeypointSettings:
        """Refuse a misspelled class or point when the file is read."""
        for class_name, points in self.skeleton.items():
            if not points:
                raise ValueError(f"skeleton.{class_name}: name at least one point")
            if len(set(points)) != len(points):
                raise ValueError(f"skeleton.{class_name}: names of points must differ from each other, found {list(points)}")
        for class_name, pairs in self.edges.items():
            for name in (name for pair in pairs for name in pair):
                self._check_point("edges", class_name, name)
        for class_name, pairs in self.mirrored_pairs.items():
            self._check_mirrored(class_name, [name for pair in pairs for name in pair])
        for class_name, sigmas in self.sigmas.items():
            for name, sigma in sigmas.items():
                self._check_point("sigmas", class_name, name)
                if not 0 < sigma <= 1:
                    raise ValueError(f"sigmas.{class_name}.{name}: must be above 0 and at most 1, not {sigma:g}")
        return self

    def _check_mirrored(self, class_name: str, names: list[str]) -> None:
        if class_name not in self.skeleton:
            raise ValueError(f"mirrored_pairs: {unknown('class', class_name, self.skeleton)} of skeleton")
        for name in names:
            self._check_point("mirrored_pairs", class_name, name)
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"mirrored_pairs.{class_name}: a point changes places with one other, found {twice[0]!r} twice")

    def _check_point(self, key: str, class_name: str, name: str) -> None:
        if class_name not in self.skeleton:
            raise ValueError(f"{key}: {unknown('class', class_name, self.skeleton)} of skeleton")
        if name not in self.skeleton[class_name]:
            raise ValueError(f"{key}.{class_name}: {unknown('point', name, self.skeleton[class_name])}")
