/** What the page saves: PNG files, a manifest with the columns of Python's, and a zip of both. */

import type { Picture } from "./pixels";
import { sha256 } from "./reading";
import type { Amounts, Attribute, Description } from "./space";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Source {
  name: string;
  sha256: string;
}

export interface Frame {
  file: string;
  picture: Picture;
  weight: number;
  amounts: Amounts;
}

/** Columns as in output/description.py. */
const COLUMNS = [
  "file", "role", "pair", "position", "weight", "source_a", "sha256_a", "source_b", "sha256_b",
  "spacing", "features", "refine", "scale", "attributes", "space_sha256", "gaiamorph_version",
  "attributes_sha256", "columns", "detail", "full_size", "sha256", "blend", "space",
] as const;

/** A zip file with the frames and manifest.csv. `gaiamorph morph --manifest` reads it. */
export async function archive(frames: Frame[], a: Source, b: Source, space: Description, spacing: string): Promise<Blob> {
  const files: [string, Bytes][] = [];
  const rows: string[] = [COLUMNS.join(",")];
  const vectors = await identity(new Set(frames.flatMap((frame) => Object.keys(frame.amounts))), space.attributes);
  for (const [position, { file, picture, weight, amounts }] of frames.entries()) {
    const content = await png(picture);
    files.push([file, content]);
    const row: Record<(typeof COLUMNS)[number], string | number> = {
      file, role: "frame", pair: 0, position, weight: decimal(weight),
      source_a: a.name, sha256_a: a.sha256, source_b: b.name, sha256_b: b.sha256,
      spacing, features: "", refine: 0, scale: 1, attributes: JSON.stringify(amounts), space_sha256: space.sha256,
      gaiamorph_version: space.gaiamorph_version, attributes_sha256: vectors, columns: 0, detail: "none", full_size: 0,
      sha256: await sha256(content), blend: "False", space: space.origin,
    };
    rows.push(COLUMNS.map((column) => cell(String(row[column]))).join(","));
  }
  files.push(["manifest.csv", new TextEncoder().encode(`${rows.join("\r\n")}\r\n`)]);
  return zip(files);
}

/** Python writes 0.0 where JavaScript writes 0. */
function decimal(x: number): string {
  return Number.isInteger(x) ? x.toFixed(1) : String(x);
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** SHA-256 over the vectors in order of name (`identity` in space/info.py). Empty if there are none. */
async function identity(names: Set<string>, attributes: Record<string, Attribute>): Promise<string> {
  const parts = [...names].sort().flatMap((name) => [
    new TextEncoder().encode(`${name}\n`), new Uint8Array(Float32Array.from(attributes[name].vector).buffer),
  ]);
  return parts.length ? sha256(joined(parts)) : "";
}

function joined(parts: Uint8Array[]): Bytes {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/** A PNG file. That of a canvas would have four channels, whatever the space has. */
export async function png({ width, height, channels, data }: Picture): Promise<Bytes> {
  const row = width * channels;
  const lines = new Uint8Array(height * (row + 1)); // each row begins with 0: no filter
  for (let y = 0; y < height; y++) lines.set(data.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, channels === 1 ? 0 : 2);
  const stream = new Blob([lines]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return joined([
    signature, chunk("IHDR", new Uint8Array(header.buffer)), chunk("IDAT", packed), chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(name: string, content: Uint8Array): Bytes {
  const body = joined([new TextEncoder().encode(name), content]);
  return joined([numbers(4, false, content.length), body, numbers(4, false, crc(body))]);
}

/** Numbers of 2 or 4 bytes each. */
function numbers(bytes: 2 | 4, little: boolean, ...values: number[]): Bytes {
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  values.forEach((x, i) => (bytes === 2 ? view.setUint16(2 * i, x, little) : view.setUint32(4 * i, x >>> 0, little)));
  return new Uint8Array(view.buffer);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc(content: Uint8Array): number {
  let value = 0xffffffff;
  for (const x of content) value = TABLE[(value ^ x) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A zip file without compression: PNG files are compressed already. Names are UTF-8. Its date is 1980-01-01. */
function zip(files: [string, Bytes][]): Blob {
  const locals: Bytes[] = [];
  const entries: Bytes[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const title = new TextEncoder().encode(name);
    const common = joined([
      numbers(2, true, 20, 0x800, 0, 0, 0x21), numbers(4, true, crc(content), content.length, content.length),
      numbers(2, true, title.length, 0),
    ]);
    const local = joined([numbers(4, true, 0x04034b50), common, title, content]);
    entries.push(
      joined([
        numbers(4, true, 0x02014b50), numbers(2, true, 20), common, numbers(2, true, 0, 0, 0), numbers(4, true, 0, at), title,
      ]),
    );
    locals.push(local);
    at += local.length;
  }
  const directory = joined(entries);
  const end = joined([
    numbers(4, true, 0x06054b50), numbers(2, true, 0, 0, files.length, files.length),
    numbers(4, true, directory.length, at), numbers(2, true, 0),
  ]);
  return new Blob([...locals, directory, end], { type: "application/zip" });
}
