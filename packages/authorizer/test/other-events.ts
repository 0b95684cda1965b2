/** Events that Lambda functions get from other senders than an authorizer's gateway, as AWS documents them, each with a token. */

const AGENT = 'agent/1.0';
const ADDRESS = '192.0.2.10';
const API_ID = 'abcdef1234';
const DOMAIN = `${API_ID}.execute-api.us-east-1.amazonaws.com`;
const CLAIMS = { sub: 'someone', scope: 'admin' };

interface Parts {
  readonly routeKey?: string;
  readonly stage?: string;
  readonly rawPath?: string;
  readonly authorizer?: object;
  readonly more?: object;
  readonly domain?: string;
}

/** What an HTTP API sends to a route's function in payload format 2.0; a function URL sends the same. */
function proxied2(token: string, parts: Parts = {}): object {
  const { routeKey = 'GET /plans/1', stage = '$default', rawPath = '/plans/1', domain = DOMAIN } = parts;
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: '',
    headers: { authorization: `Bearer ${token}`, host: domain, 'x-forwarded-for': ADDRESS },
    requestContext: {
      accountId: '123456789012',
      apiId: API_ID,
      domainName: domain,
      domainPrefix: domain.split('.')[0],
      http: { method: 'GET', path: rawPath, protocol: 'HTTP/1.1', sourceIp: ADDRESS, userAgent: AGENT },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey,
      stage,
      time: '10/Mar/2020:05:16:23 +0000',
      timeEpoch: 1_583_817_383_220,
      ...(parts.authorizer === undefined ? {} : { authorizer: parts.authorizer }),
    },
    isBase64Encoded: false,
    ...parts.more,
  };
}

/** What REST APIs, and HTTP APIs in payload format 1.0, send to a route's function. */
function proxied1(token: string, more: object = {}, context: object = {}): object {
  return {
    resource: '/plans/{id}',
    path: '/plans/1',
    httpMethod: 'GET',
    headers: { Authorization: `Bearer ${token}`, Host: DOMAIN },
    multiValueHeaders: { Authorization: [`Bearer ${token}`], Host: [DOMAIN] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { id: '1' },
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: API_ID,
      domainName: DOMAIN,
      httpMethod: 'GET',
      identity: { sourceIp: ADDRESS, userAgent: AGENT },
      path: '/prod/plans/1',
      resourcePath: '/plans/{id}',
      stage: 'prod',
      ...context,
    },
    body: null,
    isBase64Encoded: false,
    ...more,
  };
}

/** By name, each made with a token in the place where its sender puts headers. */
export const otherEvents: Readonly<Record<string, (token: string) => object>> = {
  'HTTP API 2.0, proxied': proxied2,
  'HTTP API 2.0, proxied from $default': (token) => proxied2(token, { routeKey: '$default' }),
  'HTTP API 2.0, proxied from a named stage': (token) =>
    proxied2(token, { stage: 'prod', rawPath: '/prod/plans/1', routeKey: 'ANY /{proxy+}' }),
  'HTTP API 2.0, proxied from a custom domain': (token) =>
    proxied2(token, { domain: 'api.example.gov', rawPath: '/v1/plans/1' }),
  'HTTP API 2.0, behind a JWT authorizer': (token) =>
    proxied2(token, { authorizer: { jwt: { claims: CLAIMS, scopes: ['plans:read'] } } }),
  'HTTP API 2.0, behind IAM': (token) =>
    proxied2(token, {
      authorizer: { iam: { accessKey: 'AKIA', accountId: '123456789012', userArn: 'arn:aws:iam::1:u' } },
    }),
  'HTTP API 2.0, behind a Lambda authorizer': (token) =>
    proxied2(token, { authorizer: { lambda: { client: 'partner', scopes: 'plans:read' } } }),
  'HTTP API 2.0, with a client certificate': (token) =>
    proxied2(token, { more: { authentication: { clientCert: { subjectDN: 'CN=a', serialNumber: '1' } } } }),
  'HTTP API 2.0, with a body': (token) =>
    proxied2(token, { routeKey: 'POST /plans', more: { body: '{"type":"REQUEST"}', cookies: ['a=b'] } }),
  'HTTP API 2.0, with parameters': (token) =>
    proxied2(token, {
      routeKey: 'GET /plans/{id}',
      more: { pathParameters: { id: '1' }, queryStringParameters: { type: 'REQUEST' }, stageVariables: { a: 'b' } },
    }),
  'function URL, without auth': (token) =>
    proxied2(token, { routeKey: '$default', domain: `${'u'.repeat(32)}.lambda-url.us-east-1.on.aws` }),
  'function URL, with IAM': (token) =>
    proxied2(token, { routeKey: '$default', authorizer: { iam: { userId: 'AIDA', cognitoIdentity: null } } }),
  'function URL, streamed': (token) =>
    proxied2(token, { routeKey: '$default', more: { isBase64Encoded: true, body: 'e30=' } }),
  'function URL, at its root': (token) => proxied2(token, { routeKey: '$default', rawPath: '/' }),
  'HTTP API 1.0, proxied': (token) => proxied1(token, { version: '1.0' }),
  'HTTP API 1.0, behind a Lambda authorizer': (token) =>
    proxied1(token, { version: '1.0' }, { authorizer: { client: 'partner' } }),
  'HTTP API 1.0, behind a JWT authorizer': (token) =>
    proxied1(token, { version: '1.0' }, { authorizer: { claims: CLAIMS, scopes: ['plans:read'] } }),
  'HTTP API 1.0, from $default': (token) =>
    proxied1(token, { version: '1.0', resource: '$default' }, { stage: '$default' }),
  'REST API, proxied': proxied1,
  'REST API, behind an authorizer': (token) =>
    proxied1(token, {}, { authorizer: { principalId: 'partner', integrationLatency: 1 } }),
  'REST API, behind Cognito': (token) => proxied1(token, {}, { authorizer: { claims: CLAIMS } }),
  'REST API, test of a method': (token) => proxied1(token, {}, { stage: 'test-invoke-stage' }),
  'load balancer': (token) => ({
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/1' } },
    httpMethod: 'GET',
    path: '/plans/1',
    queryStringParameters: {},
    headers: { authorization: `Bearer ${token}` },
    body: '',
    isBase64Encoded: false,
  }),
  'VPC Lattice 2.0': (token) => ({
    version: '2.0',
    path: '/plans/1',
    method: 'GET',
    headers: { authorization: [`Bearer ${token}`] },
    requestContext: { serviceArn: 'arn:aws:vpc-lattice:us-east-1:1:service/svc-1', region: 'us-east-1' },
  }),
  'VPC Lattice 1.0': (token) => ({
    raw_path: '/plans/1',
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
    is_base64_encoded: false,
  }),
  'WebSocket, connected': (token) => ({
    headers: { Authorization: `Bearer ${token}` },
    requestContext: { routeKey: '$connect', eventType: 'CONNECT', stage: 'prod', apiId: API_ID, connectionId: 'c' },
    isBase64Encoded: false,
  }),
  'WebSocket, a message': (token) => ({
    requestContext: { routeKey: '$default', eventType: 'MESSAGE', stage: 'prod', apiId: API_ID, connectionId: 'c' },
    body: JSON.stringify({ type: 'REQUEST', authorizationToken: `Bearer ${token}` }),
    isBase64Encoded: false,
  }),
  EventBridge: (token) => ({
    version: '0',
    id: '1',
    'detail-type': 'x',
    source: 'a.b',
    account: '123456789012',
    time: '2026-11-20T12:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: { authorizationToken: `Bearer ${token}`, type: 'TOKEN' },
  }),
  Cognito: (token) => ({
    version: '1',
    triggerSource: 'PreAuthentication_Authentication',
    region: 'us-east-1',
    userPoolId: 'us-east-1_a',
    request: { userAttributes: { token } },
    response: {},
  }),
  'AppSync authorizer': (token) => ({
    authorizationToken: `Bearer ${token}`,
    requestContext: { apiId: 'giy', accountId: '1', requestId: 'r', queryString: 'query { a }', variables: {} },
    requestHeaders: { authorization: `Bearer ${token}` },
  }),
  'IoT custom authorizer': (token) => ({
    token,
    signatureVerified: true,
    protocols: ['http'],
    protocolData: { http: { headers: { authorization: `Bearer ${token}` }, queryString: '' } },
  }),
  'CloudFront request': (token) => ({
    Records: [
      {
        cf: { request: { method: 'GET', uri: '/plans/1', headers: { authorization: [{ value: `Bearer ${token}` }] } } },
      },
    ],
  }),
};
