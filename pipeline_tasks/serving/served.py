"""Served state: a pointer with its opened models, always consistent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.serving.loaded_model import LoadedModel
from pipeline_tasks.storage.blobs.serving_pointer import Route, ServingPointer


@dataclass(frozen=True)
class Served:
    """One consistent state. A request keeps the state it began with, so a swap never affects a running request."""

    pointer: ServingPointer
    models: Mapping[str, LoadedModel]
    """Model digest → model, one for each route."""

    @property
    def champion(self) -> LoadedModel:
        """The model in production."""
        return self.models[self.pointer.champion_digest]


def pick_route(routes: tuple[Route, ...], image_id: str) -> Route:
    """Pick an image's route by the routes' shares; the same image always gets the same one, and never a shadow."""
    live = [route for route in routes if route.role != "shadow" and route.share > 0]
    live = live or [route for route in routes if route.role == "champion"]
    place = int(image_id[:13], 16) / 16**13 * sum(route.share for route in live)
    for route in live:
        place -= route.share
        if place < 0:
            return route
    return live[-1]
