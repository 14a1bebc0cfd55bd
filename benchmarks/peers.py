"""AE and VAE-GAN steps against the trainer of pythae.  python benchmarks/peers.py [--repeats 7]

Identical networks (ours, wrapped), batch, data, optimiser and threads. One measurement is an epoch of 8 steps: of pythae its
trainer's own ``train_step``, of gaiamorph as many steps of its loop, each with all that it does by itself (reading the batch,
and here also the moving average of the weights). pythae: pip install --no-deps pythae==0.1.2, and cloudpickle, imageio,
pydantic and tqdm. Results: results/peers.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import nn

from gaiamorph.models import MODELS
from gaiamorph.networks import NetworkSettings
from gaiamorph.training.precision import memory_kept
from interleaved import ratio, rounds, serve
from results import MACHINE, Results
from step import our_run, pictures

SHAPE, BATCH, ITEMS, LATENT = (32, 32, 3), 64, 512, 64


def peer(model: str, items: np.ndarray, folder: str):
    """pythae's model on our networks, and its trainer, ready to step."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import AE, VAEGAN, AEConfig, VAEGANConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder
    from pythae.trainers import (
        BaseTrainer,
        BaseTrainerConfig,
        CoupledOptimizerAdversarialTrainer,
        CoupledOptimizerAdversarialTrainerConfig,
    )

    torch.manual_seed(0)
    height, width, channels = items.shape[1:]
    own = MODELS[model]((channels, height, width), LATENT, NetworkSettings("conv"))

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            BaseEncoder.__init__(self)
            self.pair = own.generator

        def forward(self, x: torch.Tensor) -> ModelOutput:
            if not self.pair.gaussian:
                return ModelOutput(embedding=self.pair.encode(x))
            mean, log_variance = self.pair.encode_gaussian(x)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            BaseDecoder.__init__(self)
            self.decoder = own.generator.decoder

        def forward(self, z: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=torch.sigmoid(self.decoder(z)))

    class Judge(BaseDiscriminator):
        def __init__(self) -> None:
            BaseDiscriminator.__init__(self)
            self.critic, self.depth = own.discriminator, 2

        def forward(self, x: torch.Tensor, output_layer_levels: list[int] | None = None) -> ModelOutput:
            assert isinstance(self.critic, nn.Module)
            features = self.critic.features(x)  # type: ignore[operator]
            if output_layer_levels is not None:
                return ModelOutput(embedding_layer_1=features)
            return ModelOutput(embedding=torch.sigmoid(self.critic.head(features)))  # type: ignore[operator]

    data = torch.from_numpy(items).permute(0, 3, 1, 2).float() / 255
    training = BaseDataset(data, torch.ones(len(data)))
    common = {"output_dir": folder, "num_epochs": 1, "per_device_train_batch_size": BATCH, "no_cuda": True}
    betas = {"betas": (0.5, 0.99)}
    if model == "ae":
        wrapped = AE(AEConfig(input_dim=tuple(data.shape[1:]), latent_dim=LATENT), Encoder(), Decoder())
        config = BaseTrainerConfig(**common, learning_rate=2e-3, optimizer_cls="Adam", optimizer_params=betas)
        trainer = BaseTrainer(wrapped, training, training_config=config)
    else:
        settings = VAEGANConfig(input_dim=tuple(data.shape[1:]), latent_dim=LATENT, reconstruction_layer=1)
        wrapped = VAEGAN(settings, Encoder(), Decoder(), Judge())
        players = ("encoder", "decoder", "discriminator")
        each = {f"{p}_learning_rate": 2e-3 for p in players} | {f"{p}_optimizer_cls": "Adam" for p in players}
        each |= {f"{p}_optimizer_params": betas for p in players}
        trainer = CoupledOptimizerAdversarialTrainer(
            wrapped, training, training_config=CoupledOptimizerAdversarialTrainerConfig(**common, **each)
        )
    trainer.prepare_training()
    return trainer


def work(task: dict) -> None:
    items = pictures(SHAPE, ITEMS)
    torch.set_num_threads(task["threads"])
    with tempfile.TemporaryDirectory() as folder:
        steps = ITEMS // BATCH
        if task["kind"] == "pythae":
            trainer = peer(task["model"], items, folder)

            def epoch() -> None:
                trainer.train_step(1)
        else:
            run = our_run("conv", items, BATCH, Path(folder), task["model"])

            def epoch() -> None:
                for _ in range(steps):
                    run.advance()

        def measure() -> dict[str, float]:
            began = time.perf_counter()
            epoch()
            return {"ms": 1000 * (time.perf_counter() - began) / steps}

        if task["kind"] == "pythae":
            epoch()
            serve(measure)
        else:
            with memory_kept():
                epoch()
                serve(measure)
            run.batches.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--machine", default="", help=MACHINE)
    parser.add_argument("--worker", default=None)
    options = parser.parse_args()
    if options.worker:
        work(json.loads(options.worker))
        return
    results = Results("peers", "python benchmarks/peers.py", options.machine)
    for model in ("ae", "vae_gan"):
        if results.has(model=model):
            continue
        tasks = {
            kind: {"model": model, "kind": kind, "threads": torch.get_num_threads()} for kind in ("pythae", "ours")
        }
        found = rounds(__file__, tasks, options.repeats)
        results.add(
            model=model,
            network="conv",
            shape=list(SHAPE),
            batch=BATCH,
            repeats=options.repeats,
            pythae_ms=median(f["ms"] for f in found["pythae"]),
            ours_ms=median(f["ms"] for f in found["ours"]),
            faster=ratio(found["pythae"], found["ours"]),
        )
        print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
