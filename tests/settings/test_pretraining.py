"""Tests of the settings of a pretraining."""

from __future__ import annotations

import pytest
from given import a_project

from pipeline_tasks.errors import SettingsError


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"method": "distillation"}, "method distillation learns from another backbone; name it"),
        ({"teacher": {"name": "small_cnn"}}, "found small_cnn with method simclr, which has no teacher; leave it out"),
        ({"method": "distillation", "teacher": {"name": "resnt50"}}, "resnet50"),
        ({"views": {"blurr": {}}}, "blur"),
        ({"batch_size": 1}, "batch_size: must be at least 2, not 1"),
        ({"method": "byol"}, "simclr"),
    ],
)
def test_pretraining__refuses_what_cannot_go_together(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        a_project(pretraining=settings)


def test_pretraining__of_a_project_that_says_nothing_is_simclr() -> None:
    assert a_project().pretraining.method == "simclr"
    teacher = a_project(pretraining={"method": "distillation", "teacher": {"name": "small_cnn"}}).pretraining.teacher
    assert teacher is not None
    assert teacher.name == "small_cnn"


def test_backbone__wants_the_whole_name_of_pretrained_weights() -> None:
    with pytest.raises(SettingsError, match="pretrained"):
        a_project(backbone={"pretrained": "3f2a"})
