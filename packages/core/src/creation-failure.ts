import type { Order } from "./cached-value.ts";
import type { CreationFailure } from "./capabilities.ts";
import { isCacheError, textOf } from "./errors.ts";

/** What is told of an error at most, in characters: enough for a sentence, too little for a payload. */
const most = { name: 100, message: 500, code: 100 } as const;

/**
 * A creator's error, as those get it who waited in another process for that very creation: the original's `name`,
 * `message` (its first 500 characters) and `code`, without its class, its stack and whatever else it carries.
 * `instanceof RemoteCreatorError` tells it from an error of this process.
 */
export class RemoteCreatorError extends Error {
  /** The original's `code`, if it was a text or a number. */
  readonly code?: string | number;
  /** The token of the lease under which the creator ran. */
  readonly lease: string;

  constructor({ name, message, code, token }: CreationFailure) {
    super(message);
    this.name = name;
    this.lease = token;
    if (code !== undefined) this.code = code;
  }
}

/**
 * What other processes may be told of a creator's error. `undefined`: nothing, since it is this process's affair alone, which
 * has cancelled the creation or closed what the creator used.
 */
export function failureOf(error: unknown, token: string, startedOrder: Order | undefined): CreationFailure | undefined {
  try {
    if (isCacheError(error) && error.code === "CLOSED") return undefined;
    const { name, message, code } = error instanceof Error ? (error as Error & { code?: unknown }) : thrown(error);
    if (name === "AbortError") return undefined;
    const failure: { -readonly [K in keyof CreationFailure]: CreationFailure[K] } = {
      token,
      name: String(name).slice(0, most.name),
      message: String(message).slice(0, most.message),
    };
    if (typeof code === "string") failure.code = code.slice(0, most.code);
    else if (typeof code === "number") failure.code = code;
    if (startedOrder !== undefined) failure.startedOrder = startedOrder;
    return failure;
  } catch {
    // An error that can't even be looked at.
    return undefined;
  }
}

/** Something else than an error was thrown. */
function thrown(thing: unknown): { readonly name: string; readonly message: string; readonly code?: unknown } {
  return { name: "Error", message: typeof thing === "string" ? thing : textOf(thing) };
}
