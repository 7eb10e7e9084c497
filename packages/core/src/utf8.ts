interface BufferLike {
  toString(encoding: "utf8", start: number, end: number): string;
}

interface Host {
  readonly Buffer?: {
    readonly prototype: object;
    from(source: ArrayBuffer): Uint8Array;
    allocUnsafe(bytes: number): Uint8Array;
    byteLength(text: string): number;
  };
}

/** Node's `Buffer` where the runtime has it: a Buffer comes back as a Buffer there and as a Uint8Array elsewhere. */
export const HostBuffer: Host["Buffer"] = (globalThis as unknown as Host).Buffer;

// From here on joining two texts costs more than a second call.
const worthTwoWrites = 2048;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of `bytes` from `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  if (HostBuffer !== undefined && Object.getPrototypeOf(bytes) === HostBuffer.prototype) {
    return (bytes as unknown as BufferLike).toString("utf8", start, end);
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Bytes to be filled, whatever they hold now. A Buffer where the runtime has it, from its pool when small. */
export function newBytes(length: number): Uint8Array {
  return HostBuffer === undefined ? new Uint8Array(length) : HostBuffer.allocUnsafe(length);
}

/** The UTF-8 bytes of `first` and `second`, one after the other. */
export function utf8Bytes(first: string, second = ""): Uint8Array {
  if (HostBuffer === undefined) return encoder.encode(first + second);
  // Counting costs a tenth of writing, and what is counted can be cut from Node's pool, without clearing it first.
  if (second.length < worthTwoWrites) {
    const text = first + second;
    const bytes = HostBuffer.allocUnsafe(HostBuffer.byteLength(text));
    encoder.encodeInto(text, bytes);
    return bytes;
  }
  const start = HostBuffer.byteLength(first);
  const bytes = HostBuffer.allocUnsafe(start + HostBuffer.byteLength(second));
  encoder.encodeInto(first, bytes);
  encoder.encodeInto(second, bytes.subarray(start));
  return bytes;
}

/** The UTF-8 bytes of `text`, and `after` behind them. */
export function utf8Joined(text: string, after: Uint8Array): Uint8Array {
  const before = utf8Bytes(text);
  const whole = newBytes(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}
