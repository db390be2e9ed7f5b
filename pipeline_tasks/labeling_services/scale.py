"""Scale AI: the bodies of the requests that make a batch's tasks, and its completed tasks as JSON.

Tasks are of the types `categorization` and `imageannotation` (https://docs.scale.com/reference/tasks-object-overview). Scale has
one task for an image, so an image for several people is several tasks. It names no person: its first, second and third task about
an image count as people of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pipeline_tasks.json_values import Json
from pipeline_tasks.labeling_services import fields
from pipeline_tasks.labeling_services.fields import UnreadableFieldError, unreadable
from pipeline_tasks.labeling_services.service import CANNOT_TELL, NOTHING, Asked, AskedImage, Drawn, Results, ServiceResponse

KINDS = {"class": "categorization", "classes": "categorization", "box": "box", "mask": "polygon"}
"""Label kind → type of the task, or of the geometry in one of the type `imageannotation`."""
_OPEN = ("pending", "canceled")


def files(asked: Asked) -> dict[str, bytes]:
    """`tasks.ndjson`: a line for each task, the body of a POST to `endpoint` below `https://api.scale.com/v1/task/`."""
    lines = [_task(asked, image, key, number) for image in asked.images for number, key in enumerate(image.task_keys)]
    return {"tasks.ndjson": "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines).encode()}


def _task(asked: Asked, image: AskedImage, key: str, number: int) -> dict[str, Json]:
    about: dict[str, Json] = {
        "batch": asked.round_id.replace("/", "-"),
        "instruction": "\n\n".join(part for part in (asked.question, asked.guideline) if part),
        "unique_id": key,
        # Scale refuses a second task of one unique_id; the number tells the tasks about one image apart.
        "metadata": {"task_key": key, "person": number},
    }
    if KINDS[asked.label_kind] == "categorization":
        choices: dict[str, Json] = {"categories": [*asked.names, NOTHING, CANNOT_TELL]}
        choices |= {"allow_multiple": True} if asked.label_kind == "classes" else {}
        return {"endpoint": "categorization", **about, "attachment_type": "image", "attachment": image.address, **choices}
    geometry: Json = {KINDS[asked.label_kind]: {"objects_to_annotate": list(asked.names)}}
    return {"endpoint": "imageannotation", **about, "attachment": image.address, "geometries": geometry}


def read(name: str, content: str, label_kind: str) -> Results:
    """The completed tasks of a list of Scale's API (`docs`), of an array, or of a file with a task a line."""
    results = Results()
    try:
        for where, task in _tasks(name, content):
            try:
                if _is_completed(task):
                    results.responses.append(_response(where, task, label_kind))
            except UnreadableFieldError as error:
                results.problems.append(f"{where}: {error}")
    except UnreadableFieldError as error:
        results.problems.append(f"{name}: {error}")
    return results


def _tasks(name: str, content: str) -> Iterator[tuple[str, object]]:
    try:
        whole = json.loads(content)
    except ValueError:
        yield from _lines(name, content)
        return
    if isinstance(whole, dict):
        whole = whole.get("docs", [whole])
    for number, task in enumerate(fields.items(whole, "docs"), start=1):
        yield f"{name} task {number}", task


def _lines(name: str, content: str) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                yield f"{name} line {number}", json.loads(line)
            except ValueError:
                yield f"{name} line {number}", line


def _is_completed(task: object) -> bool:
    status = fields.text(fields.member(task, "status", "task"), "status")
    if status != "completed" and status not in _OPEN:
        raise unreadable("status", f"completed, {' or '.join(_OPEN)}", status)
    return status == "completed"


def _response(where: str, task: object, label_kind: str) -> ServiceResponse:
    completed_at = fields.moment(fields.member(task, "completed_at"), "completed_at")
    changed = fields.member(task, "updated_at")
    metadata = fields.member(task, "metadata") or {}
    drawn = _drawn(fields.member(task, "response"), label_kind)
    is_skipped = any(one.name == CANNOT_TELL for one in drawn)
    return ServiceResponse(
        where,
        fields.text(fields.member(task, "unique_id"), "unique_id"),
        fields.text(fields.member(task, "task_id"), "task_id"),
        f"task {int(fields.number(fields.member(metadata, 'person', 'metadata'), 'metadata.person')) + 1} about an image",
        completed_at,
        completed_at if changed is None else max(completed_at, fields.moment(changed, "updated_at")),
        () if is_skipped else drawn,
        is_skipped=is_skipped,
    )


def _drawn(response: object, label_kind: str) -> tuple[Drawn, ...]:
    if KINDS[label_kind] == "categorization":
        said = fields.member(response, "category", "response")
        names = [fields.text(one, "response.category") for one in (said if isinstance(said, list) else [said])]
        return () if names == [NOTHING] else tuple(Drawn(one) for one in names)
    found = fields.items(fields.member(response, "annotations", "response"), "response.annotations")
    return tuple(_shape(one, f"response.annotations[{place}]", label_kind) for place, one in enumerate(found))


def _shape(one: object, field: str, label_kind: str) -> Drawn:
    name, shape = fields.text(fields.member(one, "label", field), f"{field}.label"), fields.member(one, "type", field)
    if shape != KINDS[label_kind]:
        raise unreadable(f"{field}.type", KINDS[label_kind], shape)
    if shape == "box":
        if fields.member(one, "rotation"):
            raise unreadable(f"{field}.rotation", "a box that is not turned", fields.member(one, "rotation"))
        return fields.box(one, name, field)
    return fields.polygon(fields.member(one, "vertices"), name, f"{field}.vertices")
