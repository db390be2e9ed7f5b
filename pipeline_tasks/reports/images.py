"""Sections with images: quarantined, duplicates, selected."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.registries import QUALITY_RULES
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, element, paragraph, together
from pipeline_tasks.reports.image_cards import image_card
from pipeline_tasks.tables.duplicate_pair import DuplicatePair
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore

MOST_CARDS = 60
MOST_GROUPS = 12
MOST_IN_GROUP = 5


def quarantined(data: CycleData) -> Html | None:
    """Images that broke a quality rule, with the measured value and the limit."""
    issues = data.rows(QualityIssue)
    if issues is None:
        return None
    judged = data.records.find(FindQualityIssuesSummary)
    released = _released(0 if judged is None else judged.images_released)
    if issues.is_empty():
        return together([paragraph("No new image was quarantined.", quiet=True), released])
    images = (
        issues.with_columns(pl.col("rule").cast(pl.String)).group_by("image_id", maintain_order=True).agg("rule", "value", "limit")
    )
    shown = []
    for one in images.head(MOST_CARDS).iter_rows(named=True):
        broken = zip(one["rule"], one["value"], one["limit"], strict=True)
        lines = [QUALITY_RULES.load(rule).says(value, limit) for rule, value, limit in broken]
        shown.append(image_card(data, one["image_id"], *lines))
    counts = {} if judged is None else judged.issues_by_rule
    said = ", ".join(f"{count} {rule.replace('_', ' ')}" for rule, count in counts.items())
    return together([paragraph(f"{images.height} images: {said}."), cards(shown, images.height, "images"), released])


def _released(images: int) -> Html | None:
    """Sentence on earlier images that are not quarantined any more."""
    return (
        paragraph(f"{images} images of earlier nights are no longer quarantined, because limits were loosened.") if images else None
    )


def duplicates(data: CycleData) -> Html | None:
    """Examples of duplicate groups: the first image, which names the group, and those that joined it tonight."""
    found, pairs = data.records.find(FindDuplicatesSummary), data.rows(DuplicatePair)
    if data.duplicate_groups is None or pairs is None or found is None:
        return None
    apart = f" {found.told_apart} more looked like an earlier one, but differ when aligned with it." if found.told_apart else ""
    turned = f" ({found.turned} of them turned or mirrored)" if found.turned else ""
    said = (
        f"{found.exact} new images have the same pixels as an earlier one, {found.near} are near-duplicates of an earlier "
        f"one{turned}; {found.contested} resemble images of different splits and are not used.{apart}"
    )
    evidence = (
        pairs.filter("is_same").with_columns(pl.col("method").cast(pl.String)).unique("image_id", keep="first", maintain_order=True)
    )
    joined = evidence.join(data.duplicate_groups, on="image_id", maintain_order="left")
    groups = joined.filter(~pl.col("is_contested")).group_by("duplicate_group_id", maintain_order=True)
    rows = [_group(data, str(group), members) for (group,), members in groups]
    shown = together([element("div", *row, class_="pair") for row in rows[:MOST_GROUPS]])
    contested = joined.filter("is_contested").unique("image_id", keep="first", maintain_order=True)
    left = [_contested(data, one) for one in contested.head(MOST_GROUPS)["image_id"]]
    more = paragraph(f"and {len(rows) - MOST_GROUPS} more groups", quiet=True) if len(rows) > MOST_GROUPS else None
    heading = element("h3", "Contested images") if left else None
    return together([paragraph(said), shown, more, heading, *(element("div", *row, class_="pair") for row in left)])


def selection(data: CycleData) -> Html | None:
    """Picks in the round's order, with arm, scores and reason."""
    chosen, selected, scored = data.records.find(SelectImagesSummary), data.rows(SelectedImage), data.rows(SelectionScore)
    if selected is None:
        return None
    why = paragraph("" if chosen is None else chosen.why)
    scores: dict[str, list[str]] = {}
    for one in () if scored is None else scored.iter_rows(named=True):
        scores.setdefault(one["image_id"], []).append(f"{one['objective'].replace('_', ' ')} {one['score']:.2f}")
    rows = selected.with_columns(pl.col("arm").cast(pl.String)).sort("rank")
    shown = [
        image_card(
            data,
            one["image_id"],
            ", ".join(scores.get(one["image_id"], [])) or None,
            one["reason"],
            title=f"{one['rank'] + 1} · {'control' if one['arm'] == 'control' else one['strategy'].replace('_', ' ')}",
            mark="control" if one["arm"] == "control" else None,
        )
        for one in rows.head(MOST_CARDS).iter_rows(named=True)
    ]
    return together([why, cards(shown, rows.height, "picks")])


def _group(data: CycleData, group: str, members: pl.DataFrame) -> list[Html]:
    """The group's first image and those that joined."""
    first = image_card(data, group, title="first image of the group")
    others = [
        image_card(data, one["image_id"], _evidence(one["method"], one["value"]))
        for one in members.filter(pl.col("image_id") != group).head(MOST_IN_GROUP).iter_rows(named=True)
    ]
    more = members.height - len(others)
    return [first, *others, *([paragraph(f"and {more} more", quiet=True)] if more > 0 else [])]


def _contested(data: CycleData, image_id: str) -> list[Html]:
    """A contested image and the first images of the groups it resembles."""
    assert data.duplicate_groups is not None
    linked = data.duplicate_groups.filter(pl.col("image_id") == image_id)["duplicate_group_id"]
    others = [image_card(data, group, "resembled") for group in linked.head(MOST_IN_GROUP) if group != image_id]
    return [image_card(data, image_id, "not used in any split", mark="wrong"), *others]


def _evidence(method: str, value: float) -> str:
    if method == "pixels":
        return "the same pixels"
    return f"{value:.0f} of 64 bits differ" if method == "hash" else f"cosine {value:.3f}"
