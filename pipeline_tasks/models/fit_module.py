"""Lightning module of a fit: a network with its objective, its optimizer, and the average of its weights."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as lightning
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.epoch_order import EpochOrder
from pipeline_tasks.models.examples import Batch
from pipeline_tasks.models.journal import Metrics
from pipeline_tasks.models.optimizing import optimizer_of, schedule_of
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.process_share import ALONE, Share
from pipeline_tasks.models.shared_drops import shared_drops


class FitModule(lightning.LightningModule):
    """A network with its objective and its optimizer."""

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        plan: Plan,
        order: EpochOrder,
        val_order: EpochOrder | None = None,
        share: Share = ALONE,
    ) -> None:
        """Fit the network as planned, on batches in this order, of which this process has a share."""
        super().__init__()
        self.network = network
        self.objective_state = objective.module
        self.objective = objective
        self.plan, self.order, self.val_order, self.share = plan, order, val_order, share
        self.losses: list[Tensor] = []
        self.validated: list[Batch] = []
        self.metrics: Metrics = {}
        average = None if plan.decay is None else get_ema_multi_avg_fn(plan.decay)  # type: ignore[no-untyped-call]
        self.averaged = None if average is None else AveragedModel(network, multi_avg_fn=average, use_buffers=True)
        if self.averaged is not None:
            # Nothing is learnt here, and processes would wait for each other's gradients of it.
            self.averaged.requires_grad_(False)

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept."""
        return self.network if self.averaged is None else self.averaged.module

    @property
    def steps_per_epoch(self) -> int:
        """Steps of the optimizer in an epoch."""
        return -(-len(self.order) // self.plan.fit.accumulate_batches)

    def ends_step(self, number: int) -> bool:
        """Return True if the optimizer takes a step after this batch of an epoch."""
        return (number + 1) % self.plan.fit.accumulate_batches == 0 or number + 1 == len(self.order)

    def loss_of(self, batch: Batch, number: int, steps_done: int) -> Tensor:
        """Loss of the epoch's batch of this number, scaled so that accumulated batches count by their images."""
        together = self.plan.fit.accumulate_batches
        # What a network drops depends on seed and step alone, so that a resumed fit drops the same.
        torch.manual_seed((self.plan.seed << 20) + steps_done * together + number % together)
        size = self.order.examples_of(number)
        with shared_drops(self.share, size):
            mine = self.network(batch[0]).float()
        outputs, targets = self.share.whole(mine, size), self.share.whole(batch[1], size)
        loss = self.objective.loss(outputs, targets)
        self.losses.append(loss.detach())
        loss = self.share.scaled(loss, size)
        if together == 1:
            return loss
        first = number // together * together * self.order.batch_size
        examples = min(self.order.size, first + together * self.order.batch_size) - first
        return loss * (together * size / examples)

    def take_average(self) -> None:
        """Take the new weights into the average."""
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Loss of a batch, which Lightning minimises."""
        return self.loss_of(batch, number, self.global_step)

    def on_train_batch_end(self, outputs: Any, batch: Batch, number: int) -> None:
        """Average the weights after a step."""
        if self.ends_step(number):
            self.take_average()

    def validation_step(self, batch: Batch, number: int) -> None:
        """Keep the outputs of a batch; the epoch is judged on all of them together."""
        assert self.val_order is not None, "a fit that validates knows the order"
        size = self.val_order.examples_of(number)
        outputs = self.share.whole(self.judged(batch[0]).float(), size)
        self.validated.append((outputs.cpu(), self.share.whole(batch[1], size).cpu()))

    def on_validation_epoch_end(self) -> None:
        """Compute the metrics of the epoch."""
        outputs, targets = (torch.cat(parts) for parts in zip(*self.validated, strict=True))
        # Kinds compute their metrics with numpy, wherever the network is.
        self.objective_state.cpu()
        self.metrics = {"train_loss": torch.stack(self.losses).mean().item()} | self.objective.metrics(outputs, targets)
        self.objective_state.to(self.device)
        self.losses, self.validated = [], []

    def configure_optimizers(self) -> Any:
        """Optimizer and course of the plan."""
        optimizer = optimizer_of(self.network, self.plan)
        course, interval = schedule_of(optimizer, self.plan, self.steps_per_epoch)
        return [optimizer], [{"scheduler": course, "interval": interval}]
