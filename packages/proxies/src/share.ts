import { checkOptionNames, ProxyBackend, type ProxyFactory } from "@cascata/core";

/** {@link share} has no options. */
export const shareOptions = [] as const;

/**
 * No isolation, said on purpose: readers of a tier in memory get the stored object itself. The counterpart of
 * {@link freeze} and {@link clone} where a configuration has to name one of the three.
 *
 * @throws ConfigurationError
 */
export function share(options: Record<string, never> = {}, path = "share"): ProxyFactory {
  checkOptionNames(options, shareOptions, path);
  return ShareProxy;
}

/** See {@link share}. */
export class ShareProxy extends ProxyBackend {}
