"""`Codec`: items to codes and codes to items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaiamorph.data import Kind
from gaiamorph.errors import UserError
from gaiamorph.latent.refine import refine as lower_error
from gaiamorph.latent.samplers import Mixture, Prior
from gaiamorph.networks import Autoencoder
from gaiamorph.space.info import SpaceInfo
from gaiamorph.space.reading import Reader
from gaiamorph.space.vectors import AttributeVector

BATCH = 32
"""Most items that the network computes at once."""


class Codec(Reader):
    """An encoder and a decoder for one kind of items, with the rest of a space file.

    Items are in natural form: pictures uint8 (H, W, C), vectors float32 in their original units.
    Codes are float32 (N, latent_dim).

    The network computes batches of at most 32. The size of a batch changes the rounding of the sums in it, so the code of
    an item among others and its code alone agree to some 1e-6, not bit by bit. Morphs and edits encode each item alone,
    and decode each continuum alone: their frames do not depend on what else is made.
    """

    def __init__(
        self,
        generator: Autoencoder,
        kind: Kind,
        info: SpaceInfo,
        distribution: Mixture | Prior | None = None,
        attributes: dict[str, AttributeVector] | None = None,
        device: str = "cpu",
    ) -> None:
        """distribution: of the codes. attributes: attribute vectors by name."""
        super().__init__(kind, info.training.seed)
        self.info, self.distribution, self.attributes = info, distribution, attributes or {}
        self.device = torch.device(device)
        self.generator = generator.eval().requires_grad_(False).to(self.device)
        if kind.is_image:
            self.generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def latent_dim(self) -> int:
        return self.generator.latent_dim

    @property
    def model(self) -> str:
        return self.info.model

    @property
    def can_encode(self) -> bool:
        """Whether real items have codes. A GAN has no encoder."""
        return self.info.can_encode

    # Codes ----------------------------------------------------------------------------------------

    def encode(self, items: Any, *, refine: int = 0) -> np.ndarray:
        """items -> codes (N, latent_dim), float32.

        items: a Dataset; an array (N, ...) in natural form; a path, PIL picture or row; or a sequence of those.
        refine: gradient steps that lower each item's own reconstruction error.
        Raises UserError if something is not an item of this kind, or if the model has no encoder.
        """
        return np.concatenate([self.codes(x, refine).cpu().numpy() for x in self._batches(items)])

    def decode(self, z: Any) -> np.ndarray:
        """codes (N, latent_dim) -> items in natural form: pictures uint8 (N, H, W, C), vectors float32 (N, D).

        Raises UserError if the codes have another shape, or are not finite.
        """
        try:
            z = np.asarray(z, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"codes must be numbers of the shape (N, {self.latent_dim})") from error
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise UserError(f"codes must have the shape (N, {self.latent_dim}), not {z.shape}")
        if not np.isfinite(z).all():
            raise UserError("codes must be finite numbers")
        return np.concatenate([self.kind.to_items(x) for x in self.outputs(z)])

    def reconstruct(self, items: Any) -> np.ndarray:
        """decode(encode(items))."""
        return self.decode(self.encode(items))

    def errors(self, items: Any, *, refine: int = 0) -> np.ndarray:
        """Reconstruction error of each item (N,): mean absolute difference in [0, 1] units. refine: as in `encode`."""
        return np.concatenate([self._errors(x, self.codes(x, refine)) for x in self._batches(items)])

    def unlike(self, items: Any) -> np.ndarray:
        """Which items (N,) have a reconstruction error above the 99th percentile of the validation items."""
        return self.above_percentile(self.errors(items))

    def above_percentile(self, errors: np.ndarray) -> np.ndarray:
        """Which errors (N,) lie above the 99th percentile of the validation items."""
        assert self.info.validation is not None  # an error needs an encoder, and every encoder was validated
        return errors > self.info.validation.l1_percentile_99

    # Tensors --------------------------------------------------------------------------------------

    def codes(self, x: Tensor, refine: int = 0) -> Tensor:
        """x (B, *shape) on the device -> z (B, latent_dim), computed in one batch. Raises UserError as `encode` does."""
        if not self.can_encode:
            raise UserError(
                f"{self.model} has no encoder, so real items have no codes in it: it can only sample new ones "
                "(train ae, vae, vae_gan, aae, acai or gaia to morph between real items)"
            )
        with torch.inference_mode():
            z = self.generator.encode(x)
        return self.refined(x, z, refine)

    def refined(self, x: Tensor, z: Tensor, steps: int) -> Tensor:
        """z (B, latent_dim) after gradient steps that lower the reconstruction error of x (B, *shape)."""
        if steps < 0:
            raise UserError(f"refine must not be negative, as {steps} is")
        if not steps:
            return z
        assert self.info.codes is not None  # every model with an encoder has them
        sd = torch.tensor(self.info.codes.sd, dtype=z.dtype, device=z.device).clamp_min(1e-6)
        return self.generator.placed(lower_error(self.generator.decode, x, z, sd, steps))

    def outputs(self, z: np.ndarray) -> Iterator[Tensor]:
        """z (N, latent_dim) -> outputs (B, *shape) on the processor, in batches of at most 32 from the first code on."""
        for start in range(0, len(z), BATCH):
            part = torch.tensor(z[start : start + BATCH], dtype=torch.float32, device=self.device)
            with torch.inference_mode():
                x = self.generator.decode(part).cpu()
            yield x  # outside of the block: the mode would last while the caller works

    def _batches(self, items: Any) -> Iterator[Tensor]:
        natural = self.items(items)
        for start in range(0, len(natural), BATCH):
            yield self.kind.to_tensor(natural[start : start + BATCH], self.device)

    @torch.inference_mode()
    def _errors(self, x: Tensor, z: Tensor) -> np.ndarray:
        return (self.generator.decode(z) - x).abs().flatten(1).mean(1).cpu().numpy()
