"""Length and steps of the training of a detector, whatever else its places find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.kinds.map_modelling import MapTraining

if TYPE_CHECKING:
    from pipeline_tasks.settings import TrainingSettings

BATCH_SIZE = 8
FEW_IMAGES = 150
"""Fewer training images than these get twice the views."""
MIN_EPOCHS = 4
MIN_STEPS = 400
MAX_STEPS = 2500
"""Of large sets: about 10 minutes on one core."""
MAX_EXAMPLES = 6000
"""More images get fewer views; they are each other's variety, and a view takes 0.4 MB and 0.08 s at 384 px."""
LEARNING_RATE_RATIO = 2 / 3
"""Of the setting, whose default is a linear layer's: 2e-3."""
WEIGHT_DECAY_RATIO = 2.0
WARM_UP_STEPS = 30
AVERAGING = 0.98


def detector_training(
    settings: TrainingSettings, images: int, *, can_choose: bool, max_examples: int = MAX_EXAMPLES
) -> MapTraining:
    """Short and steep: the pyramid is small, and its features are good."""
    wanted = settings.augmented_views * 2 if images < FEW_IMAGES else settings.augmented_views
    views = min(wanted, max(max_examples // images - 1, 0))
    steps_an_epoch = -(-images * (1 + views) // BATCH_SIZE)
    enough = max(MIN_EPOCHS, -(-MIN_STEPS // steps_an_epoch))
    epochs = min(settings.max_epochs, enough, max(MAX_STEPS // steps_an_epoch, 1))
    return MapTraining(
        views=views,
        epochs=epochs,
        patience_epochs=epochs if can_choose else None,
        batch_size=BATCH_SIZE,
        learning_rate=settings.learning_rate * LEARNING_RATE_RATIO,
        weight_decay=settings.weight_decay * WEIGHT_DECAY_RATIO,
        warm_up_steps=WARM_UP_STEPS,
        averaging=AVERAGING,
    )
