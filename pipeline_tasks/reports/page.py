"""Cycle report as one self-contained HTML page, without external addresses or scripts, from tables only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.reports import (
    against_champion,
    asked,
    augmentation,
    decision,
    found_slices,
    gain,
    label_suspects,
    learning,
    model_agreement,
    people,
    plots,
    process,
    requirements,
    source_changes,
    source_files,
)
from pipeline_tasks.reports import images as images
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.document import document
from pipeline_tasks.reports.html import Html, element, paragraph
from pipeline_tasks.reports.kind_sections import drawn, kind_sections

SECTIONS: tuple[tuple[str, str, Callable[[CycleData], Html | None], str], ...] = (
    ("decision", "Decision", decision.section, "compare_with_champion"),
    ("against_champion", "Candidate beside champion", against_champion.section, "evaluate_model"),
    ("found_slices", "Where the models err more", found_slices.section, "evaluate_model"),
    ("funnel", "From files to training images", process.funnel, "record_images"),
    ("classes", "Classes by split", process.class_balance, "build_dataset_version"),
    ("requirements", "Images wanted and there", requirements.section, "open_cycle"),
    ("rejected", "Files not taken in", source_files.not_taken_in, "record_images"),
    ("sources", "Changes in the sources", source_changes.section, "list_new_images"),
    ("quarantined", "Quarantined images", images.quarantined, "find_quality_issues"),
    ("duplicates", "Duplicates", images.duplicates, "find_duplicates"),
    ("selection", "Selection", images.selection, "select_images"),
    ("asked", "Open tasks, sources and Label Studio", asked.section, "collect_annotations"),
    ("people", "Annotations and agreement", people.section, "collect_annotations"),
    ("predictions", "People and the champion's predictions", model_agreement.section, "send_to_labeling"),
    ("suspects", "Labels to look at again", label_suspects.section, "find_label_errors"),
    ("augmentation", "Views that the model was trained on", augmentation.section, "train_model"),
    ("gain", "Did active selection help?", gain.section, "measure_selection_gain"),
    ("plots", "Training and test as curves", plots.section, "train_model"),
    ("learning", "Learning curve", learning.section, "evaluate_model"),
)
"""Anchor, title, renderer (None: nothing to show), and the required stage. Sections of the label kind follow."""

OPTIONAL = frozenset({"against_champion", "found_slices", "requirements", "predictions", "augmentation", "plots"})
"""Anchors of sections that a project asks for, or that nights of earlier releases have no data for; they are never missing."""


@dataclass(frozen=True)
class Page:
    """The rendered report."""

    html: str
    sections: tuple[str, ...]
    missing: dict[str, str]
    """Anchor → reason why the section is missing."""


def render(data: CycleData) -> Page:
    """Render the available sections, and list the missing ones with reasons."""
    bodies: dict[str, tuple[str, Html]] = {}
    missing: dict[str, str] = {}
    for anchor, title, make, stage in SECTIONS:
        body = make(data)
        if body is not None:
            bodies[anchor] = title, body
        elif anchor not in OPTIONAL:
            missing[anchor] = _why_missing(data, title, stage)
    for section in kind_sections(data):
        body = drawn(section, data)
        if body is None:
            missing[section.anchor] = _why_missing(data, section.title, "evaluate_model")
        else:
            bodies[section.anchor] = section.title, body
    content = [decision.header(data), _navigation(bodies), _missing(missing)]
    content += [element("section", element("h2", title), body, id=anchor) for anchor, (title, body) in bodies.items()]
    html = document(f"{data.project} · {data.cycle_id}", [*content, _footer(data)])
    return Page(html, tuple(bodies), missing)


def _navigation(bodies: dict[str, tuple[str, Html]]) -> Html:
    return element("nav", *(element("a", title, href=f"#{anchor}") for anchor, (title, _) in bodies.items()))


def _why_missing(data: CycleData, title: str, stage: str) -> str:
    if not data.records.has(stage):
        return f"{title}: {stage} has not been done in this cycle."
    skipped = data.records.why_skipped(stage)
    return f"{title}: {skipped}" if skipped else f"{title}: {stage} was done, and there is nothing to show."


def _missing(missing: dict[str, str]) -> Html | None:
    """List of missing sections."""
    if not missing:
        return None
    lines = [element("li", why) for why in missing.values()]
    return element("section", element("h2", "Not in this report"), element("ul", *lines, class_="missing"), id="missing")


def _footer(data: CycleData) -> Html:
    made = f"Made {local_time(data.made_at, data.time_zone)} by Nightlens {data.code_version}."
    return element("footer", paragraph(f"{made} Images are thumbnails; in Airflow each is a link to its original."))
