"""OpenCV's filters on float32 images, typed: sums, blurs, sizes and maps."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def blurred(values: Floats, sigma_px: float) -> Floats:
    """Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), np.float32)


def sums_around(values: Floats, side_px: int) -> Floats:
    """Sum over a square around each pixel; nothing lies outside the image."""
    return np.asarray(cv2.boxFilter(values, -1, (side_px, side_px), normalize=False, borderType=cv2.BORDER_CONSTANT), np.float32)


def resized(values: npt.NDArray[np.uint8] | Floats, width: int, height: int) -> Floats:
    """Resize; areas are averaged where it shrinks."""
    method = cv2.INTER_AREA if width < values.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (width, height), interpolation=method), np.float32)


def mapped(values: Floats, onto: Floats, height: int, width: int, *, is_mask: bool = False) -> Floats:
    """Values at the places that an affine map gives for each pixel; outside, a mask is 0 and an image repeats its border."""
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_NEAREST if is_mask else cv2.INTER_LINEAR)
    border = cv2.BORDER_CONSTANT if is_mask else cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(values, onto, (width, height), flags=flags, borderMode=border), np.float32)


def without_edge(mask: Floats) -> Floats:
    """Mask without its outermost pixels."""
    eroded = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(1.0,))
    return np.asarray(eroded, np.float32)


def luma_of(rgb: Floats) -> Floats:
    """Height x width from RGB."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)


def luma_and_colour(rgb: Floats) -> Floats:
    """Height x width x 3 from RGB of 0 to 255: luma, and two colour differences around 0."""
    found = np.asarray(cv2.cvtColor(rgb / np.float32(255), cv2.COLOR_RGB2YCrCb), np.float32) * np.float32(255)
    found[..., 1:] -= np.float32(127.5)
    return found
