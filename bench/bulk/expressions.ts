/** DynamoDB's condition expressions, as far as a registry writes them. Anything else is refused, as DynamoDB would. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Refusal } from './aws-service.ts';

export type Item = Readonly<Record<string, AttributeValue>>;

export interface Expression {
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/** Whether a condition holds for an item; an item that does not exist has no attributes. */
export function holds(expression: Expression, item: Item = {}): boolean {
  const parser = new Parser(expression, item);
  const result = parser.either();
  parser.end();
  return result;
}

const TOKEN = /\s*(<=|>=|<>|[()=<>,]|[#:]?\w+)/y;

/** One pass: it evaluates while it reads. */
class Parser {
  readonly #words: string[] = [];
  readonly #expression: Expression;
  readonly #item: Item;

  constructor(expression: Expression, item: Item) {
    this.#expression = expression;
    this.#item = item;
    const { text } = expression;
    for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
      TOKEN.lastIndex = at;
      const word = TOKEN.exec(text)?.[1];
      if (word === undefined) throw this.#invalid();
      this.#words.push(word);
    }
  }

  end(): void {
    if (this.#words.length > 0) throw this.#invalid();
  }

  either(): boolean {
    let result = this.#both();
    // Both sides are read, whatever the first says.
    while (this.#takes('OR')) result = this.#both() || result;
    return result;
  }

  #both(): boolean {
    let result = this.#single();
    while (this.#takes('AND')) result = this.#single() && result;
    return result;
  }

  #single(): boolean {
    if (this.#takes('NOT')) return !this.#single();
    if (this.#takes('(')) {
      const result = this.either();
      this.#expect(')');
      return result;
    }
    return this.#words[0]?.startsWith('attribute_') ? this.#call() : this.#comparison();
  }

  #call(): boolean {
    const name = this.#next();
    this.#expect('(');
    const value = this.#operand();
    const type = this.#takes(',') ? this.#operand()?.S : undefined;
    this.#expect(')');
    if (name === 'attribute_exists') return value !== undefined;
    if (name === 'attribute_not_exists') return value === undefined;
    if (name === 'attribute_type' && type !== undefined) return value !== undefined && type in value;
    throw this.#invalid();
  }

  #comparison(): boolean {
    const left = this.#operand();
    const operator = this.#next();
    const right = this.#operand();
    const order = compare(left, right);
    if (order === undefined) return operator === '<>';
    if (operator === '=') return order === 0;
    if (operator === '<') return order < 0;
    if (operator === '<=') return order <= 0;
    throw this.#invalid();
  }

  #operand(): AttributeValue | undefined {
    const word = this.#next();
    if (word.startsWith(':')) return this.#expression.values[word] ?? this.#fail();
    return this.#item[word.startsWith('#') ? (this.#expression.names[word] ?? this.#fail()) : word];
  }

  #next(): string {
    return this.#words.shift() ?? this.#fail();
  }

  #takes(word: string): boolean {
    if (this.#words[0] !== word) return false;
    this.#words.shift();
    return true;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) throw this.#invalid();
  }

  #fail(): never {
    throw this.#invalid();
  }

  #invalid(): Refusal {
    return new Refusal('ValidationException', `Invalid ConditionExpression: ${this.#expression.text}`);
  }
}

/** Absent where the two are not of one type, or one is missing: no comparison holds then. */
function compare(a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined {
  if (a?.S !== undefined && b?.S !== undefined) return a.S < b.S ? -1 : Number(a.S > b.S);
  if (a?.N !== undefined && b?.N !== undefined) return Math.sign(Number(a.N) - Number(b.N));
  return undefined;
}
