/** Tomcat with the site: from Debian's packages, without a service. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findTool, type Tool } from '../../packages/cli/test/required-tools.ts';
import { bodyOf, RESOURCES } from '../../packages/cli/test/request-targets.ts';
import { freePort, launch, SITES, type Site, type SiteFolder } from './site.ts';

const java = findTool('java');
const tomcat = findTool('tomcat10', 'bootstrap.jar');
export const TOMCAT_TOOLS: readonly Tool[] = [tomcat, java];

/** A path below the folder of this Tomcat. */
const base = (name: string): string => join('tomcat', name);
const ofClass = (name: string): string => `<servlet-class>org.apache.${name}</servlet-class>`;
const ofFile = (path: string): string => `<jsp-file>${path}</jsp-file>`;
const servlet = (name: string, source: string, pattern: string): string =>
  `<servlet><servlet-name>${name}</servlet-name>${source}</servlet>` +
  `<servlet-mapping><servlet-name>${name}</servlet-name><url-pattern>${pattern}</url-pattern></servlet-mapping>`;
const WEB_APP = '<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">';

/** Files by the default servlet, `/plans/admin/*` by a servlet of its own, as applications have them. */
export async function startTomcat(folder: SiteFolder): Promise<Site> {
  const port = await freePort();
  const defaults =
    servlet('default', ofClass('catalina.servlets.DefaultServlet'), '/') +
    servlet('jsp', ofClass('jasper.servlet.JspServlet'), '*.jsp');
  folder.write(base('conf/web.xml'), `${WEB_APP}${defaults}</web-app>`);
  folder.write(
    base('conf/server.xml'),
    `<Server port="-1"><Service name="Catalina"><Connector port="${port}" address="127.0.0.1"/>` +
      `<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps">` +
      `<Context path="" docBase="${folder.root}"/></Host></Engine></Service></Server>`,
  );
  mkdirSync(join(folder.path, base('webapps')), { recursive: true });
  mkdirSync(join(folder.path, base('temp')), { recursive: true });
  copyFileSync(join(SITES, 'headers.jsp'), join(folder.root, 'headers.jsp'));
  const resource = RESOURCES.find(({ path }) => path === '/plans/admin/k');
  if (resource === undefined) throw new Error('the site has no /plans/admin/k');
  folder.write('root/k.jsp', `<%@ page contentType="text/plain" trimDirectiveWhitespaces="true" %>${bodyOf(resource)}`);
  folder.write(
    'root/WEB-INF/web.xml',
    `${WEB_APP}${servlet('headers', ofFile('/headers.jsp'), '/headers')}${servlet('k', ofFile('/k.jsp'), '/plans/admin/*')}</web-app>`,
  );
  const bin = join(tomcat.path, '..');
  const home = join(bin, '..');
  const args = [
    '-Xmx128m',
    '-XX:TieredStopAtLevel=1',
    `-Dcatalina.home=${home}`,
    `-Dcatalina.base=${join(folder.path, 'tomcat')}`,
    `-Djava.io.tmpdir=${join(folder.path, 'tomcat', 'temp')}`,
    '-cp',
    `${join(bin, 'bootstrap.jar')}:${join(bin, 'tomcat-juli.jar')}`,
    'org.apache.catalina.startup.Bootstrap',
    'start',
  ];
  return launch({ command: java.path, args, cwd: folder.path, port });
}
