// What every test in a browser needs: relays, mailboxes, servers beside them,
// Chromium, and a way to report (TAP).
//
//     import {check, equal, run, startRelay, createMailbox, openBrowser}
//         from './harness.mjs';
//
//     const relay = await startRelay();
//     const browser = await openBrowser({trust: [relay]});
//
//     async function the_title_is_shown() {
//         const share = await createMailbox(relay, {title: 'Key'});
//         const visit = await browser.visit(share.url);
//         equal(await visit.page.textContent('h1'), 'Key', 'heading');
//         await visit.close();
//     }
//
//     await run([the_title_is_shown]);
//
// run.py starts such a file. A test is an async function whose name is a
// sentence with_underscores; helpers have none. What was started ends with the
// process, whatever becomes of the tests.
import {spawn} from 'node:child_process';
import * as crypto from 'node:crypto';
import {mkdirSync, readFileSync} from 'node:fs';
import * as https from 'node:https';
import {createRequire} from 'node:module';
import * as path from 'node:path';
import * as readline from 'node:readline';
import * as tls from 'node:tls';

const BUILD = process.env.TIGRESS_BUILD ?? '.';
const CHROMIUM = '/usr/bin/chromium';
const TIMEOUT_MS = 30000;

/** A package that npm has put into the build directory. */
export const npm = createRequire(path.resolve(
    BUILD, 'tests/browser/node/package.json'));

const {chromium} = npm('playwright-core');

// ---- what is started, and ends -----------------------------------------

const endings = [];

/** Call it when all is over; the last first. */
export function atEnd(ending) {
    endings.push(ending);
}

async function endAll() {
    while (endings.length > 0)
        await endings.pop()();
}

// ---- reports ------------------------------------------------------------

/** Fail with `what` unless it holds. */
export function check(condition, what) {
    if (!condition)
        throw new Error(what);
}

/** Fail, showing both, unless they are the same when written as JSON. */
export function equal(actual, expected, what) {
    const [got, wanted] = [actual, expected].map((x) => JSON.stringify(x));
    check(got === wanted, `${what}: got ${got}, not ${wanted}`);
}

/** Run tests one after the other; words of the command line choose. */
export async function run(tests) {
    const words = process.argv.slice(2);
    const chosen = tests.filter((test) => words.length === 0 ||
                                words.some((word) => test.name.includes(word)));
    let failed = 0;
    console.log(`1..${chosen.length}`);
    for (const [i, test] of chosen.entries()) {
        try {
            await test();
            console.log(`ok ${i + 1} - ${test.name}`);
        } catch (error) {
            failed++;
            for (const line of String(error.stack).split('\n'))
                console.log(`# ${line}`);
            console.log(`not ok ${i + 1} - ${test.name}`);
        }
    }
    await endAll();
    process.exitCode = failed > 0 ? 1 : 0;
}

// ---- relays -------------------------------------------------------------

/**
 * A relay: {url, host, port, origin, ca (PEM), key (PEM)}.
 *   conf        directives, as ['tigress_image_hosts images.example;']
 *   publicHost  what stands in share URLs, for a recorder in front of it
 */
export async function startRelay({conf = [], publicHost} = {}) {
    const process_ = spawn('python3', [
        '-B', path.join(import.meta.dirname, 'relay_process.py')],
        {stdio: ['pipe', 'pipe', 'inherit']});
    atEnd(() => new Promise((resolve) => {
        process_.once('exit', resolve);
        process_.stdin.end();
        if (process_.exitCode !== null)
            resolve();
    }));
    process_.stdin.write(
        JSON.stringify({conf, public_host: publicHost}) + '\n');
    for await (const line of readline.createInterface(process_.stdout)) {
        const {url, ca, key} = JSON.parse(line);
        const {host, port} = new URL(url);
        return {url, host, port: Number(port),
                origin: publicHost ? `https://${publicHost}` : url,
                ca: readFileSync(ca), key: readFileSync(key)};
    }
    throw new Error('the relay did not start');
}

/** One request to a relay, as sent: {status, headers, body (Buffer)}. */
export function request(relay, method, target, {headers = {}, body} = {}) {
    return new Promise((resolve, reject) => {
        const call = https.request({
            host: '127.0.0.1', port: relay.port, path: target, method,
            ca: relay.ca, agent: false, timeout: TIMEOUT_MS,
            headers: body ? {'Content-Type': 'application/json',
                             'Content-Length': Buffer.byteLength(body),
                             ...headers} : headers,
        }, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('end', () => resolve({
                status: answer.statusCode, headers: answer.headers,
                rawHeaders: answer.rawHeaders, body: Buffer.concat(parts)}));
        });
        call.on('timeout', () => call.destroy(new Error('no answer')));
        call.on('error', reject);
        call.end(body);
    });
}

/** The same, as a person's browser asks for a page. */
export async function text(relay, target, options) {
    const answer = await request(relay, 'GET', target, options);
    return answer.body.toString();
}

/** The body of a create. */
export function createBody(display = {}) {
    return JSON.stringify({
        payload: {type: 'AEAD_AES_128_GCM',
                  data: crypto.randomBytes(60).toString('base64')},
        displayInformation: {
            title: 'Key of the blue car',
            description: 'You may open and drive it this weekend',
            imageURL: 'https://[::1]/none-that-can-be-shown.png',
            ...display},
    });
}

/**
 * A mailbox: {path, link (without query), url (with vertical and fragment),
 * secret (base64url, as in the fragment), claim}. Throws unless it was made.
 */
export async function createMailbox(relay, display, {vertical = 'a'} = {}) {
    const claim = crypto.randomUUID();
    const answer = await request(relay, 'POST', '/v1/m', {
        body: createBody(display),
        headers: {'Mailbox-Request-ID': crypto.randomUUID(),
                  'Mailbox-Device-Claim': claim}});
    check(answer.status === 200,
          `create: ${answer.status} ${answer.body.toString()}`);
    const {urlLink} = JSON.parse(answer.body);
    const secret = crypto.randomBytes(16).toString('base64url');
    return {link: urlLink, path: new URL(urlLink).pathname, claim, secret,
            url: `${urlLink}?v=${vertical}#${secret}`};
}

// ---- servers beside the relay -------------------------------------------

/**
 * Another server of the world, on loopback, with the relay's certificate:
 * {port, requests: [{method, url, headers}]}. `answer(request, response)`.
 */
export async function serve(relay, answer) {
    const requests = [];
    const server = https.createServer(
        {cert: relay.ca, key: relay.key}, (asked, response) => {
            const {method, url, headers} = asked;
            requests.push({method, url, headers});
            answer(asked, response);
        });
    await listen(server);
    return {port: server.address().port, requests};
}

async function listen(server) {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    atEnd(() => {
        server.close();
        server.closeAllConnections?.();
    });
}

/**
 * A recorder: what a browser sends to it goes on to the relay, and all that
 * is sent is in `sent` (bytes, in the order they came), after TLS. It offers
 * HTTP/1.1 alone: HTTP/2 would hide headers by its compression.
 *   {port, host, connections, sent(): Buffer, received(): Buffer}
 * A relay that stands in share URLs as the recorder has to know its port:
 * connect(relay) comes after startRelay({publicHost: recorder.host}).
 */
export async function record(certificate) {
    const [sent, received] = [[], []];
    const recorder = {connections: 0};
    let relay = null;
    const server = tls.createServer(
        {cert: certificate.ca, key: certificate.key,
         ALPNProtocols: ['http/1.1']}, (browser) => {
            recorder.connections++;
            const behind = tls.connect({
                host: '127.0.0.1', port: relay.port, ca: relay.ca,
                ALPNProtocols: ['http/1.1']});
            browser.on('data', (bytes) => sent.push(bytes));
            behind.on('data', (bytes) => received.push(bytes));
            for (const [one, other] of [[browser, behind],
                                        [behind, browser]]) {
                one.on('error', () => other.destroy());
                one.pipe(other);
            }
        });
    await listen(server);
    return Object.assign(recorder, {
        port: server.address().port,
        host: `127.0.0.1:${server.address().port}`,
        connect: (to) => { relay = to; },
        sent: () => Buffer.concat(sent),
        received: () => Buffer.concat(received),
    });
}

// ---- Chromium -----------------------------------------------------------

/** The hash of a certificate's public key, as Chromium wants it told. */
function publicKeyHash(pem) {
    const key = new crypto.X509Certificate(pem).publicKey
        .export({type: 'spki', format: 'der'});
    return crypto.createHash('sha256').update(key).digest('base64');
}

/**
 * Chromium that trusts these certificates and no other, and that knows no
 * host but loopback and those of `hosts`: {'images.example': port}.
 */
export async function openBrowser({trust, hosts = {}}) {
    const known = Object.entries(hosts).map(
        ([name, port]) => `MAP ${name}:443 127.0.0.1:${port}`);
    const rules = [...known, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'];
    const pins = trust.map(({ca}) => publicKeyHash(ca));
    const browser = await chromium.launch({
        executablePath: CHROMIUM,
        chromiumSandbox: false,     // root has none; the pages are our own
        args: ['--disable-quic', '--disable-gpu',
               `--host-resolver-rules=${rules.join(', ')}`,
               `--ignore-certificate-errors-spki-list=${pins.join(',')}`],
    });
    atEnd(() => browser.close());
    return {browser,
            visit: (url, options) => visit(browser, url, options)};
}

/** In the page, before anything of it: who trips, and what is violated. */
function watchInside() {
    const tell = (what) => globalThis.tripwire(what);
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
        globalThis[name] = () => tell(`${name}()`);
    addEventListener('securitypolicyviolation', (event) => tell(
        `${event.violatedDirective} forbids ${event.blockedURI}`), true);
}

/**
 * A page in a context of its own. Options are playwright's for a context.
 *   page       playwright's page
 *   requests   the URL of each request, in order
 *   answers    playwright's responses
 *   said       what the console, errors, dialogs and tripwires have told
 *   answer     that of the page itself
 *   go(url)    another page in the same window; all of these begin anew
 */
async function visit(browser, url, {inside, ...options} = {}) {
    const context = await browser.newContext(
        {viewport: {width: 390, height: 844}, ...options});
    context.setDefaultTimeout(TIMEOUT_MS);
    const requests = [];
    const answers = [];
    const said = [];
    await context.exposeBinding('tripwire',
                                (_, what) => { said.push(`trip: ${what}`); });
    await context.addInitScript(watchInside);
    if (inside)
        await context.addInitScript({content: inside});
    context.on('request', (sent) => requests.push(sent.url()));
    context.on('response', (answer) => answers.push(answer));
    context.on('console', (message) => said.push(
        `console: ${message.text()}`));
    context.on('weberror', (error) => said.push(`error: ${error.error()}`));
    const page = await context.newPage();
    page.on('dialog', (dialog) => {
        said.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    const opened = {page, context, requests, answers, said,
                    close: () => context.close()};
    opened.go = async (to) => {
        for (const list of [requests, answers, said])
            list.length = 0;
        opened.answer = await page.goto(to, {waitUntil: 'load'});
    };
    await opened.go(url);
    return opened;
}

/** Where artifacts of this kind go; the directory is there. */
export function artifacts(kind) {
    const directory = path.resolve(BUILD, kind);
    mkdirSync(directory, {recursive: true});
    return directory;
}
