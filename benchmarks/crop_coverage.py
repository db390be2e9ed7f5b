"""Coverage over crops of objects against coverage over whole images, where an image shows several things.

    python -m benchmarks.crop_coverage [--seeds 3] [--trays 160] [--picks 16]

Trays of drawn parts, up to four each, of nine classes with a long tail. Some trays are labelled at random, then every way picks as
many more. The crops are those of the true boxes: an upper bound, as a champion finds fewer and worse ones. Printed are means over
seeds of the shares of unlabelled objects that lie in the picked trays: those of the rare classes (the last four), and the others.
The processor time of embedding a crop is printed, too. Nothing is tuned here.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from demo.images import photograph_of
from demo.plan import CLASSES, Shot
from demo.trays import CELL_PX, FULL_RATIO
from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection.choosing import choose
from pipeline_tasks.settings import load_project
from pipeline_tasks.wiring.projects import home_folder

EXAMPLE = Path(__file__).parents[1] / "dags/projects/parts.yaml"
RARE = 4
MARGIN = 0.1
"""Share of a box's sides that a crop has around it."""
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Trays:
    """Embedded trays and their parts."""

    images: Floats
    crops: Floats
    owner: Integers
    """Number of each crop's tray."""
    classes: Integers
    """Number of each crop's class, the most frequent one first."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--seeds", 3), ("--trays", 160), ("--picks", 16)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    backbone = open_backbone(load_project(EXAMPLE).backbone, home_folder() / "backbones")
    cv2.setNumThreads(1)
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(given.seeds):
        trays = _trays(given.trays, seed, backbone)
        labelled = np.random.default_rng([seed, 1]).choice(given.trays, given.picks, replace=False)
        for name, pick in WAYS.items():
            found.setdefault(name, []).append(_shares(trays, labelled, pick(trays, labelled, given.picks, seed)))
    print(f"{given.picks} of {given.trays} trays labelled at random, then {given.picks} picked; {given.seeds} seeds")
    for name, shares in found.items():
        rare, other = np.mean(shares, axis=0)
        each = ", ".join(f"{100 * one:.0f}" for one, _ in shares)
        print(f"{name:28} rare classes {100 * rare:5.1f} % ({each}), others {100 * other:5.1f} %", flush=True)


def _trays(count: int, seed: int, backbone: Backbone) -> Trays:
    drawn = np.random.default_rng([seed, 0])
    tail = (np.arange(len(CLASSES)) + 1.0) ** -1.5
    images, crops, owner, classes = [], [], [], []
    for number in range(count):
        wide, high = CELL_PX
        tray = np.full((2 * high, 2 * wide, 3), 110, np.uint8)
        camera = int(drawn.integers(3))
        for cell in range(4):
            if drawn.random() >= FULL_RATIO:
                continue
            class_number = int(drawn.choice(len(CLASSES), p=tail / tail.sum()))
            photograph, mask = photograph_of(Shot(1, 4 * number + cell, CLASSES[class_number], camera), seed)
            left, top = cell % 2 * wide, cell // 2 * high
            tray[top : top + high, left : left + wide] = cv2.resize(photograph, CELL_PX, interpolation=cv2.INTER_AREA)
            crops.append(_crop(photograph, mask, backbone.side_px))
            owner.append(number)
            classes.append(class_number)
        images.append(model_image(tray, backbone.side_px))
    began = time.process_time()
    embedded = backbone.embed(np.stack(crops))
    took = time.process_time() - began
    print(f"seed {seed}: {len(crops)} crops embedded, {1000 * took / len(crops):.1f} ms of processor each", flush=True)
    return Trays(_units(backbone.embed(np.stack(images))), _units(embedded), np.array(owner), np.array(classes))


def _units(embeddings: Floats) -> Floats:
    """Rows of length 1 around their mean, as a project's likeness is measured."""
    return unit_rows(embeddings - embeddings.mean(axis=0))


def _crop(photograph: Image, mask: npt.NDArray[np.bool_], side_px: int) -> Image:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    down, across = int(MARGIN * len(rows)), int(MARGIN * len(columns))
    part = photograph[max(0, rows[0] - down) : rows[-1] + down + 1, max(0, columns[0] - across) : columns[-1] + across + 1]
    return model_image(part, side_px, "whole")


def _shares(trays: Trays, labelled: Integers, picks: Integers) -> tuple[float, float]:
    """Share of the unlabelled objects of rare and of other classes that the picks hold."""
    is_free = ~np.isin(trays.owner, labelled)
    is_rare = trays.classes >= len(CLASSES) - RARE
    is_picked = np.isin(trays.owner, picks)
    rare, other = (float((is_picked & is_free & one).sum() / max(1, (is_free & one).sum())) for one in (is_rare, ~is_rare))
    return rare, other


def _of_images(objectives: str) -> Callable[[Trays, Integers, int, int], Integers]:
    def pick(trays: Trays, labelled: Integers, picks: int, seed: int) -> Integers:
        return choose(trays.images, budget=picks, seed=seed, labelled=labelled, objectives=objectives).picks

    return pick


def _of_crops(trays: Trays, labelled: Integers, picks: int, seed: int, *, crowding: float = 0.0) -> Integers:
    """Greedy coverage: a tray is worth what all its crops together cover of the crops that are not covered yet."""
    squared = np.clip(2 - 2 * trays.crops @ trays.crops.T, 0, 4)
    share = max(1, round(len(trays.crops) / (3 * 2 * picks)))
    width = float(np.sort(squared, axis=1)[:, share].mean())
    kernel = np.exp(-squared / width)
    weights = kernel.sum(axis=1) ** -crowding
    count = len(trays.images)
    by_tray = np.stack([kernel[trays.owner == one].max(axis=0, initial=0.0) for one in range(count)])
    covered = by_tray[labelled].max(axis=0)
    chosen: list[int] = []
    is_free = ~np.isin(np.arange(count), labelled)
    while len(chosen) < picks:
        gains = np.where(is_free, (np.maximum(by_tray - covered, 0) * weights).sum(axis=1), -1)
        best = int(gains.argmax())
        chosen.append(best)
        is_free[best] = False
        covered = np.maximum(covered, by_tray[best])
    return np.array(chosen)


def _balanced(trays: Trays, labelled: Integers, picks: int, seed: int) -> Integers:
    return _of_crops(trays, labelled, picks, seed, crowding=1.0)


def _farthest_crop(trays: Trays, labelled: Integers, picks: int, seed: int) -> Integers:
    """The tray with the crop that is farthest from all crops of labelled and picked trays."""
    chosen: list[int] = []
    for _ in range(picks):
        taken = np.isin(trays.owner, [*labelled.tolist(), *chosen])
        nearest = (trays.crops @ trays.crops[taken].T).max(axis=1, initial=-1.0)
        chosen.append(int(trays.owner[np.where(taken, 2.0, nearest).argmin()]))
    return np.array(chosen)


WAYS: dict[str, Callable[[Trays, Integers, int, int], Integers]] = {
    "random": _of_images("random"),
    "coverage of images": _of_images("coverage"),
    "diversity of images": _of_images("diversity"),
    "auto of images": _of_images("auto"),
    "coverage of crops": _of_crops,
    "balanced coverage of crops": _balanced,
    "farthest crop": _farthest_crop,
}


if __name__ == "__main__":
    main()
