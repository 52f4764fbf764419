// From the picture to the cause: who stands out, the calls behind a point, a limit that acts at once, and what a member does not see.
import { type APIRequestContext, request } from '@playwright/test';
import { signIn } from '../support/accounts';
import type { Platform } from '../support/platform';
import { expect, test } from '../support/test';

test.use({ withDemo: true });
test.setTimeout(180_000);

const DANIEL = 'daniel.cho@northwind.example';

async function daniel(platform: Platform): Promise<APIRequestContext> {
  const context = await request.newContext({ baseURL: platform.url, extraHTTPHeaders: { origin: platform.url } });
  const login = await context.post('/api/v1/auth/login', { data: { email: DANIEL, password: platform.demo!.password } });
  expect(login.ok(), await login.text()).toBe(true);
  return context;
}

test('who spends unusually is found from the overview in three clicks, and limited for the next call', async ({ page, platform }) => {
  const { email, password, team, model } = platform.demo!;
  const keys = `/api/v1/teams/${team}/keys`;
  const context = await daniel(platform);
  // The team allows three keys a person.
  for (const { id } of ((await (await context.get(keys)).json()) as { items: { id: string }[] }).items) await context.delete(`${keys}/${id}`);
  const made = await context.post(keys, { data: { name: 'nightly', expires_at: Date.now() + 86_400_000 } });
  expect(made.status(), await made.text()).toBe(201);
  const { key } = (await made.json()) as { key: string };
  const call = async () => {
    const data = { model, max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };
    const answer = await context.post('/v1/chat/completions', { headers: { authorization: `Bearer ${key}` }, data });
    const { error } = (await answer.json()) as { error?: { limit?: { scope: string } } };
    return [answer.status(), error?.limit?.scope];
  };
  expect(await call()).toEqual([200, undefined]);

  await signIn(page, { email, password });
  await page.goto(`/t/${team}`);
  await page.waitForLoadState('networkidle');
  await page.getByRole('region', { name: 'Members by spend' }).getByRole('link', { name: /^All / }).click();
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'Daniel Cho', exact: true }) });
  await expect(row.getByRole('link', { name: /^Unusual: .* × the usual for a / })).toBeVisible();
  await row.getByRole('button', { name: 'Actions for Daniel Cho' }).click();
  await page.getByRole('link', { name: 'Set limit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Requests per minute').fill('1');
  await dialog.getByRole('button', { name: 'Save limits' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // One of the last minute, now or before, is all that is left to him.
  await call();
  expect(await call()).toEqual([429, 'member']);
  await context.dispose();
});

test('a point of the chart leads to as many calls as it says', async ({ page, platform }) => {
  const { email, password, team } = platform.demo!;
  await signIn(page, { email, password });
  await page.goto(`/t/${team}/usage?metric=requests&range=7d&bucket=6h`);
  await page.waitForLoadState('networkidle');
  await page.getByText('Show as table').first().click();
  const numbers = page.getByRole('region', { name: 'Figures of the chart' }).getByRole('link', { name: /^[1-9]\d{1,2}$/ });
  const number = (await numbers.first().textContent())!;
  await numbers.first().click();
  await expect(page.getByRole('heading', { name: 'Call logs', level: 1 })).toBeVisible();
  await expect(page.getByText(`${number} calls`, { exact: true })).toBeVisible();
});

test('a member sees sums, and nobody else’s part in them', async ({ page, platform }) => {
  const { password, team } = platform.demo!;
  const context = await daniel(platform);
  const usage = `/api/v1/teams/${team}/usage`;
  expect((await context.get(usage)).status()).toBe(200);
  for (const refused of [`${usage}?group_by=member`, `${usage}/members`]) expect((await context.get(refused)).status(), refused).toBe(403);
  const me = (await (await context.get('/api/v1/me')).json()) as { id: string };
  const { items } = (await (await context.get(`/api/v1/teams/${team}/logs?limit=100`)).json()) as { items: { user: string }[] };
  expect(items.length).toBeGreaterThan(0);
  expect(new Set(items.map(({ user }) => user))).toEqual(new Set([me.id]));
  await context.dispose();

  await signIn(page, { email: DANIEL, password });
  await page.goto(`/t/${team}/usage`);
  await expect(page.getByText('The owner and the admins see who used what.')).toBeVisible();
  await expect(page.getByText('Priya Raman')).toHaveCount(0);
});
