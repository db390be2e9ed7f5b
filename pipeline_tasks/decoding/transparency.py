"""Alpha channels: a meaningful one is composited, one that hides everything is left out.

Some programs write meaningless alpha channels: all zero, all 1 of 255, a constant. Composited, every such image would be the
same white one.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.samples import read_again

BACKGROUND = (255, 255, 255)
"""Background colour behind transparent pixels."""
_NEAR_ZERO = 8
"""Alpha values up to this, of 255, are invisible."""
_MIN_SHOWN = 1 / 200
"""Mean alpha, of 1, below which an alpha over real colours hides the image."""
_FLAT = 8
"""Hidden colours that differ by less, of 255, are the filling of a canvas, not an image."""


def composited(image: Image.Image) -> Image.Image:
    """Composite a transparent image on the background, even if its alpha hides everything."""
    seen = image.convert("RGBA")
    flat = Image.new("RGB", seen.size, BACKGROUND)
    flat.paste(seen, mask=seen.getchannel("A"))
    return flat


def flattened(image: Image.Image) -> Image.Image:
    """Composite a transparent image on the background; take its colours where alpha hides everything."""
    seen = image.convert("RGBA")
    return seen.convert("RGB") if hides_everything(seen) else composited(seen)


def hides_everything(seen: Image.Image) -> bool:
    """Return True if the alpha of an RGBA image is meaningless: near zero everywhere, constant, or almost all over real colours."""
    alpha = seen.getchannel("A")
    low, high = alpha.getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    if low == high or high <= _NEAR_ZERO:
        return low < 255
    values = np.asarray(alpha)
    return bool(values.mean() < 255 * _MIN_SHOWN) and _hides_an_image(seen, Image.fromarray(values <= _NEAR_ZERO))


def without_premultiplying(content: bytes, image: Image.Image, raw: str) -> Image.Image:
    """Read premultiplied colours as they stand in the file, where alpha hides everything; else return the loaded image."""
    if not raw.startswith("RGBa") or not hides_everything(image):
        return image
    plain = read_again(content, image.format or "", raw, raw.replace("RGBa", "RGBA"))
    plain.info = image.info
    return plain


def _hides_an_image(seen: Image.Image, hidden: Image.Image) -> bool:
    histogram = seen.convert("RGB").convert("L").histogram(hidden.convert("1"))
    used = [level for level, count in enumerate(histogram) if count]
    return bool(used) and used[-1] - used[0] >= _FLAT
