/** A name that nobody else has: 128 random bits. Not `randomUUID`, which pages that came without TLS lack. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
