// The tests' own `test`: a platform for each, and a page whose console must stay clean.
import { test as base, expect, type Page } from '@playwright/test';
import { type Database, type Platform, startPlatform } from './platform';

export type Options = {
  database: Database;
  /** Whether the platform starts with demo data. */
  withDemo: boolean;
  /** Whether the server is the one that people run, which has no clock to move. */
  release: boolean;
  /** Further environment of the server. */
  settings: Record<string, string>;
  /** Console messages that a test expects, such as the browser's own word on a 404. */
  expectedMessages: RegExp[];
};

/** Opens a browser of its own: no cookie of another, and a console that is watched. */
export type OpenBrowser = (expectedMessages?: RegExp[]) => Promise<Page>;

export const test = base.extend<Options & { platform: Platform; openBrowser: OpenBrowser }>({
  database: ['sqlite', { option: true }],
  withDemo: [false, { option: true }],
  release: [false, { option: true }],
  settings: [{}, { option: true }],
  expectedMessages: [[], { option: true }],

  platform: async ({ database, settings, withDemo, release }, use, info) => {
    const { platform, stop } = await startPlatform(database, { settings, withDemo, release });
    await use(platform);
    if (info.status !== info.expectedStatus) await info.attach('server.log', { body: platform.log() });
    await stop();
    expect(platform.log(), 'the server panicked').not.toContain('panicked at');
  },

  baseURL: async ({ platform }, use) => use(platform.url),

  page: async ({ page, expectedMessages }, use) => {
    const unexpected = watchConsole(page, expectedMessages);
    await use(page);
    expect(unexpected, 'messages in the browser console').toEqual([]);
  },

  openBrowser: async ({ browser, expectedMessages }, use) => {
    const opened: { page: Page; unexpected: string[] }[] = [];
    await use(async (expected = expectedMessages) => {
      const page = await (await browser.newContext()).newPage();
      opened.push({ page, unexpected: watchConsole(page, expected) });
      return page;
    });
    for (const { page } of opened) await page.context().close();
    expect(opened.map(({ unexpected }) => unexpected), 'messages in the consoles of the browsers').toEqual(opened.map(() => []));
  },
});

/** What the console of a page's browser says and nobody expects, as it comes. Further pages of the same browser are watched, too. */
function watchConsole(page: Page, expected: RegExp[]): string[] {
  const unexpected: string[] = [];
  const say = (message: string) => {
    if (!expected.some((pattern) => pattern.test(message))) unexpected.push(message);
  };
  page.context().on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') say(`${message.type()}: ${message.text()}`);
  });
  page.context().on('weberror', (error) => say(`uncaught: ${error.error().message}`));
  return unexpected;
}

export { expect };
