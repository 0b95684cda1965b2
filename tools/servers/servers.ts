/** Real servers, each with the site: how they are started, and whether they can be on this machine. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import express from 'express';
import { findTool, requires, type Tool } from '../../packages/cli/test/required-tools.ts';
import { bodyOf, RESOURCES } from '../../packages/cli/test/request-targets.ts';
import { installPinned, PythonUnavailable } from '../emulator/install.ts';
import { freePort, launch, portOf, SITES, type Site, type SiteFolder } from './site.ts';
import { startTomcat, TOMCAT_TOOLS } from './tomcat.ts';

export interface ServerKind {
  readonly name: string;
  /** Why it cannot be started here; empty = it can. */
  readonly absence: string;
  readonly start: (folder: SiteFolder) => Promise<Site>;
}

const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'servers');

const go = findTool('go');
const nginx = findTool('nginx');
const caddy = findTool('caddy');
const php = findTool('php-cgi');
const lighttpd = findTool('lighttpd');
const python = await findPython();

const absence = (...tools: readonly Tool[]): string => tools.map(({ absence: why }) => why).join('');

async function findPython(): Promise<Tool> {
  try {
    return {
      path: await installPinned(join(import.meta.dirname, 'requirements.txt'), join(CACHE, 'python')),
      absence: '',
    };
  } catch (error) {
    if (!(error instanceof PythonUnavailable) || requires('uvicorn')) throw error;
    return { path: '', absence: ` (skipped: ${error.message})` };
  }
}

async function startGo(folder: SiteFolder, mode: 'files' | 'clean'): Promise<Site> {
  mkdirSync(CACHE, { recursive: true });
  const binary = join(folder.path, 'site');
  await promisify(execFile)(go.path, ['build', '-o', binary, join(SITES, 'site.go')], {
    cwd: folder.path,
    env: {
      PATH: process.env['PATH'],
      HOME: folder.path,
      GOCACHE: join(CACHE, 'go'),
      GO111MODULE: 'off',
      GOTOOLCHAIN: 'local',
    },
  });
  const port = await freePort();
  const args = ['-address', `127.0.0.1:${port}`, '-root', folder.root, '-mode', mode];
  return launch({ command: binary, args, cwd: folder.path, port });
}

/** @param http what stands in the http block, `listen 80;` once in it */
export async function startNginx(folder: SiteFolder, http: string): Promise<Site> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder.path}/${kind};`,
  );
  const lines = [
    'daemon off;',
    'worker_processes 1;',
    // A process of another user could not read the folder.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    `pid ${folder.path}/nginx.pid;`,
    'error_log stderr crit;',
    'events {}',
    `http { access_log off; ${temporary.join(' ')} ${http.replace('listen 80;', `listen 127.0.0.1:${port};`)} }`,
  ];
  const config = folder.write('nginx.conf', `${lines.join('\n')}\n`);
  return launch({ command: nginx.path, args: ['-p', folder.path, '-c', config], cwd: folder.path, port });
}

/** @param site a site block for `:80` */
export async function startCaddy(folder: SiteFolder, site: string): Promise<Site> {
  const port = await freePort();
  const global = '{\n\tadmin off\n\tauto_https off\n}\n';
  const config = folder.write(`Caddyfile-${port}`, global + site.replace(':80 {', `:${port} {\n\tbind 127.0.0.1`));
  const args = ['run', '--adapter', 'caddyfile', '--config', config];
  return launch({ command: caddy.path, args, cwd: folder.path, port });
}

async function startPhp(folder: SiteFolder): Promise<Site> {
  const port = await freePort();
  copyFileSync(join(SITES, 'index.php'), join(folder.path, 'index.php'));
  const cgi = await launch({
    command: php.path,
    args: ['-b', `127.0.0.1:${port}`],
    cwd: folder.path,
    env: { PHP_FCGI_CHILDREN: '2' },
    port,
  });
  const transport = `transport fastcgi {\n\t\t\tenv SCRIPT_FILENAME ${folder.path}/index.php\n\t\t\tenv SITE_ROOT ${folder.root}\n\t\t}`;
  const server = await startCaddy(folder, `:80 {\n\treverse_proxy 127.0.0.1:${port} {\n\t\t${transport}\n\t}\n}\n`);
  return {
    url: server.url,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await cgi[Symbol.asyncDispose]();
    },
  };
}

async function startLighttpd(folder: SiteFolder): Promise<Site> {
  const port = await freePort();
  copyFileSync(join(SITES, 'headers.cgi'), join(folder.root, 'headers'));
  const config = folder.write(
    'lighttpd.conf',
    [
      'server.modules = ("mod_cgi")',
      'server.bind = "127.0.0.1"',
      `server.port = ${port}`,
      `server.document-root = "${folder.root}"`,
      `server.upload-dirs = ("${folder.path}")`,
      '$HTTP["url"] =~ "^/headers" { cgi.assign = ("" => "/bin/sh") }',
      '',
    ].join('\n'),
  );
  return launch({ command: lighttpd.path, args: ['-D', '-f', config], cwd: folder.path, port });
}

async function startUvicorn(folder: SiteFolder): Promise<Site> {
  const port = await freePort();
  const args = [
    '-m',
    'uvicorn',
    '--app-dir',
    SITES,
    '--port',
    String(port),
    '--log-level',
    'error',
    'starlette_site:app',
  ];
  const env = { SITE_ROOT: folder.root, PYTHONDONTWRITEBYTECODE: '1' };
  return launch({ command: python.path, args, cwd: folder.path, env, port });
}

/** Files, and a handler: by default Express takes letters of either case and a slash at the end. */
async function startExpress(folder: SiteFolder): Promise<Site> {
  const app = express();
  app.get('/headers', (request, response) => {
    const { rawHeaders } = request;
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}=${rawHeaders[index + 1]}\n`] : []));
    response.type('text/plain').send(lines.join(''));
  });
  for (const resource of RESOURCES) {
    app.get(
      resource.path.replaceAll(' ', '%20'),
      (_, response) => void response.type('text/plain').send(bodyOf(resource)),
    );
  }
  app.use(express.static(folder.root));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    [Symbol.asyncDispose]: async () => {
      server.close().closeAllConnections();
    },
  };
}

export const SERVERS: readonly ServerKind[] = [
  { name: 'Go http.FileServer', absence: absence(go), start: (folder) => startGo(folder, 'files') },
  { name: 'Go path.Clean', absence: absence(go), start: (folder) => startGo(folder, 'clean') },
  {
    name: 'nginx',
    absence: absence(nginx),
    start: (folder) => startNginx(folder, `server { listen 80; location / { root ${folder.root}; } }`),
  },
  {
    name: 'Caddy',
    absence: absence(caddy),
    start: (folder) => startCaddy(folder, `:80 {\n\troot * ${folder.root}\n\tfile_server\n}\n`),
  },
  { name: 'PHP', absence: absence(php, caddy), start: startPhp },
  { name: 'lighttpd', absence: absence(lighttpd), start: startLighttpd },
  { name: 'Starlette on uvicorn', absence: absence(python), start: startUvicorn },
  { name: 'Tomcat', absence: absence(...TOMCAT_TOOLS), start: startTomcat },
  { name: 'Express', absence: '', start: startExpress },
];

export function serverNamed(name: string): ServerKind {
  const found = SERVERS.find((server) => server.name === name);
  if (found === undefined) throw new Error(`there is no server ${name}`);
  return found;
}
