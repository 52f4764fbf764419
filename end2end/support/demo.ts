// What `tallygate demo seed` printed: the accounts, a team and a key of the demo.
import fs from 'node:fs';

export interface Demo {
  email: string;
  password: string;
  team: string;
  key: string;
  model: string;
}

export function parseDemo(text: string): Demo {
  const find = (what: string, pattern: RegExp) => {
    const found = text.match(pattern)?.[1];
    if (!found) throw new Error(`no ${what} in what "demo seed" printed:\n${text}`);
    return found;
  };
  return {
    email: find('e-mail', /(\S+@\S+)/),
    password: find('password', /password\W+(\S+)/i),
    team: find('team', /team\W+([a-z0-9-]+)/i),
    key: find('key', /(tg_[0-9A-Za-z]{49})/),
    model: find('model', /model\W+([a-z0-9.-]+)/i),
  };
}

/** Of the server that a script has started. */
export function demo(): Demo {
  return parseDemo(fs.readFileSync(process.env.TALLYGATE_GALLERY_DEMO ?? 'var/demo.txt', 'utf8'));
}
