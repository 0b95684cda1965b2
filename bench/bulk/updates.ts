/** DynamoDB's update expressions, as far as a registry writes them. Anything else is refused, as DynamoDB would. */
import { Refusal } from './aws-service.ts';
import type { Item } from './expressions.ts';

export interface ItemUpdate {
  readonly Key: Item;
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

const FORM = /^(?:SET (#\w+ = :\w+(?:, #\w+ = :\w+)*))? ?(?:REMOVE (#\w+(?:, #\w+)*))?$/;

/** The item as an update leaves it. */
export function updated(update: ItemUpdate, item: Item = {}): Item {
  const {
    Key,
    UpdateExpression,
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values = {},
  } = update;
  const parts = FORM.exec(UpdateExpression);
  if (parts === null) throw new Refusal('ValidationException', UpdateExpression);
  const changed = { ...Key, ...item };
  for (const assignment of parts[1]?.split(', ') ?? []) {
    const [name = '', value = ''] = assignment.split(' = ');
    changed[names[name] ?? ''] = values[value] ?? { NULL: true };
  }
  const removed = new Set(parts[2]?.split(', ').map((name) => names[name]));
  return Object.fromEntries(Object.entries(changed).filter(([name]) => !removed.has(name)));
}
