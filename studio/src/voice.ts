/** Sounds, in a thread of their own: they take longer than a picture, and a slider does not wait for them. */

import { answerCalls } from "./calls";
import { fading, Mel, type Coder, type Lost } from "./mel";
import { held } from "./pixels";
import { Problem } from "./space";

/** There is nothing in a band if its level in dB is below the first, or if the whole sound is louder by more than the second. */
const [FAINTEST_BAND, DEEPEST_BAND] = [-90, 60];

/** A sound that is asked for: its tensor, the numbers beside it, and the share of the second recording. */
export interface Score {
  values: Float32Array;
  facts: Float32Array;
  share: number;
}

let mel: Mel;
const known: { wave: Float32Array; lost: Lost }[] = [];

const calls = {
  async open(coder: Coder): Promise<void> {
    mel = new Mel(coder);
  },

  /** A waveform as a tensor, and the numbers beside it. */
  async analyse(wave: Float32Array): Promise<{ values: Float32Array; facts: Float32Array }> {
    const { rate, fmin, fmax } = mel.coder;
    const { picture, facts } = mel.analysed(wave);
    if (facts[1] < Math.max(FAINTEST_BAND, mel.level(wave, 0, rate) - DEEPEST_BAND))
      throw new Problem(`It has nothing between ${fmin} and ${fmax} Hz, which is all that this space shows.`);
    return { values: turnedOver(picture), facts: Float32Array.from(facts) };
  },

  /** A waveform with the detail of two recordings, or without any. */
  async sing({ values, facts, share }: Score, recordings: Float32Array[]): Promise<Float32Array> {
    const [one, two] = recordings.map(lostOf);
    return mel.wave(turnedOver(values.map(held)), [...facts], one && two ? fading(one, two, share) : null);
  },
};

export type VoiceCalls = typeof calls;

/** What the picture of a recording does not show. The last two are kept: many frames lie between the same ends. */
function lostOf(wave: Float32Array): Lost {
  let found = known.find((one) => one.wave.length === wave.length && one.wave.every((x, i) => x === wave[i]));
  if (!found) {
    found = { wave, lost: mel.lost(wave) };
    known.unshift(found);
    known.length = Math.min(known.length, 2);
  }
  return found.lost;
}

/** The other way up: the highest band comes first in tensors, and last where sounds are made. */
function turnedOver(values: Float32Array): Float32Array {
  const { bands, moments } = mel.coder;
  return values.map((_, i) => values[(bands - 1 - Math.floor(i / moments)) * moments + (i % moments)]);
}

answerCalls(calls);
