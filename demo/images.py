"""Bytes of a planned file, with the truth about the part that it shows."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from demo.drawing.scene import Camera, Scene, draw_scene, photograph
from demo.plan import BROKEN, CLASSES, PlannedFile, Shot

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
NOT_AN_IMAGE = b"The camera did not answer in time: no image was taken.\n"
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Drawn:
    """A file's bytes; the mask (height x width, of the oriented image) is None if the file is not an image."""

    key: str
    content: bytes
    class_name: str
    mask: Mask | None


def draw_file(file: PlannedFile) -> Drawn:
    """Draw one planned file; the same plan gives the same bytes."""
    cv2.setNumThreads(1)
    rng = _rng(file.shot, file.seed, file.key if file.copy_of else "")
    if file.kind == "next_frame":
        pixels, mask = _next_frame(file, rng)
    else:
        pixels, mask = _first_frame(file.shot, file.seed, file.kind)
    if file.kind == "small_crop":
        pixels, mask = _crop(pixels, mask, rng)
    content = _encode(pixels, file.kind, _quality(file, rng), rng)
    return Drawn(file.key, content, file.shot.class_name, None if file.kind in BROKEN else mask)


def photograph_of(shot: Shot, seed: int) -> tuple[Pixels, Mask]:
    """A plain photograph of a part, and where the part is in it."""
    return _first_frame(shot, seed, "plain")


def _first_frame(shot: Shot, seed: int, kind: str) -> tuple[Pixels, Mask]:
    """The photograph of a shot; dark and blurred ones are faults of the camera."""
    rng = _rng(shot, seed, "camera")
    camera = _camera(rng)
    if kind == "dark":
        camera = Camera(exposure=float(rng.uniform(0.004, 0.012)), blur_px=camera.blur_px, noise=0.01)
    if kind == "blurred":
        camera = Camera(exposure=camera.exposure, blur_px=float(rng.uniform(6.0, 10.0)), noise=0.002)
    return photograph(_scene(shot, seed), camera, rng)


def _next_frame(file: PlannedFile, rng: np.random.Generator) -> tuple[Pixels, Mask]:
    """The same scene a moment later: the belt has moved."""
    camera = _camera(_rng(file.shot, file.seed, "camera"))
    moved = (int(rng.choice([-1, 1]) * rng.integers(10, 27)), int(rng.integers(-2, 3)))
    later = Camera(moved, camera.exposure * float(rng.uniform(0.94, 1.06)), camera.blur_px, camera.motion_px, camera.noise)
    return photograph(_scene(file.shot, file.seed), later, rng)


def _scene(shot: Shot, seed: int) -> Scene:
    return draw_scene(shot.class_name, shot.surroundings, _rng(shot, seed, "scene"))


def _camera(rng: np.random.Generator) -> Camera:
    return Camera(
        exposure=float(rng.uniform(0.75, 1.2)),
        blur_px=float(rng.uniform(0.4, 1.3)),
        motion_px=int(rng.choice([1, 1, 3, 5])),
        noise=float(rng.uniform(0.02, 0.07)),
    )


def _crop(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
    """Cut 4 to 8 % off each direction."""
    height, width = mask.shape
    cut_y, cut_x = (int(value) for value in rng.uniform(0.04, 0.08, 2) * (height, width))
    top, left = int(rng.integers(0, cut_y + 1)), int(rng.integers(0, cut_x + 1))
    window = np.s_[top : top + height - cut_y, left : left + width - cut_x]
    return pixels[window], mask[window]


def _quality(file: PlannedFile, rng: np.random.Generator) -> int:
    """JPEG quality: the camera's, or a lower one for a re-encoded file."""
    own = int(_rng(file.shot, file.seed, "quality").integers(84, 93))
    return int(rng.integers(50, 72)) if file.kind == "re_encoded" else own


def _encode(pixels: Pixels, kind: str, quality: int, rng: np.random.Generator) -> bytes:
    """The file's bytes, damaged if the plan says so."""
    if kind == "empty":
        return b""
    if kind == "text_named_jpg":
        return NOT_AN_IMAGE
    if kind == "png_named_jpg":
        return _saved(pixels, "PNG")
    if kind == "corrupt":
        return _scrambled(_saved(pixels, "PNG"), rng) if rng.random() < 0.5 else _without_tables(_saved(pixels, "JPEG"))
    if kind == "turned":
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = 6  # to be rotated clockwise by 90 degrees for display
        return _saved(np.rot90(pixels), "JPEG", quality=quality, exif=exif)
    content = _saved(pixels, "JPEG", quality=quality)
    return content[: int(len(content) * rng.uniform(0.35, 0.75))] if kind == "truncated" else content


def _saved(pixels: Pixels, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, file_format, **options)
    return buffer.getvalue()


def _scrambled(content: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite a stretch in the middle, as a failing disk does."""
    start, length = len(content) // 2, 512
    return content[:start] + rng.integers(0, 256, length, dtype=np.uint8).tobytes() + content[start + length :]


def _without_tables(content: bytes) -> bytes:
    """Remove the tables of a JPEG, so that the rest cannot be decoded."""
    start = content.index(b"\xff\xc4") + 4
    return content[:start] + bytes(400) + content[start + 400 :]


def _rng(shot: Shot, seed: int, purpose: str) -> np.random.Generator:
    """Random generator for one shot and purpose."""
    return np.random.default_rng([seed, shot.night, shot.number, CLASSES.index(shot.class_name), *purpose.encode()])
