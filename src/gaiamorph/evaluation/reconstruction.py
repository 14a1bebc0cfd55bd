"""Reconstruction: the error of items decoded from their codes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import torch

from gaiamorph.evaluation.case import Case, Metric

SSIM_WINDOW = 7
"""Side in pixels of the uniform window of SSIM (Wang et al. 2004). The usual Gaussian of 11 is too wide for small pictures."""


def reconstruction(case: Case) -> Iterator[Metric]:
    """L1 and MSE of held-out items, and PSNR and SSIM of images. Empty if the model has no encoder."""
    if not case.space.can_encode:
        return
    x, y = case.tensor(case.real), case.tensor(case.reconstructions)
    l1, mse = float((x - y).abs().mean()), float((x - y).square().mean())
    yield Metric("reconstruction/l1", l1, "of 1", "lower", "mean absolute error, held-out items")
    yield Metric("reconstruction/mse", mse, "of 1", "lower", "mean squared error, held-out items")
    if case.space.kind.is_image:
        psnr = -10 * math.log10(max(mse, 1e-12))
        yield Metric("reconstruction/psnr", psnr, "dB", "higher", "peak signal-to-noise ratio, held-out items")
        yield Metric("reconstruction/ssim", ssim(x, y), "of 1", "higher", "structural similarity, 1 is identical")


def ssim(x: torch.Tensor, y: torch.Tensor) -> float:
    """Mean structural similarity of pictures (N, C, H, W) in [0, 1]."""
    from torchmetrics.functional.image import structural_similarity_index_measure as measure

    return float(cast(torch.Tensor, measure(y, x, gaussian_kernel=False, kernel_size=SSIM_WINDOW, data_range=1.0)))
