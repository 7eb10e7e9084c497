import type { Order } from "./cached-value.ts";
import { SerializationError } from "./errors.ts";
import { utf8Bytes, viewOf } from "./utf8.ts";
import { isFourDigits, sixteenDigits } from "./wire-digits.ts";

const magic = "cascata1 ";
const magicView = viewOf(utf8Bytes(magic));
const magicWords = [magicView.getInt32(0, true), magicView.getInt32(4, true)] as const;
/** How many bytes an epoch takes, and where it begins. */
export const epochLength = 12;
export const epochAt: number = magic.length;
const seqLength = 16;
/** How many bytes an order takes: epoch, space, number. */
export const orderLength: number = epochLength + 1 + seqLength;
const seqAt = epochAt + epochLength + 1;
const padding = ".";
const paddingByte = 46;
/** Four of the digit 0. */
const zeros = 0x30303030;
/** The epoch of an entry without a revision. */
export const noEpoch: string = "0".repeat(epochLength);
/** What stands for no order. */
export const noOrderText: string = `${noEpoch} ${"0".repeat(seqLength)}`;
const space = 32;

/**
 * How many bytes stand before the metadata: `cascata1 `, 12 characters of epoch, a space, 16 digits of sequence number, a
 * space, all ASCII. A store that counts writes them itself, in its atomic step, before the rest of an encoded entry.
 */
export const headBytes: number = seqAt + seqLength + 1;

/** The head of an entry without a revision. */
export const emptyHead: string = `${magic}${noOrderText} `;

/**
 * The head that says `revision`.
 * @throws SerializationError for an epoch that is not 1 to 12 printable ASCII characters, or a number out of range
 */
export function headOf(revision: Order | undefined): string {
  if (revision === undefined) return emptyHead;
  const text = orderText(revision);
  if (text !== undefined) return `${magic}${text} `;
  throw new SerializationError(
    `the revision ${JSON.stringify(revision.epoch)}, ${revision.seq} does not fit the head of an entry: an epoch has 1 to ` +
      `${epochLength} printable ASCII characters and ends without "${padding}", a number is a whole one from 0 on`,
  );
}

/** An order in its {@link orderLength} characters; `undefined` for one that does not fit. */
export function orderText({ epoch, seq }: Order): string | undefined {
  if (!/^[!-~]{1,12}$/.test(epoch) || epoch.endsWith(padding) || !Number.isSafeInteger(seq) || seq < 0)
    return undefined;
  return `${epoch.padEnd(epochLength, padding)} ${String(seq).padStart(seqLength, "0")}`;
}

/** The order that such a text says; `undefined` for none. */
export function orderIn(text: string): Order | undefined {
  const [epoch = "", seq] = text.split(" ");
  return text === noOrderText ? undefined : { epoch: epoch.replace(/(?<=.)\.+$/, ""), seq: Number(seq) };
}

/** Whether what `view` shows from `from` to `end` begins as an entry does. */
export function hasHead(view: DataView, from: number, end: number): boolean {
  return (
    end - from >= headBytes &&
    view.getInt32(from, true) === magicWords[0] &&
    view.getInt32(from + 4, true) === magicWords[1] &&
    view.getUint8(from + epochAt - 1) === space &&
    view.getUint8(from + seqAt - 1) === space &&
    view.getUint8(from + headBytes - 1) === space &&
    isFourDigits(view.getInt32(from + seqAt, true)) &&
    isFourDigits(view.getInt32(from + seqAt + 4, true)) &&
    isFourDigits(view.getInt32(from + seqAt + 8, true)) &&
    isFourDigits(view.getInt32(from + seqAt + 12, true))
  );
}

/** Reads orders as {@link orderText} spells them. Most name the epoch of the one before, and need no text of their own for it. */
export class OrderReader {
  #epoch = "";
  #first = 0;
  #second = 0;
  #third = 0;

  /** The order at `at`, `undefined` for none. */
  read(view: DataView, at: number): Order | undefined {
    const first = view.getInt32(at, true);
    const second = view.getInt32(at + 4, true);
    const third = view.getInt32(at + 8, true);
    const seq = sixteenDigits(view, at + epochLength + 1);
    if (first === zeros && second === zeros && third === zeros && seq === 0) return undefined;
    if (first !== this.#first || second !== this.#second || third !== this.#third) {
      this.#first = first;
      this.#second = second;
      this.#third = third;
      this.#epoch = epochIn(view, at);
    }
    return { epoch: this.#epoch, seq };
  }
}

function epochIn(view: DataView, at: number): string {
  let end = at + epochLength;
  while (end > at + 1 && view.getUint8(end - 1) === paddingByte) end -= 1;
  return String.fromCharCode(...Array.from({ length: end - at }, (_, index) => view.getUint8(at + index)));
}

/** The revision that the head at `from` says, `undefined` for none. Ask {@link hasHead} first. */
export function revisionOf(view: DataView, from: number): Order | undefined {
  return new OrderReader().read(view, from + epochAt);
}
