import assert from "node:assert/strict";
import type { CacheBackend, ChangeFeed } from "@cascata/core";
import { type BackendHarness, eventually, withPair } from "./harness.ts";
import { RecordingListener } from "./recording-listener.ts";

/** Two clients of one new store, the first of which listens and has found its position. */
export function listening(
  harness: BackendHarness,
  body: (one: CacheBackend, other: CacheBackend, heard: RecordingListener) => Promise<void>,
): Promise<void> {
  return withPair(harness, async (one, other) => {
    const heard = new RecordingListener();
    const leave = feedOf(one).subscribe(heard);
    await eventually(harness, () => assert.equal(feedOf(one).live, true));
    try {
      await body(one, other, heard);
    } finally {
      leave();
    }
  });
}

/** As `eventually`, for what comes only as time passes: retries, heartbeats, bounds of silence. */
export function eventuallyAdvancing(harness: BackendHarness, check: () => void): Promise<void> {
  return eventually(harness, async () => {
    await harness.advance?.(50);
    check();
  });
}

/** The backend's feed, which must be there. */
export function feedOf(backend: CacheBackend): ChangeFeed {
  assert(backend.changes !== undefined, "the backend has no changes");
  return backend.changes;
}
