// The self-service policy as a member meets it in the page: each rule that a key would break, all of them at once, and the policy off.
import type { Page } from '@playwright/test';
import { joinTeam, type Person } from '../support/accounts';
import { Api } from '../support/api';
import { lendMailServer, type MailServer } from '../support/mail';
import { expect, test as base } from '../support/test';

const NOOR: Person = { name: 'Noor Haddad', email: 'noor@northwind.example', password: 'copper-meadow-17-finch' };
const DOLLAR = 1_000_000_000;
const WHO = 'Maya Okafor (owner) can change the policy.';

const test = base.extend<{ mailServer: MailServer }>({
  mailServer: async ({}, use) => lendMailServer(use),
  settings: async ({ mailServer }, use) =>
    use({ TALLYGATE_SMTP_URL: mailServer.url, TALLYGATE_MAIL_FROM: 'Tallygate <tallygate@northwind.example>' }),
});

test.setTimeout(120_000);

interface Wanted {
  name: string;
  expires: string;
  budget?: string;
}

/** Fills the form of a key and sends it. */
async function send(page: Page, { name, expires, budget }: Wanted, button: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Expires').selectOption(expires);
  await dialog.getByRole('textbox', { name: 'Budget', exact: true }).fill(budget ?? '');
  await dialog.getByRole('button', { name: button }).click();
}

test('a member reads every rule that a key would break, and what was typed stays', async ({ platform, mailServer, openBrowser }) => {
  const admin = await Api.first(platform);
  const { team } = await admin.team({ kind: 'simulated' }, 'any');
  // The browser notes the refusals that are the story.
  const noor = await openBrowser([/status of 4(03|22)/]);
  await joinTeam(admin, mailServer, noor, NOOR, 'Atlas Search');
  const rules = (policy: Record<string, unknown>) => admin.put(`/teams/${team}/self-service`, { enabled: true, ...policy });
  const own = async () => {
    const answer = await noor.request.get(`/api/v1/teams/${team}/keys`);
    return ((await answer.json()) as { items: { id: string; name: string }[] }).items;
  };
  const keys = `/t/${team}/keys`;
  const dialog = noor.getByRole('dialog');
  const create = async (wanted: Wanted) => {
    await noor.goto(`${keys}?dialog=create`);
    await send(noor, wanted, 'Create key');
  };

  await test.step('a budget over the ceiling, and none at all', async () => {
    await rules({ budget_ceiling: 10 * DOLLAR });
    await create({ name: 'nightly', expires: '90', budget: '11' });
    await expect(dialog.getByText(`The budget must be $10.00 or less; $11.00 is more. ${WHO}`)).toBeVisible();
    const budget = dialog.getByRole('textbox', { name: 'Budget', exact: true });
    await expect(budget).toHaveAttribute('aria-invalid', 'true');
    await expect(budget).toHaveValue('11');
    await expect(dialog.getByLabel('Name')).toHaveValue('nightly');
    await budget.fill('');
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await expect(dialog.getByText(`A key needs a budget of $10.00 or less here. ${WHO}`)).toBeVisible();
  });

  await test.step('no expiry', async () => {
    await rules({ require_expiry: true });
    await create({ name: 'nightly', expires: 'never' });
    await expect(dialog.getByText(`A key needs an expiry here. ${WHO}`)).toBeVisible();
  });

  await test.step('too long a life', async () => {
    await rules({ max_expiry_days: 30 });
    await noor.goto(`${keys}?dialog=create`);
    await expect(dialog.getByText('At most 30 days from now.'), 'the form says it before').toBeVisible();
    await send(noor, { name: 'nightly', expires: '90' }, 'Create key');
    await expect(dialog.getByText(`Expiry must be 30 days or less from now. ${WHO}`)).toBeVisible();
  });

  await test.step('one key too many', async () => {
    expect(await own(), 'nothing was made so far').toEqual([]);
    await rules({ max_keys_per_user: 1 });
    await create({ name: 'first', expires: '365' });
    await expect(dialog.getByRole('heading', { name: 'Copy your key now' })).toBeVisible();
    await create({ name: 'second', expires: '30' });
    await expect(dialog.getByText(`You hold 1 of 1 active keys here. Revoke one, or ask an admin. ${WHO}`)).toBeVisible();
  });

  await test.step('all of it at once, when a key is made and when one is changed', async () => {
    await rules({ max_keys_per_user: 1, budget_ceiling: 10 * DOLLAR, require_expiry: true, max_expiry_days: 30 });
    await create({ name: 'second', expires: 'never', budget: '10.01' });
    for (const sentence of [
      'You hold 1 of 1 active keys here. Revoke one, or ask an admin.',
      'The budget must be $10.00 or less; $10.01 is more.',
      'A key needs an expiry here.',
    ]) {
      await expect(dialog.getByText(`${sentence} ${WHO}`)).toBeVisible();
    }
    const [first] = await own();
    await noor.goto(`${keys}?dialog=edit&key=${first!.id}`);
    await send(noor, { name: 'renamed', expires: '' }, 'Save key');
    for (const sentence of ['A key needs a budget of $10.00 or less here.', 'Expiry must be 30 days or less from now.']) {
      await expect(dialog.getByText(`${sentence} ${WHO}`)).toBeVisible();
    }
    expect((await own()).map(({ name }) => name), 'nothing was made or changed').toEqual(['first']);
    await send(noor, { name: 'renamed', expires: '30', budget: '10' }, 'Save key');
    await expect(noor.getByRole('dialog')).toHaveCount(0);
    await expect(noor.getByText('of $10.00').first()).toBeVisible();
  });

  await test.step('the policy off, while the form is open', async () => {
    await noor.goto(`${keys}?dialog=create`);
    await rules({ enabled: false });
    await send(noor, { name: 'second', expires: '30', budget: '1' }, 'Create key');
    await expect(noor.getByText('Members do not create keys here. Maya Okafor (owner) or an admin can.')).toBeVisible();
    await noor.goto(keys);
    await expect(noor.getByRole('link', { name: 'Create API key' })).toHaveCount(0);
    expect(await own()).toHaveLength(1);
  });

  await test.step('owners are not bound', async () => {
    await admin.post(`/teams/${team}/keys`, { name: 'forever' });
  });
});
