import { isAbsolute, resolve } from "node:path";
import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface GeocoderOptions {
  readonly requests: number;
  readonly seed: number;
  /** Folder of the disk tier's file. */
  readonly cacheDir: string;
  /** Drop the disk tier's file first. */
  readonly fresh: boolean;
  /** A Redis beneath the disk tier. */
  readonly redis: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** A command line that can't be used; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Where Redis is looked for when `--redis` names no other place. */
const usualRedis = "redis://127.0.0.1:6379";
const most = 100_000_000;

/** What `--help` prints. */
export const usage = `A reverse geocoder behind a cache: which city is nearest to a point?

  npm start -- [options]

  --requests N     how many requests to serve (default 100000)
  --seed N         another stream of requests (default 1)
  --cache-dir DIR  where the disk tier keeps its file (default examples/.cache/geocoder)
  --fresh          drop that file first: a cold start
  --redis [URL]    a Redis beneath the disk tier (default ${usualRedis}; REDIS_URL does the same)
  --json           the figures as JSON
  --help           this text
`;

/**
 * @param args what follows the program's name
 * @param env for `REDIS_URL`
 * @param defaultDir used without `--cache-dir`
 * @throws UsageError for anything that it doesn't understand
 */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  defaultDir: string,
): GeocoderOptions {
  const values = parse(args);
  const redis = values.redis ?? (env["REDIS_URL"] || undefined);
  return {
    requests: wholeNumber("--requests", values.requests ?? "100000", 1, most),
    seed: wholeNumber("--seed", values.seed ?? "1", 0, 2 ** 32 - 1),
    cacheDir: folder(values["cache-dir"] ?? defaultDir, env["INIT_CWD"]),
    fresh: values.fresh ?? false,
    redis: redis === undefined ? undefined : redisUrl(redis),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  // parseArgs knows no option whose value may be left out, so the usual place is filled in for a bare one.
  const spelled = args.flatMap((arg, index) => {
    const bare = arg === "--redis" && (args[index + 1] ?? "--").startsWith("--");
    return bare ? [arg, usualRedis] : [arg];
  });
  try {
    return parseArgs({
      args: spelled,
      strict: true,
      allowPositionals: false,
      options: {
        requests: { type: "string" },
        seed: { type: "string" },
        "cache-dir": { type: "string" },
        fresh: { type: "boolean" },
        redis: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, text: string, least: number, greatest: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= greatest) return value;
  throw new UsageError(`${option} takes a whole number from ${least} to ${greatest}, not ${JSON.stringify(text)}`);
}

/** npm runs scripts at the package's root; a relative folder is meant from where the person is. */
function folder(dir: string, from: string | undefined): string {
  if (dir === "" || dir.includes("\0")) throw new UsageError("--cache-dir takes the path of a folder");
  return isAbsolute(dir) ? dir : resolve(from ?? ".", dir);
}

function redisUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === "redis:" || url.protocol === "rediss:") && url.hostname !== "")
    return text;
  throw new UsageError(`--redis takes a URL such as ${usualRedis}, not ${JSON.stringify(text)}`);
}
