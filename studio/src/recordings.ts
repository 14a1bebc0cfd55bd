/** Recordings that a person gives, as waveforms: one channel at the rate of the space, as in sound/files.py. */

import type { Content } from "./reading";
import { FAINTEST, peak } from "./sound";
import { Problem, type SoundKind } from "./space";

/** Seconds over which loudness is judged, and that are kept on both sides of what is not trimmed. */
const [TRIM_WINDOW, TRIM_KEPT] = [0.02, 0.02];
const SHORTEST = 16;
/** Least peak of the mean of channels, as a share of their own. */
const CANCELLED = 1e-3;

export interface Recording {
  wave: Float32Array;
  /** Samples before the wave that are left out. */
  start: number;
  /** What is odd about it, in words. */
  note: string;
}

export async function readRecording(content: Content, kind: SoundKind): Promise<Recording> {
  checkLength(await duration(content), kind);
  const wave = await decoded(content, kind.rate);
  checkLength(wave.length / kind.rate, kind);
  if (!wave.every(Number.isFinite)) throw new Problem("Some of its samples are not finite. Choose another recording.");
  if (wave.length < SHORTEST) throw new Problem("It is empty, or too short to be a sound.");
  if (peak(wave) < FAINTEST) throw new Problem("It is silent. Choose another recording.");
  const note = isCut(content) ? "shorter than the file says: it was cut off, or not finished" : "";
  return kind.trim ? { ...trimmed(wave, kind.rate, kind.trim), note } : { wave, start: 0, note };
}

/** Whether a WAV file ends before its head says. */
function isCut(content: Content): boolean {
  const head = new DataView(content.buffer, content.byteOffset);
  const isWav = content.length > 12 && head.getUint32(0) === 0x52494646;
  return isWav && head.getUint32(4, true) < 0xffffffff && 8 + head.getUint32(4, true) > content.length + 1;
}

function checkLength(seconds: number, { seconds_max }: SoundKind): void {
  if (seconds > seconds_max && Number.isFinite(seconds))
    throw new Problem(`It lasts ${seconds.toFixed(1)} s, and this space takes ${seconds_max} s at most. Cut a part out of it first.`);
}

/** In seconds, by what the file says, so that no hour of sound is decoded. Some files do not say it. */
function duration(content: Content): Promise<number> {
  return new Promise((resolve, reject) => {
    const audio = new Audio();
    const done = (act: () => void) => () => {
      act();
      URL.revokeObjectURL(audio.src);
    };
    audio.onloadedmetadata = done(() => resolve(audio.duration));
    audio.onerror = done(() => reject(new Problem("This is no sound that the browser can read. Choose a WAV, FLAC, MP3 or Ogg file.")));
    audio.src = URL.createObjectURL(new Blob([content]));
  });
}

/** The mean of the channels, without its own mean. */
async function decoded(content: Content, rate: number): Promise<Float32Array> {
  const buffer = await context(rate)
    .decodeAudioData(content.slice().buffer)
    .catch(() => {
      throw new Problem("The recording is damaged. Choose another file.");
    });
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  const wave = channels[0].map((_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
  if (peak(wave) < CANCELLED * Math.max(...channels.map(peak)))
    throw new Problem("Its channels cancel each other out. Keep one of them.");
  const mean = wave.reduce((sum, x) => sum + x, 0) / wave.length;
  return wave.map((x) => x - mean);
}

function context(rate: number): OfflineAudioContext {
  try {
    return new OfflineAudioContext(1, 1, rate);
  } catch {
    throw new Problem(`This browser does not read sounds at ${rate} Hz. Use gaiamorph morph.`);
  }
}

/** Without the ends that are quieter than the loudest part by so many dB. */
function trimmed(wave: Float32Array, rate: number, below: number): { wave: Float32Array; start: number } {
  const size = Math.min(wave.length, Math.round(TRIM_WINDOW * rate));
  const before = Math.floor(size / 2); // of the window around each sample, as numpy.convolve places it
  const sums = new Float64Array(wave.length + 1);
  wave.forEach((x, i) => (sums[i + 1] = sums[i] + x * x));
  const power = Float64Array.from(wave, (_, i) => {
    const last = Math.min(wave.length, i - before + size);
    return sums[last] - sums[Math.max(0, i - before)];
  });
  const loud = power.reduce((a, b) => Math.max(a, b)) * 10 ** (-below / 10);
  const kept = Math.round(TRIM_KEPT * rate);
  const start = Math.max(0, power.findIndex((x) => x > loud) - kept);
  return { wave: wave.slice(start, power.findLastIndex((x) => x > loud) + kept + 1), start };
}
