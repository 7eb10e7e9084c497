import type { CreationFailure } from "@cascata/core";

/** A failure as a notice carries it; '' where there is none. */
export function failureText(failure: CreationFailure | undefined): string {
  return failure === undefined ? "" : JSON.stringify(failure);
}

/** Read back. Whatever is no failure, of a later release perhaps, tells no more than that nobody need wait. */
export function failureIn(text: string): CreationFailure | undefined {
  if (text === "") return undefined;
  try {
    const failure = JSON.parse(text) as Partial<CreationFailure>;
    const texts = [failure.token, failure.name, failure.message];
    return texts.every((one) => typeof one === "string") ? (failure as CreationFailure) : undefined;
  } catch {
    return undefined;
  }
}
