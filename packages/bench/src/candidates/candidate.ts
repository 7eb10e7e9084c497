/** What every candidate is asked to keep: ten fields, 227 bytes of JSON. */
export interface Profile {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly city: string;
  readonly score: number;
  readonly active: boolean;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly address: { readonly street: string; readonly zip: string };
  readonly visits: number;
}

/** The same value for the same number, for every candidate. */
export function profile(id: number): Profile {
  return {
    id,
    name: `User Number ${id}`,
    email: `user${id}@example.com`,
    city: "Rotterdam",
    score: (id % 1000) / 8,
    active: id % 2 === 0,
    tags: ["reader", "customer"],
    createdAt: "2024-03-05T10:11:12.131Z",
    address: { street: `Long Street ${id % 100}`, zip: "3011" },
    visits: id % 97,
  };
}

/** How a candidate is set up. */
export interface Setup {
  /** The bound of its memory tier, where it has one. */
  readonly entries: number;
  readonly ttlMs: number;
  /** Of the far tier, if there is one. */
  readonly redisUrl: string | undefined;
}

/** Makes a value, at once as a rule. */
export type Create = (key: string) => Profile | Promise<Profile>;
export type CreateMany = (keys: readonly string[]) => Profile[] | Promise<Profile[]>;

/**
 * A cache under measurement. A method that it lacks is not measured; what only exists one key at a time is called for all
 * of a batch at once, and marked by `oneByOne`.
 */
export interface Cache {
  readonly get?: (key: string) => Promise<unknown>;
  /** Without a promise, from memory alone. */
  readonly peek?: (key: string) => unknown;
  readonly getOrCreate?: (key: string, create: Create) => Promise<unknown>;
  readonly getMulti?: (keys: readonly string[]) => Promise<unknown>;
  readonly getOrCreateMulti?: (keys: readonly string[], create: CreateMany) => Promise<unknown>;
  readonly set: (key: string, value: Profile) => unknown;
  readonly setMulti?: (mapping: ReadonlyMap<string, Profile>) => Promise<unknown>;
  readonly delete?: (key: string) => Promise<unknown>;
  readonly close: () => unknown;
  /** The operations that loop over single calls. */
  readonly oneByOne?: readonly ("getMulti" | "setMulti")[];
}

/** A cache by name, and how it is set up. */
export interface Candidate {
  readonly name: string;
  /** The configuration, in words: what its own documentation recommends. */
  readonly how: string;
  readonly tiers: "memory" | "redis" | "memory and redis";
  open(setup: Setup): Cache | Promise<Cache>;
}
