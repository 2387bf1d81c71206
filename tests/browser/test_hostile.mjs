// Hostile titles, descriptions and image addresses neither run nor break the
// page, and take a reader nowhere.
import * as crypto from 'node:crypto';
import * as path from 'node:path';

import {artifacts, check, createBody, createMailbox, equal, openBrowser,
        request, run, serve, startRelay} from './harness.mjs';
import {IMAGES, LETTERS, MARKUP, REFUSED_TEXTS} from './hostile.mjs';
import {DESKTOP, NARROW, inkLeaves, picture, troubleAt} from './layout.mjs';

const relay = await startRelay();
const ours = `${relay.url}/v1/picture/general.png`;
const PNG = (await request(relay, 'GET', '/v1/picture/general.png')).body;

const pictures = await serve(relay, (asked, answer) => {
    if (asked.url === '/away.png')
        return answer.writeHead(302, {
            Location: 'https://phish.example/tracker.png'}).end();
    if (asked.url === '/script.svg')
        return answer.writeHead(200, {'Content-Type': 'image/svg+xml'}).end(
            '<svg xmlns="http://www.w3.org/2000/svg" onload="tripwire(1)">' +
            '<script>tripwire(2)</script><image href="https://phish.example/"' +
            '/><style>@import "https://phish.example/a.css";</style></svg>');
    if (asked.url === '/page.html')
        return answer.writeHead(200, {'Content-Type': 'text/html'}).end(
            '<script>tripwire(3)</script>');
    answer.writeHead(200, {'Content-Type': 'image/png'}).end(PNG);
});
const phish = await serve(relay, (_, answer) => answer.end());
const browser = await openBrowser({trust: [relay], hosts: {
    'images.example': pictures.port, 'phish.example': phish.port}});
const screenshots = artifacts('screenshots/hostile');

/** In the page: every element with its attributes but what the texts are. */
function outlineOf() {
    return [...document.querySelectorAll('*')].map((element) =>
        [element.localName, ...element.getAttributeNames()].join(' '));
}

/** All that has to be true of a page with these texts. */
async function holdText(page, {title, description}, outline) {
    const found = await page.evaluate(() => [
        ...['h1', 'h1 + p'].map(
            (name) => document.querySelector(name).textContent),
        ...['og:title', 'og:description'].map((name) => document.querySelector(
            `meta[property="${name}"]`).content)]);
    equal(found, [title, description, title, description], 'texts');
    equal((await page.title()).trim(),
          title.replace(/[ \t\n\f\r]+/g, ' ').trim(), 'title of the window');
    equal(await page.evaluate(outlineOf), outline, 'elements');
    for (const size of [DESKTOP, NARROW])
        equal(await troubleAt(page, size), [], `at ${size.width}`);
}

/** One page after the other with these texts, the description as long as it
 * may be, each held to all that. */
async function holdTexts(texts, hold) {
    const visit = await browser.visit((await createMailbox(relay)).url);
    const outline = await visit.page.evaluate(outlineOf);
    for (const [name, title] of Object.entries(texts)) {
        const display = {title, description: title.repeat(4)};
        const share = await createMailbox(relay, display);
        await visit.go(share.url);
        try {
            await holdText(visit.page, display, outline);
            await hold?.(visit.page);
            equal(visit.said, [], 'said');
            equal(visit.requests[0], share.url.split('#')[0], 'request');
            equal(visit.requests.slice(1).filter((url) => url !== ours), [],
                  'other requests');
            equal(visit.page.url(), share.url, 'address');
        } catch (error) {
            throw new Error(`${name}: ${error.message}`);
        } finally {
            await picture(visit.page, {path: path.join(
                screenshots, `${name.replaceAll(' ', '-')}.png`)});
        }
    }
    await visit.close();
}

async function hostile_texts_stay_text() {
    await holdTexts(MARKUP);
}

async function letters_that_are_hard_to_set_stay_in_their_place() {
    await holdTexts(LETTERS, async (page) => {
        for (const element of ['h1', 'h1 + p'])
            check(!await inkLeaves(page, element),
                  `ink of ${element} leaves it`);
    });
}

async function texts_that_could_turn_a_line_around_are_refused() {
    for (const [name, text] of Object.entries(REFUSED_TEXTS))
        for (const member of ['title', 'description']) {
            if (member === 'description' && text.length > 128)
                continue;
            const answer = await request(relay, 'POST', '/v1/m', {
                body: createBody({[member]: text}), headers: {
                    'Mailbox-Request-ID': crypto.randomUUID(),
                    'Mailbox-Device-Claim': crypto.randomUUID()}});
            equal(answer.status, 400, `${name} in the ${member}`);
        }
}

/** A mailbox with this image; null when it was refused as it should. */
async function withImage(imageURL) {
    try {
        return await createMailbox(relay, {imageURL});
    } catch (error) {
        check(error.message.startsWith('create: 400 '), error.message);
        return null;
    }
}

/** What the browser asked for, but for the page and one picture. */
function unasked(visit, share, image) {
    const rest = visit.requests.filter(
        (url) => url !== share.url.split('#')[0] && url !== ours);
    let wanted = null;
    try {
        wanted = new URL(image);
        wanted.hash = '';
    } catch {
        // it names nothing, and so nothing may be asked for
    }
    return rest.filter((url) => url !== wanted?.href);
}

async function hostile_image_addresses_lead_to_that_image_or_to_none() {
    let shown = 0;
    const visit = await browser.visit((await createMailbox(relay)).url);
    for (const image of IMAGES) {
        const share = await withImage(image);
        if (share === null)
            continue;
        await visit.go(share.url);
        equal(unasked(visit, share, image), [], `${image}: asked for`);
        equal(visit.requests.length, 2, `${image}: requests`);
        equal(visit.said.filter((words) => !words.includes('net::ERR_')), [],
              image);
        const width = await visit.page.evaluate(
            () => document.querySelector('img').naturalWidth);
        const host = new URL(visit.requests[1]).hostname;
        if (host === 'images.example' || host === '127.0.0.1')
            equal(width, visit.requests[1].startsWith(relay.url) ||
                  host === 'images.example' ? 1200 : 0, `${image}: width`);
        shown++;
    }
    await visit.close();
    check(shown > 20 && shown < IMAGES.length - 20, `${shown} were shown`);
    equal(phish.requests, [], 'what the phisher received');
}

async function an_image_that_redirects_is_not_followed_to_another_host() {
    const share = await createMailbox(relay, {
        imageURL: 'https://images.example/away.png'});
    const visit = await browser.visit(share.url);
    equal(pictures.requests.at(-1).url, '/away.png', 'asked for');
    equal(phish.requests, [], 'what the other host received');
    check(visit.said.some((words) => words.startsWith('trip: img-src')),
          'the policy did not stop it');
    equal(await troubleAt(visit.page, NARROW), [], 'layout');
    await visit.close();
}

async function an_image_with_a_script_in_it_runs_nothing() {
    for (const name of ['script.svg', 'page.html']) {
        const share = await createMailbox(relay, {
            imageURL: `https://images.example/${name}`});
        const visit = await browser.visit(share.url);
        equal(visit.requests.length, 2, `${name}: requests`);
        equal(visit.said, [], name);
        equal(await troubleAt(visit.page, NARROW), [], name);
        await visit.close();
    }
    equal(phish.requests, [], 'what another host received');
}

const PATIENCE_MS = 10000;

/** In the page: what an attacker would put there; each ends by itself. */
const INTRUDERS = {
    script: () => add('script', {textContent: 'tripwire("ran")'}),
    'script from elsewhere': () => add('script', {
        src: 'https://phish.example/a.js'}),
    handler: () => add('img', {src: 'data:,'}).setAttribute(
        'onerror', 'tripwire("ran")'),
    'javascript link': () => add('a', {
        href: 'javascript:tripwire("ran")'}).click(),
    image: () => add('img', {src: 'https://phish.example/a.png'}),
    'other picture of the relay': () => add('img', {
        src: '/v1/picture/home.png'}),
    style: () => add('style', {textContent: 'main{display:none}'}),
    'style attribute': () => document.querySelector('main').setAttribute(
        'style', 'display:none'),
    'style from elsewhere': () => add('link', {
        rel: 'stylesheet', href: 'https://phish.example/a.css'}),
    font: () => new FontFace('f', 'url(https://phish.example/f)').load()
        .catch(() => null),
    frame: () => add('iframe', {src: 'https://phish.example/'}),
    form: () => add('form', {action: 'https://phish.example/'}).submit(),
    base: () => add('base', {href: 'https://phish.example/'}),
    request: () => fetch('https://phish.example/').catch(() => null),
    'request to the relay': () => fetch('/.well-known/tigress')
        .catch(() => null),
    beacon: () => navigator.sendBeacon('https://phish.example/'),
    socket: () => new Promise((done) => {
        new WebSocket('wss://phish.example/').onerror = done;
    }),
    worker: () => navigator.serviceWorker.register('/w.js').catch(() => null),
    object: () => add('object', {data: 'https://phish.example/'}),
    video: () => add('video', {src: 'https://phish.example/'}),
};

async function what_did_get_in_the_policy_would_stop() {
    const share = await createMailbox(relay);
    const visit = await browser.visit(share.url, {inside:
        `globalThis.add = (name, values) => document.body.appendChild(
             Object.assign(document.createElement(name), values));`});
    for (const [name, intrude] of Object.entries(INTRUDERS)) {
        visit.said.length = 0;
        await visit.page.evaluate(() => {
            globalThis.forbidden = new Promise((done) => addEventListener(
                'securitypolicyviolation', done, {once: true}));
        });
        await visit.page.evaluate(intrude);
        check(await visit.page.evaluate((ms) => Promise.race([
            globalThis.forbidden.then(() => true),
            new Promise((done) => setTimeout(done, ms, false))]), PATIENCE_MS),
              `${name}: nothing forbids it`);
        check(!visit.said.includes('trip: ran'), `${name}: it ran`);
        check(await visit.page.locator('main').isVisible(), `${name}: hides`);
        equal(visit.page.url(), share.url, `${name}: address`);
        equal(visit.answers.length, 2, `${name}: answers`);
    }
    await visit.close();
    equal(phish.requests, [], 'what another host received');
}

await run([
    hostile_texts_stay_text,
    letters_that_are_hard_to_set_stay_in_their_place,
    texts_that_could_turn_a_line_around_are_refused,
    hostile_image_addresses_lead_to_that_image_or_to_none,
    an_image_that_redirects_is_not_followed_to_another_host,
    an_image_with_a_script_in_it_runs_nothing,
    what_did_get_in_the_policy_would_stop,
]);
