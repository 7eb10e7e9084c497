/** Stops this thread for so long. For what has to be answered at once, and depends on what another process does. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
