/** Stands in the built function where `@aws-sdk/client-dynamodb` stands elsewhere. Its items are JSON as they are. */
import { JsonClient, type Settings } from './client.ts';

export class DynamoDBClient extends JsonClient {
  constructor(settings: Settings) {
    super({ name: 'dynamodb', target: 'DynamoDB_20120810', contentType: 'application/x-amz-json-1.0' }, settings);
  }
}

class InputCommand {
  readonly input: object;

  constructor(input: object) {
    this.input = input;
  }
}

export class GetItemCommand extends InputCommand {
  readonly operation = 'GetItem';
}

/** @public to files in which the build puts it in the SDK's place */
export class BatchGetItemCommand extends InputCommand {
  readonly operation = 'BatchGetItem';
}

/** @public likewise */
export class PutItemCommand extends InputCommand {
  readonly operation = 'PutItem';
}
