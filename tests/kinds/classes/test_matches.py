from __future__ import annotations

import polars as pl
from given import image_id

from pipeline_tasks.kinds.classes.matches import always, match

MODEL = "a" * 64


def _test_images(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"image_id": image_id(number), "class_name": name, "split_group_id": image_id(group)} for number, name, group in rows]
    )


def _predictions(*rows: tuple[int, str, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"model_digest": MODEL, "image_id": image_id(number), "class_name": name, "probability": probability}
            for number, name, probability in rows
        ]
    )


def test_match__joins_predictions_with_the_truth() -> None:
    images = _test_images((1, "bolt", "g"), (2, "nut", "g"))
    predictions = _predictions((1, "bolt", 0.9), (1, "nut", 0.1), (2, "bolt", 0.7), (2, "nut", 0.3))

    matches = match(predictions, images, MODEL)

    by_image = dict(zip(sorted([image_id(1), image_id(2)]), range(2), strict=True))
    one, two = by_image[image_id(1)], by_image[image_id(2)]
    assert matches.class_names == ("bolt", "nut")
    assert (matches.truth[one], matches.predicted[one], matches.truth_probability[one]) == (0, 0, 0.9)
    assert (matches.truth[two], matches.predicted[two], matches.truth_probability[two]) == (1, 0, 0.3)
    assert matches.group_count == 1


def test_match__takes_the_first_by_name_of_equally_probable_classes() -> None:
    matches = match(_predictions((1, "nut", 0.5), (1, "bolt", 0.5)), _test_images((1, "nut", "g")), MODEL)

    assert matches.class_names[matches.predicted[0]] == "bolt"


def test_match__gives_a_class_outside_the_models_vocabulary_no_probability() -> None:
    matches = match(_predictions((1, "bolt", 1.0)), _test_images((1, "washer", "g")), MODEL)

    assert matches.class_names == ("bolt", "washer")
    assert (matches.truth_probability[0], matches.predicted[0]) == (0.0, 0)


def test_always__is_right_on_exactly_its_class() -> None:
    matches = match(_predictions((1, "bolt", 1.0), (2, "bolt", 1.0)), _test_images((1, "bolt", "g"), (2, "nut", "h")), MODEL)

    baseline = always(matches, "nut")

    assert (baseline.predicted == baseline.truth).sum() == 1
    assert sorted(baseline.truth_probability) == [0.0, 1.0]
