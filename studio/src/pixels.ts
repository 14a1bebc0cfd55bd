/** Pictures as arrays: resampled and cropped as OpenCV and Pillow do it, so that an item is the same here as in Python. */

/** Rows of pixels of channels. */
export interface Picture {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array;
}

/** What one output pixel is made of: input pixels from `first` on, with these weights. */
interface Tap {
  first: number;
  weights: Float32Array;
}

export function blank(width: number, height: number, channels: number): Picture {
  return { width, height, channels, data: new Uint8Array(width * height * channels) };
}

/** To the nearest whole number, halves to the even one, as Python and torch round. */
export function roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** A value of a tensor, as the nearest in [0, 1]. */
export function held(x: number): number {
  return Math.min(Math.max(x, 0), 1);
}

export function byte(x: number): number {
  return x <= 0 ? 0 : x >= 255 ? 255 : Math.floor(x + 0.5);
}

/** Pillow's conversion to grey (ITU-R 601-2, in whole numbers). */
export function grey(picture: Picture): Picture {
  if (picture.channels === 1) return picture;
  const made = blank(picture.width, picture.height, 1);
  for (let i = 0, j = 0; i < made.data.length; i++, j += 3) {
    const [r, g, b] = [picture.data[j], picture.data[j + 1], picture.data[j + 2]];
    made.data[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return made;
}

export function part(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  const { channels, data } = picture;
  const made = blank(width, height, channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    made.data.set(data.subarray(start, start + width * channels), y * width * channels);
  }
  return made;
}

export function mirrored(picture: Picture): Picture {
  const { width, height } = picture;
  return moved(picture, width, height, width - 1, -1, width);
}

/** Turned clockwise, by a multiple of 90 degrees. */
export function turned(picture: Picture, degrees: number): Picture {
  const { width, height } = picture;
  if (degrees === 90) return moved(picture, height, width, (height - 1) * width, -width, 1);
  if (degrees === 180) return moved(picture, width, height, width * height - 1, -1, -width);
  if (degrees === 270) return moved(picture, height, width, width - 1, width, -1);
  return picture;
}

/** The same pixels in another order. first: the one that comes first. right, down: steps from one to the next. */
function moved(picture: Picture, width: number, height: number, first: number, right: number, down: number): Picture {
  const { channels, data } = picture;
  const made = blank(width, height, channels);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0, j = (first + x * right + y * down) * channels; c < channels; c++) made.data[i++] = data[j++];
  return made;
}

/** Means over areas, for shrinking: cv2.resize with INTER_AREA. */
export function areaResized(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  if (picture.width === 2 * width && picture.height === 2 * height) return halved(picture);
  const round = { between: Math.fround, last: roundEven };
  return resampled(picture, areaTaps(picture.width, width), areaTaps(picture.height, height), round);
}

/** Means of two by two pixels. A last odd row or column is left out. */
export function halved({ width, height, channels, data }: Picture): Picture {
  const made = blank(width >> 1, height >> 1, channels);
  const row = width * channels;
  for (let y = 0, i = 0; y < made.height; y++)
    for (let x = 0; x < made.width; x++)
      for (let c = 0, j = 2 * (y * row + x * channels); c < channels; c++, j++)
        made.data[i++] = (data[j] + data[j + channels] + data[j + row] + data[j + row + channels] + 2) >> 2;
  return made;
}

function areaTaps(before: number, after: number): Tap[] {
  const scale = before / after;
  return Array.from({ length: after }, (_, i) => {
    const [low, high] = [i * scale, Math.min((i + 1) * scale, before)];
    // A sliver that only rounding has made is left out.
    const [first, last] = [Math.floor(low + 1e-3), Math.ceil(high - 1e-3)];
    return normalised(first, last, (x) => Math.min(x + 1, high) - Math.max(x, low));
  });
}

/** Pillow's resize with LANCZOS of the columns from x0 to x1 and the rows from y0 to y1. */
function lanczosResized(
  picture: Picture, width: number, height: number, x0: number, y0: number, x1: number, y1: number,
): Picture {
  const across = lanczosTaps(picture.width, width, x0, x1);
  return resampled(picture, across, lanczosTaps(picture.height, height, y0, y1), { between: byte, last: byte });
}

function lanczosTaps(before: number, after: number, low: number, high: number): Tap[] | null {
  if (before === after && low === 0 && high === before) return null;
  const scale = (high - low) / after;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: after }, (_, i) => {
    const centre = low + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 3 * stretch + 0.5));
    const last = Math.min(before, Math.trunc(centre + 3 * stretch + 0.5));
    return normalised(first, last, (x) => lanczos((x - centre + 0.5) / stretch));
  });
}

function lanczos(x: number): number {
  const sinc = (t: number) => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function normalised(first: number, last: number, weight: (x: number) => number): Tap {
  const weights = Array.from({ length: last - first }, (_, i) => weight(first + i));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: Float32Array.from(weights, (w) => w / sum) };
}

/** Pillow has bytes between columns and rows, OpenCV has not. */
interface Rounding {
  between(x: number): number;
  last(x: number): number;
}

/**
 * Columns first, then rows; null leaves them as they are. Sums are float32, in OpenCV's order: the last bit of a pixel may decide
 * where a detector sees a face.
 */
function resampled(picture: Picture, across: Tap[] | null, down: Tap[] | null, round: Rounding): Picture {
  const { channels, data, height } = picture;
  const width = across ? across.length : picture.width;
  const row = width * channels;
  let between = Float32Array.from(across ? [] : data);
  if (across) {
    between = new Float32Array(row * height);
    for (let y = 0, i = 0; y < height; y++)
      for (const { first, weights } of across)
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let k = 0, j = (y * picture.width + first) * channels + c; k < weights.length; k++, j += channels)
            sum = Math.fround(sum + Math.fround(weights[k] * data[j]));
          between[i++] = round.between(sum);
        }
  }
  const made = blank(width, down ? down.length : height, channels);
  if (!down) made.data.set(Uint8Array.from(between, byte));
  else
    down.forEach(({ first, weights }, y) => {
      const sums = new Float32Array(row);
      for (let k = 0; k < weights.length; k++)
        for (let x = 0, j = (first + k) * row; x < row; x++, j++) sums[x] += Math.fround(weights[k] * between[j]);
      made.data.set(Uint8Array.from(sums, round.last), y * row);
    });
  return made;
}

/** The largest centred part of the right shape, resized: Pillow's ImageOps.fit. */
export function cropped(picture: Picture, width: number, height: number): Picture {
  const [ratio, wanted] = [picture.width / picture.height, width / height];
  const across = ratio > wanted ? wanted * picture.height : picture.width;
  const down = ratio < wanted ? picture.width / wanted : picture.height;
  const [left, top] = [(picture.width - across) * 0.5, (picture.height - down) * 0.5];
  return lanczosResized(picture, width, height, left, top, left + across, top + down);
}

/** The whole picture on black: Pillow's ImageOps.pad. */
export function letterboxed(picture: Picture, width: number, height: number): Picture {
  const [ratio, wanted] = [picture.width / picture.height, width / height];
  const across = ratio < wanted ? Math.max(1, roundEven((picture.width / picture.height) * height)) : width;
  const down = ratio > wanted ? Math.max(1, roundEven((picture.height / picture.width) * width)) : height;
  const small = lanczosResized(picture, across, down, 0, 0, picture.width, picture.height);
  const made = blank(width, height, picture.channels);
  const [left, top] = [roundEven((width - across) * 0.5), roundEven((height - down) * 0.5)];
  for (let y = 0; y < down; y++) {
    const line = small.data.subarray(y * across * picture.channels, (y + 1) * across * picture.channels);
    made.data.set(line, ((top + y) * width + left) * picture.channels);
  }
  return made;
}
