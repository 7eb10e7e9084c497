import { type Fault, faults } from "./faults.ts";
import { simulate } from "./simulate.ts";

/** `--seeds N --from N --fault NAME`: runs seeds one after another and prints what fails. */
const args = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const index = args.indexOf(`--${name}`);
  return index < 0 ? undefined : args[index + 1];
};
const from = Number(option("from") ?? 1);
const count = Number(option("seeds") ?? 1000);
const most = Number(option("failures") ?? 5);
const fault = option("fault") as Fault | undefined;
if (fault !== undefined && !faults.includes(fault)) throw new Error(`--fault: one of ${faults.join(", ")}`);

let reads = 0;
let failed = 0;
const startedAt = performance.now();
for (let seed = from; seed < from + count && failed < most; seed += 1) {
  const report = await simulate({ seed, ...(fault !== undefined && { fault }) });
  reads += report.reads;
  if (report.violations.length === 0) continue;
  failed += 1;
  const [first] = report.violations;
  const key = /k\d+/.exec(first?.text ?? "")?.[0] ?? "k0";
  console.log(
    `seed ${seed} (${report.fault}): ${report.violations.length} violations\n  ${first?.rule}: ${first?.text}`,
  );
  if (args.includes("--history")) console.log(report.history.excerpt(key).replace(/^/gm, "    "));
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${count} seeds, ${reads} reads, ${failed} failing, ${seconds.toFixed(1)} s`);
process.exitCode = failed === 0 ? 0 : 1;
