"""Lightning callback that keeps the best epoch of a fit, stops without improvement, and writes checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
from torch import Tensor

from pipeline_tasks.models.journal import Journal, Metrics

MIN_IMPROVEMENT = 1e-4
"""Minimum improvement of the loss; for easily separated classes it would otherwise improve slightly until the last epoch."""


class BestEpoch(lightning.Callback):
    """Best epoch by the lowest `val_scaled_loss`, because on a few dozen images accuracy is noisy and loss is not.

    With too few validation images even for that, all epochs are run and the last one is kept.
    """

    def __init__(
        self, patience_epochs: int | None, checkpoint_every_epochs: int, phase: str, journal: Journal, folder: Path
    ) -> None:
        """Watch one fit; without patience the last epoch is the best; `folder` is scratch."""
        self.history: list[Metrics] = []
        self.best_epoch = 0
        self.weights: dict[str, Tensor] = {}
        self.resumed_from_epoch: int | None = None
        self._patience_epochs = patience_epochs
        self._checkpoint_every_epochs = checkpoint_every_epochs
        self._phase = phase
        self._journal = journal
        self._folder = folder

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Judge and report the epoch, then end the fit or keep a checkpoint."""
        epoch = trainer.current_epoch
        self.history.append(dict(pl_module.metrics))
        patience = self._patience_epochs
        if patience is None or epoch == 0 or is_better(self.history[epoch], self.history[self.best_epoch]):
            self.best_epoch = epoch
            self.weights = {name: tensor.detach().clone() for name, tensor in pl_module.judged.state_dict().items()}
        self._journal.tell_epoch(self._phase, epoch, self.history[epoch])
        if patience is not None and epoch - self.best_epoch >= patience:
            trainer.should_stop = True
        elif (epoch + 1) % self._checkpoint_every_epochs == 0 and epoch + 1 < (trainer.max_epochs or 0):
            # No checkpoint is kept at the end: a resumed fit would continue beyond it.
            self._keep(trainer, epoch + 1)

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint."""
        return {"history": self.history, "best_epoch": self.best_epoch, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state from a checkpoint."""
        self.history = list(state_dict["history"])
        self.best_epoch = int(state_dict["best_epoch"])
        self.weights = dict(state_dict["weights"])
        self.resumed_from_epoch = len(self.history)

    def _keep(self, trainer: lightning.Trainer, epochs_done: int) -> None:
        file = self._folder / f"{self._phase}-{epochs_done:05d}.ckpt"
        # All processes of a fit come here; one of them writes.
        trainer.save_checkpoint(file)
        if not trainer.is_global_zero:
            return
        self._journal.keep_checkpoint(self._phase, epochs_done, file.read_bytes())
        file.unlink()


def is_better(metrics: Metrics, standing: Metrics) -> bool:
    """Return True if an epoch is better than the best so far."""
    return metrics["val_scaled_loss"] < standing["val_scaled_loss"] - MIN_IMPROVEMENT
