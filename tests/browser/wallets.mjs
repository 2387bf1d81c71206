// What the tests of the browser wallet share: its page on servers of other
// origins, and a device that makes shares with `tigress`.
import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync}
    from 'node:fs';
import * as http from 'node:http';
import {tmpdir} from 'node:os';
import * as path from 'node:path';

import {atEnd} from './harness.mjs';

const PLACE = path.join(import.meta.dirname, 'wallet');
const KINDS = {'.html': 'text/html; charset=utf-8', '.css': 'text/css',
               '.js': 'text/javascript'};
const SECONDS = 60;

export const TOKEN = 'digitalwallet.generic.authorizationToken';
export const CAR = 'digitalwallet.carkey.ccc';

/** A share of samples/hotel as docs/formats.md has it. */
export const HOTEL_KEY = {
    type: 'HotelKeyToken', version: 1, desk: 'https://desk.hotel.example',
    name: 'Weekend', room: '204', doors: ['pool', 'room'],
    notBefore: '2026-11-20T14:00:00Z', notAfter: '2026-11-22T10:00:00Z',
    token: 'u2ZkVG9rZW4gb2YgdGhpcnR5LXR3byBieXRlcyBoZXI='};

/** Whatever a server of pages needs: it answers with the files of wallet/, with
 *  these relays ("host:port") as those that are trusted. */
export function pageOf(relays) {
    return (asked, answer) => {
        const name = asked.url === '/' ? 'index.html' : asked.url.slice(1);
        if (!readdirSync(PLACE).includes(name)) {
            answer.writeHead(404).end();
            return;
        }
        let text = readFileSync(path.join(PLACE, name), 'utf8');
        if (name === 'index.html')
            text = text.replace('https://relay.example', relays.map(
                (relay) => `https://${relay}`).join(' '))
                .replace('relay.example', relays.join(' '));
        answer.writeHead(200, {'Content-Type': KINDS[path.extname(name)],
                               'Cache-Control': 'no-store'}).end(text);
    };
}

/** The same without TLS: {port, requests, answer}. Set `answer` later. */
export async function servePlainly() {
    const place = {requests: [], answer: null};
    const server = http.createServer((asked, response) => {
        place.requests.push({url: asked.url, headers: asked.headers});
        place.answer(asked, response);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    atEnd(() => {
        server.close();
        server.closeAllConnections();
    });
    place.port = server.address().port;
    return place;
}

/** A device of somebody who shares, with a wallet of its own.
 *    host    "host:port" of the relay; ca: the certificate it shows */
export class Device {
    constructor({host, ca}) {
        this.home = mkdtempSync(path.join(tmpdir(), 'tigress-device-'));
        atEnd(() => rmSync(this.home, {recursive: true, force: true}));
        this.host = host;
        this.ca = path.join(this.home, 'ca.pem');
        this.files = 0;
        writeFileSync(this.ca, ca);
    }

    /** Run `tigress --json`: the objects that it printed. */
    run(...words) {
        const program = path.join(process.env.TIGRESS_BUILD ?? '.',
                                  'src/cli/tigress');
        const options = {
            env: {HOME: this.home, LC_ALL: 'C.UTF-8', PATH: process.env.PATH},
            encoding: 'utf8', timeout: SECONDS * 1000};
        return new Promise((resolve, reject) => execFile(
            program, ['--ca', this.ca, '--json', ...words], options,
            (error, out) => error
                ? reject(new Error(`tigress ${words[0]}: ${error} ${out}`))
                : resolve(out.split('\n').filter(Boolean).map(
                    (line) => JSON.parse(line)))));
    }

    /** A new file with this text. */
    text(content) {
        const file = path.join(this.home, `file-${++this.files}`);
        writeFileSync(file, content);
        return file;
    }

    information(content, format) {
        return this.text(JSON.stringify({format, content}));
    }

    /** Make a share: {url, secret}. */
    async share(content, {format = TOKEN, options = []} = {}) {
        const [{url}] = await this.run(
            'share', this.information(content, format), '--relay',
            `https://${this.host}`, '--title', 'Key of room 204', ...options);
        return {url, secret: url.split('#')[1]};
    }
}

/** The forms in which a secret of a link may be seen somewhere. */
export function formsOf(secret) {
    const bytes = Buffer.from(secret, 'base64');
    return [bytes, ...[secret, bytes.toString('base64url'),
                       secret.replaceAll('=', ''), bytes.toString('hex'),
                       encodeURIComponent(secret)]
        .map((text) => Buffer.from(text))];
}

/** In the page: a link is pasted and sent off; the words that follow. */
export async function receive(page, link) {
    await page.fill('#link', link);
    await page.click('form button');
    return settled(page);
}

/** In the page: the button with this text; the words that follow. */
export async function press(page, text) {
    await page.click(`button:text-is("${text}")`);
    return settled(page);
}

/** The words of the page once nothing is going on any more. */
export async function settled(page) {
    await page.waitForSelector('body:not([aria-busy])');
    return page.textContent('[role=status]');
}

/** The content of the one share that the page shows. */
export async function shownContent(page) {
    return JSON.parse(await page.textContent('#shares pre'));
}
