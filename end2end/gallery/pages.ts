import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { signIn } from '../support/accounts';
import { demo } from '../support/demo';
import { PAGES, settled } from '../support/pages';

const FOLDER = path.resolve(fileURLToPath(import.meta.url), '../../screenshots');

for (const visit of PAGES) {
  test(visit.name, async ({ page }, info) => {
    const { email, password, team } = demo();
    if (!visit.signedOut) await signIn(page, { email, password });
    const response = await page.goto(visit.path.replace('{team}', team));
    expect(response?.status()).toBe(visit.status ?? 200);
    await settled(page, visit);
    await page.screenshot({
      path: path.join(FOLDER, `${visit.name}-${info.project.name}.png`),
      fullPage: !visit.path.includes('dialog=') && !visit.press,
      animations: 'disabled',
    });
  });
}
