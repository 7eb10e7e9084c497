// `npm run bench`: sets up, builds, and runs the benchmarks of packages/bench. Arguments are passed on.
import process from "node:process";
import { main, must, run } from "./lib/run.mjs";
import { ensureServers } from "./lib/servers.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  const env = { ...(await setUp()), ...(await ensureServers()) };
  await must("tsc", ["-b", "packages/bench"], { env });
  const { code } = await run(process.execPath, ["packages/bench/dist/main.js", ...process.argv.slice(2)], { env });
  return code;
});
