"""Tests of the conversion of imgaug's pipelines: entries, chances, and a sentence for all that is lost or not the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from pipeline_tasks.__main__ import main
from pipeline_tasks.augmentations.imgaug.converting import Converted, converted
from pipeline_tasks.settings import TrainingSettings

HEAD = "import imgaug.augmenters as iaa\n"
README_EXAMPLE = """import imgaug as ia
from imgaug import augmenters as iaa

sometimes = lambda aug: iaa.Sometimes(0.5, aug)
seq = iaa.Sequential(
    [
        iaa.Fliplr(0.5),
        iaa.Flipud(0.2),
        sometimes(iaa.CropAndPad(percent=(-0.05, 0.1), pad_mode=ia.ALL, pad_cval=(0, 255))),
        sometimes(iaa.Affine(scale={"x": (0.8, 1.2), "y": (0.8, 1.2)}, rotate=(-45, 45), shear=(-16, 16))),
        iaa.SomeOf((0, 5), [
            iaa.OneOf([iaa.GaussianBlur((0, 3.0)), iaa.AverageBlur(k=(2, 7)), iaa.MedianBlur(k=(3, 11))]),
            iaa.Sharpen(alpha=(0, 1.0), lightness=(0.75, 1.5)),
            iaa.AdditiveGaussianNoise(loc=0, scale=(0.0, 0.05*255), per_channel=0.5),
            iaa.Multiply((0.5, 1.5), per_channel=0.5),
        ], random_order=True),
    ],
    random_order=True,
)
"""


def of(code: str) -> Converted:
    return converted(HEAD + code)


@pytest.mark.parametrize(
    ("code", "entries"),
    [
        ("iaa.Fliplr(0.5)", {"horizontal_flip": (None, 0.5)}),
        ("iaa.Flipud()", {"vertical_flip": (None, 1.0)}),
        ("iaa.Crop(percent=(0, 0.1))", {"random_crop": (0.36, 1.0)}),
        ("iaa.Affine(scale=(0.7, 1.2), rotate=(-45, 45))", {"zoom": (0.5, 1.0), "rotation": (0.5, 1.0)}),
        ("iaa.Rotate((-9, 9))", {"rotation": (0.1, 1.0)}),
        ("iaa.Multiply((0.75, 1.1))", {"brightness": (0.25, 1.0)}),
        ("iaa.Add((-51, 10))", {"brightness": (0.2, 1.0)}),
        ("iaa.LinearContrast((0.6, 1.2))", {"contrast": (0.4, 1.0)}),
        ("iaa.GammaContrast((1/3, 1.0))", {"exposure": (1.0, 1.0)}),
        ("iaa.AdditiveGaussianNoise(scale=(0, 0.05*255))", {"gaussian_noise": (0.25, 1.0)}),
        ("iaa.SaltAndPepper(0.1)", {"salt_and_pepper": (0.5, 1.0)}),
        ("iaa.Cutout(size=0.3)", {"cutout": (0.3, 1.0)}),
        ("iaa.CoarseDropout(0.09, size_percent=0.5)", {"cutout": (0.4, 1.0)}),
        ("iaa.GaussianBlur(sigma=(0, 10/3))", {"blur": (0.5, 1.0)}),
        ("iaa.MotionBlur(k=9)", {"motion_blur": (0.4, 1.0)}),
        ("iaa.CLAHE(clip_limit=(1, 4.5))", {"clahe": (0.5, 1.0)}),
        ("iaa.Grayscale(alpha=(0.0, 0.5))", {"saturation": (0.5, 1.0)}),
        ("iaa.AddToHue((-51, 51))", {"hue": (0.2, 1.0)}),
        ("iaa.JpegCompression(compression=(10, 45))", {"jpeg": (0.5, 1.0)}),
        ("iaa.HistogramEqualization()", {"equalize": (None, 1.0)}),
        (
            "iaa.Sometimes(0.4, [iaa.Fliplr(0.5)], [iaa.Flipud(0.5)])",
            {"horizontal_flip": (None, 0.2), "vertical_flip": (None, 0.3)},
        ),
        ("iaa.OneOf([iaa.Fliplr(1.0), iaa.Flipud(1.0)])", {"horizontal_flip": (None, 0.5), "vertical_flip": (None, 0.5)}),
        (
            "iaa.SomeOf((0, 1), [iaa.Fliplr(1.0), iaa.Flipud(1.0)])",
            {"horizontal_flip": (None, 0.25), "vertical_flip": (None, 0.25)},
        ),
        ("iaa.SomeOf(1, [iaa.Fliplr(1.0), iaa.Noop()])", {"horizontal_flip": (None, 0.5)}),
        ("p = 0.3\nflip = iaa.Fliplr(p)\nseq = iaa.Sequential([flip])", {"horizontal_flip": (None, 0.3)}),
    ],
)
def test_converted__gives_the_entries_of_an_augmenter_with_strength_and_chance(
    code: str, entries: dict[str, tuple[float | None, float]]
) -> None:
    found = of(code)

    assert found.lost == []
    assert set(found.entries) == set(entries)
    for name, wanted in entries.items():
        assert found.entries[name] == pytest.approx(wanted)
    TrainingSettings.model_validate(yaml.safe_load(found.as_yaml)["training"])


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        ("iaa.Sharpen()", 2, "Sharpen: no entry changes images so; nearest: contrast"),
        ("\niaa.Rain()", 3, "Rain: no entry changes images so; nearest: a function of your own, `module:function`"),
        ("iaa.Crop(px=(0, 16))", 2, "Crop: `px`: pixels are no share"),
        ("iaa.Affine(shear=8)", 2, "Affine: `shear`; nearest: random_crop"),
        ("iaa.Fliplr(chance())", 2, "Fliplr: `chance()` cannot be read without running the file"),
        ("iaa.Sometimes(chance(), iaa.Fliplr(0.5))", 2, "`p` cannot be read without running the file"),
        ("iaa.Sequential([make()])", 2, "`make()` is not an augmenter that can be read"),
        ("iaa.Multiply('much')", 2, "Multiply: `mul` is no number and no range of numbers: 'much'"),
    ],
)
def test_converted__names_what_it_cannot_convert_with_its_line(code: str, line: int, says: str) -> None:
    (lost,) = of(code).lost

    assert lost.line == line
    assert says in lost.says
    assert f"line {line}: {lost.says}" in of(code).as_yaml


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("iaa.OneOf([iaa.Fliplr(1.0), iaa.Flipud(1.0)])", "each of 2 is drawn for itself with 50%"),
        ("iaa.Multiply((0.5, 1.5), per_channel=0.5)", "`per_channel`: here all channels change together"),
        ("iaa.Rotate((-180, 180))", "rotation would need strength 2; 1 is the greatest"),
        ("iaa.Affine(rotate=(0, 90))", "`rotate`: turns from 0 to 90 degrees become turns to either side"),
        ("iaa.Sequential([iaa.Add(5), iaa.Multiply(1.5)])", "joined with another brightness"),
        ("iaa.Fliplr(0)", "Fliplr: it changes nothing, and is left out"),
    ],
)
def test_converted__says_what_is_not_quite_the_same(code: str, says: str) -> None:
    assert says in of(code).as_yaml


def test_converted__takes_the_example_of_imgaugs_own_page_apart() -> None:
    found = converted(README_EXAMPLE)

    assert found.entries == {
        "horizontal_flip": (None, 0.5),
        "vertical_flip": (None, 0.2),
        "zoom": pytest.approx((1 / 3, 0.5)),
        "rotation": (0.5, 0.5),
        "blur": pytest.approx((0.5, 1 - (1 - 0.625 / 3) ** 3)),
        "gaussian_noise": pytest.approx((0.25, 0.625)),
        "brightness": (0.5, 0.625),
    }
    assert [(one.line, one.says.partition(":")[0]) for one in found.lost] == [(9, "CropAndPad"), (10, "Affine"), (13, "Sharpen")]


def test_augmentations__prints_what_can_be_pasted_and_ends_in_1_while_something_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pipeline.py"
    file.write_text(HEAD + "iaa.Sequential([iaa.Fliplr(0.5), iaa.Sharpen()])\nraise SystemExit('never run')\n")

    assert main(["augmentations", "from-imgaug", str(file)]) == 1
    assert capsys.readouterr().out == (
        "training:\n  augmentation:\n    horizontal_flip: {probability: 0.5}\n"
        "# Not converted:\n#   line 2: Sharpen: no entry changes images so; nearest: contrast\n"
    )
    file.write_text(HEAD + "iaa.Fliplr(0.5)\n")
    assert main(["augmentations", "from-imgaug", str(file)]) == 0
    assert "imgaug" not in sys.modules


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "iaa.Fliplr(0.5\n", "pipeline.py, line 2: wanted Python, found '(' was never closed"),
        ("print(1)\n", "wanted a pipeline of imgaug, found no call of an augmenter"),
        (None, "wanted a Python file, found one that cannot be read"),
    ],
)
def test_augmentations__refuses_what_is_no_pipeline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / "pipeline.py").write_text(text)

    assert main(["augmentations", "from-imgaug", str(tmp_path / "pipeline.py")]) == 1
    assert says in capsys.readouterr().err
