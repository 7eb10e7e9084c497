import { ConfigurationError, SerializationError, textOf } from "@cascata/core";

/** The names of the ways to compress. */
export const algorithms = ["gzip", "brotli", "zstd"] as const;
export type Algorithm = (typeof algorithms)[number];

/** One way to compress, off the event loop. */
export interface Compressor {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Rejects when the bytes are not its own, or when more than `maxBytes` would come out. */
  decompress(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}

type Callback = (error: Error | null, bytes: Uint8Array) => void;
type ZlibCall = (bytes: Uint8Array, options: object, done: Callback) => void;
type Zlib = Partial<Record<string, ZlibCall>> & { readonly constants: Readonly<Record<string, number>> };

const calls = {
  gzip: ["gzip", "gunzip"],
  brotli: ["brotliCompress", "brotliDecompress"],
  zstd: ["zstdCompress", "zstdDecompress"],
} as const;
const levels: Readonly<Record<Algorithm, readonly [least: number, most: number, usual: number]>> = {
  gzip: [1, 9, 6],
  // The library's own default, 11, takes seconds for a megabyte.
  brotli: [0, 11, 4],
  zstd: [1, 19, 3],
};

/**
 * The runtime's own implementation: `node:zlib`, taken without an import so that bundles for browsers stay free of it,
 * else the web's CompressionStream, which has gzip only and no levels.
 * @throws ConfigurationError if the runtime lacks the algorithm, or the level is not one of its own
 */
export function compressor(algorithm: Algorithm, level: number | undefined, path: string): Compressor {
  const [least, most, usual] = levels[algorithm];
  if (level !== undefined && !(Number.isInteger(level) && level >= least && level <= most)) {
    const expected = `a whole number from ${least} to ${most} for ${algorithm}`;
    throw new ConfigurationError({ path: `${path}.level`, expected, received: level });
  }
  const found = compressorOf(algorithm, level ?? usual);
  if (found !== undefined) return found;
  const available = algorithms.filter((name) => compressorOf(name, 1) !== undefined);
  const expected = `an algorithm of this runtime: ${available.join(", ") || "it has none"}`;
  throw new ConfigurationError({ path: `${path}.algorithm`, expected, received: algorithm });
}

/** The same for bytes that are there already: whatever the runtime has. */
export function decompressor(algorithm: Algorithm): Compressor {
  const found = compressorOf(algorithm, levels[algorithm][2]);
  if (found === undefined) throw new SerializationError(`this runtime can't read ${algorithm}`);
  return found;
}

function compressorOf(algorithm: Algorithm, level: number): Compressor | undefined {
  const zlib = builtinZlib();
  const [compress, decompress] = calls[algorithm].map((name) => zlib?.[name]);
  if (zlib === undefined || compress === undefined || decompress === undefined) {
    return algorithm === "gzip" && typeof CompressionStream === "function" ? webGzip : undefined;
  }
  const { constants } = zlib;
  const options =
    algorithm === "gzip"
      ? { level }
      : {
          params: {
            [Number(constants[algorithm === "zstd" ? "ZSTD_c_compressionLevel" : "BROTLI_PARAM_QUALITY"])]: level,
          },
        };
  return {
    compress: (bytes) => called(compress, bytes, options),
    decompress: (bytes, maxOutputLength) => called(decompress, bytes, { maxOutputLength }),
  };
}

function builtinZlib(): Zlib | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
}

function called(call: ZlibCall, bytes: Uint8Array, options: object): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    call(bytes, options, (error, result) => (error === null ? resolve(result) : reject(unreadable(error))));
  });
}

const webGzip: Compressor = {
  compress: (bytes) => piped(bytes, new CompressionStream("gzip"), Number.POSITIVE_INFINITY),
  decompress: (bytes, maxBytes) => piped(bytes, new DecompressionStream("gzip"), maxBytes),
};

async function piped(
  bytes: Uint8Array,
  through: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const stream = source.pipeThrough(through) as AsyncIterable<Uint8Array>;
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of stream) {
      parts.push(part);
      length += part.byteLength;
      if (length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    }
  } catch (error) {
    throw unreadable(error);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function unreadable(error: unknown): SerializationError {
  return new SerializationError(`compressed bytes can't be read: ${textOf(error)}`, { cause: error });
}
