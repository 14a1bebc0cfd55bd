/** Bundles the page into src/gaiamorph/studio/page, with the WebAssembly of onnxruntime-web beside it, packed. */
import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const page = "../src/gaiamorph/studio/page";
rmSync(page, { recursive: true, force: true });
mkdirSync(page, { recursive: true });
await build({
  entryPoints: ["src/page.ts", "src/worker.ts", "src/voice.ts"],
  outdir: page,
  bundle: true,
  splitting: true, // either of two runtimes is loaded
  chunkNames: "[name]-[hash]",
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "inline",
  // The runtime loads its WebAssembly from a file, which the content security policy allows.
  conditions: ["onnxruntime-web-use-extern-wasm"],
});
for (const name of ["index.html", "page.css", "licences.txt"]) cpSync(`src/${name}`, `${page}/${name}`);
for (const name of ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"]) {
  const built = `node_modules/onnxruntime-web/dist/${name}`;
  cpSync(`${built}.mjs`, `${page}/${name}.mjs`);
  writeFileSync(`${page}/${name}.bin`, gzipSync(readFileSync(`${built}.wasm`), { level: 9 }));
}
