// A push as the npm package web-push makes it, for the tests of webpush_peer.
//
//     TIGRESS_BUILD=… node webpush_send.mjs < REQUEST
//
// REQUEST is JSON: {"endpoint", "ca" (a file), "publicKey", "privateKey",
// "subject", "TTL", "urgency", "topic", "payload"}. Prints the status.
import {readFileSync} from 'node:fs';
import {Agent} from 'node:https';
import {createRequire} from 'node:module';
import * as path from 'node:path';

const modules = createRequire(path.resolve(
    process.env.TIGRESS_BUILD ?? '.', 'tests/push/node/package.json'));
const webpush = modules('web-push');

const {endpoint, keys, ca, publicKey, privateKey, subject, payload,
       ...options} = JSON.parse(readFileSync(0, 'utf8'));
options.vapidDetails = {subject, publicKey, privateKey};
options.agent = new Agent({ca: readFileSync(ca)});
try {
    const answer = await webpush.sendNotification({endpoint, keys}, payload,
                                                  options);
    console.log(answer.statusCode);
} catch (error) {
    console.log(error.statusCode ?? error.message);
}
