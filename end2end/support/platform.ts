// A platform of its own for each test: the real server on a free port, with an empty data directory and database.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Demo, parseDemo } from './demo';
import { freePort, type Running, start } from './process';

const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..');

export type Database = 'sqlite' | 'postgres';

export interface Platform {
  url: string;
  /** What `demo seed` printed, where the platform has demo data. */
  demo?: Demo;
  /** Printed at the first start; makes the first account platform admin. */
  setupToken: string;
  dataDirectory: string;
  log(): string;
}

export interface Started {
  platform: Platform;
  stop(): Promise<void>;
}

function createDatabase(): { url: string; drop(): void } {
  const server = process.env.TALLYGATE_TEST_POSTGRES_URL as string;
  const name = `end2end_${randomBytes(6).toString('hex')}`;
  const sql = (statement: string) => execFileSync('psql', ['-q', '-d', server, '-c', statement], { stdio: ['ignore', 'ignore', 'inherit'] });
  sql(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => sql(`DROP DATABASE ${name} WITH (FORCE)`) };
}

export interface Wanted {
  settings?: Record<string, string>;
  withDemo?: boolean;
  /** The server that people run, not that of the tests' profile. */
  release?: boolean;
}

export async function startPlatform(database: Database, { settings = {}, withDemo = false, release = false }: Wanted = {}): Promise<Started> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tallygate-end2end-'));
  const dataDirectory = path.join(directory, 'var');
  const postgres = database === 'postgres' ? createDatabase() : undefined;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // script/test runs the server of the tests' profile on the site of the release build.
  const ofTests = release ? undefined : process.env.TALLYGATE_TEST_SERVER;
  const server = ofTests ?? path.join(ROOT, 'target/dist/tallygate');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    LEPTOS_ENV: 'PROD',
    LEPTOS_SITE_ROOT: path.join(ROOT, 'target/site'),
    LEPTOS_HASH_FILE: path.join(ROOT, 'target/dist/hash.txt'),
    TALLYGATE_ADDR: `127.0.0.1:${port}`,
    TALLYGATE_PUBLIC_URL: url,
    TALLYGATE_DATA_DIR: dataDirectory,
    TALLYGATE_DRAIN_TIMEOUT: '2s',
    TALLYGATE_METRICS_ADDR: 'off',
    ...(postgres ? { TALLYGATE_DATABASE_URL: postgres.url } : {}),
    ...settings,
  };
  let running: Running;
  let demo: Demo | undefined;
  try {
    if (withDemo) demo = parseDemo(execFileSync(server, ['demo', 'seed'], { cwd: ROOT, env, encoding: 'utf8' }));
    running = await start(server, ['serve'], { cwd: ROOT, env, url: `${url}/readyz`, seconds: 60 });
  } catch (error) {
    postgres?.drop();
    throw error;
  }
  return {
    platform: { url, demo, setupToken: setupToken(running.output()), dataDirectory, log: running.output },
    async stop() {
      await running.stop();
      postgres?.drop();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

function setupToken(output: string): string {
  return output.match(/setup token:\s+([\w-]{20,})/i)?.[1] ?? '';
}
