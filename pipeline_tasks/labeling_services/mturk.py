"""Amazon Mechanical Turk: a CSV file of HITs with the page of a project, and the CSV file of a batch's results.

The requester's page takes one number of assignments for a whole batch, so images for several people stand in a file of their own.
Responses are those of the crowd elements `crowd-image-classifier`, `crowd-image-classifier-multi-select`, `crowd-bounding-box` and
`crowd-polygon` (https://docs.aws.amazon.com/sagemaker/latest/dg/sms-ui-template-reference.html), in one column of JSON
(`Answer.taskAnswers`) or, as older batches have them, a column a field.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from pipeline_tasks.labeling_services import fields
from pipeline_tasks.labeling_services.fields import UnreadableFieldError, unreadable
from pipeline_tasks.labeling_services.mturk_page import RESPONSE, page
from pipeline_tasks.labeling_services.service import CANNOT_TELL, NOTHING, Asked, Drawn, Results, ServiceResponse, Size

KINDS = {"class": "label", "classes": "labels", "box": "boundingBoxes", "mask": "polygons"}
NEEDED = ("AssignmentId", "WorkerId", "AssignmentStatus", "SubmitTime", "Input.task_key")
_ZONES = {"PST": -8, "PDT": -7, "UTC": 0, "GMT": 0}
_JSON = "Answer.taskAnswers"


def files(asked: Asked) -> dict[str, bytes]:
    """`page.html` for the project's design layout, and a file of HITs for each number of assignments."""
    made = {"page.html": page(asked).encode()}
    for people, images in asked.by_people().items():
        rows = io.StringIO()
        csv.writer(rows, lineterminator="\n").writerows([("image_url", "task_key"), *((one.address, one.key) for one in images)])
        made[f"hits-{people}-assignments.csv"] = rows.getvalue().encode()
    return made


def read(name: str, content: str, label_kind: str) -> Results:
    """A response for each row; rows of assignments that nobody submitted yet are left out."""
    results = Results()
    reader = csv.DictReader(io.StringIO(content), strict=True)
    try:
        missing = [one for one in NEEDED if one not in (reader.fieldnames or ())]
        if missing:
            results.problems.append(f"{name} line 1: wanted the columns {', '.join(NEEDED)}, found none named {', '.join(missing)}")
            return results
        for row in reader:
            _read_row(f"{name} line {reader.line_num}", row, len(reader.fieldnames or ()), label_kind, results)
    except csv.Error as error:
        results.problems.append(f"{name} after line {reader.line_num}: wanted CSV, found {error}")
    return results


def _read_row(where: str, row: Mapping[str, str | None], columns: int, label_kind: str, results: Results) -> None:
    try:
        if not row.get("AssignmentId"):
            return
        if None in row or None in row.values():
            raise UnreadableFieldError(f"wanted {columns} columns, found another number")
        results.responses.append(_response(where, row, label_kind))
    except UnreadableFieldError as error:
        results.problems.append(f"{where}: {error}")


def _response(where: str, row: Mapping[str, str | None], label_kind: str) -> ServiceResponse:
    submitted_at = _moment(row.get("SubmitTime"))
    is_rejected = fields.text(row.get("AssignmentStatus"), "AssignmentStatus") == "Rejected"
    drawn, size_px = ((), None) if is_rejected else _drawn(_said(row), label_kind)
    is_skipped = any(one.name == CANNOT_TELL for one in drawn)
    worked = row.get("WorkTimeInSeconds")
    return ServiceResponse(
        where,
        fields.text(row.get("Input.task_key"), "Input.task_key"),
        fields.text(row.get("AssignmentId"), "AssignmentId"),
        fields.text(row.get("WorkerId"), "WorkerId"),
        submitted_at,
        submitted_at,
        () if is_skipped else drawn,
        fields.number(worked, "WorkTimeInSeconds") if worked else None,
        size_px,
        is_skipped,
        is_rejected,
    )


def _said(row: Mapping[str, str | None]) -> Mapping[str, object]:
    """The value of the page's one element, from either form."""
    whole = row.get(_JSON)
    if whole:
        responses = fields.items(fields.parsed(whole, _JSON), _JSON)
        found = fields.member(responses[0] if responses else None, RESPONSE, _JSON)
        if not isinstance(found, Mapping):
            raise unreadable(f"{_JSON}.{RESPONSE}", "an object", found)
        return found
    prefix = f"Answer.{RESPONSE}."
    flat = {name.removeprefix(prefix): value for name, value in row.items() if name and name.startswith(prefix) and value}
    if not flat:
        raise unreadable(f"{_JSON} or {prefix}…", "a response", None)
    return {name: fields.parsed(value, prefix + name) if value[:1] in "[{" else value for name, value in flat.items()}


def _drawn(said: Mapping[str, object], label_kind: str) -> tuple[tuple[Drawn, ...], Size | None]:
    key, field = KINDS[label_kind], f"{RESPONSE}.{KINDS[label_kind]}"
    if key == "label":
        return _classes([said.get(key)], field), None
    found = fields.items(said.get(key), field)
    if key == "labels":
        return _classes(found, field), None
    read = fields.box if key == "boundingBoxes" else _polygon
    drawn = tuple(
        read(one, fields.text(fields.member(one, "label", field), f"{field}[{place}].label"), f"{field}[{place}]")
        for place, one in enumerate(found)
    )
    return drawn, _size(said)


def _classes(names: object, field: str) -> tuple[Drawn, ...]:
    chosen = [fields.text(one, field) for one in fields.items(names, field)]
    return () if chosen == [NOTHING] else tuple(Drawn(one) for one in chosen)


def _polygon(one: object, name: str, field: str) -> Drawn:
    return fields.polygon(fields.member(one, "vertices", field), name, f"{field}.vertices")


def _size(said: Mapping[str, object]) -> Size | None:
    """The size of the image as the worker's browser saw it."""
    about = said.get("inputImageProperties")
    width, height = (
        (about.get("width"), about.get("height"))
        if isinstance(about, Mapping)
        else (said.get("inputImageProperties.width"), said.get("inputImageProperties.height"))
    )
    if width is None or height is None:
        return None
    return int(fields.number(width, "inputImageProperties.width")), int(fields.number(height, "inputImageProperties.height"))


def _moment(value: str | None) -> datetime:
    """A time such as `Mon Nov 30 04:29:58 PST 2026`, or an ISO time."""
    words = fields.text(value, "SubmitTime").split()
    if len(words) != 6:
        return fields.moment(value, "SubmitTime")
    zone = _ZONES.get(words.pop(4))
    try:
        moment = datetime.strptime(" ".join(words), "%a %b %d %H:%M:%S %Y")
    except ValueError:
        zone = None
    if zone is None:
        raise unreadable("SubmitTime", f"a time of one of the zones {', '.join(_ZONES)}", value)
    return moment.replace(tzinfo=timezone(timedelta(hours=zone)))
