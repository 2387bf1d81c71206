// The page: shows what the wallet has, and does what the person asks for. All
// that comes from outside becomes text, never markup.
import {isObject, parseJson} from './strict_json.js';
import {Store} from './store.js';
import {Trouble} from './trouble.js';
import {Wallet} from './wallet.js';
import {tellState, tellTrouble} from './words.js';

const form = document.querySelector('form');
const list = document.querySelector('#shares');
const status = document.querySelector('[role=status]');

/** The allow-list; the page's policy says the same to the browser. */
function trustedRelays() {
    return document.querySelector('meta[name=relays]').content.split(' ');
}

/** The link in our own fragment, which is then in no history any more. */
function takeFragment() {
    const text = location.hash.slice(1);
    history.replaceState(null, '', location.pathname);
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes))
        made.setAttribute(key, value);
    return made;
}

function button(text, work) {
    const made = element('button', text, {type: 'button'});
    made.addEventListener('click', () => attempt(work));
    return made;
}

/** The content to be sent: what stands in the field, if it is an object. */
function contentOf(field) {
    const content = parseJson(new TextEncoder().encode(field.value));
    if (!isObject(content))
        throw new Trouble('not-json');
    return content;
}

function controls(share) {
    const field = element('textarea', '{}', {'aria-label': 'Answer (JSON)'});
    return [
        button('Look for news', () => wallet.look(share.id)),
        field,
        button('Answer', () => wallet.answer(share.id, contentOf(field))),
        button('Finish', () => wallet.finish(share.id)),
        button('Give back', () => wallet.giveBack(share.id)),
    ];
}

function show(share) {
    const made = element('article', '', {'data-state': share.state});
    made.append(element('h2', share.display?.title ?? 'A share', {dir: 'auto'}),
                element('p', tellState(share)));
    if (share.message)
        made.append(element('p', share.message.format),
                    element('pre', JSON.stringify(share.message.content, null,
                                                  2), {tabindex: '0'}));
    if (share.state === 'open' && !share.pending)
        made.append(...controls(share));
    return made;
}

async function showAll() {
    list.replaceChildren(...(await wallet.shares()).map(show));
}

/** Do something, and tell how it went. */
async function attempt(work) {
    document.body.setAttribute('aria-busy', 'true');
    status.textContent = 'One moment …';
    let words;
    try {
        const share = await work();
        words = share === null ? 'Given back.' : share ? tellState(share) : '';
    } catch (error) {
        words = tellTrouble(error);
    }
    await showAll();
    status.textContent = words;
    document.body.removeAttribute('aria-busy');
}

/** What was interrupted when the page was closed, then a link it came with. */
async function begin() {
    const link = takeFragment();
    let last;
    for (const {id, state, pending} of await wallet.shares())
        if (pending || state === 'reading')
            last = await wallet.resume(id);
    return link ? wallet.receive(link) : last;
}

form.addEventListener('submit', (event) => {
    event.preventDefault();
    const link = form.elements.link.value;
    form.reset();
    attempt(() => wallet.receive(link));
});
addEventListener('hashchange', () => {
    const link = takeFragment();
    if (link)
        attempt(() => wallet.receive(link));
});

const wallet = new Wallet(await Store.open(), trustedRelays());
await attempt(begin);
