"""Labelbox: data rows to import, an ontology, and the NDJSON of an export of its second version.

A batch in Labelbox has one number of labels for all its data rows (consensus), so images for several people stand in a file of
their own. A data row's `global_key` is the key of its image's task.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pipeline_tasks.json_values import Json
from pipeline_tasks.labeling_services import fields
from pipeline_tasks.labeling_services.fields import UnreadableFieldError, unreadable
from pipeline_tasks.labeling_services.service import Asked, Drawn, Results, ServiceResponse, Size

KINDS = {"class": "radio", "classes": "checklist", "box": "rectangle", "mask": "polygon"}
"""Label kind → type of the classification or tool in an ontology."""
SHAPES = {"box": "ImageBoundingBox", "mask": "ImagePolygon"}
_QUESTIONS = ("radio", "checklist")


def files(asked: Asked) -> dict[str, bytes]:
    """`ontology.json`, `instructions.txt`, and data rows to import for each number of labels."""
    text = "\n\n".join(part for part in (asked.question, asked.guideline) if part)
    made = {"ontology.json": _json(_ontology(asked)), "instructions.txt": (text + "\n").encode()}
    for people, images in asked.by_people().items():
        rows: list[Json] = [{"row_data": one.address, "global_key": one.key, "media_type": "IMAGE"} for one in images]
        made[f"data-rows-{people}-labels.json"] = _json(rows)
    return made


def _ontology(asked: Asked) -> dict[str, Json]:
    kind = KINDS[asked.label_kind]
    if kind in _QUESTIONS:
        options: Json = [{"label": name, "value": name} for name in asked.names]
        question: Json = {
            "type": kind,
            "instructions": asked.question,
            "name": asked.question,
            "required": False,
            "options": options,
            "scope": "global",
        }
        return {"tools": [], "classifications": [question]}
    return {"tools": [{"tool": kind, "name": name, "required": False} for name in asked.names], "classifications": []}


def _json(content: Json) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def read(name: str, content: str, label_kind: str) -> Results:
    """A response for each label of each data row; rows without a label are left out."""
    results = Results()
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        try:
            results.responses += list(_responses(where, fields.parsed(line, "(line)"), label_kind))
        except UnreadableFieldError as error:
            results.problems.append(f"{where}: {error}")
    return results


def _responses(where: str, line: object, label_kind: str) -> Iterator[ServiceResponse]:
    row = fields.member(line, "data_row", "(line)")
    key = fields.text(fields.member(row, "global_key", "data_row"), "data_row.global_key")
    size_px = _size(fields.member(line, "media_attributes"))
    projects = fields.member(line, "projects")
    if not isinstance(projects, Mapping):
        raise unreadable("projects", "an object", projects)
    for project in projects.values():
        for place, label in enumerate(fields.items(fields.member(project, "labels", "projects"), "labels")):
            yield _response(where, key, size_px, label, f"labels[{place}]", label_kind)


def _response(where: str, key: str, size_px: Size | None, label: object, field: str, label_kind: str) -> ServiceResponse:
    details = fields.member(label, "label_details", field)
    if not isinstance(details, Mapping):
        raise unreadable(f"{field}.label_details", "the details (tick “label details” in the export)", details)
    made_at = fields.moment(details.get("created_at"), f"{field}.label_details.created_at")
    changed = details.get("updated_at")
    performance = fields.member(label, "performance_details") or {}
    seconds = fields.member(performance, "seconds_to_create")
    is_skipped = fields.member(performance, "skipped") is True
    return ServiceResponse(
        where,
        key,
        fields.text(fields.member(label, "id"), f"{field}.id"),
        fields.text(details.get("created_by"), f"{field}.label_details.created_by"),
        made_at,
        made_at if changed is None else fields.moment(changed, f"{field}.label_details.updated_at"),
        () if is_skipped else _drawn(fields.member(label, "annotations"), f"{field}.annotations", label_kind),
        None if seconds is None else fields.number(seconds, f"{field}.performance_details.seconds_to_create"),
        size_px,
        is_skipped,
    )


def _drawn(annotations: object, field: str, label_kind: str) -> tuple[Drawn, ...]:
    if label_kind in SHAPES:
        found = fields.items(fields.member(annotations, "objects", field), f"{field}.objects")
        return tuple(_shape(one, f"{field}.objects[{place}]", label_kind) for place, one in enumerate(found))
    given = fields.items(fields.member(annotations, "classifications", field), f"{field}.classifications")
    path = f"{field}.classifications"
    responses = [response for one in given for response in _chosen(one, label_kind, path)]
    return tuple(Drawn(fields.text(fields.member(one, "name", path), f"{path}.name")) for one in responses)


def _chosen(one: object, label_kind: str, field: str) -> list[object]:
    if label_kind == "class":
        response = fields.member(one, "radio_answer", field)
        return [] if response is None else [response]
    return list(fields.items(fields.member(one, "checklist_answers", field), f"{field}.checklist_answers"))


def _shape(one: object, field: str, label_kind: str) -> Drawn:
    name, shape = fields.text(fields.member(one, "name", field), f"{field}.name"), fields.member(one, "annotation_kind")
    if shape != SHAPES[label_kind]:
        raise unreadable(f"{field}.annotation_kind", SHAPES[label_kind], shape)
    if label_kind == "box":
        return fields.box(fields.member(one, "bounding_box"), name, f"{field}.bounding_box")
    return fields.polygon(fields.member(one, "polygon"), name, f"{field}.polygon")


def _size(media: object) -> Size | None:
    if not isinstance(media, Mapping) or media.get("width") is None or media.get("height") is None:
        return None
    return (
        int(fields.number(media["width"], "media_attributes.width")),
        int(fields.number(media["height"], "media_attributes.height")),
    )
