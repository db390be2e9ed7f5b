"""Cards of images: thumbnail, id, file name, and a link to the original."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlencode

import polars as pl

from pipeline_tasks.kinds.reporting import Drawing
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary, refused_image
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.drawing import drawn
from pipeline_tasks.reports.html import Child, Html, card, element, image, link, short
from pipeline_tasks.tables.duplicate_pair import DuplicatePair
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.selection import SelectedImage


def shown_images(data: CycleData) -> frozenset[str]:
    """Ids of all images that a card of the report may show."""
    predicted, pairs = data.rows(data.kind.scoring.prediction_table), data.rows(DuplicatePair)
    tables = (data.rows(QualityIssue), pairs, data.rows(SelectedImage), predicted, data.rows(LabelSuspect))
    found = {image_id for table in tables if table is not None for image_id in table["image_id"].unique()}
    if data.duplicate_groups is not None and pairs is not None:
        joined = data.duplicate_groups.filter(pl.col("image_id").is_in(pairs["image_id"].unique().implode()))
        found |= set(joined["duplicate_group_id"])
    collected = data.records.find(CollectAnnotationsSummary)
    refused = () if collected is None else (refused_image(line)[0] for line in collected.refusals)
    drawn_there = {one.image_id for one in data.disagreements} | {one.image_id for one in data.suspect_cards}
    return frozenset(found | _tested(data) | drawn_there | set(refused))


def _tested(data: CycleData) -> set[str]:
    """Ids of the test images, also of those without a prediction: all that is there was missed."""
    if data.rows(data.kind.scoring.prediction_table) is None or data.dataset_images is None:
        return set()
    return set(data.dataset_images.filter(pl.col("split") == "test")["image_id"])


def image_card(
    data: CycleData, image_id: str, *lines: Child, title: str = "", mark: str | None = None, drawing: Drawing | None = None
) -> Html:
    """A card of an image, with what is drawn over it; without a title of its own its file name is the title.

    The link leads to Airflow's page of the original, beside the report. Hovering shows the whole id and the whole path.
    """
    address = f"image?{urlencode({'dag_id': f'nightly__{data.project}', 'image_id': image_id})}"
    path = data.files.get(image_id)
    name = PurePosixPath(path.partition(":")[2]).name if path else "file not known"
    file_line = link(name if title else "original", address, title=path)
    id_line = element("code", short(image_id), title=image_id)
    thumbnail, said = data.thumbnail(image_id), title or name
    shown = image(thumbnail, said) if drawing is None else drawn(thumbnail, said, drawing)
    return card(shown, said, *lines, file_line, id_line, mark=mark, href=address)
