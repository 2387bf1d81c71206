"""Whether all answers that clients got can be true at once.

A history is a list of calls, each with the time before its first byte was
sent and the time after its last was received, by one clock: a call that ended
before another began was before it; others may have been in either order. Of
a call whose answer is missing, or 503, nothing is known: it was done once,
later perhaps, or never. Retries are calls of their own that share a request.

    problems(calls)     sentences on what cannot be; none: all is well
    figures(calls)      how many there were, and what became of them

Rules are those of docs/protocol.md: R-READ-2, R-DEL-1, R-IDEM, D4.
"""
import collections
import dataclasses
import math

DONE = (200, 201)
REFUSED = (401, 404)


@dataclasses.dataclass(eq=False)
class Call:
    """One request, and its answer if there was one."""
    kind: str               # create, read, update, delete, relinquish
    mailbox: int            # the clients' own number of it
    claim: str
    request: str            # shared by retries
    text: str | None        # the payload that was sent
    begun: float
    ended: float = math.inf
    status: int | None = None
    version: int | None = None
    seen: str | None = None     # the payload that was answered
    url: str | None = None      # what a create answered
    place: str = ''             # through which relay

    @property
    def may_be_done(self):
        """It was acknowledged, or nothing is known of it."""
        return self.status not in REFUSED

    @property
    def is_unknown(self):
        return self.status not in DONE + REFUSED

    @property
    def is_done(self):
        return self.status in DONE

    def before(self, other):
        """Surely, not perhaps."""
        return self.ended <= other.begun

    def could_precede(self, other):
        return self.begun < other.ended

    def __str__(self):
        answer = 'nothing known' if self.is_unknown else str(self.status)
        parts = [f'{self.begun:.3f}–{self.ended:.3f}', self.place, self.kind,
                 f'claim {self.claim[:6]}', f'request {self.request[:6]}',
                 answer]
        if self.version is not None:
            parts.append(f'version {self.version}')
        if self.text or self.seen:
            parts.append(f'“{self.text or self.seen}”')
        return ' '.join(parts)


def _by(calls, key):
    groups = collections.defaultdict(list)
    for call in calls:
        groups[key(call)].append(call)
    return groups


def _of(calls, *kinds):
    return [call for call in calls if call.kind in kinds]


def _initiator(calls):
    creates = _of(calls, 'create')
    return creates[0].claim if creates else None


# ---- what cannot be ------------------------------------------------------

def _let_go(calls, held, later):
    """Whether who held the mailbox may have relinquished it before `later`
    was over, and not already before `held` began."""
    return any(call.claim == held.claim and call.may_be_done and
               call.could_precede(later) and
               (call.is_unknown or call.ended > held.begun)
               for call in _of(calls, 'relinquish'))


def one_recipient(calls):
    """Never two, but with a relinquish in between."""
    initiator = _initiator(calls)
    held = [call for call in _of(calls, 'read', 'update', 'delete')
            if call.is_done and call.claim != initiator]
    held.sort(key=lambda call: call.ended)
    for i, one in enumerate(held):
        for other in held[i + 1:]:
            if one.claim == other.claim or _let_go(calls, one, other):
                continue
            if one.before(other) or not _let_go(calls, other, one):
                yield f'two recipients: {one} | {other}'


def no_right_is_lost(calls):
    """Who was let in is let in, until the own relinquish."""
    initiator = _initiator(calls)
    for refused in calls:
        if refused.status != 401:
            continue
        if refused.claim == initiator:
            yield f'its initiator is refused: {refused}'
            continue
        for held in _of(calls, 'read', 'update'):
            if (held.claim == refused.claim and held.is_done and
                    held.before(refused) and
                    not _let_go(calls, held, refused)):
                yield f'a recipient is forgotten: {held} | {refused}'
                break


def refusals_have_a_reason(calls):
    """Who is refused a first read must have somebody before. Somebody whose
    call is unknown is none if refused afterwards."""
    reads = [call for call in _of(calls, 'read', 'update')
             if call.claim != _initiator(calls)]
    rejected = {call.claim for call in reads if call.status == 401}
    winners = [call for call in reads if call.is_done or
               (call.is_unknown and call.claim not in rejected)]
    if any(call.may_be_done for call in _of(calls, 'relinquish')):
        return
    for refused in reads:
        if refused.status == 401 and not any(
                call.could_precede(refused) and call.claim != refused.claim
                for call in winners):
            yield f'nobody was first, and yet: {refused}'


def what_is_gone_had_an_end(calls):
    """404 only after a delete; that is, nothing acknowledged is lost."""
    ends = [call for call in _of(calls, 'delete') if call.may_be_done]
    for call in calls:
        if call.status == 404 and not any(
                end.could_precede(call) for end in ends):
            yield f'it is gone, and nobody deleted it: {call}'


def what_is_gone_stays_so(calls):
    """After an acknowledged delete there is nothing to be had. A create may
    be retried all the same (D4)."""
    deletes = [call for call in _of(calls, 'delete') if call.status == 200]
    if len(deletes) > 1:
        yield f'deleted twice: {deletes[0]} | {deletes[1]}'
    for end in deletes:
        for call in calls:
            if (end.before(call) and call.kind != 'create' and
                    call.status in (*DONE, 401)):
                yield f'it lives after its end: {end} | {call}'


def _facts(calls):
    """What answers say of a version and its text."""
    for call in calls:
        if call.kind == 'create' and call.is_done:
            yield 1, call.text, call
        elif call.kind == 'update' and call.is_done:
            yield call.version, call.text, call
        elif call.kind == 'read' and call.status == 200:
            yield call.version, call.seen, call


def a_version_has_one_text(calls):
    """And a text one version: each was sent by one request, done once."""
    texts, versions = {}, {}
    for version, text, call in _facts(calls):
        text0, call0 = texts.setdefault(version, (text, call))
        if text0 != text:
            yield f'two texts of one version: {call0} | {call}'
        version0, call0 = versions.setdefault(text, (version, call))
        if version0 != version:
            yield f'one text, done twice: {call0} | {call}'


def what_is_read_was_written(calls):
    """By somebody who had begun, and was not refused."""
    writes = _by(_of(calls, 'create', 'update'), lambda call: call.text)
    for call in _of(calls, 'read'):
        if call.status == 200 and not any(
                write.could_precede(call) and write.may_be_done
                for write in writes.get(call.seen, ())):
            yield f'nobody wrote that: {call}'


def nothing_is_stale(calls):
    """Versions never go back, and an update goes forward. A retried update
    tells the version that it made, not the present one."""
    facts = [(version, call) for version, _, call in _facts(calls)]
    for version, call in facts:
        if call.status == 201 or call.kind == 'create':
            continue
        for before, earlier in facts:
            if earlier.before(call) and (
                    before > version or
                    (before == version and call.kind == 'update')):
                yield f'an old version: {earlier} | {call}'
                break


def versions_count_updates(calls):
    """No fewer than were acknowledged before, no more than were tried."""
    requests = _by(_of(calls, 'update'), lambda call: call.request).values()
    for version, _, call in _facts(calls):
        if call.kind != 'read':
            continue
        least = 1 + sum(any(one.is_done and one.before(call)
                            for one in tries) for tries in requests)
        most = 1 + sum(any(one.may_be_done and one.could_precede(call)
                           for one in tries) for tries in requests)
        if not least <= version <= most:
            yield f'it must be version {least} to {most}, and yet: {call}'


def a_request_is_done_once(calls):
    """Its first answer is 200 at most once; 201 is for what was done."""
    for tries in _by(calls, lambda call: (call.kind, call.request)).values():
        if tries[0].kind == 'read':
            continue
        first = [call for call in tries if call.status == 200]
        if len(first) > 1:
            yield f'done twice: {first[0]} | {first[1]}'
        for retry in tries:
            if retry.status == 201 and not any(
                    call is not retry and call.may_be_done and
                    call.could_precede(retry) for call in tries):
                yield f'a retry of nothing: {retry}'
            if retry.status == 200 and any(
                    call.is_done and call.before(retry) for call in tries):
                yield f'a retry that is none: {retry}'


def a_create_has_one_address(calls):
    urls = {call.url for call in _of(calls, 'create') if call.is_done}
    if len(urls) > 1:
        yield f'{len(urls)} mailboxes for one create: ' + ' | '.join(
            str(call) for call in _of(calls, 'create'))


RULES = (one_recipient, no_right_is_lost, refusals_have_a_reason,
         what_is_gone_had_an_end, what_is_gone_stays_so,
         a_version_has_one_text, what_is_read_was_written, nothing_is_stale,
         versions_count_updates, a_request_is_done_once,
         a_create_has_one_address)


def problems(calls):
    """Sentences, each with the mailbox and the calls that disagree."""
    found = []
    for mailbox, its in _by(calls, lambda call: call.mailbox).items():
        its.sort(key=lambda call: call.begun)
        for call in its:
            if call.status is not None and call.status not in (
                    *DONE, *REFUSED, 503):
                found.append(f'mailbox {mailbox}: an odd answer: {call}')
        for rule in RULES:
            found += [f'mailbox {mailbox}: {text}' for text in rule(its)]
    return found


def figures(calls):
    """(calls, acknowledged, refused, unknown)"""
    return (len(calls), sum(call.is_done for call in calls),
            sum(call.status in REFUSED for call in calls),
            sum(call.is_unknown for call in calls))
