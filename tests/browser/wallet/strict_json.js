// JSON as both sides of a mailbox have to read it: what one of them would
// refuse must not be read by the other (docs/protocol.md §2, §13).
import {Trouble} from './trouble.js';

const DEEPEST = 32;
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** A name or text without NUL and halves of characters. */
function readText(token) {
    const text = JSON.parse(token);
    if (text.includes('\0') || !text.isWellFormed())
        throw new Trouble('not-json');
    return text;
}

/** What JSON.parse() lets pass: names given twice, any depth, any character.
 *  The grammar of `text` has been found right. */
function checkMore(text) {
    const open = [];    // the names so far of each object, null for a list
    let last = null;
    for (const [token] of text.matchAll(TOKENS)) {
        if (token === '{' || token === '[') {
            open.push(token === '{' ? new Set() : null);
            if (open.length > DEEPEST)
                throw new Trouble('not-json');
        } else if (token === '}' || token === ']') {
            open.pop();
        } else if (token === ':') {
            const names = open.at(-1);
            if (names.has(last))
                throw new Trouble('not-json');
            names.add(last);
        } else {
            last = readText(token);
        }
    }
}

/** The value that these bytes say; Trouble `not-json` for all others. */
export function parseJson(bytes) {
    try {
        const decoder = new TextDecoder('utf-8',
                                        {fatal: true, ignoreBOM: true});
        const text = decoder.decode(bytes);
        const value = JSON.parse(text);
        checkMore(text);
        return value;
    } catch {
        throw new Trouble('not-json');
    }
}

export function isObject(value) {
    return typeof value === 'object' && value !== null &&
           !Array.isArray(value);
}
