import { loop, recency } from "./locality.ts";
import { generate, Zipf, zipf } from "./popularity.ts";
import { Random } from "./random.ts";

/** Collects what a nested walk visits, up to `length` requests. */
function collect(length: number, visit: (request: (key: number) => void, isDone: () => boolean) => void): Int32Array {
  const keys = new Int32Array(length);
  let made = 0;
  const request = (key: number) => {
    if (made < length) keys[made++] = key;
  };
  while (made < length) visit(request, () => made >= length);
  return keys;
}

/** Three loops of different length and a popular set, in bursts. */
export function loopsAndPopular(seed: number, length: number, count: number): Int32Array {
  const random = new Random(seed);
  const ranks = new Zipf(count, 0.9, random);
  const lengths = [count >> 3, count >> 1, count];
  const positions = [0, 0, 0];
  let program = 0;
  let left = 0;
  return generate(length, () => {
    if (left-- <= 0) {
      program = random.below(4);
      left = 50 + random.below(400);
    }
    if (program === 3) return ranks.next();
    const position = positions[program] as number;
    positions[program] = (position + 1) % (lengths[program] as number);
    return count * (program + 1) + position;
  });
}

/** Popularity, then a loop, then recency, then popularity again, a quarter each. */
export function phases(seed: number, length: number, count: number): Int32Array {
  const part = length >> 2;
  const keys = new Int32Array(length);
  keys.set(zipf(seed, part, count, 0.9), 0);
  keys.set(
    loop(part, count >> 1).map((key) => key + count),
    part,
  );
  keys.set(
    recency(seed + 1, part, 0.3, count >> 4).map((key) => key + 3 * count),
    2 * part,
  );
  keys.set(zipf(seed + 2, length - 3 * part, count, 0.9), 3 * part);
  return keys;
}

/** Files read from end to end, by popularity, some twice in a row. */
export function files(seed: number, length: number, count: number): Int32Array {
  const random = new Random(seed);
  const ranks = new Zipf(count, 0.9, random);
  const starts = [0];
  for (let file = 0; file < count; file += 1)
    starts.push((starts[file] as number) + 1 + Math.floor(45 * random.next() ** 2));
  let file = 0;
  return collect(length, (request) => {
    if (random.next() > 0.15) file = ranks.next();
    for (let key = starts[file] as number; key < (starts[file + 1] as number); key += 1) request(key);
  });
}

/** Nested-loop joins: some rows of the outer table, then the whole inner one, again and again; a few index pages between. */
export function joins(seed: number, length: number, outer: number, inner: number): Int32Array {
  const random = new Random(seed);
  let row = 0;
  return collect(length, (request) => {
    const size = Math.max(1, Math.floor(inner * (0.3 + random.next())));
    for (let repeat = 2 + random.below(4); repeat > 0; repeat -= 1) {
      for (let rows = 0; rows < 20; rows += 1) request(1_000_000 + (row++ % outer));
      for (let key = 0; key < size; key += 1) {
        request(key);
        if (random.next() < 0.1) request(2_000_000 + Math.floor(50 * random.next() * random.next()));
      }
    }
  });
}

/** Three programs take turns: a loop, a popularity stream, a recency stream. */
export function takingTurns(seed: number, length: number, count: number): Int32Array {
  const random = new Random(seed);
  const ranks = new Zipf(count, 0.8, random);
  let program = 0;
  let left = 0;
  let position = 0;
  let newest = 0;
  return generate(length, () => {
    if (left-- <= 0) {
      program = (program + 1) % 3;
      left = 20 + random.below(200);
    }
    if (program === 0) return position++ % count;
    if (program === 1) return 10 * count + ranks.next();
    if (random.next() < 0.3) newest += 1;
    return 20 * count + Math.max(0, newest - Math.floor((random.next() * random.next() * count) / 4));
  });
}

/**
 * Objects behind an ORM: transactions walk a group of objects and look at popular ones between; every 40th transaction is
 * a batch over `batch` groups, each object touched a few times in a row. 0: no batches.
 */
export function objects(seed: number, length: number, groups: number, batch: number): Int32Array {
  const random = new Random(seed);
  const ranks = new Zipf(groups, batch > 0 ? 0.7 : 0.9, random);
  const active: number[] = [];
  let transaction = 0;
  let cursor = 0;
  return collect(length, (request) => {
    if (batch > 0 && transaction++ % 40 === 39) {
      for (let done = 0; done < batch; done += 1) {
        const group = 1000 + (cursor++ % groups) * 16;
        for (let touch = 0; touch < 32; touch += 1) if (random.next() < 0.8) request(group + (touch % 8));
      }
      return;
    }
    if (active.length < 12 || random.next() < 0.25) active.push(ranks.next());
    if (active.length > 12) active.shift();
    const group = active[random.below(active.length)] as number;
    const size = 3 + ((group * 7919) % 12);
    for (let member = 0; member < size; member += 1) {
      request(1000 + group * 16 + member);
      if (random.next() < 0.4) request(Math.floor(200 * random.next() ** 3));
    }
  });
}
