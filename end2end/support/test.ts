// The tests' own `test`: a platform for each, and a page whose console must stay clean.
import { test as base, expect } from '@playwright/test';
import { type Database, type Platform, startPlatform } from './platform';

export type Options = {
  database: Database;
  /** Whether the platform starts with demo data. */
  withDemo: boolean;
  /** Further environment of the server. */
  settings: Record<string, string>;
  /** Console messages that a test expects, such as the browser's own word on a 404. */
  expectedMessages: RegExp[];
};

export const test = base.extend<Options & { platform: Platform }>({
  database: ['sqlite', { option: true }],
  withDemo: [false, { option: true }],
  settings: [{}, { option: true }],
  expectedMessages: [[], { option: true }],

  platform: async ({ database, settings, withDemo }, use, info) => {
    const { platform, stop } = await startPlatform(database, settings, withDemo);
    await use(platform);
    if (info.status !== info.expectedStatus) await info.attach('server.log', { body: platform.log() });
    await stop();
    expect(platform.log(), 'the server panicked').not.toContain('panicked at');
  },

  baseURL: async ({ platform }, use) => use(platform.url),

  page: async ({ page, expectedMessages }, use) => {
    const messages: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') messages.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => messages.push(`uncaught: ${error.message}`));
    await use(page);
    const unexpected = messages.filter((message) => !expectedMessages.some((pattern) => pattern.test(message)));
    expect(unexpected, 'messages in the browser console').toEqual([]);
  },
});

export { expect };
