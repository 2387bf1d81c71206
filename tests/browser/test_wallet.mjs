// A web page of another origin receives shares with WebCrypto (§13, "any
// platform"): wallet/ is the page, `tigress` the other device.
import {check, equal, openBrowser, record, request, run, serve, startRelay}
    from './harness.mjs';
import {CAR, Device, HOTEL_KEY, formsOf, pageOf, press, receive, settled,
        shownContent} from './wallets.mjs';

const PAGE = 'https://wallet.example';

// The recorder shows a certificate, which a relay beside it has.
const keys = await startRelay();
const recorder = await record(keys);
const relay = await startRelay({conf: [`tigress_cors_origin ${PAGE};`],
                                publicHost: recorder.host});
recorder.connect(relay);
const pages = await serve(keys, pageOf([recorder.host]));
const stranger = await serve(keys, (_, answer) => answer.end());
const browser = await openBrowser({trust: [keys, relay],
                                   hosts: {'wallet.example': pages.port}});
const device = new Device({host: recorder.host, ca: keys.ca});

async function openWallet(options) {
    const visit = await browser.visit(`${PAGE}/`, options);
    await settled(visit.page);
    return visit;
}

/** The requests for mailboxes from here on: ["PUT", …], also of preflights. */
function watchCalls() {
    const start = recorder.sent().length;
    return () => [...recorder.sent().subarray(start).toString('latin1')
        .matchAll(/^([A-Z]+) \/v1\/m\/\S+ HTTP\/1\.1\r$/gm)]
        .map(([, method]) => method);
}

function callsOf(seen) {
    return seen().filter((method) => method !== 'OPTIONS');
}

/** All request ids that were sent with this method. */
function requestIds(method) {
    return recorder.sent().toString('latin1').split(/(?=^[A-Z]+ \/v1\/)/m)
        .filter((text) => text.startsWith(`${method} `))
        .map((text) => /^mailbox-request-id: (\S+)/im.exec(text)?.[1]);
}

async function statusOf(url) {
    const {status} = await request(relay, 'GET', new URL(url).pathname);
    return status;
}

/** What `tigress` calls the share that was made last. */
async function lastShare() {
    return String((await device.run('list')).at(-1).share);
}

/** A fetch() that does `what` to the first call with this method. */
function failing(method, what) {
    return `{
        const real = globalThis.fetch;
        globalThis.fetch = async (url, options) => {
            if (options.method !== '${method}' || sessionStorage.failed)
                return real(url, options);
            sessionStorage.failed = 'yes';
            ${what}
            throw new TypeError('as when the network is gone');
        };
    }`;
}

/** Expect of what a page has said that nothing but these statuses was. */
function saidOnly(visit, ...statuses) {
    const rest = visit.said.filter((words) => !statuses.some(
        (status) => words.includes(`status of ${status}`)));
    equal(rest, [], 'said');
}

async function a_hotel_key_is_received_whole_and_its_mailbox_deleted() {
    for (const algorithm of ['aes-128-gcm', 'aes-256-gcm']) {
        const share = await device.share(HOTEL_KEY, {
            options: ['--algorithm', algorithm]});
        const visit = await openWallet();
        const seen = watchCalls();
        const words = await receive(visit.page, share.url);
        check(words.startsWith('Received and kept'), words);
        equal(await shownContent(visit.page), HOTEL_KEY, 'content');
        equal(await visit.page.textContent('h2'), 'Key of room 204', 'title');
        equal(callsOf(seen), ['POST', 'DELETE'], 'calls');
        check(seen().includes('OPTIONS'), 'no preflight');
        equal(await statusOf(share.url), 404, 'the mailbox');
        saidOnly(visit);
        await visit.close();
    }
}

async function a_link_in_the_pages_own_fragment_is_received_and_removed() {
    const share = await device.share(HOTEL_KEY);
    const visit = await browser.visit(`${PAGE}/#${share.url}`);
    const words = await settled(visit.page);
    check(words.startsWith('Received and kept'), words);
    equal(visit.page.url(), `${PAGE}/`, 'address');
    equal(await shownContent(visit.page), HOTEL_KEY, 'content');
    await visit.close();
}

async function no_form_of_a_secret_ever_leaves_the_page() {
    const secrets = [];
    for (const algorithm of ['aes-128-gcm', 'aes-256-gcm']) {
        const share = await device.share(HOTEL_KEY, {
            options: ['--algorithm', algorithm]});
        const visit = await browser.visit(`${PAGE}/#${share.url}`);
        check((await settled(visit.page)).startsWith('Received'), 'words');
        secrets.push(share.secret);
        await visit.close();
    }
    const served = Buffer.from(JSON.stringify(pages.requests));
    check(served.includes('page.js'), 'the page server saw nothing');
    check(recorder.sent().includes('mailbox-device-claim') ||
          recorder.sent().includes('Mailbox-Device-Claim'), 'nothing recorded');
    for (const form of secrets.flatMap(formsOf)) {
        check(!recorder.sent().includes(form), 'a relay was sent a secret');
        check(!served.includes(form), 'the page server was sent a secret');
    }
    check(!recorder.sent().includes(HOTEL_KEY.token), 'the token was sent');
}

async function who_comes_second_is_refused_and_told_so() {
    const share = await device.share({n: 1}, {format: CAR});
    const first = await openWallet();
    const second = await openWallet();
    await receive(first.page, share.url);
    const words = await receive(second.page, share.url);
    check(words.startsWith('Another device has already accepted'), words);
    equal(await second.page.locator('article').count(), 0, 'shares');
    saidOnly(second, 401);
    equal(await press(first.page, 'Give back'), 'Given back.', 'words');
    await receive(second.page, share.url);
    equal(await shownContent(second.page), {n: 1}, 'content');
    await first.close();
    await second.close();
}

async function what_was_used_up_is_told_so() {
    const share = await device.share(HOTEL_KEY);
    const first = await openWallet();
    const second = await openWallet();
    await receive(first.page, share.url);
    const words = await receive(second.page, share.url);
    check(words.startsWith('This is no longer there'), words);
    saidOnly(second, 404);
    await first.close();
    await second.close();
}

async function a_wrong_secret_is_told_and_the_mailbox_not_lost() {
    const share = await device.share(HOTEL_KEY);
    const wrong = Buffer.from(share.secret, 'base64');
    wrong[5] ^= 1;
    const visit = await openWallet();
    for (const secret of [wrong.toString('base64'),
                          Buffer.alloc(32 - wrong.length + 16, 7)
                              .toString('base64')]) {
        const words = await receive(visit.page,
                                    `${share.url.split('#')[0]}#${secret}`);
        check(words.startsWith('This does not open'), words);
        equal(await visit.page.locator('article').count(), 0, 'shares');
    }
    const other = await openWallet();
    await receive(other.page, share.url);
    equal(await shownContent(other.page), HOTEL_KEY, 'content');
    saidOnly(visit);
    await visit.close();
    await other.close();
}

async function a_relay_that_is_not_trusted_hears_nothing() {
    const visit = await openWallet();
    const before = visit.requests.length;
    for (const host of [`127.0.0.1:${stranger.port}`, 'relay.example',
                        `${recorder.host}0`, `a.${recorder.host}`,
                        `${recorder.host}.evil.example`, '127.0.0.1']) {
        const words = await receive(
            visit.page, `https://${host}/v1/m/` +
            '5f1a3ba3-1fd9-4f2f-9a4b-4ad1f0f3a2d7#AAAAAAAAAAAAAAAAAAAAAA');
        check(words.includes('which this wallet does not know') ||
              words.startsWith('This is no link'), words);
    }
    equal(visit.requests.slice(before), [], 'requests');
    equal(stranger.requests, [], 'requests that arrived');
    equal(await visit.page.evaluate((url) => new Promise((done) => {
        addEventListener('securitypolicyviolation',
                         (event) => done(event.violatedDirective));
        fetch(url).then(() => done('sent'));
    }), `https://127.0.0.1:${stranger.port}/`), 'connect-src', 'stopped by');
    equal(stranger.requests, [], 'requests that arrived');
    await visit.close();
}

async function a_reload_finds_what_was_received() {
    const share = await device.share(HOTEL_KEY);
    const visit = await openWallet();
    await receive(visit.page, share.url);
    const seen = watchCalls();
    await visit.page.reload();
    await settled(visit.page);
    equal(await shownContent(visit.page), HOTEL_KEY, 'content');
    check((await receive(visit.page, share.url)).startsWith('Received'), 'it');
    equal(seen(), [], 'calls');
    await visit.close();
}

async function an_answer_that_was_lost_is_asked_for_again() {
    for (const again of [
        async ({page}) => { await page.reload(); return settled(page); },
        ({page}, share) => receive(page, share.url),
    ]) {
        const share = await device.share(HOTEL_KEY);
        const visit = await openWallet({
            inside: failing('POST', 'await real(url, options);')});
        await receive(visit.page, share.url);
        equal(await visit.page.textContent('article p'), 'Not received yet.',
              'state');
        const words = await again(visit, share);
        check(words.startsWith('Received and kept'), words);
        equal(await shownContent(visit.page), HOTEL_KEY, 'content');
        await visit.close();
    }
}

async function what_the_relay_was_not_told_is_told_after_a_reload() {
    for (const [what, count] of [['', 1], ['await real(url, options);', 2]]) {
        const share = await device.share(HOTEL_KEY);
        const visit = await openWallet({inside: failing('DELETE', what)});
        const before = requestIds('DELETE').length;
        await receive(visit.page, share.url);
        equal(await shownContent(visit.page), HOTEL_KEY, 'content');
        check((await visit.page.textContent('article')).includes(
            'The relay does not know yet'), 'state');
        await visit.page.reload();
        await settled(visit.page);
        check((await visit.page.textContent('article')).includes(
            'Received and kept'), 'state');
        equal(await statusOf(share.url), 404, 'the mailbox');
        const ids = requestIds('DELETE').slice(before);
        equal([ids.length, new Set(ids).size], [count, 1], 'request ids');
        await visit.close();
    }
}

async function an_answer_reaches_the_other_device_and_comes_back() {
    const share = await device.share({n: 1}, {format: CAR,
                                        options: ['--rights', 'RWD']});
    const number = await lastShare();
    const visit = await openWallet();
    const {page} = visit;
    await receive(page, share.url);
    await page.fill('textarea', '{"n": 2}');
    await press(page, 'Answer');
    const [heard] = await device.run('watch', number, '--timeout', '20');
    equal(heard.content, {n: 2}, 'what the device heard');
    await device.run('update', number, device.information({n: 3}, CAR));
    await press(page, 'Look for news');
    equal(await shownContent(page), {n: 3}, 'what the page heard');
    check((await press(page, 'Look for news')).includes('not written'), 'news');
    check((await press(page, 'Finish')).startsWith('Received and kept'), 'end');
    equal(await statusOf(share.url), 404, 'the mailbox');
    saidOnly(visit, 412);
    await visit.close();
}

async function an_answer_that_was_lost_on_its_way_is_sent_once() {
    const share = await device.share({n: 1}, {format: CAR,
                                        options: ['--rights', 'RWD']});
    const number = await lastShare();
    const visit = await openWallet({
        inside: failing('PUT', 'await real(url, options);')});
    const before = requestIds('PUT').length;
    await receive(visit.page, share.url);
    await visit.page.fill('textarea', '{"n": 2}');
    await press(visit.page, 'Answer');
    await visit.page.reload();
    await settled(visit.page);
    const ids = requestIds('PUT').slice(before);
    equal([ids.length, new Set(ids).size], [2, 1], 'request ids');
    const [heard] = await device.run('watch', number, '--timeout', '20');
    equal(heard.content, {n: 2}, 'what the device heard');
    await visit.close();
}

async function what_was_called_off_on_the_way_is_not_called_received() {
    for (const ask of [
        (page) => press(page, 'Look for news'),
        (page) => press(page, 'Answer'),
        (page) => press(page, 'Finish'),
    ]) {
        const share = await device.share({n: 1}, {format: CAR,
                                            options: ['--rights', 'RWD']});
        const number = await lastShare();
        const visit = await openWallet();
        await receive(visit.page, share.url);
        await device.run('cancel', number);
        const words = await ask(visit.page);
        check(words.startsWith('This is no longer there'), words);
        const card = await visit.page.textContent('article');
        check(card.includes('Called off'), card);
        check(!card.includes('Received'), card);
        equal(await visit.page.locator('article pre, article button').count(),
              0, 'messages and buttons');
        check((await receive(visit.page, share.url)).startsWith('Called off'),
              'the link once more');
        saidOnly(visit, 404);
        await visit.close();
    }
}

async function what_was_perhaps_called_off_is_not_called_received() {
    for (const what of ['', 'await real(url, options);']) {
        const share = await device.share({n: 1}, {format: CAR,
                                            options: ['--rights', 'RWD']});
        const number = await lastShare();
        const visit = await openWallet({inside: failing('DELETE', what)});
        await receive(visit.page, share.url);
        await press(visit.page, 'Finish');
        await device.run('cancel', number);
        await visit.page.reload();
        const words = await settled(visit.page);
        check(words.startsWith('Over.'), words);
        const card = await visit.page.textContent('article');
        check(card.includes('Over.') && !card.includes('Received'), card);
        equal(await shownContent(visit.page), {n: 1}, 'content');
        equal(await visit.page.locator('article button').count(), 0,
              'buttons');
        saidOnly(visit, 404);
        await visit.close();
    }
}

async function hostile_titles_and_contents_stay_text() {
    const hostile =
        '<img src=x onerror=alert(1)>"\'&lt;<script>alert()</script>';
    const share = await device.share({text: hostile}, {
        options: ['--title', hostile]});
    const visit = await openWallet();
    await receive(visit.page, share.url);
    equal(await visit.page.textContent('h2'), hostile, 'title');
    equal((await shownContent(visit.page)).text, hostile, 'content');
    equal(await visit.page.locator('article img, article script').count(), 0,
          'elements');
    saidOnly(visit);
    await visit.close();
}

await run([
    a_hotel_key_is_received_whole_and_its_mailbox_deleted,
    a_link_in_the_pages_own_fragment_is_received_and_removed,
    no_form_of_a_secret_ever_leaves_the_page,
    who_comes_second_is_refused_and_told_so,
    what_was_used_up_is_told_so,
    a_wrong_secret_is_told_and_the_mailbox_not_lost,
    a_relay_that_is_not_trusted_hears_nothing,
    a_reload_finds_what_was_received,
    an_answer_that_was_lost_is_asked_for_again,
    what_the_relay_was_not_told_is_told_after_a_reload,
    an_answer_reaches_the_other_device_and_comes_back,
    an_answer_that_was_lost_on_its_way_is_sent_once,
    what_was_called_off_on_the_way_is_not_called_received,
    what_was_perhaps_called_off_is_not_called_received,
    hostile_titles_and_contents_stay_text,
]);
