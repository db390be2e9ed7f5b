import polars as pl
import pytest
from given import image_id

from pipeline_tasks.images.quality import judge
from pipeline_tasks.settings import QualitySettings
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.table import Rows, check

FINE = {"luma_mean": 120.0, "luma_contrast": 40.0, "sharpness": 100.0, "entropy_bits": 7.0}


def tables(*measured_values: dict[str, float]) -> tuple[Rows[Image], Rows[Measurement]]:
    images = [
        {"image_id": image_id(n), "md5": "0" * 32, "size_bytes": 1, "file_format": "PNG", "orientation": 1, "frames": 1}
        | {"width_px": int(one.get("width_px", 200)), "height_px": 100}
        for n, one in enumerate(measured_values)
    ]
    measured = [
        FINE
        | {"image_id": image_id(n), "pixels_sha256": image_id(n), "perceptual_hash": n}
        | {key: value for key, value in one.items() if key in FINE}
        for n, one in enumerate(measured_values)
    ]
    return check(Image, pl.DataFrame(images)), check(Measurement, pl.DataFrame(measured))


@pytest.mark.parametrize(
    ("image", "rule", "value", "limit"),
    [
        ({"width_px": 63}, "too_small", 63, 64),
        ({"luma_mean": 27.9}, "too_dark", 27.9, 28),
        ({"luma_mean": 235.1}, "too_bright", 235.1, 235),
        ({"luma_contrast": 5}, "flat", 5, 6),
        ({"sharpness": 11}, "blurred", 11, 12),
        ({"entropy_bits": 1}, "uninformative", 1, 2),
    ],
)
def test_judge__names_rule_value_and_limit(image: dict[str, float], rule: str, value: float, limit: float) -> None:
    issues = judge(*tables({}, image), QualitySettings())
    assert issues.rows() == [(image_id(1), rule, value, limit)]


def test_judge__finds_a_value_on_its_limit_fine() -> None:
    assert judge(*tables({"luma_mean": 28.0}, {"luma_mean": 235.0}, {"width_px": 64}), QualitySettings()).is_empty()


def test_judge__gives_an_image_a_row_for_each_rule_it_breaks() -> None:
    issues = judge(*tables({"luma_mean": 1, "sharpness": 1}, {}, {"sharpness": 2}), QualitySettings())
    assert [(one, rule) for one, rule, *_ in issues.rows()] == [
        (image_id(0), "too_dark"),
        (image_id(0), "blurred"),
        (image_id(2), "blurred"),
    ]


def test_judge__does_not_judge_by_a_limit_of_none() -> None:
    off = dict.fromkeys(QualitySettings.model_fields)
    assert judge(*tables({"luma_mean": 1, "sharpness": 0, "width_px": 1}), QualitySettings(**off)).is_empty()
