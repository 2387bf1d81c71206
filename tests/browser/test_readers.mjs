// Programs that read pages and files of a relay: messengers (OpenGraph), an
// HTML validator, and the systems of phones that look for wallet apps.
import {check, createMailbox, equal, npm, request, run, startRelay, text}
    from './harness.mjs';
import {MARKUP, LETTERS} from './hostile.mjs';
import {LOCALES, WITH_STORES, allKinds, nowhere} from './kinds.mjs';
import {isApplinks, isStatements, matches} from './routing.mjs';

const {HtmlValidate} = npm('html-validate');
const openGraph = npm('open-graph-scraper');

const APPS = ['ABCDE12345.com.example.wallet', 'ABCDE12345.com.example.beta'];
const PRINTS = [0, 32].map((from) => [...Array(32).keys()].map(
    (i) => (from + i).toString(16).toUpperCase().padStart(2, '0')).join(':'));
const relay = await startRelay({conf: [
    ...WITH_STORES, `tigress_wallet_app apple ${APPS.join(' ')};`,
    `tigress_wallet_app android com.example.wallet ${PRINTS.join(' ')};`]});
const APPLE = '/.well-known/apple-app-site-association';
const ANDROID = '/.well-known/assetlinks.json';

// ---- messengers ----------------------------------------------------------

async function readBy(html) {
    const {error, result} = await openGraph({html});
    check(!error, JSON.stringify(result));
    return result;
}

/** What it has read; its picture. */
async function holdGraph(share, {title, description}, image, query = '') {
    const found = await readBy(await text(relay, share.path + query));
    equal(found.ogTitle, title, 'og:title');
    equal(found.ogDescription, description, 'og:description');
    equal(found.ogType, 'website', 'og:type');
    equal(found.ogUrl, share.link, 'og:url');
    equal(found.ogImage.map(({url}) => url), [image], 'og:image');
    return found.ogImage[0];
}

async function a_messenger_finds_title_text_and_picture() {
    const offered = {title: 'Key of "Anna\'s" <blue> car & garage',
                     description: 'From Friday – until Sunday'};
    const share = await createMailbox(relay, offered);
    for (const [query, name] of [['', 'general'], ['?v=h', 'home'],
                                 ['?v=c', 'car'], ['?v=a', 'general']]) {
        const url = `${relay.url}/v1/picture/${name}.png`;
        const image = await holdGraph(share, offered, url, query);
        const {status, headers, body} = await request(
            relay, 'GET', new URL(url).pathname);
        equal([status, headers['content-type']], [200, 'image/png'], url);
        equal([image.width, image.height],
              [body.readUInt32BE(16), body.readUInt32BE(20)].map(String),
              'size told and size of the PNG');
        check(body.length < 300 * 1024, 'some messengers leave it out');
    }
}

async function a_messenger_finds_the_picture_of_the_mailbox() {
    const offered = {title: 'Key', description: 'To the hut'};
    for (const imageURL of ["https://images.example/h'ut;png?a=1&b=2,3#x",
                            `${relay.url}/v1/picture/home.png`]) {
        const share = await createMailbox(relay, {...offered, imageURL});
        const image = await holdGraph(share, offered, imageURL);
        equal(image.width ?? null,
              imageURL.startsWith(relay.url) ? '1200' : null, 'width');
    }
}

async function a_messenger_reads_hostile_texts_as_they_were_written() {
    for (const [name, written] of Object.entries({...MARKUP, ...LETTERS})) {
        const offered = {title: written, description: written};
        const share = await createMailbox(relay, offered);
        try {
            await holdGraph(share, offered,
                            `${relay.url}/v1/picture/general.png`);
        } catch (error) {
            throw new Error(`${name}: ${error.message}`);
        }
    }
}

// ---- validity ------------------------------------------------------------

const validator = new HtmlValidate({
    root: true, extends: ['html-validate:standard', 'html-validate:a11y'],
    rules: {'long-title': 'off', 'no-trailing-whitespace': 'error'}});

async function holdValid(name, html) {
    const {results} = await validator.validateString(html);
    const told = results.flatMap(({messages}) => messages.map(
        ({ruleId, message, line}) => `${ruleId}, line ${line}: ${message}`));
    equal(told, [], name);
}

async function every_page_is_valid_html() {
    for (const {name, language, url} of await allKinds(relay)) {
        const {pathname, search} = new URL(url);
        await holdValid(`${name} ${language}`, await text(
            relay, pathname + search,
            {headers: {'Accept-Language': LOCALES[language]}}));
    }
    const [named, words] = [MARKUP, LETTERS].map(Object.entries);
    for (const [name, written] of [...named, ...words]) {
        const {path} = await createMailbox(
            relay, {title: written, description: written});
        await holdValid(name, await text(relay, path));
    }
}

// ---- phones --------------------------------------------------------------

/** An association file: as both systems want it to be served. */
async function readFile(path) {
    const {status, headers, body} = await request(relay, 'GET', path);
    equal(status, 200, `${path}: status`);    // neither follows a redirect
    equal(headers['content-type'], 'application/json', `${path}: type`);
    check(body.length < 128 * 1024, `${path} is too large`);
    check(!('location' in headers) && !('content-encoding' in headers),
          `${path}: ${JSON.stringify(headers)}`);
    return JSON.parse(body.toString());
}

async function an_iphone_opens_the_app_for_mailboxes_alone() {
    const file = await readFile(APPLE);
    equal(isApplinks(file), [], 'what Apple would refuse');
    const [{appIDs, components}, ...more] = file.applinks.details;
    equal([appIDs, more], [APPS, []], 'apps');
    const {url} = await createMailbox(relay, {}, {vertical: 'c'});
    check(matches(components, url), 'a share URL is not for the app');
    check(matches(components, nowhere(relay)), 'nor one without a query');
    for (const path of ['/', '/v1/m', '/v1/picture/car.png', APPLE, ANDROID,
                        '/.well-known/tigress', '/v2/m/x', '/x/v1/m/x'])
        check(!matches(components, relay.url + path), `${path} is for the app`);
}

async function an_android_phone_trusts_the_app_that_is_configured() {
    const file = await readFile(ANDROID);
    equal(isStatements(file), [], 'what Google would refuse');
    equal(file.map(({target}) => target.package_name),
          PRINTS.map(() => 'com.example.wallet'), 'packages');
    equal(file.flatMap(({target}) => target.sha256_cert_fingerprints), PRINTS,
          'fingerprints');
}

async function what_apple_and_google_refuse_is_noticed() {
    const details = (detail) => ({applinks: {details: [detail]}});
    const components = [{'/': '/v1/m/*'}];
    for (const wrong of [{}, {applinks: {}}, details({}),
                         details({appIDs: [], components}),
                         details({appIDs: ['com.example'], components}),
                         details({appIDs: APPS, components: []}),
                         details({appIDs: APPS, components: [{'/': 'v1'}]}),
                         details({appIDs: APPS, components: [{path: '/*'}]})])
        check(isApplinks(wrong).length > 0, JSON.stringify(wrong));
    const good = await readFile(ANDROID);
    for (const [name, value] of [
        ['namespace', 'web'], ['package_name', 'wallet'],
        ['sha256_cert_fingerprints', []],
        ['sha256_cert_fingerprints', [PRINTS[0].toLowerCase()]],
        ['sha256_cert_fingerprints', [PRINTS[0].replaceAll(':', '')]]]) {
        const wrong = structuredClone(good);
        wrong[0].target[name] = value;
        check(isStatements(wrong).length > 0, JSON.stringify(wrong));
    }
    check(isStatements({}).length > 0, 'no list');
    check(isStatements([{...good[0], relation: []}]).length > 0, 'relation');
}

// ---- HEAD ----------------------------------------------------------------

async function head_says_the_same_without_a_body() {
    const {path} = await createMailbox(relay);
    const gone = new URL(nowhere(relay)).pathname;
    const varying = new Set(['date', 'connection', 'keep-alive']);
    const named = (rawHeaders) => {
        const found = [];
        for (let i = 0; i < rawHeaders.length; i += 2)
            if (!varying.has(rawHeaders[i].toLowerCase()))
                found.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
        return found;
    };
    for (const target of [path, `${path}?v=c`, gone, APPLE, ANDROID,
                          '/v1/picture/home.png', '/.well-known/tigress'])
        for (const locale of Object.values(LOCALES)) {
            const headers = {'Accept-Language': locale};
            const [got, head] = await Promise.all(['GET', 'HEAD'].map(
                (method) => request(relay, method, target, {headers})));
            equal(head.status, got.status, `${target}: status`);
            equal(named(head.rawHeaders), named(got.rawHeaders), target);
            equal(head.body.length, 0, `${target}: body`);
            check(got.body.length > 0, `${target} has no body at all`);
        }
}

await run([
    a_messenger_finds_title_text_and_picture,
    a_messenger_finds_the_picture_of_the_mailbox,
    a_messenger_reads_hostile_texts_as_they_were_written,
    every_page_is_valid_html,
    an_iphone_opens_the_app_for_mailboxes_alone,
    an_android_phone_trusts_the_app_that_is_configured,
    what_apple_and_google_refuse_is_noticed,
    head_says_the_same_without_a_body,
]);
