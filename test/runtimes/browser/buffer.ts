/** Stands for `node:buffer` in browsers, which have no Buffer: its bytes are plain, and nothing is one. */
export const Buffer = {
  from: (source: string | readonly number[]): Uint8Array =>
    typeof source === "string" ? new TextEncoder().encode(source) : Uint8Array.from(source),
  alloc: (length: number): Uint8Array => new Uint8Array(length),
  isBuffer: (_value: unknown): boolean => false,
};
