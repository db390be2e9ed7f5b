"""Other sides of `benchmarks/exports.py`, in a process and for labelformat an environment of their own.

    python exports_side.py json IMAGES FOLDER             one json.dump of all entries
    python exports_side.py labelformat IMAGES FOLDER      labelformat's COCO writer, from objects that it makes of the rows
    python exports_side.py boxes FORMAT FOLDER            boxes of an export as labelformat reads them

It imports nothing of Nightlens. Rows are made before the clock runs.
"""

from __future__ import annotations

import json
import random
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

BOXES_EACH, SIZE_PX = 7, (640, 480)
CLASSES = tuple(f"class {number}" for number in range(80))
SPLITS = ("train", "val", "test")


class Row(NamedTuple):
    """One image with its boxes: number of the class, left, top, width, height."""

    name: str
    boxes: list[tuple[int, float, float, float, float]]


def rows(images: int) -> Iterator[Row]:
    """The same images each time, with positions to a hundredth of a pixel."""
    drawn = random.Random(20261129)
    for number in range(images):
        boxes = []
        for _ in range(BOXES_EACH):
            left, top = round(drawn.uniform(0, 500), 2), round(drawn.uniform(0, 400), 2)
            wide, high = round(drawn.uniform(2, 130), 2), round(drawn.uniform(2, 75), 2)
            boxes.append((drawn.randrange(len(CLASSES)), left, top, wide, high))
        yield Row(f"{number:012}", boxes)


def main() -> None:
    """Measure once, or read an export."""
    what, argument, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "boxes":
        print(json.dumps(_boxes(argument, folder)))
        return
    given = list(rows(int(argument)))
    write = {"json": _by_json, "labelformat": _by_labelformat}[what](given, folder / "instances.json")
    cpu = time.process_time()
    write()
    print(json.dumps({"cpu_s": time.process_time() - cpu}))


def _by_json(given: list[Row], path: Path) -> Any:
    width, height = SIZE_PX

    def write() -> None:
        images = [
            {"id": number, "file_name": f"{row.name}.jpg", "width": width, "height": height} for number, row in enumerate(given, 1)
        ]
        annotations: list[dict[str, Any]] = []
        for number, row in enumerate(given, 1):
            for one in row.boxes:
                place = {"bbox": list(one[1:]), "area": one[3] * one[4], "iscrowd": 0}
                annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": one[0] + 1, **place})
        categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)]
        with path.open("w") as file:
            json.dump({"images": images, "annotations": annotations, "categories": categories}, file)

    return write


def _by_labelformat(given: list[Row], path: Path) -> Any:
    from labelformat.formats.coco import COCOObjectDetectionOutput
    from labelformat.model.bounding_box import BoundingBox, BoundingBoxFormat
    from labelformat.model.category import Category
    from labelformat.model.image import Image
    from labelformat.model.object_detection import ImageObjectDetection, ObjectDetectionInput, SingleObjectDetection

    categories = [Category(id=number, name=name) for number, name in enumerate(CLASSES, 1)]

    class Given(ObjectDetectionInput):  # type: ignore[misc, unused-ignore]
        """Our rows as labelformat's objects."""

        @staticmethod
        def add_cli_arguments(parser: ArgumentParser) -> None:
            """Add nothing."""

        def get_categories(self) -> Iterable[Any]:
            """All classes."""
            return categories

        def get_images(self) -> Iterable[Any]:
            """All images."""
            width, height = SIZE_PX
            for number, row in enumerate(given, 1):
                yield Image(id=number, filename=f"{row.name}.jpg", width=width, height=height)

        def get_labels(self) -> Iterable[Any]:
            """All boxes."""
            for row, image in zip(given, self.get_images(), strict=True):
                boxes = [(one[0], BoundingBox.from_format(list(one[1:]), BoundingBoxFormat.XYWH)) for one in row.boxes]
                yield ImageObjectDetection(image, [SingleObjectDetection(categories[name], box) for name, box in boxes])

    return lambda: COCOObjectDetectionOutput(path).save(Given())


def _boxes(format_name: str, folder: Path) -> dict[str, list[tuple[str, float, float, float, float]]]:
    """Name of an image without its ending → its boxes."""
    from labelformat.formats.coco import COCOObjectDetectionInput
    from labelformat.formats.yolov8 import YOLOv8ObjectDetectionInput
    from labelformat.model.bounding_box import BoundingBoxFormat

    found = {}
    for split in SPLITS:
        if format_name == "coco":
            read = COCOObjectDetectionInput(folder / "annotations" / f"instances_{split}.json")
        else:
            read = YOLOv8ObjectDetectionInput(folder / "data.yaml", split)
        for image in read.get_labels():
            found[Path(image.image.filename).stem] = [
                (one.category.name, *one.box.to_format(BoundingBoxFormat.XYWH)) for one in image.objects
            ]
    return found


if __name__ == "__main__":
    main()
