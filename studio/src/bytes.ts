/** Bytes of files that are written. */

export type Bytes = Uint8Array<ArrayBuffer>;

export function joined(parts: Uint8Array[]): Bytes {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/** Numbers of 2 or 4 bytes each. */
export function numbers(bytes: 2 | 4, little: boolean, ...values: number[]): Bytes {
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  values.forEach((x, i) => (bytes === 2 ? view.setUint16(2 * i, x, little) : view.setUint32(4 * i, x >>> 0, little)));
  return new Uint8Array(view.buffer);
}
