// `npm start`: sets up, builds what the main job needs, and runs it. Arguments are passed on: `npm start -- --json`.
import process from "node:process";
import { main, must, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  const env = await setUp();
  await must("tsc", ["-b", "examples"], { env, capture: true });
  const { code } = await run(process.execPath, ["examples/dist/geocoder/main.js", ...process.argv.slice(2)], { env });
  return code;
});
