// Every page with demo data: answers, draws, keeps the console clean (support/test.ts), is accessible, and fits a phone.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { signIn } from '../support/accounts';
import { PAGES, settled } from '../support/pages';
import { expect, test } from '../support/test';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 AA, in a line each. */
async function barriers(page: Page): Promise<string[]> {
  // As the developer tools would: a script tag is refused by the content security policy.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> } };
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.flatMap(({ id, help, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`));
  });
}

test.describe('with demo data', () => {
  test.use({ withDemo: true, expectedMessages: [/status of 404/] });
  test.setTimeout(240_000);

  // In two parts, which run beside each other.
  for (const part of [0, 1]) {
    const pages = PAGES.filter((_, at) => at % 2 === part);
    test(`every page answers, is accessible and fits a phone, part ${part + 1}`, async ({ page, platform }) => {
      const demo = platform.demo!;
      await page.setViewportSize({ width: 375, height: 800 });
      for (const signedOut of [true, false]) {
        if (!signedOut) await signIn(page, demo);
        for (const visit of pages.filter((candidate) => Boolean(candidate.signedOut) === signedOut)) {
          await test.step(visit.name, async () => {
            const response = await page.goto(visit.path.replace('{team}', demo.team));
            expect.soft(response?.status(), visit.name).toBe(visit.status ?? 200);
            await settled(page, visit);
            expect.soft(await page.title(), visit.name).toMatch(/ · Tallygate$/);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            expect.soft(overflow, `${visit.name} scrolls sideways`).toBeLessThanOrEqual(0);
            expect.soft(await barriers(page), `barriers on ${visit.name}`).toEqual([]);
          });
        }
      }
    });
  }

  test('the chart engine is loaded on pages with charts only', async ({ page, platform }) => {
    const loaded: string[] = [];
    page.on('request', (request) => {
      if (/\/assets\/charts-/.test(request.url())) loaded.push(new URL(page.url()).pathname);
    });
    await signIn(page, platform.demo!);
    await page.goto(`/t/${platform.demo!.team}/keys`);
    await page.waitForLoadState('networkidle');
    expect(loaded).toEqual([]);
    await page.goto(`/t/${platform.demo!.team}`);
    await expect(page.locator('.chart svg').first()).toBeVisible();
    expect(loaded).toHaveLength(1);
  });
});
