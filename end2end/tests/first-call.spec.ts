// The journey that everything serves: from an empty platform to a metered call, through the pages alone, with the official
// SDK as client. Once with an upstream that nobody of this project wrote, once with the simulated provider.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { signUp } from '../support/accounts';
import { ADMIN, openai } from '../support/api';
import { LITELLM_ANSWER, LITELLM_KEY, LITELLM_MODEL, startLiteLlm } from '../support/litellm';
import type { Platform } from '../support/platform';
import { figure } from '../support/pages';
import { expect, test } from '../support/test';

interface Upstream {
  kind: 'OpenAI-compatible' | 'Simulated';
  url?: string;
  secret?: string;
  model: string;
}

async function createProvider(page: Page, upstream: Upstream): Promise<void> {
  await page.goto('/admin/providers');
  await page.getByRole('link', { name: 'Add provider' }).first().click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name', { exact: true }).fill('upstream');
  await form.getByLabel('Kind').selectOption({ label: upstream.kind });
  if (upstream.url) await form.getByLabel('Base URL').fill(upstream.url);
  if (upstream.secret) await form.getByLabel('Secret').fill(upstream.secret);
  await form.getByRole('button', { name: 'Add provider' }).click();
  await expect(page.getByRole('table').getByText('upstream')).toBeVisible();
}

async function createModel(page: Page, upstream: Upstream): Promise<void> {
  await page.goto('/admin/models');
  await page.getByRole('link', { name: 'Add model' }).first().click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name', { exact: true }).fill('chat-small');
  // Dollars for a million tokens.
  await form.getByLabel('Input price').fill('1000');
  await form.getByLabel('Output price').fill('4000');
  await form.getByLabel('Context window').fill('128000');
  await form.getByLabel('Longest output').fill('4096');
  await form.getByLabel('Provider', { exact: true }).selectOption({ label: 'upstream' });
  await form.getByLabel('Upstream model', { exact: true }).fill(upstream.model);
  // At such a price a model would need approvals.
  await form.getByLabel('Restricted').selectOption({ label: 'No' });
  await form.getByRole('button', { name: 'Add model' }).click();
  await expect(page.getByRole('table').getByText('chat-small')).toBeVisible();
}

async function createTeam(page: Page): Promise<void> {
  await page.goto('/teams');
  await page.getByRole('link', { name: 'Create team' }).first().click();
  await page.getByLabel('Team name').fill('Atlas Search');
  // The first team brings its organization with it.
  await page.getByLabel('Organization', { exact: true }).fill('Northwind Labs');
  await page.getByRole('button', { name: 'Create team' }).click();
  await expect(page).toHaveURL(/\/t\/atlas-search/);
}

async function createKey(page: Page): Promise<string> {
  await page.goto('/t/atlas-search/keys');
  await page.getByRole('link', { name: 'Create API key' }).first().click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name', { exact: true }).fill('rerank-service');
  await form.getByRole('button', { name: 'Create key' }).click();
  const created = page.getByRole('dialog', { name: 'Copy your key now' });
  await expect(created.getByLabel('Secret key')).toHaveValue(/^tg_[0-9A-Za-z]{49}$/);
  const key = await created.getByLabel('Secret key').inputValue();
  await created.getByLabel('I stored the key somewhere safe').check();
  await created.getByRole('button', { name: 'Done' }).click();
  // Shown once.
  await expect(page.getByRole('table').getByText('rerank-service')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('table').getByText('rerank-service')).toBeVisible();
  expect(await page.content()).not.toContain(key);
  return key;
}

/** A plain and a streamed call; the tokens that the answers report. */
async function call(platform: Platform, key: string, answer?: string): Promise<number> {
  const client = openai(platform, key);
  const messages = [{ role: 'user' as const, content: 'Say something about tolls.' }];

  const { data: plain, response } = await client.chat.completions.create({ model: 'chat-small', messages }).withResponse();
  expect(response.headers.get('x-request-id')).toBeTruthy();
  expect(response.headers.get('x-tallygate-context')).toBeTruthy();
  if (answer) expect(plain.choices[0]?.message.content).toBe(answer);

  let text = '';
  let usage = 0;
  const stream = await client.chat.completions.create({ model: 'chat-small', messages, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    usage += chunk.usage?.total_tokens ?? 0;
  }
  if (answer) expect(text).toBe(answer);
  expect(text).not.toBe('');
  expect(plain.usage!.total_tokens).toBeGreaterThan(0);
  expect(usage).toBeGreaterThan(0);
  return plain.usage!.total_tokens + usage;
}

async function journey(page: Page, platform: Platform, upstream: Upstream, answer?: string): Promise<void> {
  expect(platform.setupToken, 'the server prints a setup token').not.toBe('');
  await test.step('sign up', () => signUp(page, ADMIN, platform.setupToken));
  await test.step('create provider', () => createProvider(page, upstream));
  await test.step('create model', () => createModel(page, upstream));
  await test.step('create team', () => createTeam(page));
  const key = await test.step('create key', () => createKey(page));

  await page.goto('/t/atlas-search');
  await expect(page.getByText('Statistics start with the first call.')).toBeVisible();
  const tokens = await test.step('call', () => call(platform, key, answer));

  // The open page shows the calls by itself: within two seconds, on a machine that does nothing else.
  await test.step('watch the overview', async () => {
    await expect(figure(page, 'Requests')).toHaveText('2', { timeout: 8_000 });
    await expect(figure(page, 'Tokens')).toHaveText(String(tokens));
    await expect(figure(page, 'Success rate')).toHaveText(/^100/);
    await expect(figure(page, 'Spend')).toHaveText(/^\$0\.\d*[1-9]/);
    await expect(page.getByRole('region', { name: 'Latest calls' }).getByRole('row', { name: 'chat-small' })).toHaveCount(2);
    await expect(page.locator('.chart svg')).toHaveCount(1);
    // The table behind the chart says the same.
    const budget = page.getByRole('region', { name: 'Spend against budget', exact: true });
    await budget.getByText('Show as table').click();
    await expect(budget.getByRole('table')).toBeVisible();
  });
}

test('from an empty platform to a metered call, simulated', async ({ page, platform }) => {
  await journey(page, platform, { kind: 'Simulated', model: 'any' });
});

test.describe('with a foreign upstream', () => {
  // The operator lets providers be on this machine.
  test.use({ settings: { TALLYGATE_ALLOWED_UPSTREAMS: '127.0.0.1' } });
  test.setTimeout(180_000);

  test('from an empty platform to a metered call through LiteLLM', async ({ page, platform }) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tallygate-litellm-'));
    const litellm = await startLiteLlm(directory);
    try {
      await journey(page, platform, { kind: 'OpenAI-compatible', url: litellm.url, secret: LITELLM_KEY, model: LITELLM_MODEL }, LITELLM_ANSWER);
    } finally {
      await litellm.stop();
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });
});
