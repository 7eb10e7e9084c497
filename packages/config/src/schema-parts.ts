import { type Clock, ConfigurationError, durationMs, sizeBytes } from "@cascata/core";
import { z } from "zod";

/** How a leaf is written in JSON Schema; `undefined`: plain data has no form for it. */
export type JsonForm = Readonly<Record<string, unknown>> | undefined;

const forms = new WeakMap<object, { readonly form: JsonForm }>();

/** The JSON form of a leaf made here; nothing for any other schema. */
export function jsonFormOf(schema: object): { readonly form: JsonForm } | undefined {
  return forms.get(schema);
}

/** A value that one check accepts. `expected` completes "expected …, received …". */
export function leaf<T>(expected: string, accepts: (value: unknown) => boolean, form: JsonForm): z.ZodType<T> {
  const schema = z.custom<T>(accepts, { error: expected });
  forms.set(schema, { form });
  return schema;
}

type Keys<T> = Extract<keyof T, string>;
type Required<T> = { [K in Keys<T>]: object extends Pick<T, K> ? never : K }[Keys<T>];
type Fields<T, K extends keyof T> = { readonly [N in K]-?: z.ZodType<Exclude<T[N], undefined>> };

/** An object of exactly these fields. A field that `T` has and the schema lacks, or the other way, does not compile. */
export function object<T>(
  required: Fields<T, Required<T>>,
  optional: Fields<T, Exclude<Keys<T>, Required<T>>>,
): z.ZodType<T> {
  const shape: Record<string, z.ZodType> = { ...(required as Record<string, z.ZodType>) };
  for (const [name, schema] of Object.entries<z.ZodType>(optional)) shape[name] = schema.optional();
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    // The names travel in the message: zod has no other place for what an unknown key may have meant.
    error: (issue) => (issue.code === "unrecognized_keys" ? names.join("\n") : "an object of options"),
  }) as unknown as z.ZodType<T>;
}

export function list<T>(item: z.ZodType<T>, what: string): z.ZodType<readonly T[]> {
  return z.array(item, { error: `a list of ${what}` }) as unknown as z.ZodType<readonly T[]>;
}

/** The text that core itself would use for a refusal. */
function expectation(refuse: (value: unknown, path: string) => unknown): string {
  try {
    refuse(undefined, "");
    return "";
  } catch (error) {
    return error instanceof ConfigurationError ? (error.mistakes[0]?.expected ?? "") : "";
  }
}

/** What a text of a wrong unit was meant for, where `expected` is a time or a size. */
export function measureHint(expected: string, received: unknown): { readonly hint?: string } {
  for (const read of [durationMs, sizeBytes]) {
    try {
      read(received, "");
    } catch (error) {
      const mistake = error instanceof ConfigurationError ? error.mistakes[0] : undefined;
      if (mistake?.hint !== undefined && expected.includes(mistake.expected)) return { hint: mistake.hint };
    }
  }
  return {};
}

function accepted(read: (value: unknown, path: string) => unknown): (value: unknown) => boolean {
  return (value) => {
    try {
      read(value, "");
      return true;
    } catch {
      return false;
    }
  };
}

/** Forms that occur so often that the others refer to them. */
export const jsonForms: { readonly duration: JsonForm; readonly size: JsonForm } = {
  duration: measureForm("Milliseconds, or a number with a unit: 250ms, 10s, 5m, 1h, 30d.", "ms|s|m|h|d|w"),
  size: measureForm("Bytes, or a number with a unit of 1024: 512b, 4kb, 10mb, 2gb.", "b|kb|mb|gb|tb"),
};

function measureForm(description: string, units: string): JsonForm {
  const pattern = `^\\s*(\\d+(\\.\\d+)?|\\.\\d+)\\s*(${units})\\s*$`;
  return {
    description,
    anyOf: [
      { type: "number", minimum: 0 },
      { type: "string", pattern },
    ],
  };
}

export const duration = <T>(): z.ZodType<T> =>
  leaf<T>(expectation(durationMs), accepted(durationMs), { $ref: "#/$defs/duration" });
export const size = <T>(): z.ZodType<T> =>
  leaf<T>(expectation(sizeBytes), accepted(sizeBytes), { $ref: "#/$defs/size" });

export const text = (what = "a text"): z.ZodType<string> =>
  leaf<string>(what, (value) => typeof value === "string" && value !== "", { type: "string", minLength: 1 });

export const flag = (): z.ZodType<boolean> =>
  leaf<boolean>("true or false", (value) => typeof value === "boolean", { type: "boolean" });

/** A whole number from `least` on; `Infinity` is one. */
export const whole = (least = 1): z.ZodType<number> =>
  leaf<number>(
    `a whole number from ${least} on`,
    (value) => typeof value === "number" && (Number.isInteger(value) || value === Infinity) && value >= least,
    { type: "integer", minimum: least },
  );

export const within = (least: number, most: number): z.ZodType<number> =>
  leaf<number>(
    `a number from ${least} to ${most}`,
    (value) => typeof value === "number" && value >= least && value <= most,
    { type: "number", minimum: least, maximum: most },
  );

export const oneOf = <T extends string>(...choices: readonly T[]): z.ZodType<T> =>
  leaf<T>(choices.map((choice) => `"${choice}"`).join(" or "), (value) => choices.some((choice) => choice === value), {
    enum: choices,
  });

/** An option that only a program can give: a function. */
export const code = <T>(): z.ZodType<T> => leaf<T>("a function", (value) => typeof value === "function", undefined);

/** An option that only a program can give: an object with these methods. */
export const instance = <T>(what: string, ...methods: readonly string[]): z.ZodType<T> =>
  leaf<T>(
    what,
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function"),
    undefined,
  );

export const clock = (): z.ZodType<Clock> => instance<Clock>("a Clock", "now", "coarse", "schedule");

/** Any object of plain data, whose members somebody else checks. */
export const anyObject = <T>(what: string): z.ZodType<T> =>
  leaf<T>(what, (value) => typeof value === "object" && value !== null && !Array.isArray(value), { type: "object" });

/** What somebody else checks. */
export const anything = (): z.ZodType => leaf<unknown>("anything", () => true, {});

/** `false`, or what `schema` takes. */
export function orFalse<T>(schema: z.ZodType<T>): z.ZodType<T | false> {
  return z.union([schema, leaf<false>("false", (value) => value === false, { const: false })]) as never;
}

/** `true`, `false`, or what `schema` takes. */
export function orFlag<T>(schema: z.ZodType<T>): z.ZodType<T | boolean> {
  return z.union([schema, flag()]) as never;
}
