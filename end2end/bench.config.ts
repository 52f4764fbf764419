// Measurements (script/bench), not tests: one at a time, on the release build.
import { defineConfig } from '@playwright/test';
import base from './playwright.config';

export default defineConfig({ ...base, testDir: 'bench', testMatch: '*.ts', workers: 1, fullyParallel: false, timeout: 120_000 });
