// Google's token endpoint and FCM HTTP v1, in one server.
//
//     node fcm_peer.mjs DIRECTORY
//
// peer.mjs says what is in DIRECTORY. The token of a rule is the registration
// token in the message; for the token endpoint (/token) it is "/token".
// peer.json says whom it knows:
//     {"client_email": "…", "public_key": "FILE.pem", "project_id": "…"}
// A rule for "/token" may also say {"expires_in": SECONDS}. Answered 401 by a
// rule, an access token is forgotten: with it there is no success any more.
import * as crypto from 'node:crypto';

import {Problem, isSigned, must, now, parseJws, run} from './peer.mjs';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const HOUR = 3600;
const STATUS = {400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED',
                403: 'PERMISSION_DENIED', 404: 'NOT_FOUND',
                429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL',
                503: 'UNAVAILABLE'};

function oauthMust(holds, what) {
    must(holds, 400, 'invalid_grant', what);
}

/** RFC 7523 §3, and what Google asks for besides. */
function checkAssertion(text, known, audience) {
    let jws;
    try {
        jws = parseJws(text ?? '');
    } catch (error) {
        throw new Problem(400, 'invalid_grant', error.message);
    }
    const {header, claims} = jws;
    oauthMust(header.alg === 'RS256', 'a JWS that is not RS256');
    oauthMust(header.kid === undefined || header.kid === known.private_key_id,
              'another key');
    oauthMust(isSigned(jws, known.publicKey), 'the signature is wrong');
    oauthMust(claims.iss === known.client_email, 'another issuer');
    oauthMust(claims.aud === audience, `another audience: ${claims.aud}`);
    oauthMust(claims.scope === SCOPE, 'another scope');
    oauthMust(Number.isInteger(claims.iat) && Number.isInteger(claims.exp),
              'times that are not numbers of seconds');
    oauthMust(claims.iat < now() + 60, 'made in the future');
    oauthMust(claims.exp > now(), 'expired');
    oauthMust(claims.exp - claims.iat <= HOUR, 'valid for more than an hour');
}

function checkTokenRequest(request, body, known) {
    const type = request.headers['content-type'];
    must(type === 'application/x-www-form-urlencoded', 400,
         'invalid_request', `content type ${type}`);
    const form = new URLSearchParams(body);
    must([...form.keys()].sort().join() === 'assertion,grant_type', 400,
         'invalid_request', 'other parameters');
    must(form.get('grant_type') === GRANT, 400, 'unsupported_grant_type',
         'another grant');
    const host = request.headers[':authority'] ?? request.headers.host;
    checkAssertion(form.get('assertion'), known, `https://${host}/token`);
}

function checkMessage(text) {
    const wrong = (holds, what) => must(holds, 400, 'INVALID_ARGUMENT', what);
    const message = JSON.parse(text).message ?? {};
    wrong(Object.keys(JSON.parse(text)).join() === 'message',
          'other members beside message');
    wrong(Object.keys(message).every(
              (name) => ['token', 'data', 'android'].includes(name)),
          'other members in the message');
    wrong(Object.keys(message.data ?? {}).length === 0, 'data with content');
    wrong(message.android?.priority === 'high', 'not of high priority');
    wrong(/^(0|[1-9]\d*)s$/.test(message.android?.ttl ?? ''), 'a bad ttl');
    wrong(Number.parseInt(message.android.ttl, 10) <= 28 * 86400,
          'a ttl of more than four weeks');
    wrong(Object.keys(message.android).sort().join() === 'priority,ttl',
          'other members in android');
}

function tokenOf(body) {
    try {
        const token = JSON.parse(body).message.token;
        must(typeof token === 'string' && token !== '', 400,
             'INVALID_ARGUMENT', 'no token');
        return token;
    } catch {
        throw new Problem(400, 'INVALID_ARGUMENT', 'no message with a token');
    }
}

function refusal(status, reason) {
    if (/^[a-z_]+$/.test(reason ?? ''))
        return JSON.stringify({error: reason, error_description: 'refused'});
    const error = {code: status, message: 'refused',
                   status: STATUS[status] ?? 'UNKNOWN', details: []};
    if (reason !== undefined)
        error.details.push({
            '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
            errorCode: reason});
    return JSON.stringify({error});
}

run('fcm', (place) => {
    const known = place.known;
    known.publicKey = place.publicKey(known.public_key);
    const path = `/v1/projects/${known.project_id}/messages:send`;
    const expiry = new Map();
    const accessOf = (request) =>
        (request.headers.authorization ?? '').replace(/^Bearer /, '');

    const grant = (request, body) => {
        checkTokenRequest(request, body, known);
        const token = crypto.randomBytes(24).toString('base64url');
        const seconds = place.behaviour()['/token']?.expires_in ?? 3599;
        expiry.set(token, now() + seconds);
        return {status: 200, headers: {'content-type': 'application/json'},
                body: JSON.stringify({access_token: token,
                                      expires_in: seconds,
                                      token_type: 'Bearer'})};
    };
    const send = (request, body) => {
        must((expiry.get(accessOf(request)) ?? 0) > now(), 401, undefined,
             'an access token that is not valid');
        const type = request.headers['content-type'] ?? '';
        must(/^application\/json(; *charset=utf-8)?$/i.test(type), 400,
             undefined, `content type ${type}`);
        checkMessage(body);
        const name = `projects/${known.project_id}/messages/1`;
        return {status: 200, body: JSON.stringify({name}),
                headers: {'content-type': 'application/json'}};
    };
    return {
        refusal,
        isSecret: (request) => request.url === '/token',
        token: (request, body) =>
            request.url === '/token' ? '/token' : tokenOf(body),
        check(request, body) {
            must(request.method === 'POST', 405, undefined, request.method);
            if (request.url === '/token')
                return grant(request, body);
            must(request.url === path, 404, undefined, 'another path');
            return send(request, body);
        },
        decide(rule, request, line) {
            if (rule.status === 401 && line.token !== '/token')
                expiry.delete(accessOf(request));
            return rule;
        },
    };
});
