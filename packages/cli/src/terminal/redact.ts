/** Keeps tokens out of everything printed: the last line of defence behind code that never prints one. */

/**
 * A JWS segment of a JSON object starts with `eyJ`, wherever it stands in a line, with whatever it is glued to. The
 * text before it in the same word is taken too, so that a cut or prefixed token is not half shown.
 */
const TOKEN_LIKE = /[A-Za-z0-9_-]*eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,3}/g;
/** A key id is 43 base64url characters, and one in some thousands holds `eyJ` by chance. It has no dots. */
const KID = /^[A-Za-z0-9_-]{43}$/;

export const REDACTED = '[token removed]';

export function redact(text: string): string {
  return text.replaceAll(TOKEN_LIKE, (match) => (KID.test(match) ? match : REDACTED));
}
