/** A space as `space.json` describes it, and codes on the paths that the page draws. */

import { aligned, type Alignment, type Network } from "./faces";
import type { Coder } from "./mel";
import { cropped, grey, letterboxed, type Picture } from "./pixels";

export interface PictureKind {
  name: "pictures";
  height: number;
  width: number;
  channels: number;
  crop: string;
  align?: Alignment;
}

export interface SoundKind {
  name: "sounds";
  rate: number;
  fmin: number;
  fmax: number;
  codec: string;
  trim: number;
  seconds_max: number;
  coder: Coder;
}

export interface Attribute {
  vector: number[];
  kind: "binary" | "numeric" | "level" | "difference";
  sd: number | null;
  error: number | null;
}

export interface Description {
  gaiamorph_version: string;
  sha256: string;
  origin: string;
  model: string;
  kind: PictureKind | SoundKind;
  shape: [channels: number, height: number, width: number];
  latent_dim: number;
  error_threshold: number | null;
  networks: Record<string, { input: string; output: string } | undefined>;
  attributes: Record<string, Attribute>;
  /** What a code says of the numbers beside an item: weights for each entry, then constants. */
  facts: number[][] | null;
  samples: number[][];
}

/** Amounts of attributes by name. */
export type Amounts = Record<string, number>;

/** Something that a person can mend. The message is a sentence for the page. */
export class Problem extends Error {}

/** A photograph as one item: aligned, cropped or letterboxed, resized, with the channels of the space. */
export async function prepared(picture: Picture, isAligned: boolean, kind: PictureKind, network: Network): Promise<Picture> {
  const { align, channels, crop, height, width } = kind;
  if (align && !isAligned) {
    if (align.points !== "faces")
      throw new Problem("This space aligns by points that the page does not know. Align the picture first: gaiamorph align.");
    const found = await aligned(picture, { ...align, size: Math.max(align.size, height) }, network);
    if (!found) throw new Problem("No face was found in it. Choose a photograph that shows a whole face.");
    picture = found;
  }
  const resize = crop === "none" ? letterboxed : cropped;
  return resize(channels === 1 ? grey(picture) : picture, width, height);
}

/** The vector on the line from a to b. weight: share of b. float32, as numpy computes it. */
export function between(a: Float32Array, b: Float32Array, weight: number): Float32Array {
  const w = Math.fround(weight);
  const rest = Math.fround(1 - w);
  return a.map((x, i) => Math.fround(rest * x) + Math.fround(w * b[i]));
}

/** code + sum of amount * vector. */
export function edited(code: Float32Array, amounts: Amounts, attributes: Record<string, Attribute>): Float32Array {
  const change = new Float32Array(code.length);
  for (const [name, amount] of Object.entries(amounts))
    attributes[name].vector.forEach((v, i) => (change[i] += Math.fround(Math.fround(amount) * v)));
  return code.map((x, i) => x + change[i]);
}

/** The vector in a square: across from a to b (above) and from c to d (below), then down. */
export function inSquare([a, b, c, d]: Float32Array[], across: number, down: number): Float32Array {
  return between(between(a, b, across), between(c, d, across), down);
}

/** Evenly spaced from 0 to 1, as numpy.linspace. */
export function evenly(count: number): number[] {
  const step = 1 / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : i * step));
}

/** What a code says of the numbers beside an item. */
export function factsOf(code: Float32Array, rows: Description["facts"]): Float32Array {
  const made = rows?.at(-1)!.map((constant, j) => code.reduce((sum, x, i) => sum + x * rows[i][j], constant));
  return Float32Array.from(made ?? []);
}

/** The largest amount that a slider offers: two standard deviations, or twice the way from one end to the other. */
export function reach(attribute: Attribute): number {
  return attribute.kind === "numeric" && attribute.sd ? 2 * attribute.sd : 2;
}
