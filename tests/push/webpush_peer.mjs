// A push service of browsers: RFC 8030, with VAPID (RFC 8292).
//
//     TIGRESS_BUILD=… node webpush_peer.mjs DIRECTORY
//
// peer.mjs says what is in DIRECTORY. An endpoint is https://HOST:PORT/push/
// and a token, which is the token of a rule. peer.json says whom it knows:
//     {"public_key": "THE APPLICATION SERVER'S KEY, base64url",
//      "subject": "mailto:…"}
// What is sent is held against the npm package web-push: its own checks, its
// own JWS library, and the headers that it would send itself. The package is
// looked for where peers.py installs it. (web-push-testing refuses a message
// without encrypted content, so it cannot be the service here.)
import * as crypto from 'node:crypto';
import {createRequire} from 'node:module';
import * as path from 'node:path';

import {must, now, run} from './peer.mjs';

const modules = createRequire(path.resolve(
    process.env.TIGRESS_BUILD ?? '.', 'tests/push/node/package.json'));
const webpush = modules('web-push');
const ofWebpush = createRequire(modules.resolve('web-push'));
const vapid = ofWebpush('./vapid-helper.js');
const jws = ofWebpush('jws');

const URGENCIES = ['very-low', 'low', 'normal', 'high'];

/** The key of VAPID, a point of P-256, as node knows keys. */
function keyOf(text) {
    vapid.validatePublicKey(text);
    const point = Buffer.from(text, 'base64url');
    const part = (from) => point.subarray(from, from + 32)
        .toString('base64url');
    return crypto.createPublicKey({format: 'jwk', key: {
        kty: 'EC', crv: 'P-256', x: part(1), y: part(33)}});
}

function checkVapid(request, known, origin) {
    const text = request.headers.authorization ?? '';
    must(text !== '', 401, 'no authorization', 'no authorization');
    const parts = /^vapid t=([^, ]+), ?k=([^, ]+)$/.exec(text);
    must(parts !== null, 401, 'unauthorized', 'authorization is not VAPID');
    const [, token, key] = parts;
    must(key === known.public_key, 403, 'forbidden', 'another key');
    const refuse = (holds, what) => must(holds, 403, 'forbidden', what);
    refuse(jws.isValid(token), 'it is no JWS');
    const {header, payload} = jws.decode(token, {json: true});
    refuse(header.alg === 'ES256' && header.typ === 'JWT', 'another header');
    const pem = keyOf(key).export({type: 'spki', format: 'pem'});
    refuse(jws.verify(token, 'ES256', pem), 'the signature is wrong');
    try {
        vapid.validateExpiration(payload.exp);
        vapid.validateSubject(payload.sub);
    } catch (error) {
        refuse(false, error.message);
    }
    refuse(payload.exp > now(), 'expired');
    refuse(payload.sub === known.subject, 'another subject');
    refuse(payload.aud === origin, `another audience: ${payload.aud}`);
    refuse(Object.keys(payload).sort().join() === 'aud,exp,sub',
           'other claims');
}

/** What web-push would send, with nothing but the same TTL and so on. */
function checkHeaders(request, endpoint, known) {
    const {ttl, urgency, topic} = request.headers;
    must(/^(0|[1-9]\d*)$/.test(ttl ?? ''), 400, 'bad TTL', `TTL ${ttl}`);
    must(URGENCIES.includes(urgency), 400, 'bad urgency',
         `urgency ${urgency}`);
    const keys = vapid.generateVAPIDKeys();
    const options = {TTL: Number(ttl), urgency, vapidDetails: {
        subject: known.subject, publicKey: keys.publicKey,
        privateKey: keys.privateKey}};
    if (topic !== undefined)
        options.topic = topic;      // web-push checks it
    const wanted = webpush.generateRequestDetails({endpoint}, null, options);
    const expected = Object.fromEntries(Object.entries(wanted.headers).map(
        ([name, value]) => [name.toLowerCase(), String(value)]));
    delete expected.authorization;
    for (const [name, value] of Object.entries(expected))
        must((request.headers[name] ?? '') === value, 400, 'bad header',
             `${name}: ${request.headers[name]}, but web-push: ${value}`);
    const allowed = new Set([...Object.keys(expected), 'authorization',
                             'host', 'connection', 'user-agent', 'accept']);
    for (const name of Object.keys(request.headers))
        must(name.startsWith(':') || allowed.has(name), 400, 'bad header',
             `a header that web-push does not send: ${name}`);
}

run('webpush', (place) => ({
    token: (request) => request.url.replace('/push/', ''),

    check(request, body) {
        must(request.method === 'POST', 405, 'method', request.method);
        must(/^\/push\/[^/]+$/.test(request.url), 404, 'not found',
             'another path');
        const host = request.headers[':authority'] ?? request.headers.host;
        const origin = `https://${host}`;
        checkVapid(request, place.known, origin);
        checkHeaders(request, origin + request.url, place.known);
        must(body === '', 400, 'bad body', 'a body that is not empty');
        return {status: 201, body: '',
                headers: {location: `${origin}/message/1`}};
    },

    refusal: (status, reason) => JSON.stringify({reason: reason ?? ''}),
}));
