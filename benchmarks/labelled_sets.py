"""Sets whose labels are known: a folder of class folders, embeddings and labels, drawn parts, or points drawn around centres."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.label_rounds import Floats, LabelledSet
from demo.images import draw_file
from demo.plan import CLASSES, PlannedFile, Shot
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import RejectedFileError, SettingsError
from pipeline_tasks.neighbors.cosine import pairs_above, unit_rows
from pipeline_tasks.settings import BackboneSettings

CAMERAS = 3
MOST_OF_EACH = 1000
Images = npt.NDArray[np.uint8]
Drawn = tuple[Floats, npt.NDArray[np.str_], npt.NDArray[np.str_]]
"""Embeddings, class names and group names."""


def class_folders(folder: Path, group_pattern: str, cache: Path) -> LabelledSet:
    """All images of `folder/CLASS/*`; names that share the first bracket of `group_pattern` are one group.

    Raises:
        SettingsError: no such images, or those of one class only.
    """
    files = sorted(one for one in folder.glob("*/*") if one.is_file())
    if not files:
        raise SettingsError(f"{folder}: wanted class folders with images in them (CLASS/*), found none")
    wanted = "\n".join(f"{one.relative_to(folder)} {one.stat().st_size}" for one in files) + group_pattern

    def read() -> Drawn:
        images, classes, groups = [], [], []
        for path in files:
            try:
                images.append(_shrunk(path.read_bytes()))
            except RejectedFileError as error:
                print(f"left out {path}: {error}")
                continue
            found = re.search(group_pattern, path.name) if group_pattern else None
            classes.append(path.parent.name)
            groups.append(found.group(1) if found else f"{path.parent.name}/{path.name}")
        if not images:
            raise SettingsError(f"{folder}: wanted images, found {len(files)} files and none that can be read as one")
        return _embed(images, cache), np.array(classes), np.array(groups)

    return _set(folder.name, *_cached(cache, wanted, read))


def given_embeddings(embeddings: Path, labels: Path) -> LabelledSet:
    """N x D embeddings and N labels, as .npy; each row is a group of its own.

    Raises:
        SettingsError: a file that is not such an array, not a label a row, NaN or infinity, or labels of one class only.
    """
    rows, names = _array(embeddings), _array(labels).astype(str)
    if rows.ndim != 2 or rows.dtype.kind not in "fiub":
        raise SettingsError(f"{embeddings}: wanted a matrix of numbers (N x D), found {rows.dtype} of shape {rows.shape}")
    if names.shape != rows.shape[:1]:
        raise SettingsError(f"{labels}: wanted {len(rows)} labels, one a row of {embeddings}, found shape {names.shape}")
    return _set(embeddings.stem, rows.astype(np.float32), names, np.arange(len(names)).astype(str))


def drawn_parts(of_each: int, seed: int, cache: Path) -> LabelledSet:
    """So many images of each of the demo's parts, from all cameras of both nights, through the default backbone."""

    def draw() -> Drawn:
        todo = [(name, one * MOST_OF_EACH + number, seed) for one, name in enumerate(CLASSES) for number in range(of_each)]
        with ProcessPoolExecutor() as children:
            images = list(children.map(_drawn_part, todo, chunksize=16))
        names = np.array([name for name, _, _ in todo])
        return _embed(images, cache), names, np.arange(len(todo)).astype(str)

    return _set(f"parts-{of_each}", *_cached(cache, f"parts {of_each} {seed}", draw))


def drawn_points(of_each: int, classes: int, width: int, noise: float, seed: int) -> LabelledSet:
    """Classes of three heaps each in sixteen directions, seen through `width` numbers; the noise says how far heaps overlap."""
    generator = np.random.default_rng(seed)
    centres = generator.standard_normal((classes, 3, 16))
    numbers = np.repeat(np.arange(classes), of_each)
    inner = centres[numbers, generator.integers(0, 3, len(numbers))] + noise * generator.standard_normal((len(numbers), 16))
    seen = inner @ generator.standard_normal((16, width)) / 4 + 0.3 * generator.standard_normal((len(numbers), width))
    names = numbers.astype(str)
    return _set(f"points-{classes}-{width}-{noise}", seen.astype(np.float32), names, np.arange(len(names)).astype(str))


def join_near(one: LabelledSet, min_cosine: float) -> LabelledSet:
    """The same set with the groups of rows that are so alike joined, and of what those are joined with."""
    pairs = pairs_above(one.units, one.units, min_cosine)
    rows = np.arange(len(one.units))
    edges = np.concatenate([pairs.query, rows]), np.concatenate([pairs.base, len(rows) + one.groups])
    side = len(rows) + int(one.groups.max()) + 1
    joined = connected_components(coo_array((np.ones(len(edges[0])), edges), (side, side)), directed=False)[1][: len(rows)]
    print(f"{one.name}: {len(np.unique(joined))} groups, the largest {np.bincount(joined).max()}, joined from {min_cosine} on")
    return replace(one, groups=np.unique(joined, return_inverse=True)[1])


def _array(file: Path) -> npt.NDArray[Any]:
    try:
        found: npt.NDArray[Any] = np.load(file)
    except (OSError, ValueError, EOFError) as error:
        raise SettingsError(f"{file}: wanted an array as numpy.save writes it, of numbers or of text: {error}") from error
    if not isinstance(found, np.ndarray):
        raise SettingsError(f"{file}: wanted one array (.npy), found several (.npz)")
    return found


def _drawn_part(one: tuple[str, int, int]) -> Images:
    name, number, seed = one
    shot = Shot(1 + number % 2, number, name, int(np.random.default_rng(number).integers(CAMERAS)))
    return _shrunk(draw_file(PlannedFile(f"{name}{number}", "plain", shot, seed)).content)


def _shrunk(content: bytes) -> Images:
    return model_image(decode(content, Limits()).pixels, BackboneSettings().side_px)


def _embed(images: Sequence[Images], cache: Path) -> Floats:
    return open_backbone(BackboneSettings(), cache / "backbones").embed(np.stack(images))


def _cached(cache: Path, wanted: str, make: Callable[[], Drawn]) -> Drawn:
    """Embed once: what was made from the same files or the same seed is read again."""
    file = cache / f"{hashlib.sha256(wanted.encode()).hexdigest()[:16]}.npz"
    if not file.exists():
        embeddings, classes, groups = make()
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, embeddings=embeddings, classes=classes, groups=groups)
    stored = np.load(file)
    return stored["embeddings"], stored["classes"], stored["groups"]


def _set(name: str, embeddings: Floats, classes: npt.NDArray[np.str_], groups: npt.NDArray[np.str_]) -> LabelledSet:
    names, numbers = np.unique(classes, return_inverse=True)
    if len(names) < 2:
        raise SettingsError(f"{name}: wanted at least two classes, found {names.tolist()}")
    counts = ", ".join(f"{one} {count}" for one, count in zip(names, np.bincount(numbers), strict=True))
    print(f"{name}: {len(numbers)} x {embeddings.shape[1]}, {len(np.unique(groups))} groups; {counts}")
    return LabelledSet(name, unit_rows(embeddings), numbers, np.unique(groups, return_inverse=True)[1])
