"""Inbox of the demo, filled night by night with drawn parts or with images from a user's own folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from demo.ahead import WorkAhead
from demo.errors import DemoError
from demo.night import aside_of, bring_in, draw_aside, truth_of_night
from demo.own_images import copy_night, find_own_images, write_project_file
from demo.trays import PROJECT as TRAYS
from demo.trays import draw_trays
from demo.trays import write_project_file as write_trays_project
from demo.truth import truth_path

SEED = 20261121
EXAMPLE = Path(__file__).parent.parent / "dags" / "projects" / "parts.yaml"
Progress = Callable[[int, int], None]


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

    def an_image(self) -> bytes:
        """One image of the inbox, to be predicted."""
        images = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.read_bytes()[:3] == b"\xff\xd8\xff"]
        return images[len(images) // 2].read_bytes()


def open_inbox(home: Path, images: Path | None, images_a_night: int, kind: str = "class") -> Inbox:
    """Open the inbox of drawn parts, of trays (kind `box`), or of a folder of class folders, whose project file is written here.

    Raises:
        DemoError: the folder holds no class folders, or boxes are wanted of it.
    """
    if images is not None and kind != "class":
        raise DemoError(f"KIND={kind}: wanted no IMAGES, because nobody knows the boxes of {images}; leave one of them out")
    if images is None:
        return parts_inbox(home, images_a_night) if kind == "class" else trays_inbox(home, images_a_night)
    own = find_own_images(images, SEED)
    write_project_file(own, EXAMPLE, home, SEED)
    folder, truth_file = home / "inbox" / own.project, truth_path(home, own.project)

    def fill(night: int, progress: Progress) -> None:
        names = copy_night(own, night, folder, truth_file)
        progress(len(names), len(names))

    return Inbox(own.project, folder, truth_file, fill)


def trays_inbox(home: Path, images_a_night: int) -> Inbox:
    """The inbox of trays with several parts, whose project file is written here; a quarter as many files as of single parts."""
    write_trays_project(EXAMPLE, home, SEED)
    folder, truth_file = home / "inbox" / TRAYS, truth_path(home, TRAYS)
    trays = max(12, images_a_night // 4)

    def fill(night: int, progress: Progress) -> None:
        draw_trays(night, trays, SEED, folder, truth_file, progress)

    return Inbox(TRAYS, folder, truth_file, fill)


def parts_inbox(home: Path, images_a_night: int, project: str = "parts") -> Inbox:
    """The inbox of a project of drawn parts, with `images_a_night` files a night."""
    folder, truth_file = home / "inbox" / project, truth_path(home, project)
    draw = partial(draw_aside, files=images_a_night, seed=SEED, inbox=folder, truth_file=truth_file, project=project)
    ahead = WorkAhead(draw)

    def fill(night: int, progress: Progress) -> None:
        if ahead.does(night):
            drawn = truth_of_night(truth_file, night)
            ahead.wait(drawn.exists, lambda: progress(_drawn_so_far(aside_of(folder, night), images_a_night), images_a_night))
            progress(images_a_night, images_a_night)
        else:
            draw(night, progress=progress)
        bring_in(night, images_a_night, SEED, folder, truth_file, project)

    return Inbox(project, folder, truth_file, fill, ahead.begin)


def _drawn_so_far(aside: Path, files: int) -> int:
    """Files that a night has by now; the last one only counts once all is written."""
    return min(sum(path.is_file() for path in aside.rglob("*")), files - 1)
