// What people are told: what happened, and what to do.

const TROUBLES = {
    'not-a-link': () =>
        'This is no link of a share, or a part of it is missing. Copy the ' +
        'whole link, to its last letter, and paste it again.',
    'not-allowed': ({relay}) =>
        `This link leads to ${relay}, which this wallet does not know. ` +
        'Nothing was sent there. Ask who sent the link whether it is right.',
    'unreachable': ({relay}) =>
        `${relay} could not be reached. Look whether you are online, and ` +
        'try again.',
    'blocked': ({relay, origin}) =>
        `${relay} is there, but does not let this page read what it says, ` +
        'so nothing was received and nothing is lost. Whoever runs it can ' +
        `allow this page with the line: tigress_cors_origin ${origin};`,
    'busy': ({seconds}) =>
        `The relay has too much to do. Try again in ${seconds} seconds.`,
    'taken': () =>
        'Another device has already accepted this. If that was not one of ' +
        'yours, tell the person who sent it to you at once.',
    'gone': () =>
        'This is no longer there: it was used, called off, or is over. Ask ' +
        'who sent it for a new one.',
    'not-permitted': () =>
        'Who sent this has not allowed it. Ask for a new link.',
    'does-not-open': () =>
        'This does not open with the last part of the link, behind the #. ' +
        'It was given back, so it is not lost: copy the whole link, and ' +
        'paste it again.',
    'cipher-unknown': () =>
        'This is locked in a way that this wallet does not know. It was ' +
        'given back: open the link with another wallet.',
    'not-a-message': () =>
        'What is in this cannot be read. It was given back. Tell the person ' +
        'who sent it to you.',
    'out-of-order': () =>
        'What is in this does not come from who should have sent it, or not ' +
        'now. It was not accepted. Tell the person who sent it to you.',
    'format-unknown': () =>
        'This is of a kind that this wallet does not know. It was given ' +
        'back: open the link with another wallet.',
    'no-news': () => 'The other side has not written anything new.',
    'changed': () =>
        'The other side has written in the meantime, and your answer was ' +
        'not sent. Look for what is new first.',
    'not-json': () => 'An answer has to be a JSON object.',
    'not-understood': ({status}) =>
        `The relay said something that makes no sense here (${status}). ` +
        'Try again later.',
};

/** A sentence for any error. */
export function tellTrouble(error) {
    const tell = TROUBLES[error.name];
    return tell ? tell(error.facts)
        : 'Something went wrong in this page. Load it again: what it has ' +
          'received is kept.';
}

const VERBS = {
    remove: 'The relay does not know yet that it is done.',
    relinquish: 'The relay does not know yet that you give it back.',
    update: 'Your answer is not sent yet.',
};
const STATES = {
    reading: 'Not received yet.',
    open: 'Received. It is yours to answer, to finish or to give back.',
    kept: 'Received and kept on this device. Nobody else can use the link.',
    ended: 'Called off, or over before it was finished: you have not got it. ' +
        'Ask who sent it for a new one.',
    over: 'Over. Whether you finished it or it was called off before cannot ' +
        'be told any more: ask who sent it whether it is yours.',
};

/** Where a share stands. */
export function tellState({state, pending}) {
    return pending ? `${VERBS[pending.verb]} Load this page again to go on.`
                   : STATES[state];
}
