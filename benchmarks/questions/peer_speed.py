"""Steps of AE and VAE-GAN against the trainer of pythae 0.1.2, with the same networks, batch, data, Adam and threads.

One measurement is an epoch of 8 steps of pythae's own ``train_step``. pythae: pip install --no-deps pythae==0.1.2, and cloudpickle,
imageio, pydantic and tqdm.
"""

import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from common import Question, pictures, ratio, rounds, train_ms
from gaiamorph.models import MODELS
from gaiamorph.networks import NetworkSettings

SHAPE, BATCH, ITEMS, LATENT, RATE = (32, 32, 3), 64, 512, 64, 2e-3


def peer(model: str, folder: str) -> Any:
    """pythae's trainer of its own model on the library's networks, ready to step."""
    from pythae import models, trainers
    from pythae.data.datasets import BaseDataset
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder

    torch.manual_seed(0)
    own: Any = MODELS[model]((3, 32, 32), LATENT, NetworkSettings("conv"))
    G, D = own.generator, getattr(own, "discriminator", None)

    def part(base: type, module: torch.nn.Module, forward: Callable[..., dict[str, torch.Tensor]]) -> Any:
        made = type(
            base.__name__, (base,), {"forward": lambda self, *x, **how: ModelOutput(**forward(*x, *how.values()))}
        )()
        made.module, made.depth = module, 2
        return made

    def encode(x: torch.Tensor) -> dict[str, torch.Tensor]:
        if model == "ae":
            return {"embedding": G.encode(x)}
        return dict(zip(("embedding", "log_covariance"), G.encode_gaussian(x), strict=True))

    def judge(x: torch.Tensor, levels: list[int] | None = None) -> dict[str, torch.Tensor]:
        features = D.features(x)
        return {"embedding_layer_1": features} if levels else {"embedding": torch.sigmoid(D.head(features))}

    encoder = part(BaseEncoder, G, encode)
    decoder = part(BaseDecoder, G.decoder, lambda z: {"reconstruction": torch.sigmoid(G.decoder(z))})
    data = torch.from_numpy(pictures(SHAPE, ITEMS)).permute(0, 3, 1, 2).float() / 255
    training = BaseDataset(data, torch.ones(len(data)))
    size = {"input_dim": tuple(data.shape[1:]), "latent_dim": LATENT}
    common = {"output_dir": folder, "num_epochs": 1, "per_device_train_batch_size": BATCH, "no_cuda": True}
    players = ("encoder_", "decoder_", "discriminator_") if model == "vae_gan" else ("",)
    each = {"learning_rate": RATE, "optimizer_cls": "Adam", "optimizer_params": {"betas": (0.5, 0.99)}}
    common |= {player + name: value for player in players for name, value in each.items()}
    if model == "ae":
        wrapped = models.AE(models.AEConfig(**size), encoder, decoder)
        trainer = trainers.BaseTrainer(wrapped, training, training_config=trainers.BaseTrainerConfig(**common))
    else:
        settings, critic = models.VAEGANConfig(**size, reconstruction_layer=1), part(BaseDiscriminator, D, judge)
        wrapped = models.VAEGAN(settings, encoder, decoder, critic)
        config = trainers.CoupledOptimizerAdversarialTrainerConfig(**common)
        trainer = trainers.CoupledOptimizerAdversarialTrainer(wrapped, training, training_config=config)
    trainer.prepare_training()
    return trainer


def prepared(task: dict[str, Any]) -> Callable[[], float]:
    if task["kind"] == "gaiamorph":
        settings = {"model": task["model"], "batch_size": BATCH, "threads": task["threads"]}
        return lambda: train_ms(pictures(SHAPE, ITEMS), **settings)
    torch.set_num_threads(task["threads"] or torch.get_num_threads())
    folder = tempfile.TemporaryDirectory()
    trainer = peer(task["model"], folder.name)

    def measure() -> float:
        began = time.perf_counter()
        trainer.train_step(1)
        return 1000 * (time.perf_counter() - began) / (ITEMS // BATCH)

    measure()
    return measure


def answer(question: Question) -> None:
    for key in question.missing(model=("ae", "vae_gan")):
        tasks = {kind: {**key, "kind": kind, "threads": question.threads} for kind in ("pythae", "gaiamorph")}
        theirs, here = rounds(prepared, tasks, question.repeats).values()
        figures = {"pythae_ms": median(theirs), "ms": median(here), "faster": ratio(theirs, here)}
        question.results.add(**key, batch=BATCH, repeats=question.repeats, **figures)
