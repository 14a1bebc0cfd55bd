/** The networks, in a thread of their own, so that the page never waits. */

import type { Network } from "./faces";
import { fading, Mel, type Lost } from "./mel";
import { roundEven, type Picture } from "./pixels";
import { damaged, fetched, run, start } from "./runtime";
import { prepared, Problem, type Description, type PictureKind, type SoundKind } from "./space";

const DETECTOR = "face_detection_yunet_2023mar.onnx";

/**
 * One item: as it is drawn, its code, the numbers beside it, and what the space does not redraw of its tensor. error: the mean
 * absolute value of that.
 */
export interface Encoded {
  picture: Picture;
  code: Float32Array;
  facts: Float32Array;
  lost: Float32Array;
  error: number;
}

/** A frame that is asked for. facts: the numbers beside it, or null for those that its code says. share: of the second end. */
export interface Wish {
  code: Float32Array;
  facts: Float32Array | null;
  share: number;
}

/** A recording whose detail frames carry. lost: as of an item. */
export interface End {
  wave: Float32Array;
  lost: Float32Array;
}

/** There is nothing in a band if its level in dB is below the first, or if the whole sound is louder by more than the second. */
const [FAINTEST_BAND, DEEPEST_BAND] = [-90, 60];

let space: Description;
const calls = {
  async open(): Promise<Description> {
    const text = new TextDecoder().decode(await fetched("space.json"));
    try {
      space = JSON.parse(text) as Description;
    } catch {
      damaged("space.json")();
    }
    await start("decoder.onnx", { [space.networks.decoder!.input]: { data: Float32Array.from(space.samples[0]), shape: [1, space.latent_dim] } });
    return space;
  },

  /** A photograph as an item. isAligned: its file says that this space's alignment made it. */
  async look(picture: Picture, isAligned: boolean): Promise<Encoded> {
    const item = await prepared(picture, isAligned, space.kind as PictureKind, detect);
    return encoded(planes(item), []);
  },

  /** A waveform as an item. */
  async hear(wave: Float32Array): Promise<Encoded> {
    const { rate, fmin, fmax } = sounds().coder;
    const [whole, band] = [sounds().level(wave, 0, rate), sounds().level(wave)];
    if (band < Math.max(FAINTEST_BAND, whole - DEEPEST_BAND))
      throw new Problem(`It has nothing between ${fmin} and ${fmax} Hz, which is all that this space shows.`);
    const { picture, facts } = sounds().analysed(wave);
    return encoded(turnedOver(picture), facts);
  },

  /** The item of a code that no item has. */
  async made(code: Float32Array): Promise<Encoded> {
    const [values] = await outputs([code]);
    return encoded(space.kind.name === "pictures" ? planes(drawn(values)) : values.map(held), factsOf(code));
  },

  /** Frames, which are decoded together, as pictures. Those of sounds are dark where they are loud. ends: two, or none. */
  async decode(wanted: Wish[], ends: End[]): Promise<Picture[]> {
    return (await tensors(wanted, ends)).map(drawn);
  },

  /** The waveforms of frames. */
  async sing(wanted: Wish[], ends: End[]): Promise<Float32Array[]> {
    const pictures = await tensors(wanted, ends);
    const [one, two] = ends.map(({ wave }) => lostOf(wave));
    return wanted.map(({ code, facts, share }, i) => {
      const lost = one && two ? fading(one, two, share) : null;
      return sounds().wave(turnedOver(pictures[i].map(held)), [...(facts ?? factsOf(code))], lost);
    });
  },
};

export type Calls = typeof calls;

let mel: Mel | null = null;

function sounds(): Mel {
  return (mel ??= new Mel((space.kind as SoundKind).coder));
}

const known: { wave: Float32Array; lost: Lost }[] = [];

/** What the picture of a recording does not show. The last two are kept: many frames lie between the same ends. */
function lostOf(wave: Float32Array): Lost {
  let found = known.find((one) => one.wave.length === wave.length && one.wave.every((x, i) => x === wave[i]));
  if (!found) {
    found = { wave, lost: sounds().lost(wave) };
    known.unshift(found);
    known.length = Math.min(known.length, 2);
  }
  return found.lost;
}

/** values: a tensor. */
async function encoded(values: Float32Array, facts: ArrayLike<number>): Promise<Encoded> {
  const code = await computed("encoder", values, [1, ...space.shape]);
  const redrawn = await computed("decoder", code, [1, space.latent_dim]);
  const lost = values.map((x, i) => x - redrawn[i]);
  const error = lost.reduce((sum, x) => sum + Math.abs(x), 0) / lost.length;
  return { picture: drawn(values), code, facts: Float32Array.from(facts), lost, error };
}

async function outputs(codes: Float32Array[]): Promise<Float32Array[]> {
  const together = new Float32Array(codes.length * space.latent_dim);
  codes.forEach((code, i) => together.set(code, i * space.latent_dim));
  const values = await computed("decoder", together, [codes.length, space.latent_dim]);
  const size = values.length / codes.length;
  return codes.map((_, i) => values.subarray(i * size, (i + 1) * size));
}

/** What the space draws, and what it does not redraw of two ends, that of the first fading into that of the second. */
async function tensors(wanted: Wish[], [a, b]: End[]): Promise<Float32Array[]> {
  const made = await outputs(wanted.map(({ code }) => code));
  if (!a || !b) return made;
  return made.map((values, n) => values.map((x, i) => x + (1 - wanted[n].share) * a.lost[i] + wanted[n].share * b.lost[i]));
}

/** A tensor as a picture. */
function drawn(values: Float32Array): Picture {
  const [channels, height, width] = space.shape;
  const data = new Uint8Array(channels * height * width);
  for (let i = 0; i < data.length; i++) {
    const value = held(values[(i % channels) * height * width + Math.floor(i / channels)]);
    data[i] = roundEven(Math.fround(255 * (space.kind.name === "sounds" ? 1 - value : value)));
  }
  return { width, height, channels, data };
}

/** A picture as a tensor. */
function planes({ data, channels, height, width }: Picture): Float32Array {
  const values = new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) values[(i % channels) * height * width + Math.floor(i / channels)] = data[i] / 255;
  return values;
}

function held(x: number): number {
  return Math.min(Math.max(x, 0), 1);
}

/** The other way up: the highest band comes first in tensors, and last where sounds are made. */
function turnedOver(values: Float32Array): Float32Array {
  const [, height, width] = space.shape;
  return values.map((_, i) => values[(height - 1 - Math.floor(i / width)) * width + (i % width)]);
}

function factsOf(code: Float32Array): number[] {
  const rows = space.facts;
  return rows ? rows[rows.length - 1].map((constant, j) => code.reduce((sum, x, i) => sum + x * rows[i][j], constant)) : [];
}

async function computed(name: "encoder" | "decoder", data: Float32Array, shape: number[]): Promise<Float32Array> {
  const { input, output } = space.networks[name]!;
  return (await run(`${name}.onnx`, { [input]: { data, shape } }))[output];
}

const detect: Network = (data, height, width) => run(DETECTOR, { input: { data, shape: [1, 3, height, width] } }, true);

// One call at a time: a session of the runtime cannot run twice at once.
let last: Promise<unknown> = Promise.resolve();
self.addEventListener("message", ({ data: { id, name, given } }) => {
  last = last.then(async () => {
    try {
      const call = calls[name as keyof Calls] as (...given: unknown[]) => Promise<unknown>;
      self.postMessage({ id, result: await call(...given) });
    } catch (error) {
      self.postMessage({ id, problem: error instanceof Problem, message: error instanceof Error ? error.message : String(error) });
    }
  });
});
