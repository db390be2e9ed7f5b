"""Fits a network with PyTorch Lightning: in this process, on the CPU, repeatable, and resumable after a kill.

Both phases of a training use `fit`: the head on stored embeddings, and live training, which also trains the backbone.
"""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as lightning
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, Sampler

from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.best_epoch import BestEpoch
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.torch_threads import torch_threads

for name in ("pytorch_lightning", "lightning", "lightning.pytorch"):
    logging.getLogger(name).setLevel(logging.WARNING)

_log = logging.getLogger(__name__)
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Plan:
    """Settings of one phase."""

    phase: str
    max_epochs: int
    patience_epochs: int | None
    """Epochs without improvement before the fit stops; if None, the last epoch is kept."""
    learning_rate: float
    weight_decay: float
    seed: int
    checkpoint_every_epochs: int
    batch_size: int
    threads: int | None = None
    """Threads for torch; None for torch's default."""
    schedule_epochs: int | None = None
    """Epochs over which the learning rate falls; None for `max_epochs`."""
    warm_up_steps: int | None = None
    """Steps over which the learning rate rises before it falls step by step; None for a fall from epoch to epoch."""
    averaging: float | None = None
    """Decay of a moving average of the weights, which is judged and kept; None for the weights themselves."""
    shares: tuple[float, ...] | None = None
    """Relative frequency of each example in an epoch; None: each once."""


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
    module = _Module(network, objective, plan)
    best = BestEpoch(plan.patience_epochs, plan.checkpoint_every_epochs, plan.phase, journal, folder)
    checkpoint = journal.newest_checkpoint(plan.phase)
    trainer = _trainer(plan, best, folder)
    arguments: dict[str, Any] = {}
    if checkpoint is not None and _is_of(module, checkpoint):
        resume = folder / f"{plan.phase}-resume.ckpt"
        resume.write_bytes(checkpoint)
        arguments = {"ckpt_path": str(resume), "weights_only": True}
    order = _EpochOrder(len(train), plan.batch_size, plan.seed, plan.shares)
    module.steps_per_epoch = len(order)
    in_order = _EpochOrder(len(val), plan.batch_size, None)
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
    module, order = _Module(network, objective, plan), _EpochOrder(len(train), plan.batch_size, plan.seed)
    (optimizer,), (schedule,) = module.configure_optimizers()
    with torch_threads(plan.threads):
        for epoch in range(plan.max_epochs):
            order.set_epoch(epoch)
            for batch in order:
                optimizer.zero_grad()
                embeddings, targets = train.batch(*batch)
                objective.loss(network(embeddings), targets).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            schedule.step()
    return network.eval()


class _Module(lightning.LightningModule):
    """A network with its objective and its optimizer."""

    def __init__(self, network: nn.Module, objective: Objective, plan: Plan) -> None:
        super().__init__()
        self.network = network
        self.objective_state = objective.module
        self.objective = objective
        self.plan = plan
        self.losses: list[Tensor] = []
        self.validated: list[Batch] = []
        self.metrics: Metrics = {}
        self.steps_per_epoch = 1
        average = None if plan.averaging is None else get_ema_multi_avg_fn(plan.averaging)  # type: ignore[no-untyped-call]
        self.averaged = None if average is None else AveragedModel(network, multi_avg_fn=average, use_buffers=True)

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept."""
        return self.network if self.averaged is None else self.averaged.module

    def on_train_batch_end(self, *arguments: Any) -> None:
        """Take the new weights into the average."""
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Loss of a batch, which Lightning minimises."""
        # What a network drops depends on seed and step alone, so that a resumed fit drops the same.
        torch.manual_seed((self.plan.seed << 20) + self.global_step)
        loss = self.objective.loss(self.network(batch[0]), batch[1])
        self.losses.append(loss.detach())
        return loss

    def validation_step(self, batch: Batch, number: int) -> None:
        """Keep the outputs of a batch; the epoch is judged on all of them together."""
        self.validated.append((self.judged(batch[0]), batch[1]))

    def on_validation_epoch_end(self) -> None:
        """Compute the metrics of the epoch."""
        outputs, targets = (torch.cat(parts) for parts in zip(*self.validated, strict=True))
        self.metrics = {"train_loss": torch.stack(self.losses).mean().item()} | self.objective.metrics(outputs, targets)
        self.losses, self.validated = [], []

    def configure_optimizers(self) -> Any:
        """AdamW with the cosine schedule of the plan: a step an epoch, or a step a batch if it warms up."""
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=self.plan.learning_rate, weight_decay=self.plan.weight_decay)
        if self.plan.warm_up_steps is None:
            return [optimizer], [torch.optim.lr_scheduler.LambdaLR(optimizer, self._cosine)]
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._warm_cosine)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    def _warm_cosine(self, step: int) -> float:
        """Learning rate factor, rising over the warm-up and then falling to almost 0."""
        warm_up = self.plan.warm_up_steps or 0
        total = (self.plan.schedule_epochs or self.plan.max_epochs) * self.steps_per_epoch
        if step < warm_up:
            return (step + 1) / (warm_up + 1)
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(total - warm_up + 1, 1)))

    def _cosine(self, epoch: int) -> float:
        """Learning rate factor, falling from 1 to almost 0 over the schedule."""
        return 0.5 * (1 + math.cos(math.pi * epoch / ((self.plan.schedule_epochs or self.plan.max_epochs) + 1)))


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
    )


Batches = tuple[int, list[int]]
"""Epoch, and numbers of the examples."""


class _EpochOrder(Sampler[Batches]):
    """Batches in an order that depends only on seed and epoch; without a seed, in the original order.

    With shares, as many examples are drawn in an epoch, some of them more than once.
    """

    def __init__(self, count: int, batch_size: int, seed: int | None, shares: Sequence[float] | None = None) -> None:
        self.count, self.batch_size, self.seed, self.shares = count, batch_size, seed, shares
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; Lightning calls this before each epoch, also after resuming."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def __iter__(self) -> Iterator[Batches]:
        numbers = list(range(self.count))
        if self.seed is not None:
            generator = torch.Generator().manual_seed((self.seed << 20) + self.epoch)
            numbers = self._drawn(generator).tolist()
        for start in range(0, self.count, self.batch_size):
            yield self.epoch, numbers[start : start + self.batch_size]

    def _drawn(self, generator: torch.Generator) -> Tensor:
        """Numbers of one epoch's examples, in order."""
        if self.shares is None:
            return torch.randperm(self.count, generator=generator)
        return torch.multinomial(torch.tensor(self.shares, dtype=torch.float64), self.count, replacement=True, generator=generator)


class _InBatches(Dataset[Batch]):
    """Dataset that returns whole batches."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def __getitem__(self, batch: Batches) -> Batch:
        return self.examples.batch(*batch)


def _loader(examples: Examples, order: _EpochOrder) -> DataLoader[Batch]:
    return DataLoader(_InBatches(examples), batch_size=None, sampler=order, num_workers=0)
