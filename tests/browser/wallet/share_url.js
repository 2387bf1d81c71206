// A share URL (docs/protocol.md §10):
//
//     https://{host}[:port]/v1/m/{id}[?v={vertical}]#{secret}
import {fromAnyBase64} from './base64.js';
import {Trouble} from './trouble.js';

const LONGEST = 239;
const SHARE_URL = new RegExp(
    '^https://([^/?#@]+)/v1/m/' +
    '([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})' +
    '(?:\\?v=([A-Za-z0-9._~-]{1,32}))?#([A-Za-z0-9+/_=-]+)$');
const NIL = '00000000-0000-0000-0000-000000000000';
const AUTHORITY = /^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[1-9][0-9]*)?$/;

/** "host" or "host:port" as browsers write it; null: it is none. */
function readAuthority(text) {
    if (!AUTHORITY.test(text) || !URL.canParse(`https://${text}/`))
        return null;
    return new URL(`https://${text}/`).host;
}

/**
 * {relay, mailbox, vertical, secret}, or Trouble `not-a-link`.
 *   relay    "host[:port]"; whether it is to be trusted is another question
 *   secret   16 or 32 bytes: wipe them after use
 */
export function parseShareUrl(text) {
    const found = text.length <= LONGEST && SHARE_URL.exec(text);
    if (!found)
        throw new Trouble('not-a-link');
    const relay = readAuthority(found[1]);
    const mailbox = found[2].toLowerCase();
    const secret = fromAnyBase64(found[4]);
    if (relay === null || mailbox === NIL || secret === null ||
        (secret.length !== 16 && secret.length !== 32))
        throw new Trouble('not-a-link');
    return {relay, mailbox, vertical: found[3] ?? '', secret};
}
