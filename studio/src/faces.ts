/** Faces in photographs: five points each, by YuNet. The counterpart of data/alignment/faces.py and rule.py. */

import { mirrored, roundEven, turned, type Picture } from "./pixels";
import { after, applied, inverse, scaleOf, similarity, warp, type Point, type Transform } from "./transform";

/** Points: eyes, nose, corners of the mouth, each pair from the picture's left. width: of the face, in pixels. */
export interface Face {
  points: Point[];
  score: number;
  width: number;
}

/** How photographs are aligned, as space.json has it. */
export interface Alignment {
  size: number;
  margin: number;
  border: string;
  by: "eyes" | "five";
  points: "faces" | "templates" | "table";
  places: Point[];
}

/** YuNet's outputs by name, for planes (3, height, width) of blue, green and red from 0 to 255. Sides are multiples of 32. */
export type Network = (planes: Float32Array, height: number, width: number) => Promise<Record<string, Float32Array>>;

const SHAPE: Point[] = [[-0.5, -0.578], [0.5, -0.578], [0.004, -0.008], [-0.407, 0.578], [0.421, 0.573]];
const TIGHT = 0.42;
const MIDDLE: Point = [0.5, 0.56];
const SIZES = [320, 640, 1280];
const LEAST_SCORE = 0.6;
const OVERLAP = 0.3;
const LOOKED_AT = 256;
const LOOK = 2.8;
const LOOKS = [[-0.03, -0.02, 0.95], [0.03, 0.02, 1.05]];
const SURE = 0.92;
const BETTER = 0.02;

/** The largest face in the photograph at its places, or null if there is none. */
export async function aligned(picture: Picture, rule: Alignment, network: Network): Promise<Picture | null> {
  const [face] = await findFaces(picture, network);
  if (!face) return null;
  const used = rule.by === "five" ? 5 : 2;
  const shares = SHAPE.slice(0, used).map(([x, y]): Point => {
    const scale = TIGHT / (1 + rule.margin);
    return [MIDDLE[0] + x * scale, MIDDLE[1] + y * scale];
  });
  const places = shares.map(([x, y]): Point => [x * rule.size - 0.5, y * rule.size - 0.5]);
  return warp(picture, similarity(face.points.slice(0, used), places), rule.size, rule.size, rule.border);
}

/** The faces in a picture, largest first. A photograph without a sure face is also searched turned. */
export async function findFaces(picture: Picture, network: Network): Promise<Face[]> {
  let best: Face[] = [];
  let highest = 0;
  for (const turn of [0, 90, 180, 270]) {
    const found = await upright(turned(picture, turn), network);
    const score = Math.max(0, ...found.map((face) => face.score));
    if (score > highest + BETTER) {
      best = found.map((face) => ({ ...face, points: turnedBack(face.points, turn, picture) }));
      highest = score;
    }
    if (highest >= SURE) break;
  }
  return best;
}

async function upright(picture: Picture, network: Network): Promise<Face[]> {
  for (const size of SIZES) {
    const scale = size / Math.max(picture.width, picture.height);
    if (scale > 2 && size > SIZES[0]) break;
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, roundEven(side * scale)));
    const shift = scale / 2 - 0.5;
    const found = await detected(picture, [scale, 0, shift, 0, scale, shift], width, height, network);
    if (!found.length) continue;
    const seen = [];
    for (const face of found) seen.push(await lookedAt(picture, face, network));
    return seen.sort((a, b) => b.width - a.width);
  }
  return [];
}

/** The face with the mean points of several looks at it: the detector's points depend on where its grid lies. */
async function lookedAt(picture: Picture, face: Face, network: Network): Promise<Face> {
  const seen: Point[][] = [];
  const flip: Transform = [-1, 0, LOOKED_AT - 1, 0, 1, 0];
  for (const [across, down, larger] of LOOKS) {
    const places = SHAPE.slice(0, 2).map(([x, y]): Point => {
      const scale = LOOKED_AT / (LOOK * larger);
      return [x * scale + (0.5 + across) * LOOKED_AT, y * scale + (0.5 + down) * LOOKED_AT];
    });
    const way = similarity(face.points.slice(0, 2), places);
    const crop = warp(picture, way, LOOKED_AT, LOOKED_AT, "edge", true);
    const looks: [Picture, Transform, number[]][] = [
      [crop, way, [0, 1, 2, 3, 4]], [mirrored(crop), after(flip, way), [1, 0, 2, 4, 3]],
    ];
    for (const [look, transform, order] of looks) {
      const found = (await facesIn(look, transform, network)).map(({ points }) => order.map((i) => points[i]));
      const nearest = found.sort((a, b) => distance(a, face.points) - distance(b, face.points))[0];
      if (nearest) seen.push(nearest);
    }
  }
  if (!seen.length) return face;
  const mean = (i: number, k: 0 | 1) => seen.reduce((sum, points) => sum + points[i][k], 0) / seen.length;
  return { ...face, points: face.points.map((_, i) => [mean(i, 0), mean(i, 1)]) };
}

function distance(a: Point[], b: Point[]): number {
  return a.reduce((sum, [x, y], i) => sum + Math.abs(x - b[i][0]) + Math.abs(y - b[i][1]), 0);
}

function detected(
  picture: Picture, way: Transform, width: number, height: number, network: Network,
): Promise<Face[]> {
  return facesIn(warp(picture, way, width, height, "edge", true), way, network);
}

/** Faces in `small`, which is a photograph under the transform, with points in the photograph. */
async function facesIn(small: Picture, way: Transform, network: Network): Promise<Face[]> {
  const { width, height, channels, data } = small;
  const [across, down] = [width, height].map((side) => Math.ceil(side / 32) * 32);
  const planes = new Float32Array(3 * across * down);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0, i = (c * down + y) * across; x < width; x++)
        planes[i + x] = data[(y * width + x) * channels + (channels === 3 ? 2 - c : 0)];
  const back = inverse(way);
  const rows = read(await network(planes, down, across), across);
  return kept(rows).map(({ box, points, score }) => ({
    points: applied(back, points), score, width: box[2] * scaleOf(back),
  }));
}

interface Row {
  box: number[];
  points: Point[];
  score: number;
}

/** Boxes and points above the least score, from the three grids of the network. */
function read(outputs: Record<string, Float32Array>, width: number): Row[] {
  const rows: Row[] = [];
  for (const stride of [8, 16, 32]) {
    const [cls, obj, bbox, kps] = ["cls", "obj", "bbox", "kps"].map((name) => outputs[`${name}_${stride}`]);
    const columns = width / stride;
    for (let i = 0; i < cls.length; i++) {
      const unit = (x: number) => Math.min(Math.max(x, 0), 1);
      const score = Math.sqrt(unit(cls[i]) * unit(obj[i]));
      if (score < LEAST_SCORE) continue;
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const [w, h] = [Math.exp(bbox[4 * i + 2]) * stride, Math.exp(bbox[4 * i + 3]) * stride];
      const [x, y] = [(column + bbox[4 * i]) * stride - w / 2, (row + bbox[4 * i + 1]) * stride - h / 2];
      const points = SHAPE.map((_, n): Point => {
        const at = 10 * i + 2 * n;
        return [(kps[at] + column) * stride, (kps[at + 1] + row) * stride];
      });
      rows.push({ box: [x, y, w, h], points, score });
    }
  }
  return rows;
}

/** Non-maximum suppression. OpenCV compares boxes of whole pixels. */
function kept(rows: Row[]): Row[] {
  const chosen: Row[] = [];
  for (const row of rows.sort((a, b) => b.score - a.score).slice(0, 50))
    if (chosen.every((other) => overlap(row.box.map(Math.trunc), other.box.map(Math.trunc)) <= OVERLAP)) chosen.push(row);
  return chosen;
}

function overlap([x, y, w, h]: number[], [p, q, v, u]: number[]): number {
  const across = Math.max(0, Math.min(x + w, p + v) - Math.max(x, p));
  const both = across * Math.max(0, Math.min(y + h, q + u) - Math.max(y, q));
  return both / (w * h + v * u - both);
}

/** Points in a picture that was turned clockwise, in the picture before. */
function turnedBack(points: Point[], turn: number, picture: Picture): Point[] {
  const [right, bottom] = [picture.width - 1, picture.height - 1];
  return points.map(([x, y]) => {
    if (turn === 90) return [y, bottom - x];
    if (turn === 180) return [right - x, bottom - y];
    return turn === 270 ? [right - y, x] : [x, y];
  });
}
