/** `apikey serve`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG, QUIET_FLAG } from '../flags.ts';

const LISTENING = 'Listening';
const DECIDING = 'Deciding';
const PASSING_ON = 'Passing requests on';
const FOR_OTHERS = 'For backends and holders of tokens';

export const serve: CommandDefinition = {
  name: 'serve',
  group: 'Environment',
  summary: 'Run the gateway: decide about requests for a proxy in front, or pass the allowed ones on',
  more:
    'Without --upstream it answers nginx auth_request, Traefik ForwardAuth, Caddy forward_auth and Envoy ext_authz at ' +
    '/authorize; with it, it is a reverse proxy itself. How old the registry state behind a decision may be is what the ' +
    'settings max_staleness and stale_if_error of the environment say. Ctrl-C, or SIGTERM, lets requests finish and ends.',
  endsItself: true,
  flags: [
    { group: LISTENING, flags: '--port <number>', help: 'port, 0 for one that is free (default: 8080)' },
    {
      group: LISTENING,
      flags: '--host <address>',
      help: 'address to listen at, or unix:PATH for a Unix socket; others than this machine reach it there (default: 127.0.0.1)',
    },
    { group: LISTENING, flags: '--tls-cert <file>', help: 'certificate chain in PEM' },
    { group: LISTENING, flags: '--tls-key <file>', help: 'its private key in PEM' },
    {
      group: LISTENING,
      flags: '--drain-timeout <duration>',
      help: 'how long the end waits for requests (default: 10s)',
    },
    {
      group: DECIDING,
      flags: '--routes <file>',
      help: 'JSON list of { method, path, scopes }: what a request needs; one that matches no route is denied',
    },
    {
      group: DECIDING,
      flags: '--exact-paths',
      help: 'the servers behind tell /Plans and /plans/ from /plans; otherwise routes for either count for both',
    },
    {
      group: DECIDING,
      flags: '--trust-proxy <network>',
      help: 'network of proxies whose headers say which request they ask about, or `unix` for peers on a Unix socket (default: none)',
      repeatable: true,
    },
    {
      group: DECIDING,
      flags: '--max-staleness-keys <seconds>',
      help: 'how old the key ring may be (default: as max_staleness)',
    },
    {
      group: DECIDING,
      flags: '--keys-allow <arn>',
      help: 'KMS key that may be trusted (default: all of the own account and Region)',
      repeatable: true,
    },
    {
      group: DECIDING,
      flags: '--track-usage',
      help: 'record when tokens are used, for `apikey list`; the process then writes to the registry',
    },
    {
      group: PASSING_ON,
      flags: '--upstream <url>',
      help: 'where allowed requests go: http://HOST:PORT or https://HOST',
    },
    {
      group: PASSING_ON,
      flags: '--upstream-timeout <duration>',
      help: 'longest silence of the upstream before a request fails (default: 1m)',
    },
    {
      group: PASSING_ON,
      flags: '--forward-authorization',
      help: 'pass the Authorization header on; otherwise the upstream never sees a token',
    },
    {
      group: PASSING_ON,
      flags: '--pass-header <name>',
      help: 'identity header, such as X-Forwarded-User, that reaches the upstream from every peer (default: none)',
      repeatable: true,
    },
    {
      group: FOR_OTHERS,
      flags: '--introspect-client <id>',
      help: 'client whose tokens may ask /introspect; without it, only this machine may',
    },
    { group: FOR_OTHERS, flags: '--allow-revoke', help: 'serve /revoke: whoever holds a token may end it' },
    {
      group: 'Output',
      flags: '--log <format>',
      help: 'json: a line for each decision on standard output; text: on standard error; off (default: text on a terminal)',
      value: ['json', 'text', 'off'],
    },
    JSON_FLAG,
    QUIET_FLAG,
  ],
  examples: [
    { does: 'a reverse proxy in front of a server', line: 'apikey serve --upstream http://127.0.0.1:3000' },
    { does: 'for nginx on the same machine', line: 'apikey serve --routes routes.json --trust-proxy 127.0.0.1/32' },
    { does: 'as a service, with a log', line: 'apikey serve --env prod --host 0.0.0.0 --log json' },
  ],
  load: () => import('./run.ts'),
};
