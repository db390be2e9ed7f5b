"""Fits a network with PyTorch Lightning: on the CPU, in this process or several, or a GPU; repeatable, and resumable after a kill.

Both phases of a training use `fit`: the head on stored embeddings, and live training, which also trains the backbone.
"""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.best_epoch import BestEpoch
from pipeline_tasks.models.devices import device_here
from pipeline_tasks.models.epoch_order import Batches, EpochOrder, order_of
from pipeline_tasks.models.examples import Batch, Examples
from pipeline_tasks.models.fit_material import FitMaterial
from pipeline_tasks.models.fit_module import FitModule
from pipeline_tasks.models.fit_processes import other_processes, strategy_of
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.optimizing import optimizer_of, schedule_of
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.process_share import ALONE, Share
from pipeline_tasks.models.shared_norms import shared_norms
from pipeline_tasks.models.torch_threads import torch_threads
from pipeline_tasks.models.warm_start import NO_OLD, OfOld

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
    of_old: OfOld = NO_OLD
    """Metrics on images of the version before, of a phase that started from a champion."""

    @property
    def best(self) -> Metrics:
        """Metrics of the best epoch."""
        return self.history[self.best_epoch]


def fit(
    network: nn.Module, train: Examples, val: Examples, objective: Objective, plan: Plan, journal: Journal, folder: Path
) -> Fitted:
    """Fit `network` on `train`, choose the best epoch on `val`, continue from the journal's checkpoint if there is one.

    `folder` is scratch. The order of the data and what a network drops depend only on seed and step, so a resumed fit gives the
    same result. A checkpoint of another network, as an earlier release built it, is not used: the fit starts over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    material = FitMaterial(network, train, val, objective, plan, _file_to_resume(network, train, objective, plan, journal, folder))
    if plan.fit.processes == 1:
        return fit_share(material, ALONE, journal, folder)
    with other_processes(material, folder) as share:
        return fit_share(material, share, journal, folder)


def fit_share(material: FitMaterial, share: Share, journal: Journal, folder: Path) -> Fitted:
    """Do one process's share of a fit; all of them come to the same result, and the first one keeps the checkpoints."""
    plan, network = material.plan, material.network
    order, in_order = order_of(plan, len(material.train)), EpochOrder(len(material.val), plan.batch_size, None)
    module = FitModule(network, material.objective, plan, order, in_order, share)
    best = BestEpoch(plan.patience_epochs, plan.checkpoint_every_epochs, plan.phase, journal, folder)
    loaders = _loader(material.train, order, share), _loader(material.val, in_order, share)
    arguments: dict[str, Any] = {} if material.checkpoint is None else {"ckpt_path": material.checkpoint, "weights_only": True}
    threads = plan.threads if plan.threads is not None or share.count == 1 else max(torch.get_num_threads() // share.count, 1)
    with torch_threads(threads), shared_norms(network, share), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # Silences advice on loader processes: there are none, because Airflow's task processes may not start any.
        warnings.simplefilter("ignore")
        _trainer(plan, best, folder, share).fit(module, *loaders, **arguments)
    network.load_state_dict(best.weights)
    return Fitted(network.eval(), best.history, best.best_epoch, best.resumed_from_epoch)


def _file_to_resume(
    network: nn.Module, train: Examples, objective: Objective, plan: Plan, journal: Journal, folder: Path
) -> str | None:
    """File with the journal's checkpoint; None if there is none, or it is of another network."""
    checkpoint = journal.newest_checkpoint(plan.phase)
    if checkpoint is None or not _is_of(FitModule(network, objective, plan, order_of(plan, len(train))), checkpoint):
        return None
    file = folder / f"{plan.phase}-resume.ckpt"
    file.write_bytes(checkpoint)
    return str(file)


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


def _trainer(plan: Plan, best: BestEpoch, folder: Path, share: Share) -> lightning.Trainer:
    """A trainer without progress bar, logs or processes of its own."""
    device = device_here(plan.fit)
    return lightning.Trainer(
        accelerator=device.accelerator,
        devices=share.count,
        strategy="auto" if share.count == 1 else strategy_of(share),
        use_distributed_sampler=False,
        max_epochs=plan.max_epochs,
        callbacks=[best],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=str(folder),
        # On a GPU some of torch's steps have no repeatable form, and would end the fit.
        deterministic=True if device.is_repeatable else "warn",
        accumulate_grad_batches=plan.fit.accumulate_batches,
        gradient_clip_val=plan.fit.clip_gradient,
        precision=device.precision,
    )


class _InBatches(Dataset[Batch]):
    """Dataset that returns whole batches, or a process's parts of them."""

    def __init__(self, examples: Examples, share: Share) -> None:
        self.examples, self.share = examples, share

    def __getitem__(self, batch: Batches) -> Batch:
        epoch, numbers = batch
        return self.examples.batch(epoch, self.share.part(numbers))


def _loader(examples: Examples, order: EpochOrder, share: Share) -> DataLoader[Batch]:
    return DataLoader(_InBatches(examples, share), batch_size=None, sampler=order, num_workers=0)
