// Sealing and opening payloads (docs/formats.md, "Sealing"): AES-GCM with the
// secret of the share URL as its key. `data` is the base64 of
// IV (12 bytes) ‖ ciphertext ‖ tag (16).
//
// Both algorithms that the protocol names are WebCrypto's AES-GCM.
import {fromBase64, toBase64} from './base64.js';
import {Trouble} from './trouble.js';

const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const TYPES = {16: 'AEAD_AES_128_GCM', 32: 'AEAD_AES_256_GCM'};

/**
 * The key that a secret is: {type, key}. No script can read it again, also
 * when it has been stored. The secret is wiped.
 */
export async function takeSecret(secret) {
    const type = TYPES[secret.length];
    const key = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false,
                                              ['encrypt', 'decrypt']);
    secret.fill(0);
    return {type, key};
}

/** The bytes in a payload. Trouble: `cipher-unknown`, or `does-not-open`,
 *  which a wrong secret and a lying relay have in common. */
export async function openPayload({type, key}, payload) {
    if (!Object.values(TYPES).includes(payload.type))
        throw new Trouble('cipher-unknown');
    const data = fromBase64(payload.data);
    // The type goes with the secret's length: a relay chooses no weaker use.
    if (payload.type !== type || data === null ||
        data.length < IV_LENGTH + TAG_LENGTH)
        throw new Trouble('does-not-open');
    try {
        return new Uint8Array(await crypto.subtle.decrypt(
            {name: 'AES-GCM', iv: data.subarray(0, IV_LENGTH),
             tagLength: TAG_LENGTH * 8},
            key, data.subarray(IV_LENGTH)));
    } catch {
        throw new Trouble('does-not-open');
    }
}

/** A payload with these bytes in it. */
export async function sealPayload({type, key}, bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
    const sealed = new Uint8Array(await crypto.subtle.encrypt(
        {name: 'AES-GCM', iv, tagLength: TAG_LENGTH * 8}, key, bytes));
    return {type, data: toBase64(new Uint8Array([...iv, ...sealed]))};
}
