"""Shows that the demo's images mean something: hard for a thumbnail, fair for the champion, and full of hidden copies.

`make bench-demo` draws both nights, measures them as the stages do, and holds three figures against their limits:
a head on 8 x 8 thumbnails, the same head on the frozen backbone's embeddings, and how many planted near-duplicates equal
bytes and a 64-bit hash find alone. Labels are those of the simulated annotators, tests are against the truth.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo.inbox import EXAMPLE, SEED
from demo.night import draw_night
from demo.people import PEOPLE, annotate, person_for
from demo.plan import COPIES, LOW_QUALITY, NEAR_DUPLICATES
from demo.truth import Truth, read_truth
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.settings import DuplicateSettings, load_project
from pipeline_tasks.wiring.projects import home_folder

FILES = 600
LABELS_A_NIGHT = 240
FIRST_NIGHT_TEST_RATIO, LATER_TEST_RATIO = 0.4, 0.1
DRAWS = 5
"""Random choices of what is labelled; the figure is their mean."""


@dataclass
class Images:
    """Every image of both nights that can be decoded, in the order in which they came."""

    keys: list[str] = field(default_factory=list)
    nights: list[int] = field(default_factory=list)
    image_ids: list[str] = field(default_factory=list)
    hashes: list[int] = field(default_factory=list)
    thumbnails: list[npt.NDArray[np.float32]] = field(default_factory=list)
    model_images: list[npt.NDArray[np.uint8]] = field(default_factory=list)


def main() -> int:
    """Print figures and limits; 1 if a figure misses its limit."""
    project = load_project(EXAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        images, truth = _draw_and_measure(Path(folder))
    began = time.monotonic()
    embeddings = open_backbone(project.backbone, home_folder() / "backbones").embed(np.stack(images.model_images))
    print(f"{len(embeddings)} images embedded in {time.monotonic() - began:.1f} s")
    thumbnail, champion = _heads(images, truth, embeddings)
    by_hash, by_both = _found(images, truth, embeddings, project.duplicates)
    figures = [
        ("head on 8 x 8 thumbnails, balanced accuracy", thumbnail, 0.0, 0.60),
        ("head on frozen embeddings, balanced accuracy", champion, 0.75, 0.97),
        ("near-duplicates found by bytes and 64-bit hash", by_hash, 0.0, 0.70),
        ("near-duplicates found with embeddings as well", by_both, 0.90, 1.0),
    ]
    for name, value, low, high in figures:
        print(f"{name:50} {value:6.1%}   wanted {low:.0%} to {high:.0%}   {'ok' if low <= value <= high else 'MISSED'}")
    return 0 if all(low <= value <= high for _, value, low, high in figures) else 1


def _draw_and_measure(folder: Path) -> tuple[Images, Truth]:
    images, truth_file = Images(), folder / "truth.json"
    for night in (1, 2):
        began, inbox = time.monotonic(), folder / f"night{night}"
        draw_night(night, FILES, SEED, inbox, truth_file, "parts")
        print(f"night {night}: {FILES} files drawn in {time.monotonic() - began:.1f} s")
        for path in sorted(inbox.rglob("*.jpg"), key=lambda path: path.name):
            _take_in(images, path, str(path.relative_to(inbox)), night)
    return images, read_truth(truth_file)


def _take_in(images: Images, path: Path, key: str, night: int) -> None:
    content = path.read_bytes()
    try:
        pixels = decode(content, Limits()).pixels
    except RejectedFileError:
        return
    images.keys.append(key)
    images.nights.append(night)
    images.image_ids.append(hashlib.sha256(content).hexdigest())
    images.hashes.append(int(measure(pixels, ["perceptual_hash"])["perceptual_hash"]))
    images.thumbnails.append(_thumbnail(pixels))
    images.model_images.append(model_image(pixels, 224))


def _thumbnail(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    small = Image.fromarray(pixels).resize((8, 8), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel() / np.float32(255)


def _heads(images: Images, truth: Truth, embeddings: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Mean balanced accuracy on 8 x 8 thumbnails and on embeddings, of heads trained on what two rounds would label."""
    planted = {plant.key for plant in truth.plants if plant.kind in (*COPIES, *LOW_QUALITY)}
    fair = [number for number, key in enumerate(images.keys) if key not in planted]
    classes = np.array([truth.images[image_id].class_name for image_id in images.image_ids])
    annotations = np.array([_annotated(image_id, truth) for image_id in images.image_ids])
    scores = []
    for draw in range(DRAWS):
        train = _labelled(images, fair, np.random.default_rng([SEED, draw]))
        test = np.setdiff1d(fair, train)
        scores.append([_score(values, annotations, classes, train, test) for values in (np.stack(images.thumbnails), embeddings)])
    mean = np.mean(scores, axis=0)
    return float(mean[0]), float(mean[1])


def _annotated(image_id: str, truth: Truth) -> str:
    """Annotations of an image by the simulated annotators."""
    return annotate(person_for(PEOPLE, image_id, 0), image_id, truth.images[image_id].class_name, truth.classes)


def _labelled(images: Images, fair: Sequence[int], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Labels left for training after two rounds, without the share of the test split."""
    chosen = []
    for night, test_ratio in ((1, FIRST_NIGHT_TEST_RATIO), (2, LATER_TEST_RATIO)):
        of_night = [number for number in fair if images.nights[number] == night]
        chosen.append(rng.choice(of_night, round(LABELS_A_NIGHT * (1 - test_ratio)), replace=False))
    return np.concatenate(chosen)


def _score(
    values: npt.NDArray[np.float32],
    annotations: npt.NDArray[np.str_],
    classes: npt.NDArray[np.str_],
    train: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
) -> float:
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000, class_weight="balanced"))
    head.fit(values[train], annotations[train])
    return float(balanced_accuracy_score(classes[test], head.predict(values[test])))


def _found(images: Images, truth: Truth, embeddings: npt.NDArray[np.float32], settings: DuplicateSettings) -> tuple[float, float]:
    """Share of the planted near-duplicates that equal bytes and hash find, and that the project's thresholds find."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    place = {key: number for number, key in enumerate(images.keys)}
    by_hash, by_both = [], []
    for plant in truth.plants:
        if plant.kind in NEAR_DUPLICATES and plant.copy_of is not None:
            one, other = place[plant.key], place[plant.copy_of]
            is_near = (images.hashes[one] ^ images.hashes[other]).bit_count() <= settings.max_hash_distance
            cosine = float(unit[one] @ unit[other])
            by_hash.append(is_near or images.image_ids[one] == images.image_ids[other])
            by_both.append((is_near and cosine >= settings.min_hash_cosine) or cosine >= settings.min_embedding_cosine)
    return float(np.mean(by_hash)), float(np.mean(by_both))


if __name__ == "__main__":
    sys.exit(main())
