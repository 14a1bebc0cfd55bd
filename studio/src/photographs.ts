/** Photographs that a person gives, as pictures. What is no picture, is damaged or too large gets a sentence. */

import type { Alignment } from "./faces";
import type { Picture } from "./pixels";
import type { Content } from "./reading";
import { Problem } from "./space";

const MOST_PIXELS = 50_000_000;
const SMALLEST_SIDE = 8;
const DAMAGED = "The picture is damaged, or too large to be opened. Choose another file.";
const TAG = "gaiamorph-alignment";
/** First bytes of the formats that browsers decode as photographs; "?" stands for any. Drawings (SVG) are left out. */
const FORMATS = ["\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF8", "RIFF????WEBP", "BM", "????ftypavif"];

export interface Photograph {
  picture: Picture;
  /** Whether the file says that this alignment made it. */
  isAligned: boolean;
}

export async function readPhotograph(content: Content, rule?: Alignment): Promise<Photograph> {
  const head = String.fromCharCode(...content.subarray(0, 16));
  if (head.slice(4, 8) === "ftyp" && !head.startsWith("avif", 8))
    throw new Problem("Browsers do not read this format (HEIC or a film). Save the picture as JPEG or PNG.");
  if (!FORMATS.some((format) => [...format].every((c, i) => c === "?" || c === head[i])))
    throw new Problem("This is no picture that the page can read. Choose a PNG, JPEG, WebP, AVIF, GIF or BMP file.");
  return { picture: await decoded(new Blob([content])), isAligned: !!rule && isAligned(content, rule) };
}

/** The pixels, upright and in sRGB, on white. */
async function decoded(blob: Blob): Promise<Picture> {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try {
    await loaded(image);
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (width * height > MOST_PIXELS)
      throw new Problem(`It has ${width} x ${height} pixels: more than the page can hold. Choose a smaller picture.`);
    if (Math.min(width, height) < SMALLEST_SIDE)
      throw new Problem(`It has only ${width} x ${height} pixels: at least ${SMALLEST_SIDE} on each side are needed.`);
    // An image element shows what there is of a file that is cut off. This refuses it.
    const bitmap = await createImageBitmap(blob).catch(() => {
      throw new Problem(DAMAGED);
    });
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    pen.fillStyle = "white";
    pen.fillRect(0, 0, width, height);
    pen.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = pen.getImageData(0, 0, width, height);
    const colours = new Uint8Array(width * height * 3);
    for (let i = 0, j = 0; i < colours.length; i += 3, j += 4) {
      colours[i] = data[j];
      colours[i + 1] = data[j + 1];
      colours[i + 2] = data[j + 2];
    }
    return { width, height, channels: 3, data: colours };
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** The size is known then, and no pixel is decoded yet. */
function loaded(image: HTMLImageElement): Promise<void> {
  return new Promise((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Problem(DAMAGED));
  });
}

/** Whether the text of a PNG file holds this alignment (where its points came from does not matter). */
function isAligned(content: Uint8Array, rule: Alignment): boolean {
  const view = new DataView(content.buffer, content.byteOffset);
  for (let at = 8; at + 12 <= content.length; at += 12 + view.getUint32(at)) {
    const text = String.fromCharCode(...content.subarray(at + 4, at + 8));
    if (text === "IDAT") return false;
    if (text !== "tEXt") continue;
    const chunk = new TextDecoder("latin1").decode(content.subarray(at + 8, at + 8 + view.getUint32(at)));
    const [name, value] = [chunk.slice(0, TAG.length + 1), chunk.slice(TAG.length + 1)];
    if (name !== `${TAG}\0`) continue;
    try {
      const written = JSON.parse(value) as Record<string, unknown>;
      return Object.entries(rule).every(([key, x]) => key === "points" || JSON.stringify(written[key]) === JSON.stringify(x));
    } catch {
      return false;
    }
  }
  return false;
}
