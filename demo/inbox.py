"""Where images come in during the demo: drawn parts, or a person's own folder; both fill an inbox night by night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demo.night import draw_night
from demo.own_images import copy_night, find_own_images, write_project_file
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
    """Brings a night's images in; told the night and whom to tell of progress."""

    def an_image(self) -> bytes:
        """One image that came in, to be asked about."""
        images = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.read_bytes()[:3] == b"\xff\xd8\xff"]
        return images[len(images) // 2].read_bytes()


def open_inbox(home: Path, images: Path | None, images_a_night: int) -> Inbox:
    """The inbox of drawn parts, or of a folder of class folders, whose project file is written here.

    Raises:
        DemoError: the folder holds no class folders.
    """
    if images is None:
        return parts_inbox(home, images_a_night)
    own = find_own_images(images, SEED)
    write_project_file(own, EXAMPLE, home, SEED)
    folder, truth_file = home / "inbox" / own.project, truth_path(home, own.project)

    def fill(night: int, progress: Progress) -> None:
        names = copy_night(own, night, folder, truth_file)
        progress(len(names), len(names))

    return Inbox(own.project, folder, truth_file, fill)


def parts_inbox(home: Path, images_a_night: int, project: str = "parts") -> Inbox:
    """The inbox of drawn parts of a project; so many files a night."""
    folder, truth_file = home / "inbox" / project, truth_path(home, project)

    def fill(night: int, progress: Progress) -> None:
        draw_night(night, images_a_night, SEED, folder, truth_file, project, progress)

    return Inbox(project, folder, truth_file, fill)
