"""Page on the import of a labelled set: its classes and splits, what was left out and where, and some of its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import urlencode

from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.records.import_labels import ImportLabelsSummary
from pipeline_tasks.records.open_import import OpenImportSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.reports.document import document
from pipeline_tasks.reports.html import Html, card, cards, element, image, paragraph, short, table, together

MOST_SHOWN = 24


@dataclass(frozen=True)
class ShownLabel:
    """An image whose label came with the import."""

    image_id: str
    key: str
    """Path inside the set."""
    says: str
    """The label in a few words."""
    split: str | None
    thumbnail: bytes | None


@dataclass(frozen=True)
class ImportData:
    """Data of one import."""

    project: str
    cycle_id: str
    started_at: datetime
    time_zone: str
    code_version: str
    opened: OpenImportSummary
    taken: RecordImagesSummary
    labels: ImportLabelsSummary
    places: Mapping[str, Sequence[str]]
    """Reason → the first places that were left out for it."""
    shown: Sequence[ShownLabel]


def render_import(data: ImportData) -> str:
    """Render the page."""
    sections = {
        "Classes": _classes(data),
        "Splits": _splits(data),
        "Left out": _left_out(data),
        "Taken, but not as written": _changed(data),
        "Images": _images(data),
    }
    body = [_header(data), *(element("section", element("h2", name), part) for name, part in sections.items())]
    footer = paragraph(f"Started {local_time(data.started_at, data.time_zone)}, by Nightlens {data.code_version}.")
    return document(f"{data.project} · import of {data.opened.set_name} · {data.cycle_id}", [*body, element("footer", footer)])


def _header(data: ImportData) -> Html:
    opened, labels = data.opened, data.labels
    from_place = f" ({opened.licence_from})" if opened.licence_from else ""
    about = f"{opened.format_name}, labels of the kind {opened.label_kind}; licence: {opened.licence or 'not stated'}{from_place}"
    told = [f"{labels.labels_new} new labels, {labels.labels_changed} changed, {labels.labels_unchanged} as before"]
    if labels.kept_of_people:
        told.append(f"{labels.kept_of_people} images keep the label of people")
    images = f"{data.taken.images_new} new images, {data.taken.images_already_known} known ones."
    return element(
        "header",
        element("h1", f"Import of {opened.set_name} into {data.project}"),
        paragraph(about, quiet=True),
        element("p", f"{'; '.join(told)}. {images}", class_="decision good"),
        *(paragraph(note, quiet=True) for note in opened.notes),
    )


def _classes(data: ImportData) -> Html:
    """Classes of the set, with what they became; objects are those of new and changed labels."""
    counts = data.labels.images_by_class
    rows: list[tuple[str, str, int]] = [(theirs, ours, counts.get(ours, 0)) for theirs, ours in data.opened.classes.items()]
    dropped = [(theirs, objects) for theirs, objects in data.opened.dropped.items()]
    parts = [table(("class of the set", "class of the project", "its new objects"), rows, numbers_from=2)]
    if dropped:
        parts.append(table(("dropped class of the set", "objects"), dropped))
    return together(parts)


def _splits(data: ImportData) -> Html:
    names = sorted({*data.opened.own_splits, *data.labels.splits})
    rows = [(name, data.opened.own_splits.get(name, 0), data.labels.splits.get(name, 0)) for name in names]
    notes = [f"Way: {data.opened.splitting}."]
    if data.labels.splits_standing:
        notes.append(f"{data.labels.splits_standing} images are in a group that has a split already, which stays.")
    if data.labels.groups_in_two_splits:
        notes.append(
            f"{data.labels.groups_in_two_splits} groups of like images are in two splits of the set: test goes before val."
        )
    return together([table(("split", "images by the set", "images by this import"), rows), paragraph(" ".join(notes), quiet=True)])


def _left_out(data: ImportData) -> Html:
    """Reasons with their counts and first places."""
    counts = {**data.opened.left_out, **data.labels.left_out}
    if not counts:
        return paragraph("Nothing was left out.", quiet=True)
    rows = [(reason, ", ".join(data.places.get(reason, ())), count) for reason, count in counts.items()]
    note = paragraph("The table set_left_outs has up to 1,000 places of each reason.", quiet=True)
    return together([table(("reason", "first places", "count"), sorted(rows, key=lambda row: -row[2]), numbers_from=2), note])


def _changed(data: ImportData) -> Html:
    if not data.opened.changed:
        return paragraph("Nothing.", quiet=True)
    return table(("how", "count"), data.opened.changed.items())


def _images(data: ImportData) -> Html:
    total = data.labels.labels_new + data.labels.labels_changed
    if not data.shown:
        return paragraph("No label is new.", quiet=True)
    return cards([_card(data, one) for one in data.shown], total, "images")


def _card(data: ImportData, one: ShownLabel) -> Html:
    address = f"image?{urlencode({'dag_id': f'nightly__{data.project}', 'image_id': one.image_id})}"
    name = PurePosixPath(one.key).name
    split = f"{one.split} by the set" if one.split else "no split of the set"
    id_line = element("code", short(one.image_id), title=one.image_id)
    return card(image(one.thumbnail, name), name, one.says, split, id_line, href=address)
