"""Recordings of invented syllables, and a small space of them."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import gaiamorph as gm

RATE = 16_000


def syllable(seconds: float, pitch: float, loud: float = 0.3, rate: int = RATE) -> np.ndarray:
    """Four harmonics of a falling pitch, with a soft beginning and end."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(pitch * (1 - 0.3 * t / seconds)) / rate
    wave = sum(np.sin(k * phase) / k for k in range(1, 5))
    return (loud * np.sin(np.pi * t / seconds) ** 0.5 * wave).astype(np.float32)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(0)
    for k in range(40):
        seconds, pitch = rng.uniform(0.05, 0.2), rng.uniform(500, 900)
        soundfile.write(folder / f"{k:02}.wav", syllable(seconds, pitch), RATE)
    return folder


@pytest.fixture(scope="module")
def sound_space(recordings, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    network = {"width": 8}
    return gm.train(recordings, out=out, model="ae", steps=5, batch_size=8, latent_dim=8, network=network, show=False)
