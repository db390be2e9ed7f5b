"""Page of a self-supervised pretraining: what it gained, lines for the project file, losses, and the images it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.reports.document import document
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, table, together
from pipeline_tasks.settings import BackboneSettings

REASONS = {
    "test_or_validation": "in a test or validation split: figures on them would be too good",
    "golden": "in the golden set",
    "held_out_for_the_probe": "kept for the probe, with their split groups",
    "quarantined": "quarantined",
    "contested": "like images of different splits",
    "not_searched": "not compared with others yet",
    "redundant": "duplicates of a chosen image",
    "over_the_limit": "over pretraining.images",
}
"""Reason for which an image is not trained on → words."""


@dataclass(frozen=True)
class PretrainingData:
    """Data of one pretraining."""

    project: str
    cycle_id: str
    started_at: datetime
    time_zone: str
    code_version: str
    backbone: BackboneSettings
    chosen: ChoosePretrainingImagesSummary
    trained: TrainBackboneSummary
    exported: ExportBackboneSummary
    probed: ProbeBackboneSummary


def render_pretraining(data: PretrainingData) -> str:
    """Render the page."""
    sections = {"Probe": _probe(data), "For the project file": _lines(data), "Training": _losses(data), "Images": _images(data)}
    body = [_header(data), *(element("section", element("h2", name), part) for name, part in sections.items() if part)]
    footer = paragraph(f"Started {local_time(data.started_at, data.time_zone)}, by Nightlens {data.code_version}.")
    return document(f"{data.project} · pretraining of the backbone · {data.cycle_id}", [*body, element("footer", footer)])


def _header(data: PretrainingData) -> Html:
    about = (
        f"{data.backbone.name} by {data.trained.method or 'nothing'}, on {data.chosen.trained_images} images without their labels."
    )
    told = element("p", data.probed.why, class_="decision " + ("good" if data.probed.is_gain else "warn"))
    return element("header", element("h1", f"Pretraining of {data.project}"), paragraph(about, quiet=True), told)


def _probe(data: PretrainingData) -> Html | None:
    """Figures of the comparison."""
    probed = data.probed
    if probed.before is None or probed.after is None:
        return None
    rows = [("before", ratio(probed.before)), ("after", ratio(probed.after))]
    note = (
        f"Share of {probed.images} held-out images in {probed.groups} split groups whose name a linear model gets right. It is "
        f"fitted to {probed.fitted_images} other labelled training images and to the held-out ones of other "
        f"folds; no test image was used."
    )
    return together([table(["backbone", "right"], rows, numbers_from=1), paragraph(note, quiet=True)])


def _lines(data: PretrainingData) -> Html | None:
    if data.probed.pretrained is None:
        return None
    named = [f"  weights: {data.backbone.weights}"] if data.backbone.weights else []
    yaml = "\n".join(["backbone:", f"  name: {data.backbone.name}", *named, f"  pretrained: {data.probed.pretrained}"])
    note = (
        "The next night then embeds all images again, trains a head, and the gate compares it with the champion as any candidate."
    )
    return together([element("pre", yaml), paragraph(note, quiet=True)])


def _losses(data: PretrainingData) -> Html | None:
    if not data.trained.losses:
        return None
    rows = [(epoch, f"{loss:.4f}") for epoch, loss in enumerate(data.trained.losses, 1)]
    return table(["epoch", "mean loss"], rows, numbers_from=0)


def _images(data: PretrainingData) -> Html:
    rows = [("trained on", data.chosen.trained_images), ("kept for the probe, labelled", data.chosen.probed_images)]
    rows += [(f"left out: {REASONS.get(why, why)}", count) for why, count in data.chosen.left_out.items()]
    return table(["", "images"], rows, numbers_from=1)
