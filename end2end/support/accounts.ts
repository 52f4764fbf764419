// Signing up and in through the pages, as a person does.
import { expect, type Page } from '@playwright/test';
import type { Api } from './api';
import { linkIn, type MailServer } from './mail';

export interface Person {
  name: string;
  email: string;
  password: string;
}

export async function signUp(page: Page, person: Person, setupToken?: string): Promise<void> {
  await page.goto('/signup');
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  if (setupToken) await page.getByLabel('Setup token').fill(setupToken);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).not.toHaveURL(/\/signup/);
}

/** Signs up where an address must be proven: the mailed link ends it. */
export async function signUpByMail(page: Page, person: Person, mailServer: MailServer): Promise<void> {
  await page.goto('/signup');
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.goto(linkIn(await mailServer.mailTo(person.email, 'Finish signing up')));
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).not.toHaveURL(/\/signup/);
}

export async function signIn(page: Page, person: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).not.toHaveURL(/\/login/);
}

/** Joins a team that the first account invites to: signs up on the spot, or takes the account that there is. */
export async function joinTeam(admin: Api, mailServer: MailServer, page: Page, person: Person, name: string): Promise<void> {
  const team = name.toLowerCase().replaceAll(' ', '-');
  await admin.post(`/teams/${team}/invitations`, { email: person.email, role: 'member' });
  // Mailed, so that the link proves the address, too.
  await page.goto(linkIn(await mailServer.mailTo(person.email, `Maya Okafor invites you to ${name}`)));
  const ownName = page.getByLabel('Name', { exact: true });
  if (await ownName.isVisible()) {
    await ownName.fill(person.name);
    await page.getByLabel('Password', { exact: true }).fill(person.password);
    await page.getByRole('button', { name: 'Create account and join' }).click();
  } else {
    await page.getByRole('button', { name: /^Join/ }).click();
  }
  await expect(page).toHaveURL(new RegExp(`/t/${team}$`));
}
