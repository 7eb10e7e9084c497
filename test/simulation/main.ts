import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { type Fault, faults } from "./faults.ts";
import { type Focus, simulate } from "./simulate.ts";

/** Seeds that are run one after another. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly fault: Fault | undefined;
  readonly focus: Focus | undefined;
  /** Stop after so many failing seeds. */
  readonly most: number;
  readonly withHistory: boolean;
}

interface BlockReport {
  readonly reads: number;
  readonly shared: number;
  /** By seed: what is to be printed. */
  readonly failures: readonly (readonly [number, string])[];
}

const blockSize = 50;

async function runBlock({ from, to, fault, focus, most, withHistory }: Block): Promise<BlockReport> {
  // Errors by the thousand are part of the game, and their stacks are its dearest part: kept where somebody looks closer.
  Error.stackTraceLimit = withHistory ? 10 : 0;
  const failures: (readonly [number, string])[] = [];
  let [reads, shared] = [0, 0];
  for (let seed = from; seed < to && failures.length < most; seed += 1) {
    const report = await simulate({
      seed,
      ...(fault !== undefined && { fault }),
      ...(focus !== undefined && { focus }),
    });
    reads += report.reads;
    shared += report.sharedErrors;
    const [first] = report.violations;
    if (first === undefined) continue;
    const key = /(?:b\/)?k\d+/.exec(first.text)?.[0] ?? "k0";
    const text = `seed ${seed} (${report.fault}; ${report.world}): ${report.violations.length} violations\n  ${first.rule}: ${first.text}`;
    failures.push([seed, withHistory ? `${text}\n${report.history.excerpt(key).replace(/^/gm, "    ")}` : text]);
  }
  return { reads, shared, failures };
}

function optionOf(name: string): string | undefined {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? undefined : process.argv[index + 1];
}

/** `--seeds N --from N --fault NAME --focus JSON --failures N --threads N --history`: runs seeds and prints what fails. */
async function runAll(): Promise<void> {
  const from = Number(optionOf("from") ?? 1);
  const count = Number(optionOf("seeds") ?? 1000);
  const most = Number(optionOf("failures") ?? 5);
  const fault = optionOf("fault") as Fault | undefined;
  if (fault !== undefined && !faults.includes(fault)) throw new Error(`--fault: one of ${faults.join(", ")}`);
  const focusText = optionOf("focus");
  const focus = focusText === undefined ? undefined : (JSON.parse(focusText) as Focus);
  const withHistory = process.argv.includes("--history");
  const threads = Math.min(Number(optionOf("threads") ?? availableParallelism()), Math.ceil(count / blockSize));
  const failures: (readonly [number, string])[] = [];
  let [next, reads, shared] = [from, 0, 0];
  const startedAt = performance.now();
  const take = (): Block | undefined => {
    const left = most - failures.length;
    if (next >= from + count || left <= 0) return undefined;
    const block = { from: next, to: Math.min(next + blockSize, from + count), fault, focus, most: left, withHistory };
    next = block.to;
    return block;
  };
  const done = (report: BlockReport) => {
    reads += report.reads;
    shared += report.shared;
    failures.push(...report.failures);
  };
  if (threads <= 1) for (let block = take(); block !== undefined; block = take()) done(await runBlock(block));
  else await Promise.all(Array.from({ length: threads }, () => runInThread(take, done)));
  const seconds = (performance.now() - startedAt) / 1000;
  failures.sort(([a], [b]) => a - b);
  for (const [, text] of failures.slice(0, most)) console.log(text);
  console.log(
    `${count} seeds, ${reads} reads, ${shared} shared failures, ${failures.length} failing, ${seconds.toFixed(1)} s`,
  );
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function runInThread(take: () => Block | undefined, done: (report: BlockReport) => void): Promise<void> {
  const thread = new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    const go = () => {
      const block = take();
      if (block === undefined) void thread.terminate().then(() => resolve());
      else thread.postMessage(block);
    };
    thread.on("message", (report: BlockReport) => {
      done(report);
      go();
    });
    thread.on("error", reject);
    go();
  });
}

if (isMainThread) await runAll();
else
  parentPort?.on("message", (block: Block) => {
    void runBlock(block).then((report) => parentPort?.postMessage(report));
  });
