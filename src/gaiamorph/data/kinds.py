"""A kind of data: item <-> tensor <-> file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

CPU = torch.device("cpu")


def moved(x: Tensor, device: torch.device) -> Tensor:
    """x on the device. A graphics card fetches it by itself, from memory that stays where it is: nothing waits for that."""
    return x.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else x.to(device)


class Kind:
    """How one kind of data is read, scaled for the networks, and written again.

    An *item* is a NumPy array in natural form (pictures uint8 (H, W, C), vectors float32 in their
    original units). A *tensor* is float32 (*shape), in [0, 1]. Settings are plain JSON, and travel
    in the space file.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
    """File ending of one written item."""
    is_image: ClassVar[bool] = False
    """Whether a tensor is an image (channels, height, width), so that convolutions, spectra and VGG features apply to it."""
    network: ClassVar[str] = "mlp"
    """The network that suits it."""
    augmentations: ClassVar[frozenset[str]] = frozenset()
    """Those of `training.augment` that turn an item into another item: flip, shift, affine."""
    decodes_mean_codes: ClassVar[bool] = True
    """Whether the average of a group may be decoded from the mean of its codes. Pictures are averaged after decoding instead: at
    the mean code a generator draws texture that no picture has."""

    shape: tuple[int, ...]
    """Shape of one tensor, without the batch."""

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one item in natural form."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def reading(self) -> dict[str, Any]:
        """Options of `open_data` with which other data is read as this was."""
        return {}

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        """items (N, ...) in natural form -> float32 (N, *shape), in [0, 1], on the device."""
        raise NotImplementedError

    def to_items(self, x: Tensor) -> np.ndarray:
        """The inverse: x (N, *shape) -> items (N, ...), clipped to what a file can hold."""
        raise NotImplementedError

    def is_natural(self, items: np.ndarray) -> bool:
        """Whether items (N, ...), of the right shape, are in natural form as they are. Others are to be `read` one by one."""
        raise NotImplementedError

    def read(self, thing: Any) -> np.ndarray:
        """One item from a path, an object or an array, cropped and sized as the training data was.

        Raises UserError when it is not an item of this kind.
        """
        raise NotImplementedError

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        """Write one item in natural form; ``scale`` enlarges where that makes sense."""
        raise NotImplementedError
