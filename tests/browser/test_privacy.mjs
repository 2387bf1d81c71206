// Who learns what when somebody opens a link: the relay the path, the one
// image's host that an image is wanted, and nobody anything else.
import {check, createMailbox, equal, openBrowser, record, request, run, serve,
        startRelay} from './harness.mjs';
import {STORES, WITH_STORES, beyondStatus, nowhere} from './kinds.mjs';

// The recorder has a relay of its own to be certified by, since the relay in
// front of which it stands must know where it is.
const certificate = await startRelay();
const recorder = await record(certificate);
const relay = await startRelay({publicHost: recorder.host, conf: [
    ...WITH_STORES, 'tigress_image_hosts images.example;']});
recorder.connect(relay);

const PNG = (await request(relay, 'GET', '/v1/picture/car.png')).body;
const sends = (type, bytes) => (_, answer) => {
    answer.writeHead(200, {'Content-Type': type,
                           'Set-Cookie': 'follow=me; Secure'}).end(bytes);
};
const pictures = await serve(relay, sends('image/png', PNG));
const elsewhere = await serve(relay, sends('image/png', PNG));
const shop = await serve(relay, sends('text/html', '<title>Shop</title>'));
const {visit} = await openBrowser({
    trust: [relay, certificate],
    hosts: {'images.example': pictures.port, 'apps.example': shop.port,
            'play.example': shop.port, 'elsewhere.example': elsewhere.port}});

/** Every way in which a secret could be written into a request. */
function forms(secret) {
    const bytes = Buffer.from(secret, 'base64url');
    const base64 = bytes.toString('base64');
    const found = [secret, base64, base64.replace(/=+$/, ''),
                   encodeURIComponent(base64), bytes.toString('hex'),
                   bytes.toString('hex').toUpperCase(),
                   bytes.toString('latin1'), escape(bytes.toString('latin1')),
                   [...secret].map((c) => '%' + c.charCodeAt(0).toString(16))
                       .join(''),
                   Buffer.from(secret).toString('base64').slice(0, -4),
                   Buffer.from('#' + secret).toString('base64').slice(0, -4),
                   Buffer.from(secret).toString('hex')];
    // A part of it would be too much, too.
    return [...new Set([...found, secret.slice(0, 8), secret.slice(-8)])];
}

/** What of a secret is among these bytes. */
function foundIn(bytes, secret) {
    const text = bytes.toString('latin1');
    return forms(secret).filter((form) => text.includes(form));
}

/** The request lines among the bytes from `start` on. */
function asked(start) {
    const text = recorder.sent().subarray(start).toString('latin1');
    return [...text.matchAll(/^([A-Z]+ \S+) HTTP\/1\.1\r$/gm)].map((m) => m[1]);
}

async function the_fragment_never_reaches_the_relay() {
    const share = await createMailbox(
        relay, {imageURL: 'https://images.example/car.png'}, {vertical: 'c'});
    const start = recorder.sent().length;
    const opened = await visit(share.url);
    const {page} = opened;
    equal(await page.evaluate(() => location.hash), `#${share.secret}`,
          'the fragment in the browser');
    await page.reload();
    await page.goto(share.url + 'x');               // within the page
    await page.getByRole('link').first().click();   // to a shop, and back
    await page.waitForURL(STORES.apple);
    await page.goBack();
    await page.waitForURL(share.url + 'x');
    await opened.close();
    const path = `GET ${share.path}?v=c`;
    check(asked(start).filter((line) => line === path).length >= 2,
          'the page was not asked for');
    equal(asked(start).filter((line) => line !== path), [], 'other requests');
    equal(foundIn(recorder.sent(), share.secret), [], 'of the secret');
    equal(foundIn(recorder.received(), share.secret), [], 'of it in answers');
    for (const {requests} of [pictures, shop])
        equal(foundIn(Buffer.from(JSON.stringify(requests)), share.secret), [],
              'of the secret elsewhere');
}

async function a_fragment_that_did_reach_it_would_be_found() {
    const share = await createMailbox(relay);
    for (const form of [(s) => s, encodeURIComponent, escape,
                        (s) => Buffer.from(s, 'base64url').toString('base64'),
                        (s) => Buffer.from(s).toString('base64')]) {
        const start = recorder.sent().length;
        const opened = await visit(`https://${recorder.host}${share.path}?v=a` +
                                   `&s=${form(share.secret)}`);
        await opened.close();
        check(foundIn(recorder.sent().subarray(start), share.secret).length,
              `${form} is not found`);
    }
}

async function the_relay_gets_two_requests_and_no_identifying_headers() {
    const share = await createMailbox(relay);
    const start = recorder.sent().length;
    const opened = await visit(share.url);
    await opened.page.mouse.move(100, 100);
    await opened.page.keyboard.press('End');
    equal(opened.said, [], 'said');
    equal(await opened.context.cookies(), [], 'cookies');
    equal(await opened.page.evaluate(() => [
        document.cookie, localStorage.length, sessionStorage.length]),
          ['', 0, 0], 'kept');
    await opened.close();
    equal(asked(start), [`GET ${share.path}?v=a`,
                         'GET /v1/picture/general.png'], 'requests');
    const sent = recorder.sent().subarray(start).toString('latin1');
    for (const name of ['Referer', 'Cookie', 'Origin', 'Authorization'])
        check(!new RegExp(`^${name}:`, 'mi').test(sent), `${name} is sent`);
}

async function an_allowed_image_costs_one_request_to_its_host_alone() {
    const before = pictures.requests.length;
    const share = await createMailbox(relay, {
        imageURL: 'https://images.example/car.png?size=2'});
    const start = recorder.sent().length;
    const opened = await visit(share.url);
    equal(opened.requests, [share.url.split('#')[0],
                            'https://images.example/car.png?size=2'],
          'requests');
    equal(asked(start), [`GET ${share.path}?v=a`], 'asked of the relay');
    equal(await opened.page.evaluate(
        () => document.querySelector('img').naturalWidth), 1200, 'width');
    equal(opened.said, [], 'said');
    await opened.close();
    const received = pictures.requests.slice(before);
    equal(received.map(({method, url}) => `${method} ${url}`),
          ['GET /car.png?size=2'], 'asked of the host');
    for (const name of ['referer', 'origin', 'cookie'])
        check(!(name in received[0].headers), `the host is told ${name}`);
    const told = Buffer.from(JSON.stringify(received));
    check(!told.includes(share.path.slice(-36)), 'the host knows the mailbox');
    check(!told.includes(recorder.host), 'the host knows the relay');
}

async function an_image_that_is_not_allowed_costs_none() {
    for (const host of ['elsewhere.example', 'images.example.elsewhere.example',
                        'www.images.example']) {
        const share = await createMailbox(relay, {
            imageURL: `https://${host}/car.png`}, {vertical: 'c'});
        const opened = await visit(share.url);
        equal(opened.requests, [share.url.split('#')[0],
                                `${relay.origin}/v1/picture/car.png`], host);
        equal(await opened.page.evaluate(
            () => document.querySelector('img').naturalWidth), 1200, 'width');
        equal(opened.said, [], 'said');
        await opened.close();
    }
    equal(elsewhere.requests, [], 'what the other host received');
}

async function a_host_that_is_down_leaves_the_page_as_it_is() {
    const share = await createMailbox(relay, {
        title: 'Key', imageURL: 'https://images.example:1/car.png'});
    const opened = await visit(share.url);
    equal(await opened.page.textContent('h1'), 'Key', 'heading');
    equal(opened.requests.length, 2, 'requests');
    await opened.close();
}

async function a_link_to_a_shop_tells_it_nothing() {
    for (const [i, url] of Object.values(STORES).entries()) {
        const before = shop.requests.length;
        const share = await createMailbox(relay);
        const opened = await visit(share.url);
        await opened.page.getByRole('link').nth(i).click();
        await opened.page.waitForURL(url);
        equal(await opened.page.evaluate(() => document.referrer), '',
              'referrer');
        equal(await opened.page.evaluate(() => globalThis.opener === null),
              true, 'opener');
        await opened.close();
        const [received] = shop.requests.slice(before);
        equal(received.url, new URL(url).pathname + new URL(url).search, 'URL');
        check(!('referer' in received.headers), 'it is told who sends');
    }
}

async function a_page_of_what_is_gone_asks_for_nothing_more() {
    const start = recorder.sent().length;
    const url = nowhere(relay);
    const opened = await visit(`${url}?v=h#AAAA`);
    equal(opened.requests, [`${url}?v=h`], 'requests');
    equal(beyondStatus(opened.said), [], 'said');
    await opened.close();
    equal(asked(start), [`GET ${new URL(url).pathname}?v=h`], 'asked');
}

async function no_other_page_can_frame_it() {
    const share = await createMailbox(relay);
    const opened = await visit('https://apps.example/');
    await opened.page.evaluate((url) => new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.onload = done;
        frame.src = url;
        document.body.append(frame);
    }), share.url);
    const [, frame] = opened.page.frames();
    await frame.waitForURL('chrome-error://chromewebdata/');
    check(opened.said.some((words) => /frame/i.test(words)),
          opened.said.join());
    await opened.close();
}

await run([
    the_fragment_never_reaches_the_relay,
    a_fragment_that_did_reach_it_would_be_found,
    the_relay_gets_two_requests_and_no_identifying_headers,
    an_allowed_image_costs_one_request_to_its_host_alone,
    an_image_that_is_not_allowed_costs_none,
    a_host_that_is_down_leaves_the_page_as_it_is,
    a_link_to_a_shop_tells_it_nothing,
    a_page_of_what_is_gone_asks_for_nothing_more,
    no_other_page_can_frame_it,
]);
