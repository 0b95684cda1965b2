/** Stands in the built function where `@aws-sdk/client-kms` stands elsewhere: public keys, and nothing that signs. */
import { JsonClient, type Settings } from './client.ts';

export class KMSClient extends JsonClient {
  constructor(settings: Settings) {
    super({ name: 'kms', target: 'TrentService', contentType: 'application/x-amz-json-1.1' }, settings);
  }

  /** The key itself is text in JSON, and bytes to whoever asks. */
  override async send(...args: Parameters<JsonClient['send']>): ReturnType<JsonClient['send']> {
    const { PublicKey, ...rest } = await super.send(...args);
    return typeof PublicKey === 'string' ? { ...rest, PublicKey: Buffer.from(PublicKey, 'base64') } : rest;
  }
}

export class GetPublicKeyCommand {
  readonly operation = 'GetPublicKey';
  readonly input: object;

  constructor(input: object) {
    this.input = input;
  }
}
