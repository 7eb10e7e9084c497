import { Client, type EnginePrototype, Policy } from "@hapi/catbox";
import { Engine as MemoryEngine } from "@hapi/catbox-memory";
import { Engine as RedisEngine } from "@hapi/catbox-redis";
import type { Cache, Candidate, Create, Profile, Setup } from "./candidate.ts";

async function open({ ttlMs, redisUrl }: Setup): Promise<Cache> {
  const client =
    redisUrl === undefined
      ? new Client<Profile>(MemoryEngine as unknown as EnginePrototype<Profile>, { maxByteSize: 2 ** 30 } as never)
      : new Client<Profile>(
          RedisEngine as unknown as EnginePrototype<Profile>,
          {
            host: "127.0.0.1",
            port: Number(new URL(redisUrl).port),
            partition: "catbox",
          } as never,
        );
  await client.start();
  let create: Create | undefined;
  const options = {
    expiresIn: ttlMs,
    generateTimeout: 5000,
    generateFunc: async (id: string | { id: string }) => create?.(typeof id === "string" ? id : id.id) as Profile,
  };
  const policy = new Policy<Profile, typeof options>(options, client, "profiles");
  const plain = new Policy<Profile, { expiresIn: number }>({ expiresIn: ttlMs }, client, "profiles");
  return {
    get: (key) => plain.get(key) as Promise<unknown>,
    getOrCreate: (key, make) => {
      create = make;
      return policy.get(key) as Promise<unknown>;
    },
    getMulti: (keys) => Promise.all(keys.map((key) => plain.get(key))),
    set: (key, value) => plain.set(key, value),
    setMulti: (mapping) => Promise.all([...mapping].map(([key, value]) => plain.set(key, value))),
    delete: (key) => plain.drop(key),
    oneByOne: ["getMulti", "setMulti"],
    close: () => client.stop(),
  };
}

export const catboxMemory: Candidate = {
  name: "catbox",
  how: "a Policy with expiresIn over catbox-memory, maxByteSize 1 GB",
  tiers: "memory",
  open,
};
export const catboxFar: Candidate = { name: "catbox", how: "a Policy over catbox-redis", tiers: "redis", open };
