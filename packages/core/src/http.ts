import type { Awaitable } from "./awaitable.ts";
import type { CreatorVerdict, EntryContext } from "./creator.ts";

/** What these functions need of a response: `fetch`'s has it. */
export interface HttpResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
}

/** Each validator's field in a response, the one it is sent back in, and its name beside the value (RFC 9110, 8.8 and 13.1). */
const fields = [
  { name: "etag", request: "if-none-match" },
  { name: "last-modified", request: "if-modified-since" },
] as const;

/**
 * The headers that make a GET conditional on what the cache still holds: `If-None-Match` with its ETag, as it was given (a
 * server compares it weakly), and `If-Modified-Since` with its Last-Modified, for servers that know no ETags. None where
 * there is nothing stale, or nothing was kept with it.
 */
export function conditionalHeaders({ stale }: Pick<EntryContext, "stale">): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, request } of fields) {
    const validator = stale?.metadata.validators?.[name];
    if (validator !== undefined) headers[request] = validator;
  }
  return headers;
}

/**
 * To be returned by a creator: the stale value again if the response is a 304, with the validators that it brings; else what
 * `read` makes of it, and the validators of a successful one are kept beside that for the next time. A response that is no
 * success is `read`'s to judge too; nothing is kept of it.
 *
 * @throws TypeError for a 304 that nobody has asked for: there is no stale value
 */
export function unlessNotModified<R extends HttpResponse, T>(
  context: EntryContext,
  response: R,
  read: (response: R) => Awaitable<T>,
): Awaitable<T | CreatorVerdict> {
  const isRenewed = response.status === 304;
  if (isRenewed || response.ok) {
    const validators: Record<string, string> = isRenewed ? { ...context.stale?.metadata.validators } : {};
    for (const { name } of fields) {
      const validator = response.headers.get(name);
      if (validator !== null) validators[name] = validator;
    }
    if (Object.keys(validators).length > 0) context.validators = validators;
  }
  return isRenewed ? context.notModified() : read(response);
}
