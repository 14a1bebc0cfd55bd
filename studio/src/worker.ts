/** The networks, in a thread of their own, so that the page never waits. */

import { answerCalls } from "./calls";
import type { Network } from "./faces";
import { held, roundEven, type Picture } from "./pixels";
import { damaged, fetched, run, start } from "./runtime";
import { prepared, type Description, type PictureKind } from "./space";

const DETECTOR = "face_detection_yunet_2023mar.onnx";

/** One item: as it is drawn, its code, and what the space does not redraw of its tensor. error: the mean absolute value of that. */
export interface Encoded {
  picture: Picture;
  code: Float32Array;
  lost: Float32Array;
  error: number;
}

/** A frame that is asked for: a code, and the share of the second end. */
export interface Wish {
  code: Float32Array;
  share: number;
}

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
    return calls.encode(planes(await prepared(picture, isAligned, space.kind as PictureKind, detect)));
  },

  /** values: the tensor of an item. */
  async encode(values: Float32Array): Promise<Encoded> {
    const code = await computed("encoder", values, [1, ...space.shape]);
    const redrawn = await computed("decoder", code, [1, space.latent_dim]);
    const lost = values.map((x, i) => x - redrawn[i]);
    const error = lost.reduce((sum, x) => sum + Math.abs(x), 0) / lost.length;
    return { picture: drawn(values), code, lost, error };
  },

  /** The item of a code that no item has. */
  async made(code: Float32Array): Promise<Encoded> {
    const [values] = await calls.tensors([{ code, share: 0 }], []);
    return calls.encode(space.kind.name === "pictures" ? planes(drawn(values)) : values.map(held));
  },

  /** Frames, which are decoded together, as pictures. Those of sounds are dark where they are loud. lost: as of `tensors`. */
  async decode(wanted: Wish[], lost: Float32Array[]): Promise<Picture[]> {
    return (await calls.tensors(wanted, lost)).map(drawn);
  },

  /** What the space draws. lost: what it does not redraw of two ends, to be added: that of the first fades into that of the second. */
  async tensors(wanted: Wish[], [a, b]: Float32Array[]): Promise<Float32Array[]> {
    const together = new Float32Array(wanted.length * space.latent_dim);
    wanted.forEach(({ code }, i) => together.set(code, i * space.latent_dim));
    const values = await computed("decoder", together, [wanted.length, space.latent_dim]);
    const size = values.length / wanted.length;
    return wanted.map(({ share }, n) => {
      const own = values.slice(n * size, (n + 1) * size);
      return a && b ? own.map((x, i) => x + (1 - share) * a[i] + share * b[i]) : own;
    });
  },
};

export type SpaceCalls = typeof calls;

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

async function computed(name: "encoder" | "decoder", data: Float32Array, shape: number[]): Promise<Float32Array> {
  const { input, output } = space.networks[name]!;
  return (await run(`${name}.onnx`, { [input]: { data, shape } }))[output];
}

const detect: Network = (data, height, width) => run(DETECTOR, { input: { data, shape: [1, 3, height, width] } }, true);

answerCalls(calls);
