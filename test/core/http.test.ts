import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CreatorVerdict, isNoValue, type Region } from "@cascata/core";
import { conditionalHeaders, type HttpResponse, unlessNotModified } from "@cascata/core/http";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { sceneOf } from "./policy-scene.ts";

interface Asked {
  readonly etag: string | undefined;
  readonly since: string | undefined;
}

let server: Server;
let url: string;
/** What the origin says, and what it was asked. */
let origin: { status?: number; etag?: string; modified?: string; body?: string };
const asked: Asked[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ etag: request.headers["if-none-match"], since: request.headers["if-modified-since"] });
    if (origin.etag !== undefined) response.setHeader("ETag", origin.etag);
    if (origin.modified !== undefined) response.setHeader("Last-Modified", origin.modified);
    response.statusCode = origin.status ?? 200;
    response.end(response.statusCode === 304 ? undefined : (origin.body ?? "body"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

const load = (region: Region): Promise<string> =>
  region.getOrCreate("page", async (context) => {
    const response = await fetch(url, { headers: conditionalHeaders(context), signal: context.signal });
    return unlessNotModified(context, response, (fresh) => fresh.text());
  });

async function validatorsOf(region: Region): Promise<unknown> {
  const entry = await region.getEntry("page");
  return isNoValue(entry) ? "nothing" : entry.metadata.validators;
}

describe.each(["memory", "memory, disk, authority"] as const)("a page behind a cache: %s", (depth) => {
  it("is asked for again by its validators, and kept as long as it is not modified", async () => {
    const { region, clock } = await sceneOf(depth, { grace: "1h" });
    const modified = "Sat, 28 Nov 2026 07:00:00 GMT";
    asked.length = 0;
    origin = { etag: 'W/"1"', modified, body: "first" };
    expect(await load(region)).toBe("first");
    expect(await load(region)).toBe("first");
    expect(asked).toEqual([{ etag: undefined, since: undefined }]);
    expect(await validatorsOf(region)).toEqual({ etag: 'W/"1"', "last-modified": modified });

    await clock.advance(150);
    // A 304 need not repeat them, and may change them.
    origin = { status: 304, etag: '"1"' };
    expect(await load(region)).toBe("first");
    expect(asked.at(-1)).toEqual({ etag: 'W/"1"', since: modified });
    expect(await validatorsOf(region)).toEqual({ etag: '"1"', "last-modified": modified });

    await clock.advance(150);
    origin = { body: "second" };
    expect(await load(region)).toBe("second");
    expect(asked.at(-1)).toEqual({ etag: '"1"', since: modified });
    expect(await validatorsOf(region)).toBeUndefined();

    await clock.advance(150);
    expect(await load(region)).toBe("second");
    expect(asked.at(-1)).toEqual({ etag: undefined, since: undefined });
    expect(asked).toHaveLength(4);
  });

  it("keeps nothing of what is no success: the stale one goes on, its validators as well", async () => {
    const { region, clock } = await sceneOf(depth, { grace: "1h", retryAfter: 0 });
    const strict = () =>
      region.getOrCreate("page", async (context) => {
        const response = await fetch(url, { headers: conditionalHeaders(context) });
        return unlessNotModified(context, response, (fresh) => {
          if (!fresh.ok) throw new Error(`${fresh.status}`);
          return fresh.text();
        });
      });
    origin = { etag: '"1"' };
    await strict();
    await clock.advance(150);
    origin = { status: 503, etag: '"error page"' };
    expect(await strict()).toBe("body");
    await strict();
    expect(asked.at(-1)).toEqual({ etag: '"1"', since: undefined });
    await region.delete("page");
    await expect(strict()).rejects.toThrow("503");
    await region.getOrCreate("page", async (context) => unlessNotModified(context, await fetch(url), () => "told"));
    expect(await validatorsOf(region)).toBeUndefined();
  });

  it("that is not modified though nobody has it is an error", async () => {
    const { region } = await sceneOf(depth);
    origin = { status: 304 };
    await expect(load(region)).rejects.toThrow('there is no stale value of "page"');
  });

  it("in a batch: each key by its own validators", async () => {
    const { region, clock } = await sceneOf(depth, { grace: "1h" });
    const answers = new Map<string, HttpResponse>();
    const answer = (key: string, status: number, etag: string | null) =>
      void answers.set(key, {
        status,
        ok: status === 200,
        headers: { get: (name) => (name === "etag" ? etag : null) },
      });
    const sent: unknown[] = [];
    const loadAll = () =>
      region.getOrCreateMulti(["a", "b"], (keys, context) =>
        Promise.all(
          keys.map(async (key) => {
            sent.push(conditionalHeaders(context.for(key)));
            return unlessNotModified(context.for(key), answers.get(key) as HttpResponse, () => `${key} anew`);
          }),
        ),
      );
    answer("a", 200, '"a"');
    answer("b", 200, null);
    await loadAll();
    await clock.advance(150);
    answer("a", 304, null);
    expect([...(await loadAll())]).toEqual([
      ["a", "a anew"],
      ["b", "b anew"],
    ]);
    expect(sent.slice(2)).toEqual([{ "if-none-match": '"a"' }, {}]);
  });
});

it("fetch's own response fits", () => {
  expectTypeOf<Response>().toExtend<HttpResponse>();
  expectTypeOf(unlessNotModified<Response, string>).returns.resolves.toEqualTypeOf<string | CreatorVerdict>();
});
