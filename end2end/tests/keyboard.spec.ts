// Where focus goes: into what opens over the page, and back to what opened it.
import { signIn } from '../support/accounts';
import { ADMIN, Api } from '../support/api';
import { expect, test } from '../support/test';

test('dialogs take focus and give it back', async ({ page, platform }) => {
  await (await Api.first(platform)).team({ kind: 'simulated' }, 'any');
  await signIn(page, ADMIN);
  await page.goto('/t/atlas-search/members');
  await page.waitForLoadState('networkidle');

  const opener = page.getByRole('link', { name: 'Invite members' });
  const invite = page.getByRole('dialog', { name: 'Invite members' });
  for (const close of ['Escape', 'Cancel']) {
    await opener.press('Enter');
    await expect(invite.getByLabel('Email addresses')).toBeFocused();
    if (close === 'Escape') await page.keyboard.press('Escape');
    else await invite.getByRole('link', { name: close }).press('Enter');
    await expect(invite).toHaveCount(0);
    await expect(page).toHaveURL(/\/members$/);
    await expect(opener).toBeFocused();
  }

  // One that takes something away begins with what it says. It was opened from a menu, which is closed by then.
  await page.goto('/t/atlas-search/keys');
  await page.waitForLoadState('networkidle');
  const menu = page.getByRole('button', { name: /^Actions for/ }).first();
  await menu.press('Enter');
  await page.getByRole('link', { name: /^Revoke/ }).press('Enter');
  const revoke = page.getByRole('dialog', { name: /^Revoke/ });
  await expect(revoke.getByRole('heading')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(revoke).toHaveCount(0);
  await expect(menu).toBeFocused();
});

/** More addresses than a form takes. */
const MANY = Array.from({ length: 21 }, (_, n) => `p${n}@northwind.example`).join('\n');

test.describe('a refused form', () => {
  // The browser notes the refusals that this is about.
  test.use({ expectedMessages: [/status of 422/] });

  test('leaves its dialog what it is', async ({ page, platform }) => {
    await (await Api.first(platform)).team({ kind: 'simulated' }, 'any');
    await signIn(page, ADMIN);
    const refusals = [
      { address: '/t/atlas-search/members', opener: 'Invite members', field: 'Email addresses', typed: MANY, button: 'Send invitations' },
      { address: '/o/northwind-labs/members', opener: 'Add member', field: 'Email', typed: 'nobody@northwind.example', button: 'Add member' },
    ];
    for (const { address, opener, field, typed, button } of refusals) {
      await page.goto(address);
      await page.waitForLoadState('networkidle');
      const link = page.getByRole('link', { name: opener });
      await link.press('Enter');
      const dialog = page.getByRole('dialog', { name: opener });
      await dialog.getByLabel(field, { exact: true }).fill(typed);
      // The page behind loads anew with the form's answer.
      const loaded = page.waitForResponse(/\/fn\/list_\w*members/);
      await dialog.getByRole('button', { name: button }).click();
      await expect(dialog.getByLabel(field, { exact: true })).toHaveAttribute('aria-invalid', 'true');
      await loaded;
      await page.waitForLoadState('networkidle');
      expect(await dialog.evaluate((element) => element.matches(':modal')), address).toBe(true);
      await expect(dialog.getByLabel(field, { exact: true }), 'what has to be mended has focus').toBeFocused();
      await expect(dialog.getByLabel(field, { exact: true })).toHaveValue(typed);
      await page.keyboard.press('Escape');
      await expect(dialog).toHaveCount(0);
      await expect(link).toBeFocused();
    }
  });
});

test('what can not be undone waits for its name to be typed', async ({ page, platform }) => {
  await (await Api.first(platform)).team({ kind: 'simulated' }, 'any');
  await signIn(page, ADMIN);
  await page.goto('/t/atlas-search/settings');
  await page.waitForLoadState('networkidle');
  await page.getByRole('link', { name: 'Delete team' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete Atlas Search?' });
  const button = dialog.getByRole('button', { name: 'Delete team' });
  const field = dialog.getByLabel('Type Atlas Search to confirm');
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await field.fill('atlas search');
  await field.press('Enter');
  await button.dispatchEvent('click');
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(page).toHaveURL(/dialog=delete$/);
  await field.fill('Atlas Search');
  await expect(button).not.toHaveAttribute('aria-disabled');
  await button.click();
  await expect(page.getByText('You are not in a team yet')).toBeVisible();
});

test('the navigation of phones keeps focus until it closes', async ({ page, platform }) => {
  await (await Api.first(platform)).team({ kind: 'simulated' }, 'any');
  await page.setViewportSize({ width: 390, height: 800 });
  await signIn(page, ADMIN);
  await page.goto('/t/atlas-search/members');
  await page.waitForLoadState('networkidle');

  const opener = page.getByRole('button', { name: 'Open navigation' });
  await opener.press('Enter');
  const place = () => page.evaluate(() => (document.activeElement?.closest('#sidebar') ? 'in' : document.activeElement?.outerHTML.slice(0, 80)));
  await expect.poll(place).toBe('in');
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    // Past its end the browser's own bar may have it, never the page behind.
    expect(await place()).toMatch(/^in$|^<body/);
  }
  await page.keyboard.press('Escape');
  await expect(opener).toBeFocused();

  await opener.press('Enter');
  await page.getByRole('link', { name: 'API keys' }).press('Enter');
  await expect(page.getByRole('heading', { name: 'API keys', level: 1 })).toBeVisible();
  await expect(page.locator('[inert]')).toHaveCount(0);
});
