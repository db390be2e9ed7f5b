"""What is served at one moment: a pointer with its opened models, never half of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.serving.loaded_model import LoadedModel
from pipeline_tasks.storage.blobs.serving_pointer import Route, ServingPointer


@dataclass(frozen=True)
class Served:
    """One consistent state. A request keeps the one it began with, so a swap never changes an answer half-way."""

    pointer: ServingPointer
    models: Mapping[str, LoadedModel]
    """By digest; one for each route."""

    @property
    def champion(self) -> LoadedModel:
        """The model in production."""
        return self.models[self.pointer.champion_digest]


def pick_route(routes: tuple[Route, ...], image_id: str) -> Route:
    """Give an image its route by the routes' shares; the same image always has the same one. Shadows answer nobody."""
    answering = [route for route in routes if route.role != "shadow" and route.share > 0]
    answering = answering or [route for route in routes if route.role == "champion"]
    place = int(image_id[:13], 16) / 16**13 * sum(route.share for route in answering)
    for route in answering:
        place -= route.share
        if place < 0:
            return route
    return answering[-1]
