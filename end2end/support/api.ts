// Shortcuts through the management API, for tests whose story is about something else than the pages that do the same.
import { type APIRequestContext, request } from '@playwright/test';
import OpenAI from 'openai';
import { expect } from './test';
import type { Platform } from './platform';

export const ADMIN = { name: 'Maya Okafor', email: 'maya@northwind.example', password: 'violet-lantern-93-otter' };

export interface Provider {
  kind: 'openai' | 'simulated';
  base_url?: string;
  secret?: string;
  simulation?: Record<string, number>;
}

export interface Prepared {
  key: string;
  keyId: string;
  model: string;
  team: string;
}

/** A signed-in person at the management API. */
export class Api {
  private constructor(
    readonly context: APIRequestContext,
    readonly url: string,
  ) {}

  /** Signs up the first account, which is platform admin. */
  static async first(platform: Platform): Promise<Api> {
    const context = await request.newContext({ baseURL: platform.url, extraHTTPHeaders: { origin: platform.url } });
    const api = new Api(context, platform.url);
    await api.post('/auth/signup', { ...ADMIN, setup_token: platform.setupToken });
    return api;
  }

  async post<T = Record<string, unknown>>(path: string, data: unknown): Promise<T> {
    const response = await this.context.post(`/api/v1${path}`, { data });
    expect(response.ok(), `POST ${path}: ${response.status()} ${await response.text()}`).toBe(true);
    return (response.status() === 204 ? {} : await response.json()) as T;
  }

  async patch<T = Record<string, unknown>>(path: string, data: unknown): Promise<T> {
    const response = await this.context.patch(`/api/v1${path}`, { data });
    expect(response.ok(), `PATCH ${path}: ${response.status()} ${await response.text()}`).toBe(true);
    return (response.status() === 204 ? {} : await response.json()) as T;
  }

  async put<T = Record<string, unknown>>(path: string, data: unknown): Promise<T> {
    const response = await this.context.put(`/api/v1${path}`, { data });
    expect(response.ok(), `PUT ${path}: ${response.status()} ${await response.text()}`).toBe(true);
    return (response.status() === 204 ? {} : await response.json()) as T;
  }

  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    const response = await this.context.get(`/api/v1${path}`);
    expect(response.ok(), `GET ${path}: ${response.status()} ${await response.text()}`).toBe(true);
    return (await response.json()) as T;
  }

  async delete(path: string): Promise<void> {
    const response = await this.context.delete(`/api/v1${path}`);
    expect(response.ok(), `DELETE ${path}: ${response.status()} ${await response.text()}`).toBe(true);
  }

  /** A team of the first organization, with a provider, a model and a key. */
  async team(provider: Provider, upstreamModel: string): Promise<Prepared> {
    const organizations = await this.get<{ items: { slug: string }[] }>('/organizations');
    const organization = organizations.items[0]?.slug ?? (await this.post<{ slug: string }>('/organizations', { name: 'Northwind Labs' })).slug;
    await this.post('/catalog/providers', { name: 'upstream', ...provider });
    await this.post('/catalog/models', {
      name: 'chat-small',
      tier: 'general',
      modality: 'chat',
      input_price: 1_000_000_000,
      output_price: 4_000_000_000,
      context_window: 128_000,
      max_output: 4_096,
      deployments: [{ provider: 'upstream', model: upstreamModel }],
    });
    const { slug } = await this.post<{ slug: string }>('/teams', { name: 'Atlas Search', organization });
    const key = await this.post<{ id: string; key: string }>(`/teams/${slug}/keys`, { name: 'tests' });
    return { key: key.key, keyId: key.id, model: 'chat-small', team: slug };
  }

  /** A model of which a call costs $0.013 and with 20 tokens at most $0.02, open to everybody; for calls that ask for so many. */
  async dearModel(): Promise<{ model: string; max_tokens: number }> {
    const model = 'dear';
    await this.post('/catalog/providers', { name: 'thirteen', kind: 'simulated', simulation: { first_token_ms: 1, per_token_ms: 1, output_tokens: 13 } });
    await this.post('/catalog/models', {
      name: model,
      tier: 'general',
      modality: 'chat',
      input_price: 0,
      output_price: 1_000_000_000_000,
      context_window: 128_000,
      max_output: 4_096,
      deployments: [{ provider: 'thirteen', model: 'any' }],
    });
    for (const { slug } of (await this.get<{ items: { slug: string }[] }>('/organizations')).items) {
      // At such a price it waits for an approval.
      await this.put(`/organizations/${slug}/models/${model}`, { state: 'open' });
    }
    return { model, max_tokens: 20 };
  }
}

/** The official SDK, pointed at the gateway. */
export function openai(platform: Platform, apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${platform.url}/v1`, maxRetries: 0 });
}
