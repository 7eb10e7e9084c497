// `npm run soak`: a long run under random faults, half an hour unless told otherwise: `npm run soak -- --seconds 60`.
import { parseArgs } from "node:util";
import { Failure, main } from "./lib/run.mjs";
import { ensureServers } from "./lib/servers.mjs";
import { setUp } from "./lib/setup.mjs";
import { countsLine, runVitest } from "./lib/vitest.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "1800" } } });
  if (!/^[1-9]\d*$/.test(values.seconds))
    throw new Failure(`--seconds: a whole number of seconds, not "${values.seconds}"`);
  const env = { ...(await setUp()), ...(await ensureServers()), CASCATA_SOAK_SECONDS: values.seconds };
  const counts = await runVitest(["test/chaos/soak.test.ts"], env);
  console.log(countsLine(counts));
  return counts.code;
});
