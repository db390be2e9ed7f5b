"""Damage that processing does to pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def contrast(image: Floats, at: int, _: np.random.Generator) -> Floats:
    """Values nearer to the mean."""
    mean = image.mean(axis=(0, 1), keepdims=True)
    return np.asarray((image - mean) * (0.4, 0.2, 0.05)[at] + mean, np.float32)


def elastic(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Places moved by a smooth field (Simard et al., ICDAR 2003)."""
    height, width = image.shape[:2]
    side = min(height, width)
    sigma, reach = ((0.06, 0.02), (0.05, 0.04), (0.04, 0.07))[at]
    field = generator.uniform(-1, 1, (height, width, 2)).astype(np.float32)
    field = np.asarray(cv2.GaussianBlur(field, (0, 0), sigma * side), np.float32)
    field *= reach * side / max(float(np.abs(field).max()), 1e-6)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    moved = cv2.remap(image, columns + field[:, :, 0], rows + field[:, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)


def pixelate(image: Floats, at: int, _: np.random.Generator) -> Floats:
    """Fewer pixels."""
    height, width = image.shape[:2]
    share = (0.6, 0.4, 0.25)[at]
    small = cv2.resize(image, (max(1, int(width * share)), max(1, int(height * share))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def jpeg(image: Floats, at: int, _: np.random.Generator) -> Floats:
    """Compressed hard."""
    content = cv2.imencode(".jpg", np.rint(image[:, :, ::-1] * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, (25, 15, 7)[at]])[
        1
    ]
    found = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.float32)[:, :, ::-1]
    return found / np.float32(255)
