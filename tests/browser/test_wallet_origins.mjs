// Which pages a browser lets read what a relay says: those of configured
// origins, and none that nearly are (§13).
import {check, equal, openBrowser, run, serve, startRelay} from './harness.mjs';
import {Device, HOTEL_KEY, pageOf, receive, servePlainly, settled,
        shownContent} from './wallets.mjs';

const NAMES = ['wallet.example', 'a.wallet.example', 'example',
               'wallet.example.evil.example', 'evilwallet.example',
               'wallet.exampl'];

const plain = await servePlainly();
const silent = await startRelay();
const trusted = [];
const pages = await serve(silent, pageOf(trusted));
const otherPages = await serve(silent, pageOf(trusted));
const relay = await startRelay({conf: [
    'tigress_cors_origin https://wallet.example;',
    `tigress_cors_origin https://127.0.0.1:${pages.port};`,
    `tigress_cors_origin https://127.0.0.1:${plain.port};`]});
const development = await startRelay({conf: [
    `tigress_cors_origin http://127.0.0.1:${plain.port};`]});
trusted.push(...[silent, relay, development].map(({host}) => host));
plain.answer = pageOf(trusted);
const browser = await openBrowser({
    trust: [silent, relay, development],
    hosts: Object.fromEntries(NAMES.map((name) => [name, pages.port]))});

/** Receive a new share of a relay at a page of this origin: {words, visit,
 *  share}; close the visit. */
async function receiveAt(origin, from) {
    const share = await new Device(from).share(HOTEL_KEY);
    const visit = await browser.visit(`${origin}/`);
    await settled(visit.page);
    return {share, visit, words: await receive(visit.page, share.url)};
}

async function expectReceived(origin, from) {
    const {visit, words} = await receiveAt(origin, from);
    check(words.startsWith('Received and kept'), `${origin}: ${words}`);
    equal(await shownContent(visit.page), HOTEL_KEY, 'content');
    await visit.close();
}

/** Blocked, told so, and the share still there for another device. */
async function expectBlocked(origin, from) {
    const {share, visit, words} = await receiveAt(origin, from);
    check(words.includes('does not let this page read'),
          `${origin}: ${words}`);
    check(words.endsWith(`tigress_cors_origin ${origin};`), words);
    check(visit.said.some((said) => said.includes('CORS policy')),
          'the browser did not say why');
    equal(await visit.page.locator('#shares pre').count(), 0, 'contents');
    await visit.page.goto('about:blank');
    const device = new Device(from);
    await device.run('receive', '--allow', from.host, '--url-file',
               device.text(share.url));
    await visit.close();
}

async function pages_of_configured_origins_receive() {
    await expectReceived('https://wallet.example', relay);
    await expectReceived(`https://127.0.0.1:${pages.port}`, relay);
}

async function without_the_directive_the_page_says_what_the_operator_can_do() {
    await expectBlocked('https://wallet.example', silent);
}

async function another_port_is_another_origin() {
    await expectBlocked(`https://127.0.0.1:${otherPages.port}`, relay);
}

async function http_is_another_origin_than_https() {
    await expectBlocked(`http://127.0.0.1:${plain.port}`, relay);
    await expectReceived(`http://127.0.0.1:${plain.port}`, development);
}

async function names_that_nearly_match_are_other_origins() {
    for (const name of NAMES.slice(1))
        await expectBlocked(`https://${name}`, relay);
}

async function a_relay_that_is_away_is_told_apart() {
    const visit = await browser.visit('https://wallet.example/');
    await settled(visit.page);
    await visit.context.setOffline(true);
    const words = await receive(
        visit.page, `https://${relay.host}/v1/m/` +
        '5f1a3ba3-1fd9-4f2f-9a4b-4ad1f0f3a2d7#AAAAAAAAAAAAAAAAAAAAAA');
    check(words.includes('could not be reached'), words);
    await visit.close();
}

await run([
    pages_of_configured_origins_receive,
    without_the_directive_the_page_says_what_the_operator_can_do,
    another_port_is_another_origin,
    http_is_another_origin_than_https,
    names_that_nearly_match_are_other_origins,
    a_relay_that_is_away_is_told_apart,
]);
