/** What a line of an export is about, found without parsing all of it: most lines are parsed later, and only once. */

export interface Outline {
  /** The aggregate that it belongs to. */
  readonly owner: string;
  /** Of an event. */
  readonly seq?: number;
  readonly hash?: string;
  /** Of an aggregate. */
  readonly settled?: number;
}

/** Nothing for what is no entry. */
export function outlineOf(value: unknown): Outline | undefined {
  if (!isObject(value)) return undefined;
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(OUTLINES, type)) return undefined;
  const content = value[type];
  return isObject(content) ? OUTLINES[type]?.(content, value) : undefined;
}

type Members = Readonly<Record<string, unknown>>;

const OUTLINES: Readonly<Record<string, (content: Members, line: Members) => Outline | undefined>> = {
  event: ({ aggregate, seq, hash }) =>
    typeof aggregate === 'string' && typeof seq === 'number' && typeof hash === 'string'
      ? { owner: aggregate, seq, hash }
      : undefined,
  record: ({ client }) => ofClient(client),
  request: ({ client }) => ofClient(client),
  client: ({ id }, { settled }) => withSettled(ofClient(id), settled),
  ring: ({ name }, { settled }) =>
    withSettled(typeof name === 'string' ? { owner: `ring:${name}` } : undefined, settled),
};

function ofClient(id: unknown): Outline | undefined {
  return typeof id === 'string' ? { owner: `client:${id}` } : undefined;
}

function withSettled(outline: Outline | undefined, settled: unknown): Outline | undefined {
  return outline === undefined || typeof settled !== 'number' ? undefined : { ...outline, settled };
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
