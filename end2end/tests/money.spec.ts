// Money as a team's owner meets it: a spending limit that stops calls and nothing else, and a plan from its first credit to its renewal.
import { signIn } from '../support/accounts';
import { ADMIN, Api } from '../support/api';
import { MovedClock } from '../support/clock';
import { expect, test as base } from '../support/test';

const DAY = 86_400_000;
const DOLLAR = 1_000_000_000;

const test = base.extend<{ clock: MovedClock }>({
  clock: async ({}, use) => {
    const clock = new MovedClock();
    await use(clock);
    clock.remove();
  },
  settings: async ({ clock }, use) => use(clock.settings),
});

/** A team with a key for calls that cost $0.013 and may cost $0.02. */
async function prepare(api: Api): Promise<{ team: string; call: () => Promise<{ status: number; message?: string }> }> {
  const { key, team } = await api.team({ kind: 'simulated' }, 'any');
  const dear = await api.dearModel();
  const body = JSON.stringify({ ...dear, messages: [{ role: 'user', content: 'Hello' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const call = async () => {
    const answer = await fetch(`${api.url}/v1/chat/completions`, { method: 'POST', headers, body });
    const { error } = (await answer.json()) as { error?: { message: string } };
    return { status: answer.status, message: error?.message };
  };
  return { team, call };
}

test('a spending limit stops calls, leaves every page open, and is raised by the owner', async ({ platform, page }) => {
  const api = await Api.first(platform);
  const { team, call } = await prepare(api);
  await signIn(page, ADMIN);
  const quotas = `/t/${team}/quotas`;

  await page.goto(quotas);
  await page.getByRole('textbox', { name: 'Budget', exact: true }).fill('0.05');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText(/^\$0\.00 of \$0\.05$/)).toBeVisible();
  for (const _ of [1, 2, 3]) expect(await call()).toMatchObject({ status: 200 });
  // 5 − 3.9 cents are left: less than another call may cost.
  const refused = await call();
  expect(refused.status).toBe(429);
  expect(refused.message).toMatch(
    /^Call refused: Atlas Search has spent \$0\.04 of its \$0\.05 monthly budget, and this call may cost up to \$0\.02\. It resets on 1 \w{3} \d{4}, 00:00 UTC\. With `max_tokens` of at most 11 it would fit\. The owner of Atlas Search can raise it\.$/,
  );

  for (const path of ['', '/keys', '/models', '/quotas', '/billing', '/members', '/settings']) {
    expect((await page.goto(`/t/${team}${path}`))?.status(), path).toBe(200);
  }
  await page.goto(quotas);
  await page.getByRole('textbox', { name: 'Budget', exact: true }).fill('1');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText(/of \$1\.00$/)).toBeVisible();
  expect(await call(), 'the very next call').toMatchObject({ status: 200 });
});

test('a plan credits seats, pays for calls, and begins anew at renewal; its statement is the ledger', async ({ platform, page, clock }) => {
  const api = await Api.first(platform);
  const { team, call } = await prepare(api);
  await signIn(page, ADMIN);
  const billing = `/t/${team}/billing`;

  await page.goto(billing);
  await expect(page.getByText('No movements yet')).toBeVisible();
  await page.getByRole('link', { name: 'Choose a plan' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Plan').selectOption('Starter');
  await dialog.getByLabel('Seats').fill('2');
  await dialog.getByRole('button', { name: 'Show what it does' }).click();
  await expect(dialog.getByText(/rest of the period/).first()).toBeVisible();
  await dialog.getByRole('button').last().click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const { balance, period_end } = await api.get<{ balance: number; period_end: number }>(`/teams/${team}/billing`);
  expect(balance).toBeGreaterThan(0);

  expect(await call()).toMatchObject({ status: 200 });
  const charged = async () => (await api.get<{ balance: number }>(`/teams/${team}/billing`)).balance;
  await expect.poll(charged, { timeout: 15_000 }).toBe(balance - 0.013 * DOLLAR);

  await clock.advance(period_end - clock.now() + DAY);
  // Sessions have ended meanwhile.
  await api.post('/auth/login', { email: ADMIN.email, password: ADMIN.password });
  await expect.poll(charged, { timeout: 90_000, intervals: [1_000] }).toBe(20 * DOLLAR);
  await signIn(page, ADMIN);
  await page.goto(billing);
  await expect(page.getByRole('cell', { name: 'Expired' }).first()).toBeVisible();

  // The statement of the period that is over holds its ledger, line for line.
  const periods = await api.get<{ start: number }[]>(`/teams/${team}/statements`);
  expect(periods).toHaveLength(2);
  for (const { start } of periods) {
    const statement = await api.get<{ opening: number; closing: number; lines: { amount: number }[] }>(`/teams/${team}/statements/${start}`);
    expect(statement.opening + statement.lines.reduce((sum, { amount }) => sum + amount, 0)).toBe(statement.closing);
  }
  expect((await page.goto(`${billing}/statements/${periods.at(-1)!.start}`))?.status()).toBe(200);
});
