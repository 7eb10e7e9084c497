import { makeRegion, registerBackend } from "@cascata/core/dogpile";

registerBackend("memory", async () => (await import("@cascata/memory")).MemoryBackend);

const users = makeRegion({ name: "users" });

// Decorated before the region has a backend, as modules do.
const findUser = users.cacheOnArguments({ expirationTime: "5m" })(async function findUser(id: number) {
  console.log(`loading user ${id}`);
  return { id, name: `user ${id}` };
});

await users.configure("memory", { ttl: "1h", arguments: { maxEntries: 10_000 } });

console.log((await findUser(1)).name);
console.log((await findUser(1)).name);
await findUser.invalidate(1);
console.log((await findUser(1)).name);
await users.close();
