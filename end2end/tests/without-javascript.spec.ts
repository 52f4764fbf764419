// What must work before WebAssembly has arrived, or where it never does: plain forms, plain pages.
import { signIn, signUp } from '../support/accounts';
import { ADMIN, Api, openai } from '../support/api';
import { figure } from '../support/pages';
import { expect, test } from '../support/test';

test.use({ javaScriptEnabled: false });

test('sign-in and keys work without JavaScript', async ({ page, platform }) => {
  const api = await Api.first(platform);
  const { model } = await api.team({ kind: 'simulated' }, 'any');

  await test.step('a wrong password says so beside the form and keeps the e-mail', async () => {
    await page.goto('/login');
    await page.getByLabel('Email').fill(ADMIN.email);
    await page.getByLabel('Password', { exact: true }).fill('wrong-password-1');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText('Email or password is not right.')).toBeVisible();
    await expect(page.getByLabel('Email')).toHaveValue(ADMIN.email);
  });

  await test.step('a guarded page leads to the sign-in and back', async () => {
    await page.goto('/t/atlas-search/keys');
    await expect(page).toHaveURL(/\/login\?next=/);
    await signIn(page, ADMIN);
  });

  const key = await test.step('create a key', async () => {
    await page.goto('/t/atlas-search/keys?dialog=create');
    const form = page.getByRole('dialog', { name: 'Create API key' });
    await form.getByLabel('Name', { exact: true }).fill('plain-html');
    await form.getByRole('button', { name: 'Create key' }).click();
    const secret = page.getByLabel('Secret key');
    await expect(secret).toHaveValue(/^tg_[0-9A-Za-z]{49}$/);
    return secret.inputValue();
  });

  await test.step('search is a page, with the pages of where one came from', async () => {
    await page.goto('/t/atlas-search/keys');
    await page.getByRole('link', { name: 'Search or jump to' }).click();
    await expect(page.getByRole('heading', { name: 'Search', level: 1 })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Pages' }).getByRole('link', { name: /^Usage/ })).toHaveAttribute('href', '/t/atlas-search/usage');
    // A secret is found by all of it, to learn whose it is.
    await page.getByLabel('Search for').fill(key);
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('region', { name: 'API keys' }).getByRole('link', { name: /^plain-html/ }).click();
    await expect(page).toHaveURL(/\/t\/atlas-search\/keys\?q=tg_/);
    await expect(page.getByRole('row', { name: /plain-html/ })).toBeVisible();
  });

  await openai(platform, key).chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] });
  await expect(async () => {
    await page.goto('/t/atlas-search');
    await expect(figure(page, 'Requests')).toHaveText('1', { timeout: 500 });
  }).toPass({ timeout: 5_000 });
});

test('an account is made without JavaScript', async ({ page, platform }) => {
  await signUp(page, ADMIN, platform.setupToken);
  await page.goto('/account');
  await expect(page.getByText(ADMIN.email).first()).toBeVisible();
});
