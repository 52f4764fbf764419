// Every page of the product, for the tests and pictures that visit them all. Paths of a team are those of the demo's first.
import { expect, type Locator, type Page } from '@playwright/test';

export interface Visit {
  name: string;
  path: string;
  signedOut?: boolean;
  /** The status that the server answers with. */
  status?: number;
  charts?: boolean;
  /** Keys that open something over the page. */
  press?: string;
}

export const PAGES: Visit[] = [
  { name: 'login', path: '/login', signedOut: true },
  { name: 'signup', path: '/signup', signedOut: true },
  { name: 'forgot', path: '/forgot', signedOut: true },
  { name: 'reset', path: '/reset/not-a-token', signedOut: true },
  { name: 'invite', path: '/invite/not-a-token', signedOut: true, status: 404 },
  { name: 'teams', path: '/teams' },
  { name: 'team-new', path: '/teams/new' },
  { name: 'overview', path: '/t/{team}', charts: true },
  { name: 'usage', path: '/t/{team}/usage', charts: true },
  { name: 'usage-members', path: '/t/{team}/usage?group_by=member&metric=requests', charts: true },
  { name: 'usage-latency', path: '/t/{team}/usage?range=7d&metric=latency', charts: true },
  { name: 'usage-filter', path: '/t/{team}/usage?add=filter', charts: true },
  { name: 'usage-none', path: '/t/{team}/usage?model=no-such-model' },
  { name: 'search', path: '/search?q=a' },
  { name: 'search-none', path: '/search?q=no-such-thing' },
  { name: 'search-palette', path: '/t/{team}', charts: true, press: 'Control+k' },
  { name: 'personal-usage', path: '/me/usage' },
  { name: 'organization-usage', path: '/o/northwind-labs/usage?group_by=team', charts: true },
  { name: 'admin-usage', path: '/admin/usage', charts: true },
  { name: 'playground', path: '/t/{team}/playground' },
  { name: 'explain', path: '/t/{team}/models/explain' },
  { name: 'keys', path: '/t/{team}/keys' },
  { name: 'keys-create', path: '/t/{team}/keys?dialog=create' },
  { name: 'models', path: '/t/{team}/models' },
  { name: 'models-close', path: '/t/{team}/models?dialog=change&what=model&name=claude-sonnet-4-5&to=closed' },
  { name: 'models-inherit', path: '/t/{team}/models?dialog=change&what=mode&to=inherit' },
  { name: 'models-restrict', path: '/t/support-automation/models?dialog=change&what=mode&to=restrict' },
  { name: 'models-inheriting', path: '/t/support-automation/models' },
  { name: 'models-groups', path: '/t/{team}/models?dialog=groups' },
  { name: 'models-open', path: '/t/{team}/models?dialog=change&what=model&name=claude-opus-4-1&to=approval' },
  { name: 'models-limits', path: '/t/{team}/models?dialog=limits&what=limits&name=claude-sonnet-4-5' },
  { name: 'models-limit', path: '/t/{team}/models?dialog=limit' },
  { name: 'models-apply', path: '/t/{team}/models?dialog=apply' },
  { name: 'personal-models', path: '/me/models' },
  { name: 'members', path: '/t/{team}/members' },
  { name: 'members-invite', path: '/t/{team}/members?dialog=invite' },
  { name: 'settings', path: '/t/{team}/settings' },
  { name: 'settings-transfer', path: '/t/{team}/settings?dialog=transfer' },
  { name: 'settings-delete', path: '/t/{team}/settings?dialog=delete' },
  { name: 'requests', path: '/t/{team}/models/requests' },
  { name: 'requests-all', path: '/t/{team}/models/requests?show=all' },
  { name: 'requests-given', path: '/t/{team}/models/requests?show=given' },
  { name: 'requests-ask', path: '/t/{team}/models/requests?dialog=request' },
  { name: 'quotas', path: '/t/{team}/quotas' },
  { name: 'quotas-members', path: '/t/{team}/quotas?tab=members' },
  { name: 'quotas-models', path: '/t/{team}/quotas?tab=models' },
  { name: 'quotas-cap', path: '/t/{team}/quotas?tab=models&dialog=cap&id=claude-sonnet-4-5' },
  { name: 'quotas-keys', path: '/t/{team}/quotas?tab=keys' },
  { name: 'quotas-requests', path: '/t/{team}/quotas?tab=requests' },
  { name: 'quotas-ask', path: '/t/{team}/quotas?tab=requests&dialog=ask' },
  { name: 'personal-quotas', path: '/me/quotas' },
  { name: 'organization-limits', path: '/o/northwind-labs/limits' },
  { name: 'organization-models', path: '/o/northwind-labs/models' },
  { name: 'organization-models-close', path: '/o/northwind-labs/models?tier=high_performance&dialog=set&to=closed' },
  { name: 'organization-groups', path: '/o/northwind-labs/groups' },
  { name: 'organization-groups-create', path: '/o/northwind-labs/groups?dialog=create' },
  { name: 'admin-groups', path: '/admin/groups' },
  { name: 'organization-requests', path: '/o/northwind-labs/requests' },
  { name: 'organization-requests-given', path: '/o/northwind-labs/requests?show=given' },
  { name: 'billing', path: '/t/{team}/billing' },
  { name: 'billing-change', path: '/t/{team}/billing?dialog=change' },
  { name: 'personal-billing', path: '/me/billing' },
  { name: 'logs', path: '/t/{team}/logs' },
  { name: 'logs-filtered', path: '/t/{team}/logs?range=7d&outcome=completed&min_tokens=1' },
  { name: 'logs-own', path: '/me/logs' },
  { name: 'audit', path: '/t/{team}/audit' },
  { name: 'audit-filtered', path: '/t/{team}/audit?action=key&outcome=done' },
  { name: 'admin-audit', path: '/admin/audit' },
  { name: 'admin-outbox', path: '/admin/outbox' },
  { name: 'organization-audit', path: '/o/northwind-labs/audit' },
  { name: 'personal', path: '/me', charts: true },
  { name: 'personal-keys', path: '/me/keys' },
  { name: 'personal-playground', path: '/me/playground' },
  { name: 'account', path: '/account' },
  { name: 'admin-providers', path: '/admin/providers' },
  { name: 'admin-models', path: '/admin/models' },
  { name: 'admin-users', path: '/admin/users' },
  { name: 'admin-orgs', path: '/admin/orgs' },
  { name: 'admin-orgs-create', path: '/admin/orgs?dialog=create' },
  { name: 'admin-system', path: '/admin/system' },
  { name: 'organization', path: '/o/northwind-labs' },
  { name: 'organization-members', path: '/o/northwind-labs/members' },
  { name: 'organization-members-add', path: '/o/northwind-labs/members?dialog=add' },
  { name: 'organization-settings', path: '/o/northwind-labs/settings' },
  { name: 'admin-models-create', path: '/admin/models?dialog=create' },
  { name: 'admin-tiers', path: '/admin/tiers' },
  { name: 'admin-plans', path: '/admin/plans' },
  { name: 'admin-plans-add', path: '/admin/plans?dialog=plan' },
  { name: 'models-view-as', path: '/t/{team}/models?dialog=as' },
  { name: 'explained', path: '/t/{team}/models/explain?model=claude-opus-4-1' },
  { name: 'admin-models-import', path: '/admin/models/import' },
  { name: 'not-found', path: '/no-such-page', status: 404 },
];

/** Waits until a page shows what it has to show: data instead of skeletons, charts drawn. */
export async function settled(page: Page, visit: Visit): Promise<void> {
  await page.waitForLoadState('networkidle');
  await expect(page.locator('.sk')).toHaveCount(0);
  if (visit.charts) await expect(page.locator('.chart svg').first()).toBeVisible();
  if (visit.press) {
    await page.keyboard.press(visit.press);
    await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
  }
}

/** The value of a key figure on an overview. */
export function figure(page: Page, name: string): Locator {
  return page.locator('.kpi').filter({ has: page.getByText(name, { exact: true }) }).locator('.v');
}
