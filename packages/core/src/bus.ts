import type { Awaitable } from "./awaitable.ts";

/** What a member of a {@link Bus} hears. Never called while `join` or `send` is running. Must not throw. */
export interface BusListener {
  /** A text that a member has sent, one's own included. Those of one member come in the order in which it sent them, if at all. */
  message(text: string): void;
  /** The bus knows that it can't be heard. What is said meanwhile may come later or never. */
  silent(reason: string): void;
  /** The bus knows that some of what was said will never come. */
  lost(reason: string): void;
}

/** One membership of a {@link Bus}. */
export interface BusLink {
  /**
   * Hands a text over. Answers, now or later, once the bus has it; throws or rejects where it may not have it. A bus that can
   * hang bounds that by itself.
   */
  send(text: string): Awaitable<void>;
  /** Nothing is heard any more, and nothing of it is left. Idempotent. */
  close(): Awaitable<void>;
}

/**
 * Carries short texts to everybody who has joined: between processes, threads or regions. It may lose some of them, and all
 * of them for a while, without telling: who needs to know counts what it hears. Who joins hears nothing of what was before.
 *
 * Nothing of it keeps a process alive. It holds nothing itself: what a link needs is made when it joins, and ends with it.
 */
export interface Bus {
  /** For messages. */
  readonly name: string;
  /** Never waits: a bus that can't be reached yet is joined as soon as it can. */
  join(listener: BusListener): BusLink;
}

/** What a package says of a bus so that configuration can name it: the module's export `bus`. */
export interface BusDefinition {
  /** The options that it reads. */
  readonly options: readonly string[];
  /** @throws ConfigurationError; `path` says where the options stand */
  create(options: Readonly<Record<string, unknown>>, path: string): Bus;
}
