import { defineConfig, devices } from '@playwright/test';
import type { Options } from './support/test';

// Debian's Chromium; a download of a browser of Playwright's own is neither needed nor always possible.
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

// Chromium calls nobody of its own accord; as root it has no sandbox.
const args = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export default defineConfig<Options>({
  testDir: 'tests',
  outputDir: 'test-results',
  timeout: 90_000,
  expect: { timeout: 10_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    channel: undefined,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    launchOptions: { executablePath, args },
    screenshot: 'only-on-failure',
    // What each step looked like takes a quarter of the time; elsewhere than in CI it is worth it.
    trace: process.env.CI ? 'off' : 'retain-on-failure',
  },
  projects: [
    { name: 'sqlite', use: { database: 'sqlite' } },
    // Where script/test has started a PostgreSQL.
    ...(process.env.TALLYGATE_TEST_POSTGRES_URL ? [{ name: 'postgres', use: { database: 'postgres' as const } }] : []),
  ],
});
