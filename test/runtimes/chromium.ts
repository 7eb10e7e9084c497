import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize, sep } from "node:path";

/** Where the program runs: in a document, or in a worker that a document started. */
export type Place = "page" | "worker";

const flags = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-breakpad",
  // A browser that looks for its maker's servers finds none: traffic stays on this machine.
  "--host-resolver-rules=MAP * 127.0.0.1",
];

const complain = `(event) => fetch("/report", { method: "POST", body: JSON.stringify({
  agent: "Chromium", crashed: String(event.error?.stack ?? event.reason?.stack ?? event.message ?? event.type) }) })`;

const pages: Readonly<Record<Place, string>> = {
  page: `<!doctype html><title>page</title>
    <script>const complain = ${complain}; addEventListener("error", complain, true); addEventListener("unhandledrejection", complain);</script>
    <script type="module" src="/main.js"></script>`,
  worker: `<!doctype html><title>worker</title>
    <script>const worker = new Worker("/main.js", { type: "module" }); worker.onerror = ${complain};</script>`,
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const piece of request) text += piece;
  return text;
}

/** Answers with a page, or a file of the bundle; hands what is posted to `report`. */
function answer(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
  report: (text: string) => void,
): void {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const place = pathname.slice(1);
  if (request.method === "POST") {
    void bodyOf(request).then((text) => {
      response.end();
      report(text);
    });
  } else if (place === "page" || place === "worker") {
    response.setHeader("content-type", "text/html").end(pages[place]);
  } else {
    const file = normalize(join(folder, pathname));
    if (!file.startsWith(folder + sep) || !file.endsWith(".js")) response.writeHead(404).end();
    else response.setHeader("content-type", "text/javascript").end(readFileSync(file));
  }
}

/**
 * Opens a page of the bundle in `folder` in a Chromium of its own, with an empty profile below `scratch`.
 * @param host the page's host: `localhost` is a secure context, another name is not
 * @returns what the program reported
 */
export async function runInChromium(
  binary: string,
  { folder, scratch, place, host = "localhost" }: { folder: string; scratch: string; place: Place; host?: string },
): Promise<string> {
  let told: (text: string) => void = () => undefined;
  const report = new Promise<string>((resolve) => {
    told = resolve;
  });
  const server = createServer((request, response) => answer(folder, request, response, told));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const own = [
    `--user-data-dir=${join(scratch, `profile-${port}`)}`,
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  const url = `http://${host}:${port}/${place}`;
  const env = { ...process.env, HOME: scratch };
  const browser = spawn(binary, [...flags, ...own, url], { env, stdio: ["ignore", "ignore", "pipe"] });
  let noise = "";
  browser.stderr.setEncoding("utf8").on("data", (text: string) => {
    noise += text;
  });
  const ended = once(browser, "close");
  const left = ended.then(([code]) => {
    throw new Error(`${binary} ended (${code}) before the page reported\n${noise}`);
  });
  try {
    return await Promise.race([report, left]);
  } finally {
    left.catch(() => undefined);
    browser.kill();
    await ended;
    server.closeAllConnections();
    server.close();
  }
}
