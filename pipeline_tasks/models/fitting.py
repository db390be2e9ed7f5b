"""Fits a network with PyTorch Lightning: in this process, on the CPU, repeatable, and resumable after a kill.

Both phases of a training use `fit`: the head on stored embeddings, and live training, which also trains the backbone.
"""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.best_epoch import BestEpoch
from pipeline_tasks.models.epoch_order import Batches, EpochOrder, order_of
from pipeline_tasks.models.fit_module import Batch, FitModule
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.optimizing import optimizer_of, schedule_of
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.torch_threads import torch_threads

for name in ("pytorch_lightning", "lightning", "lightning.pytorch"):
    logging.getLogger(name).setLevel(logging.WARNING)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """Result of a phase."""

    network: nn.Module
    """The network with the weights of the best epoch, in evaluation mode."""
    history: list[Metrics]
    """One entry an epoch, including those before a kill."""
    best_epoch: int
    resumed_from_epoch: int | None
    """Epochs completed by an earlier try; None without a checkpoint."""

    @property
    def best(self) -> Metrics:
        """Metrics of the best epoch."""
        return self.history[self.best_epoch]


class Examples(Protocol):
    """Images in any form, with their targets."""

    def __len__(self) -> int:
        """Number of examples."""
        ...

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Examples with these numbers, as augmented for this epoch."""
        ...


def fit(
    network: nn.Module, train: Examples, val: Examples, objective: Objective, plan: Plan, journal: Journal, folder: Path
) -> Fitted:
    """Fit `network` on `train`, choose the best epoch on `val`, continue from the journal's checkpoint if there is one.

    `folder` is scratch. The order of the data and what a network drops depend only on seed and step, so a resumed fit gives the
    same result. A checkpoint of another network, as an earlier release built it, is not used: the fit starts over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order, in_order = order_of(plan, len(train)), EpochOrder(len(val), plan.batch_size, None)
    module = FitModule(network, objective, plan, order)
    best = BestEpoch(plan.patience_epochs, plan.checkpoint_every_epochs, plan.phase, journal, folder)
    checkpoint = journal.newest_checkpoint(plan.phase)
    trainer = _trainer(plan, best, folder)
    arguments: dict[str, Any] = {}
    if checkpoint is not None and _is_of(module, checkpoint):
        resume = folder / f"{plan.phase}-resume.ckpt"
        resume.write_bytes(checkpoint)
        arguments = {"ckpt_path": str(resume), "weights_only": True}
    with torch_threads(plan.threads), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # Silences advice on loader processes: there are none, because Airflow's task processes may not start any.
        warnings.simplefilter("ignore")
        trainer.fit(module, _loader(train, order), _loader(val, in_order), **arguments)
    network.load_state_dict(best.weights)
    return Fitted(network.eval(), best.history, best.best_epoch, best.resumed_from_epoch)


def _is_of(module: nn.Module, checkpoint: bytes) -> bool:
    """Return True for a checkpoint with exactly the weights of this module, by name and shape."""
    kept = torch.load(io.BytesIO(checkpoint), map_location="cpu", weights_only=True)["state_dict"]
    wanted = {name: values.shape for name, values in module.state_dict().items()}
    is_of = {name: values.shape for name, values in kept.items()} == wanted
    if not is_of:
        _log.warning("the checkpoint of an earlier try is of another network, perhaps of another release: training starts over")
    return is_of


def fit_quickly(network: nn.Module, train: Examples, objective: Objective, plan: Plan) -> nn.Module:
    """Fit as `fit` does until the plan's last epoch, without validation, checkpoints and Lightning's cost an epoch."""
    order = order_of(plan, len(train))
    module = FitModule(network, objective, plan, order)
    optimizer = optimizer_of(network, plan)
    course, interval = schedule_of(optimizer, plan, module.steps_per_epoch)
    steps_done = 0
    with torch_threads(plan.threads), torch.random.fork_rng(devices=[]):
        for epoch in range(plan.max_epochs):
            order.set_epoch(epoch)
            for number, batch in enumerate(order):
                with torch.autocast("cpu", torch.bfloat16, enabled=plan.fit.precision == "bfloat16"):
                    loss = module.loss_of(train.batch(*batch), number, steps_done)
                (loss / plan.fit.accumulate_batches).backward()  # type: ignore[no-untyped-call]
                if not module.ends_step(number):
                    continue
                if plan.fit.clip_gradient is not None:
                    nn.utils.clip_grad_norm_(network.parameters(), plan.fit.clip_gradient)
                optimizer.step()
                optimizer.zero_grad()
                module.take_average()
                steps_done += 1
                if interval == "step":
                    course.step()
            if interval == "epoch":
                course.step()
    network.load_state_dict(module.judged.state_dict())
    return network.eval()


def _trainer(plan: Plan, best: BestEpoch, folder: Path) -> lightning.Trainer:
    """A trainer without progress bar, logs or child processes."""
    return lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=plan.max_epochs,
        callbacks=[best],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=str(folder),
        deterministic=True,
        accumulate_grad_batches=plan.fit.accumulate_batches,
        gradient_clip_val=plan.fit.clip_gradient,
        precision="bf16-mixed" if plan.fit.precision == "bfloat16" else "32-true",
    )


class _InBatches(Dataset[Batch]):
    """Dataset that returns whole batches."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def __getitem__(self, batch: Batches) -> Batch:
        return self.examples.batch(*batch)


def _loader(examples: Examples, order: EpochOrder) -> DataLoader[Batch]:
    return DataLoader(_InBatches(examples), batch_size=None, sampler=order, num_workers=0)
