"""Check the report's statement on selection gain in ten nights of 100 labels; `make drill-control-arm`.

Eight projects of each of two kinds, in memory, every stage from select_images to the report real, a champion by ridge regression
each night. In the one kind images come in series that look alike, few of them often and many seldom, and some classes are rare,
so selection helps: an oracle measures the gain on images that never arrive. In the other each image's class is drawn at random,
so nothing can beat chance. A 95 % interval may err: of eight last nights of a kind, one may miss the oracle's value, and one may
claim a gain on random classes. The reports lie in the folder that is named on the command line.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
from given import STARTED_AT, an_open_cycle, image_id
from given_heads import fitted_head
from given_images import BACKBONE, AnImage, record
from given_version import a_label
from PIL import Image as PillowImage
from PIL import ImageDraw

from pipeline_tasks.kinds.classes import selection_gain
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.reports.gain import sentence
from pipeline_tasks.stages.curate.find_duplicates import find_duplicates
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.stages.curate.select_images import select_images
from pipeline_tasks.stages.deploy.measure_selection_gain import measure_selection_gain
from pipeline_tasks.stages.deploy.write_cycle_report import write_cycle_report
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.report_files import PAGE, read_report_file
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.selection import SelectedImage

CLASSES = ("bearing", "bolt", "bracket", "chipped_gear", "gear", "nut", "screw", "spring", "washer")
SHARES = np.array([0.24, 0.18, 0.14, 0.03, 0.12, 0.1, 0.08, 0.06, 0.05])
FEATURES, HEAPS, SPREAD = 96, 8, 0.04
"""Numbers in an embedding, heaps a class (the n-th comes one n-th as often as the first), and how wide one is in each number."""
HELD_OUT, DRAWS = 2000, 8
"""Images that never arrive, for the oracle, and how many times it draws labels."""
NIGHTS, ARRIVALS, BUDGET = 10, 500, 100
SEEDS, MAY_ERR = range(4, 12), 1
"""Of the projects of each kind, and how many of these 95 % intervals may err: two or more of eight do with a chance of 6 %."""
ALL_DIFFERENT = {"max_hash_distance": 0, "min_hash_cosine": 1.0, "min_embedding_cosine": 1.0, "certain_cosine": 1.0}


@dataclass(frozen=True)
class World:
    """Images of the nights, and their true labels."""

    embeddings: np.ndarray
    class_numbers: np.ndarray

    def names(self, rows: range) -> list[str]:
        """Names of the images in these rows."""
        return [f"image {row}" for row in rows]


def a_world(images: int, seed: int, *, is_blind: bool) -> World:
    """Clusters on a sphere, some classes rare; `blind`: each image's class is drawn at random."""
    generator = np.random.default_rng(seed)
    class_numbers = generator.choice(len(CLASSES), images, p=SHARES)
    centres = generator.normal(size=(len(CLASSES), HEAPS, FEATURES)) / np.sqrt(FEATURES)
    frequencies = 1 / np.arange(1, HEAPS + 1)
    heaps = generator.choice(HEAPS, images, p=frequencies / frequencies.sum())
    rows = centres[class_numbers, heaps] + SPREAD * generator.normal(size=(images, FEATURES))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return World(rows.astype(np.float32), generator.permutation(class_numbers) if is_blind else class_numbers)


def main() -> int:
    """Run all projects; 0 if the reports tell the truth about both kinds."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="control-arm-"))
    asked = [(folder / f"{kind}-{seed}.html", kind == "dice", seed) for kind in ("heaps", "dice") for seed in SEEDS]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as children:
        told = list(children.map(a_project, asked))
    heaps, dice = told[: len(SEEDS)], told[len(SEEDS) :]
    for kind, found in (("heaps", heaps), ("dice", dice)):
        missed = [seed for seed, one in zip(SEEDS, found, strict=True) if not one.is_truthful]
        truths = ", ".join(f"{100 * one.truth:+.1f}" for one in found)
        say(f"{kind}: what the oracle says: {truths} points; last intervals that miss it: {len(missed)} of {len(found)} {missed}")
        nights = [claimed(one) for one in found]
        say(f"{kind}: reports that say that choosing beat chance: {last_claims(found)} of {len(found)} last ones; nights {nights}")
    say(f"reports: {folder}")
    is_true = all(sum(not one.is_truthful for one in found) <= MAY_ERR for found in (heaps, dice))
    is_seen = last_claims(heaps) > 0 and all(one.truth > 0 for one in heaps)
    return 0 if is_true and is_seen and last_claims(dice) <= MAY_ERR else 1


def a_project(asked: tuple[Path, bool, int]) -> Told:
    """One project at full size: its report's file, whether classes are dice, and its seed."""
    page, is_blind, seed = asked
    return run(page, is_blind=is_blind, nights=NIGHTS, arrivals=ARRIVALS, budget=BUDGET, seed=seed)


@dataclass(frozen=True)
class Told:
    """Results of one project's reports, and the oracle's result for the last night."""

    nights: list[MeasureSelectionGainSummary]
    truth: float

    @property
    def is_truthful(self) -> bool:
        """Return True if the last night's interval contains the oracle's value."""
        last = self.nights[-1]
        return not last.why and last.difference[1] <= self.truth <= last.difference[2]


def claimed(told: Told) -> int:
    """On how many nights the report says that choosing beat chance."""
    return sum(not one.why and one.difference[1] > 0 for one in told.nights)


def last_claims(told: Sequence[Told]) -> int:
    """Number of projects whose last report says so."""
    return sum(claimed(Told(one.nights[-1:], one.truth)) for one in told)


def run(page: Path, *, is_blind: bool, nights: int, arrivals: int, budget: int, seed: int = 4) -> Told:
    """Play the nights of one project, write the last one's report, and ask the oracle."""
    store, world, told = Store(MemoryObjects()), a_world(nights * arrivals + HELD_OUT, seed, is_blind=is_blind), []
    for night in range(nights):
        cycle = a_night(store, world, f"2026-11-{night + 1:02d}", range(night * arrivals, (night + 1) * arrivals), budget)
        told.append(measure_selection_gain(store, cycle))
        say(f"{page.stem} {cycle.cycle_id}: {sentence(told[-1], 'balanced accuracy')}")
    write_cycle_report(store, cycle, STARTED_AT)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_bytes(read_report_file(store.objects, cycle.cycle_id, PAGE))
    found = Told(told, oracle(store, world, nights * arrivals, told[-1]) if not told[-1].why else 0.0)
    contains = "contains" if found.is_truthful else "does not contain"
    said = f"{page.stem}: on {HELD_OUT} images that never arrived the difference is {100 * found.truth:+.1f} points"
    say(f"{said}; the last interval {contains} it")
    return found


def oracle(store: Store, world: World, arrived: int, told: MeasureSelectionGainSummary) -> float:
    """The same curves' mean distance on images that never arrive, against labels drawn anew from all that arrived."""
    asked, generator = rows_of(store.history(SelectedImage)["image_id"].to_list(), arrived), np.random.default_rng(1)
    held_out, gains = np.arange(arrived, arrived + HELD_OUT), []
    tests = [generator.choice(HELD_OUT, told.test_images // selection_gain.FOLDS, replace=False) for _ in range(200)]
    for share in selection_gain.SHARES:
        count = round(share * told.labels)
        drawn = [score(world, generator.permutation(arrived)[:count], held_out, tests) for _ in range(DRAWS)]
        gains.append(score(world, np.array(asked[:count]), held_out, tests) - np.mean(drawn))
    return float(np.mean(gains))


def score(world: World, rows: np.ndarray, held_out: np.ndarray, tests: Sequence[np.ndarray]) -> float:
    """Mean recall over the classes of a test, in the mean of many tests, of a head like the stage's."""
    both = np.concatenate([rows, held_out])
    learnt, asked = np.arange(len(rows)), np.arange(len(rows), len(both))
    kernel = selection_gain._kernel(world.embeddings[both], asked)
    truth = world.class_numbers[held_out]
    is_right = selection_gain._predicted(kernel, world.class_numbers[both], learnt, asked) == truth
    recalls = np.array([is_right[truth == one].mean() for one in range(len(CLASSES))])
    return float(np.mean([recalls[np.unique(truth[one])].mean() for one in tests]))


def a_night(store: Store, world: World, cycle_id: str, arrived: range, budget: int) -> Cycle:
    """From images to a dataset version and the next champion; people annotate every task correctly."""
    cycle = an_open_cycle(
        store,
        cycle_id,
        classes=list(CLASSES),
        description="Machine parts on a conveyor.",
        selection={"budget": budget},
        labeling={"deadline_s": 3600, "cost_per_hour": 24.0, "currency": "EUR"},
        duplicates=ALL_DIFFERENT,
        seed=7,
    )
    names = world.names(arrived)
    record(store, cycle_id, [AnImage(name, world.embeddings[row]) for name, row in zip(names, arrived, strict=True)])
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)
    select_images(store, cycle)
    answer(store, world, cycle_id, arrived.stop)
    build_dataset_version(store, cycle)
    promote(store, world, cycle_id, arrived.stop)
    return cycle


def answer(store: Store, world: World, cycle_id: str, seen: int) -> None:
    """Say every pick's class, a few seconds each."""
    rows = rows_of(store.read(SelectedImage, cycle_id)["image_id"].to_list(), seen)
    ids = [image_id(f"image {row}") for row in rows]
    said = [CLASSES[world.class_numbers[row]] for row in rows]
    labels, things, (annotations, given) = a_label(ids, said, cycle_id)
    seconds = np.random.default_rng(rows[0]).gamma(6, 1.0, len(rows))
    for one, name, number in zip(ids, said, rows, strict=True):
        put_thumbnail(store.objects, one, a_thumbnail(name, number))
    given = given.with_columns(lead_time_s=pl.Series(seconds), annotation_id=pl.lit("1-") + pl.col("image_id"))
    summary = ResolveLabelsSummary(len(ids), len(ids), 0, 0, 0, None, {name: said.count(name) for name in CLASSES})
    store.finish(cycle_id, "resolve_labels", summary, [labels, things, (annotations, given)])
    assert annotations is Annotation


def promote(store: Store, world: World, cycle_id: str, seen: int) -> None:
    """Train a head on all labels outside the test split and make it champion."""
    manifest = store.history(DatasetImage).unique("image_id", keep="last").filter(pl.col("split").cast(pl.String) != "test")
    rows = rows_of(manifest["image_id"].to_list(), seen)
    content = fitted_head(CLASSES, BACKBONE, world.embeddings[rows], world.class_numbers[rows])
    champion = Champion(put_model(store.objects, content), "", cycle_id, None)
    store.finish(cycle_id, "promote_model", PromoteModelSummary(None, True, "The drill promotes each night."), sets=[champion])


def rows_of(image_ids: Sequence[str], seen: int) -> list[int]:
    """Row numbers in the world of these images that have arrived."""
    known = {image_id(f"image {row}"): row for row in range(seen)}
    return [known[one] for one in image_ids]


def a_thumbnail(class_name: str, number: int) -> bytes:
    """A stand-in for the image: patches of its own in its class's colour, so that no two images of the drill look alike."""
    shade = np.random.default_rng(CLASSES.index(class_name)).integers(60, 200, 3)
    patches = np.random.default_rng([CLASSES.index(class_name), number]).integers(-60, 56, (9, 12, 1))
    image = PillowImage.fromarray((shade + patches).astype(np.uint8)).resize((120, 90), PillowImage.Resampling.NEAREST)
    ImageDraw.Draw(image).text((6, 4), class_name, fill="white")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def say(line: str) -> None:
    """One line of the log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
