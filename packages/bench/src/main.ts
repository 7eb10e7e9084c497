// `npm run bench`
import { parseArgs } from "node:util";
import { measureMemory } from "./speed/memory.ts";
import { ratioTable } from "./speed/table.ts";

const { values } = parseArgs({
  options: {
    candidates: { type: "string", default: "" },
    entries: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    operations: { type: "string", default: "all" },
  },
});
const rounds = await measureMemory({
  candidates: values.candidates === "" ? [] : values.candidates.split(","),
  entries: Number(values.entries),
  rounds: Number(values.rounds),
  samples: 7,
  operations: values.operations,
});
console.log(ratioTable(rounds));
