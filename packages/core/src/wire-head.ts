import type { Order } from "./cached-value.ts";
import { SerializationError } from "./errors.ts";
import { utf8Bytes, utf8Text } from "./utf8.ts";

const magic = "cascata1 ";
const magicBytes = utf8Bytes(magic);
/** How many bytes an epoch takes, and where it begins. */
export const epochLength = 12;
export const epochAt: number = magic.length;
const seqLength = 16;
const seqAt = epochAt + epochLength + 1;
const padding = ".";
const paddingByte = 46;
/** The epoch of an entry without a revision. */
export const noEpoch: string = "0".repeat(epochLength);
const space = 32;

/**
 * How many bytes stand before the metadata: `cascata1 `, 12 characters of epoch, a space, 16 digits of sequence number, a
 * space, all ASCII. A store that counts writes them itself, in its atomic step, before the rest of an encoded entry.
 */
export const headBytes: number = seqAt + seqLength + 1;

/** The head of an entry without a revision. */
export const emptyHead: string = `${magic}${noEpoch} ${"0".repeat(seqLength)} `;

/**
 * The head that says `revision`.
 * @throws SerializationError for an epoch that is not 1 to 12 printable ASCII characters, or a number out of range
 */
export function headOf(revision: Order | undefined): string {
  if (revision === undefined) return emptyHead;
  const { epoch, seq } = revision;
  if (!/^[!-~]{1,12}$/.test(epoch) || epoch.endsWith(padding) || !Number.isSafeInteger(seq) || seq < 0) {
    throw new SerializationError(
      `the revision ${JSON.stringify(epoch)}, ${seq} does not fit the head of an entry: an epoch has 1 to ` +
        `${epochLength} printable ASCII characters and ends without "${padding}", a number is a whole one from 0 on`,
    );
  }
  return `${magic}${epoch.padEnd(epochLength, padding)} ${String(seq).padStart(seqLength, "0")} `;
}

/** Whether `bytes` begin as an entry does. */
export function hasHead(bytes: Uint8Array): boolean {
  if (bytes.length < headBytes || bytes[seqAt - 1] !== space || bytes[headBytes - 1] !== space) return false;
  for (let at = 0; at < magicBytes.length; at += 1) if (bytes[at] !== magicBytes[at]) return false;
  for (let at = seqAt; at < headBytes - 1; at += 1) if (!isDigit(bytes[at] ?? 0)) return false;
  return true;
}

/** The revision that a head says, `undefined` for none. Ask {@link hasHead} first. */
export function revisionOf(bytes: Uint8Array): Order | undefined {
  let seq = 0;
  for (let at = seqAt; at < headBytes - 1; at += 1) seq = seq * 10 + ((bytes[at] ?? 0) - 48);
  let end = epochAt + epochLength;
  while (end > epochAt + 1 && bytes[end - 1] === paddingByte) end -= 1;
  const epoch = utf8Text(bytes, epochAt, end);
  return seq === 0 && epoch === noEpoch ? undefined : { epoch, seq };
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
