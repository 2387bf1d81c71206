// An APNs server: as Apple's is documented, and as strict.
//
//     node apns_peer.mjs DIRECTORY
//
// peer.mjs says what is in DIRECTORY. The token of a rule is the device token
// in the path. peer.json says whom it knows:
//     {"keys":   {"KEY ID": {"team_id": "TEAM", "public_key": "FILE.pem"}},
//      "topics": {"TOPIC": {"key_id": "KEY ID", "push_type": "background"}}}
// A rule may also say {"topic": "TOPIC"}: the device token is for that topic
// alone, and another is answered DeviceTokenNotForTopic.
import {Problem, isSigned, must, now, parseJws, run} from './peer.mjs';

const HOUR = 3600;
const PRIORITIES = {background: ['5'], alert: ['1', '5', '10']};
const HEADERS = new Set([
    'authorization', 'apns-topic', 'apns-push-type', 'apns-expiration',
    'apns-priority', 'content-length', 'content-type', 'user-agent', 'accept',
    'accept-encoding',
]);

/** The key that signed the provider token; null when nobody we know did. */
function checkProvider(request, keys) {
    const text = request.headers.authorization ?? '';
    must(text !== '', 403, 'MissingProviderToken', 'no authorization');
    must(text.startsWith('bearer '), 403, 'InvalidProviderToken',
         'authorization without bearer');
    let jws;
    try {
        jws = parseJws(text.slice('bearer '.length));
    } catch (error) {
        throw new Problem(403, 'InvalidProviderToken', error.message);
    }
    const {header, claims} = jws;
    const bad = (holds, what) =>
        must(holds, 403, 'InvalidProviderToken', what);
    bad(header.alg === 'ES256', 'a JWS that is not ES256');
    bad(Object.hasOwn(keys, header.kid), 'a key that nobody knows');
    const key = keys[header.kid];
    bad(claims.iss === key.team_id, 'another team');
    bad(Number.isInteger(claims.iat), 'iat is not a number of seconds');
    bad(Object.keys(header).every((k) => ['alg', 'kid', 'typ'].includes(k)),
        'other members in the header');
    bad(Object.keys(claims).every((k) => ['iss', 'iat'].includes(k)),
        'other claims');
    bad(jws.signature.length === 64, 'a signature that is not 64 bytes');
    bad(isSigned(jws, key.publicKey), 'the signature is wrong');
    must(claims.iat > now() - HOUR, 403, 'ExpiredProviderToken',
         'older than an hour');
    bad(claims.iat < now() + 60, 'made in the future');
    return header.kid;
}

function checkHeaders(headers, topic) {
    const type = headers['apns-push-type'];
    must(type === topic.push_type, 400, 'InvalidPushType',
         `push type ${type}, but the topic wants ${topic.push_type}`);
    must(PRIORITIES[type].includes(headers['apns-priority']), 400,
         'BadPriority', `priority ${headers['apns-priority']} for ${type}`);
    const until = headers['apns-expiration'] ?? '';
    must(/^(0|[1-9]\d*)$/.test(until), 400, 'BadExpirationDate',
         `expiration ${until}`);
    must(until === '0' || Number(until) % 60 === 0, 400, 'BadExpirationDate',
         'an expiration that is more exact than a minute');
    for (const name of Object.keys(headers))
        must(name.startsWith(':') || HEADERS.has(name), 400, 'BadRequest',
             `a header that is not needed: ${name}`);
}

function checkBody(text, type) {
    let body;
    try {
        body = JSON.parse(text);
    } catch {
        throw new Problem(400, 'PayloadEmpty', 'the body is not JSON');
    }
    const wanted = type === 'background' ?
        '{"aps":{"content-available":1}}' : '{}';
    must(JSON.stringify(body) === wanted, 400, 'BadMessageId',
         `the body is not ${wanted}`);
}

run('apns', (place) => {
    const keys = place.known.keys ?? {};
    for (const key of Object.values(keys))
        key.publicKey = place.publicKey(key.public_key);
    const topics = place.known.topics ?? {};
    return {
        token: (request) => request.url.replace('/3/device/', ''),

        check(request, body) {
            must(request.httpVersion === '2.0', 400, 'BadRequest',
                 'not HTTP/2');
            must(request.method === 'POST', 405, 'MethodNotAllowed',
                 request.method);
            must(/^\/3\/device\/[^/]*$/.test(request.url), 404, 'BadPath',
                 'another path');
            must(/^\/3\/device\/([0-9a-f]{2})+$/.test(request.url), 400,
                 'BadDeviceToken', 'a token that is not hexadecimal');
            const kid = checkProvider(request, keys);
            const name = request.headers['apns-topic'];
            must(name !== undefined, 400, 'MissingTopic', 'no topic');
            must(Object.hasOwn(topics, name), 400, 'BadTopic',
                 'a topic that nobody knows');
            must(topics[name].key_id === kid, 403, 'InvalidProviderToken',
                 'the key of another topic');
            checkHeaders(request.headers, topics[name]);
            checkBody(body, topics[name].push_type);
            return {status: 200, body: ''};
        },

        decide(rule, request) {
            const name = request.headers['apns-topic'];
            if (rule.topic === undefined || rule.topic === name)
                return rule;
            return {status: 400, reason: 'DeviceTokenNotForTopic'};
        },

        refusal(status, reason) {
            const text = {reason: reason ?? 'InternalServerError'};
            if (status === 410)
                text.timestamp = Date.now();
            return JSON.stringify(text);
        },
    };
});
