import { count, duration } from "./text.ts";

/** Where the progress goes: a terminal gets a bar that is drawn over itself, anything else whole lines. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  /** @param done how many of all are done */
  update(done: number): void;
  /** Takes the bar away. Nothing is drawn after it. */
  end(): void;
}

/** Milliseconds between two drawings of the bar. */
const pause = 100;

/**
 * @param total what 100 % is
 * @param stream a terminal: a bar; a file or a pipe: a line for each quarter, no control characters
 * @param now milliseconds
 */
export function progress(total: number, stream: ProgressStream, now: () => number): Progress {
  return stream.isTTY === true ? bar(total, stream, now) : quarters(total, stream, now);
}

/** No progress at all. */
export const silent: Progress = { update() {}, end() {} };

function bar(total: number, stream: ProgressStream, now: () => number): Progress {
  const start = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let ended = false;
  return {
    update(done) {
      if (ended || now() - drawnAt < pause) return;
      drawnAt = now();
      const share = done / total;
      const label = ` ${Math.floor(share * 100)} %  ${count(done)} of ${count(total)}  ${duration(now() - start)}`;
      // A terminal that doesn't know its width says 0.
      const columns = stream.columns || 80;
      const width = Math.max(0, Math.min(40, columns - label.length - 3));
      const full = Math.round(width * share);
      const drawn = width < 8 ? "" : `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
      stream.write(`\r\u001b[K${(drawn + label).slice(0, columns - 1)}`);
    },
    end() {
      ended = true;
      if (drawnAt !== Number.NEGATIVE_INFINITY) stream.write("\r\u001b[K");
    },
  };
}

function quarters(total: number, stream: ProgressStream, now: () => number): Progress {
  const start = now();
  let said = 0;
  return {
    update(done) {
      const quarter = Math.floor((4 * done) / total);
      if (quarter <= said) return;
      said = quarter;
      const percent = `${25 * quarter} %`.padStart(7);
      stream.write(`${percent}  ${count(done).padStart(count(total).length)} requests  ${duration(now() - start)}\n`);
    },
    end() {},
  };
}
