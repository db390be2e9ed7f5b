"""Conversion of any colour mode to sRGB: deep images scaled, profiles applied, transparency removed.

A profile is applied by LittleCMS in its perceptual intent; one of inks (CMYK) by a table of 33 values an ink with sRGB's curve
behind it, because the 17 that LittleCMS takes by itself are up to 8 levels off. Inks without a profile of their own become what
they leave of white, (255 - ink) x (255 - black) / 255, because no printer is named.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_FINE = ImageCms.Flags.CLUT_POST_LINEARIZATION | ImageCms.Flags.GRIDPOINTS(33)
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def to_srgb(image: Image.Image, flatten: Callable[[Image.Image], Image.Image], *, has_fine_inks: bool = True) -> Image.Image:
    """Convert a loaded image of any mode to RGB in sRGB; `flatten` removes transparency. `has_fine_inks`: by the finer table."""
    if image.mode in _DEEP_MODES:
        return _scaled(image).convert("RGB")
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        image = flatten(image)
    elif image.mode in ("1", "P", "HSV", "YCbCr"):
        image = image.convert("RGB")
    if image.mode == "LAB":
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if isinstance(profile, bytes) and profile and not is_srgb(profile):
        try:
            if image.mode == "CMYK" and has_fine_inks:
                return _by_fine_table(profile).apply(image)
            return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        except (OSError, ImageCms.PyCMSError):
            # The profile is broken or does not fit the colour mode: keep the image unchanged.
            pass
    return image.convert("RGB")


def has_foreign_profile(image: Image.Image) -> bool:
    """Return True if an image carries a colour profile other than sRGB."""
    profile = image.info.get("icc_profile")
    return isinstance(profile, bytes) and bool(profile) and not is_srgb(profile)


def _scaled(image: Image.Image) -> Image.Image:
    """Scale a deep grey image to 8 bits: 16-bit values by their full range, others by the range they use."""
    values = np.asarray(image)
    if values.dtype.kind == "u":
        return Image.fromarray(_by_range(values, 0, 65535))
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if values.dtype.kind == "i" and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    return Image.fromarray(_by_range(np.nan_to_num(values, nan=low, posinf=high, neginf=low), low, high))


def _by_range(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Map low..high to 0..255; an empty range becomes black."""
    span = (high - low) or 1.0
    grey = values.astype(np.float32)
    # In place: 50 megapixels of these take 200 MB.
    grey -= low
    grey *= 255.0 / span
    return np.rint(grey, out=grey).clip(0, 255, out=grey).astype(np.uint8)


def is_srgb(profile: bytes) -> bool:
    """Return True if the profile is sRGB itself, as most are; converting would only cost time and rounding."""
    return b"sRGB" in profile[:1024] or b"s\x00R\x00G\x00B" in profile[:1024]


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, _SRGB, outputMode="RGB")
    assert converted is not None  # It is None only where an image is changed in place.
    return converted


@lru_cache(maxsize=2)
def _by_fine_table(profile: bytes) -> ImageCms.ImageCmsTransform:
    """The conversion of inks, kept because its table takes a quarter of a second; many files in a row have one profile."""
    return ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB, "CMYK", "RGB", flags=_FINE)
