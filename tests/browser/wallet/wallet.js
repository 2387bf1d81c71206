// What a recipient does, step by step. Each step is stored before it is told to
// the relay, with the request id that a retry has to carry, so that this page
// may be closed anywhere and goes on afterwards.
//
// A share, as stored:
//   id, relay, mailbox, claim   where it is, and who we are there
//   cipher    {type, key}; null when nothing is to be opened any more
//   state     reading: nothing was read yet; open: there is a message, and the
//             mailbox is ours; kept: it is done with, there is a message and
//             no mailbox; ended: called off or over before it was done; over:
//             one of these two, and nobody can tell which
//   message   {format, content}; null when reading or ended
//   order     envelope.js
//   display, expiration, etag   as the relay said last
//   pending   {verb, requestId, …} what the relay is to be told; or null
import {accept, NO_ORDER, write} from './envelope.js';
import {openPayload, sealPayload, takeSecret} from './payload.js';
import * as calls from './relay.js';
import {parseShareUrl} from './share_url.js';
import {Trouble} from './trouble.js';

// A token is all there is to say: it is kept, and the mailbox deleted (§12).
// The other format goes back and forth, for which the person is asked.
const ONE_MESSAGE = 'digitalwallet.generic.authorizationToken';
const KNOWN = [ONE_MESSAGE, 'digitalwallet.carkey.ccc'];

// The mailbox is not ours, or no more.
const LOST = ['taken', 'gone', 'not-permitted'];

// A first message that is of no use here: the mailbox is given back, for
// another device or the right link.
const USELESS = ['cipher-unknown', 'does-not-open', 'not-a-message',
                 'out-of-order', 'format-unknown'];

export class Wallet {
    #store;
    #relays;

    /** @param {string[]} relays  "host[:port]" of those that are trusted */
    constructor(store, relays) {
        this.#store = store;
        this.#relays = relays;
    }

    shares() {
        return this.#store.all();
    }

    /** Receive what a share URL offers, or go on with it: the share. */
    receive(link) {
        return alone(async () => {
            const {relay, mailbox, secret} = parseShareUrl(link.trim());
            if (!this.#relays.includes(relay))
                throw new Trouble('not-allowed', {relay});
            const cipher = await takeSecret(secret);
            const id = `${relay}/v1/m/${mailbox}`;
            let known = await this.#store.get(id);
            if (known?.pending)
                known = await this.#tell(known);
            if (known && known.state !== 'reading')
                return known;
            return this.#read(await this.#store.put({
                id, relay, mailbox, claim: known?.claim ?? calls.drawUuid(),
                cipher, state: 'reading', message: null, order: NO_ORDER,
                pending: null}));
        });
    }

    /** Complete what was interrupted. */
    resume(id) {
        return this.#with(id, (share) => this.#goOn(share));
    }

    /** Whether the other side has written: Trouble `no-news` if not. */
    look(id) {
        return this.#with(id, (share) => this.#read(share));
    }

    /** Write to the other side, in the format that it has used. */
    answer(id, content) {
        return this.#with(id, async (share) => {
            const {bytes, order} = await write(
                share.order, share.message.format, content);
            const payload = await sealPayload(share.cipher, bytes);
            return this.#plan(share, {verb: 'update', payload, order,
                                      etag: share.etag});
        });
    }

    /** It is done with: the message stays, the mailbox goes. */
    finish(id) {
        return this.#with(id, (share) => this.#plan(share,
                                                    {verb: 'remove'}));
    }

    /** Not for this device: another one may have it. */
    giveBack(id) {
        return this.#with(id, (share) => this.#plan(share,
                                                    {verb: 'relinquish'}));
    }

    #with(id, work) {
        return alone(async () => {
            const share = await this.#store.get(id);
            if (!share)
                throw new Trouble('gone');
            return share.pending ? this.#goOn(share) : work(share);
        });
    }

    async #goOn(share) {
        if (share.pending)
            return this.#tell(share);
        return share.state === 'reading' ? this.#read(share) : share;
    }

    // ---- reading --------------------------------------------------------

    async #read(share) {
        const isFirst = share.state === 'reading';
        let answer;
        try {
            answer = await calls.read(share, {unlessEtag: share.etag});
        } catch (trouble) {
            if (LOST.includes(trouble.name))
                await (isFirst ? this.#store.remove(share.id)
                               : this.#store.put(asEnded(share)));
            throw trouble;
        }
        try {
            return await this.#take(share, answer);
        } catch (trouble) {
            if (isFirst && USELESS.includes(trouble.name))
                await this.#plan(share, {verb: 'relinquish'});
            throw trouble;
        }
    }

    /** Open and judge what was read, and keep it. */
    async #take(share, {payload, display, expiration, etag}) {
        const bytes = await openPayload(share.cipher, payload);
        const {message, order} = await accept(share.order, bytes);
        if (!KNOWN.includes(message.format))
            throw new Trouble('format-unknown', {format: message.format});
        const taken = {...share, state: 'open', message, order, display,
                       expiration, etag};
        if (message.format === ONE_MESSAGE)
            return this.#plan(taken, {verb: 'remove'});
        return this.#store.put(taken);
    }

    // ---- telling the relay ----------------------------------------------

    /** Store what is to be done, together with what it is about; do it. */
    async #plan(share, pending) {
        return this.#tell(await this.#store.put(
            {...share, pending: {...pending, requestId: calls.drawUuid()}}),
                          {isFirst: true});
    }

    async #tell(share, {isFirst = false} = {}) {
        const {pending} = share;
        let answer = null;
        try {
            answer = await calls[pending.verb](share, pending);
        } catch (trouble) {
            if (pending.verb === 'update')
                await this.#unsent(share, trouble);
            if (pending.verb === 'update' || !LOST.includes(trouble.name))
                throw trouble;
            if (wasCalledOff(share, trouble))
                return this.#lose(share, isFirst ? trouble : null);
        }
        return this.#settle(share, answer);
    }

    /** An update that can never be done was never written. */
    async #unsent(share, trouble) {
        if (trouble.name === 'changed' || trouble.name === 'not-permitted')
            await this.#store.put({...share, pending: null});
        else if (LOST.includes(trouble.name))
            await this.#store.put(asEnded(share));
    }

    /** The mailbox is gone before it was done with; or it may be so, where an
     *  earlier answer was lost: then there is no trouble to tell. */
    async #lose(share, trouble) {
        if (!trouble)
            return this.#store.put({...asKept(share), state: 'over'});
        await this.#store.put(asEnded(share));
        throw trouble;
    }

    async #settle(share, answer) {
        const {verb, order} = share.pending;
        if (verb === 'relinquish') {
            await this.#store.remove(share.id);
            return null;
        }
        if (verb === 'update')
            return this.#store.put({...share, pending: null, order,
                                    etag: answer.etag});
        return this.#store.put(asKept(share));
    }
}

function asKept(share) {
    return {...share, state: 'kept', pending: null, cipher: null};
}

/** Whether the other side was quicker than a `remove`. Then a token is received
 *  all the same; of what goes back and forth, nobody knows. */
function wasCalledOff({pending, message}, trouble) {
    return pending.verb === 'remove' && message?.format !== ONE_MESSAGE &&
           trouble.name !== 'not-permitted';
}

/** What was said on the way to nothing is of no use to anybody. */
function asEnded(share) {
    return {...asKept(share), state: 'ended', message: null};
}

/** One step at a time, over all windows of this page. */
function alone(work) {
    return navigator.locks.request('wallet', work);
}
