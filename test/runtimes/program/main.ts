// What runs in every runtime: the kits and a region's whole life, over the installed packages. Its report goes to where
// the runtime can tell it: to the server that it came from, or to standard output.
import { type Report, runDeclared, textOf } from "./runner.ts";

interface Host {
  readonly Bun?: { readonly version: string };
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly process?: { readonly versions: { readonly node: string } };
  readonly navigator?: { readonly userAgent: string };
  readonly location?: unknown;
  readonly document?: unknown;
  readonly isSecureContext?: boolean;
  BroadcastChannel?: unknown;
}

/** What a runtime tells of itself and of the run. */
export interface RuntimeReport extends Report {
  readonly agent: string;
  /** Global names that were not there before the packages were loaded. */
  readonly addedGlobals: readonly string[];
  /** How many BroadcastChannels were made. */
  readonly channels: number;
}

const host = globalThis as unknown as Host;

/** What is skipped where the runtime can't do it, by title. */
function lacking(): Readonly<Record<string, string>> {
  const noBrotli = host.process === undefined && { "compress, brotli": "browsers can't write brotli" };
  const reason = "WebCrypto needs a secure context";
  const noCrypto = globalThis.crypto.subtle === undefined && {
    encrypt: reason,
    "ten of them, one around another": reason,
  };
  return { ...noBrotli, ...noCrypto };
}

function agent(): string {
  if (host.Bun !== undefined) return `Bun ${host.Bun.version}`;
  if (host.Deno !== undefined) return `Deno ${host.Deno.version.deno}`;
  if (host.process !== undefined) return `Node ${host.process.versions.node}`;
  const version = /Chrome\/([\d.]+)/.exec(host.navigator?.userAgent ?? "")?.[1];
  return `Chromium ${version}, ${host.document === undefined ? "Web Worker" : host.isSecureContext ? "page" : "page without TLS"}`;
}

async function run(): Promise<RuntimeReport> {
  let channels = 0;
  const Channel = host.BroadcastChannel as (new (name: string) => object) | undefined;
  if (Channel !== undefined) {
    host.BroadcastChannel = class extends Channel {
      constructor(name: string) {
        super(name);
        channels += 1;
      }
    };
  }
  // Deno makes a global of its own at the first look at this.
  Reflect.get(host.process ?? {}, "getBuiltinModule");
  const before = new Set(Object.getOwnPropertyNames(globalThis));
  // Not before: what the packages do while they are loaded counts.
  await import("./kits.ts");
  await import("./region.ts");
  const report = await runDeclared(lacking());
  const addedGlobals = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
  return { agent: agent(), ...report, addedGlobals, channels };
}

async function tell(report: unknown): Promise<void> {
  const text = JSON.stringify(report);
  if (host.location === undefined) console.log(text);
  else await fetch("/report", { method: "POST", body: text });
}

await tell(await run().catch((error: unknown) => ({ agent: agent(), crashed: textOf(error) })));
