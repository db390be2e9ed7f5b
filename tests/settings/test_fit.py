"""Tests of the settings of a fit: refused by a sentence."""

from __future__ import annotations

import pytest
from given import a_project

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import parse_project


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"fit": {"optimizer": "adamax"}}, "training.fit.optimizer"),
        ({"fit": {"schedule": "cyclic"}}, "training.fit.schedule"),
        ({"fit": {"loss": "hinge"}}, "training.fit.loss"),
        ({"fit": {"momentum": 1.0}}, "training.fit.momentum"),
        ({"fit": {"label_smoothing": 1.0}}, "training.fit.label_smoothing"),
        ({"fit": {"ema": 1.0}}, "training.fit.ema"),
        ({"fit": {"accumulate_batches": 0}}, "training.fit.accumulate_batches"),
        ({"fit": {"precision": "float16"}}, "training.fit.precision"),
        ({"fit": {"effective_number_beta": 1.0}}, "training.fit.effective_number_beta"),
        ({"fit": {"sampling": "balanced"}}, "training.fit.sampling"),
        ({"fit": {"schedule": "one_cycle", "warm_up_steps": 9}}, "found 9 with schedule one_cycle, which rises itself"),
        ({"balance_classes": False, "fit": {"balance_by": "oversampling"}}, "found oversampling with balance_classes: false"),
        ({"fit": {"freeze_until": "blocks.3"}}, "found blocks.3 with unfreeze_epochs: 0"),
        ({"fit": {"backbone_rate_ratio": 0.1}}, "found 0.1 with unfreeze_epochs: 0"),
    ],
)
def test_fit__refuses_bad_values_with_their_key(training: dict[str, object], said: str) -> None:
    content = a_project().model_dump(mode="json") | {"training": training}

    with pytest.raises(SettingsError, match=said):
        parse_project(content, "parts.yaml")
