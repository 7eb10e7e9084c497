import { type CacheBackend, ReadFailure } from "@cascata/core";
import { until } from "../support/until.ts";

/** The backend, once it answers: a busy machine may take longer to connect than a first call waits. */
export async function connected<B extends CacheBackend>(backend: B): Promise<B> {
  await until("the backend answers", async () => !((await backend.get("is it there?")) instanceof ReadFailure), 15_000);
  return backend;
}
