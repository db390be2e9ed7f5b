"""Preview of augmented views: each augmentation of the policy alone, then whole views, on thumbnails of training images."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.augmentations.mixing import Partners, drawn_mix, mixed_image
from pipeline_tasks.augmentations.policy import FOR_PLACES, FOR_WHOLE_IMAGES, Policy, policy_of
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.placed_image import placed_image
from pipeline_tasks.decoding.turned_image import turned_image
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import Modelling, NothingTrained
from pipeline_tasks.models.placed_views import moves_of, placed_view
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.records.view_preview import ViewPreview
from pipeline_tasks.settings import Project, TrainingSettings

SIDE_PX = 128
PREVIEWED = 5
"""Images whose views are shown."""
WHOLE_VIEWS = 2
QUALITY = 85
Pixels = NDArray[np.uint8]


def view_previews(
    project: Project, kind: Kind, images: pl.DataFrame, thumbnail: Callable[[str], bytes | None]
) -> tuple[ViewPreview, ...]:
    """Rows of the preview on some of these training images, those of different names first; none if nothing is augmented.

    Raises:
        SettingsError: a function of one's own returns something else than an image of the same shape.
    """
    pixels, settings, modelling = _pixels(kind, images, thumbnail), project.training, kind.modelling
    if isinstance(modelling, NothingTrained) or not settings.augmented_views or not pixels:
        return ()
    may_mirror = modelling.may_mirror if isinstance(modelling, MapModelling) else None
    rows = [("", "as it is", Policy(()), 1)]
    policy = _policy(settings, modelling)
    rows += [(step.name, _words(step.strength, policy.taken[step.name]), policy.only(step.name), 1) for step in policy.steps]
    rows += [("", f"view {number}", policy, number) for number in range(1, 1 + WHOLE_VIEWS)]

    def drawn(name: str, policy: Policy, number: int) -> tuple[bytes, ...]:
        """One row."""
        seeds = [derive_seed(project.seed, "preview", name, str(at), str(number)) for at in range(len(pixels))]
        return tuple(_jpeg(_mixed(at, pixels, policy, seed, may_mirror)) for at, seed in enumerate(seeds))

    return tuple(ViewPreview(name, says, drawn(name, one, number)) for name, says, one, number in rows)


def _pixels(kind: Kind, images: pl.DataFrame, thumbnail: Callable[[str], bytes | None]) -> list[Pixels]:
    """Thumbnails of a few of the images."""
    images = images.sort("image_id")
    of_names = images.with_columns(shown=kind.choosing.names(images)).unique("shown", keep="first", maintain_order=True)
    order = list(dict.fromkeys([*of_names["image_id"], *images["image_id"]]))[: 2 * PREVIEWED]
    found = [jpeg for image_id in order if (jpeg := thumbnail(image_id)) is not None]
    return [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in found[:PREVIEWED]]


def _policy(settings: TrainingSettings, modelling: Modelling | MapModelling) -> Policy:
    """The policy as the training of this kind uses it."""
    if isinstance(modelling, MapModelling):
        return policy_of(settings.augmentation, FOR_PLACES)
    if modelling.has_places:
        return policy_of(settings.augmentation, FOR_PLACES).unmoving
    return policy_of(settings.augmentation, FOR_WHOLE_IMAGES)


def _mixed(at: int, images: Sequence[Pixels], policy: Policy, seed: int, may_mirror: bool | None) -> Pixels:
    """One view of the image with this number, mixed with another of the images where the policy mixes."""
    view = _view(images[at], policy, seed, may_mirror)
    drawn = drawn_mix(policy, at, Partners(np.arange(len(images))), seed)
    if drawn is None:
        return view
    return mixed_image(view, _view(images[drawn.others[0]], policy, derive_seed(seed, "other"), may_mirror), drawn.cut)[0]


def _view(image: Pixels, policy: Policy, seed: int, may_mirror: bool | None) -> Pixels:
    """One view, drawn as for the training; `may_mirror` is None for kinds whose models see the middle of an image."""
    if may_mirror is None:
        return policy.view(model_image(image, SIDE_PX), seed)
    height, width = image.shape[:2]
    view = placed_view(width, height, SIDE_PX, seed, moves_of(policy, may_mirror=may_mirror))
    return policy.unmoving.view(placed_image(turned_image(image, view.turn), view.placement), seed)


def _words(strength: float, taken: float) -> str:
    often = f"{taken:.0%} of views"
    return f"strength {strength:g}, {often}" if strength else often


def _jpeg(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
