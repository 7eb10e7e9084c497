import { createRegion } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { msgpackSerializer } from "@cascata/msgpack";

const serializer = msgpackSerializer({
  // Payloads as they will be stored, one of each kind. Only the names of their properties matter.
  samples: [{ id: 1, name: "Ada", address: { city: "Bern", zip: "3000" } }],
});
const disk = new LmdbBackend({ path: ".cache/people.mdb", serializer });
const people = createRegion({ name: "people", backend: disk, ttl: "1d" });

await people.set("bert", { id: 2, name: "Bert", address: { city: "Chur", zip: "7000" } });
console.log(await people.get("bert"));

await people.close();
await disk.close();
