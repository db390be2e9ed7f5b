"""Section on augmentation: each change alone on a few training images, and what a model makes of it."""

from __future__ import annotations

from pipeline_tasks.records.augmentation_effect import AugmentationEffect
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.view_preview import ViewPreview
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, element, image, paragraph, ratio, together

JUDGED = (
    "A model that was trained on other training images as they are, never on views, names images after each change alone. "
    "A fall is what augmentation is for; a fall by more than a third, or two names that change places, is named above."
)


def section(data: CycleData) -> Html | None:
    """Warnings, then a row for each change; None if nothing was trained, or nothing is augmented."""
    if not data.view_previews:
        return None
    trained = data.records.find(TrainModelSummary)
    effects = {} if trained is None else {one.name: one for one in trained.effects}
    warnings = [paragraph(element("strong", one.warning), ".") for one in effects.values() if one.warning]
    rows = [_row(one, effects.get(one.name)) for one in data.view_previews]
    table = element("div", element("table", element("tbody", *rows), class_="views"), class_="scrolling")
    return together([*warnings, table, paragraph(JUDGED, quiet=True) if effects else None])


def _row(preview: ViewPreview, effect: AugmentationEffect | None) -> Html:
    said = [element("strong", preview.name) if preview.name else None, element("div", preview.says)]
    if effect is not None:
        said.append(element("div", f"right: {ratio(effect.right_plain)} → {ratio(effect.right_changed)}"))
    cells = [element("td", image(jpeg, f"{preview.name} {preview.says}".strip())) for jpeg in preview.jpegs]
    return element("tr", element("th", *said, scope="row"), *cells, class_="wrong" if effect and effect.warning else None)
