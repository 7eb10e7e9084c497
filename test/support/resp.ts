import { connect } from "node:net";

/** A reply of Redis, as plain data. An error reply is an `Error` among the values. */
export type Reply = string | number | null | Error | readonly Reply[];

/**
 * Sends commands of raw RESP2 over one connection of their own, and gives the replies in order. It shares no code with the
 * clients under test, so that a test can look at a server from outside.
 *
 * @throws when the server can't be reached or does not answer within `withinMs` milliseconds.
 */
export async function redisCommands(
  port: number,
  commands: readonly (readonly string[])[],
  withinMs = 2000,
): Promise<readonly Reply[]> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received: Buffer = Buffer.alloc(0);
    const done = (end: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      end();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`no answer from port ${port}`))), withinMs);
    socket.on("error", (error) => done(() => reject(error)));
    socket.on("close", () => done(() => reject(new Error(`port ${port} closed the connection`))));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      const replies = parseReplies(received, commands.length);
      if (replies !== undefined) done(() => resolve(replies));
    });
    socket.write(commands.map(encodeCommand).join(""));
  });
}

/** One command, one reply. @throws the server's error reply. */
export async function redisCommand(port: number, ...command: readonly string[]): Promise<Reply> {
  const [reply] = await redisCommands(port, [command]);
  if (reply instanceof Error) throw reply;
  return reply ?? null;
}

function encodeCommand(parts: readonly string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;
}

function parseReplies(bytes: Buffer, count: number): readonly Reply[] | undefined {
  const replies: Reply[] = [];
  let offset = 0;
  while (replies.length < count) {
    const parsed = parseReply(bytes, offset);
    if (parsed === undefined) return undefined;
    replies.push(parsed.reply);
    offset = parsed.next;
  }
  return replies;
}

/** The reply at `offset` and where the next one begins; `undefined` while bytes are missing. */
function parseReply(bytes: Buffer, offset: number): { reply: Reply; next: number } | undefined {
  const end = bytes.indexOf("\r\n", offset);
  if (end < 0) return undefined;
  const kind = bytes.toString("latin1", offset, offset + 1);
  const text = bytes.toString("utf8", offset + 1, end);
  const next = end + 2;
  switch (kind) {
    case "+":
      return { reply: text, next };
    case "-":
      return { reply: new Error(text), next };
    case ":":
      return { reply: Number(text), next };
    case "$":
      return parseBulk(bytes, Number(text), next);
    case "*":
      return parseArray(bytes, Number(text), next);
    default:
      throw new Error(`not a RESP2 reply: ${JSON.stringify(kind + text)}`);
  }
}

function parseBulk(bytes: Buffer, length: number, start: number): { reply: Reply; next: number } | undefined {
  if (length < 0) return { reply: null, next: start };
  const next = start + length + 2;
  return bytes.length < next ? undefined : { reply: bytes.toString("utf8", start, start + length), next };
}

function parseArray(bytes: Buffer, length: number, start: number): { reply: Reply; next: number } | undefined {
  if (length < 0) return { reply: null, next: start };
  const items: Reply[] = [];
  let next = start;
  for (let i = 0; i < length; i++) {
    const item = parseReply(bytes, next);
    if (item === undefined) return undefined;
    items.push(item.reply);
    next = item.next;
  }
  return { reply: items, next };
}
