"""Read-only view: a folder of links to objects of a root on disk, for readers who must not be able to harm it.

Each object has its own link, in read-only folders: deleting there is refused, and root, who ignores permissions, deletes
only links. The objects are elsewhere and are never opened for writing through a link, because DVC writes a new file and
renames it. A whole folder is never shown by one link, because deleting below that link would reach the objects.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path, PurePosixPath

from pipeline_tasks.errors import StorageError
from pipeline_tasks.storage.objects.fail_points import around

_NOBODY_WRITES = 0o555
_OWNER_WRITES = 0o755


def show(view: Path, root: Path, keys: Iterable[str]) -> int:
    """Add links to these objects of `root` to `view`; return the number of links that were missing.

    Links need no fsync: the next call restores those lost in a power failure.

    Raises:
        StorageError: the disk is full or not ours to write.
    """
    made = 0
    try:
        with _alone(view):
            for parent, group in groupby(sorted(keys), key=lambda key: str(PurePosixPath(key).parent)):
                made += _show_in(view, parent, root, [PurePosixPath(key).name for key in group])
            for folder in _folders_down_to(view, "files/md5"):
                folder.chmod(_NOBODY_WRITES)
    except OSError as error:
        raise StorageError(f"{view}: the links for readers cannot be made: {error}") from error
    return made


def hide(view: Path, keys: Iterable[str]) -> int:
    """Remove the links to these objects, even if the objects no longer exist; return the number of links.

    Raises:
        StorageError: the folder is not ours to write.
    """
    gone = 0
    try:
        for link in (view / key for key in keys):
            if not link.is_symlink():
                continue
            link.parent.chmod(_OWNER_WRITES)
            with around("view_of_links.hide"):
                link.unlink(missing_ok=True)
            link.parent.chmod(_NOBODY_WRITES)
            gone += 1
    except OSError as error:
        raise StorageError(f"{view}: the links for readers cannot be removed: {error}") from error
    return gone


def _show_in(view: Path, parent: str, root: Path, names: list[str]) -> int:
    """Create missing or foreign links of one folder; they are relative, so that a home may be moved."""
    folder = view / parent
    way = os.path.relpath(root / parent, folder)
    missing = [name for name in names if _target(folder / name) != os.path.join(way, name)]
    if missing:
        for one in _folders_down_to(view, parent):
            with around("view_of_links.make_folder"):
                one.mkdir(exist_ok=True)
            one.chmod(_OWNER_WRITES)
        # Outside the view, so that DVC does not see it if this process is killed before the move.
        temporary = view.parent / f".{view.name}.new"
        for name in missing:
            with around("view_of_links.link"):
                temporary.unlink(missing_ok=True)
                temporary.symlink_to(os.path.join(way, name))
                os.replace(temporary, folder / name)
    folder.chmod(_NOBODY_WRITES)
    return len(missing)


def _target(path: Path) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None  # Missing, or not a link.


def _folders_down_to(view: Path, parent: str) -> list[Path]:
    """The view and the folders from it down to `parent`, uppermost first."""
    return [
        view,
        *(view.joinpath(*PurePosixPath(parent).parts[:depth]) for depth in range(1, len(PurePosixPath(parent).parts) + 1)),
    ]


@contextmanager
def _alone(view: Path) -> Iterator[None]:
    """Lock this view's folders against other processes that change them."""
    with around("view_of_links.make_parent"):
        view.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(view.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
