"""Images that are asked for: those in which a model of the server's sees one of some classes with a score in a range."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pipeline_tasks.edge.frame import Pixels
from pipeline_tasks.edge.model_pixels import model_pixels
from pipeline_tasks.edge.settings import AskedForSettings
from pipeline_tasks.errors import ModelError, SettingsError
from pipeline_tasks.kinds.object_scores import object_scores
from pipeline_tasks.serving.loaded_model import LoadedModel, load_model


@dataclass(frozen=True)
class Wish:
    """A class that was found, with its score and the model that gave it."""

    name: str
    score: float
    model_digest: str


class AskedFor:
    """Looks for what the settings ask for; the model is checked as the prediction server checks it."""

    def __init__(self, settings: AskedForSettings) -> None:
        """Load the model.

        Raises:
            SettingsError: the model cannot be used, or does not know a class.
        """
        self._classes = settings.classes
        self._model = _model(settings)
        known = self._model.kind.vocabulary
        for asked in self._classes:
            if known and asked.name not in known:
                raise SettingsError(f"asked_for.classes: the model knows {', '.join(known)}, not {asked.name!r}")

    def find(self, pixels: Pixels) -> Wish | None:
        """The highest score that is in the range of its class; None if there is none."""
        decoding, (height, width) = self._model.kind.decoding, pixels.shape[:2]
        image = model_pixels(pixels, self._model.side_px, decoding.framing)
        found = list(object_scores(decoding.decode(self._model.run(image), (width, height))))
        wishes = [
            Wish(name, score, self._model.digest)
            for asked in self._classes
            for name, score in found
            if name == asked.name and asked.min_score <= score <= asked.max_score
        ]
        return max(wishes, key=lambda wish: wish.score, default=None)


def _model(settings: AskedForSettings) -> LoadedModel:
    try:
        content = settings.model.read_bytes()
        return load_model(content, hashlib.sha256(content).hexdigest())
    except OSError as error:
        raise SettingsError(f"asked_for.model: {settings.model} cannot be read: {error.strerror}") from error
    except ModelError as error:
        raise SettingsError(f"asked_for.model: {settings.model}: {error}") from error
