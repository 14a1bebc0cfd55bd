/** Sounds as log-mel pictures, and back, as in sound/mel.py. */

import { hann, rfft, ShortTime, transformed, type Spectra } from "./spectrum";
import { held, roundEven } from "./pixels";
import { uniform } from "./random";
import { FAINTEST, PHASE_STEPS } from "./sound";

const [UNMIXING, MOMENTUM] = [60, 0.99];
const TINY = 1e-10;
/** Magnitudes below this share of a sound's largest are not told apart. */
const FLOOR = 1e-4;

/** As in Python: rate, fmin and fmax in Hz, window, n_fft and hop in samples, floor in dB below the loudest cell. */
export interface Coder {
  rate: number;
  fmin: number;
  fmax: number;
  bands: number;
  moments: number;
  floor: number;
  window: number;
  n_fft: number;
  hop: number;
}

/** Rows of values: frequencies of moments or frames. */
interface Rows {
  count: number;
  values: Float32Array;
}

/** What a picture does not show of a sound (`LostSpectrum`). ratio is a logarithm. */
export interface Lost {
  ratio: Rows;
  phase: Rows;
  floor: number;
  loudest: number;
}

/** A picture (bands, moments), low bands first, the level in dB of its loudest cell, and the numbers beside it. */
export interface Analysed {
  picture: Float32Array;
  loudest: number;
  facts: number[];
}

export class Mel {
  private readonly bank: Float32Array[];
  /** Where each triangle begins and ends: each frequency lies below two at most. */
  private readonly edges: [first: number, last: number][];
  /** What each triangle has of the frequencies below it. */
  private readonly shares: Float64Array[];
  private readonly bins: number;
  private readonly short: ShortTime;

  constructor(readonly coder: Coder) {
    this.bins = coder.n_fft / 2 + 1;
    this.short = new ShortTime(coder.window, coder.n_fft, coder.hop);
    this.bank = triangles(coder, this.bins);
    this.edges = this.bank.map((triangle) => [triangle.findIndex((x) => x > 0), triangle.findLastIndex((x) => x > 0) + 1]);
    const total = new Float64Array(this.bins);
    for (const triangle of this.bank) triangle.forEach((x, f) => (total[f] += x));
    this.shares = this.bank.map((triangle) => Float64Array.from(triangle, (x, f) => x / Math.max(total[f], TINY)));
  }

  analysed(wave: Float32Array): Analysed {
    const { bands, moments, window, n_fft, floor, rate } = this.coder;
    const shape = hann(window);
    const cells = new Float32Array(bands * moments);
    for (let m = 0; m < moments; m++) {
      const start = Math.floor(((m + 0.5) * wave.length) / moments) - window / 2;
      const spectrum = rfft(shape.map((w, i) => w * (wave[start + i] ?? 0)), n_fft);
      this.bank.forEach((triangle, b) => {
        let sum = 0;
        for (let f = 0; f < this.bins; f++) if (triangle[f]) sum += triangle[f] * (spectrum[2 * f] ** 2 + spectrum[2 * f + 1] ** 2);
        cells[b * moments + m] = 10 * Math.log10(sum + TINY);
      });
    }
    const loudest = cells.reduce((a, b) => Math.max(a, b));
    const picture = cells.map((cell) => held((cell - loudest) / floor + 1));
    return { picture, loudest, facts: [Math.log2(wave.length / rate), this.level(wave)] };
  }

  /** Root mean square between two frequencies in dB of full scale: fmin and fmax by default. */
  level(wave: Float32Array, low = this.coder.fmin, high = this.coder.fmax): number {
    return this.levelOf(transformed(complex(wave)), low, high);
  }

  /** The same of a spectrum. */
  private levelOf(spectrum: Float64Array, low = this.coder.fmin, high = this.coder.fmax): number {
    const samples = spectrum.length / 2;
    const power = this.inside(samples, low, high).reduce((sum, f) => sum + spectrum[2 * f] ** 2 + spectrum[2 * f + 1] ** 2, 0);
    return 20 * Math.log10(Math.max(Math.sqrt(2 * power) / samples, FAINTEST));
  }

  /**
   * The waveform of a picture and the numbers beside it: [log2 of the seconds, level in dB].
   *
   * lost: what the picture does not show. Without it, phases begin at random, the same for each sound.
   */
  wave(picture: Float32Array, facts: number[], lost: Lost | null): Float32Array {
    const { rate } = this.coder;
    const length = Math.max(1, roundEven(2 ** facts[0] * rate));
    const magnitude = this.stretched(this.magnitudes(picture), length);
    const { count } = magnitude;
    let phase: Float32Array;
    if (lost) {
      const known = at(lost, count);
      magnitude.values.forEach((x, i) => (magnitude.values[i] = Math.max(x, known.floor) * Math.exp(known.ratio.values[i])));
      phase = known.phase.values;
    } else {
      const next = uniform(0);
      phase = new Float32Array(magnitude.values.length);
      for (let f = 0; f < this.bins; f++) for (let t = 0; t < count; t++) phase[t * this.bins + f] = 2 * Math.PI * next();
    }
    const wave = this.withPhases(magnitude, phase, length);
    return this.atLevel(wave, facts[1], lost ? lost.loudest : null);
  }

  lost(wave: Float32Array): Lost {
    const { picture, loudest } = this.analysed(wave);
    const drawn = this.stretched(this.magnitudes(picture), wave.length).values;
    const gain = 10 ** (-loudest / 20);
    const { frames, data } = this.short.forward(wave.map((x) => x * gain));
    const [sizes, phases] = [new Float32Array(drawn.length), new Float32Array(drawn.length)];
    sizes.forEach((_, i) => {
      sizes[i] = Math.sqrt(data[2 * i] ** 2 + data[2 * i + 1] ** 2); // hypot is slow
      phases[i] = Math.atan2(data[2 * i + 1], data[2 * i]);
    });
    const floor = sizes.reduce((a, b) => Math.max(a, b)) * FLOOR;
    const ratio = sizes.map((x, i) => Math.log(Math.max(x, floor) / Math.max(drawn[i], floor)));
    return { ratio: { count: frames, values: ratio }, phase: { count: frames, values: phases }, floor, loudest };
  }

  /** Magnitudes of frequencies at each moment, from a picture: the loudest cell has 0 dB (Lee & Seung 2001). */
  private magnitudes(picture: Float32Array): Rows {
    const { bands, moments, floor } = this.coder;
    const { bank, bins, edges, shares } = this;
    const spread = (values: Float64Array, made: Float64Array) => {
      made.fill(0);
      for (let b = 0; b < bands; b++) {
        const share = shares[b];
        for (let f = edges[b][0]; f >= 0 && f < edges[b][1]; f++) made[f] += share[f] * values[b];
      }
      return made;
    };
    const values = new Float32Array(moments * bins);
    const [wanted, ratio, share, first] = [new Float64Array(bands), new Float64Array(bands), new Float64Array(bins), new Float64Array(bins)];
    for (let m = 0; m < moments; m++) {
      for (let b = 0; b < bands; b++) wanted[b] = 10 ** (((picture[b * moments + m] - 1) * floor) / 10);
      const power = spread(wanted, first);
      for (let step = 0; step < UNMIXING; step++) {
        for (let b = 0; b < bands; b++) {
          let sum = 0;
          for (let f = edges[b][0]; f >= 0 && f < edges[b][1]; f++) sum += bank[b][f] * power[f];
          ratio[b] = wanted[b] / Math.max(sum, TINY);
        }
        spread(ratio, share);
        for (let f = 0; f < bins; f++) power[f] *= share[f];
      }
      for (let f = 0; f < bins; f++) values[m * bins + f] = Math.sqrt(power[f]);
    }
    return { count: moments, values };
  }

  /** Rows of moments as rows of the frames of a sound. */
  private stretched(rows: Rows, length: number): Rows {
    const { hop, moments } = this.coder;
    const places = Float64Array.from({ length: this.short.frames(length) }, (_, t) =>
      Math.min(Math.max((t * hop * moments) / length - 0.5, 0), moments - 1),
    );
    return between(rows, places);
  }

  /** Fast Griffin-Lim (Perraudin, Balazs & Søndergaard 2013). */
  private withPhases({ count, values }: Rows, phase: Float32Array, length: number): Float32Array {
    const spectra: Spectra = { frames: count, bins: this.bins, data: new Float64Array(2 * values.length) };
    const { data } = spectra;
    values.forEach((x, i) => {
      data[2 * i] = x * Math.cos(phase[i]);
      data[2 * i + 1] = x * Math.sin(phase[i]);
    });
    let before: Float64Array | null = null;
    for (let step = 0; step < PHASE_STEPS; step++) {
      const seen: Float64Array = this.short.forward(this.short.inverse(spectra, length)).data;
      for (let i = 0; i < values.length; i++) {
        let re = seen[2 * i];
        let im = seen[2 * i + 1];
        if (before) {
          re += MOMENTUM * (re - before[2 * i]);
          im += MOMENTUM * (im - before[2 * i + 1]);
        }
        const gain = values[i] / Math.max(Math.sqrt(re * re + im * im), TINY);
        data[2 * i] = gain * re;
        data[2 * i + 1] = gain * im;
      }
      before = seen;
    }
    return this.short.inverse(spectra, length);
  }

  /** The waveform with another level between fmin and fmax. outside: gain in dB of the rest, or null for the same. */
  private atLevel(wave: Float32Array, level: number, outside: number | null): Float32Array {
    const spectrum = transformed(complex(wave));
    const gain = 10 ** ((level - this.levelOf(spectrum)) / 20);
    if (outside === null) return wave.map((x) => x * gain);
    const n = wave.length;
    const gains = new Float64Array(n).fill(10 ** (outside / 20));
    for (const f of this.inside(n, this.coder.fmin, this.coder.fmax)) gains[f] = gains[(n - f) % n] = gain;
    // The inverse of a real signal's transform: that of the conjugate.
    const back = transformed(spectrum.map((x, i) => (i % 2 ? -x : x) * gains[i >> 1]));
    return wave.map((_, i) => back[2 * i] / n);
  }

  /** Which frequencies of the spectrum of so many samples lie between two, in Hz. */
  private inside(samples: number, low: number, high: number): number[] {
    const all = Array.from({ length: (samples >> 1) + 1 }, (_, f) => f);
    return all.filter((f) => (f * this.coder.rate) / samples >= low && (f * this.coder.rate) / samples <= high);
  }
}

function complex(signal: Float32Array): Float64Array {
  const made = new Float64Array(2 * signal.length);
  signal.forEach((x, i) => (made[2 * i] = x));
  return made;
}

/** What is lost on the way from one sound to another. share: of the other. The nearer of both gives the phases. */
export function fading(one: Lost, other: Lost, share: number): Lost {
  const { phase } = share < 0.5 ? one : other;
  const [a, b] = [at(one, phase.count), at(other, phase.count)];
  const values = a.ratio.values.map((x, i) => (1 - share) * x + share * b.ratio.values[i]);
  return {
    ratio: { count: phase.count, values }, phase,
    floor: a.floor ** (1 - share) * b.floor ** share, loudest: (1 - share) * a.loudest + share * b.loudest,
  };
}

/** The same over another number of frames. Phases advance as before, as in a phase vocoder (Flanagan & Golden 1966). */
function at(lost: Lost, frames: number): Lost {
  const { count, values } = lost.phase;
  if (count === frames) return lost;
  const places = Float64Array.from({ length: frames }, (_, t) => (frames === 1 ? 0 : (t * (count - 1)) / (frames - 1)));
  const bins = values.length / count;
  const phase = new Float32Array(frames * bins);
  for (let t = 0; t < frames; t++) {
    const from = Math.max(0, Math.min(Math.floor(places[t - 1] ?? 0), count - 2)) * bins;
    for (let f = 0; f < bins; f++) {
      const step = count > 1 ? values[from + bins + f] - values[from + f] : 0;
      phase[t * bins + f] = t ? phase[(t - 1) * bins + f] + step : values[f];
    }
  }
  return { ...lost, ratio: between(lost.ratio, places), phase: { count: frames, values: phase } };
}

/** Rows at fractional places, linearly. */
function between({ count, values }: Rows, places: Float64Array): Rows {
  const width = values.length / count;
  const made = new Float32Array(places.length * width);
  places.forEach((place, t) => {
    const low = Math.max(0, Math.min(Math.floor(place), count - 2));
    const [a, b, share] = [low * width, Math.min(low + 1, count - 1) * width, place - low];
    for (let f = 0; f < width; f++) made[t * width + f] = (1 - share) * values[a + f] + share * values[b + f];
  });
  return { count: places.length, values: made };
}

/** Triangles of height 1, evenly spaced on the mel scale (O'Shaughnessy 1987). */
function triangles({ rate, fmin, fmax, bands, n_fft }: Coder, bins: number): Float32Array[] {
  const [low, high] = [fmin, fmax].map((f) => 2595 * Math.log10(1 + f / 700));
  const edges = Array.from({ length: bands + 2 }, (_, i) => 700 * (10 ** ((low + (i * (high - low)) / (bands + 1)) / 2595) - 1));
  return Array.from({ length: bands }, (_, b) =>
    Float32Array.from({ length: bins }, (_, f) => {
      const hertz = (f * rate) / n_fft;
      const rising = (hertz - edges[b]) / (edges[b + 1] - edges[b]);
      const falling = (edges[b + 2] - hertz) / (edges[b + 2] - edges[b + 1]);
      return Math.max(0, Math.min(rising, falling));
    }),
  );
}
