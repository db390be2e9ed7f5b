"""Trainings of each label kind and phase on a few random examples: as short as can be, and the same wherever they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from given_models import SIDE_PX, TinyNetwork
from kinds.boxes.test_detector import MODELLING as BOXES
from kinds.keypoints.test_poses import HAND, KEY
from kinds.keypoints.test_poses import MODELLING as KEYPOINTS
from kinds.keypoints.test_poses import rows_of as skeleton_rows
from kinds.masks.given_masks import disk
from kinds.masks.test_instances import MODELLING as INSTANCES
from kinds.masks.test_instances import rows_of as mask_rows
from kinds.masks.test_segmenter import MODELLING as MASKS
from networks import given_folders, given_networks

from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES, policy_of
from pipeline_tasks.backbones.small_cnn import SmallCnn
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.boxes.modelling import PlacedBoxes
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.kinds.map_modelling import MapModelling, MapShape, MapTraining
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.kinds.modelling import Modelling
from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling
from pipeline_tasks.models.candidate import network_arrays
from pipeline_tasks.models.head_training import EmbeddedImages
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.live_training import Images
from pipeline_tasks.models.map_training import MapExamples, train_maps
from pipeline_tasks.models.training import Material, train
from pipeline_tasks.networks.network import Network
from pipeline_tasks.networks.rt_detr import RtDetr
from pipeline_tasks.networks.segformer import SegFormer
from pipeline_tasks.networks.unet import UNet
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.fit import FitSettings

SHAPES = tuple(MapShape(channels, 64 // stride, 64 // stride, stride) for channels, stride in ((4, 8), (6, 16), (8, 32)))
SIZE = (64, 64)
HOW = MapTraining(0, 3, 3, 4, 5e-3, 0.02, 3, 0.5)
Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Result:
    """Weights and figures of a training."""

    weights: Arrays
    best: Metrics
    resumed_from_epoch: int | None


@dataclass(frozen=True)
class Given:
    """One training: its phase that is of interest, and the call that runs it with a journal, in a scratch folder."""

    phase: str
    run: Callable[[Journal, Path, FitSettings], Result]


def box_objects(images: int) -> Sequence[Any]:
    """One bolt or nut an image."""
    return [
        PlacedBoxes(np.array([[one % 32, one % 24, one % 32 + 24.0, one % 24 + 30.0]]), np.array([one % 2]))
        for one in range(images)
    ]


def mask_objects(modelling: Any, images: int) -> Sequence[Any]:
    """One disk an image."""
    disks = [(disk(("bolt", "nut")[one % 2], 20 + one % 20, 20 + one % 24, 12, SIZE),) for one in range(images)]
    found: Sequence[Any] = modelling.objects(mask_rows(*disks))
    return found


def skeleton_objects(images: int) -> Sequence[Any]:
    """A hand, a key or both an image."""
    return KEYPOINTS.objects(skeleton_rows(*[((HAND, KEY), (HAND,), (KEY,))[one % 3] for one in range(images)]))


def maps_of(modelling: MapModelling, objects: Sequence[Any]) -> MapExamples:
    """Random maps with the targets of these objects."""
    values = sum(one.values for one in SHAPES)
    maps = np.random.default_rng(len(objects)).normal(0, 1, (len(objects), values)).astype(np.float16)
    return MapExamples(maps, np.stack([modelling.placed(one, whole_image(*SIZE, 64), SHAPES) for one in objects]))


def of_maps(modelling: MapModelling, objects_of: Callable[[int], Sequence[Any]]) -> Given:
    """A training of a head over maps."""

    def trained(journal: Journal, folder: Path, fit: FitSettings) -> Result:
        train_set, val = (maps_of(modelling, objects_of(count)) for count in (14, 10))
        fitted = train_maps(train_set, val, SHAPES, modelling, HOW, seed=3, journal=journal, folder=folder, settings=fit)
        return Result(modelling.head_arrays(fitted.network, SHAPES), fitted.best, fitted.resumed_from_epoch)

    return Given("maps", trained)


def of_embeddings(modelling: Modelling, targets_of: Callable[[int], Any], phase: str, unfreeze_epochs: int = 0) -> Given:
    """A training of a head over embeddings, and of a tiny backbone if epochs are given for it."""

    def trained(journal: Journal, folder: Path, fit: FitSettings) -> Result:
        torch.set_num_threads(1)
        settings = TrainingSettings(max_epochs=12, batch_size=8, unfreeze_epochs=unfreeze_epochs, learning_rate=0.03, fit=fit)
        network, sets, images = TinyNetwork().eval(), [], []
        for count in (30, 24):
            pixels = np.random.default_rng(count).integers(0, 256, (count, SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
            with torch.no_grad():
                sets.append(EmbeddedImages(network(torch.from_numpy(pixels)).numpy(), targets_of(count)))
            images.append(Images(pixels, targets_of(count)))
        outcome = train(
            Material(*sets, *images),
            modelling,
            settings,
            policy_of(None, FOR_WHOLE_IMAGES),
            seed=3,
            journal=journal,
            folder=folder,
            load_network=lambda: network,
        )
        return Result({**outcome.head, **outcome.backbone_weights}, outcome.best, outcome.resumed_from_epoch)

    return Given(phase, trained)


def of_network(open_it: Callable[[Path], Network], objects_of: Callable[[int], Sequence[Any]]) -> Given:
    """A training of a whole network on images of noise."""

    def trained(journal: Journal, folder: Path, fit: FitSettings) -> Result:
        network, sets = open_it(folder / "cache"), []
        for count in (14, 10):
            images = np.random.default_rng(count).integers(0, 256, (count, 64, 64, 3), np.uint8)
            sets.append(given_networks.examples(network, list(images), objects_of(count)))
        # Larger steps on images of noise make much of a rounding.
        fitted = given_networks.trained(network, *sets, folder, journal=journal, fit=fit, learning_rate=3e-4)
        return Result(network_arrays(fitted.network), fitted.best, fitted.resumed_from_epoch)

    return Given("network", trained)


def three_classes(count: int) -> np.ndarray[Any, Any]:
    """Every second image of the first class."""
    return np.array([0, 1, 0, 2], np.int64)[np.arange(count) % 4]


def several_classes(count: int) -> np.ndarray[Any, Any]:
    """0 to 3 of three classes an image."""
    return np.random.default_rng(0).random((count, 3)).__lt__([0.7, 0.5, 0.2]).astype(np.float32)


CLASSES, SEVERAL = ClassModelling(("a", "b", "c")), MultiLabelModelling(("a", "b", "c"))
TRAININGS = {
    "class": of_embeddings(CLASSES, three_classes, "head"),
    "class, on all images": of_embeddings(CLASSES, three_classes, "head_on_all"),
    "class, with its backbone": of_embeddings(CLASSES, three_classes, "live", unfreeze_epochs=3),
    "classes": of_embeddings(SEVERAL, several_classes, "head"),
    "classes, with its backbone": of_embeddings(SEVERAL, several_classes, "live", unfreeze_epochs=3),
    "box": of_maps(BOXES, box_objects),
    "mask": of_maps(MASKS, lambda count: mask_objects(MASKS, count)),
    "mask, an object each": of_maps(INSTANCES, lambda count: mask_objects(INSTANCES, count)),
    "mask, a U-Net": of_network(
        lambda cache: UNet(MaskKind(("bolt", "nut")), SmallCnn(64, cache), 64), lambda count: mask_objects(MASKS, count)
    ),
    "keypoints": of_maps(KEYPOINTS, skeleton_objects),
}
"""Label kind and what is trained → the training."""
if find_spec("transformers"):
    TRAININGS["box, an RT-DETR"] = of_network(
        lambda cache: RtDetr(BoxKind(("bolt", "nut")), given_folders.put_rt_detr(cache), 64), box_objects
    )
    TRAININGS["mask, a SegFormer"] = of_network(
        lambda cache: SegFormer(MaskKind(("bolt", "nut")), given_folders.put_segformer(cache), 64),
        lambda count: mask_objects(MASKS, count),
    )
