/** Fourier transforms of real signals, and short-time ones as torch.stft and torch.istft compute them. */

import FFT from "fft.js";

const transforms = new Map<number, FFT>();

/** Real and imaginary parts by turns, of frames of `bins` frequencies each. */
export interface Spectra {
  frames: number;
  bins: number;
  data: Float64Array;
}

export function fft(size: number): FFT {
  let found = transforms.get(size);
  if (!found) transforms.set(size, (found = new FFT(size)));
  return found;
}

/** Hann window, periodic. */
export function hann(size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
}

/** The spectrum (size / 2 + 1) of a real signal with zeros after it up to a size, a power of two. */
export function rfft(signal: ArrayLike<number>, size: number): Float64Array {
  const padded = new Float64Array(size);
  padded.set(signal);
  const made = new Float64Array(2 * size);
  fft(size).realTransform(made as unknown as number[], padded as unknown as number[]);
  return made.subarray(0, size + 2);
}

/** The transform of complex numbers, in any number, by that of a power of two (Bluestein 1970). */
export function transformed(values: Float64Array): Float64Array {
  const n = values.length / 2;
  const size = 2 ** Math.ceil(Math.log2(2 * n));
  const [chirped, chirp] = [new Float64Array(2 * size), new Float64Array(2 * size)];
  for (let i = 0; i < n; i++) {
    const angle = (Math.PI * ((i * i) % (2 * n))) / n;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    chirped[2 * i] = values[2 * i] * c + values[2 * i + 1] * s;
    chirped[2 * i + 1] = values[2 * i + 1] * c - values[2 * i] * s;
    for (const at of [i, (size - i) % size]) [chirp[2 * at], chirp[2 * at + 1]] = [c, s];
  }
  const [one, two, folded] = [0, 0, 0].map(() => new Float64Array(2 * size) as unknown as number[]);
  fft(size).transform(one, chirped as unknown as number[]);
  fft(size).transform(two, chirp as unknown as number[]);
  for (let i = 0; i < 2 * size; i += 2)
    [one[i], one[i + 1]] = [one[i] * two[i] - one[i + 1] * two[i + 1], one[i] * two[i + 1] + one[i + 1] * two[i]];
  fft(size).inverseTransform(folded, one);
  const made = new Float64Array(2 * n);
  for (let i = 0; i < 2 * n; i += 2) {
    const [c, s] = [chirp[i], chirp[i + 1]];
    made[i] = folded[i] * c + folded[i + 1] * s;
    made[i + 1] = folded[i + 1] * c - folded[i] * s;
  }
  return made;
}

/** Short-time transforms with a Hann window, of frames whose middles are `hop` samples apart. Silence surrounds the signal. */
export class ShortTime {
  private readonly window: Float64Array;
  /** Samples of a frame before its window, and before the middle of its window. */
  private readonly margin: number;
  private readonly half: number;

  constructor(window: number, private readonly size: number, private readonly hop: number) {
    this.window = hann(window);
    this.margin = (size - window) >> 1;
    this.half = size >> 1;
  }

  frames(length: number): number {
    return Math.floor(length / this.hop) + 1;
  }

  /** Two frames are transformed at once, as the parts of complex numbers. */
  forward(signal: Float32Array): Spectra {
    const { size, half } = this;
    const [frames, bins] = [this.frames(signal.length), half + 1];
    const data = new Float64Array(frames * 2 * bins);
    const [both, made] = [new Float64Array(2 * size), new Float64Array(2 * size)];
    for (let t = 0; t < frames; t += 2) {
      this.windowed(signal, t, both, 0);
      this.windowed(signal, t + 1, both, 1);
      fft(size).transform(made as unknown as number[], both as unknown as number[]);
      const one = t * 2 * bins;
      const two = one + 2 * bins;
      for (let f = 0; f < bins; f++) {
        const at = 2 * f;
        const other = 2 * ((size - f) % size);
        data[one + at] = (made[at] + made[other]) / 2;
        data[one + at + 1] = (made[at + 1] - made[other + 1]) / 2;
        if (t + 1 === frames) continue;
        data[two + at] = (made[at + 1] + made[other + 1]) / 2;
        data[two + at + 1] = (made[other] - made[at]) / 2;
      }
    }
    return { frames, bins, data };
  }

  private windowed(signal: Float32Array, t: number, both: Float64Array, part: 0 | 1): void {
    const { window, margin } = this;
    const start = t * this.hop - this.half + margin;
    for (let i = 0; i < window.length; i++) {
      const place = start + i;
      both[2 * (margin + i) + part] = place >= 0 && place < signal.length ? window[i] * signal[place] : 0;
    }
  }

  /** The signal whose transform is nearest to spectra that need not be one of a signal (Griffin & Lim 1984). */
  inverse({ frames, bins, data }: Spectra, length: number): Float32Array {
    const { window, margin, half, size, hop } = this;
    const [sum, weight] = [new Float64Array(length), new Float64Array(length)];
    const [both, made] = [new Float64Array(2 * size), new Float64Array(2 * size)];
    // Without arrays in these loops, which take most of the time.
    for (let t = 0; t < frames; t += 2) {
      const one = t * 2 * bins;
      const two = one + 2 * bins;
      const isLast = t + 1 === frames;
      for (let f = 0; f < bins; f++) {
        // What is imaginary in the first and last frequencies counts for nothing.
        const isReal = f === 0 || f === bins - 1;
        const a = data[one + 2 * f];
        const b = isReal ? 0 : data[one + 2 * f + 1];
        const c = isLast ? 0 : data[two + 2 * f];
        const d = isLast || isReal ? 0 : data[two + 2 * f + 1];
        const other = 2 * ((size - f) % size);
        both[other] = a + d;
        both[other + 1] = c - b;
        both[2 * f] = a - d;
        both[2 * f + 1] = b + c;
      }
      fft(size).inverseTransform(made as unknown as number[], both as unknown as number[]);
      for (let part = 0; part < (isLast ? 1 : 2); part++) {
        const start = (t + part) * hop - half + margin;
        const stop = Math.min(window.length, length - start);
        for (let i = Math.max(0, -start); i < stop; i++) {
          sum[start + i] += window[i] * made[2 * (margin + i) + part];
          weight[start + i] += window[i] * window[i];
        }
      }
    }
    const signal = new Float32Array(length);
    for (let i = 0; i < length; i++) signal[i] = sum[i] / weight[i];
    return signal;
  }
}
