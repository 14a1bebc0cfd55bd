/** Bundles the page into src/gaiamorph/studio/page, with the WebAssembly of onnxruntime-web beside it. */
import { build } from "esbuild";
import { cpSync, mkdirSync, rmSync } from "node:fs";

const page = "../src/gaiamorph/studio/page";
rmSync(page, { recursive: true, force: true });
mkdirSync(page, { recursive: true });
await build({
  entryPoints: ["src/page.ts", "src/worker.ts"],
  outdir: page,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "inline",
  // The runtime loads its WebAssembly from a file, which the content security policy allows.
  conditions: ["onnxruntime-web-use-extern-wasm"],
});
for (const name of ["index.html", "page.css", "licences.txt"]) cpSync(`src/${name}`, `${page}/${name}`);
for (const name of ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
  cpSync(`node_modules/onnxruntime-web/dist/${name}`, `${page}/${name}`);
