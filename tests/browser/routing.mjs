// How the systems of phones read the files that lead from a link to an app,
// as their makers document it. There is no program of theirs for it that
// could run here.
//   Apple: "Supporting associated domains" and the documentation of
//          applinks, details, components (appIDs, "/", "?", "#", exclude)
//   Google: "Digital Asset Links", statement lists and the android_app target
import {npm} from './harness.mjs';

const {Ajv} = npm('ajv');
const ajv = new Ajv({allErrors: true, allowUnionTypes: true});

/** The sentences of what is wrong. */
function judge(schema) {
    const validate = ajv.compile(schema);
    return (value) => validate(value) ? [] : validate.errors.map(
        ({instancePath, message}) => `${instancePath} ${message}`);
}

const list = (items) => ({type: 'array', minItems: 1, items});
const record = (required, properties) => ({
    type: 'object', required, properties, additionalProperties: false});
const text = (pattern) => ({type: 'string', pattern});

/** What is wrong with an apple-app-site-association for links, in its form
 * since iOS 13. */
export const isApplinks = judge(record(['applinks'], {
    applinks: record(['details'], {
        details: list(record(['appIDs', 'components'], {
            appIDs: list(text('^[A-Z0-9]{10}\\.[A-Za-z0-9.-]+$')),
            components: list({
                ...record(['/'], {
                    '/': text('^[/*]'), '?': {type: ['string', 'object']},
                    '#': {type: 'string'}, exclude: {type: 'boolean'},
                    comment: {type: 'string'},
                    caseSensitive: {type: 'boolean'},
                    percentEncoded: {type: 'boolean'},
                }), minProperties: 1}),
        })),
    }),
}));

/** What is wrong with a statement list that hands links to Android apps. */
export const isStatements = judge(list(record(['relation', 'target'], {
    relation: {type: 'array', minItems: 1, items: {
        const: 'delegate_permission/common.handle_all_urls'}},
    target: record(
        ['namespace', 'package_name', 'sha256_cert_fingerprints'], {
            namespace: {const: 'android_app'},
            package_name: text('^[A-Za-z]\\w*(\\.[A-Za-z]\\w*)+$'),
            sha256_cert_fingerprints: list(
                text('^[0-9A-F]{2}(:[0-9A-F]{2}){31}$')),
        }),
})));

/** Apple's patterns: * is any run of characters, ? is one. */
function matchesPattern(pattern, value) {
    const source = [...pattern].map((c) => c === '*' ? '.*' : c === '?' ? '.' :
                                    c.replace(/[^\w]/, '\\$&')).join('');
    return new RegExp(`^${source}$`, 's').test(value);
}

/** Whether a phone opens the app for this URL: the first that fits decides.
 * What a component does not name may be anything. */
export function matches(components, url) {
    const {pathname, search, hash} = new URL(url);
    const parts = {'/': pathname, '?': search.slice(1), '#': hash.slice(1)};
    const found = components.find((component) => Object.keys(parts).every(
        (part) => !(part in component) ||
                  matchesPattern(component[part], parts[part])));
    return found !== undefined && !found.exclude;
}
