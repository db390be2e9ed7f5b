"""Tests of the augmentation policy: each entry changes what it says, the same for the same seed, in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from given_models import an_image
from numpy.typing import NDArray
from pydantic import ValidationError

from pipeline_tasks.augmentations.policy import FOR_PLACES, FOR_WHOLE_IMAGES, Policy, policy_of
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import AUGMENTATIONS
from pipeline_tasks.settings import AugmentationSettings, TrainingSettings

MILD = policy_of(None, FOR_WHOLE_IMAGES)
OF_EARLIER_RELEASES = (
    "2b744fa2e2b30206112a86341616a526b20e7a24ad5af58fdb2aaebb17bfa538",
    "5fffe83a43e8f5e3e1cc06a30905e0510cac1208d58c4e3766a10dfa45341e47",
)


def one(name: str, strength: float | None = None, probability: float | None = 1.0) -> Policy:
    return policy_of({name: AugmentationSettings(strength=strength, probability=probability)}, ())


OF_ONE_IMAGE = [name for name in AUGMENTATIONS.names if one(name).alone.steps]


def views(policy: Policy, image: NDArray[np.uint8], count: int = 12) -> NDArray[np.uint8]:
    return np.stack([policy.view(image, seed) for seed in range(count)])


def test_entries__have_the_defaults_that_are_documented() -> None:
    found = {name: (step.strength, step.probability) for name in AUGMENTATIONS.names for step in one(name, None, None).steps}

    assert found == {
        "random_crop": (0.4, 1.0),
        "zoom": (0.5, 1.0),
        "horizontal_flip": (0.0, 0.5),
        "vertical_flip": (0.0, 0.5),
        "quarter_turn": (0.0, 0.5),
        "rotation": (0.15, 0.5),
        "brightness_contrast": (0.25, 0.8),
        "brightness": (0.25, 0.5),
        "exposure": (0.4, 0.5),
        "contrast": (0.25, 0.5),
        "saturation": (0.3, 0.5),
        "hue": (0.05, 0.5),
        "clahe": (0.3, 0.5),
        "equalize": (0.0, 0.2),
        "grey_world": (1.0, 0.2),
        "blur": (0.2, 0.2),
        "motion_blur": (0.3, 0.2),
        "gaussian_noise": (0.25, 0.5),
        "salt_and_pepper": (0.2, 0.5),
        "jpeg": (0.5, 0.5),
        "cutout": (0.25, 0.5),
        "mixup": (0.2, 0.5),
        "cutmix": (1.0, 0.5),
        "mosaic": (0.0, 0.5),
    }


def test_default_policy__draws_the_views_of_earlier_releases() -> None:
    """Their embeddings are stored under this digest; with another one every image is embedded again."""
    assert (MILD.digest, MILD.unmoving.digest) == OF_EARLIER_RELEASES
    assert policy_of(None, FOR_PLACES).unmoving.digest == MILD.unmoving.digest


@pytest.mark.slow
def test_view__depends_only_on_image_and_seed() -> None:
    image = an_image("bolt", 1)
    wanted = views(MILD, image)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda seed: MILD.view(image, seed), range(12)))

    assert np.array_equal(wanted, found)
    assert not np.array_equal(wanted[0], wanted[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ONE_IMAGE)
def test_view__of_each_entry_is_another_image_of_the_same_size(name: str) -> None:
    image = an_image("nut", 2)
    before = image.copy()

    drawn = views(one(name), image)

    assert drawn.dtype == np.uint8
    assert drawn.shape == (12, *image.shape)
    assert any(not np.array_equal(view, image) for view in drawn)
    assert np.array_equal(image, before)
    assert np.array_equal(views(one(name, probability=0.0), image), np.stack([image] * 12))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OF_ONE_IMAGE if one(name).steps[0].augmentation.strength])
def test_view__of_more_strength_is_further_from_the_image(name: str) -> None:
    image = an_image("bolt", 3).repeat(4, axis=0).repeat(4, axis=1)

    weak, strong = (np.abs(views(one(name, strength), image, 40).astype(int) - image).mean() for strength in (0.05, 0.8))

    assert strong > weak


@pytest.mark.slow
def test_view__without_moving_keeps_everything_at_its_place() -> None:
    image = np.full((32, 32, 3), 40, np.uint8)
    image[20:26, 4:10] = 200
    everything = policy_of({name: AugmentationSettings() for name in AUGMENTATIONS.names}, ())

    drawn = views(everything.unmoving, image).astype(int).sum(axis=3)

    assert {step.name for step in everything.alone.steps if step not in everything.unmoving.steps} == {
        "random_crop",
        "zoom",
        "horizontal_flip",
        "vertical_flip",
        "quarter_turn",
        "rotation",
    }
    middle_and_beside = (np.median(drawn[:, 21:25, 5:9], axis=(1, 2)), np.median(drawn[:, :16], axis=(1, 2)))
    assert (middle_and_beside[0] > middle_and_beside[1]).all()


def test_mirrors_and_turns__put_a_corner_where_they_say() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[0, 1] = 255
    places = {
        name: {tuple(np.argwhere(view.sum(axis=2))[0]) for view in views(one(name), image, 30)}
        for name in ("horizontal_flip", "vertical_flip", "quarter_turn")
    }

    assert places["horizontal_flip"] == {(0, 6)}
    assert places["vertical_flip"] == {(7, 1)}
    assert places["quarter_turn"] == {(0, 1), (1, 7), (7, 6), (6, 0)}


def test_grey_world__takes_a_cast_away() -> None:
    image = np.full((4, 4, 3), (120, 60, 90), np.uint8)

    assert one("grey_world").view(image, 1)[0, 0].tolist() == [90, 90, 90]
    assert one("grey_world", 0.5).view(image, 1)[0, 0].tolist() == [105, 75, 90]


def test_cutout__makes_one_grey_hole_of_the_size_it_says() -> None:
    holes = [(view == 127).all(axis=2).sum() for view in views(one("cutout", 0.5), np.zeros((40, 40, 3), np.uint8), 30)]

    assert min(holes) >= 10 * 10
    assert max(holes) <= 20 * 20


def test_salt_and_pepper__is_black_and_white_alone() -> None:
    drawn = views(one("salt_and_pepper", 1.0), np.full((32, 32, 3), 100, np.uint8))

    assert set(np.unique(drawn).tolist()) == {0, 100, 255}
    assert 0 < (drawn != 100).mean() <= 0.2


def test_policy__takes_entries_in_one_order_and_drops_those_never_taken() -> None:
    never, some = AugmentationSettings(probability=0.0), AugmentationSettings()

    policy = policy_of({"cutout": some, "jpeg": never, "rotation": some}, ())

    assert [step.name for step in policy.steps] == ["rotation", "cutout"]
    assert policy.digest == policy_of({"rotation": some, "cutout": some}, ()).digest
    assert policy.digest != policy_of({"rotation": AugmentationSettings(strength=0.3), "cutout": some}, ()).digest


OWN = """
def invert(image, strength, random):
    return 255 - image

def halve(image, strength, random):
    return image[::2]
"""


def test_own_function__is_an_entry_and_its_text_is_in_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_views.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    image = np.full((4, 4, 3), 55, np.uint8)

    found = one("my_views:invert")

    assert found.view(image, 1)[0, 0].tolist() == [200, 200, 200]
    assert found.digest != one("my_views:halve").digest
    with pytest.raises(SettingsError, match=r"my_views:halve must return .* shape \(4, 4, 3\), and returned uint8 of shape \(2, 4"):
        one("my_views:halve").view(image, 1)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"rotaton": {}}, r"unknown augmentation 'rotaton' \(did you mean 'rotation'\?\)"),
        ({"horizontal_flip": {"strength": 0.5}}, "horizontal_flip has no strength, found 0.5"),
        ({"blur": {"strength": 0}}, "blur: a strength of 0 changes nothing"),
        ({"blur": {"strength": 1.5}}, "less than or equal to 1"),
        ({"no_such_module:rain": {}}, "augmentation 'no_such_module:rain' cannot be imported"),
    ],
)
def test_settings__refuse_what_they_cannot_mean(entries: dict[str, dict[str, float]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TrainingSettings.model_validate({"augmentation": entries})
