// The envelope of a message, and the order of messages (docs/formats.md, "The
// envelope", docs/decisions/01-message-order.md; R-PAY-1): a relay can withhold
// messages, and neither replay, reflect nor reorder them.
//
// An order is what the recipient remembers of a share; plain values, stored
// with it:
//   highest    sequence of the last message, of both sides
//   accepted   hash of the last message accepted; "" before
//   written    hashes of our own that the other side may still name
//   hasWritten whether there was ever one
import {fromBase64, toBase64} from './base64.js';
import {isObject, parseJson} from './strict_json.js';
import {Trouble} from './trouble.js';

const HASH_LENGTH = 32;
const FORMAT_MOST = 128;
const SEQUENCE_MOST = 1e9;
const REMEMBERED = 8;

export const NO_ORDER = {highest: 0, accepted: '', written: [],
                         hasWritten: false};

async function hashOf(bytes) {
    return toBase64(new Uint8Array(
        await crypto.subtle.digest('SHA-256', bytes)));
}

function isPlace(place) {
    return isObject(place) &&
           ['initiator', 'recipient'].includes(place.direction) &&
           Number.isInteger(place.sequence) && place.sequence >= 1 &&
           place.sequence <= SEQUENCE_MOST &&
           typeof place.previous === 'string' &&
           (place.previous === '' ||
            fromBase64(place.previous)?.length === HASH_LENGTH);
}

/** {format, content, place} of a plaintext; Trouble `not-a-message`. */
function readMessage(bytes) {
    const {format, content, tigress: place} = parseMessage(bytes);
    const length = typeof format === 'string' &&
                   new TextEncoder().encode(format).length;
    if (!length || length > FORMAT_MOST || !isObject(content) ||
        (place !== undefined && !isPlace(place)))
        throw new Trouble('not-a-message');
    return {format, content, place};
}

function parseMessage(bytes) {
    let value = null;
    try {
        value = parseJson(bytes);
    } catch {
        // as for JSON that is no object
    }
    if (!isObject(value))
        throw new Trouble('not-a-message');
    return value;
}

/** Which of our messages the other side has seen: an index; -1: none that it
 *  may name. */
function indexNamed(order, previous) {
    if (previous === '')
        return order.hasWritten ? -1 : 0;
    return order.written.indexOf(previous);
}

/**
 * Judge a plaintext of the initiator: {message, order}, the order that follows.
 * Trouble: `not-a-message`, or `out-of-order` when it has no place after what
 * was accepted and written before.
 */
export async function accept(order, bytes) {
    const message = readMessage(bytes);
    const {place} = message;
    const named = place ? indexNamed(order, place.previous) : -1;
    if (named < 0 || place.direction !== 'initiator' ||
        place.sequence <= order.highest)
        throw new Trouble('out-of-order');
    return {message: {format: message.format, content: message.content},
            order: {...order, highest: place.sequence,
                    accepted: await hashOf(bytes),
                    written: order.written.slice(named)}};
}

/** The plaintext of our next message, and the order once it is sent:
 *  {bytes, order}. */
export async function write(order, format, content) {
    const sequence = order.highest + 1;
    const bytes = new TextEncoder().encode(JSON.stringify({
        format, content, tigress: {direction: 'recipient', sequence,
                                   previous: order.accepted}}));
    const written = [...order.written, await hashOf(bytes)].slice(-REMEMBERED);
    return {bytes, order: {...order, highest: sequence, written,
                           hasWritten: true}};
}
