"""Tests that pairs are compared once at each scale."""

from __future__ import annotations

from images.drawn_surfaces import a_scene, cut, view

from pipeline_tasks.images.verdicts import Verdicts
from pipeline_tasks.images.views import View
from pipeline_tasks.settings import DuplicateSettings


def test_verdicts__compare_a_crop_at_all_scales_after_one_scale_told_it_apart() -> None:
    scene = a_scene(11)
    views = [view(scene), view(cut(scene, 40, 20, 250))]
    verdicts = Verdicts(views.__getitem__, DuplicateSettings())
    at_one_scale = verdicts.of(1, 0, at_all_scales=False)
    assert at_one_scale is not None
    assert not verdicts.same(at_one_scale)
    at_all_scales = verdicts.of(1, 0)
    assert at_all_scales is not None
    assert verdicts.same(at_all_scales)
    assert verdicts.of(1, 0, at_all_scales=False) is at_all_scales
    assert verdicts.pairs == 1


def test_verdicts__read_no_view_twice() -> None:
    scene, read = view(a_scene(12)), []

    def read_view(image: int) -> View | None:
        read.append(image)
        return scene

    verdicts = Verdicts(read_view, DuplicateSettings())
    assert verdicts.of(1, 0) is verdicts.of(1, 0)
    assert sorted(read) == [0, 1]
