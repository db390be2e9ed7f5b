"""Shapes and tags of CVAT as plain records with names and pixels, and back again.

A mask's run lengths go by rows through its own rectangle and begin with background, as CVAT has them
(https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/); its rectangle is here by left, top, width and height.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.json_values import Json, JsonObject

_OUTLINES = ("polygon", "polyline", "points")


def records_of(labeled: JsonObject, names: Mapping[int, str]) -> dict[int, list[JsonObject]]:
    """Frame → its objects, from annotations as CVAT's API gives them; `names` of labels and of points of skeletons by id.

    Raises:
        ServiceRefusedError: a shape has no form here, such as a cuboid, or a track of a video.
    """
    if labeled.get("tracks"):
        raise ServiceRefusedError(f"wanted images, found {len(labeled['tracks'])} tracks of a video in CVAT's annotations")
    found: dict[int, list[JsonObject]] = {}
    for tag in labeled.get("tags") or ():
        found.setdefault(int(tag["frame"]), []).append({"type": "tag", "name": names[tag["label_id"]]})
    for shape in labeled.get("shapes") or ():
        found.setdefault(int(shape["frame"]), []).append(_record(shape, names))
    return found


def _record(shape: JsonObject, names: Mapping[int, str]) -> JsonObject:
    kind, points, about = str(shape["type"]), [float(one) for one in shape.get("points") or ()], {"name": names[shape["label_id"]]}
    if kind == "rectangle":
        left, top, right, bottom = points
        place = {"left": left, "top": top, "width": right - left, "height": bottom - top}
        return {"type": kind} | about | place | {"rotation": float(shape.get("rotation") or 0.0)}
    if kind == "mask":
        *runs, left, top, right, bottom = (int(one) for one in points)
        place = {"left": left, "top": top, "width": right - left + 1, "height": bottom - top + 1}
        return {"type": kind} | about | place | {"runs": runs}
    if kind in _OUTLINES:
        return {"type": kind} | about | {"points": _pairs(points)}
    if kind == "skeleton":
        return {"type": kind} | about | {"points": {names[one["label_id"]]: _point(one) for one in shape.get("elements") or ()}}
    raise ServiceRefusedError(f"wanted a tag, rectangle, polygon, polyline, points, mask or skeleton, found a {kind}")


def _point(element: JsonObject) -> JsonObject:
    x, y = element["points"]
    return {"x": float(x), "y": float(y), "is_occluded": bool(element.get("occluded")), "is_outside": bool(element.get("outside"))}


def _pairs(points: Sequence[float]) -> list[list[float]]:
    return [list(pair) for pair in zip(points[::2], points[1::2], strict=True)]


def as_labeled(records: Mapping[int, Sequence[JsonObject]], ids: Mapping[str, int]) -> dict[str, Json]:
    """Annotations as CVAT's API takes them; the inverse of `records_of`. `ids` of labels and of points of skeletons by name.

    Raises:
        ServiceRefusedError: the task has no label of a record's name.
    """
    tags, shapes = list[Json](), list[Json]()
    for frame, objects in sorted(records.items()):
        for one in objects:
            about = {"label_id": _id(ids, str(one["name"])), "frame": frame}
            if one["type"] == "tag":
                tags.append(about)
            else:
                shapes.append(about | {"type": one["type"]} | _drawn(one, ids, frame))
    return {"version": 0, "tags": tags, "shapes": shapes, "tracks": []}


def _drawn(one: JsonObject, ids: Mapping[str, int], frame: int) -> JsonObject:
    if one["type"] == "rectangle":
        corner = [one["left"] + one["width"], one["top"] + one["height"]]
        return {"points": [one["left"], one["top"], *corner], "rotation": one.get("rotation", 0.0)}
    if one["type"] == "mask":
        corner = [one["left"] + one["width"] - 1, one["top"] + one["height"] - 1]
        return {"points": [float(number) for number in (*one["runs"], one["left"], one["top"], *corner)]}
    if one["type"] == "skeleton":
        points: Mapping[str, JsonObject] = one["points"]
        return {"points": [], "elements": [_element(_id(ids, name), point, frame) for name, point in points.items()]}
    return {"points": [number for pair in one["points"] for number in pair]}


def _element(label_id: int, point: JsonObject, frame: int) -> JsonObject:
    about = {"label_id": label_id, "frame": frame, "type": "points", "points": [point["x"], point["y"]]}
    return about | {"occluded": point.get("is_occluded", False), "outside": point.get("is_outside", False)}


def _id(ids: Mapping[str, int], name: str) -> int:
    if name not in ids:
        raise ServiceRefusedError(f"wanted a label of the task ({', '.join(ids)}), found {name!r}")
    return ids[name]
