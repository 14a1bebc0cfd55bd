"""Spaces on the Hugging Face Hub: pushed with a model card, and opened at one revision."""

import contextlib
import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gaiamorph.data import Kind
from gaiamorph.errors import UserError
from gaiamorph.space.info import SpaceInfo

PREFIX = "hub:"
FILE = "space.safetensors"
SAMPLES, PER_ROW = 24, 8
"""Pictures of the card's sheet."""


@dataclass(frozen=True)
class Fetched:
    """A space file of the Hub. name: ``hub:owner/name@COMMIT``, from which the same bits come again."""

    path: Path
    name: str


def fetch(source: str) -> Fetched:
    """The file of ``hub:owner/name`` or ``hub:owner/name@REVISION`` (a branch, a tag or a commit).

    Once fetched it is read from the Hub's own cache. No code of the repository runs. Raises UserError.
    """
    from huggingface_hub import hf_hub_download

    name, _, revision = source.removeprefix(PREFIX).partition("@")
    with _told(f"{PREFIX}{name}"):
        path = Path(hf_hub_download(name, FILE, revision=revision or None))
    return Fetched(path, f"{PREFIX}{name}@{path.parent.name}")  # a snapshot's folder is its commit


def push(name: str, content: bytes, card: str, sheet: bytes | None, *, private: bool) -> str:
    """Put a space file, its card and a picture into the repository ``owner/name`` in one commit. Returns ``hub:owner/name@COMMIT``.

    The repository is made if it is missing. private: it has to be, or nothing is pushed. Raises UserError.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, ModelCard

    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise UserError(f"{name} is no name on the Hub: give owner/name")
    files = {FILE: content, "README.md": card.encode()} | ({"samples.png": sheet} if sheet else {})
    with _told(f"{PREFIX}{name}", writes=True):
        try:
            ModelCard(card).validate(repo_type="model")
        except ValueError as error:
            reason = str(error).strip().splitlines()[-1].lstrip("- ")
            raise UserError(f"the Hub refuses the model card, and nothing is pushed: {reason}") from error
        api = HfApi(library_name="gaiamorph")
        api.create_repo(name, private=private or None, exist_ok=True)  # None: what its owner has chosen
        if private and not api.repo_info(name).private:
            raise UserError(f"{PREFIX}{name} is public, and nothing is pushed: make it private on the Hub first")
        made: Any = api.create_commit(
            name,
            [CommitOperationAdd(path, io.BytesIO(data)) for path, data in files.items()],
            commit_message="Upload of a space",
        )
    return f"{PREFIX}{name}@{made.oid}"


def card(name: str, info: SpaceInfo, kind: Kind, attributes: dict[str, Any], *, licence: str, sheet: bool) -> str:
    """The model card of a space: what it says of itself, as Markdown with the Hub's header."""
    t, held_out = info.training, info.validation
    header = {
        "license": licence, "library_name": "gaiamorph", "pipeline_tag": "other", "tags": ["gaiamorph", info.model, "morphing"],
    }  # fmt: skip
    rows = {
        "model": f"{info.model}, network {info.network.name}, {info.latent_dim} numbers a code",
        "items": kind.about,
        "trained on": f"{t.items} items of {_named(t.source)}",
        "training": f"{t.steps} steps, seed {t.seed}",
        "held-out error": f"{held_out.l1:.4f} (mean absolute, of 1; {held_out.items} items)" if held_out else "no encoder",
        "attribute vectors": ", ".join(f"`{attribute}`" for attribute in attributes) or "none",
        "made with": f"gaiamorph {info.gaiamorph_version}",
    }  # fmt: skip
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    warned = "".join(f"\n- step {w['step']}: {w['warning']}" for w in t.warnings)
    morph = f"space.morph('a{kind.suffix}', 'b{kind.suffix}').save('out')"
    use = morph if info.can_encode and not kind.one_table else "space.sample(8)"
    return f"""---
{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---

# {name.rpartition("/")[2]}

A latent space for morph continua, made with [gaiamorph](https://pypi.org/project/gaiamorph/).

```python
import gaiamorph as gm

space = gm.load("{PREFIX}{name}")
{use}
```

|  |  |
|---|---|
{table}
{f"{chr(10)}Warnings of the training:{chr(10)}{warned}{chr(10)}" if warned else ""}{
        f"{chr(10)}![samples](samples.png){chr(10)}{chr(10)}Items that the space draws of its own.{chr(10)}"
        if sheet
        else ""
    }"""


def _named(source: str) -> str:
    """What a space was trained on, without its place, which would tell of the machine and of who uses it."""
    last = source if source.startswith(("sample:", PREFIX)) else re.split(r"[\\/]", source.rstrip("\\/"))[-1]
    return "a folder" if last in ("", ".", "..") else f"`{last}`"


@contextlib.contextmanager
def _told(name: str, writes: bool = False) -> Iterator[None]:
    """What the Hub or the network refuses, as one sentence. Raises UserError."""
    from huggingface_hub import errors

    # Of its retries, each with the error.
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    except (errors.HFValidationError, errors.HfUriError) as error:
        raise UserError(f"{name} is no name on the Hub: give hub:owner/name, or hub:owner/name@REVISION") from error
    except errors.RevisionNotFoundError as error:
        raise UserError(f"{name} has no such revision: give a branch, a tag or a commit after the @") from error
    except errors.RemoteEntryNotFoundError as error:
        raise UserError(f"{name} holds no {FILE}, so it is not a space of gaiamorph") from error
    except errors.RepositoryNotFoundError as error:
        raise UserError(
            f"{name} does not exist, or is private: look at its name, or log in with `hf auth login`"
        ) from error
    except errors.LocalTokenNotFoundError as error:
        raise UserError(f"writing {name} needs a token: log in with `hf auth login`") from error
    except errors.HfHubHTTPError as error:
        if (status := error.response.status_code) in (401, 403):
            raise UserError(
                f"the Hub does not let you {'write' if writes else 'read'} {name}: log in with `hf auth login`"
            ) from error
        raise UserError(f"the Hub answers {status} for {name}: try again later") from error
    except Exception as error:
        # Its client for the network is another from version to version, with errors of its own.
        if not isinstance(error, OSError) and not type(error).__module__.startswith(("httpx", "httpcore", "requests")):
            raise
        if isinstance(error, OSError) and error.filename:
            raise UserError(f"{error.filename} cannot be used: {error.strerror}") from error
        missing = "nothing is pushed to" if writes else "nothing is in the cache of"
        raise UserError(f"{missing} {name}, since the Hub cannot be reached: look at the network") from error
    finally:
        logger.setLevel(level)
