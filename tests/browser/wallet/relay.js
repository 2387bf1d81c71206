// The calls of a recipient (docs/protocol.md §5), over fetch. Each throws
// Trouble unless it was done. What is sent is in this file alone: the path, a
// claim, a request id, an ETag, ciphertext.
import {fromBase64} from './base64.js';
import {isObject, parseJson} from './strict_json.js';
import {Trouble} from './trouble.js';

const ANSWER_MOST = 1 << 20; // bytes

/** A version 4 UUID, for claims and request ids. */
export function drawUuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0'));
    return [4, 2, 2, 2, 6].map((n) => hex.splice(0, n).join('')).join('-');
}

/** fetch() as a wallet wants it: nothing of the browser's own goes along, and
 *  nothing comes from anywhere else. */
function ask(url, options) {
    return fetch(url, {mode: 'cors', credentials: 'omit', cache: 'no-store',
                       redirect: 'error', referrerPolicy: 'no-referrer',
                       ...options});
}

/**
 * Why fetch() has failed, which browsers keep from pages: whoever answers
 * something that this page may not see is there, and does not let it.
 */
async function reasonOfFailure(relay) {
    try {
        await ask(`https://${relay}/.well-known/tigress`, {mode: 'no-cors',
                                                         redirect: 'follow'});
    } catch {
        return new Trouble('unreachable', {relay});
    }
    return new Trouble('blocked', {relay, origin: location.origin});
}

function nameOfProblem(bytes) {
    return String(readJson(bytes)?.type).replace(/^urn:.*:/, '');
}

/** What a refusal means to a recipient. */
function refusal(answer, bytes) {
    const problem = nameOfProblem(bytes);
    const seconds = Number.parseInt(answer.headers.get('Retry-After'), 10);
    switch (answer.status) {
    case 401:
        return new Trouble(problem === 'right-refused' ? 'not-permitted'
                                                       : 'taken');
    case 404:
        return new Trouble('gone');
    case 412:
        return new Trouble(problem === 'unchanged' ? 'no-news' : 'changed');
    case 429:
    case 503:
        return new Trouble('busy', {seconds: seconds || 10});
    default:
        return new Trouble('not-understood', {status: answer.status});
    }
}

async function call(share, method, {headers = {}, body, requestId} = {}) {
    let answer, bytes;
    try {
        answer = await ask(`https://${share.relay}/v1/m/${share.mailbox}`, {
            method, body,
            headers: {'Mailbox-Device-Claim': share.claim,
                      ...requestId && {'Mailbox-Request-ID': requestId},
                      ...body && {'Content-Type': 'application/json'},
                      ...headers}});
        bytes = new Uint8Array(await answer.arrayBuffer());
    } catch {
        throw await reasonOfFailure(share.relay);
    }
    if (!answer.ok)
        throw refusal(answer, bytes);
    if (bytes.length > ANSWER_MOST)
        throw new Trouble('not-understood', {status: answer.status});
    return {bytes, etag: answer.headers.get('ETag')};
}

function readJson(bytes) {
    try {
        return parseJson(bytes);
    } catch {
        return null;
    }
}

const texts = (object, ...names) => isObject(object) &&
    names.every((name) => typeof object[name] === 'string');

/**
 * ReadSecureContent: {payload, display, expiration, etag}. The first call of a
 * claim binds the mailbox to it.
 *   unlessEtag   Trouble `no-news` when the payload is still this one
 */
export async function read(share, {unlessEtag} = {}) {
    const {bytes, etag} = await call(share, 'POST', {
        headers: unlessEtag ? {'If-None-Match': unlessEtag} : {}});
    const {payload, displayInformation: display, expiration} =
        readJson(bytes) ?? {};
    if (!texts(payload, 'type', 'data') || !fromBase64(payload.data) ||
        !texts(display, 'title', 'description') ||
        typeof expiration !== 'string' || !etag)
        throw new Trouble('not-understood', {status: 200});
    return {payload, expiration, etag,
            display: {title: display.title,
                      description: display.description}};
}

/** UpdateMailbox, unless there is something newer than `etag`. */
export async function update(share, {requestId, payload, etag}) {
    const answer = await call(share, 'PUT', {
        requestId, body: JSON.stringify({payload}),
        headers: {'If-Match': etag}});
    return {etag: answer.etag};
}

/** DeleteMailbox: it is done with, for everybody. */
export async function remove(share, {requestId}) {
    await call(share, 'DELETE', {requestId});
}

/** RelinquishMailbox: another device may have it. */
export async function relinquish(share, {requestId}) {
    await call(share, 'PATCH', {requestId});
}
