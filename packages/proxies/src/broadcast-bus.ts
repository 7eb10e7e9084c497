import {
  type Bus,
  type BusDefinition,
  type BusLink,
  type BusListener,
  ClosedError,
  ConfigurationError,
  checkOptionNames,
} from "@cascata/core";

/** Options of {@link broadcastBus}. */
export interface BroadcastBusOptions {
  /** The channel's name. Different stores need different channels. @default "cascata" */
  readonly channel?: string;
}

const optionNames = ["channel"] as const;

/** What is used of the runtime's own class. */
interface Channel {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(data: unknown): void;
  close(): void;
  unref?(): unknown;
}

type ChannelClass = new (name: string) => Channel;

/**
 * The threads of a process, or the tabs and workers of a browser, that share an origin: a `BroadcastChannel`. It needs no
 * server, reaches no other process, and does not keep one alive, where the runtime lets it choose.
 *
 * @throws ConfigurationError also where there is no `BroadcastChannel`
 */
export function broadcastBus(options: BroadcastBusOptions = {}, path = "broadcastBus"): Bus {
  checkOptionNames(options, optionNames, path);
  const { channel = "cascata" } = options;
  if (typeof channel !== "string" || channel === "")
    throw new ConfigurationError({ path: `${path}.channel`, expected: "a name", received: channel });
  const { BroadcastChannel } = globalThis as unknown as { readonly BroadcastChannel?: ChannelClass };
  if (BroadcastChannel === undefined)
    throw new ConfigurationError({ path, expected: "a runtime with BroadcastChannel", received: "none" });
  return { name: `broadcast-channel "${channel}"`, join: (listener) => join(BroadcastChannel, channel, listener) };
}

/** What configuration calls "broadcast-channel". */
export const broadcastBusDefinition: BusDefinition = Object.freeze({
  options: optionNames,
  create: (options: BroadcastBusOptions, path: string) => broadcastBus(options, path),
});

function join(BroadcastChannel: ChannelClass, name: string, listener: BusListener): BusLink {
  // A channel does not hear itself; a second one hears the first, as everybody else does.
  const mouth = new BroadcastChannel(name);
  const ear = new BroadcastChannel(name);
  let isOpen = true;
  ear.onmessage = ({ data }) => {
    if (isOpen && typeof data === "string") listener.message(data);
  };
  for (const channel of [mouth, ear]) channel.unref?.();
  return {
    send: (text) => {
      if (!isOpen) throw new ClosedError(`the channel "${name}"`);
      mouth.postMessage(text);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      mouth.close();
      ear.close();
    },
  };
}
