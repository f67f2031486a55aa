"""A classifier as a LightningModule: metrics of torchmetrics, optimizer and scheduler from the config."""

from collections.abc import Callable
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torchmetrics import MaxMetric, MeanMetric
from torchmetrics.classification import MulticlassAccuracy

Batch = tuple[Tensor, Tensor]


class Classifier(LightningModule):
    """A network with its optimizer and its scheduler."""

    def __init__(
        self,
        net: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
        scheduler: Callable[..., torch.optim.lr_scheduler.ReduceLROnPlateau],
        classes: int,
    ) -> None:
        super().__init__()
        self.net = net
        self.build_optimizer, self.build_scheduler = optimizer, scheduler
        self.train_loss, self.val_loss = MeanMetric(), MeanMetric()
        self.train_accuracy = MulticlassAccuracy(classes, average="micro")
        self.val_accuracy = MulticlassAccuracy(classes, average="micro")
        self.best_accuracy = MaxMetric()

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (batch, classes)."""
        logits: Tensor = self.net(images)
        return logits

    def training_step(self, batch: Batch) -> Tensor:
        """Return a batch's loss and log loss and accuracy for the epoch."""
        images, labels = batch
        logits = self(images)
        loss = nn.functional.cross_entropy(logits, labels)
        self.train_loss(loss)
        self.train_accuracy(logits, labels)
        self.log("train/loss", self.train_loss, on_step=False, on_epoch=True)
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: Batch) -> None:
        """Log loss and accuracy for the epoch."""
        images, labels = batch
        logits = self(images)
        self.val_loss(nn.functional.cross_entropy(logits, labels))
        self.val_accuracy(logits, labels)
        self.log("val/loss", self.val_loss, on_step=False, on_epoch=True)
        self.log("val/accuracy", self.val_accuracy, on_step=False, on_epoch=True)

    def on_validation_epoch_end(self) -> None:
        """Log the best accuracy so far."""
        self.best_accuracy(self.val_accuracy.compute())
        self.log("val/best_accuracy", self.best_accuracy.compute())

    def configure_optimizers(self) -> dict[str, Any]:
        """Build the optimizer, and the scheduler that watches accuracy."""
        optimizer = self.build_optimizer(params=self.parameters())
        scheduler = {"scheduler": self.build_scheduler(optimizer=optimizer), "monitor": "val/accuracy"}
        return {"optimizer": optimizer, "lr_scheduler": scheduler}
