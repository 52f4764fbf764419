// Who may call which model, as people meet it: teams with sets of their own, and a costly model that is asked for, granted, called and over.
import type { Page } from '@playwright/test';
import { joinTeam, type Person } from '../support/accounts';
import { ADMIN, Api, openai } from '../support/api';
import { MovedClock } from '../support/clock';
import { lendMailServer, type MailServer } from '../support/mail';
import { expect, test as base } from '../support/test';

const NOOR: Person = { name: 'Noor Haddad', email: 'noor@northwind.example', password: 'copper-meadow-17-finch' };
const SAM: Person = { name: 'Sam Whitfield', email: 'sam@northwind.example', password: 'harbour-quill-58-amber' };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const test = base.extend<{ clock: MovedClock; mailServer: MailServer }>({
  mailServer: async ({}, use) => lendMailServer(use),
  clock: async ({}, use) => {
    const clock = new MovedClock();
    await use(clock);
    clock.remove();
  },
  settings: async ({ clock, mailServer }, use) =>
    use({
      ...clock.settings,
      TALLYGATE_SMTP_URL: mailServer.url,
      TALLYGATE_MAIL_FROM: 'Tallygate <tallygate@northwind.example>',
    }),
});

test.setTimeout(150_000);

const MODEL = {
  modality: 'chat',
  input_price: 1_000_000_000,
  output_price: 4_000_000_000,
  context_window: 128_000,
  max_output: 4_096,
};

/** An organization with three models, and a team for each of two of them; Comet takes everything as it is. */
async function prepare(admin: Api): Promise<void> {
  const { slug: organization } = await admin.post<{ slug: string }>('/organizations', { name: 'Northwind Labs' });
  await admin.post('/catalog/providers', {
    name: 'simulator',
    kind: 'simulated',
    simulation: { first_token_ms: 5, per_token_ms: 5, output_tokens: 24 },
  });
  for (const [name, tier] of [['alpha', 'general'], ['beta', 'general'], ['opus', 'high_performance']]) {
    await admin.post('/catalog/models', { ...MODEL, name, tier, deployments: [{ provider: 'simulator', model: name }] });
  }
  for (const [name, models] of [['Atlas', { alpha: 'direct' }], ['Borealis', { beta: 'direct' }], ['Comet', undefined]] as const) {
    const { slug } = await admin.post<{ slug: string }>('/teams', { name, organization });
    if (models) {
      const answer = await admin.context.put(`/api/v1/teams/${slug}/access`, { data: { mode: 'restrict', models, groups: [] } });
      expect(answer.status(), await answer.text()).toBe(200);
    }
  }
}

/** The models that the playground of a team offers. */
async function offered(page: Page, team: string): Promise<string[]> {
  await page.goto(`/t/${team}/playground`);
  await page.waitForLoadState('networkidle');
  return page.getByLabel('Model').locator('option').allInnerTexts();
}

async function ask(page: Page, question: string): Promise<void> {
  const input = page.getByLabel('Message');
  await input.fill(question);
  await input.press('Control+Enter');
}

/** A call past the picker, as the page makes it: status and code. */
async function call(page: Page, team: string, model: string): Promise<string> {
  return page.evaluate(
    async ({ team, model }) => {
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'ping' }] });
      const answer = await fetch(`/play/${team}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const { error } = (await answer.json()) as { error?: { code: string } };
      return `${answer.status} ${error?.code ?? ''}`.trim();
    },
    { team, model },
  );
}

test('two teams with sets of their own, and a costly model from the request to its end', async ({ platform, openBrowser, clock, mailServer }) => {
  const admin = await Api.first(platform);
  // Access ends with a day: that is an hour and a half from here. The session may end on the way.
  const evening = Math.floor(Date.now() / DAY) * DAY + 22.5 * HOUR;
  await clock.advance((evening < Date.now() ? evening + DAY : evening) - Date.now());
  await admin.post('/auth/login', { email: ADMIN.email, password: ADMIN.password });
  await prepare(admin);
  // The browser notes the refusals that are part of the story.
  const [noor, sam] = [await openBrowser([/status of 40[34]/]), await openBrowser([/status of 40[34]/])];
  await joinTeam(admin, mailServer, noor, NOOR, 'Atlas');
  await joinTeam(admin, mailServer, noor, NOOR, 'Comet');
  await joinTeam(admin, mailServer, sam, SAM, 'Borealis');

  await test.step('each sees and calls the own set alone', async () => {
    expect(await offered(noor, 'atlas')).toEqual(['alpha']);
    expect(await offered(sam, 'borealis')).toEqual(['beta']);
    expect(await call(noor, 'atlas', 'alpha')).toBe('200');
    expect(await call(noor, 'atlas', 'beta')).toBe('404 model_not_found');
    expect(await call(sam, 'borealis', 'beta')).toBe('200');
    expect(await call(sam, 'borealis', 'alpha')).toBe('404 model_not_found');
    expect(await call(sam, 'atlas', 'alpha'), 'not his team').toBe('404 context_not_found');
  });

  await test.step('an answer streams, with what it came to', async () => {
    await ask(sam, 'What is a tally?');
    const answer = sam.getByRole('article').filter({ has: sam.getByRole('heading', { name: 'Answer' }) });
    await expect(answer.getByText('First token')).toBeVisible();
    await expect(answer).toContainText(/Cost\s*\$0\.0/);
    await expect(answer).toContainText(/\d+ in, 24 out/);
    await expect(sam.getByRole('article').first()).toContainText('What is a tally?');
  });

  const key = await test.step('the costly model is refused', async () => {
    expect(await offered(noor, 'comet')).toEqual(['alpha', 'beta']);
    expect(await call(noor, 'comet', 'opus')).toBe('403 model_requires_approval');
    await noor.goto('/t/comet/models/explain?model=opus');
    await expect(noor.getByText('may not call opus: the gateway answers model_requires_approval.')).toBeVisible();
    await expect(noor.getByText('The organization asks for an approval.')).toBeVisible();
    const made = await noor.request.post('/api/v1/teams/comet/keys', { data: { name: 'noor' }, headers: { origin: platform.url } });
    return ((await made.json()) as { key: string }).key;
  });

  await test.step('it is requested from the page of the models', async () => {
    await noor.goto('/t/comet/models');
    await noor.waitForLoadState('networkidle');
    await noor.getByRole('row', { name: /opus/ }).getByRole('link', { name: 'Request access' }).click();
    const dialog = noor.getByRole('dialog', { name: 'Request access' });
    await dialog.getByLabel('Reason').fill('Long contracts.');
    await dialog.getByRole('button', { name: 'Send request' }).click();
    await expect(dialog).toBeHidden();
    await expect(noor.getByRole('row', { name: /opus/ })).toContainText('Waits for an admin of the organization');
    await expect(noor).toHaveURL(/\/t\/comet\/models\/requests$/);
    await noor.goto('/t/comet/models');
    await expect(noor.getByRole('row', { name: /opus/ })).toContainText('Waiting for a decision');
  });

  await test.step('it is approved until the end of the day', async () => {
    const maya = await openBrowser();
    await maya.context().addCookies((await admin.context.storageState()).cookies);
    await maya.goto('/t/comet/models');
    await maya.waitForLoadState('networkidle');
    const waiting = maya.getByRole('region', { name: 'Requests' });
    await expect(waiting).toContainText('Long contracts.');
    await waiting.getByRole('link', { name: 'Approve the request of Noor Haddad' }).click();
    const dialog = maya.getByRole('dialog', { name: 'Approve opus?' });
    await dialog.getByLabel('Until').fill(new Date(clock.now()).toISOString().slice(0, 10));
    await dialog.getByRole('button', { name: 'Approve request' }).click();
    await expect(dialog).toBeHidden();
    await maya.getByRole('link', { name: 'Access given' }).click();
    await expect(maya.getByRole('row', { name: /Noor Haddad/ })).toContainText('opus');
  });

  await test.step('it is called, in the playground and with a key', async () => {
    expect(await offered(noor, 'comet')).toEqual(['alpha', 'beta', 'opus']);
    await noor.getByLabel('Model').selectOption('opus');
    await ask(noor, 'Summarize this contract.');
    await expect(noor.getByText('First token')).toBeVisible();
    expect(await sdkCall(platform.url, key)).toBe('200');
  });

  await test.step('after its end it is refused again, on the open page, too', async () => {
    await clock.advance(2 * HOUR);
    await ask(noor, 'And this one?');
    await expect(noor.getByText('The model `opus` needs an approval. Ask for it in the dashboard.').first()).toBeVisible();
    await expect(noor.getByLabel('Message'), 'the question is kept').toHaveValue('And this one?');
    await noor.getByRole('link', { name: 'Request access', exact: true }).click();
    const again = noor.getByRole('dialog', { name: 'Request access' });
    await expect(again).toContainText('opus');
    await again.getByRole('link', { name: 'Cancel' }).click();
    await expect(noor.getByRole('article').first(), 'the conversation is still there').toContainText('Summarize this contract.');
    expect(await sdkCall(platform.url, key)).toBe('403 model_requires_approval');
    expect(await offered(noor, 'comet')).toEqual(['alpha', 'beta']);
  });

  async function sdkCall(_url: string, secret: string): Promise<string> {
    try {
      await openai(platform, secret).chat.completions.create({ model: 'opus', messages: [{ role: 'user', content: 'ping' }] });
      return '200';
    } catch (error) {
      const { status, code } = error as { status: number; code: string };
      return `${status} ${code}`;
    }
  }
});

test('a team is seen as one of its members, and nothing can be done with it', async ({ platform, openBrowser, page, mailServer }) => {
  const admin = await Api.first(platform);
  await prepare(admin);
  const noor = await openBrowser();
  await joinTeam(admin, mailServer, noor, NOOR, 'Comet');
  const { cookies } = await admin.context.storageState();
  await page.context().addCookies(cookies);
  await page.goto('/t/comet/members');
  await page.waitForLoadState('networkidle');
  await page.getByRole('button', { name: 'Actions for Noor Haddad' }).click();
  await page.getByRole('link', { name: 'View as Noor Haddad' }).click();
  await expect(page.getByText('You see this as Noor Haddad (Member).')).toBeVisible();
  await page.waitForLoadState('networkidle');
  const nav = page.getByRole('navigation', { name: 'Team', exact: true });
  await expect(nav.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  await nav.getByRole('link', { name: 'Members' }).click();
  await expect(page).toHaveURL(/\/t\/comet\/members\?as=/);
  await expect(page.getByRole('link', { name: 'Invite members' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Joined' }).click();
  await expect(page, 'links of the page itself keep it').toHaveURL(/sort=-?joined.*as=/);
  await page.getByRole('link', { name: 'Stop' }).click();
  await expect(page.getByRole('link', { name: 'Invite members' })).toBeVisible();
  await expect(page.getByText('You see this as')).toHaveCount(0);
});
