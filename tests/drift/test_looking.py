"""Tests of one look: what is named, with which camera and images, and what is left alone."""

from __future__ import annotations

import numpy as np
from scipy.stats import ks_2samp

from pipeline_tasks.drift.looking import LEAST_IMAGES, look
from pipeline_tasks.drift.record import ALL_CAMERAS, CLASSIFIER, EMBEDDING, PREDICTION, PROPERTY, SHARE
from pipeline_tasks.drift.sample import Sample

CAMERAS = ("left", "middle", "right")


def sample(name: str, count: int, seed: int, dark: str = "", by: float = 30) -> Sample:
    """Images of three cameras in turn; those of the camera `dark` are darker, which embeddings show too."""
    generator = np.random.default_rng(seed)
    cameras = np.array([CAMERAS[at % 3] for at in range(count)])
    luma, embeddings = generator.normal(120, 20, count), generator.normal(size=(count, 40)).astype(np.float32)
    luma -= by * (cameras == dark)
    embeddings[:, 3] += by / 10 * (cameras == dark)
    beliefs = generator.dirichlet([1, 1], count)
    return Sample(
        np.array([f"{name}{at}" for at in range(count)]),
        {"luma_mean": luma, "sharpness": generator.normal(size=count)},
        embeddings,
        {"crack": beliefs[:, 0]},
        cameras,
    )


def test_look__names_the_property_and_the_camera_with_images_of_it() -> None:
    reference, production = sample("r", 600, 0), sample("p", 300, 1, dark="middle")

    found = look(reference, production, seed=0, draws=199)

    first = found.causes[0]
    assert (first.record.test, first.record.subject, first.record.camera) == (PROPERTY, "luma_mean", "middle")
    assert first.words.startswith("camera middle: luma_mean is 8")
    assert all(int(one[1:]) % 3 == 1 for one in first.examples)
    assert {one.record.camera for one in found.causes} == {"middle"}
    assert found.p == 1 / 200
    assert found.matters


def test_look__has_each_test_of_each_camera() -> None:
    found = look(sample("r", 300, 0), sample("p", 150, 1), seed=0, draws=99)

    assert {one.test for one in found.records} == {PROPERTY, PREDICTION, SHARE, EMBEDDING, CLASSIFIER}
    assert {one.camera for one in found.records} == {ALL_CAMERAS, *CAMERAS}
    assert len(found.records) == 6 * 4
    assert found.records[0].figures["production_images"] == 150


def test_look__names_all_cameras_where_all_drifted() -> None:
    reference, production = sample("r", 600, 0), sample("p", 300, 1)
    darker = Sample(production.image_ids, {"luma_mean": production.properties["luma_mean"] - 30}, cameras=production.cameras)
    reference = Sample(reference.image_ids, {"luma_mean": reference.properties["luma_mean"]}, cameras=reference.cameras)

    found = look(reference, darker, seed=0, draws=199)

    assert [one.record.camera for one in found.causes] == [ALL_CAMERAS]
    darkest = production.image_ids[production.properties["luma_mean"].argmin()]
    assert found.causes[0].examples[0] == darkest


def test_look__leaves_alone_what_did_not_drift_and_says_the_same_again() -> None:
    given = sample("r", 600, 0), sample("p", 300, 7)

    found = look(*given, seed=0, draws=199)

    assert found.p > 0.05
    assert found.causes == ()
    assert found == look(*given, seed=0, draws=199)


def test_look__does_not_take_other_shares_of_cameras_for_drift() -> None:
    """Cameras differ, and production has more images of one of them."""
    given = [(of_cameras([300, 300, 300], seed), of_cameras([300, 100, 0], 20 + seed)) for seed in range(20)]

    assert all(ks_2samp(one.properties["luma_mean"], other.properties["luma_mean"]).pvalue < 1e-9 for one, other in given)
    assert sum(look(*one, seed=0, draws=99).p <= 0.05 for one in given) <= 3, "1 is expected by chance"


def of_cameras(counts: list[int], seed: int) -> Sample:
    places = np.repeat([0, 1, 2], counts)
    luma = 50 * places + np.random.default_rng(seed).normal(size=len(places))
    return Sample(np.arange(len(places)).astype(str), {"luma_mean": luma}, cameras=np.array(CAMERAS)[places])


def test_look__does_not_take_two_nights_of_clips_for_drift() -> None:
    generator, clips = np.random.default_rng(3), np.repeat(np.arange(40), 20)
    luma = generator.normal(120, 20, 40)[clips] + generator.normal(size=800)
    names = np.array([f"clip {one}" for one in clips])
    images = Sample(np.arange(800).astype(str), {"luma_mean": luma}, clips=names)
    one, other = images.rows(clips < 25), images.rows(clips >= 25)

    assert ks_2samp(luma[clips < 25], luma[clips >= 25]).pvalue < 0.001
    assert look(one, other, seed=0, draws=199).p > 0.05


def test_look__takes_a_tiny_shift_of_many_images_for_nothing_to_act_on() -> None:
    generator = np.random.default_rng(0)
    reference, production = (
        Sample(np.arange(40_000).astype(str), {"luma_mean": generator.normal(by, 1, 40_000)}) for by in (0.0, 0.05)
    )

    found = look(reference, production, seed=0, draws=199)

    assert found.p == 1 / 200
    assert found.records[0].effect < 0.03
    assert not found.matters


def test_look__says_nothing_of_a_number_that_is_always_the_same() -> None:
    reference, production = sample("r", 300, 0), sample("p", 150, 1)
    for one in (reference, production):
        one.properties["sharpness"][:] = 7.1
        one.predictions["crack"][:] = 0.3

    found = look(reference, production, seed=0, draws=99)

    constant = [one for one in found.records if one.subject in ("sharpness", "crack")]
    assert {(one.p, one.effect < 1e-6) for one in constant} == {(1.0, True)}


def test_look__names_a_name_that_is_predicted_more_often() -> None:
    reference, production = sample("r", 600, 0), sample("p", 500, 1)
    reference.predictions["crack"][:] = np.where(np.arange(600) % 25 == 0, 0.9, 0.1)
    production.predictions["crack"][:] = np.where(np.arange(500) % 8 == 0, 0.9, 0.1)

    first = look(reference, production, seed=0, draws=199).causes[0]

    assert (first.record.test, first.record.camera) == (SHARE, ALL_CAMERAS)
    assert first.words.startswith("all cameras: predicted crack is 0.201 instead of 0.132")


def test_look__leaves_out_values_that_were_not_measured() -> None:
    reference, production = sample("r", 300, 0), sample("p", 150, 1)
    production.properties["luma_mean"][:140] = np.nan

    found = look(reference, production, seed=0, draws=99)

    assert "luma_mean" not in {one.subject for one in found.records}
    production.properties["luma_mean"][:100] = 120.0
    found = look(reference, production, seed=0, draws=99)
    assert next(one for one in found.records if one.subject == "luma_mean").figures["production_images"] == 110


def test_look__says_nothing_of_few_images() -> None:
    found = look(sample("r", 300, 0), sample("p", LEAST_IMAGES - 1, 1), seed=0)

    assert (found.records, found.p, found.production_images) == ((), 1.0, LEAST_IMAGES - 1)
