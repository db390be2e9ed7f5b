"""Nights whose training views are mixed of several images: trained, judged and promoted, and the mixes are shown in the report."""

from __future__ import annotations

from typing import Any

import pytest
from given_models import SIDE_PX, TRAINING
from given_night import Night, a_night
from kinds.boxes.test_boxes_through_two_nights import BoxNight
from kinds.given_nights import FIRST, DrawnNight, after_nights, assert_promoted_above_the_baseline
from kinds.masks.test_masks_through_two_nights import MaskNight

pytestmark = pytest.mark.slow
OF_PLACES = {"mosaic": {"probability": 0.4}, "cutmix": {"probability": 0.4}}


def page_of(night: Night, told: dict[str, Any]) -> str:
    return night.store.objects.read(told["write_cycle_report"]["report_key"]).content.decode()


@pytest.mark.parametrize(("kind", "drawn"), [("box", BoxNight), ("mask", MaskNight)])
def test_night_of_objects__with_mosaic_and_cutmix_is_promoted(
    tmp_path_factory: pytest.TempPathFactory, kind: str, drawn: type[DrawnNight]
) -> None:
    settings: dict[str, Any] = {
        "selection": {"budget": 48, "first_round_control_ratio": 0.5},
        "backbone": {"side_px": SIDE_PX, "map_side_px": 96},
        "training": TRAINING | {"max_epochs": 30, "patience_epochs": 30, "augmentation": OF_PLACES},
    }
    night = after_nights(tmp_path_factory.mktemp("night"), drawn, [range(48)], label_kind=kind, **settings)
    told = night.told[FIRST]
    page = page_of(night, told)

    assert_promoted_above_the_baseline(night)
    assert told["write_cycle_report"]["missing"] == {}
    assert "<strong>mosaic</strong>" in page
    assert "<strong>cutmix</strong>" in page


def test_night_of_classes__with_mixup_is_promoted_and_judges_the_mix(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("night")
    monkeypatch.setenv("NIGHTLENS_HOME", str(folder))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night = a_night(folder, training=TRAINING | {"augmentation": {"mixup": {}, "horizontal_flip": {}}})
    night.bring(range(28))

    told = night.cycle(FIRST)

    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]
    assert {one["name"]: one["warning"] for one in told["train_model"]["effects"]} == {"mixup": "", "horizontal_flip": ""}
    assert "mixup" in page_of(night, told)
