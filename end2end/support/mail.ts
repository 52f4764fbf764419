// A real mail server: aiosmtpd on a free port, which keeps what it takes in a maildir.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from '@playwright/test';
import { freePort, type Running, start } from './process';

export interface Mail {
  /** As the server was told, whatever the headers say. */
  recipient: string;
  subject: string;
  text: string;
  html: string;
  messageId: string;
}

export interface MailServer extends Running {
  /** For `TALLYGATE_SMTP_URL`. */
  url: string;
  /** Everything that has arrived, oldest first. */
  mails(): Mail[];
  /** The one mail to somebody with this subject, as soon as it is there. */
  mailTo(recipient: string, subject: string): Promise<Mail>;
}

async function startMailServer(directory: string): Promise<MailServer> {
  const command = process.env.TALLYGATE_TEST_SMTP;
  if (!command) throw new Error('TALLYGATE_TEST_SMTP is not set: script/test installs aiosmtpd and sets it');
  const maildir = path.join(directory, 'maildir');
  const listen = `127.0.0.1:${await freePort()}`;
  const running = await start(command, ['--nosetuid', '--listen', listen, '--class', 'aiosmtpd.handlers.Mailbox', maildir], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', HOME: directory },
    url: `smtp://${listen}`,
    seconds: 30,
  });
  const mails = () => arrived(maildir);
  return {
    ...running,
    // No TLS on this machine's own loopback; that is tested elsewhere.
    url: `smtp://${listen}?tls=none`,
    mails,
    async mailTo(recipient, subject) {
      const found = () => mails().filter((mail) => mail.recipient === recipient && mail.subject === subject);
      const all = () => mails().map((mail) => `${mail.recipient}: ${mail.subject}`);
      await expect.poll(all, { message: 'mails that arrived' }).toContain(`${recipient}: ${subject}`);
      expect(found(), all().join('\n')).toHaveLength(1);
      return found()[0]!;
    },
  };
}

/** Runs one for as long as somebody uses it. */
export async function lendMailServer(use: (server: MailServer) => Promise<void>): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tallygate-mails-'));
  const server = await startMailServer(directory);
  await use(server);
  await server.stop();
  fs.rmSync(directory, { recursive: true, force: true });
}

/** The one link of a mail: the same in its text and in its HTML. */
export function linkIn(mail: Mail): string {
  const links = new Set(mail.text.match(/https?:\/\/\S+/g));
  expect([...links], mail.text).toHaveLength(1);
  const [link] = links as Set<string>;
  expect(mail.html).toContain(`href="${link}"`);
  return link!;
}

function arrived(maildir: string): Mail[] {
  const folder = path.join(maildir, 'new');
  // Names begin with the time of arrival, and a number that counts the mails of the process.
  const number = (name: string) => Number(name.match(/Q(\d+)\./)?.[1] ?? 0);
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort((a, b) => number(a) - number(b)) : [];
  return names.map((name) => parse(fs.readFileSync(path.join(folder, name), 'latin1')));
}

function parse(source: string): Mail {
  const message = part(source);
  const boundary = message.header('content-type').match(/boundary="?([^";]+)/)?.[1];
  const parts = boundary ? message.body.split(`--${boundary}`).slice(1, -1).map((text) => part(text.replace(/^\r?\n/, ''))) : [message];
  const body = (type: string) => {
    const found = parts.find((candidate) => candidate.header('content-type').startsWith(type));
    return found ? decoded(found.body, found.header('content-transfer-encoding')) : '';
  };
  return {
    // Written by the mail server, from the envelope.
    recipient: message.header('x-rcptto'),
    subject: message.header('subject'),
    messageId: message.header('message-id'),
    text: body('text/plain'),
    html: body('text/html'),
  };
}

/** Headers and body of a message or of a part of one. */
function part(source: string): { header(name: string): string; body: string } {
  const [head = '', ...rest] = source.split(/\r?\n\r?\n/);
  const lines = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const header = (name: string) => lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim() ?? '';
  return { header, body: rest.join('\n\n') };
}

function decoded(body: string, encoding: string): string {
  if (/^base64$/i.test(encoding)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/^quoted-printable$/i.test(encoding)) return Buffer.from(body, 'latin1').toString('utf8');
  const bytes = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
