/** onnxruntime-web, with the build that this browser can use: on its GPU where there is one, in WebAssembly otherwise. */

import type * as Ort from "onnxruntime-web/wasm";

import { Problem } from "./space";

/** Largest difference between what a GPU and WebAssembly compute. A GPU that computes something else is left alone. */
const CLOSE = 1e-3;
const OPTIONS: Ort.InferenceSession.SessionOptions = { executionProviders: ["wasm"], logSeverityLevel: 3 };

type Tensors = Record<string, { data: Float32Array; shape: number[] }>;

let ort: typeof Ort;
let onGpu = false;
const sessions = new Map<string, Promise<Ort.InferenceSession>>();

/** Load the runtime. given: a network of the space, and what to try it with. */
export async function start(file: string, given: Tensors): Promise<void> {
  const gpu = await hasGpu();
  ort = gpu ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  const name = gpu ? "ort-wasm-simd-threaded.asyncify" : "ort-wasm-simd-threaded";
  // Threads need a page that is isolated from other origins. Our own server says so; others may not.
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  ort.env.wasm.wasmPaths = { mjs: new URL(`${name}.mjs`, self.location.href).href };
  ort.env.wasm.wasmBinary = await unpacked(`${name}.bin`);
  const wanted = await run(file, given);
  if (!gpu) return;
  onGpu = true;
  try {
    const found = await run(file, given);
    onGpu = Object.entries(wanted).every(([key, values]) => values.every((x, i) => Math.abs(x - found[key][i]) < CLOSE));
  } catch {
    onGpu = false;
  }
}

/** The outputs of a network by name. isExact: in WebAssembly, since the last bit may count. */
export async function run(file: string, given: Tensors, isExact = false): Promise<Record<string, Float32Array>> {
  const network = await session(file, onGpu && !isExact);
  const feeds = Object.entries(given).map(([name, { data, shape }]) => [name, new ort.Tensor("float32", data, shape)] as const);
  const results = await network.run(Object.fromEntries(feeds));
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]));
}

function session(file: string, gpu: boolean): Promise<Ort.InferenceSession> {
  const key = `${file} ${gpu}`;
  const options = gpu ? { ...OPTIONS, executionProviders: ["webgpu"] } : OPTIONS;
  const made = sessions.get(key) ?? fetched(file).then((content) => ort.InferenceSession.create(content, options)).catch(damaged(file));
  sessions.set(key, made);
  made.catch(() => sessions.delete(key)); // a server may come back
  return made;
}

/** A file beside the page. */
export async function fetched(file: string): Promise<Uint8Array> {
  const answer = await fetch(file).catch(damaged(file));
  if (!answer.ok) damaged(file)();
  return new Uint8Array(await answer.arrayBuffer());
}

/** Says that a file beside the page is missing or damaged. */
export function damaged(file: string): () => never {
  return () => {
    throw new Problem(`${file} beside the page is missing or damaged. Write the page again: gaiamorph studio.`);
  };
}

/** Whether there is a GPU that is more than an imitation of one. */
async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null> } };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return !!adapter && !adapter.info?.isFallbackAdapter;
}

/** The build packs WebAssembly with gzip, under a name that no web server unpacks by itself. */
async function unpacked(file: string): Promise<ArrayBuffer> {
  const packed = new Blob([(await fetched(file)) as Uint8Array<ArrayBuffer>]);
  return new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer().catch(damaged(file));
}
