// The people of a team, from the invitation to the old owner's exit: three browsers, a real mail server, and a scanner of mails.
import type { Page } from '@playwright/test';
import { type Person, signUpByMail } from '../support/accounts';
import { Api } from '../support/api';
import { lendMailServer, linkIn, type MailServer } from '../support/mail';
import { expect, test as base } from '../support/test';

const PRIYA: Person = { name: 'Priya Raman', email: 'priya@northwind.example', password: 'copper-meadow-17-finch' };
const LENA: Person = { name: 'Lena Vogt', email: 'lena@northwind.example', password: 'harbour-quill-58-amber' };
const HANNAH: Person = { name: 'Hannah Brandt', email: 'hannah@northwind.example', password: 'tundra-saffron-32-kite' };

const test = base.extend<{ mailServer: MailServer }>({
  mailServer: async ({}, use) => lendMailServer(use),
  settings: async ({ mailServer }, use) =>
    use({
      TALLYGATE_SIGNUP: 'open',
      TALLYGATE_SMTP_URL: mailServer.url,
      TALLYGATE_MAIL_FROM: 'Tallygate <tallygate@northwind.example>',
    }),
});

test.setTimeout(150_000);

test('from an invitation to the exit of who sent it', async ({ platform, mailServer, openBrowser }) => {
  const [owner, other, newcomer] = [
    // The browser notes the refusal that is part of the story, and that a page which is being left asks once more for its team.
    await openBrowser([/status of 40[34]/]),
    await openBrowser([]),
    await openBrowser([]),
  ];

  await test.step('two people sign up, one makes a team', async () => {
    const admin = await Api.first(platform);
    const { slug } = await admin.post<{ slug: string }>('/organizations', { name: 'Northwind Labs' });
    await admin.patch(`/organizations/${slug}`, { members_create_teams: true });
    await signUpByMail(owner, PRIYA, mailServer);
    await signUpByMail(other, LENA, mailServer);
    await admin.post(`/organizations/${slug}/members`, { email: PRIYA.email, role: 'member' });
    await owner.goto('/teams/new');
    await owner.getByLabel('Team name').fill('Atlas Search');
    await owner.getByRole('button', { name: 'Create team' }).click();
    await expect(owner).toHaveURL(/\/t\/atlas-search$/);
  });

  const link = await test.step('the owner invites an address, and the mail arrives', async () => {
    await members(owner);
    await owner.getByRole('link', { name: 'Invite members' }).click();
    const form = owner.getByRole('dialog', { name: 'Invite members' });
    await form.getByLabel('Email addresses').fill(HANNAH.email);
    await form.getByLabel('Note').fill('The search index is waiting for you.');
    await form.getByRole('button', { name: 'Send invitations' }).click();
    await owner.getByRole('dialog', { name: '1 invited' }).getByRole('button', { name: 'Done' }).click();
    await expect(pending(owner)).toContainText(HANNAH.email);

    const mail = await mailServer.mailTo(HANNAH.email, 'Priya Raman invites you to Atlas Search');
    expect(mail.text).toContain('of Northwind Labs, as a member');
    expect(mail.text).toContain('The search index is waiting for you.');
    const link = linkIn(mail);
    expect(link).toMatch(new RegExp(`^${platform.url}/invite/[\\w.~-]+$`));
    return link;
  });

  await test.step('a scanner opens the link twice and uses nothing up', async () => {
    for (let time = 0; time < 2; time += 1) {
      // As scanners do: no cookie, every redirect followed.
      const seen = await fetch(link);
      expect(seen.url).toBe(`${platform.url}/invite`);
      expect(await seen.text()).not.toContain(HANNAH.email);
    }
    await owner.reload();
    await expect(pending(owner)).toContainText(HANNAH.email);
  });

  await test.step('somebody else who is signed in is told whom the link is for', async () => {
    await other.goto(link);
    await expect(other).toHaveURL(/\/invite$/);
    await expect(other.getByText(`This invitation is for ${HANNAH.email}. You are signed in as ${LENA.email}.`)).toBeVisible();
    await expect(other.getByRole('button', { name: 'Switch account' })).toBeVisible();
    await expect(other.getByRole('button', { name: /^Join|and join/ })).toHaveCount(0);
    await other.getByRole('link', { name: 'Stay with this account' }).click();
    await expect(other.getByText('You are not in a team yet')).toBeVisible();
  });

  await test.step('the newcomer signs up on the spot and lands in the team', async () => {
    await newcomer.goto(link);
    await expect(newcomer).toHaveURL(/\/invite$/);
    await expect(newcomer.getByRole('heading', { name: 'Join Atlas Search as member' })).toBeVisible();
    const email = newcomer.getByLabel('Email');
    await expect(email).toHaveValue(HANNAH.email);
    await expect(email).toHaveAttribute('readonly');
    await newcomer.getByLabel('Name', { exact: true }).fill(HANNAH.name);
    await newcomer.getByLabel('Password', { exact: true }).fill(HANNAH.password);
    await newcomer.getByRole('button', { name: 'Create account and join' }).click();
    await expect(newcomer).toHaveURL(/\/t\/atlas-search$/);
    await members(newcomer);
    await expect(newcomer.getByRole('row', { name: /Hannah Brandt \(you\)/ })).toContainText('Member');
    await expect(newcomer.getByRole('link', { name: 'Invite members' })).toHaveCount(0);
    await newcomer.evaluate(() => Object.assign(window, { loadedOnce: true }));
  });

  await test.step('the owner makes her an admin, and the mail says so', async () => {
    await owner.reload();
    await expect(pending(owner)).toHaveCount(0);
    await owner.getByRole('button', { name: 'Role of Hannah Brandt: Member. Change role' }).click();
    await owner.getByRole('link', { name: /^Admin/ }).click();
    await owner.getByRole('dialog', { name: 'Make Hannah Brandt an admin?' }).getByRole('button', { name: 'Make admin' }).click();
    await expect(owner.getByRole('button', { name: 'Role of Hannah Brandt: Admin. Change role' })).toBeVisible();
    const mail = await mailServer.mailTo(HANNAH.email, 'You are an admin of Atlas Search now');
    expect(mail.text).toContain('you were a member, you are an admin now');
    expect(linkIn(mail)).toBe(`${platform.url}/t/atlas-search`);
    await expect(newcomer.getByRole('link', { name: 'Invite members' }), 'her open page shows it by itself').toBeVisible();
    expect(await newcomer.evaluate(() => 'loadedOnce' in window), 'the page was not loaded anew').toBe(true);
  });

  await test.step("the team is handed over; the old owner's open page loses what only owners do", async () => {
    await owner.goto('/t/atlas-search/settings');
    await owner.evaluate(() => Object.assign(window, { loadedOnce: true }));
    await owner.getByRole('link', { name: 'Delete team' }).click();
    const removal = owner.getByRole('dialog', { name: 'Delete Atlas Search?' });
    await removal.getByLabel('Type Atlas Search to confirm').fill('Atlas Search');

    const elsewhere = await owner.context().newPage();
    await elsewhere.goto('/t/atlas-search/settings');
    await elsewhere.getByRole('link', { name: 'Transfer ownership' }).click();
    const transfer = elsewhere.getByRole('dialog', { name: 'Transfer ownership' });
    await transfer.getByLabel('New owner').selectOption(await transfer.getByRole('option', { name: /^Hannah Brandt/ }).innerText());
    await transfer.getByLabel('Type Atlas Search to confirm').fill('Atlas Search');
    await transfer.getByRole('button', { name: 'Transfer ownership' }).click();
    await expect(elsewhere.getByText('The team has a new owner.')).toBeVisible();
    await mailServer.mailTo(HANNAH.email, 'You own Atlas Search now');
    await mailServer.mailTo(PRIYA.email, 'Hannah Brandt owns Atlas Search now');

    // Still open, and still offering it: the team is not deleted all the same.
    await removal.getByRole('button', { name: 'Delete team' }).click();
    await expect(removal.getByRole('alert')).toContainText(/owner/i);
    await removal.getByRole('link', { name: 'Cancel' }).click();
    await expect(owner.getByRole('link', { name: 'Leave team' })).toBeVisible();
    await expect(owner.getByRole('link', { name: 'Delete team' })).toHaveCount(0);
    await expect(owner.getByRole('link', { name: 'Transfer ownership' })).toHaveCount(0);
    await expect(owner.getByText('Admin of this team')).toBeVisible();
    expect(await owner.evaluate(() => 'loadedOnce' in window), 'the page was not loaded anew').toBe(true);
  });

  await test.step('the old owner leaves', async () => {
    await owner.getByRole('link', { name: 'Leave team' }).click();
    await owner.getByRole('dialog', { name: 'Leave the team?' }).getByRole('button', { name: 'Leave team' }).click();
    await expect(owner.getByText('You are not in a team yet')).toBeVisible();
    await members(newcomer);
    await expect(newcomer.getByRole('row', { name: /Hannah Brandt \(you\)/ })).toContainText('Owner');
    await expect(newcomer.getByText(PRIYA.email)).toHaveCount(0);
  });

  await test.step('the link of the mail is used up', async () => {
    await other.goto(link);
    await expect(other.getByText('This invitation was used already; it works once.')).toBeVisible();
    await newcomer.goto(link);
    await expect(newcomer.getByRole('heading', { name: 'You are in Atlas Search' })).toBeVisible();
  });

  const mails = mailServer.mails();
  expect(new Set(mails.map((mail) => mail.messageId)).size, 'every mail came once').toBe(mails.length);
  expect(mails.map((mail) => `${mail.recipient.split('@')[0]}: ${mail.subject}`).sort()).toEqual([
    'hannah: Priya Raman invites you to Atlas Search',
    'hannah: You are an admin of Atlas Search now',
    'hannah: You own Atlas Search now',
    'lena: Finish signing up',
    'maya: Confirm your email address',
    'priya: Finish signing up',
    'priya: Hannah Brandt owns Atlas Search now',
    'priya: Your role in Northwind Labs',
  ]);
});

async function members(page: Page): Promise<void> {
  await page.goto('/t/atlas-search/members');
  await expect(page.getByRole('heading', { name: 'Members', level: 1 })).toBeVisible();
}

/** The section of the invitations that wait. */
function pending(page: Page) {
  return page.getByRole('region', { name: 'Pending invitations' });
}
