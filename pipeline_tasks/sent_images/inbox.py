"""Inbox of a receiver: one file an image and device, named by the image's content, with its note beside it.

<inbox>/<device>/<first two digits>/<image_id>.jpg     the image, whole
<inbox>/<device>/<first two digits>/<image_id>.json    its note, written before it
<inbox>/.receiving/<device>/…                          images that are not whole yet, and the device's last sequence
"""

from __future__ import annotations

import re
from pathlib import Path

RECEIVING = ".receiving"
ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "TIFF": "tif", "GIF": "gif", "AVIF": "avif"}
"""Format → ending of an image's name; any other is `image`."""
KEY = re.compile(r"(?P<device>[a-z0-9][a-z0-9_-]{0,63})/(?P<start>[0-9a-f]{2})/(?P<image_id>(?P=start)[0-9a-f]{62})\.(?!json$)\w+")


def image_key(device: str, image_id: str, file_format: str | None) -> str:
    """Path of an image inside its inbox."""
    return f"{device}/{image_id[:2]}/{image_id}.{ENDINGS.get(file_format or '', 'image')}"


def note_path(image: Path) -> Path:
    """Path of the note beside an image."""
    return image.with_suffix(".json")
