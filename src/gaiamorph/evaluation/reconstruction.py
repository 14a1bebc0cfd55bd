"""Reconstruction: how near an item comes back from its code."""

from __future__ import annotations

import math
from typing import cast

import torch

from gaiamorph.evaluation.case import Case, Figure

SSIM_WINDOW = 7
"""Side of the uniform window of SSIM (Wang et al. 2004); the usual Gaussian of 11 is a third of a small picture."""


def reconstruction(case: Case) -> list[Figure]:
    """L1, MSE, and for pictures PSNR and SSIM, of held-out items. Nothing where the model has no encoder."""
    if not case.space.can_encode:
        return []
    x, y = case.tensor(case.real), case.tensor(case.reconstructions)
    mse = float((x - y).square().mean())
    figures = [
        Figure(
            "reconstruction/l1", float((x - y).abs().mean()), "of 1", "lower", "mean absolute error of held-out items"
        ),
        Figure("reconstruction/mse", mse, "of 1", "lower", "mean squared error of held-out items"),
    ]
    if case.pictures:
        psnr = -10 * math.log10(max(mse, 1e-12))
        figures += [
            Figure("reconstruction/psnr", psnr, "dB", "higher", "peak signal-to-noise ratio of all held-out items"),
            Figure("reconstruction/ssim", ssim(x, y), "of 1", "higher", "structural similarity, 1 is identical"),
        ]
    return figures


def ssim(x: torch.Tensor, y: torch.Tensor) -> float:
    """Mean structural similarity of pictures (N, C, H, W) in [0, 1]."""
    from torchmetrics.functional.image import structural_similarity_index_measure as measure

    return float(cast(torch.Tensor, measure(y, x, gaussian_kernel=False, kernel_size=SSIM_WINDOW, data_range=1.0)))
