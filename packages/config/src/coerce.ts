/**
 * What a text of a flat configuration means, by dogpile's rules: whole numbers, decimal numbers, true and false in any
 * case, exactly "None" is `null`; anything else stays text, without the blanks around it. What is no text stays as it is.
 */
export function coerced(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  if (/^[-+]?(\d+\.\d*|\.\d+|\d+(?=e))(e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text === "None" ? null : text;
}

/** `soft_timeout` → `softTimeout` */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}
