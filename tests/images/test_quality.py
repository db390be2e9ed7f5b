import polars as pl
import pytest
from given import image_id

from pipeline_tasks.images.quality import judge, quarantined
from pipeline_tasks.registries import QUALITY_RULES
from pipeline_tasks.settings import QualitySettings
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.table import Rows, check

FINE = {"luma_mean": 120.0, "luma_contrast": 40.0, "sharpness": 100.0, "entropy_bits": 7.0}


def tables(*measured_values: dict[str, float]) -> tuple[Rows[Image], Rows[Measurement]]:
    images = [
        {
            "image_id": image_id(n),
            "md5": "0" * 32,
            "size_bytes": 1,
            "file_format": "PNG",
            "orientation": 1,
            "frames": 1,
            "canonical_form": 2,
            "bit_depth": None,
        }
        | {"width_px": int(one.get("width_px", 200)), "height_px": 100}
        for n, one in enumerate(measured_values)
    ]
    measured = [
        dict.fromkeys(Measurement.column_names())
        | FINE
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


def test_judge__accepts_a_value_on_its_limit() -> None:
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


def test_judge__does_not_judge_what_is_not_measured_yet() -> None:
    images, measured = tables({"sharpness": 1})
    unmeasured = measured.with_columns(sharpness=pl.lit(None, pl.Float64))
    assert judge(images, unmeasured, QualitySettings()).is_empty()


def test_quality_rules__state_the_measurement_and_the_limit() -> None:
    assert QUALITY_RULES.load("too_dark").says(12.345, 28.0) == "too dark: mean luma 12.35, at least 28 wanted"
    assert QUALITY_RULES.load("too_bright").says(250.0, 235.0) == "too bright: mean luma 250, at most 235 wanted"


def test_quality_rules__each_have_a_column_and_a_limit_of_their_own() -> None:
    rules = dict(QUALITY_RULES.load_all())
    assert {name: rule.name for name, rule in rules.items()} == {name: name for name in QUALITY_RULES.names}
    assert sorted(rule.setting for rule in rules.values()) == sorted(QualitySettings.model_fields)
    assert {rule.column for rule in rules.values()} <= {"side_px", *Image.column_names(), *Measurement.column_names()}


def test_quality_issues__of_a_release_with_fewer_rules_can_be_read() -> None:
    older = pl.DataFrame({"image_id": [image_id(1)], "rule": ["flat"], "value": [1.0], "limit": [6.0]})
    older = older.with_columns(rule=pl.col("rule").cast(pl.Enum(["too_small", "flat"])))
    assert check(QualityIssue, older)["rule"].to_list() == ["flat"]


def test_quarantined__are_those_that_still_break_a_limit() -> None:
    rows = [("dark", "too_dark", 20.0), ("blurred", "blurred", 3.0), ("both", "too_dark", 20.0), ("both", "blurred", 3.0)]
    issues = pl.DataFrame(rows, schema=["image_id", "rule", "value"], orient="row")

    def left(**limits: float | None) -> frozenset[str]:
        return quarantined(issues, QualitySettings(**limits))  # type: ignore[arg-type]

    assert left() == {"dark", "blurred", "both"}
    assert left(min_luma_mean=20) == {"blurred", "both"}
    assert left(min_sharpness=None) == {"dark", "both"}
    assert left(min_luma_mean=10, min_sharpness=1) == frozenset()
    assert left(min_luma_mean=None, max_luma_mean=None, min_side_px=None, min_luma_contrast=None, min_sharpness=None) == frozenset()
