// The call log in a browser: filters by address, a tail that tells of new calls, files that say how far they have come.
import fs from 'node:fs';
import { signIn } from '../support/accounts';
import { ADMIN, Api } from '../support/api';
import { expect, test } from '../support/test';

test('new calls wait behind their number until they are asked for', async ({ page, platform }) => {
  const api = await Api.first(platform);
  const { key, model, team } = await api.team({ kind: 'simulated' }, 'any');
  const call = async () => {
    const headers = { authorization: `Bearer ${key}` };
    const data = { model, max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };
    expect((await api.context.post('/v1/chat/completions', { headers, data })).status()).toBe(200);
  };
  const rows = page.locator('.tbl.calls tbody tr:not(.grp)');
  await signIn(page, ADMIN);
  await page.goto(`/t/${team}/logs`);
  await expect(page.getByText('No calls yet')).toBeVisible();
  const tail = page.getByRole('switch', { name: 'Live tail' });
  await expect(tail).not.toBeChecked();
  await tail.click();
  await expect(page.getByText('Waiting for calls')).toBeVisible();
  await call();
  await page.getByRole('button', { name: '1 new call', exact: true }).click();
  await expect(rows).toHaveCount(1);
  await expect(page.getByText('Waiting for calls')).toBeVisible();
  await call();
  await call();
  await page.getByRole('button', { name: '2 new calls' }).click();
  await expect(rows).toHaveCount(3);

  // Paused, nothing is told; what came meanwhile is told afterwards.
  await page.getByRole('button', { name: 'Pause' }).click();
  await call();
  await expect(page.getByText('Paused')).toBeVisible();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('button', { name: '1 new call', exact: true })).toBeVisible();
  await tail.click();
  await expect(page.getByRole('button', { name: '1 new call', exact: true })).toHaveCount(0);

  // One call, and back with a filter that a chip takes away.
  await rows.first().getByRole('link').first().click();
  await expect(page.getByRole('heading', { name: 'Call', exact: true })).toBeVisible();
  await expect(page.getByText('Admission to the last byte')).toBeVisible();
  await page.goto(`/t/${team}/logs?outcome=refused`);
  await expect(page.getByText('No calls with these filters')).toBeVisible();
  await page.getByRole('link', { name: 'Remove the filter Status Refused' }).click();
  await expect(rows).toHaveCount(4);

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const file = await (await download).path();
  expect(fs.readFileSync(file, 'utf8').trim().split('\r\n')).toHaveLength(5);
  await expect(page.getByText('File complete: 4 calls')).toBeVisible();
});
