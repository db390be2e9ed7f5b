"""Seeded placements of augmented views of a whole image: nearer or farther, shifted, turned, perhaps mirrored.

The light of such a view changes as the policy's steps that move nothing say.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.augmentations.entries.place import greatest_turn, zoom_range
from pipeline_tasks.augmentations.policy import FOR_PLACES, Policy, policy_of
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.geometry.turn import QUARTER_DEG, Turn

VERSION = 1
"""Bump when `placed_view` changes otherwise."""
OTHER_DRAWS = 1
"""Number of the generator of all that came after zoom, place and mirror, so that those are drawn as ever."""


@dataclass(frozen=True)
class PlacedView:
    """A view: the image is turned, then placed."""

    turn: Turn
    placement: Placement


@dataclass(frozen=True)
class Moves:
    """Ranges of a policy's steps that move things, and how often each is taken."""

    zoom: tuple[float, float] | None
    """Range of the scale against the whole image's; None: the scale is that of the whole image."""
    zoomed: float
    mirrored: float
    cut: float = 0.0
    """Greatest share of the square's area that is taken away by looking nearer."""
    cropped: float = 0.0
    turn_deg: float = 0.0
    """Greatest angle to either side."""
    turned: float = 0.0
    quarters: float = 0.0
    upside_down: float = 0.0

    @property
    def digest(self) -> str:
        """Digest of the recipe of the placements: 64 hexadecimal digits."""
        recipe: dict[str, object] = {"version": VERSION, "zoom": self.zoom, "mirrored": self.mirrored or 0}
        rest = {name: getattr(self, name) for name in ("cut", "cropped", "turn_deg", "turned", "quarters", "upside_down")}
        rest |= {} if self.zoomed == 1 else {"zoomed": self.zoomed}
        return hashlib.sha256(
            json.dumps(recipe | {name: one for name, one in rest.items() if one}, sort_keys=True).encode()
        ).hexdigest()


def moves_of(policy: Policy, *, may_mirror: bool = True) -> Moves:
    """The moves of a policy; without `may_mirror` nothing is mirrored, as left and right then have names."""
    steps = {step.name: step for step in policy.steps if step.augmentation.moves}
    taken = policy.taken
    strength = {name: step.strength for name, step in steps.items()}
    return Moves(
        zoom=zoom_range(strength["zoom"]) if "zoom" in steps else None,
        zoomed=taken.get("zoom", 1.0),
        mirrored=taken.get("horizontal_flip", 0.0) if may_mirror else 0.0,
        cut=strength.get("random_crop", 0.0),
        cropped=taken.get("random_crop", 0.0),
        turn_deg=greatest_turn(strength.get("rotation", 0.0)),
        turned=taken.get("rotation", 0.0),
        quarters=taken.get("quarter_turn", 0.0),
        upside_down=taken.get("vertical_flip", 0.0) if may_mirror else 0.0,
    )


DEFAULT_MOVES = moves_of(policy_of(None, FOR_PLACES))


def placed_view(width_px: int, height_px: int, side_px: int, seed: int, moves: Moves = DEFAULT_MOVES) -> PlacedView:
    """Draw the turn and placement of one view of an image of this size; the same seed draws the same."""
    drawn, other = np.random.default_rng(seed), np.random.default_rng([seed, OTHER_DRAWS])
    zoom = float(np.exp(drawn.uniform(*np.log(moves.zoom)))) if moves.zoom else 1.0
    is_zoomed, is_cropped, is_turned, is_quartered, is_upside_down = other.random(5) < (
        moves.zoomed,
        moves.cropped,
        moves.turned,
        moves.quarters,
        moves.upside_down,
    )
    nearer = 1 / np.sqrt(1 - other.uniform(0, min(moves.cut, 0.99))) if is_cropped else 1.0
    degrees = other.uniform(-moves.turn_deg, moves.turn_deg) if is_turned else 0.0
    degrees += QUARTER_DEG * int(other.integers(4)) if is_quartered else 0.0
    # Upside down in a mirror is half a turn in the other mirror.
    turn = Turn(width_px, height_px, float(degrees + 2 * QUARTER_DEG * is_upside_down))
    width_px, height_px = turn.size_px
    scale = whole_image(width_px, height_px, side_px).scale * float((zoom if is_zoomed else 1.0) * nearer)
    left, top = (_start(length, side_px / scale, drawn) for length in (width_px, height_px))
    is_mirrored = bool(moves.mirrored) and bool(drawn.random() < moves.mirrored)
    return PlacedView(turn, Placement(side_px, scale, left, top, is_mirrored != bool(is_upside_down)))


def _start(length: float, window: float, drawn: np.random.Generator) -> float:
    """Start of the window: inside a longer image, or so that it holds all of a shorter one."""
    room = length - window
    return float(drawn.uniform(min(room, 0.0), max(room, 0.0)))
