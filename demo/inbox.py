"""Inbox of the demo, filled night by night with drawn parts or with labelled images from a user's own folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from demo.ahead import WorkAhead
from demo.night import aside_of, bring_in, draw_aside, truth_of_night
from demo.own_images import copy_night, find_own_images, write_project_file
from demo.trays import PROJECTS as TRAYS
from demo.trays import draw_trays
from demo.trays import write_project_file as write_trays_project
from demo.truth import read_truth, truth_path

SEED = 20261121
EXAMPLE = Path(__file__).parent.parent / "dags" / "projects" / "parts.yaml"
Progress = Callable[[int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Inbox:
    """One project's inbox."""

    project: str
    folder: Path
    truth_file: Path
    fill: Callable[[int, Progress], None]
    """Adds a night's images; takes the night and a progress callback."""
    ahead: Callable[[int], AbstractContextManager[object]] = nullcontext
    """Prepares this many nights in a process of its own, while the context is open."""
    is_watched: bool = False
    """True if the images themselves start the night, through Airflow's asset."""
    shown: str = ""
    """The place where the images come in, for people; empty: the folder."""

    def an_image(self) -> Path:
        """One image of the inbox, to be predicted: the one with most things in it, or one from the middle."""
        shown = read_truth(self.truth_file).images
        known = {path: shown[one] for path in sorted(self.folder.rglob("*")) if path.is_file() and (one := _sha256(path)) in shown}
        images = [path for path in known if path.suffix.lower() in (".jpg", ".jpeg")] or list(known)
        fullest = max(images, key=lambda path: len(known[path].objects))
        return fullest if known[fullest].objects else images[len(images) // 2]


def _quiet(_: str) -> None:
    """Say nothing."""


def open_inbox(home: Path, images: Path | None, images_a_night: int, kind: str | None = None, say: Say = _quiet) -> Inbox:
    """Open the inbox of drawn parts, of trays (kinds `box` and `mask`), or of labelled images; write its project file.

    Raises:
        DemoError: the folder holds no labels of this kind.
        SettingsError: its labels cannot be meant as they are written.
    """
    if images is None:
        return trays_inbox(home, images_a_night, kind) if kind in TRAYS else parts_inbox(home, images_a_night)
    own = find_own_images(images, SEED, kind)
    for line in own.lines:
        say(line)
    write_project_file(own, EXAMPLE, home, SEED)
    folder, truth_file = home / "inbox" / own.project, truth_path(home, own.project)

    def fill_night(night: int, progress: Progress) -> None:
        names = copy_night(own, night, folder, truth_file)
        progress(len(names), len(names))

    return Inbox(own.project, folder, truth_file, fill_night)


def trays_inbox(home: Path, images_a_night: int, kind: str) -> Inbox:
    """The inbox of trays with several parts, whose project file is written here; a quarter as many files as of single parts."""
    project = TRAYS[kind]
    write_trays_project(EXAMPLE, home, SEED, kind)
    folder, truth_file = home / "inbox" / project, truth_path(home, project)
    trays = max(12, images_a_night // 4)

    def fill_night(night: int, progress: Progress) -> None:
        draw_trays(night, trays, SEED, folder, truth_file, progress)

    return Inbox(project, folder, truth_file, fill_night)


def parts_inbox(home: Path, images_a_night: int, project: str = "parts") -> Inbox:
    """The inbox of a project of drawn parts, with `images_a_night` files a night."""
    folder, truth_file = home / "inbox" / project, truth_path(home, project)
    draw = partial(draw_aside, files=images_a_night, seed=SEED, inbox=folder, truth_file=truth_file, project=project)
    ahead = WorkAhead(draw)

    def fill_night(night: int, progress: Progress) -> None:
        if ahead.does(night):
            drawn = truth_of_night(truth_file, night)
            ahead.wait(drawn.exists, lambda: progress(_drawn_so_far(aside_of(folder, night), images_a_night), images_a_night))
            progress(images_a_night, images_a_night)
        else:
            draw(night, progress=progress)
        bring_in(night, images_a_night, SEED, folder, truth_file, project)

    return Inbox(project, folder, truth_file, fill_night, ahead.begin)


def _drawn_so_far(aside: Path, files: int) -> int:
    """Files that a night has by now; the last one only counts once all is written."""
    return min(sum(path.is_file() for path in aside.rglob("*")), files - 1)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
