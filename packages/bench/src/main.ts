// `npm run bench`
import { parseArgs } from "node:util";
import { measureFar } from "./speed/far.ts";
import { measureMemory } from "./speed/memory.ts";
import { ratioTable } from "./speed/table.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "memory,far" },
    candidates: { type: "string", default: "" },
    entries: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    operations: { type: "string", default: "all" },
  },
});
const candidates = values.candidates === "" ? [] : values.candidates.split(",");
const rounds = Number(values.rounds);
const { operations } = values;
if (values.parts.includes("memory"))
  console.log(
    ratioTable(await measureMemory({ candidates, entries: Number(values.entries), rounds, samples: 7, operations })),
  );
if (values.parts.includes("far")) {
  const { wall, processor } = await measureFar({ candidates, rounds, samples: 7, operations });
  console.log(`\nthe wall's time\n\n${ratioTable(wall)}`);
  console.log(`\nthis process's own time\n\n${ratioTable(processor)}`);
}
