import { ValidationError } from "./errors.ts";
import type { Kind } from "./options.ts";

/** Texts, none of them empty: that name is the region's own. */
export const aTagList: Kind = {
  expected: "a list of texts that are not empty",
  accepts: (value) => Array.isArray(value) && value.every((tag) => typeof tag === "string" && tag !== ""),
};

/** @throws ValidationError naming `path`, also for a single text, whose letters would be taken for tags */
export function checkTags(tags: unknown, path: string): void {
  if (!aTagList.accepts(tags)) throw new ValidationError({ path, expected: aTagList.expected, received: tags });
}
