"""A night, a pretraining on its images, and a night with the pretrained backbone: everything is embedded anew and judged by it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pytest
from given_models import DecodingHere
from given_night import Night, NightServices, a_night

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.process import PROCESS
from pipeline_tasks.serving.loaded_model import load_model
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.wiring.services import Services

pytestmark = pytest.mark.slow
FIRST, PRETRAINING, SECOND = "2026-11-21", "2026-11-21T200000", "2026-11-22"
STAGES = tuple(stage.name for stage in PROCESS if stage.group == "pretrain")


class OwnServices(NightServices):
    """Opens the backbone that the project file names."""

    @cached_property
    def backbone(self) -> Backbone:
        return Services._opened_backbone(self, self.night.project.backbone)


class OwnNight(Night):
    """A project with a small network of its own."""

    told: dict[str, dict[str, Any]]

    def services(self, cycle_id: str) -> NightServices:
        return OwnServices(self, cycle_id)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> OwnNight:
    folder = tmp_path_factory.mktemp("night")
    settings = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        found = a_night(folder, OwnNight, backbone={"name": "small_cnn", "side_px": 32}, pretraining=settings)
        found.bring(range(16))
        found.told = found.cycle(FIRST)
        for stage in ("open_pretraining", *(one for one in STAGES if one != "open_pretraining")):
            found.told[stage] = found.run(stage, PRETRAINING)
        backbone = found.project.backbone.model_copy(update={"pretrained": found.told["export_backbone"]["pretrained"]})
        found.project = found.project.model_copy(update={"backbone": backbone})
        found.bring(range(16, 24))
        found.told |= {f"second {stage}": told for stage, told in found.cycle(SECOND).items()}
    return found


def test_pretraining__is_used_by_no_night_before_the_project_file_names_it(night: OwnNight) -> None:
    trained = night.told["train_model"]["backbone_digest"], night.told["second train_model"]["backbone_digest"]

    assert trained[0] != trained[1]
    assert night.told["probe_backbone"]["gain"] is not None


def test_second_night__embeds_the_images_of_both_nights_by_the_pretrained_backbone(night: OwnNight) -> None:
    embedded = night.store.history(Embedding)
    digest = night.told["second train_model"]["backbone_digest"]

    assert embedded.filter(backbone_digest=digest)["image_id"].n_unique() == embedded["image_id"].n_unique()


def test_second_night__judges_and_serves_a_model_on_the_pretrained_backbone(night: OwnNight) -> None:
    """Both champions stand on their own backbone, so they are compared by what their files say."""
    compared, exported = night.told["second compare_with_champion"], night.told["second export_model"]
    content = night.store.objects.read(layout.model(exported["model_digest"])).content
    model, pointer = load_model(content, exported["model_digest"]), read_pointer(night.store.objects)
    pixels = DecodingHere().decode((night.folder / "inbox" / "bolt20.png").read_bytes()).pixels

    assert compared["champion_score"] is not None
    assert pointer is not None
    promoted = night.told["second promote_model"]["is_promoted"]
    assert pointer.champion_digest == (exported if promoted else night.told["export_model"])["model_digest"]
    assert vars(model.predict(model_image(pixels, 32), (48, 48), 0.0))["class_name"] in ("bolt", "nut")
