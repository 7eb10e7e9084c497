const most = 1000;

/** About how many bytes a value takes; `Infinity` where it has more than a thousand parts and telling would cost too much. */
export function roughBytes(value: unknown): number {
  const left: unknown[] = [value];
  let bytes = 0;
  for (let parts = 0; left.length > 0; parts += 1) {
    if (parts === most) return Number.POSITIVE_INFINITY;
    const part = left.pop();
    if (typeof part === "string") bytes += 2 * part.length;
    else if (typeof part !== "object" || part === null) bytes += 8;
    else if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) bytes += part.byteLength;
    else {
      const inner =
        part instanceof Map || Array.isArray(part) ? [...part] : part instanceof Set ? [...part] : Object.entries(part);
      if (inner.length > most) return Number.POSITIVE_INFINITY;
      left.push(...inner);
      bytes += 16;
    }
  }
  return bytes;
}
