import { isTimeout, TimeoutError, withDeadline } from "@cascata/core";
import { deferred, ManualClock, settled } from "@cascata/testing";
import { describe, expect, test } from "vitest";

describe("withDeadline", () => {
  test("gives the answer and leaves no timer", async () => {
    const clock = new ManualClock();
    const answer = deferred<number>();
    const bounded = withDeadline(answer.promise, 250, clock, "reading");
    expect(clock.pending).toBe(1);
    answer.resolve(7);
    await expect(bounded).resolves.toBe(7);
    expect(clock.pending).toBe(0);
  });

  test("gives the error as it is and leaves no timer", async () => {
    const clock = new ManualClock();
    const answer = deferred<number>();
    const bounded = withDeadline(answer.promise, 250, clock, "reading");
    const error = new Error("refused");
    answer.reject(error);
    await expect(bounded).rejects.toBe(error);
    expect(clock.pending).toBe(0);
  });

  test("rejects at the deadline, not before", async () => {
    const clock = new ManualClock();
    const outcome: unknown[] = [];
    withDeadline(new Promise(() => undefined), 250, clock, "reading").catch((error: unknown) => outcome.push(error));
    await clock.advance(249);
    expect(outcome).toEqual([]);
    await clock.advance(1);
    expect(outcome[0]).toBeInstanceOf(TimeoutError);
    expect(outcome[0]).toMatchObject({ code: "TIMEOUT", what: "reading", afterMs: 250 });
    expect(isTimeout(outcome[0])).toBe(true);
    expect(isTimeout(new Error("slow"))).toBe(false);
  });

  test("hands a late answer to `late` and swallows a late error", async () => {
    const clock = new ManualClock();
    const late: number[] = [];
    const first = deferred<number>();
    const second = rejectable();
    const bounded = [first.promise, second.promise].map((promise) =>
      withDeadline(promise, 10, clock, "reading", (value) => late.push(value)).catch(() => "timed out"),
    );
    await clock.advance(10);
    await expect(Promise.all(bounded)).resolves.toEqual(["timed out", "timed out"]);
    first.resolve(3);
    // Vitest fails the run on an unhandled rejection.
    second.reject(new Error("late"));
    await settled();
    expect(late).toEqual([3]);
  });

  test("an answer in time is not late", async () => {
    const clock = new ManualClock();
    const late: number[] = [];
    await withDeadline(Promise.resolve(1), 10, clock, "reading", (value) => late.push(value));
    await clock.advance(20);
    expect(late).toEqual([]);
  });

  test("Infinity is no deadline and no timer", () => {
    const clock = new ManualClock();
    void withDeadline(new Promise(() => undefined), Number.POSITIVE_INFINITY, clock, "reading");
    expect(clock.pending).toBe(0);
  });
});

/** Unlike `deferred`, its promise has no handler of its own: nobody but the code under test can swallow the rejection. */
function rejectable(): { readonly promise: Promise<number>; reject(error: Error): void } {
  const hooks: { reject?: (error: Error) => void } = {};
  const promise = new Promise<number>((_resolve, reject) => {
    hooks.reject = reject;
  });
  return { promise, reject: (error) => hooks.reject?.(error) };
}
