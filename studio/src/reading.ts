/** What files hold that a person gives. */

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

export async function sha256(content: Content): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (x) => x.toString(16).padStart(2, "0")).join("");
}
