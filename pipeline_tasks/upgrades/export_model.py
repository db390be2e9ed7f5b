"""Steps of the summary of `export_model`."""

from __future__ import annotations

from pipeline_tasks.upgrades.json_fields import Fields


def parity_images(summary: Fields) -> Fields:
    """1 → 2. `parity_pictures` is called `parity_images`."""
    renamed = {"parity_pictures": "parity_images"}
    return {renamed.get(name, name): value for name, value in summary.items()}
