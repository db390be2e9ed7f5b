"""Fit of a pretraining with PyTorch Lightning: repeatable, and resumable after a kill with the same result."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from pipeline_tasks.errors import ModelError
from pipeline_tasks.models.best_epoch import BestEpoch
from pipeline_tasks.models.epoch_order import Batches, order_of
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.optimizing import optimizer_of, schedule_of
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.torch_threads import torch_threads
from pipeline_tasks.pretraining.methods import Method
from pipeline_tasks.pretraining.views import StrongViews

PHASE = "pretrain"


@dataclass(frozen=True)
class Pretrained:
    """Result of a pretraining."""

    network: nn.Module
    """The backbone after the last epoch, in evaluation mode."""
    losses: tuple[float, ...]
    """Mean loss of each epoch, including those before a kill."""
    resumed_from_epoch: int | None
    """Epochs that an earlier try completed; None without a checkpoint."""


def plan_of(*, epochs: int, batch_size: int, learning_rate: float, weight_decay: float, seed: int) -> Plan:
    """Plan of a pretraining: AdamW, a learning rate that falls along a cosine, a checkpoint each epoch, no early end."""
    return Plan(
        phase=PHASE,
        max_epochs=epochs,
        patience_epochs=None,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        seed=seed,
        checkpoint_every_epochs=1,
        batch_size=batch_size,
    )


def pretrain(method: Method, views: StrongViews, plan: Plan, journal: Journal, folder: Path) -> Pretrained:
    """Train a method's backbone on views, and go on from the journal's checkpoint if there is one. `folder` is scratch.

    Views and their order depend on seed and epoch alone, so a resumed fit ends in the same weights.

    Raises:
        ModelError: the loss is no number any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order, module = order_of(plan, len(views)), PretrainingModule(method, plan, -(-len(views) // plan.batch_size))
    ends = BestEpoch(None, plan.checkpoint_every_epochs, plan.phase, journal, folder)
    loader = DataLoader(_InBatches(views), batch_size=None, sampler=order, num_workers=0)
    arguments: dict[str, Any] = {}
    if (checkpoint := journal.newest_checkpoint(plan.phase)) is not None:
        file = folder / f"{plan.phase}-resume.ckpt"
        file.write_bytes(checkpoint)
        arguments = {"ckpt_path": str(file), "weights_only": True}
    with torch_threads(plan.threads), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # Silences advice on loader processes: there are none, because Airflow's task processes may not start any.
        warnings.simplefilter("ignore")
        _trainer(plan, ends, folder).fit(module, loader, **arguments)
    method.kept.load_state_dict(ends.weights)
    return Pretrained(method.kept.eval(), tuple(one["loss"] for one in ends.history), ends.resumed_from_epoch)


class PretrainingModule(lightning.LightningModule):
    """A method with its optimizer."""

    def __init__(self, method: Method, plan: Plan, steps_per_epoch: int) -> None:
        """Fit as planned."""
        super().__init__()
        self.method, self.plan, self.steps_per_epoch = method, plan, steps_per_epoch
        self.losses: list[float] = []

    @property
    def judged(self) -> nn.Module:
        """The network that is kept."""
        return self.method.kept

    @property
    def metrics(self) -> Metrics:
        """Mean loss of the epoch."""
        return {"loss": sum(self.losses) / len(self.losses)}

    def on_train_epoch_start(self) -> None:
        """Forget the losses of the epoch before."""
        self.losses = []

    def training_step(self, batch: list[Tensor], number: int) -> Tensor:
        """Loss of a batch, which Lightning minimises."""
        loss = self.method.loss(batch)
        self.losses.append(loss.item())
        if not math.isfinite(self.losses[-1]):
            raise ModelError(
                f"pretraining: the loss became {self.losses[-1]} in epoch {self.current_epoch + 1}; "
                f"lower pretraining.learning_rate, found {self.plan.learning_rate}"
            )
        return loss

    def on_train_batch_end(self, outputs: Any, batch: list[Tensor], number: int) -> None:
        """Let the method follow the new weights."""
        self.method.after_step()

    def configure_optimizers(self) -> Any:
        """Optimizer and course of the plan."""
        optimizer = optimizer_of(self.method, self.plan)
        course, interval = schedule_of(optimizer, self.plan, self.steps_per_epoch)
        return [optimizer], [{"scheduler": course, "interval": interval}]


class _InBatches(Dataset[list[Tensor]]):
    """Dataset that returns the views of whole batches."""

    def __init__(self, views: StrongViews) -> None:
        self.views = views

    def __getitem__(self, batch: Batches) -> list[Tensor]:
        return self.views.batch(*batch)


def _trainer(plan: Plan, ends: BestEpoch, folder: Path) -> lightning.Trainer:
    """A trainer without progress bar, logs or processes of its own."""
    return lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=plan.max_epochs,
        callbacks=[ends],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=str(folder),
        deterministic=True,
    )
