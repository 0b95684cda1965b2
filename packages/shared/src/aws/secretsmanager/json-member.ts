/** One member of a JSON object, changed in its text: every other byte stays what it was, numbers and spaces included. */

interface Member {
  readonly name: string;
  /** The value's place in the text. */
  readonly start: number;
  readonly end: number;
}

/** The value of a member; absent where there is none. Throws `SyntaxError` unless the text is one JSON object. */
export function memberOf(text: string, name: string): unknown {
  const found = find(text, name);
  return found === undefined ? undefined : JSON.parse(text.slice(found.start, found.end));
}

/** The text with the member set, in its place or at the end. Throws `SyntaxError` as `memberOf` does. */
export function withMember(text: string, name: string, value: string): string {
  const found = find(text, name);
  const json = JSON.stringify(value);
  if (found !== undefined) return text.slice(0, found.start) + json + text.slice(found.end);
  const member = `${JSON.stringify(name)}:${json}`;
  const last = membersOf(text).at(-1);
  const at = last?.end ?? text.indexOf('{') + 1;
  return `${text.slice(0, at)}${last === undefined ? '' : ','}${member}${text.slice(at)}`;
}

/** How many members a JSON object has; absent for whatever is none. */
export function countMembers(text: string): number | undefined {
  try {
    return membersOf(text).length;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function find(text: string, name: string): Member | undefined {
  const [first, second] = membersOf(text).filter((member) => member.name === name);
  // Readers take one or the other, each by its own habit.
  if (second !== undefined) throw new SyntaxError('the object has this member twice');
  return first;
}

function membersOf(text: string): Member[] {
  requireObject(text);
  const members: Member[] = [];
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text.charAt(at) === '"') {
    const quote = endOfString(text, at);
    const name: unknown = JSON.parse(text.slice(at, quote));
    const start = skipSpace(text, skipSpace(text, quote) + 1);
    const end = endOfValue(text, start);
    members.push({ name: String(name), start, end });
    at = skipSpace(text, end);
    if (text.charAt(at) === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

function requireObject(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes its input, which is secret.
    throw new SyntaxError('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not a JSON object');
}

/** From here on the text is known to be JSON. */
function endOfValue(text: string, start: number): number {
  const first = text.charAt(start);
  if (first === '"') return endOfString(text, start);
  if (first !== '{' && first !== '[') return start + (/[,}\]\s]/.exec(text.slice(start))?.index ?? 0);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: string, opening: number): number {
  let at = opening + 1;
  while (text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at += 1;
  return at;
}
