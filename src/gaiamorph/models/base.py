"""The contract between a model and the training loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple

import torch
import torch.distributed
from torch import Tensor, nn

from gaiamorph import defaults
from gaiamorph.networks import NETWORKS, Autoencoder, Critic, NetworkSettings


class Batch(NamedTuple):
    """The input of one step, and nothing else: a resumed run then equals one that never stopped.

    x: items (B, *shape), values in [0, 1].
    noise: random numbers of the step by name, as `Model.draw` made them. Row i belongs to item i.
    """

    x: Tensor
    noise: dict[str, Tensor]


@dataclass
class Step:
    """The losses of one batch. Not frozen, because Fabric rewrites the fields.

    losses: a scalar for each player. Each is minimised over the parameters of that player alone.
    rates: share of the learning rate that a player takes in this step. 1 if absent. Adam ignores a factor on its loss, so
        the balance of two players has to change their learning rates.
    metrics: scalars to log.
    joint: a scalar whose gradient equals each player's own, for the parameters of that player. One backward pass then
        serves all players (see `GradientScale`), and ``losses`` carry no graph.
    """

    losses: dict[str, Tensor]
    rates: dict[str, Tensor | float] = field(default_factory=dict)
    metrics: dict[str, Tensor] = field(default_factory=dict)
    joint: Tensor | None = None

    def backward(
        self, players: dict[str, list[nn.Parameter]], run: Callable[..., None] = torch.Tensor.backward
    ) -> None:
        """Add the gradient of each loss to the parameters of its player. run: does one backward pass of a scalar."""
        if self.joint is not None:
            run(self.joint)
            return
        last = list(self.losses)[-1]
        for player, loss in self.losses.items():
            run(loss, inputs=players[player], retain_graph=player != last)


class Model(nn.Module):
    """A method: its networks, and the losses of its players. A subclass has ``build()`` and ``step(batch)``."""

    name: ClassVar[str]
    """Its name on the command line and in settings."""
    Settings: ClassVar[type]
    """A dataclass. Its fields are the options of the model."""
    can_encode = True
    """Whether real items have codes. A GAN has no encoder, so its items cannot be morphed."""
    normal: ClassVar[tuple[str, ...]] = ()
    """Names of the standard normal random numbers that a step needs, latent_dim of them for each item."""
    generator: Autoencoder
    """The autoencoder that a user keeps."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, network: NetworkSettings, settings: Any = None) -> None:
        """shape: of one item as a tensor. settings: by default those for pictures or for vectors, as the shape says."""
        super().__init__()
        self.shape, self.latent_dim, self.network = tuple(shape), latent_dim, network
        traits = defaults.Traits(0, self.shape) if len(self.shape) == 3 else defaults.Traits(self.shape[0])
        self.settings = defaults.filled(settings or self.Settings(), self.name, traits, latent_dim)
        self.build()

    def build(self) -> None:
        """Make the networks."""
        raise NotImplementedError

    def step(self, batch: Batch) -> Step:
        """The losses of one batch."""
        raise NotImplementedError

    def forward(self, batch: Batch) -> Step:
        return self.step(batch)

    def pair(self, latent_dim: int = 0, *, gaussian: bool = False) -> Autoencoder:
        """An encoder and a decoder of the chosen architecture and size."""
        return NETWORKS[self.network.name](self.shape, latent_dim or self.latent_dim, self.network, gaussian)

    def critic(self) -> Critic:
        """A discriminator of the chosen architecture and size, with one number at its end."""
        return Critic(self.pair(2))

    def players(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by the name of the loss that trains them, each group with its own optimiser. By default by network."""
        groups = {name: list(network.parameters()) for name, network in self.named_children()}
        return {name: parameters for name, parameters in groups.items() if parameters}

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """The random numbers for ``count`` items, each tensor with one row an item. By default those of `normal`."""
        return {name: torch.randn(count, self.latent_dim, generator=generator) for name in self.normal}

    @staticmethod
    def mixes(options: Mapping[str, Any]) -> int:
        """How many codes a training with these options mixes into one, at most. 0: it does not mix codes."""
        return 0

    def views(self, x: Tensor) -> dict[str, Tensor]:
        """Pictures of the progress of a training, by name: x (B, *shape) -> tensors (B, *shape)."""
        z = self.generator.encode(x)
        halfway = (z + z.roll(-1, 0)) / 2
        return {"x": x, "G(x)": self.generator.decode(z), "G(z_interp)": self.generator.decode(halfway)}

    def diagnose(self, means: dict[str, float]) -> str | None:
        """A warning with its remedy if recent means of the metrics are those of a failed training, else None."""
        return None


class PriorModel(Model):
    """A model without an encoder. Codes are drawn from a prior, never read from items."""

    can_encode = False
    prior: ClassVar[Literal["normal", "uniform"]]
    """Each entry of a code: standard normal, or uniform between -1 and 1."""

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        if self.prior == "uniform":
            return {"z": 2 * torch.rand(count, self.latent_dim, generator=generator) - 1}
        return {"z": torch.randn(count, self.latent_dim, generator=generator)}

    def views(self, x: Tensor) -> dict[str, Tensor]:
        z = self.draw(len(x), torch.Generator().manual_seed(0))["z"].to(x.device)
        halfway = (z + z.roll(-1, 0)) / 2
        return {"x": x, "G(z)": self.generator.decode(z), "G(z_interp)": self.generator.decode(halfway)}


def across_ranks(errors: Tensor) -> Tensor:
    """Mean over all processes, without gradient. Scalars that steer weights or rates must be the same on every rank."""
    errors = errors.detach().clone()
    if _one_of_several():
        torch.distributed.all_reduce(errors)
        errors /= torch.distributed.get_world_size()
    return errors


def of_first_rank(values: Tensor) -> Tensor:
    """The first process's values, in every process."""
    if _one_of_several():
        values = values.contiguous()
        torch.distributed.broadcast(values, 0)
    return values


def _one_of_several() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()
