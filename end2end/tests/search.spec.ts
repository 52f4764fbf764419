// The palette over every page: found by typing, walked by keys, and closed to where one was.
import { signIn } from '../support/accounts';
import { ADMIN, Api, openai } from '../support/api';
import { expect, test } from '../support/test';

test('the palette leads to pages, teams, people, keys and calls', async ({ page, platform }) => {
  const { key, model } = await (await Api.first(platform)).team({ kind: 'simulated' }, 'any');
  const answer = await openai(platform, key)
    .chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] })
    .withResponse();
  const call = answer.response.headers.get('x-request-id')!;
  await signIn(page, ADMIN);
  await page.goto('/t/atlas-search/keys');
  await page.waitForLoadState('networkidle');
  const palette = page.getByRole('dialog', { name: 'Search' });
  const field = palette.getByRole('combobox');
  const chosen = palette.getByRole('option', { selected: true });

  await test.step('keys open it with the pages of the place, and Escape gives focus back', async () => {
    const opener = page.getByRole('link', { name: 'Create API key' }).first();
    await opener.focus();
    await page.keyboard.press('Control+k');
    await expect(field).toBeFocused();
    await expect(chosen).toHaveAttribute('href', '/t/atlas-search');
    await page.keyboard.press('ArrowDown');
    await expect(chosen).toHaveAttribute('href', '/t/atlas-search/usage');
    await expect(field).toHaveAttribute('aria-activedescendant', 'hit-1');
    for (const key of ['ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
    await expect(palette.getByRole('option').last()).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Escape');
    await expect(palette).toHaveCount(0);
    await expect(opener).toBeFocused();
  });

  await test.step('Enter does not wait for the hits', async () => {
    await page.keyboard.press('Control+k');
    await field.fill('audit');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/t\/atlas-search\/audit$/);
    await expect(page.getByRole('heading', { name: 'Audit log', level: 1 })).toBeFocused();
    await expect(palette).toHaveCount(0);
  });

  await test.step('people, keys and calls are found, and what is not found is said', async () => {
    await page.getByRole('link', { name: 'Search or jump to' }).click();
    await field.fill('maya@');
    await expect(palette.getByRole('group', { name: 'People' }).getByRole('option', { name: /Maya Okafor/ })).toBeVisible();
    await field.fill(key.slice(0, 7));
    await expect(palette.getByRole('group', { name: 'API keys' }).getByRole('option')).toHaveCount(1);
    await field.fill('nothing of the kind');
    await expect(palette.getByText('No match for “nothing of the kind”').first()).toBeAttached();
    await expect(palette.getByRole('option')).toHaveCount(0);
    await page.keyboard.press('Enter');
    await expect(palette).toBeVisible();
    await expect(async () => {
      await field.fill('');
      await field.fill(call);
      await expect(palette.getByRole('group', { name: 'Calls' }).getByRole('option')).toBeVisible({ timeout: 2_000 });
    }).toPass();
    await palette.getByRole('option').first().click();
    await expect(page).toHaveURL(new RegExp(`/t/atlas-search/logs/${call}$`));
    await expect(palette).toHaveCount(0);
  });

  await test.step('a hit that is this very page closes it', async () => {
    await page.keyboard.press('Control+k');
    await field.fill('call logs atlas');
    await expect(chosen).toHaveAttribute('href', '/t/atlas-search/logs');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/t\/atlas-search\/logs$/);
    await page.keyboard.press('Control+k');
    await field.fill('call logs atlas');
    await expect(chosen).toHaveAttribute('href', '/t/atlas-search/logs');
    await page.keyboard.press('Enter');
    await expect(palette).toHaveCount(0);
  });
});

test('of many contexts one is found by typing in the switcher', async ({ page, platform }) => {
  const api = await Api.first(platform);
  const { slug: organization } = await api.post<{ slug: string }>('/organizations', { name: 'Northwind Labs' });
  for (const name of ['Atlas', 'Beacon', 'Cobalt', 'Delta', 'Ember', 'Fjord']) await api.post('/teams', { name, organization });
  await signIn(page, ADMIN);
  await page.goto('/t/atlas/keys');
  await page.waitForLoadState('networkidle');
  const opener = page.getByRole('button', { name: /Switch context/ }).first();
  const list = page.locator('#contexts');
  const field = list.getByRole('textbox', { name: 'Find a context' });

  await opener.click();
  await expect(field).toBeFocused();
  await expect(list.getByRole('link', { name: /Ember|Fjord/ })).toHaveCount(2);
  await field.fill('EMB');
  await expect(list.getByRole('link')).toHaveText([/Ember/, 'All teams', 'Create team']);
  await expect(list.getByRole('heading')).toHaveText(['Northwind Labs']);
  await field.fill('zz');
  await expect(list.getByText('No match')).toBeVisible();
  await field.fill('fj');
  await field.press('Enter');
  await expect(page).toHaveURL(/\/t\/fjord\/keys$/);

  // The next time all of them are there.
  await opener.click();
  await expect(field).toHaveValue('');
  await expect(list.getByRole('link', { name: /Atlas/ })).toBeVisible();
});
