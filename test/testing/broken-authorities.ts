import type { LeaseRequest, Order } from "@cascata/core";
import {
  type AuthorityStore,
  feedCases,
  guardCases,
  leaseCases,
  markCases,
  revisionCases,
  settled,
} from "@cascata/testing";

/** Spoils a new store in one way. */
export type SpoilStore = (store: AuthorityStore) => void;

type Read = AuthorityStore["read"];
type Write = AuthorityStore["write"];
type Follow = AuthorityStore["follow"];

/** By kit: each way must be caught by at least one of its cases. */
export const brokenAuthorities = {
  leases: [
    leaseCases,
    {
      "grants to everybody": leasing((read, keys, lease) =>
        read(keys, lease).map((one) =>
          one.lease === undefined ? one : { ...one, lease: { ...one.lease, granted: true } },
        ),
      ),
      "grants to nobody": leasing((read, keys, lease) =>
        read(keys, lease).map((one) => (one.lease === undefined ? one : { ...one, lease: { granted: false } })),
      ),
      "doesn't know a token again": (store) => {
        const seen = new Set<string>();
        leasing((read, keys, lease) => {
          const again = keys.some((key) => seen.has(`${lease.token} ${key}`));
          for (const key of keys) seen.add(`${lease.token} ${key}`);
          return read(keys, again ? { ...lease, token: "another" } : lease);
        })(store);
      },
      "leases what is found": leasing((read, keys, lease) =>
        read(keys, { ...lease, rejects: new Map(keys.map((key) => [key, "any" as const])) }),
      ),
      "never rejects": leasing((read, keys, { rejects: _, ...lease }) => read(keys, lease)),
      "compares rejected revisions without their epoch": leasing((read, keys, lease) => {
        const rejects = [...(lease.rejects ?? [])].map(([key, order]): [string, Order | "any"] => [
          key,
          order === "any" ? order : { ...order, epoch: epochOf(read, key) },
        ]);
        return read(keys, { ...lease, rejects: new Map(rejects) });
      }),
      "leases for ever": leasing((read, keys, lease) => read(keys, { ...lease, ms: 1e12 })),
      "gives no order": leasing((read, keys, lease) =>
        read(keys, lease).map((one) =>
          one.lease === undefined ? one : { ...one, lease: { granted: one.lease.granted } },
        ),
      ),
      "stores whatever the ticket": writing((write, mapping, { ticket: _, ...context }) => write(mapping, context)),
      "refuses a whole batch for one key": writing((write, mapping, context) => {
        const outcomes = write(mapping, context);
        const refused = [...outcomes.values()].find((one) => one.status === "refused");
        return refused === undefined ? outcomes : new Map([...outcomes].map(([key]) => [key, refused]));
      }),
      "says stored when it refused": writing((write, mapping, context) => {
        const outcomes = write(mapping, context);
        return new Map([...outcomes].map(([key, one]) => [key, one.status === "refused" ? { status: "stored" } : one]));
      }),
      "renews for everybody": (store) => {
        store.renew = (keys) => keys.map(() => true);
      },
      "renews for no longer": (store) => {
        const renew = store.renew.bind(store);
        store.renew = (keys, token) => renew(keys, token, 1);
      },
      "doesn't release": (store) => {
        store.release = () => undefined;
      },
      "a delete leaves the lease": keepingLeases((store, keep) => {
        const remove = store.remove.bind(store);
        store.remove = (keys, sender) => keep(keys, () => remove(keys, sender));
      }),
      "a set leaves the lease": keepingLeases((store, keep) => {
        const write = store.write.bind(store);
        store.write = (mapping, context) => keep([...mapping.keys()], () => write(mapping, context));
      }),
    },
  ],
  revisions: [
    revisionCases,
    {
      "gives none": (store) => {
        const read = store.read.bind(store);
        store.read = (keys, lease) => read(keys, lease).map((one) => ({ ...one, found: withoutRevision(one.found) }));
      },
      "revisions are not aligned": (store) => {
        const revisions = store.revisions.bind(store);
        store.revisions = (keys) => revisions([...new Set(keys)]);
      },
      "revisions of absent keys are zero": (store) => {
        const revisions = store.revisions.bind(store);
        store.revisions = (keys) =>
          revisions(keys).map((one) => ("seq" in one ? one : { epoch: store.order.epoch, seq: 0 }));
      },
      "answers writes with another revision": writing((write, mapping, context) => {
        const outcomes = write(mapping, context);
        return new Map(
          [...outcomes].map(([key, one]) => [
            key,
            one.status === "stored" ? { status: "stored", revision: { epoch: "another", seq: 1 } } : one,
          ]),
        );
      }),
      "an emptied store counts on in its epoch": (store) => {
        store.restartEmpty = () => store.clear();
      },
    },
  ],
  guards: [
    guardCases,
    {
      "stores whatever the ticket": writing((write, mapping, { ticket: _, ...context }) => write(mapping, context)),
      "refuses every ticket": writing((write, mapping, context) =>
        write(mapping, context.ticket === undefined ? context : { ...context, ticket: "none" }),
      ),
      "gives no tickets": (store) => {
        store.tickets = (keys) => keys.map(() => "");
      },
      "tickets are for distinct keys only": (store) => {
        const tickets = store.tickets.bind(store);
        store.tickets = (keys) => tickets([...new Set(keys)]);
      },
      "any change breaks every ticket": writing((write, mapping, context) => {
        const { ticket } = context;
        const seq = Number(ticket?.split(" ")[2] ?? Number.NaN);
        return [...mapping.keys()].length > 0 && seq < last.seq
          ? write(mapping, { ...context, ticket: "none" })
          : write(mapping, context);
      }),
    },
  ],
  marks: [
    markCases,
    {
      "keeps the newest only": (store) => {
        const marks = store.marks.bind(store);
        store.marks = (names) => marks(names).map((all) => all.slice(-1));
      },
      "look-ups are not aligned": (store) => {
        const marks = store.marks.bind(store);
        store.marks = (names) => marks(names).filter((all) => all.length > 0);
      },
      "forgets the instant": (store) => {
        const mark = store.mark.bind(store);
        store.mark = (names, mode) => mark(names, mode, 0);
      },
      "marks take no order of their own": (store) => {
        const mark = store.mark.bind(store);
        store.mark = (names, mode, at) => {
          const { order } = store;
          return mark(names, mode, at).map((one) => ({ ...one, order }));
        };
      },
      "marks softly only": (store) => {
        const mark = store.mark.bind(store);
        store.mark = (names, _mode, at) => mark(names, "soft", at);
      },
    },
  ],
  feeds: [
    feedCases,
    {
      "tells nothing": lines((all) => all.filter(() => false)),
      "tells no changes": lines((all) => all.filter((line) => line.kind !== "changed")),
      "tells no marks": lines((all) => all.filter((line) => line.kind !== "marked")),
      "tells no fills": lines((all) => all.filter((line) => line.kind !== "filled")),
      "tells no failure of a creation": (store) => {
        const release = store.release.bind(store);
        store.release = (keys, token) => release(keys, token);
      },
      "tells failures of who holds nothing": (store) => {
        store.release = (keys, _token, failure) => {
          store.log.append({ kind: "filled", keys, ...(failure !== undefined && { failure }) });
        };
      },
      "keeps to itself who holds a lease": leasing((read, keys, lease) =>
        read(keys, lease).map((one) => {
          if (one.lease === undefined) return one;
          const { holder: _, ...rest } = one.lease;
          return { ...one, lease: rest };
        }),
      ),
      "forgets the sender": lines((all) =>
        all.map((line) => (line.kind === "changed" ? { kind: "changed", notice: { keys: line.notice.keys } } : line)),
      ),
      "tells the first key of a batch": lines((all) =>
        all.map((line) =>
          line.kind === "changed"
            ? { kind: "changed", notice: { ...line.notice, keys: line.notice.keys.slice(0, 1) } }
            : line,
        ),
      ),
      "trims keys": lines((all) =>
        all.map((line) =>
          line.kind === "changed"
            ? { kind: "changed", notice: { ...line.notice, keys: line.notice.keys.map((key) => key.trim()) } }
            : line,
        ),
      ),
      "tells backwards": lines((all) => [...all].reverse(), "late"),
      "tells a lower order": lines((all) =>
        all.map((line) =>
          line.kind === "changed" && line.notice.order !== undefined
            ? {
                kind: "changed",
                notice: { ...line.notice, order: { ...line.notice.order, seq: line.notice.order.seq - 5 } },
              }
            : line,
        ),
      ),
      "keeps gaps to itself": batches((batch) => {
        const { gap, ...rest } = batch;
        return gap === "started" ? batch : rest;
      }),
      "begins as if it had always listened": batches(({ gap: _, ...rest }) => rest),
      "tells of refused writes": (store) => {
        const write = store.write.bind(store);
        store.write = (mapping, context) => {
          const outcomes = write(mapping, context);
          if ([...outcomes.values()].some((one) => one.status === "refused")) {
            store.log.append({ kind: "changed", notice: { keys: [...mapping.keys()] } });
          }
          return outcomes;
        };
      },
      "tells of reads": (store) => {
        const read = store.read.bind(store);
        store.read = (keys, lease) => {
          store.log.append({ kind: "changed", notice: { keys } });
          return read(keys, lease);
        };
      },
    },
  ],
} satisfies Record<string, readonly [typeof leaseCases, Readonly<Record<string, SpoilStore>>]>;

/** The store's count when it last answered with one: what the broken guards compare with. */
const last = { seq: 0 };

function leasing(read: (original: Read, keys: readonly string[], lease: LeaseRequest) => ReturnType<Read>): SpoilStore {
  return (store) => {
    const original = store.read.bind(store);
    store.read = (keys, lease) => (lease === undefined ? original(keys) : read(original, keys, lease));
  };
}

function writing(
  write: (
    original: Write,
    mapping: Parameters<Write>[0],
    context: NonNullable<Parameters<Write>[1]>,
  ) => ReturnType<Write>,
): SpoilStore {
  return (store) => {
    const original = store.write.bind(store);
    store.write = (mapping, context) => {
      last.seq = store.order.seq;
      return write(original, mapping, context ?? {});
    };
  };
}

/** Remembers who leases what, and leases it anew after what should have broken it. */
function keepingLeases(
  spoil: (store: AuthorityStore, keep: <T>(keys: readonly string[], run: () => T) => T) => void,
): SpoilStore {
  return (store) => {
    const read = store.read.bind(store);
    const tokens = new Map<string, string>();
    store.read = (keys, lease) => {
      const answers = read(keys, lease);
      answers.forEach((answer, index) => {
        if (answer.lease?.granted === true) tokens.set(keys[index] ?? "", lease?.token ?? "");
      });
      return answers;
    };
    spoil(store, (keys, run) => {
      const result = run();
      for (const key of keys) {
        const token = tokens.get(key);
        const request = { ms: 60_000, rejects: new Map([[key, "any" as const]]), answer: () => undefined };
        if (token !== undefined) read([key], { ...request, token });
      }
      return result;
    });
  };
}

function batches(map: (batch: Awaited<ReturnType<Follow>>) => Awaited<ReturnType<Follow>>, when?: "late"): SpoilStore {
  return (store) => {
    const follow = store.follow.bind(store);
    store.follow = async (position, waitMs) => {
      const batch = await follow(position, waitMs);
      if (when !== "late" || position === undefined || batch.lines.length === 0) return map(batch);
      // Waits for more, so that there is something to tell in the wrong order.
      await settled();
      return map(await follow(position, 0));
    };
  };
}

function lines(
  map: (all: Awaited<ReturnType<Follow>>["lines"]) => Awaited<ReturnType<Follow>>["lines"],
  when?: "late",
): SpoilStore {
  return batches((batch) => ({ ...batch, lines: map(batch.lines) }), when);
}

type Found = ReturnType<Read>[number]["found"];

function withoutRevision(found: Found): Found {
  if (!("metadata" in found)) return found;
  const { revision: _, ...metadata } = found.metadata;
  return Object.assign(Object.create(Object.getPrototypeOf(found) as object), { ...found, metadata }) as Found;
}

function epochOf(read: Read, key: string): string {
  const found = read([key])[0]?.found;
  return found !== undefined && "metadata" in found ? (found.metadata.revision?.epoch ?? "") : "";
}
