"""A night of drawn parts in an inbox, as cameras would have left it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from multiprocessing import get_context
from pathlib import Path

from demo.images import Drawn, draw_file
from demo.plan import CLASSES, PlannedFile, plan_night
from demo.truth import ImageTruth, Plant, Truth, describe, read_truth, write_truth

FIRST_NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=timezone.utc)
"""Start of the first night; the second begins a day later. Files carry these times, so that drawing again changes nothing."""
WORTH_CHILDREN = 50
"""Below this number of files, drawing in one process is faster than starting children."""
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "100000000", "MALLOC_TRIM_THRESHOLD_": "200000000", "OMP_NUM_THREADS": "1"}
"""Keep glibc from returning each large array to the kernel, which takes as long as the drawing itself."""
Progress = Callable[[int, int], None]


def draw_night(
    night: int, files: int, seed: int, inbox: Path, truth_file: Path, project: str, progress: Progress | None = None
) -> list[PlannedFile]:
    """Draw the night outside the inbox, write the truth, and only then move the files in; return their plan.

    `progress` is called with the number of files drawn and their total.
    """
    draw_aside(night, files, seed, inbox, truth_file, project, progress)
    return bring_in(night, files, seed, inbox, truth_file, project)


def draw_aside(
    night: int, files: int, seed: int, inbox: Path, truth_file: Path, project: str, progress: Progress | None = None
) -> None:
    """Draw the night beside the inbox. The night's own truth is written last: once it is there, the night is whole."""
    plan, truth = plan_night(night, files, seed), Truth(project, CLASSES)
    aside, own_truth = aside_of(inbox, night), truth_of_night(truth_file, night)
    own_truth.unlink(missing_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    for done, (file, sha256, shown) in enumerate(_draw_all(plan, aside), start=1):
        if shown is not None:
            truth.images[sha256] = shown
        if file.kind != "plain":
            truth.plants.append(Plant(file.key, file.kind, file.copy_of))
        if progress:
            progress(done, len(plan))
    write_truth(own_truth, truth)


def bring_in(night: int, files: int, seed: int, inbox: Path, truth_file: Path, project: str) -> list[PlannedFile]:
    """Add the truth of a night that `draw_aside` drew to the project's, then move the files in; return their plan."""
    plan, own_truth = plan_night(night, files, seed), truth_of_night(truth_file, night)
    truth, new = read_truth(truth_file) if night > 1 and truth_file.exists() else Truth(project, CLASSES), read_truth(own_truth)
    write_truth(truth_file, Truth(project, truth.classes, truth.images | new.images, truth.plants + new.plants))
    move_in(aside_of(inbox, night), inbox, [file.key for file in plan], FIRST_NIGHT + timedelta(days=night - 1))
    own_truth.unlink()
    return plan


def aside_of(inbox: Path, night: int) -> Path:
    """The folder beside the inbox in which a night is drawn."""
    return inbox.parent / f".{inbox.name}-night-{night}"


def truth_of_night(truth_file: Path, night: int) -> Path:
    """Path of one drawn night's truth until its files are moved in."""
    return truth_file.with_name(f"{truth_file.stem}-night-{night}.json")


def move_in(aside: Path, inbox: Path, keys: list[str], began: datetime) -> None:
    """Rename finished files into the inbox, so that none is seen half-written; their times are 20 seconds apart."""
    for number, key in enumerate(keys):
        moment = (began + timedelta(seconds=20 * number)).timestamp()
        os.utime(aside / key, (moment, moment))
        (inbox / key).parent.mkdir(parents=True, exist_ok=True)
        (aside / key).replace(inbox / key)
    shutil.rmtree(aside)


def _draw_all(plan: list[PlannedFile], aside: Path) -> Iterator[tuple[PlannedFile, str, ImageTruth | None]]:
    """Draw on all cores; yield each file with the sha256 of its bytes and its truth."""
    with ExitStack() as held:
        drawing: Iterable[Drawn] = map(draw_file, plan)
        if len(plan) >= WORTH_CHILDREN:
            held.enter_context(_environment(**KEEPS_MEMORY))
            children = held.enter_context(ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")))
            drawing = children.map(draw_file, plan, chunksize=8)
        for file, drawn in zip(plan, drawing, strict=True):
            path = aside / file.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(drawn.content)
            yield file, hashlib.sha256(drawn.content).hexdigest(), _shown(drawn)


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set environment variables for children started within the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _shown(drawn: Drawn) -> ImageTruth | None:
    return None if drawn.mask is None else describe(drawn.class_name, drawn.mask)
