// Signing up and in through the pages, as a person does.
import { expect, type Page } from '@playwright/test';
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
