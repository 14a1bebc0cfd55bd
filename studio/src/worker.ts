/** The networks, in a thread of their own, so that the page never waits. */

import * as ort from "onnxruntime-web/wasm";

import type { Network } from "./faces";
import { roundEven, type Picture } from "./pixels";
import { prepared, Problem, type Description } from "./space";

const DETECTOR = "face_detection_yunet_2023mar.onnx";
const OPTIONS: ort.InferenceSession.SessionOptions = { executionProviders: ["wasm"], logSeverityLevel: 3 };

/** One item: its values, its code, and the mean absolute difference to what the space redraws. */
export interface Encoded {
  item: Picture;
  code: Float32Array;
  error: number;
}

let space: Description;
const sessions: Record<string, Promise<ort.InferenceSession>> = {};

function session(file: string): Promise<ort.InferenceSession> {
  return (sessions[file] ??= ort.InferenceSession.create(file, OPTIONS));
}

const calls = {
  async open(): Promise<Description> {
    const answer = await fetch("space.json");
    if (!answer.ok) throw new Problem("space.json is missing beside the page. Write the folder again: gaiamorph studio.");
    space = (await answer.json()) as Description;
    if (space.kind.name === "pictures") await session("decoder.onnx");
    return space;
  },

  /** A photograph as an item. isAligned: its file says that this space's alignment made it. */
  async read(picture: Picture, isAligned: boolean): Promise<Encoded> {
    return calls.encode(await prepared(picture, isAligned, space, detect));
  },

  async encode(item: Picture): Promise<Encoded> {
    const { channels, height, width } = space.kind;
    const values = new Float32Array(item.data.length);
    for (let i = 0; i < values.length; i++) values[(i % channels) * height * width + Math.floor(i / channels)] = item.data[i] / 255;
    const code = await run("encoder", values, [1, channels, height, width]);
    const redrawn = await run("decoder", code, [1, space.latent_dim]);
    const error = values.reduce((sum, x, i) => sum + Math.abs(x - redrawn[i]), 0) / values.length;
    return { item, code, error };
  },

  /** Codes, which are decoded together, as pictures. */
  async decode(codes: Float32Array[]): Promise<Picture[]> {
    const { channels, height, width } = space.kind;
    const together = new Float32Array(codes.length * space.latent_dim);
    codes.forEach((code, i) => together.set(code, i * space.latent_dim));
    const values = await run("decoder", together, [codes.length, space.latent_dim]);
    const [plane, whole] = [height * width, channels * height * width];
    return codes.map((_, n) => {
      const data = new Uint8Array(whole);
      for (let i = 0; i < whole; i++) {
        const value = values[n * whole + (i % channels) * plane + Math.floor(i / channels)];
        data[i] = roundEven(Math.fround(255 * Math.min(Math.max(value, 0), 1)));
      }
      return { width, height, channels, data };
    });
  },
};

export type Calls = typeof calls;

async function run(name: "encoder" | "decoder", values: Float32Array, shape: number[]): Promise<Float32Array> {
  const names = space.networks[name]!;
  const network = await session(`${name}.onnx`);
  const results = await network.run({ [names.input]: new ort.Tensor("float32", values, shape) });
  return results[names.output].data as Float32Array;
}

const detect: Network = async (planes, height, width) => {
  const network = await session(DETECTOR);
  const results = await network.run({ [network.inputNames[0]]: new ort.Tensor("float32", planes, [1, 3, height, width]) });
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]));
};

// Threads need a page that is isolated from other origins. Our own server says so; others may not.
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
ort.env.wasm.wasmPaths = new URL("./", self.location.href).href;

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
