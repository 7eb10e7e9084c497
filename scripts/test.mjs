// `npm test`: sets up, finds or installs the servers and runtimes that tests start, and verifies everything.
import process from "node:process";
import { main, run } from "./lib/run.mjs";
import { ensureRuntimes } from "./lib/runtimes.mjs";
import { ensureServers } from "./lib/servers.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  const env = { ...(await setUp()), ...(await ensureServers()), ...(await ensureRuntimes(["bun", "deno"])) };
  const { code } = await run(process.execPath, ["scripts/verify.mjs", ...process.argv.slice(2)], { env });
  return code;
});
