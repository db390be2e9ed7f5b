"""Tests of what annotators must not see: found, blurred in their copies, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import given
import numpy as np
import pytest
from a_labeling_round import LabelingRound
from blurring.given_detectors import a_detector
from tiny_model import tiny_model

from pipeline_tasks.blurring.blur import Blur, open_blur
from pipeline_tasks.blurring.detector import open_detector
from pipeline_tasks.blurring.regions import without_regions
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.jpeg import decode_jpeg
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings.labeling import BlurSettings
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.selection import SelectedImage

RED = np.array([255, 0, 0], np.uint8)


def a_scene() -> np.ndarray[Any, Any]:
    """60 x 90 px of noise without red, and a chequered square of 20 px, red and black, from (30, 20)."""
    pixels = np.random.default_rng(1).integers(0, 200, (60, 90, 3), dtype=np.uint8)
    rows, columns = np.mgrid[0:20, 0:20]
    pixels[20:40, 30:50] = np.where(((rows + columns) % 2 == 0)[..., None], RED, 0)
    return pixels


def a_blur(score: float = 0.9, **settings: Any) -> Blur:
    return Blur(BlurSettings(model="red.onnx", **settings), a_detector(score))


def test_without_regions__leaves_mean_colours_of_a_box_and_all_else_as_it_is() -> None:
    pixels = a_scene()

    blurred = without_regions(pixels, np.array([[30.0, 20.0, 50.0, 40.0]]), margin=0.0)

    inside = np.zeros((60, 90), bool)
    inside[20:40, 30:50] = True
    assert (blurred[~inside] == pixels[~inside]).all()
    # Half red, half black: of the chequers nothing is left but 127 or 128 everywhere.
    assert set(np.unique(blurred[inside][:, 0])) <= {127, 128}
    assert (pixels[20, 30] == RED).all()


def test_without_regions__stays_within_the_image_and_takes_the_margin_with_it() -> None:
    pixels, outside, empty = a_scene(), [200.0, 0.0, 220.0, 9.0], [5.0, 5.0, 5.0, 9.0]

    blurred = without_regions(pixels, np.array([[80.0, 50.0, 100.0, 58.0], outside, empty]), margin=0.1)

    changed = np.argwhere((blurred != pixels).any(axis=2))
    assert changed.min(axis=0).tolist() == [48, 78]


def test_blur__covers_what_the_detector_is_sure_of() -> None:
    pixels = a_scene()

    assert set(np.unique(a_blur(margin=0.0)(pixels)[20:40, 30:50, 0])) <= {127, 128}
    assert (a_blur(score=0.2)(pixels) == pixels).all()


def test_blur__of_another_file_or_setting_has_another_digest_but_not_of_another_place() -> None:
    digests = [a_blur().digest, a_blur(margin=0.3).digest, a_blur(min_score=0.5).digest, a_blur(score=0.8).digest]

    assert len(set(digests)) == 4
    assert Blur(BlurSettings(model="elsewhere/red.onnx"), a_detector()).digest == a_blur().digest


class SceneDecoder:
    """Makes the scene of anything."""

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        return CanonicalImage(a_scene(), "PNG", 1, 1)


def test_send_to_labeling__shows_people_blurred_copies_also_of_images_that_were_copied_before(store: Store, tmp_path: Path) -> None:
    round, blur = LabelingRound(store, tmp_path), a_blur(margin=0.0)
    cycle = round.open(images=2)
    first, second = store.read(SelectedImage, cycle.cycle_id)["image_id"]
    round.files.put(first, b"as it is")
    files = AnnotatorFiles(tmp_path, "parts", blur_digest=lambda: blur.digest)

    send_to_labeling(store, cycle, round.server.client(), files, SceneDecoder(), given.STARTED_AT, blur=blur)

    addresses = {task["data"]["image_id"]: task["data"]["picture"] for task in round.server.tasks.values()}
    for image_id in (first, second):
        assert addresses[image_id].endswith(f"{image_id}.{blur.digest}.jpg")
        shown = decode_jpeg((files.folder / image_id[:2] / f"{image_id}.{blur.digest}.jpg").read_bytes())
        assert shown is not None
        assert shown.shape == (60, 90, 3)
        assert int(shown[22:38, 32:48, 0].max()) < 160
    assert files.remove(first)
    assert not list(tmp_path.rglob(f"{first}*"))


def test_annotator_files__of_a_task_from_before_the_blur_are_those_that_it_was_sent_with(tmp_path: Path) -> None:
    image_id = given.image_id(1)
    before, after = AnnotatorFiles(tmp_path, "parts"), AnnotatorFiles(tmp_path, "parts", blur_digest=lambda: "0123456789ab")
    assert before.put(image_id, b"x") == after.standing_address(image_id)
    assert after.put(image_id, b"y") == after.standing_address(image_id) == after.address(image_id)


def test_collecting__needs_no_detector_once_a_round_is_sent(store: Store, tmp_path: Path) -> None:
    def gone() -> str:
        raise SettingsError("the detector is not there any more")

    round = LabelingRound(store, tmp_path)
    round.send(cycle := round.open(images=1))
    round.server.annotate(round.task_ids(cycle)[0], ["nut"])
    round.files = AnnotatorFiles(tmp_path, "parts", blur_digest=gone)

    assert round.collect(cycle).annotations_new == 1


def test_open_blur__needs_the_file_and_is_nothing_without_the_setting(tmp_path: Path) -> None:
    assert open_blur(None, tmp_path) is None
    with pytest.raises(SettingsError, match=r"red.onnx cannot be read: No such file.*Nothing is shown to people unblurred"):
        open_blur(BlurSettings(model="red.onnx"), tmp_path)
    (tmp_path / "red.onnx").write_bytes(a_detector())
    found = open_blur(BlurSettings(model="red.onnx"), tmp_path)
    assert found is not None
    assert found.digest == a_blur().digest


@pytest.mark.parametrize(
    ("content", "names", "problem"),
    [
        (b"no model", (), "f.onnx: ONNX Runtime cannot open the file"),
        (a_detector(score_name="confidences"), (), r"wanted one input .* found inputs .*'image'.* outputs .*'confidences'"),
        (a_detector(), ("face",), r"names \['face'\] are for a model of Nightlens"),
        (tiny_model(), (), "wanted a model of the kind box, found one of class"),
    ],
    ids=["no model", "other outputs", "names", "classes"],
)
def test_open_detector__refuses_a_file_that_finds_no_boxes(content: bytes, names: tuple[str, ...], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        open_detector(content, names, "f.onnx")
