// Four ASCII digits are one 32-bit word: they are read and compared together, without a branch a digit.

/** Whether the four bytes of a little-endian word are digits. */
export function isFourDigits(word: number): boolean {
  return ((word & 0xf0f0f0f0) | 0) === 0x30303030 && (((word + 0x06060606) & 0xf0f0f0f0) | 0) === 0x30303030;
}

/** What four digits say; the first one stands in the lowest byte. */
export function fourDigits(word: number): number {
  const digits = word & 0x0f0f0f0f;
  const pairs = digits * 10 + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}

/** What the sixteen digits at `at` say. */
export function sixteenDigits(view: DataView, at: number): number {
  const high = fourDigits(view.getInt32(at, true)) * 10_000 + fourDigits(view.getInt32(at + 4, true));
  return high * 1e8 + fourDigits(view.getInt32(at + 8, true)) * 10_000 + fourDigits(view.getInt32(at + 12, true));
}

/** The ASCII codes of the lower 16 bits' four hexadecimal digits, the first one in the lowest byte. */
export function hexWord(value: number): number {
  const nibbles = ((value >>> 12) & 15) | (value & 0xf00) | ((value & 0xf0) << 12) | ((value & 15) << 24);
  // In the bytes above 9 adding 6 carries into the upper half: a letter, 39 codes further on.
  const letters = ((nibbles + 0x06060606) >>> 4) & 0x01010101;
  return (nibbles + 0x30303030 + letters * 39) | 0;
}
