/** What the page saves: files, a manifest with the columns of Python's, and a zip of both. */

import { joined, numbers, type Bytes } from "./bytes";
import { crc } from "./png";
import { sha256 } from "./reading";
import type { Amounts, Attribute, Description } from "./space";

type Row = Record<string, string | number>;

export interface Source {
  name: string;
  sha256: string;
}

/** more: columns that the kind of data has beside those of all. */
export interface Entry {
  content: Bytes;
  weight: number;
  amounts: Amounts;
  more: Row;
}

/** Columns as in output/description.py. */
const COLUMNS = [
  "file", "role", "pair", "position", "weight", "source_a", "sha256_a", "source_b", "sha256_b",
  "spacing", "features", "refine", "scale", "attributes", "space_sha256", "gaiamorph_version",
  "attributes_sha256", "columns", "detail", "full_size", "sha256", "blend", "space",
] as const;

/** A zip file with the frames and manifest.csv. `gaiamorph morph --manifest` reads it. */
export function archive(
  frames: Entry[], a: Source, b: Source, space: Description, suffix: string, same: { spacing: string; detail: string },
): Blob {
  const files: [string, Bytes][] = [];
  const columns = [...COLUMNS, ...Object.keys(frames[0].more)];
  const rows: string[] = [columns.join(",")];
  const vectors = identity(new Set(frames.flatMap((frame) => Object.keys(frame.amounts))), space.attributes);
  for (const [position, { content, weight, amounts, more }] of frames.entries()) {
    const file = `frame_${String(position).padStart(4, "0")}${suffix}`;
    files.push([file, content]);
    const own: Record<(typeof COLUMNS)[number], string | number> = {
      file, role: "frame", pair: 0, position, weight: decimal(weight),
      source_a: a.name, sha256_a: a.sha256, source_b: b.name, sha256_b: b.sha256,
      ...same, features: "", refine: 0, scale: 1, attributes: JSON.stringify(amounts), space_sha256: space.sha256,
      gaiamorph_version: space.gaiamorph_version, attributes_sha256: vectors, columns: 0, full_size: 0,
      sha256: sha256(content), blend: "False", space: space.origin,
    };
    const row: Row = { ...own, ...more };
    rows.push(columns.map((column) => cell(String(row[column]))).join(","));
  }
  files.push(["manifest.csv", new TextEncoder().encode(`${rows.join("\r\n")}\r\n`)]);
  return zip(files);
}

/** Python writes 0.0 where JavaScript writes 0. */
export function decimal(x: number): string {
  return Number.isInteger(x) ? x.toFixed(1) : String(x);
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** SHA-256 over the vectors in order of name (`identity` in space/info.py). Empty if there are none. */
function identity(names: Set<string>, attributes: Record<string, Attribute>): string {
  const parts = [...names].sort().flatMap((name) => [
    new TextEncoder().encode(`${name}\n`), new Uint8Array(Float32Array.from(attributes[name].vector).buffer),
  ]);
  return parts.length ? sha256(joined(parts)) : "";
}

/** A zip file without compression, which PNG files have already. Names are UTF-8. Its date is 1980-01-01. */
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
