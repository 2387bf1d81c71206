// What the three peers share: a TLS server that speaks HTTP/2 and HTTP/1.1,
// is told by files what to do, and writes down what it received.
//
//     node PEER.mjs DIRECTORY
//
// In DIRECTORY it finds
//     key.pem, cert.pem  its TLS key and certificate. A wrong certificate is
//                        one that the test puts there
//     peer.json          whom it knows; see each peer
//     behaviour.json     what it does, read anew at each request:
//                            {"TOKEN": RULE, "*": RULE, "connection": "hang"}
//                        "*" is for every token without a rule. "connection"
//                        says what becomes of new connections: "hang" (no TLS)
//                        or "close". Without the file all goes well
// and writes
//     port               where it listens, on 127.0.0.1
//     log                a JSON object a line for each request: peer, token,
//                        connection (counted from 1), http, method, path,
//                        headers (without authorization), credential (a
//                        digest of authorization), body, problems, status
//                        (what was answered; null: nothing)
//
// RULE: {"status": N, "reason": "WORD", "body": "TEXT", "retry_after": N,
//        "redirect": "URL", "hang": true, "close": true, "times": N,
//        "after": "TOKEN"}
//     times    then all goes well again
//     after    answered when another token's request has been answered 200
//     redirect status 307 unless told
//     hang     the request is never answered; others are
//     close    the connection is closed instead of an answer
//
// A request with problems is refused as the service would, whatever the rule:
// what is sent must be right even when the answer will be bad.
//
// It ends when it is told to (SIGTERM), or with the process that started it.
import * as crypto from 'node:crypto';
import {EventEmitter, once} from 'node:events';
import * as fs from 'node:fs';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import * as path from 'node:path';

const BODY_MOST = 64 * 1024;

/** Something that is wrong with a request, and how the service says so. */
export class Problem extends Error {
    constructor(status, reason, text) {
        super(text);
        this.status = status;
        this.reason = reason;
    }
}

/** Refuse unless it holds. */
export function must(condition, status, reason, text) {
    if (!condition)
        throw new Problem(status, reason, text);
}

/** A file of DIRECTORY as JSON; `otherwise` when it is not there. */
function readJson(file, otherwise) {
    try {
        return JSON.parse(fs.readFileSync(file, 'utf8'));
    } catch (error) {
        if (error.code === 'ENOENT')
            return otherwise;
        throw error;
    }
}

/** A compact JWS in its parts. Throws on anything else. */
export function parseJws(text) {
    const parts = text.split('.');
    if (parts.length !== 3 || !parts.every((p) => /^[\w-]+$/.test(p)))
        throw new Error('it is no compact JWS');
    const [header, claims] = parts.slice(0, 2).map(
        (part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    return {header, claims, signed: parts.slice(0, 2).join('.'),
            signature: Buffer.from(parts[2], 'base64url')};
}

/** Whether the signature of such a JWS is by the owner of a public key. */
export function isSigned(jws, key) {
    return crypto.verify('sha256', Buffer.from(jws.signed),
                         {key, dsaEncoding: 'ieee-p1363'}, jws.signature);
}

/** Seconds since 1970. */
export function now() {
    return Date.now() / 1000;
}

/** What the peer was told about: the files of its directory. */
export class Place {
    constructor(directory) {
        this.directory = directory;
        this.known = readJson(this.path('peer.json'), {});
        this.used = new Map();
        this.delivered = new Set();
        this.events = new EventEmitter();
        this.log = fs.openSync(this.path('log'), 'a');
    }

    path(name) {
        return path.join(this.directory, name);
    }

    read(name) {
        return fs.readFileSync(this.path(name));
    }

    publicKey(name) {
        return crypto.createPublicKey(this.read(name));
    }

    behaviour() {
        return readJson(this.path('behaviour.json'), {});
    }

    /** The rule for a token now; counts its uses. */
    rule(token) {
        const all = this.behaviour();
        const name = Object.hasOwn(all, token) ? token : '*';
        const rule = all[name] ?? {};
        if (rule.times === undefined)
            return rule;
        const text = JSON.stringify(rule);
        const before = this.used.get(name);
        const count = before?.text === text ? before.count + 1 : 1;
        this.used.set(name, {text, count});
        return count <= rule.times ? rule : {};
    }

    note(line) {
        fs.writeSync(this.log, JSON.stringify(line) + '\n');
        if (line.status === 200)
            this.delivered.add(line.token);
        this.events.emit('note');
    }

    /** When a request for this token has been answered 200. */
    async untilDelivered(token) {
        while (!this.delivered.has(token))
            await once(this.events, 'note');
    }
}

/** The head of a request for the log: no credential, no pseudo-headers. */
function describe(request, connection) {
    const headers = {...request.headers};
    const authorization = headers.authorization ?? '';
    for (const name of Object.keys(headers))
        if (name.startsWith(':') || name === 'authorization')
            delete headers[name];
    return {
        connection, http: request.httpVersion, method: request.method,
        path: request.url, headers,
        credential: crypto.createHash('sha256').update(authorization)
            .digest('hex').slice(0, 16),
    };
}

/**
 * Do as the rule says. Which status it is (null: none) is told before anything
 * is sent, so that who has got the answer finds it in the log.
 */
function obey(rule, answer, request, response, tell) {
    if (rule.hang || rule.close)
        tell(null);
    if (rule.close)
        (request.stream?.session ?? request.socket).destroy();
    if (rule.hang || rule.close)
        return;
    const headers = {};
    if (rule.retry_after !== undefined)
        headers['retry-after'] = String(rule.retry_after);
    if (rule.redirect !== undefined)
        headers.location = rule.redirect;
    const status = rule.status ??
        (rule.redirect === undefined ? answer.status : 307);
    const body = rule.body ??
        (status === answer.status ? answer.body : undefined) ??
        answer.refusal(status, rule.reason) ?? '';
    tell(status);
    response.writeHead(status, {...headers, ...answer.headers});
    response.end(body);
}

async function bodyOf(request) {
    const parts = [];
    let length = 0;
    for await (const part of request) {
        length += part.length;
        must(length <= BODY_MOST, 413, 'PayloadTooLarge', 'a long body');
        parts.push(part);
    }
    return Buffer.concat(parts).toString();
}

/** Check one request, do as told, write it down. */
async function serve(place, name, service, request, response, connection) {
    const line = {peer: name, token: null, ...describe(request, connection),
                  body: '', problems: [], status: null};
    let rule = {};
    let answer;
    try {
        const body = await bodyOf(request);
        line.body = service.isSecret?.(request) ? '' : body;
        line.token = service.token(request, body);
        answer = await service.check(request, body, place);
        rule = place.rule(line.token);
    } catch (error) {
        if (!(error instanceof Problem))
            console.error(error);
        line.problems.push(error.message);
        answer = {status: error.status ?? 500};
        rule = {reason: error.reason, status: answer.status};
    }
    answer.refusal = service.refusal;
    answer.headers ??= {};
    if (line.problems.length === 0 && service.decide)
        rule = service.decide(rule, request, line, place);
    if (rule.after !== undefined)
        await place.untilDelivered(rule.after);
    obey(rule, answer, request, response,
        (status) => place.note({...line, status}));
}

/** Give each connection its number, and to TLS unless told otherwise. */
function listen(place, server) {
    let count = 0;
    const front = net.createServer((socket) => {
        count += 1;
        socket.on('error', () => {});
        const told = place.behaviour().connection;
        if (told === 'close')
            socket.destroy();
        if (told !== undefined)
            return;
        socket.peerNumber = count;
        numbers.set(`${socket.remotePort}`, count);
        server.emit('connection', socket);
    });
    const numbers = new Map();
    front.listen(0, '127.0.0.1', () => {
        const file = place.path('port');
        fs.writeFileSync(`${file}.new`, String(front.address().port));
        fs.renameSync(`${file}.new`, file);
    });
    return (socket) => numbers.get(`${socket.remotePort}`);
}

/**
 * Run a peer. `service` has
 *   token(request, body)         whom it is for: the name of its rule
 *   check(request, body, place)  {status, body, headers} when all is well;
 *                                throws Problem
 *   refusal(status, reason)      the body of any other answer
 *   isSecret(request)            whether the body is a credential, which is
 *                                not written down; may be absent
 *   decide(rule, request, line, place)  another rule, for what a rule
 *                                alone cannot say; may be absent
 */
export function run(name, makeService) {
    const directory = process.argv[2];
    if (directory === undefined || process.argv.length !== 3) {
        console.error(`usage: node ${name}_peer.mjs DIRECTORY`);
        process.exit(2);
    }
    const place = new Place(directory);
    const service = makeService(place);
    const server = http2.createSecureServer({
        key: place.read('key.pem'), cert: place.read('cert.pem'),
        allowHTTP1: true,
    });
    const numberOf = listen(place, server);
    server.on('request', (request, response) => {
        const socket = request.stream?.session?.socket ?? request.socket;
        const connection = numberOf(socket) ?? 0;
        request.on('error', () => {});
        response.on('error', () => {});
        serve(place, name, service, request, response, connection)
            .catch((error) => console.error(error));
    });
    server.on('sessionError', () => {});
    server.on('tlsClientError', () => {});
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.exit(1), 500);
}
