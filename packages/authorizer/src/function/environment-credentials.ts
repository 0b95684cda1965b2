/**
 * AWS credentials from the environment alone. The build puts this in the place of the SDK's chain of providers: Lambda hands
 * out credentials in these variables, and the rest of the chain is a third of the bundle.
 */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the SDK's clients call to get their provider. */
export function defaultProvider(): () => Promise<Credentials> {
  return () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
    const { AWS_SESSION_TOKEN: sessionToken } = process.env;
    if (!accessKeyId || !secretAccessKey) return Promise.reject(new CredentialsProviderError());
    return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
  };
}

/** Known by its name, like the SDK's own. */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';

  constructor() {
    super('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
  }
}
