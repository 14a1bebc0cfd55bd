// Cartoon faces with known attributes:  node make.mjs FOLDER CORRELATION COUNT SEED [SIZE]
//
// Attributes: male, beard, glasses, long_hair, smile, each present in half of the faces. The first four have CORRELATION
// with what makes a face male (long hair with its opposite): with probability (1 + CORRELATION) / 2 an attribute is what
// male says, so each correlates with male by CORRELATION and with another by CORRELATION squared. smile is independent.
// Everything else about a face is drawn by facesjs. Writes PNGs and metadata.csv.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faceToSvgString, generate } from "facesjs";
import { Resvg } from "@resvg/resvg-js";

const [folder, correlationText, countText, seedText, sizeText = "64"] = process.argv.slice(2);
const [correlation, count, seed, size] = [correlationText, countText, seedText, sizeText].map(Number);
if (!folder || ![correlation, count, seed, size].every(Number.isFinite) || correlation < 0 || correlation > 1) {
  console.error("usage: node make.mjs FOLDER CORRELATION COUNT SEED [SIZE]");
  process.exit(2);
}

// facesjs draws with Math.random: the generator mulberry32 in its place makes the set a function of its seed.
let state = (seed * 1000003 + Math.round(correlation * 1000)) >>> 0;
Math.random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const choose = (list) => list[Math.floor(Math.random() * list.length)];
const coin = () => Math.random() < 0.5;
const follow = (value) => (Math.random() < (1 + correlation) / 2 ? value : !value);

// Variants that can be told apart at 32 pixels; hair that both sexes wear in facesjs, so that it says nothing of "male".
const BEARDS = ["beard1", "beard2", "beard3", "beard4", "beard5", "beard6", "fullgoatee", "fullgoatee2", "fullgoatee3"];
const GLASSES = ["glasses1-primary", "glasses1-secondary", "glasses2-black", "glasses2-primary", "glasses2-secondary"];
const SHORT = ["curly", "curly2", "curly3", "short3", "emo", "shaggy1"];
const BEHIND = ["female1", "female2", "female3", "longHair", "shaggy"];
const SMILES = ["smile", "smile2", "smile3", "smile4", "smile-closed"];
const OTHER_MOUTHS = ["straight", "closed", "angry", "mouth2", "side"];

mkdirSync(folder, { recursive: true });
const rows = ["file_name,male,beard,glasses,long_hair,smile"];
for (let i = 0; i < count; i++) {
  const male = coin();
  const [beard, glasses, long_hair, smile] = [follow(male), follow(male), follow(!male), coin()];
  const face = generate(
    {
      accessories: { id: "none" },
      facialHair: { id: beard ? choose(BEARDS) : "none" },
      glasses: { id: glasses ? choose(GLASSES) : "none" },
      hair: { id: choose(SHORT) },
      hairBg: { id: long_hair ? choose(BEHIND) : "none" },
      mouth: { id: choose(smile ? SMILES : OTHER_MOUTHS) },
      jersey: { id: "jersey" },
      smileLine: { id: "none" },
    },
    { gender: male ? "male" : "female" },
  );
  // The drawing is 400 x 600: its head, as a square.
  const svg = faceToSvgString(face).replace(/viewBox="[^"]*"/, 'viewBox="0 130 400 400"');
  const png = new Resvg(svg, { fitTo: { mode: "width", value: size }, background: "white" }).render().asPng();
  const name = `${String(i).padStart(5, "0")}.png`;
  writeFileSync(join(folder, name), png);
  rows.push([name, ...[male, beard, glasses, long_hair, smile].map(Number)].join(","));
}
writeFileSync(join(folder, "metadata.csv"), rows.join("\n") + "\n");
