/** PNG files. */

import { joined, numbers, type Bytes } from "./bytes";
import type { Picture } from "./pixels";

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

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

/** CRC-32, which zip files have too. */
export function crc(content: Uint8Array): number {
  let value = 0xffffffff;
  for (const x of content) value = TABLE[(value ^ x) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
