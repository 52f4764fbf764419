// Pictures of every page (script/screenshots), not tests: each page in two themes and two widths.
import { defineConfig } from '@playwright/test';
import base from './playwright.config';

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

export default defineConfig({
  ...base,
  testDir: 'gallery',
  testMatch: '*.ts',
  outputDir: 'test-results/gallery',
  timeout: 60_000,
  use: { ...base.use, baseURL: process.env.TALLYGATE_GALLERY_URL, screenshot: 'off', trace: 'off', deviceScaleFactor: 1 },
  projects: (['light', 'dark'] as const).flatMap((colorScheme) =>
    sizes.map((viewport) => ({ name: `${colorScheme}-${viewport.width}`, use: { colorScheme, viewport } })),
  ),
});
