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
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import Modelling, NothingTrained
from pipeline_tasks.models.placed_views import Moves, moves_of, placed_view
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.records.view_preview import ViewPreview
from pipeline_tasks.settings import Project, TrainingSettings
from pipeline_tasks.training_data.mixed_places import MixedPlaces, square_of

SIDE_PX = 128
PREVIEWED = 5
"""Images whose views are shown."""
WHOLE_VIEWS = 2
GRID_PX = 8
"""Windows of mixed images end at multiples of it, as those of a training do at multiples of a stride."""
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
    """One view of the image with this number, drawn as for the training and mixed with others of the images.

    `may_mirror` is None for kinds whose models see the middle of an image.
    """
    if may_mirror is not None:
        return _of_places(at, images, policy, seed, moves_of(policy, may_mirror=may_mirror))
    view = policy.view(model_image(images[at], SIDE_PX), seed)
    drawn = drawn_mix(policy, at, Partners(np.arange(len(images))), seed)
    if drawn is None:
        return view
    other = model_image(images[drawn.others[0]], SIDE_PX)
    return mixed_image(view, policy.view(other, derive_seed(seed, "other")), drawn.cut)[0]


def _of_places(at: int, images: Sequence[Pixels], policy: Policy, seed: int, moves: Moves) -> Pixels:
    """One view of the whole image."""
    sizes = [(one.shape[1], one.shape[0]) for one in images]
    mixed = MixedPlaces(policy.mixes, moves, sizes, Partners(np.arange(len(images))), SIDE_PX, GRID_PX)
    parts = mixed.parts(at, placed_view(*sizes[at], SIDE_PX, seed, moves), seed)
    return policy.unmoving.view(square_of(parts, lambda row: images[row]), seed)


def _words(strength: float, taken: float) -> str:
    often = f"{taken:.0%} of views"
    return f"strength {strength:g}, {often}" if strength else often


def _jpeg(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
