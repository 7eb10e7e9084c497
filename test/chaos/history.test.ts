import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { scaled } from "../support/scale.ts";
import { until } from "../support/until.ts";
import { type CellFault, faults, openCell } from "./support/cells.ts";
import type { ProcessHistory } from "./support/history-record.ts";
import { judge, type Promises } from "./support/judge.ts";

const keys = 60;
const reads = scaled(10_000, 100_000);
/** A fault comes once in each round: calm, fault, calm. */
const rounds = scaled(1, 5);
const calmMs = 1500;
const faultMs = 4000;
const roundMs = faultMs + 2 * calmMs;

const maxStalenessMs = 2000;
const leaseMs = 2000;
/** The feed's bound of silence, and an operation's deadline. */
const silenceMs = 1000;
const deadlineMs = 250;

/**
 * Without a fault a change is heard at once. With one, a process serves what it holds until it knows that it may have
 * missed something (the bound of silence), and then at most `maxStaleness` counted from when it last heard, before it
 * asks; asking ends with the deadline. The process that made a change never returns anything older, but for a Cluster,
 * which may lose an acknowledged change with its master: it is sent again when the new one is known.
 */
function promised(fault: CellFault): Promises {
  if (fault === "none") return { staleMs: 50, ownStaleMs: 0, excuseStalls: true, leaseMs };
  const staleMs = Math.max(silenceMs, maxStalenessMs) + deadlineMs + 50;
  const leased = ["feed cut", "feed black-holed", "slow link", "worker stopped and continued"].includes(fault);
  const ownStaleMs = fault === "Cluster failover" ? staleMs : 0;
  return { staleMs, ownStaleMs, excuseStalls: false, leaseMs: leased ? leaseMs : 0 };
}

describeWithServers(["redis-server"], "real processes, real Redis", () => {
  const rows: TableRow[] = [];
  afterAll(() => keepTable("chaos-history", "Three processes over one Redis: what their reads saw", rows));

  it.each(faults)("%s", { timeout: rounds * roundMs + 120_000 }, async (fault) => {
    const stops = fault === "worker stopped and continued";
    await using cell = await openCell(fault, { maxStalenessMs, region: { lease: leaseMs, ttl: "5s" } });
    const shared = { keys, reads: reads / 3, durationMs: rounds * roundMs, slowCreators: stops ? 0.1 : 0.01 };
    const histories = cell.processes.map((worker, id) =>
      worker.call<ProcessHistory>("workload", { ...shared, process: id, seed: 7 + id }),
    );
    for (let round = 0; round < rounds; round += 1) {
      await pause(calmMs);
      await cell.begin();
      await pause(faultMs);
      await cell.end();
      await pause(calmMs);
    }
    const all = await Promise.all(histories);
    const { violations, ...figures } = judge(all, promised(fault));
    const failed = all.flatMap((one) => one.reads).filter(([, , , version]) => version === -2).length;
    const pending = all.flatMap((one) => one.changes).filter(({ confirmedAt }) => confirmedAt < 0).length;
    const slowest = Math.max(...all.map(({ slowestMs }) => slowestMs));
    rows.push({
      fault,
      reads: figures.reads,
      changes: figures.changes,
      creations: figures.creations,
      "without asking Redis": figures.unasked,
      "failed reads": failed,
      "bound ms": promised(fault).staleMs,
      "older than a confirmed change": figures.stale,
      "by at most ms": Math.round(figures.oldestMs),
      "slowest call ms": Math.round(slowest),
      violations: violations.length,
    });
    const errors = [...new Set(all.flatMap((one) => one.errors))].slice(0, 5).join("\n");
    expect.soft(violations.slice(0, 5), errors).toEqual([]);
    expect.soft(pending, "changes that were never confirmed").toBe(0);
    expect.soft(figures.reads).toBeGreaterThanOrEqual(reads);
    if (fault === "none") expect.soft(failed, errors).toBe(0);
    await until("all processes agree with the origin", async () => {
      const versions = await Promise.all(cell.processes.map((worker) => worker.call<number[]>("versions", keys)));
      return versions.every((one) => one.every((version, index) => version === versions[0]?.[index]));
    });
  });
});
