/**
 * What a text of a configuration file means, by dogpile's rules: whole and decimal numbers, `true` and `false` in any
 * case, `None`; any other text is itself, without the blanks around it. What is no text stays as it is.
 */
export function coerceStringConf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (/^[-+]?\d+$/.test(text)) {
    const number = Number(text);
    // A number that would come out as another one is a name that looks like one.
    return Number.isSafeInteger(number) ? number : text;
  }
  if (/^[-+]?(\d+\.\d*|\.\d+|\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text === "None" ? null : text;
}
