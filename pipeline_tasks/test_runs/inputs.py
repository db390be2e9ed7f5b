"""Models as they are exported, and the images that they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.errors import ModelError
from pipeline_tasks.evaluation.predict import Pixels
from pipeline_tasks.kinds.decoding import Size
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image

if TYPE_CHECKING:
    from pipeline_tasks.decoding.decoder import Decoder

Inputs = tuple[dict[str, Pixels], Size]
"""An image for each model by its digest, and the image's own size."""


def open_model(store: Store, digest: str) -> ExportedModel:
    """Open a model, if it uses the current resize recipe.

    Raises:
        ModelError: it uses another one.
    """
    model = ExportedModel(read_model(store.objects, digest))
    wanted = recipe_digest(model.side_px, model.framing)
    if model.recipe_digest != wanted:
        raise ModelError(f"model {digest}: wanted one for images of the recipe {wanted}, found {model.recipe_digest}")
    return model


def inputs_of(store: Store, decoder: Decoder, models: Mapping[str, ExportedModel], image_ids: pl.Series) -> Callable[[str], Inputs]:
    """Reader of one of these images for all models, from its original bytes."""
    stored = stored_images(store.rows_of(Image, image_ids, columns=COLUMNS).iter_rows())

    def read(image_id: str) -> Inputs:
        """Decode the original."""
        original = read_original(store.objects, image_id, stored[image_id].md5)
        return _model_images(models, decoder, original, stored[image_id].form)

    return read


def _model_images(models: Mapping[str, ExportedModel], decoder: Decoder, original: bytes, form: CanonicalForm) -> Inputs:
    """An image for each model, decoded once a form, and its size."""
    forms = {digest: form_for_model(form, model.side_px, model.framing) for digest, model in models.items()}
    decoded = {one: decoder.decode(original, one) for one in set(forms.values())}
    images = {digest: model_image(decoded[forms[digest]].pixels, model.side_px, model.framing) for digest, model in models.items()}
    return images, next(iter(decoded.values())).size_px
