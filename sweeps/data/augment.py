"""Changes of training images, drawn anew for each batch on the device where the images are."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class FlipAndCrop:
    """Mirrors images by chance, and cuts each out of its padded self at a random place."""

    # Whether every other image is mirrored, by chance.
    flip: bool = True
    # Pixels that the image's edge is mirrored outwards, and the farthest that it moves.
    padding: int = 4

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Change images (batch, channels, height, width), each by numbers of its own."""
        if self.flip:
            mirrored = torch.rand(len(images), generator=generator, device=images.device) < 0.5
            images = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)
        if self.padding:
            images = self._shift(images, generator)
        return images

    def _shift(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, channels, height, width = images.shape
        device = images.device
        padded = nn.functional.pad(images, (self.padding,) * 4, mode="reflect")
        down, right = torch.randint(2 * self.padding + 1, (2, count, 1), generator=generator, device=device)
        rows = (down + torch.arange(height, device=device)).view(count, 1, height, 1)
        columns = (right + torch.arange(width, device=device)).view(count, 1, 1, width)
        image = torch.arange(count, device=device).view(count, 1, 1, 1)
        channel = torch.arange(channels, device=device).view(1, channels, 1, 1)
        return padded[image, channel, rows, columns]
