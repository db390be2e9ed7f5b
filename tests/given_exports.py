"""Exports written by a format's writer alone, of images of one size, and objects compared within millionths of a pixel."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from given import a_project
from kinds.given_objects import HIGH, WIDE, Drawn
from PIL import Image

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.decoding.plain_file import as_png
from pipeline_tasks.formats.writing.target import ExportedImage, ExportedVersion
from pipeline_tasks.formats.writing.targets import target_for
from pipeline_tasks.kinds.registry import kind_of

PX = 2e-6
"""Positions may differ by so much; those of Label Studio are rounded to a millionth."""
SPLITS = ("train", "val", "test")


def a_png(size_px: tuple[int, int] = (WIDE, HIGH)) -> bytes:
    """A black image of this size."""
    return as_png(np.zeros((size_px[1], size_px[0], 3), np.uint8))


def exported_version(settings: dict[str, Any], folder: Path, licence: str = "CC BY 4.0") -> ExportedVersion:
    """A version of a project with these keys."""
    kind = kind_of(a_project(**settings))
    return ExportedVersion(
        dataset_id="3f2a" * 16,
        project="parts",
        cycle_id="2026-11-21",
        frozen_at="2026-11-21T22:00:00+00:00",
        label_kind=kind.name,
        vocabulary=kind.vocabulary,
        labeling=kind.labeling,
        options=kind.options,
        form_xml=label_form(kind, "What is it?").xml,
        licence=licence,
        folder_name=folder.name,
        splits=SPLITS,
    )


def write(
    target: str,
    folder: Path,
    settings: dict[str, Any],
    images: Sequence[Sequence[Any]],
    names: Sequence[str] | None = None,
    size_px: tuple[int, int] = (WIDE, HIGH),
) -> ExportedVersion:
    """Write images with these objects in turns to train, val and test, as the command does."""
    version, content = exported_version(settings, folder), a_png(size_px)
    folder.mkdir(parents=True, exist_ok=True)
    writer = target_for(target, version.label_kind).open(folder, version)
    for at, objects in enumerate(images):
        name = f"{names[at] if names else f'image{at}'}.png"
        image_id = hashlib.sha256(name.encode()).hexdigest()
        writer.add(ExportedImage(at + 1, image_id, SPLITS[at % 3], name, size_px, tuple(objects), content))
    writer.close()
    return version


def images_of(case: Drawn, count: int = 6, seed: int = 1) -> list[Sequence[Any]]:
    """Images with objects of a kind, one with those at the border, and one in which nothing is there."""
    if case.is_one_an_image:
        return [case.truth(seed + at, 1) for at in range(count)]
    return [*(case.truth(seed + at, min(count, case.many)) for at in range(count)), [*case.at_border], []]


def are_alike(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    """Return True for equal objects in the same order, with positions within `PX`."""
    return len(ones) == len(others) and all(_alike(asdict(one), asdict(other)) for one, other in zip(ones, others, strict=True))


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(_alike(mine, theirs) for mine, theirs in zip(one, other, strict=True))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=0, abs_tol=PX)
    return bool(one == other)


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of an image file as any reader sees it that knows no EXIF."""
    with Image.open(io.BytesIO(content)) as image:
        return image.size
