import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks `condition` again and again until it holds. Only for real servers and sockets: everything else in the tests runs on
 * a manual clock. A condition that throws does not hold yet; its last error is the cause of the final one.
 *
 * @throws Error naming `what` when the condition does not hold within `withinMs` milliseconds (10 s by default).
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`, { cause });
    await pause(15);
  }
}
