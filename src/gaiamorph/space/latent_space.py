"""`LatentSpace`: the public interface of a trained model, and its file. A file is opened without running anything in it."""

import io
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor

from gaiamorph.data import KINDS, Dataset
from gaiamorph.data.attributes import attributes_of, refuse_copies
from gaiamorph.data.request import Report
from gaiamorph.errors import UserError, telling
from gaiamorph.latent import attributes as methods
from gaiamorph.latent.samplers import Mixture, Prior
from gaiamorph.models import MODELS
from gaiamorph.networks import NETWORKS
from gaiamorph.output.folders import new_file
from gaiamorph.space import hub
from gaiamorph.space.codec import BATCH, FORMAT, MIXTURE
from gaiamorph.space.continua import Morpher
from gaiamorph.space.drawing import EditKeywords, EditOptions
from gaiamorph.space.info import AttributeVector, SpaceInfo
from gaiamorph.version import __version__

FILE = hub.FILE


class LatentSpace(Morpher):
    """A codec that also samples, morphs, edits and is saved."""

    def __repr__(self) -> str:
        return f"<LatentSpace {self.model}, {self.kind.name} {self.kind.shape}, latent_dim {self.latent_dim}>"

    def sample(self, n: int, *, seed: int = 0) -> np.ndarray:
        """n new items in natural form: `decode` of `sample_codes`."""
        return self.decode(self.sample_codes(n, seed=seed))

    def sample_codes(self, n: int, *, seed: int = 0) -> np.ndarray:
        """n new codes (n, latent_dim). Raises UserError if n is less than 1.

        They come from a Gaussian mixture fitted to the training codes, or from the prior of a model without an encoder.
        """
        if n < 1:
            raise UserError(f"at least one item must be asked for, not {n}")
        assert self.distribution is not None  # only a codec in training has none
        return self.generator.placed(torch.from_numpy(self.distribution.sample(n, seed))).numpy()

    def fit_attributes(
        self,
        data: Any,
        columns: list[str] | None = None,
        *,
        method: Literal["least_squares", "ridge", "mean_difference"] = "least_squares",
        labels: str | os.PathLike[str] | None = None,
        split: str = "train",
        seed: int = 0,
    ) -> dict[str, AttributeVector]:
        """Fit attribute vectors, keep them in ``attributes`` by name, and return the new ones.

        data: a Dataset, or anything that `open_data` takes. Its attributes are columns of ``metadata.csv`` and the like.
        columns: attributes to use; by default all that can be. Texts become one vector for each level.
        method: ``least_squares`` holds the other attributes fixed; ``ridge`` does so where they nearly determine each
            other; ``mean_difference`` takes each by itself.
        labels: a table of attributes (.csv, .jsonl or .parquet, with ``file_name`` or ``name``) in place of the data's own.
        split: items to fit on; ``all`` for every one.
        seed: of the bootstrap.
        Raises UserError for attributes that cannot be fitted, and says which and why.
        """
        if method not in methods.METHODS:
            raise UserError(f"there is no method {method!r}: choose one of {', '.join(methods.METHODS)}")
        opened = data if isinstance(data, Dataset) else self.open_data(data)
        known = {"all": np.arange(len(opened)), **opened.splits}
        if split not in known or not len(known[split]):
            raise UserError(f"the data has no items in the split {split!r}: choose one of {', '.join(known)}")
        design = attributes_of(opened, Path(labels) if labels else None, columns).rows(known[split])
        labelled = np.flatnonzero(~np.isnan(design.values).all(1))
        design = design.rows(labelled)
        refuse_copies(design)
        z = self.encode(opened.items[known[split][labelled]])
        found = methods.fit(z, design.values, method, seed)
        fitted = {
            a.name: AttributeVector(
                a.name, found.vectors[k].astype(np.float32), a.kind, method, int(found.items[k]), a.reference, found.r2,
                float(found.unique[k]), float(found.error[k]), float(np.nanstd(design.values[:, k])),
                [n for n in design.names if n != a.name],
                opened.source, opened.fingerprint,
            )
            for k, a in enumerate(design.attributes)
        }  # fmt: skip
        self.attributes.update(fitted)
        return fitted

    def add_difference(self, name: str, start: Any, end: Any) -> AttributeVector:
        """Keep the difference of two groups' mean codes as the vector ``name``: +1 leads from ``start`` to ``end``.

        start, end: anything that `encode` takes. Transforms between average faces are made so (Rowland & Perrett 1995).
        """
        z_start, z_end = self.encode(start), self.encode(end)
        vector = (z_end.mean(0) - z_start.mean(0)).astype(np.float32)
        spread = np.sqrt((z_start.var(0) / len(z_start) + z_end.var(0) / len(z_end)).sum())
        error = float(spread / max(float(np.linalg.norm(vector)), 1e-12))
        items = len(z_start) + len(z_end)
        self.attributes[name] = AttributeVector(name, vector, "difference", "mean_difference", items, error=error)
        return self.attributes[name]

    def average(
        self, items: Any, *, mixed: int | None = None, report: Report | None = None, **options: Unpack[EditKeywords]
    ) -> np.ndarray:
        """The average of a group, ``items`` (anything that `encode` takes), as one item as `decode` gives them.

        At the mean code of many items, where training never looks, a GAIA draws a mesh. So each code is moved towards the mean
        code, until the codes scatter as the mixtures of training do. The members are drawn there, each with its own detail
        carried along, and their pictures averaged (as by Rowland & Perrett 1995, who first warp faces to a common shape).

        mixed: how many members may be mixed into one code. The default is as many as the model has learnt to mix: 2 for
            ACAI; 2 for GAIA, or 4 with the samplers dirichlet and hull; any number for other models and for vectors.
            A group of at most ``mixed`` members is decoded at its mean code. 1 averages the reconstructions.
        report: called with (members done, members in all). options: see `EditOptions`.
        Raises UserError if mixed is less than 1.
        """
        if mixed is not None and mixed < 1:
            raise UserError(f"mixed must be at least 1, not {mixed}")
        wanted, sources = EditOptions(**options), self.sources(items)
        detail, size = self._settled(wanted, *sources)
        if detail not in ("none", "added") and not self.kind.has_photographs:
            detail = "none"  # the mean of waveforms is no sound
        z = self.encode(np.stack([source.item for source in sources]), refine=wanted.refine)
        mean = z.mean(0, keepdims=True)
        learnt = 0
        if self.model in MODELS and not self.kind.decodes_mean_codes:
            learnt = MODELS[self.model].mixes(self.info.settings.get(self.model, {}))
        share = kept(len(z), mixed or learnt or len(z))
        drawn = mean + share * (z - mean)
        if detail == "none":
            drawn = drawn if share else mean
            frames = (
                self._added(z, [], np.ones((len(z), 1)), size) for z in np.split(drawn, range(BATCH, len(drawn), BATCH))
            )
        else:
            ends = (self._redrawn(source, code) for source, code in zip(sources, z, strict=True))
            frames = (self._edited(end, drawn[k : k + 1], detail, size) for k, end in enumerate(ends))
        total, done = np.zeros(self._kind(size).item_shape), 0
        for some in frames:
            total += some.sum(0, dtype=np.float64)
            done += len(some)
            if report:
                report(done, len(drawn))
        total /= done
        average = (np.rint(total) if np.issubdtype(self.kind.dtype, np.integer) else total).astype(self.kind.dtype)
        facts = np.mean([self.kind.facts(source.item[None]) for source in sources], 0)
        return self.kind.delivered(self.kind.with_facts(average[None], facts))[0]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write one ``.safetensors`` file: weights, and the description in its metadata."""
        path = Path(path)
        if path.suffix != ".safetensors":
            raise UserError(f"a space is saved as a .safetensors file, which {path.name} is not")
        tensors, description = self.described()
        if self.attributes:
            tensors["attributes/vectors"] = torch.from_numpy(np.stack([v.vector for v in self.attributes.values()]))
            description["attributes"] = {name: v.describe() for name, v in self.attributes.items()}
        with new_file(path, overwrite) as scratch:
            scratch.write_bytes(to_safetensors(tensors, {"gaiamorph": json.dumps(description)}))
        return path

    def push_to_hub(self, name: str, *, licence: str, private: bool = False, pictures: bool = False) -> str:
        """Put the space on the Hugging Face Hub, with a model card, and return ``hub:owner/name@COMMIT``, which `load` takes.

        name: ``owner/name``. The repository is made if it is missing. private: it has to be, or nothing is pushed.
        licence: of the space, as the Hub writes it (``cc-by-4.0``).
        pictures: whether the card shows items that the space draws of its own: not where those might be taken for people who did
            not agree. The Hub's own login is used.
        Raises UserError if the Hub cannot be reached, or refuses.
        """
        if not licence.strip():
            raise UserError("say under which licence others may use the space, such as cc-by-4.0")
        sheet = None
        if pictures:
            if not self.kind.is_image:
                raise UserError(f"{self.kind.name} have no pictures to show")
            items = self.decode_items(self.sample_codes(hub.SAMPLES))
            rows = [list(items[i : i + hub.PER_ROW]) for i in range(0, len(items), hub.PER_ROW)]
            drawn = io.BytesIO()
            self.kind.sheet(rows).save(drawn, "PNG")
            sheet = drawn.getvalue()
        text = hub.card(name, self.info, self.kind, self.attributes, licence=licence, sheet=pictures)
        with tempfile.TemporaryDirectory() as scratch:
            content = self.save(Path(scratch) / FILE).read_bytes()
        return hub.push(name, content, text, sheet, private=private)


def kept(members: int, mixed: int) -> float:
    """The share t of each member's distance from the mean code that is kept.

    With a variance of 1 for single codes, a mixture of N has 1 / N. The mean of K members has 1 / K, and a member's rest
    beside it has 1 - 1 / K. So t solves 1 / K + t^2 (1 - 1 / K) = 1 / N. It is 0 if K <= N: the mean code itself.
    """
    if members <= mixed:
        return 0.0
    return math.sqrt((1 / mixed - 1 / members) / (1 - 1 / members))


def load(path: str | os.PathLike[str], *, device: str = "cpu") -> LatentSpace:
    """Open a space file, the space of a run folder, or ``hub:owner/name`` of the Hugging Face Hub. Nothing in it is executed.

    After ``@`` a revision of the Hub can follow. Manifests name the commit.
    Raises UserError if there is none, if it is damaged, or if its format is newer than this package.
    """
    if (name := os.fspath(path)).startswith(hub.PREFIX):
        fetched = hub.fetch(name)
        space = load(fetched.path, device=device)
        space.origin = fetched.name
        return space
    file = Path(path)
    if file.is_dir():
        if not (file / FILE).exists():
            raise UserError(
                f"{file} holds no {FILE}: it is not a run folder, or its training has not ended (go on with --resume)"
            )
        file = file / FILE
    if not file.exists():
        raise UserError(f"{file} does not exist: give a run folder or a .safetensors file")
    with telling(f"the device {device} cannot be used here (use cpu)"):
        torch.empty(0, device=device)
    with telling(f"{file} is not a space of gaiamorph, or is damaged"):
        with safe_open(file, framework="pt") as content:
            if (described := (content.metadata() or {}).get("gaiamorph")) is None:
                raise UserError(f"{file} is a file of another program, and no space of gaiamorph")
            description = json.loads(described)
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 (not a dict)
        if (number := description.pop("format")) > FORMAT:
            writer = description.get("gaiamorph_version", "of the version that wrote it")
            raise UserError(
                f"{file} has format {number}, and this gaiamorph ({__version__}) reads up to {FORMAT}: install gaiamorph "
                f"{writer} or newer"
            )
        return _assemble(description, tensors, device)


def _assemble(description: dict[str, Any], tensors: dict[str, Tensor], device: str) -> LatentSpace:
    settings = dict(description.pop("kind"))
    kind = KINDS[settings.pop("name")](**settings)
    described = description.pop("attributes", {})
    info = SpaceInfo.from_json(description)
    # Each layer has a tensor. Without these limits a file could claim a network that is never built to its end.
    if info.network.depth > len(tensors):
        raise ValueError("its network is not that of its tensors")
    # On the meta device nothing is allocated. The weights are the file's own tensors: a file that claims a huge network
    # costs no memory, and is refused because its tensors have other shapes.
    with torch.device("meta"):
        generator = NETWORKS[info.network.name](kind.shape, info.latent_dim, info.network, info.gaussian)
        if not info.can_encode:
            generator = generator.without_encoder()
    weights = {k.removeprefix("generator/"): v for k, v in tensors.items() if k.startswith("generator/")}
    generator.load_state_dict(weights, assign=True)
    mixture = (tensors[f"mixture/{name}"].numpy() for name in MIXTURE)
    distribution = Prior(info.prior, info.latent_dim) if info.prior else Mixture(*mixture)
    rows = tensors["attributes/vectors"].numpy() if described else []
    attributes = {
        name: AttributeVector(vector=row, **about) for row, (name, about) in zip(rows, described.items(), strict=True)
    }
    facts = tensors["facts"].numpy() if "facts" in tensors else None
    return LatentSpace(generator, kind, info, distribution, attributes, device, facts)
