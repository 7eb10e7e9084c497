// Changes something while there is no Redis, and waits as it is told to: `node unconfirmed-child.mjs PORT CALL WAIT`.
import { InvalidationPendingError, type WriteReport } from "@cascata/core";
import { openRegion } from "./process-region.ts";

const [port, call, wait] = process.argv.slice(2);
const { region } = openRegion({
  redis: { url: `redis://127.0.0.1:${port}` },
  region: { unconfirmed: call === "rejected" ? "reject" : "resolve" },
});

const calls: Readonly<Record<string, () => Promise<WriteReport>>> = {
  delete: () => region.delete("k"),
  set: () => region.set("k", 1),
  invalidate: () => region.invalidateTags(["t"]),
  rejected: () => region.delete("k"),
};
const change = calls[call ?? ""];
if (change === undefined) throw new Error(`there is no call "${call}"`);

const report = await change().catch((error: unknown) => {
  if (error instanceof InvalidationPendingError) return error;
  throw error;
});
console.log("not confirmed");
if (wait === "closed") setTimeout(() => void region.close().then(() => console.log("closed")), 300);
if (wait !== "never") await report.settled;
console.log("ended");
