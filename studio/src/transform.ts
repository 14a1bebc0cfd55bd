/** Similarity transforms: fitted to points, and applied to pictures. The counterpart of data/alignment/transform.py. */

import { areaResized, blank, byte, halved, part, roundEven, type Picture } from "./pixels";

export type Point = [number, number];
/** The rows (a, b, c) and (d, e, f) of a (2, 3) matrix: x' = a x + b y + c, y' = d x + e y + f. */
export type Transform = [number, number, number, number, number, number];

/** The rotation, scale and shift that brings points nearest to places, by least squares (Umeyama 1991). */
export function similarity(points: Point[], places: Point[]): Transform {
  const mean = (of: Point[], i: number) => of.reduce((sum, p) => sum + p[i], 0) / of.length;
  const [zx, zy, wx, wy] = [mean(points, 0), mean(points, 1), mean(places, 0), mean(places, 1)];
  let [real, imaginary, length] = [0, 0, 0];
  points.forEach(([x, y], i) => {
    const [u, v, p, q] = [x - zx, y - zy, places[i][0] - wx, places[i][1] - wy];
    real += u * p + v * q;
    imaginary += u * q - v * p;
    length += u * u + v * v;
  });
  const [c, s] = [real / length, imaginary / length];
  return [c, -s, wx - c * zx + s * zy, s, c, wy - s * zx - c * zy];
}

/** Pixels of the aligned picture for one pixel of the photograph. */
export function scaleOf(t: Transform): number {
  return Math.hypot(t[0], t[3]);
}

export function applied([a, b, c, d, e, f]: Transform, points: Point[]): Point[] {
  return points.map(([x, y]) => [a * x + b * y + c, d * x + e * y + f]);
}

export function inverse([a, b, c, d, e, f]: Transform): Transform {
  const det = a * e - b * d;
  const [p, q, r, s] = [e / det, -b / det, -d / det, a / det];
  return [p, q, -p * c - q * f, r, s, -r * c - s * f];
}

/** First u, then t. */
export function after([a, b, c, d, e, f]: Transform, u: Transform): Transform {
  return [
    a * u[0] + b * u[3], a * u[1] + b * u[4], a * u[2] + b * u[5] + c,
    d * u[0] + e * u[3], d * u[1] + e * u[4], d * u[2] + e * u[5] + f,
  ];
}

/**
 * A picture under a transform, anti-aliased. Points are (right, down), with 0 at the centre of the first pixel.
 * border: reflect, edge, or a colour #rrggbb. fast: for a detector, that needs no exact grey levels.
 */
export function warp(
  picture: Picture, t: Transform, width: number, height: number, border: string, fast = false,
): Picture {
  if (scaleOf(t) < 1) {
    [picture, t] = needed(picture, t, width, height);
    while (fast && scaleOf(t) < 0.5 && Math.min(picture.width, picture.height) >= 4) {
      picture = halved(picture);
      t = after(t, [2, 0, 0.5, 0, 2, 0.5]);
    }
    const scale = scaleOf(t);
    const [w, h] = [picture.width, picture.height].map((side) => Math.max(1, roundEven(side * scale)));
    const [across, down] = [w / picture.width, h / picture.height];
    picture = areaResized(picture, w, h);
    t = after(t, [1 / across, 0, 0.5 / across - 0.5, 0, 1 / down, 0.5 / down - 0.5]);
  }
  return interpolated(picture, inverse(t), width, height, border, !fast);
}

/** The part of a picture that its warp shows, and the transform of that part. */
function needed(picture: Picture, t: Transform, width: number, height: number): [Picture, Transform] {
  const corners = applied(inverse(t), [[0, 0], [0, height], [width, 0], [width, height]]);
  const edge = 4 / scaleOf(t);
  const span = (i: 0 | 1, whole: number): Point => {
    const low = Math.min(...corners.map((p) => p[i]));
    const high = Math.max(...corners.map((p) => p[i]));
    // What lies outside is mirrored, so as much is needed inside.
    const first = Math.trunc(clamp(Math.min(low, 2 * (whole - 1) - high) - edge, 0, whole - 2));
    return [first, Math.trunc(clamp(Math.max(high, -low) + edge, first + 2, whole))];
  };
  const [left, right] = span(0, picture.width);
  const [top, bottom] = span(1, picture.height);
  return [part(picture, left, top, right - left, bottom - top), after(t, [1, 0, left, 0, 1, top])];
}

/** cv2.warpAffine, whose places are whole 32nds of a pixel. back: from output pixels to input pixels. */
function interpolated(
  picture: Picture, back: Transform, width: number, height: number, border: string, cubic: boolean,
): Picture {
  const { channels, data } = picture;
  const made = blank(width, height, channels);
  const colour = border.startsWith("#") ? [1, 3, 5].map((i) => parseInt(border.slice(i, i + 2), 16)) : [0, 0, 0];
  const weights = Array.from({ length: 32 }, (_, i) => (cubic ? cubicWeights(i / 32) : [1 - i / 32, i / 32]));
  const taps = cubic ? 4 : 2;
  const place = (index: number, side: number) => outside(index, side, border);
  const columns = new Int32Array(taps);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = [0, 3].map((k) => fixed(back[k] * x) + fixed(back[k + 1] * y + back[k + 2]));
      const [right, down] = [(u + 16) >> 5, (v + 16) >> 5];
      const [wx, wy] = [weights[right & 31], weights[down & 31]];
      const [left, top] = [(right >> 5) - taps / 2 + 1, (down >> 5) - taps / 2 + 1];
      for (let k = 0; k < taps; k++) columns[k] = place(left + k, picture.width);
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let j = 0; j < taps; j++) {
          const row = place(top + j, picture.height);
          for (let k = 0; k < taps; k++) {
            const inside = row >= 0 && columns[k] >= 0;
            const value = inside ? data[(row * picture.width + columns[k]) * channels + c] : colour[c];
            sum += wy[j] * wx[k] * value;
          }
        }
        made.data[i++] = byte(sum);
      }
    }
  return made;
}

function fixed(x: number): number {
  return Math.round(x * 1024);
}

/** The pixel that stands for one outside of the picture, or -1 for the colour. */
function outside(index: number, side: number, border: string): number {
  if (index >= 0 && index < side) return index;
  if (border === "edge") return clamp(index, 0, side - 1);
  if (border !== "reflect") return -1;
  if (side === 1) return 0;
  while (index < 0 || index >= side) index = index < 0 ? -index : 2 * (side - 1) - index;
  return index;
}

/** Weights of four pixels for a place t after the second (OpenCV's constant is -0.75). */
function cubicWeights(t: number): number[] {
  const a = -0.75;
  const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}
