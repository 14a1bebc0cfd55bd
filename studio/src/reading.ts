/** What files hold that a person gives. */

import { sha256 as hash } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import { Problem } from "./space";

const MOST_BYTES = 64 * 2 ** 20;

export type Content = Uint8Array<ArrayBuffer>;

export async function readContent(file: File): Promise<Content> {
  if (file.size > MOST_BYTES) throw new Problem(`It has more than ${MOST_BYTES / 2 ** 20} MiB. Choose a smaller file.`);
  if (!file.size) throw new Problem("The file is empty. Choose another one.");
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Problem("The file cannot be read. Choose it again.");
  }
}

/** In lower-case digits. The browser's own is missing in pages from other machines without https. */
export function sha256(content: Uint8Array): string {
  return bytesToHex(hash(content));
}
