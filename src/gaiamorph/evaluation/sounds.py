"""Sounds as they are heard: reconstructions and midpoints after the way back to a waveform, against recordings."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from scipy.fft import dct
from scipy.signal import stft

from gaiamorph.data.sounds import LEVEL, SECONDS, Sounds
from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.sound.scale import window_of
from gaiamorph.sound.world import median_pitch

HEARD = 200
"""Items, and pairs, that are made into waveforms."""
FLOOR = 80.0
"""dB below a recording's loudest cell, under which cells of a spectrum are not told apart."""
WINDOW = 0.016
"""Seconds of a spectrum."""
CEPSTRA = 24
"""Coefficients of a mel-cepstral distortion, without the zeroth."""
LONGEST_PERIOD, SHORTEST_PERIOD, PERIODS = 1 / 75, 1 / 6000, 0.032
"""Seconds: the periods that a harmonic sound may have, and the frame in which one is looked for."""


def log_spectral_distance(made: np.ndarray, real: np.ndarray, kind: Sounds) -> float:
    """dB between two waveforms (samples,): root of the mean square over frequencies, mean over moments (Gray & Markel 1976)."""
    size = max(len(made), len(real))
    a, b = (_spectrum(np.pad(wave, (0, size - len(wave))), kind) for wave in (made, real))
    lowest = b.max() - FLOOR
    return float(np.sqrt(np.square(np.maximum(a, lowest) - np.maximum(b, lowest)).mean(0)).mean())


def _spectrum(wave: np.ndarray, kind: Sounds) -> np.ndarray:
    """(frequencies, moments) in dB."""
    size = window_of(WINDOW, kind.rate)
    wave = np.pad(wave, (0, max(0, size - len(wave))))
    frequencies, _, values = stft(wave, kind.rate, nperseg=size, noverlap=size - size // 4)
    return 20 * np.log10(np.abs(values[(frequencies >= kind.fmin) & (frequencies <= kind.fmax)]) + 1e-9)


def decibels(kind: Sounds, items: np.ndarray) -> np.ndarray:
    """Items' first channel (N, bands, moments) in dB below its loudest cell."""
    return (kind.channels_of(items)[:, 0] - 1) * kind.coder.floor


def cepstral_distortion(kind: Sounds, made: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Mel-cepstral distortion (N,) of items in dB (Kubichek 1993), coefficients 1 to 24, at the same moments."""
    apart = (decibels(kind, made) - decibels(kind, real)) * np.log(10) / 20
    cepstra = np.asarray(dct(apart, axis=1))[:, 1 : CEPSTRA + 1] / apart.shape[1]
    return 10 / np.log(10) * np.sqrt(2 * np.square(cepstra).sum(1)).mean(1)


def contrast(kind: Sounds, items: np.ndarray) -> float:
    """Standard deviation over bands in dB, mean over moments and items. Noise and ghosts of a second sound fill valleys."""
    return float(decibels(kind, items).std(1).mean())


def harmonicity(wave: np.ndarray, rate: int) -> float:
    """Harmonics-to-noise ratio in dB, by the autocorrelation (Boersma 1993): the median over the louder half of the frames."""
    size = round(PERIODS * rate)
    wave = np.pad(wave, (0, max(0, size - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[:: size // 2]
    power = np.square(frames).mean(1)
    window = np.hanning(size)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * size)) ** 2)[:size]
    like = np.fft.irfft(np.abs(np.fft.rfft(frames[power >= np.median(power)] * window, 2 * size)) ** 2)[:, :size] / own
    lags = slice(max(2, round(SHORTEST_PERIOD * rate)), min(size // 2, round(LONGEST_PERIOD * rate)))
    best = np.clip(like[:, lags].max(1) / np.maximum(like[:, 0], 1e-12), 1e-3, 1 - 1e-3)
    return float(np.median(10 * np.log10(best / (1 - best))))


def cross_fade(a: np.ndarray, b: np.ndarray, weights: Iterable[float]) -> list[np.ndarray]:
    """Waveforms a and b (samples,) faded into each other, aligned at their beginning. weights: shares of b. The length changes
    evenly, as a logarithm."""
    made = []
    for w in weights:
        size = round(len(a) ** (1 - w) * len(b) ** w)
        one, two = (np.pad(wave, (0, max(0, size - len(wave))))[:size] for wave in (a, b))
        made.append(((1 - w) * one + w * two).astype(np.float32))
    return made


def recordings(case: Case, positions: Iterable[int]) -> list[np.ndarray]:
    """The waveforms of held-out items at these positions of ``case.real``."""
    kind: Any = case.space.kind
    assert case.data.original is not None
    return [kind.recording(case.data.original(case.data.names[case.indices[i]])) for i in positions]


def rivals(case: Case, pairs: np.ndarray) -> dict[str, np.ndarray]:
    """Items (N, ...) halfway between pairs (N, 2) of positions, without a model and, if they are sounds, as they are heard."""
    kind: Any = case.space.kind
    a, b = case.real[pairs.T]
    made = {"blends": kind.heard(kind.blend(a, b, 0.5))}
    if isinstance(kind, Sounds):
        ends = zip(recordings(case, pairs[:, 0]), recordings(case, pairs[:, 1]), strict=True)
        made["cross-fades"] = kind.items(cross_fade(one, two, [0.5])[0] for one, two in ends)
    return made


def sounds(case: Case) -> Iterator[Metric]:
    """Nothing for data that is no sound."""
    kind = case.space.kind
    if not isinstance(kind, Sounds):
        return
    ends = case.pairs[:HEARD]
    halfway, facts = case.midpoints[:HEARD], kind.facts(case.real)
    halfway = kind.with_facts(halfway, facts[ends].mean(1)) if case.space.can_encode else halfway
    waves = kind.delivered(halfway)
    middles, real = kind.items(waves), case.real[:HEARD]
    own = recordings(case, range(len(real)))
    noise = np.mean([harmonicity(wave, kind.rate) for wave in waves])
    known = np.mean([harmonicity(wave, kind.rate) for wave in own])
    if kind.codec == "world":
        error = np.nanmedian(semitones_off(waves, 2 ** facts[ends].mean(1)[:, LEVEL + 1 :].mean(1), kind.rate))
        yield Metric(
            "pitch/midpoints", float(error), "semitones", "lower", "median, off halfway between both recordings'"
        )
    meaning = "sd over bands, as heard, minus that of recordings; below 0: noise, or two contours"
    yield Metric("contrast/midpoints", contrast(kind, middles) - contrast(kind, real), "dB", "higher", meaning)
    for rival, items in rivals(case, ends).items():
        apart = contrast(kind, items) - contrast(kind, real)
        yield Metric(f"contrast/{rival}", apart, "dB", "neither", f"of {rival} halfway, without a model")
    meaning = "harmonics-to-noise ratio minus that of recordings"
    yield Metric("harmonicity/midpoints", float(noise - known), "dB", "neither", meaning)
    if not case.space.can_encode:
        return
    again = kind.with_facts(case.reconstructions[:HEARD], facts[:HEARD])
    sets = {"reconstructions": again, "codec alone": real}
    for name, items in sets.items():
        back = kind.delivered(items)
        apart = np.mean([log_spectral_distance(a, b, kind) for a, b in zip(back, own, strict=True)])
        better = "lower" if name == "reconstructions" else "neither"
        yield Metric(f"log-spectral distance/{name}", float(apart), "dB", better, "waveforms against their recordings")
        apart = cepstral_distortion(kind, kind.items(back), real).mean()
        yield Metric(f"mel-cepstral distortion/{name}", float(apart), "dB", better, "as heard, at the same moments")
    guessed = kind.facts(case.reconstructions)[:, SECONDS] - facts[:, SECONDS]
    error = 100 * (2 ** float(np.median(np.abs(guessed))) - 1)
    yield Metric("duration/from codes", error, "%", "lower", "median error of the duration that a code says")


def semitones_off(waves: Iterable[np.ndarray], wanted: np.ndarray, rate: int) -> np.ndarray:
    """Semitones (N,) by which the pitches of waveforms miss those wanted (N,) in Hz."""
    return 12 * np.abs(np.log2([median_pitch(wave, rate) for wave in waves]) - np.log2(wanted))
