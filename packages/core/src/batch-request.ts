import { alignedValues } from "./aligned-values.ts";
import { andThen } from "./awaitable.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { CreationRequest } from "./creation.ts";
import { BatchContext, type BatchCreator } from "./creator.ts";
import { isAsyncFunction } from "./reentry.ts";
import type { Sightings } from "./sightings.ts";

/** A creator of many values as a request: one call for all of its keys. */
export function batchRequest<T>(
  creator: BatchCreator<T>,
  options: ResolvedCreateOptions,
  sightings?: Sightings,
): CreationRequest {
  return {
    options,
    sightings,
    isAsync: isAsyncFunction(creator),
    create: (contexts, stopper) => {
      const wanted = contexts.map(({ key }) => key);
      return andThen(creator(wanted, new BatchContext(contexts, stopper) as BatchContext<T>), (answer) =>
        alignedValues(answer, wanted),
      );
    },
  };
}
