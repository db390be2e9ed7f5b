"""Losses and metrics of a training by epoch, as plots."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.plots import Line, LinePlot
from pipeline_tasks.kinds.scoring import ScoreNames

TRAIN, VAL = "train_loss", "val_loss"
PHASES = {"head": "", "live": " of the unfrozen backbone"}


def learning_curves(epochs: pl.DataFrame, names: ScoreNames) -> list[LinePlot]:
    """Losses of training and validation by epoch, and the score of validation images, for each phase; epochs count from 1."""
    found = []
    for phase in sorted(epochs["phase"].unique(), key=lambda one: (list(PHASES).index(one) if one in PHASES else len(PHASES), one)):
        mine, words = epochs.filter(phase=phase), PHASES.get(phase, f" of {phase}")
        suffix = "" if phase == "head" else f"_{phase}"
        losses = tuple(line for name in (TRAIN, VAL) if (line := _line(mine, name)).points)
        if losses:
            found.append(LinePlot(f"loss{suffix}", f"Loss{words}", "epoch", "loss", losses, is_of_shares=False))
        judged = _line(mine, f"val_{names.metric}")
        if judged.points:
            title = f"{names.words[:1].upper()}{names.words[1:]} on validation images{words}"
            found.append(LinePlot(f"validation{suffix}", title, "epoch", names.words, (judged,), is_of_shares=False))
    return found


def _line(epochs: pl.DataFrame, name: str) -> Line:
    rows = epochs.filter(metric=name).sort("epoch")
    return Line(_words(name), tuple((float(epoch + 1), value) for epoch, value in rows.select("epoch", "value").iter_rows()))


def _words(name: str) -> str:
    words = {TRAIN: "training", VAL: "validation"}
    return words.get(name, name.removeprefix("val_").replace("_", " "))
