import { Wire } from "@cascata/core";
import { ClusterLeases, ClusterReader } from "./cluster-reader.ts";
import { ClusterWriter } from "./cluster-writer.ts";
import { Codec, type OnCorrupt } from "./codec.ts";
import { sourceOf } from "./connect.ts";
import { Connection } from "./connection.ts";
import { RedisFeed } from "./feed.ts";
import { KeySpace } from "./key-space.ts";
import { RedisLeases } from "./leases.ts";
import { Lines } from "./lines.ts";
import { RedisMarks } from "./marks.ts";
import type { ResolvedRedisOptions } from "./options.ts";
import { PlainWriter } from "./plain-writer.ts";
import { type Reader, SingleReader } from "./reader.ts";
import { ScriptedWriter } from "./scripted-writer.ts";
import type { Writer } from "./writer.ts";

/** What a backend is made of. Without leases there are no marks, no feed and no revisions either. */
export interface Parts {
  readonly space: KeySpace;
  readonly connection: Connection;
  readonly codec: Codec;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly leases: RedisLeases | ClusterLeases | undefined;
  readonly marks: RedisMarks | undefined;
  readonly feed: RedisFeed | undefined;
}

/** How long an attempt to connect may take. */
const attemptMs = 1000;

/** The parts for these options: one server (Sentinel's primary is one) or a cluster. Begins to connect. */
export function assemble(
  options: ResolvedRedisOptions,
  report: (what: string, error?: unknown) => void,
  onCorrupt: OnCorrupt,
): Parts {
  const { name, namespace, clock, deadlineMs, feedLength, serializer, maxEntryBytes, heartbeatMs } = options;
  const space = new KeySpace(namespace);
  const source = sourceOf(options.target, attemptMs);
  const inCluster = source.topology === "cluster";
  // In a cluster the count's node may be down while others serve, so the data connection doesn't ask for its place.
  const greeted = options.leases && !inCluster ? space : undefined;
  const common = { name, source, clock, attemptMs, report };
  const connection = new Connection({ ...common, deadlineMs, namespace, space: greeted });
  const { line, serverClock } = connection;
  const wire = new Wire({ serializer, maxEntryBytes, offsetMs: () => serverClock.offsetMs });
  const codec = new Codec(name, wire, clock, onCorrupt);
  const lines = new Lines(line, options.bulkAboveBytes, () => connection.bulkLine());
  const reader = inCluster ? new ClusterReader(line, space) : new SingleReader(lines, space);
  const basic = { space, connection, codec, reader };
  if (!options.leases) {
    return {
      ...basic,
      writer: new PlainWriter(line, !inCluster),
      leases: undefined,
      marks: undefined,
      feed: undefined,
    };
  }
  const marks = new RedisMarks(line, space, feedLength, options.maxMarks);
  const feedSource = options.feedTarget === undefined ? source : sourceOf(options.feedTarget, attemptMs);
  const feed = feedLength > 0 ? new RedisFeed({ ...common, source: feedSource, space, heartbeatMs }) : undefined;
  if (inCluster) {
    const writer = new ClusterWriter(line, space, serverClock, feedLength);
    return { ...basic, writer, leases: new ClusterLeases(line, space, writer), marks, feed };
  }
  const writer = new ScriptedWriter(lines, space, serverClock, feedLength);
  return { ...basic, writer, leases: new RedisLeases(line, space, feedLength), marks, feed };
}
