/** What `doctor --api` reads of API Gateway and Lambda. Their clients are large: import this when it is asked for. */
import {
  APIGatewayClient,
  GetAuthorizersCommand as GetRestAuthorizersCommand,
  GetRestApiCommand,
} from '@aws-sdk/client-api-gateway';
import {
  ApiGatewayV2Client,
  GetApiCommand,
  GetAuthorizersCommand,
  GetRoutesCommand,
} from '@aws-sdk/client-apigatewayv2';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { INTERACTIVE, Session } from '@apikey/shared/aws';
import type { Settings } from '../config/resolve.ts';

export interface DeployedAuthorizer {
  readonly name: string;
  readonly type: 'TOKEN' | 'REQUEST';
  /** Seconds for which its answers are reused. */
  readonly resultTtl: number;
  /** As the API has them: `method.request.header.Authorization`, `$context.routeKey`. */
  readonly identitySources: readonly string[];
  /** Whether it answers yes or no in place of a policy. */
  readonly simple: boolean;
  /** Absent where its URI names none. */
  readonly functionArn: string | undefined;
  /** The routes that it guards, where the API tells: `GET /plans/{id}`. */
  readonly routeKeys: readonly string[];
}

export interface DeployedApi {
  readonly kind: 'REST' | 'HTTP' | 'WEBSOCKET';
  readonly name: string;
  readonly authorizers: readonly DeployedAuthorizer[];
}

/** What a REST API does if nobody said otherwise. */
export const REST_DEFAULT_TTL = 300;

type Aws = Settings['aws'];

/** The API with its Lambda authorizers; absent where there is none of that id in this account and Region. */
export async function readApi({ aws }: Pick<Settings, 'aws'>, id: string): Promise<DeployedApi | undefined> {
  return (await readApiV2(aws, id)) ?? readRestApi(aws, id);
}

/** The variables of a function; absent where there is no such function. */
export async function readFunctionVariables(
  { aws }: Pick<Settings, 'aws'>,
  arn: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const session = new Session((settings) => new LambdaClient(settings), { ...aws, timing: INTERACTIVE });
  try {
    const call = { action: 'lambda:GetFunctionConfiguration', resource: arn } as const;
    const found = await session.run(call, (client, abortSignal) =>
      ifThere(client.send(new GetFunctionConfigurationCommand({ FunctionName: arn }), { abortSignal })),
    );
    return found === undefined ? undefined : (found.Environment?.Variables ?? {});
  } finally {
    session.close();
  }
}

async function readApiV2(aws: Aws, ApiId: string): Promise<DeployedApi | undefined> {
  const session = new Session((settings) => new ApiGatewayV2Client(settings), { ...aws, timing: INTERACTIVE });
  const call = { action: 'apigateway:GET', resource: `/apis/${ApiId}` } as const;
  try {
    const api = await session.run(call, (client, abortSignal) =>
      ifThere(client.send(new GetApiCommand({ ApiId }), { abortSignal })),
    );
    if (api === undefined) return undefined;
    const authorizers = await allPages((NextToken) =>
      session.run(call, (client, abortSignal) =>
        client.send(new GetAuthorizersCommand({ ApiId, ...NextToken }), { abortSignal }),
      ),
    );
    const routes = await allPages((NextToken) =>
      session.run(call, (client, abortSignal) =>
        client.send(new GetRoutesCommand({ ApiId, ...NextToken }), { abortSignal }),
      ),
    );
    return {
      kind: api.ProtocolType === 'WEBSOCKET' ? 'WEBSOCKET' : 'HTTP',
      name: api.Name ?? ApiId,
      authorizers: authorizers
        .filter(({ AuthorizerType }) => AuthorizerType === 'REQUEST')
        .map((authorizer) => ({
          name: authorizer.Name ?? 'without a name',
          type: 'REQUEST',
          resultTtl: secondsOf(authorizer.AuthorizerResultTtlInSeconds, 0),
          identitySources: authorizer.IdentitySource ?? [],
          simple: authorizer.EnableSimpleResponses === true,
          functionArn: functionOf(authorizer.AuthorizerUri),
          routeKeys: routes
            .filter(({ AuthorizerId }) => AuthorizerId !== undefined && AuthorizerId === authorizer.AuthorizerId)
            .flatMap(({ RouteKey }) => RouteKey ?? []),
        })),
    };
  } finally {
    session.close();
  }
}

async function readRestApi(aws: Aws, restApiId: string): Promise<DeployedApi | undefined> {
  const session = new Session((settings) => new APIGatewayClient(settings), { ...aws, timing: INTERACTIVE });
  const call = { action: 'apigateway:GET', resource: `/restapis/${restApiId}` } as const;
  try {
    const api = await session.run(call, (client, abortSignal) =>
      ifThere(client.send(new GetRestApiCommand({ restApiId }), { abortSignal })),
    );
    if (api === undefined) return undefined;
    // An API has at most ten authorizers (quota), and a page has 25.
    const { items = [] } = await session.run(call, (client, abortSignal) =>
      client.send(new GetRestAuthorizersCommand({ restApiId }), { abortSignal }),
    );
    return {
      kind: 'REST',
      name: api.name ?? restApiId,
      authorizers: items.flatMap(({ name, type, authorizerResultTtlInSeconds, identitySource, authorizerUri }) =>
        type === 'TOKEN' || type === 'REQUEST'
          ? {
              name: name ?? 'without a name',
              type,
              resultTtl: secondsOf(authorizerResultTtlInSeconds, REST_DEFAULT_TTL),
              identitySources: splitSources(identitySource),
              simple: false,
              functionArn: functionOf(authorizerUri),
              routeKeys: [],
            }
          : [],
      ),
    };
  } finally {
    session.close();
  }
}

/** The SDK hands numbers on as it was sent them, and not every service that speaks this protocol sends numbers. */
function secondsOf(ttl: unknown, standard: number): number {
  return ttl === undefined ? standard : Number(ttl);
}

function splitSources(sources = ''): string[] {
  return sources
    .split(',')
    .map((source) => source.trim())
    .filter((source) => source !== '');
}

/** `arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/<function>/invocations` */
function functionOf(uri = ''): string | undefined {
  return /\/functions\/([^/]+)\/invocations$/.exec(uri)?.[1];
}

async function allPages<T>(
  read: (page: { NextToken?: string }) => Promise<{ Items?: T[] | undefined; NextToken?: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let next: string | undefined;
  do {
    const { Items = [], NextToken } = await read(next === undefined ? {} : { NextToken: next });
    all.push(...Items);
    next = NextToken;
  } while (next !== undefined && next !== '');
  return all;
}

/** What there is not is an answer here, and no error. */
async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && /^(?:Resource)?NotFoundException$/.test(error.name)) return undefined;
    throw error;
  }
}
