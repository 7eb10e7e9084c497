interface BufferLike {
  toString(encoding: "utf8", start: number, end: number): string;
}

interface Host {
  readonly Buffer?: {
    readonly prototype: object;
    from(buffer: ArrayBuffer): Uint8Array;
  };
}

/** Node's `Buffer` where the runtime has it: a Buffer comes back as a Buffer there and as a Uint8Array elsewhere. */
export const HostBuffer: Host["Buffer"] = (globalThis as unknown as Host).Buffer;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of `bytes` from `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  if (HostBuffer !== undefined && Object.getPrototypeOf(bytes) === HostBuffer.prototype) {
    return (bytes as unknown as BufferLike).toString("utf8", start, end);
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** The UTF-8 bytes of `text`, with `before` bytes of room in front and `after` bytes behind. */
export function utf8Bytes(text: string, before = 0, after = 0): Uint8Array {
  // Most text is ASCII, so its length is tried first: one allocation and no pass that only counts.
  const guess = new Uint8Array(before + text.length + after);
  const end = after === 0 ? guess : guess.subarray(0, before + text.length);
  const { read, written } = encoder.encodeInto(text, before === 0 ? end : end.subarray(before));
  if (read === text.length) return guess;
  const rest = encoder.encode(text.slice(read));
  const exact = new Uint8Array(before + written + rest.length + after);
  exact.set(guess.subarray(0, before + written));
  exact.set(rest, before + written);
  return exact;
}
