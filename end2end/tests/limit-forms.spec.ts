// Limits and budgets in the page, where people meet what they are about: from a model's row, and in total instead of each month.
import { signIn } from '../support/accounts';
import { ADMIN, Api } from '../support/api';
import { expect, test } from '../support/test';

// The browser notes the refusal that is part of the story.
test.use({ expectedMessages: [/status of 422/] });

test('what a team may use of a model is set from its row, and holds for the next call', async ({ platform, page }) => {
  const api = await Api.first(platform);
  const { key, model, team } = await api.team({ kind: 'simulated' }, 'any');
  const call = async () => {
    const body = JSON.stringify({ model, max_tokens: 1, messages: [{ role: 'user', content: 'Hello' }] });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${api.url}/v1/chat/completions`, { method: 'POST', headers, body });
    const { error } = (await answer.json()) as { error?: { limit?: { scope: string } } };
    return [answer.status, error?.limit?.scope];
  };
  await signIn(page, ADMIN);
  await page.goto(`/t/${team}/models`);
  await page.waitForLoadState('networkidle');
  await page.getByRole('button', { name: `More about ${model}` }).click();
  await page.getByRole('link', { name: 'Limits', exact: true }).click();

  const dialog = page.getByRole('dialog', { name: `Limits of ${model}` });
  const rpm = dialog.getByLabel('Requests per minute');
  await rpm.fill('many');
  await dialog.getByRole('button', { name: 'Save limits' }).click();
  await expect(dialog.getByText(/^RPM is a whole number/)).toBeVisible();
  await expect(rpm).toBeFocused();
  await rpm.fill('1');
  await dialog.getByRole('textbox', { name: 'Budget', exact: true }).fill('0.50');
  await dialog.getByLabel('Period').selectOption('In total');
  await dialog.getByRole('button', { name: 'Save limits' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByRole('row').filter({ hasText: model })).toContainText('$0.50 in total, 1 RPM');
  expect(await call()).toEqual([200, undefined]);
  expect(await call()).toEqual([429, 'team_model']);

  // The same stands on the page of limits, and is changed there.
  await page.goto(`/t/${team}/quotas?tab=models`);
  await expect(page.getByRole('row').filter({ hasText: model })).toContainText('$0.50 in total');
  await page.getByRole('link', { name: `Change what ${model} may use` }).click();
  const cap = page.getByRole('dialog', { name: `What ${model} may use` });
  await expect(cap.getByLabel('Period')).toHaveValue('total');
  await cap.getByLabel('Requests per minute').fill('');
  await cap.getByRole('button', { name: 'Save limits' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await call(), 'the very next call').toEqual([200, undefined]);
});
