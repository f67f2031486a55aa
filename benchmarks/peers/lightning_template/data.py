"""Fashion-MNIST as a LightningDataModule."""

from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from benchmarks.lecture.images import load_feed


class FashionMNISTDataModule(LightningDataModule):
    """PIL images through transforms, split as the feed of `source` is split for that seed."""

    def __init__(self, root: str, source: str, seed: int, batch_size: int) -> None:
        super().__init__()
        self.root, self.source, self.seed, self.batch_size = root, source, seed, batch_size
        self.transforms = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.286,), (0.353,))]
        )

    def setup(self, stage: str) -> None:  # noqa: ARG002 -- Lightning's signature
        """Load the images and split them."""
        images = datasets.FashionMNIST(self.root, train=True, transform=self.transforms)
        training, validation = load_feed(self.source).split(self.seed)
        self.training = Subset(images, training.tolist())
        self.validation = Subset(images, validation.tolist())

    def train_dataloader(self) -> DataLoader[tuple[Tensor, Tensor]]:
        """Return shuffled batches, the last one dropped where it isn't full."""
        return DataLoader(self.training, self.batch_size, shuffle=True, drop_last=True)

    def val_dataloader(self) -> DataLoader[tuple[Tensor, Tensor]]:
        """Return the validation split's batches."""
        return DataLoader(self.validation, self.batch_size)
