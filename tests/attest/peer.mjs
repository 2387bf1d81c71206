// Another verifier of WebAuthn, @simplewebauthn/server, told what to judge by
// lines of JSON:
//
//     {"root": PEM, "statement": the header's value, "challenge": base64url,
//      "origin": …, "rp_id": …}
//
// It answers each with a line: {"verified": true, "format": …} or
// {"verified": false, "reason": …}. Nothing but the given root is trusted.
import {createRequire} from 'node:module';
import * as path from 'node:path';
import * as readline from 'node:readline';

const modules = createRequire(path.resolve(
    process.env.TIGRESS_BUILD, 'tests', 'attest', 'node', 'package.json'));
const {SettingsService, verifyRegistrationResponse} =
    modules('@simplewebauthn/server');
const {decodeAttestationObject, isoBase64URL, parseAuthenticatorData} =
    modules('@simplewebauthn/server/helpers');

const FORMATS = ['android-key', 'apple', 'fido-u2f', 'packed', 'tpm'];

function registration(statement) {
    const {clientDataJSON, attestationObject} =
        JSON.parse(Buffer.from(statement, 'base64url').toString());
    const object = decodeAttestationObject(
        isoBase64URL.toBuffer(attestationObject));
    const id = isoBase64URL.fromBuffer(
        parseAuthenticatorData(object.get('authData')).credentialID);

    return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {clientDataJSON, attestationObject},
    };
}

async function judge({root, statement, challenge, origin, rp_id}) {
    for (const identifier of FORMATS)
        SettingsService.setRootCertificates({identifier,
                                             certificates: [root]});
    const {verified, registrationInfo} = await verifyRegistrationResponse({
        response: registration(statement),
        expectedChallenge: challenge,
        expectedOrigin: origin,
        expectedRPID: rp_id,
        requireUserVerification: false, // R-ATT-2 does not ask for it either
        supportedAlgorithmIDs: [-7, -35, -36, -257, -8, -53],
    });
    return {verified, format: registrationInfo?.fmt,
            reason: verified ? undefined : 'the signature'};
}

for await (const line of readline.createInterface({input: process.stdin})) {
    let verdict;
    try {
        verdict = await judge(JSON.parse(line));
    } catch (error) {
        verdict = {verified: false, reason: String(error.message)};
    }
    console.log(JSON.stringify(verdict));
}
