// Everybody wants one key that is not there: `stampede-worker.js <candidate>` answers how often it was created, and the time a caller.
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { memoryCandidates } from "../candidates/all.ts";
import { profile } from "../candidates/candidate.ts";
import { median } from "../statistics.ts";

const callers = 1000;
const [name] = process.argv.slice(2);
const candidate = memoryCandidates.find((one) => one.name === name);
if (candidate === undefined) throw new Error(`no candidate is called ${name}`);
const cache = await candidate.open({ entries: 10_000, ttlMs: 600_000, redisUrl: undefined });
const { getOrCreate } = cache;
const times: number[] = [];
let creations = 0;
const rounds = 60;
for (let round = 0; round < rounds && getOrCreate !== undefined; round += 1) {
  const create = async () => {
    creations += 1;
    await turn();
    return profile(round);
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: callers }, () => getOrCreate(`stampede:${round}`, create)));
  const { user, system } = process.cpuUsage(before);
  times.push(((user + system) * 1000) / callers);
}
const figures =
  getOrCreate === undefined ? {} : { "creations a key": creations / rounds, "ns a caller": median(times) };
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
