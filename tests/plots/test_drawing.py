"""Tests of drawing plots for the report and the trackers."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import polars as pl
import pytest
from PIL import Image

from pipeline_tasks.kinds.boxes import scoring as boxes
from pipeline_tasks.kinds.classes.scoring import ClassScoring
from pipeline_tasks.kinds.plots import GridPlot, Line, LinePlot, Plot
from pipeline_tasks.plots.drawing import as_png, as_svg
from pipeline_tasks.plots.learning_curves import learning_curves

HOSTILE = ("_hidden", "a$b$c", "<script>alert(1)</script>", '"quoted" & id="x" #010101', "ワッシャー")
CURVES = LinePlot(
    "precision_recall", "Precision", "recall", "precision", tuple(Line(name, ((0.5, 1.0), (1.0, 0.5))) for name in HOSTILE)
)
GRID = GridPlot("confusion", "Confusion", "predicted", "true", HOSTILE, {(HOSTILE[0], HOSTILE[1]): 3})
EMPTY = LinePlot("empty", "Nothing found", "recall", "precision", (Line("nut (0.00)", ()),), is_in_steps=True)
ALL = pytest.mark.parametrize("plot", [CURVES, GRID, EMPTY, LinePlot("loss", "Loss", "epoch", "loss", (Line("a", ((1, 2.0),)),))])


@ALL
def test_as_svg__is_a_part_of_a_page_in_its_colours_that_names_nothing_outside(plot: Plot) -> None:
    drawn = as_svg(plot)

    ET.fromstring(drawn.replace("xlink:href", "href"))
    assert "//" not in drawn
    assert "<style" not in drawn
    assert "<script" not in drawn
    assert not re.search(r"(fill|stroke): #", drawn), "a colour that is no variable of the page"
    assert drawn == as_svg(plot)


def test_as_svg__shows_every_name_as_it_is() -> None:
    texts = [str(one.text).strip() for one in ET.fromstring(as_svg(CURVES).replace("xlink:href", "href")).iter("text")]

    assert set(HOSTILE) <= set(texts)


def test_as_svg__names_its_parts_apart_from_those_of_another_plot() -> None:
    ids = [set(re.findall(r'id="([^"]+)"', as_svg(one))) for one in (GRID, EMPTY)]

    assert not ids[0] & ids[1]


@ALL
def test_as_png__is_the_same_image_each_time(plot: Plot) -> None:
    content = as_png(plot)

    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert content == as_png(plot)


def test_drawing__imports_matplotlib_only_when_it_draws() -> None:
    code = "import sys, pipeline_tasks.plots.drawing, pipeline_tasks.plots.of_cycle; print('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def rows(phase: str, **metrics: list[float]) -> list[dict[str, object]]:
    return [
        {"phase": phase, "epoch": epoch, "metric": name, "value": value}
        for name, values in metrics.items()
        for epoch, value in enumerate(values)
    ]


def test_learning_curves__have_both_losses_and_the_score_by_epoch() -> None:
    epochs = pl.DataFrame(
        rows("head", train_loss=[2.0, 1.0], val_loss=[3.0, 2.5], val_balanced_accuracy=[0.5, 0.75], val_other=[1.0])
    )

    loss, score = learning_curves(epochs, ClassScoring.names)

    assert {one.name: one.points for one in loss.lines} == {"training": ((1, 2.0), (2, 1.0)), "validation": ((1, 3.0), (2, 2.5))}
    assert [one.points for one in score.lines] == [((1, 0.5), (2, 0.75))]
    assert score.title == "Balanced accuracy on validation images"


def test_learning_curves__keep_the_phases_of_a_training_apart() -> None:
    epochs = pl.DataFrame(rows("live", train_loss=[1.0]) + rows("head", train_loss=[2.0], val_ap=[0.5]))

    assert [one.name for one in learning_curves(epochs, boxes.NAMES)] == ["loss", "validation", "loss_live"]
