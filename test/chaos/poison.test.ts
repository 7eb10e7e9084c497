import type { BackendIncident } from "@cascata/core";
import { createClient } from "@redis/client";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { corruptions } from "../support/corruptions.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { openRegion, type ProcessRegion } from "./support/process-region.ts";

const keys = ["a", "b", "c", "d", "e"];
const bad = "c";
const asBytes = { typeMapping: { 36: Buffer } } as const;

describeWithServers(
  ["redis-server"],
  "poison: corrupt bytes in Redis, seen by a process that has nothing in memory",
  () => {
    let server: RedisServer;
    let raw: ReturnType<typeof createClient>;
    let writer: ProcessRegion<string>;
    let reader: ProcessRegion<string>;
    let corrupt: BackendIncident[];
    let round = 0;

    beforeAll(async () => {
      server = await startRedisServer();
      raw = createClient({ url: server.url }) as ReturnType<typeof createClient>;
      raw.on("error", () => undefined);
      await raw.connect();
    });
    afterAll(async () => {
      raw.destroy();
      await server.stop();
    });
    beforeEach(async () => {
      const redis = { url: server.url, namespace: `poison${++round}` };
      writer = openRegion<string>({ redis });
      reader = openRegion<string>({ redis });
      const values = new Map(keys.map((key) => [key, `value of ${key}, stored`]));
      await until("the values are stored", async () => (await writer.region.setMulti(values)).confirmed);
      corrupt = [];
      reader.region.on("incident", (incident) => {
        if (incident.what === "corrupt entry") corrupt.push(incident);
      });
    });
    afterEach(async () => {
      await writer[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
    });

    /** Where Redis keeps a key's entry. */
    async function placeOf(key: string): Promise<string> {
      const found = (await server.command("KEYS", `poison${round}:*${key}}`)) as string[];
      expect(found).toHaveLength(1);
      return found[0] as string;
    }

    async function spoil(apply: (bytes: Uint8Array, other: Uint8Array) => Uint8Array): Promise<void> {
      const [place, other] = [await placeOf(bad), await placeOf("a")];
      const read = async (key: string): Promise<Buffer> =>
        (await raw.sendCommand(["GET", key], asBytes)) as unknown as Buffer;
      await raw.sendCommand(["SET", place, Buffer.from(apply(await read(place), await read(other)))]);
    }

    async function expectRepaired(): Promise<void> {
      await until("the entry is repaired", async () => {
        await using third = openRegion<string>({ redis: { url: server.url, namespace: `poison${round}` } });
        return (await third.region.get(bad)) === "made anew";
      });
    }

    it.each(corruptions)("$name: a miss, one event, the creator called, the entry repaired", async ({ apply }) => {
      await spoil(apply);
      let created = 0;
      const value = await reader.region.getOrCreate(bad, () => {
        created += 1;
        return "made anew";
      });
      expect([value, created, corrupt.length]).toEqual(["made anew", 1, 1]);
      await expectRepaired();
    });

    it.each(corruptions)("$name, in a batch: the other keys are as they were", async ({ apply }) => {
      await spoil(apply);
      const wanted: string[] = [];
      const found = await reader.region.getOrCreateMulti(keys, (missing) => {
        wanted.push(...missing);
        return missing.map(() => "made anew");
      });
      expect(wanted).toEqual([bad]);
      expect([...found.values()]).toEqual(keys.map((key) => (key === bad ? "made anew" : `value of ${key}, stored`)));
      expect(corrupt).toHaveLength(1);
      await expectRepaired();
    });
  },
);
