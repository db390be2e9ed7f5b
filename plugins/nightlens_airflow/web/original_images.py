"""Original images in the projects' roots, for the links of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.tables.image import Image

if TYPE_CHECKING:
    from pipeline_tasks.storage.history.store import Store

_SHOWN_BY_BROWSERS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}


@dataclass(frozen=True)
class Original:
    """An original image as it is sent to a browser."""

    content: bytes
    media_type: str
    file_name: str


def read_original_image(store: Store, image_id: str) -> Original:
    """The original of an image; formats that browsers do not show are sent as a file to save.

    Raises:
        NotFoundError: the project has no such image, or it was erased.
    """
    rows = store.rows_of(Image, [image_id], columns=["image_id", "md5", "file_format"])
    if rows.is_empty():
        raise NotFoundError(f"image {image_id}: found none in this project; it may have been erased")
    md5, file_format = rows.select("md5", "file_format").row(0)
    content = read_original(store.objects, image_id, md5)
    suffix = file_format.lower()
    return Original(content, _SHOWN_BY_BROWSERS.get(file_format, "application/octet-stream"), f"{image_id[:12]}.{suffix}")
