import { ConfigurationError, nearest } from "@cascata/core";

/** A key of 16 or 32 bytes (AES-128 or AES-256), as bytes or in base64 or hexadecimal digits. */
export type KeyMaterial = Uint8Array | string;

/** A key as WebCrypto keeps it. */
export type ImportedKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>;

/** Named keys, one of which encrypts; all decrypt. */
export class KeyRing {
  readonly current: string;
  readonly #material: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly #imported = new Map<string, Promise<ImportedKey>>();

  /** @throws ConfigurationError; what it says of a key is its length, never the key */
  constructor(keys: Readonly<Record<string, KeyMaterial>>, current: string, path: string) {
    if (globalThis.crypto?.subtle === undefined) {
      throw new ConfigurationError({
        path,
        expected: "a runtime with WebCrypto (in browsers: a secure context)",
        received: undefined,
      });
    }
    if (typeof keys !== "object" || keys === null || Object.keys(keys).length === 0) {
      throw new ConfigurationError({ path: `${path}.keys`, expected: "one named key or more", received: typeof keys });
    }
    this.#material = new Map(Object.entries(keys).map(([id, key]) => [id, materialOf(id, key, `${path}.keys.${id}`)]));
    if (!this.#material.has(current)) {
      const ids = [...this.#material.keys()];
      const near = nearest(String(current), ids);
      const mistake = { path: `${path}.use`, expected: `the name of a key: ${ids.join(", ")}`, received: current };
      throw new ConfigurationError(near === undefined ? mistake : { ...mistake, hint: `did you mean "${near}"?` });
    }
    this.current = current;
  }

  /** The key of this name; `undefined`: there is none. */
  key(id: string): Promise<ImportedKey> | undefined {
    const material = this.#material.get(id);
    if (material === undefined) return undefined;
    let key = this.#imported.get(id);
    if (key === undefined) {
      key = crypto.subtle.importKey("raw", material, "AES-GCM", false, ["encrypt", "decrypt"]);
      this.#imported.set(id, key);
    }
    return key;
  }
}

function materialOf(id: string, key: KeyMaterial, path: string): Uint8Array<ArrayBuffer> {
  const bytes =
    typeof key === "string" ? fromText(key.trim()) : key instanceof Uint8Array ? new Uint8Array(key) : undefined;
  const idLength = new TextEncoder().encode(id).byteLength;
  if (bytes !== undefined && (bytes.length === 16 || bytes.length === 32) && idLength > 0 && idLength < 256)
    return bytes;
  // The text itself is a secret: it must not reach a log through an error message.
  const received = bytes === undefined ? `a ${typeof key}` : `${bytes.length} bytes`;
  throw new ConfigurationError({
    path,
    expected: "16 or 32 bytes, as such or in base64 or hexadecimal digits",
    received,
  });
}

function fromText(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (/^(?:[\da-f]{32}|[\da-f]{64})$/i.test(text)) {
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
