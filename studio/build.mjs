/** Bundles the page into src/gaiamorph/studio/page, with the WebAssembly of onnxruntime-web beside it. */
import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

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
for (const name of ["index.html", "page.css"]) cpSync(`src/${name}`, `${page}/${name}`);
const runtime = "node_modules/onnxruntime-web";
for (const name of ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
  cpSync(`${runtime}/dist/${name}`, `${page}/${name}`);
const { version, license } = JSON.parse(readFileSync(`${runtime}/package.json`, "utf8"));
writeFileSync(
  `${page}/licences.txt`,
  `onnxruntime-web ${version}, ${license} licence, Copyright (c) Microsoft Corporation: worker.js and ort-wasm-simd-threaded.*\n` +
    "YuNet, MIT licence, Copyright (c) Shiqi Yu: face_detection_yunet_2023mar.onnx, where it is present\n",
);
