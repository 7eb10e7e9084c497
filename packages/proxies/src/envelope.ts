/** What a payload of bytes begins with when a proxy made it: no text, no JSON and no compressed stream begins so. */
const mark = [0x00, 0xca, 0x5c, 0xa7, 0xa1] as const;

/** `z`: compressed. `e`: encrypted. */
export type EnvelopeKind = "z" | "e";

/** `parts` behind the mark and the letter of its proxy. */
export function sealEnvelope(kind: EnvelopeKind, ...parts: readonly Uint8Array[]): Uint8Array {
  const head = Uint8Array.of(...mark, kind.charCodeAt(0));
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, head.length));
  whole.set(head);
  let at = head.length;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** What stands behind the mark; `undefined` if the payload is no envelope of this kind. */
export function openEnvelope(kind: EnvelopeKind, payload: unknown): Uint8Array | undefined {
  if (!(payload instanceof Uint8Array) || payload.byteLength <= mark.length) return undefined;
  if (payload[mark.length] !== kind.charCodeAt(0) || !mark.every((byte, index) => payload[index] === byte))
    return undefined;
  return payload.subarray(mark.length + 1);
}
