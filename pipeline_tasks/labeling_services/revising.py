"""A service's response as a revision of an annotation: in the form of Label Studio's results, so that all kinds read it alike."""

from __future__ import annotations

import hashlib

from pipeline_tasks.annotations.parsing import AnnotationRevision, TaskContext, read_annotation
from pipeline_tasks.annotations.revisions import annotator_pseudonym
from pipeline_tasks.geometry.orientation import to_percent
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.labeling import ObjectColumns
from pipeline_tasks.kinds.refused import problems, usable
from pipeline_tasks.labeling_services.fields import UnreadableFieldError
from pipeline_tasks.labeling_services.service import Drawn, ServiceResponse, Size

_UNKNOWN_SIZE = (1, 1)


def annotation_name(service: str, response_id: str) -> str:
    """Name of a response in our tables."""
    return f"{service}-{hashlib.sha256(response_id.encode()).hexdigest()[:16]}"


def revision_of_response(service: str, label_kind: str, response: ServiceResponse, context: TaskContext) -> AnnotationRevision:
    """The revision, whose content holds a pseudonym of the person.

    Raises:
        UnreadableFieldError: a name is none of the project's, or something drawn is not valid in this image.
    """
    size_px = context.size_px or _UNKNOWN_SIZE
    if label_kind == "class" and len(response.drawn) > 1:
        raise UnreadableFieldError(f"wanted one name, found {', '.join(one.name for one in response.drawn)}")
    if response.size_px not in (None, context.size_px):
        shown, true = (f"{size[0]} x {size[1]}" for size in (response.size_px or size_px, size_px))
        raise UnreadableFieldError(f"wanted a response on an image of {true} pixels, found one on {shown} pixels")
    raw: JsonObject = {
        "id": response.response_id,
        "result": _result(label_kind, response.drawn, context, size_px),
        "was_cancelled": response.is_skipped,
        "lead_time": response.lead_time_s,
        "created_at": response.made_at.isoformat(),
        "updated_at": response.changed_at.isoformat(),
    }
    person = annotator_pseudonym(context.project, f"{service}/{response.person}")
    revision = read_annotation(raw, context, person, annotation_name(service, response.response_id))
    _check(revision, context)
    return revision


def _check(revision: AnnotationRevision, context: TaskContext) -> None:
    wrong = problems(revision.objects)
    if wrong:
        raise UnreadableFieldError("; ".join(wrong))
    unknown = context.labeling.unknown(usable(revision.objects))
    if unknown:
        raise UnreadableFieldError(f"wanted names of the project, found {', '.join(map(repr, unknown))}")


def _result(label_kind: str, drawn: tuple[Drawn, ...], context: TaskContext, size_px: Size) -> list[JsonObject]:
    if label_kind == "mask":
        return [_polygon(number, one, size_px) for number, one in enumerate(drawn, start=1)]
    objects = [context.labeling.from_columns(ObjectColumns(label_kind, one.name, *(one.box_px or ()))) for one in drawn]
    return context.labeling.write(objects, size_px)


def _polygon(number: int, one: Drawn, size_px: Size) -> JsonObject:
    points = [[to_percent(px, side) for px, side in zip(point, size_px, strict=True)] for point in one.points_px]
    about = {"original_width": size_px[0], "original_height": size_px[1], "image_rotation": 0, "id": f"polygon-{number}"}
    control = {"from_name": "polygon", "to_name": "picture", "type": "polygonlabels"}
    return about | control | {"value": {"points": points, "closed": True, "polygonlabels": [one.name]}}
