// The parts of the browser wallet by themselves, in a browser: what they read,
// and all that they refuse.
import {check, equal, openBrowser, run, serve, startRelay} from './harness.mjs';
import {pageOf, settled} from './wallets.mjs';

const ID = '5f1a3ba3-1fd9-4f2f-9a4b-4ad1f0f3a2d7';
const SHORT = '++++/////////////////w';          // 16 bytes, without padding
const LONG = '/'.repeat(42) + '8';               // 32 bytes
const PLACE = {direction: 'initiator', sequence: 1, previous: ''};
const FORMAT = 'digitalwallet.carkey.ccc';

const keys = await startRelay();
const pages = await serve(keys, pageOf([keys.host]));
const browser = await openBrowser({trust: [keys],
                                   hosts: {'wallet.example': pages.port}});
const {page} = await browser.visit('https://wallet.example/');
await settled(page);

/** Run `work(module, argument)` in the page: what it returns, or the name of
 *  the trouble. */
function inPage(file, argument, work) {
    return page.evaluate(`(async () => {
        const module = await import('./${file}');
        try {
            return await (${work})(module, ${JSON.stringify(argument)});
        } catch (error) {
            return error.name;
        }
    })()`);
}

function parseLink(link) {
    return inPage('share_url.js', link, ({parseShareUrl}, text) => {
        const {secret, ...rest} = parseShareUrl(text);
        return {...rest, length: secret.length};
    });
}

function parseText(text) {
    return inPage('strict_json.js', text, ({parseJson}, words) =>
        parseJson(new TextEncoder().encode(words)));
}

/** Judge these plaintexts one after the other, and write before those that are
 *  null: the names of the troubles, 'accepted' and 'written'. */
function judge(texts) {
    return inPage('envelope.js', texts, async (module, plaintexts) => {
        let order = module.NO_ORDER;
        const found = [];
        for (const text of plaintexts) {
            try {
                const next = text === null
                    ? await module.write(order, 'f', {})
                    : await module.accept(order,
                                          new TextEncoder().encode(text));
                order = next.order;
                found.push(text === null ? 'written' : 'accepted');
            } catch (error) {
                found.push(error.name);
            }
        }
        return found;
    });
}

function message(place, more = {}) {
    return JSON.stringify({format: FORMAT, content: {}, tigress: place,
                           ...more});
}

/** What `previous` names when the page has written its n-th message. */
function hashesOfWritten(count) {
    return inPage('envelope.js', count, async (module, n) => {
        let order = module.NO_ORDER;
        for (let i = 0; i < n; i++)
            ({order} = await module.write(order, 'f', {}));
        return order.written;
    });
}

async function links_of_both_secrets_and_alphabets_are_read() {
    const relay = 'relay.example';
    for (const [text, wanted] of [
        [`https://${relay}/v1/m/${ID}#${SHORT}==`, {}],
        [`https://${relay}/v1/m/${ID}#${SHORT}`, {}],
        [`https://${relay}/v1/m/${ID}#${'-'.repeat(4)}${'_'.repeat(17)}w`, {}],
        [`https://${relay}/v1/m/${ID}#${LONG}=`, {length: 32}],
        [`https://${relay}/v1/m/${ID}#${LONG.replaceAll('/', '_')}`,
         {length: 32}],
        [`https://${relay}/v1/m/${ID.toUpperCase()}?v=h#${SHORT}`,
         {vertical: 'h'}],
        [`https://${relay}/v1/m/${ID}?v=new-1.2_3~#${SHORT}`,
         {vertical: 'new-1.2_3~'}],
        [`https://RELAY.example:443/v1/m/${ID}#${SHORT}`, {}],
        [`https://relay.example:8443/v1/m/${ID}#${SHORT}`,
         {relay: 'relay.example:8443'}],
        [`https://[::1]:8443/v1/m/${ID}#${SHORT}`, {relay: '[::1]:8443'}],
    ]) {
        // As text of a fixed order of members.
        const {relay: at, mailbox, vertical, length} = {
            relay, mailbox: ID, vertical: '', length: 16, ...wanted};
        equal(await parseLink(text), {relay: at, mailbox, vertical, length},
              text);
    }
}

async function what_is_no_link_is_refused() {
    const start = `https://relay.example/v1/m/${ID}`;
    for (const text of [
        '', start, `${start}#`, `${start}?v=h`, `${start}#AAAA`,
        `${start}#${SHORT}=`, `${start}#${SHORT}===`, `${start}#${LONG}==`,
        `${start}#${SHORT.slice(1)}`, `${start}#${SHORT}%3D%3D`,
        `${start}#${SHORT}A`,
        `${start}#-${SHORT.slice(1)}`, `${start}#${SHORT.slice(1)}B`,
        `${start}#${LONG.slice(0, -1)}9`,
        `${start}?v=#${SHORT}`, `${start}?x=h#${SHORT}`,
        `${start}?v=h&x=1#${SHORT}`, `${start}?v=%41#${SHORT}`,
        `${start}/#${SHORT}`, `${start}x#${SHORT}`,
        `http://relay.example/v1/m/${ID}#${SHORT}`,
        `HTTPS://relay.example/v1/m/${ID}#${SHORT}`,
        `https://relay.example/v2/m/${ID}#${SHORT}`,
        `https://user@relay.example/v1/m/${ID}#${SHORT}`,
        `https://relay.example:0/v1/m/${ID}#${SHORT}`,
        `https://relay.example:65536/v1/m/${ID}#${SHORT}`,
        `https://relay.example:/v1/m/${ID}#${SHORT}`,
        `https://relay.ex\u00e4mple/v1/m/${ID}#${SHORT}`,
        `https://relay.example\\v1/m/${ID}#${SHORT}`,
        `https:///v1/m/${ID}#${SHORT}`,
        `https://relay.example/v1/m/not-a-uuid#${SHORT}`,
        `https://relay.example/v1/m/${ID.replace(/[^-]/g, '0')}#${SHORT}`,
        `https://${'a.'.repeat(75)}example/v1/m/${ID}#${LONG}=`,
        `\n${start}#${SHORT}`, `${start}#${SHORT}\n`,
    ])
        equal(await parseLink(text), 'not-a-link', text);
}

async function json_is_read_as_strictly_as_by_the_other_side() {
    const deep = (n) => '['.repeat(n) + ']'.repeat(n);
    for (const text of ['{"a":1,"b":{"a":2}}', '[{"a":1},{"a":1}]',
                        '{"a":"a","b":"b:{["}', deep(32), '"\\ud83d\\ude00"'])
        equal(await parseText(text), JSON.parse(text), text);
    for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}',
                        '{"x":{"a":1,"b":[],"a":2}}', deep(33), '"\\u0000"',
                        '"\\ud83d"', '{"\\udc00":1}', '{} x', '', '{"a":1,}',
                        '\ufeff{}'])
        equal(await parseText(text), 'not-json', text);
    equal(await inPage('strict_json.js', null, ({parseJson}) =>
        parseJson(new Uint8Array([0x22, 0xc3, 0x22]))), 'not-json', 'UTF-8');
}

async function messages_that_are_none_are_refused() {
    equal(await judge([message(PLACE)]), ['accepted'], 'a message');
    for (const wrong of [
        'null', '[]', '"x"', '{', message(PLACE, {format: 1}),
        message(PLACE, {format: ''}), message(PLACE, {format: 'x'.repeat(129)}),
        message(PLACE, {content: []}), message(PLACE, {content: null}),
        message(PLACE).replace('{', '{"format":"y",'),
        message(null), message([]), message({...PLACE, direction: 'x'}),
        message({...PLACE, sequence: 0}), message({...PLACE, sequence: 1.5}),
        message({...PLACE, sequence: 1e9 + 1}),
        message({...PLACE, sequence: '1'}), message({...PLACE, previous: 1}),
        message({...PLACE, previous: 'AAAA'}),
        message({...PLACE, previous: LONG})])
        equal(await judge([wrong]), ['not-a-message'], wrong);
}

// R-PAY-1
async function a_relay_can_neither_replay_reflect_nor_reorder() {
    const at = (sequence, previous = '') =>
        message({...PLACE, sequence, previous});
    const written = await hashesOfWritten(1);
    const unknown = `${'A'.repeat(43)}=`;
    for (const [texts, wanted] of [
        [[at(1), at(1)], ['accepted', 'out-of-order']],
        [[at(5), at(4), at(6)], ['accepted', 'out-of-order', 'accepted']],
        [[message({...PLACE, direction: 'recipient'})], ['out-of-order']],
        [[message(undefined)], ['out-of-order']],
        [[at(1, unknown)], ['out-of-order']],
        [[at(1), null, at(2)], ['accepted', 'written', 'out-of-order']],
        [[at(1), null, at(3, unknown)],
         ['accepted', 'written', 'out-of-order']],
        [[null, at(2, written[0]), at(3, written[0])],
         ['written', 'accepted', 'accepted']],
        [[null, at(2, written[0]), at(3)],
         ['written', 'accepted', 'out-of-order']],
    ])
        equal(await judge(texts), wanted, JSON.stringify(texts));
    const two = await hashesOfWritten(2);
    equal(await judge([null, null, at(3, two[1]), at(4, two[0])]),
          ['written', 'written', 'accepted', 'out-of-order'],
          'one that goes back');
}

async function a_payload_opens_with_its_own_kind_of_secret_alone() {
    const opened = await inPage('payload.js', null, async (module) => {
        const found = [];
        const tryIt = async (work) => {
            try {
                found.push(new TextDecoder().decode(await work()));
            } catch (error) {
                found.push(error.name);
            }
        };
        const take = (length) =>
            module.takeSecret(new Uint8Array(length).fill(7));
        const long = await take(32);
        const short = await take(16);
        const sealed = await module.sealPayload(
            long, new TextEncoder().encode('it'));
        const flipped = sealed.data.replace(/^./, (c) => c === 'A' ? 'B' : 'A');
        await tryIt(() => module.openPayload(long, sealed));
        await tryIt(() => module.openPayload(short, sealed));
        for (const more of [{type: short.type}, {data: flipped},
                            {data: `${sealed.data}A`}, {data: 'AAAA'},
                            {data: ''}, {type: 'AEAD_CHACHA20_POLY1305'}])
            await tryIt(() => module.openPayload(long, {...sealed, ...more}));
        return [...found, long.key.extractable];
    });
    equal(opened, ['it', ...Array(6).fill('does-not-open'), 'cipher-unknown',
                   false], 'opened');
}

async function a_secret_is_wiped_once_it_is_a_key() {
    equal(await inPage('payload.js', null, async ({takeSecret}) => {
        const secret = new Uint8Array(16).fill(7);
        await takeSecret(secret);
        return [...secret];
    }), Array(16).fill(0), 'secret');
}

async function claims_are_random_uuids() {
    const drawn = await inPage('relay.js', null, ({drawUuid}) =>
        Array.from({length: 200}, drawUuid));
    equal(new Set(drawn).size, 200, 'different ones');
    for (const id of drawn)
        check(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id) &&
              id[14] === '4' && '89ab'.includes(id[19]), id);
}

await run([
    links_of_both_secrets_and_alphabets_are_read,
    what_is_no_link_is_refused,
    json_is_read_as_strictly_as_by_the_other_side,
    messages_that_are_none_are_refused,
    a_relay_can_neither_replay_reflect_nor_reorder,
    a_payload_opens_with_its_own_kind_of_secret_alone,
    a_secret_is_wiped_once_it_is_a_key,
    claims_are_random_uuids,
]);
