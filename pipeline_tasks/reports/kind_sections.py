"""Sections that the label kind hands over, drawn block by block."""

from __future__ import annotations

from pipeline_tasks.kinds.reporting import Bars, Block, Evaluated, Grid, Heading, ImageCard, ImageCards, Paragraph, Section
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.reports.charts import Figure, intervals
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, element, paragraph, ratio, together
from pipeline_tasks.reports.image_cards import image_card
from pipeline_tasks.tables.metric import Metric


def kind_sections(data: CycleData) -> list[Section]:
    """Sections of the kind on the candidate."""
    evaluated = data.records.find(EvaluateModelSummary)
    digest = None if evaluated is None else evaluated.model_digest
    details = {one: rows for one in data.kind.reporting.detail_tables if (rows := data.rows(one)) is not None}
    known = Evaluated(digest, data.dataset_images, data.rows(Metric), data.rows(data.kind.scoring.prediction_table), details)
    return list(data.kind.reporting.sections(known))


def drawn(section: Section, data: CycleData) -> Html | None:
    """The blocks of a section; None if it has none."""
    return together([_block(one, data) for one in section.blocks]) if section.blocks else None


def _block(block: Block, data: CycleData) -> Html:
    if isinstance(block, Heading):
        return element("h3", block.text)
    if isinstance(block, Paragraph):
        return paragraph(block.text, quiet=block.is_quiet)
    if isinstance(block, Bars):
        return intervals([Figure(one.name, one.value, one.low, one.high, one.note) for one in block.bars])
    if isinstance(block, Grid):
        return _grid(block)
    return _cards(block, data)


def _grid(grid: Grid) -> Html:
    head = element("tr", element("th", grid.corner), *(element("th", name, class_="number") for name in grid.names))
    rows = [element("tr", element("th", one), *_cells(one, grid)) for one in grid.names]
    return element("div", element("table", head, *rows, class_="confusion"), class_="scrolling")


def _cells(one: str, grid: Grid) -> list[Html]:
    """Cells of a row, darker for a larger share of the row."""
    counts = [grid.counts.get((one, other), 0) for other in grid.names]
    total = sum(counts) or 1
    return [
        element(
            "td",
            count or "·",
            class_="cell",
            style=f"background: rgba(var(--heat), {0.75 * count / total:.2f})",
            title=ratio(count / total),
        )
        for count in counts
    ]


def _cards(block: ImageCards, data: CycleData) -> Html:
    is_wide = any(one.drawing is not None for one in block.cards)
    return cards([_card(one, data) for one in block.cards], block.total, block.what, is_wide=is_wide)


def _card(one: ImageCard, data: CycleData) -> Html:
    return image_card(data, one.image_id, *one.lines, title=one.title, mark="wrong" if one.is_wrong else None, drawing=one.drawing)
