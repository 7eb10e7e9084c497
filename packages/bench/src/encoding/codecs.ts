import { deserialize, serialize } from "node:v8";
import { CachedValue, type CacheMetadata, richSerializer, Wire } from "@cascata/core";
import { msgpackSerializer } from "@cascata/msgpack";
import { parse as parseDevalue, stringify as stringifyDevalue } from "devalue";
import { Packr } from "msgpackr";
import superjson from "superjson";

/** One way to turn values into bytes and back. */
export interface Codec {
  readonly name: string;
  /** Whether Date, Map, Set, BigInt, undefined and bytes come back as they were. */
  readonly rich: boolean;
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

const metadata: CacheMetadata = {
  createdAt: 1_795_424_545_123,
  startedAt: 1_795_424_545_100,
  formatVersion: 1,
  ttl: 60_000,
  grace: 0,
};
const key = "orders:12345";
const wire = new Wire({ serializer: richSerializer });

function textCodec(
  name: string,
  rich: boolean,
  print: (value: unknown) => string,
  read: (text: string) => unknown,
): Codec {
  return {
    name,
    rich,
    encode: (value) => Buffer.from(print(value)),
    decode: (bytes) => read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()),
  };
}

function packrCodec(name: string, packr: Packr): Codec {
  return { name, rich: true, encode: (value) => packr.pack(value), decode: (bytes) => packr.unpack(bytes) };
}

const types = { moreTypes: true, structuredClone: true } as const;

/** The codecs in the order of the tables; the first is what the others are divided by. `samples` are for those that learn. */
export function codecs(samples: readonly unknown[]): readonly Codec[] {
  const msgpack = msgpackSerializer({ samples });
  return [
    textCodec(
      "JSON",
      false,
      (value) => JSON.stringify(value),
      (text) => JSON.parse(text),
    ),
    {
      name: "rich",
      rich: true,
      encode: (value) => richSerializer.serialize(value),
      decode: (bytes) => richSerializer.deserialize(bytes),
    },
    textCodec(
      "JSON, with metadata",
      false,
      (value) => JSON.stringify({ key, ...metadata, value }),
      (text) => JSON.parse(text),
    ),
    {
      name: "rich in a Wire",
      rich: true,
      encode: (value) => wire.encode(key, new CachedValue(value, metadata)),
      decode: (bytes) => wire.decode(key, bytes),
    },
    { name: "v8.serialize", rich: true, encode: (value) => serialize(value), decode: (bytes) => deserialize(bytes) },
    {
      name: "msgpackSerializer",
      rich: true,
      encode: (value) => msgpack.serialize(value),
      decode: (bytes) => msgpack.deserialize(bytes),
    },
    packrCodec("msgpackr", new Packr({ ...types, useRecords: false })),
    packrCodec("msgpackr, structures in each", new Packr({ ...types, useRecords: true })),
    packrCodec("msgpackr, shared structures", new Packr({ ...types, structures: [] })),
    textCodec("devalue", true, stringifyDevalue, parseDevalue),
    textCodec("superjson", true, superjson.stringify, superjson.parse),
  ];
}
