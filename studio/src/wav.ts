/** Sounds as an experiment plays them, and WAV files, as in sound/playback.py and sound/files.py. */

import { joined, numbers, type Bytes } from "./bytes";
import { roundEven } from "./pixels";
import { uniform } from "./random";
import { FAINTEST, peak } from "./sound";

/** Largest peak that is written, and milliseconds of the fade at both ends. */
const LOUDEST = 0.99;
export const FADE = 0.5;

export interface Prepared {
  waves: Float32Array[];
  /** dB by which all are turned down, because the peak of one is too loud for a file; or 0. */
  gain: number;
}

/** Waveforms that belong together. */
export function prepared(waves: Float32Array[], rate: number): Prepared {
  const faded = waves.map((wave) => fade(wave, Math.round((FADE * rate) / 1000)));
  const most = Math.max(...faded.map(peak));
  if (most <= LOUDEST) return { waves: faded, gain: 0 };
  return { waves: faded.map((wave) => wave.map((x) => (x * LOUDEST) / most)), gain: decibels(LOUDEST / most) };
}

/** With both ends rising from and falling to zero along half a cosine. */
function fade(wave: Float32Array, samples: number): Float32Array {
  const size = Math.min(samples, wave.length >> 1);
  const made = wave.slice();
  for (let i = 0; i < size; i++) {
    const rise = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / size);
    made[i] *= rise;
    made[made.length - 1 - i] *= rise;
  }
  return made;
}

/** An amplitude in dB of full scale. */
export function decibels(value: number): number {
  return Number((20 * Math.log10(Math.max(value, FAINTEST))).toFixed(2));
}

export function level(wave: Float32Array): number {
  return decibels(Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length));
}

/** PCM of 16 bits, with dither. */
export function wav(wave: Float32Array, rate: number): Bytes {
  const next = uniform(0);
  const steps = Array.from(wave, (x) => Math.min(Math.max(roundEven(x * 2 ** 15 + next() - next()), -(2 ** 15)), 2 ** 15 - 1));
  const text = (x: string) => new TextEncoder().encode(x);
  return joined([
    text("RIFF"), numbers(4, true, 36 + 2 * steps.length), text("WAVEfmt "), numbers(4, true, 16), numbers(2, true, 1, 1),
    numbers(4, true, rate, 2 * rate), numbers(2, true, 2, 16), text("data"), numbers(4, true, 2 * steps.length),
    new Uint8Array(Int16Array.from(steps).buffer),
  ]);
}
