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

/** The UTF-8 bytes of `text`. */
export function utf8Bytes(text: string): Uint8Array {
  if (HostBuffer === undefined) return encoder.encode(text);
  // Counting costs a tenth of writing, and what is counted can be cut from Node's pool, without clearing it first.
  const bytes = HostBuffer.allocUnsafe(HostBuffer.byteLength(text));
  encoder.encodeInto(text, bytes);
  return bytes;
}

/** Writes `text` into `bytes` at `at`, where there is room for three bytes a character. @returns how many it took */
export function utf8Write(text: string, bytes: Uint8Array, at: number): number {
  return encoder.encodeInto(text, at === 0 ? bytes : bytes.subarray(at)).written;
}

/** The parts, one after the other. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = newBytes(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The same bytes, for reading words: stored bytes begin anywhere in a larger buffer, and a DataView asks for no alignment. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Not more than what is read from a socket at once: a larger buffer is not to be kept. */
const largestKept = 2 ** 17;

/**
 * Views of whole buffers. What is read together mostly lies in one buffer, and making a view takes as long as a checksum, so
 * the last one is kept.
 */
export class Views {
  #buffer: ArrayBufferLike = new ArrayBuffer(0);
  #view = new DataView(this.#buffer);

  /** A view of the buffer that the bytes are a part of, from its beginning. */
  around({ buffer }: Uint8Array): DataView {
    if (buffer === this.#buffer) return this.#view;
    const view = new DataView(buffer);
    if (buffer.byteLength <= largestKept) {
      this.#buffer = buffer;
      this.#view = view;
    }
    return view;
  }
}
