import type { Region } from "@cascata/core";
import type { KeyvBackendOptions, KeyvLike, KeyvStorage, KeyvStore, RegionLike } from "@cascata/keyv";
import type KeyvRedis from "@keyv/redis";
import type { Keyv as Keyv5, KeyvStoreAdapter } from "keyv";
import type { Keyv as Keyv6, KeyvBridgeAdapter, KeyvMemoryAdapter } from "keyv6";
import { expectTypeOf, test } from "vitest";

test("what applications have fits what the package asks for", () => {
  expectTypeOf<Keyv5>().toExtend<KeyvLike>();
  expectTypeOf<Keyv6>().toExtend<KeyvLike>();
  expectTypeOf<KeyvRedis<unknown>>().toExtend<KeyvStorage>();
  expectTypeOf<KeyvMemoryAdapter>().toExtend<KeyvStorage>();
  expectTypeOf<KeyvBridgeAdapter>().toExtend<KeyvStorage>();
  expectTypeOf<Map<string, unknown>>().toExtend<KeyvStorage>();
  expectTypeOf<{ url: string }>().not.toExtend<KeyvBackendOptions["store"]>();
  expectTypeOf<Region>().toExtend<RegionLike>();
  expectTypeOf<Region<string>>().toExtend<RegionLike>();
});

test("what the package gives fits what Keyv asks for", () => {
  expectTypeOf<KeyvStore>().toExtend<KeyvStoreAdapter>();
  expectTypeOf<{ store: KeyvStore }>().toExtend<ConstructorParameters<typeof Keyv5>[0]>();
  expectTypeOf<{ store: KeyvStore }>().toExtend<ConstructorParameters<typeof Keyv6>[0]>();
});
