/** How soon a revocation holds everywhere. */
import { html, type Markup } from '../html.ts';
import type { Model } from '../model.ts';
import { section } from './parts.ts';

export function bound({ facts: { environment } }: Model): Markup {
  const { total, gatewayResultTtl, maxStaleness, staleIfError } = environment.bound;
  const holds =
    total === 0
      ? html`A revoked token is refused from the <strong>next request</strong> on.`
      : html`A revoked token is refused at most <strong>${total} s</strong> after the revocation.`;
  return section(
    'bound',
    'How soon a revocation holds',
    html`<p>
        ${holds} So says the configuration of this environment, for authorizers that are set alike:
        <span class="fix">apikey doctor --api ID</span> looks at one that is deployed.
      </p>
      <dl class="facts">
        <div>
          <dt>Gateway reuses an answer for</dt>
          <dd>${gatewayResultTtl} s</dd>
        </div>
        <div>
          <dt>Authorizer reuses a read for</dt>
          <dd>${maxStaleness} s</dd>
        </div>
        <div>
          <dt>More while the registry is out of reach</dt>
          <dd>${staleIfError} s</dd>
        </div>
      </dl>`,
  );
}
