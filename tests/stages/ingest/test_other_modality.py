"""Tests of images that are not of the modality that their source states: they are taken in, and their sightings say so."""

from __future__ import annotations

import io
from pathlib import Path

import given
import numpy as np
import pytest
from PIL import Image as PillowImage
from small_ingest import an_image, ingest, put_files

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.sighting import Sighting


def a_grey_image(side_px: int = 30) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(np.random.default_rng(1).integers(0, 256, (side_px, side_px), np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def sources(**modalities: str) -> list[dict[str, object]]:
    return [{"name": name, "path": name, "modality": modality} for name, modality in modalities.items()]


def found(store: Store, cycle_id: str = "2026-11-21") -> dict[str, str | None]:
    """Key → column, of the cycle's sightings."""
    return dict(store.read(Sighting, cycle_id).select("key", "other_modality").iter_rows())


@pytest.mark.parametrize(
    ("modality", "wanted"),
    [
        ("rgb", {"coloured": None, "grey": "no_colours", "large": "no_colours"}),
        ("depth", {"coloured": "colours", "grey": None, "large": None}),
    ],
)
def test_ingest__marks_images_of_another_modality_than_their_source_states(
    store: Store, tmp_path: Path, modality: str, wanted: dict[str, str | None]
) -> None:
    put_files(tmp_path, {"coloured": an_image(1), "grey": a_grey_image(), "large": a_grey_image(700)})

    summary = ingest(store, given.an_open_cycle(store, sources=sources(inbox=modality)), tmp_path)

    assert (summary.images_new, found(store)) == (3, wanted)


def test_ingest__does_not_judge_an_image_that_an_earlier_night_decoded(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"first.jpg": a_grey_image()})
    ingest(store, given.an_open_cycle(store, sources=sources(inbox="rgb")), tmp_path)
    put_files(tmp_path, {"again.jpg": a_grey_image()})
    ingest(store, given.an_open_cycle(store, "2026-11-22", sources=sources(inbox="rgb")), tmp_path)

    assert found(store) == {"first.jpg": "no_colours"}
    assert found(store, "2026-11-22") == {"again.jpg": None}
