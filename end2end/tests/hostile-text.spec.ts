// X01, X03, X13: what people type is text on every page, whatever it looks like; and after signing out nothing is left behind.
import { signIn } from '../support/accounts';
import { ADMIN, Api, openai } from '../support/api';
import { PAGES, settled } from '../support/pages';
import { expect, test } from '../support/test';

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "'><svg/onload=alert(1)>",
  '{{constructor.alert(1)}}',
  '</title><script>alert(1)</script>',
  'javascript:alert(1)',
];

test.use({ expectedMessages: [/status of 404/] });
test.setTimeout(300_000);

test('hostile names are shown as they were typed on every page', async ({ page, platform }) => {
  const api = await Api.first(platform);
  await api.context.patch('/api/v1/me', { data: { name: HOSTILE[0] } });
  const { slug: organization } = await api.post<{ slug: string }>('/organizations', { name: HOSTILE[1] });
  await api.post('/catalog/providers', { name: 'upstream', kind: 'simulated' });
  await api.post('/catalog/models', {
    name: 'any', tier: 'general', modality: 'chat', input_price: 1_000_000_000, output_price: 4_000_000_000,
    context_window: 128_000, max_output: 4_096, deployments: [{ provider: 'upstream', model: '<script>alert(1)</script>' }],
  });
  const { slug: team } = await api.post<{ slug: string }>('/teams', { name: HOSTILE[4], organization });
  for (const name of HOSTILE) await api.post(`/teams/${team}/keys`, { name });
  await api.post('/me/tokens', { name: HOSTILE[2], scope: 'read' });
  const { key } = await api.post<{ key: string }>(`/teams/${team}/keys`, { name: HOSTILE[2] });
  await openai(platform, key).chat.completions.create({ model: 'any', messages: [{ role: 'user', content: HOSTILE[1] }] });
  // A name that leads somewhere is no address of a provider.
  for (const base_url of ['javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'file:///etc/passwd']) {
    const refused = await api.context.post('/api/v1/catalog/providers', { data: { name: 'other', kind: 'openai', base_url, secret: 'x' } });
    expect(refused.status(), base_url).toBe(422);
  }

  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(`${page.url()}: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await signIn(page, ADMIN);
  for (const visit of PAGES.filter((candidate) => !candidate.signedOut)) {
    await test.step(visit.name, async () => {
      await page.goto(visit.path.replace('{team}', team));
      await settled(page, { ...visit, charts: false });
      expect(await page.locator('img[src="x"], svg[onload]').count(), visit.name).toBe(0);
    });
  }
  await page.goto(`/t/${team}/keys`);
  for (const name of HOSTILE) await expect(page.getByText(name, { exact: true }).first()).toBeVisible();
  await expect(page).toHaveTitle(`API keys, ${HOSTILE[4]} · Tallygate`);
  expect(dialogs).toEqual([]);
});

test('nothing comes back after signing out', async ({ page, platform }) => {
  const api = await Api.first(platform);
  const { team } = await api.team({ kind: 'simulated' }, 'any');
  await signIn(page, ADMIN);
  await page.goto(`/t/${team}/keys`);
  await expect(page.getByText('tests', { exact: true })).toBeVisible();
  await page.evaluate(() => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = '/fn/log_out';
    document.body.append(form);
    form.submit();
  });
  await expect(page).toHaveURL(/\/login/);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByText('tests', { exact: true })).toHaveCount(0);
});
