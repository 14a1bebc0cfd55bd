"""Syllables of invented birds, so that anybody can try sounds: harmonic sweeps of five kinds, by twenty birds."""

import numpy as np

RATE = 32_000
LABELS = ("rising", "falling", "arch", "trill", "buzz")
BIRDS, RENDITIONS = 20, 10
HARMONICS = 6
NOISE = 0.002
"""Of the recording: standard deviation, where a syllable has a peak of .5."""


def syllables(rate: int = RATE) -> list[tuple[str, str, str, np.ndarray]]:
    """Name, label, bird and waveform (samples,) float32 of each of 1,000 syllables, the same in every call."""
    made = []
    for bird in range(BIRDS):
        own = np.random.default_rng([7, bird])
        voice = {"pitch": own.uniform(900, 2400), "tilt": own.uniform(0.8, 2.0), "long": own.uniform(0.07, 0.16)}
        for label in LABELS:
            made += [
                (f"bird{bird:02}/{label}{k}.wav", label, f"bird{bird:02}", _syllable(label, rate, own, **voice))
                for k in range(RENDITIONS)
            ]
    return made


def _syllable(label: str, rate: int, rng: np.random.Generator, pitch: float, tilt: float, long: float) -> np.ndarray:
    """One syllable. pitch in Hz; tilt: the power of 1 / harmonic; long: seconds."""
    seconds = long * 2 ** rng.normal(0, 0.12)
    t = np.arange(round(seconds * rate)) / rate
    u = t / seconds
    octaves = {
        "rising": 0.9 * (u - 0.5), "falling": 0.9 * (0.5 - u), "arch": 0.8 * np.sin(np.pi * u) - 0.4,
        "trill": 0.18 * np.sin(2 * np.pi * 38 * t), "buzz": np.full_like(u, -0.8),
    }[label]  # fmt: skip
    contour = pitch * 2 ** (octaves + rng.normal(0, 0.05))
    phase = 2 * np.pi * np.cumsum(contour) / rate
    power = 0.3 if label == "buzz" else tilt
    wave = sum(
        (k * contour < 0.45 * rate) * np.sin(k * phase + rng.uniform(0, 2 * np.pi)) / k**power
        for k in range(1, HARMONICS + 1)
    )
    envelope = np.minimum(1, np.minimum(u, 1 - u) / 0.15) ** 1.5
    loud = 0.5 * 10 ** (rng.normal(0, 2) / 20) / np.abs(wave).max()
    return (loud * envelope * wave + rng.normal(0, NOISE, len(t))).astype(np.float32)
