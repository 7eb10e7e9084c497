import { SerializationError } from "@cascata/core";

/** What a store keeps of one entry: when it is to be gone, and the bytes of the wire format. */
export interface StoredEntry {
  /** By the clock of the process that wrote it, whole milliseconds; `undefined`: never. */
  readonly expiresAt: number | undefined;
  readonly bytes: Uint8Array;
}

const textForm = /^([tb])(\d{1,16}|-) /;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * An entry as a text that any store keeps: one that speaks JSON, one with a text column, one that keeps bytes. It begins with
 * `t` (the wire bytes as they are, readable) or `b` (in base64, where they are not UTF-8 or hold a NUL, which some databases
 * refuse), then the instant of expiry or `-`, and a space.
 */
export function toText({ expiresAt, bytes }: StoredEntry): string {
  const expiry = expiresAt === undefined ? "-" : String(expiresAt);
  const plain = plainText(bytes);
  return plain === undefined ? `b${expiry} ${toBase64(bytes)}` : `t${expiry} ${plain}`;
}

/** @throws SerializationError if the text isn't one of {@link toText} */
export function fromText(text: string): StoredEntry {
  const head = textForm.exec(text);
  if (head === null) throw new SerializationError("not an entry of Cascata");
  const body = text.slice(head[0].length);
  const expiresAt = head[2] === "-" ? undefined : Number(head[2]);
  return { expiresAt, bytes: head[1] === "t" ? encoder.encode(body) : fromBase64(body) };
}

function plainText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Node, Bun and Deno have it, and it is thirty times as fast as what every runtime has. */
const host = (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;
const chunk = 0x8000;

function toBase64(bytes: Uint8Array): string {
  if (host !== undefined) return host.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  let binary = "";
  // Spread into arguments, so in pieces: a call takes some ten thousands of them.
  for (let at = 0; at < bytes.length; at += chunk) binary += String.fromCharCode(...bytes.subarray(at, at + chunk));
  return btoa(binary);
}

/** What is damaged may come out shorter here and fail there; the wire's own checksum finds it either way. */
function fromBase64(text: string): Uint8Array {
  if (host !== undefined) {
    const { buffer, byteOffset, length } = host.from(text, "base64");
    return new Uint8Array(buffer, byteOffset, length);
  }
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
