import {
  type BackendHealth,
  type CacheBackend,
  type CloseReport,
  ConfigurationError,
  type Region,
} from "@cascata/core";
import type { MadeBackend } from "./assemble.ts";
import { type DoctorReport, examine } from "./doctor.ts";
import { hintFor } from "./mistakes.ts";
import type { RegionPlan } from "./plan-regions.ts";

/** What {@link Caches} is made of. */
export interface CachesParts {
  readonly backends: ReadonlyMap<string, MadeBackend>;
  readonly regions: ReadonlyMap<string, { readonly plan: RegionPlan; readonly region: Region }>;
}

/** The regions and backends of one configuration. `Values` says what each region holds. */
export class Caches<Values extends object = Record<string, unknown>> {
  readonly #parts: CachesParts;
  #closing: Promise<ReadonlyMap<string, CloseReport>> | undefined;

  constructor(parts: CachesParts) {
    this.#parts = parts;
  }

  /**
   * The region of this name; the same one each time.
   * @throws ConfigurationError if there is none
   */
  region<N extends keyof Values & string>(name: N): Region<Values[N]> {
    const found = this.#parts.regions.get(name);
    if (found !== undefined) return found.region as Region<Values[N]>;
    const names = [...this.#parts.regions.keys()];
    const expected = `one of ${names.join(", ")}`;
    throw new ConfigurationError({ path: "region", expected, received: name, ...hintFor(String(name), names) });
  }

  /** All regions by name. */
  get regions(): ReadonlyMap<string, Region> {
    return new Map([...this.#parts.regions].map(([name, { region }]) => [name, region]));
  }

  /** The named backends, each with its proxies and protection around it. */
  get backends(): ReadonlyMap<string, CacheBackend> {
    return new Map([...this.#parts.backends].map(([name, { backend }]) => [name, backend]));
  }

  /** Each region's resolved chain in words. */
  async explain(): Promise<string> {
    const texts = await Promise.all([...this.regions.values()].map((region) => region.explain()));
    return texts.join("\n\n");
  }

  /** Which promises hold for each region and why the others do not, and what could be better. */
  doctor(): DoctorReport {
    const regions = [...this.#parts.regions.values()].map(({ plan, region }) => [plan, region] as const);
    return examine(regions, this.backends);
  }

  /** Each backend by name: up, degraded or down, since when, why. */
  health(): ReadonlyMap<string, BackendHealth> {
    return new Map([...this.backends].map(([name, backend]) => [name, backend.health()]));
  }

  /**
   * Ends the regions, each within its `closeTimeout`, then the backends that the configuration made; a live backend that
   * was given stays open. What each region had to leave undone, by name.
   * @throws AggregateError if backends could not be closed; the others are closed all the same
   */
  close(): Promise<ReadonlyMap<string, CloseReport>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<ReadonlyMap<string, CloseReport>> {
    const reports = await Promise.all(
      [...this.regions].map(async ([name, region]) => [name, await region.close()] as const),
    );
    await closeAll([...this.#parts.backends.values()]);
    return new Map(reports);
  }
}

/** Closes what is owned of the backends, all of them whatever happens to one. */
export async function closeAll(backends: readonly MadeBackend[]): Promise<void> {
  const closed = await Promise.allSettled(backends.map(async ({ owned }) => owned?.close()));
  const failed = closed.filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason as unknown);
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} backends could not be closed`);
}
