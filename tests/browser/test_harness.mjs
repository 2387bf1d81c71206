// That the harness notices what the other tests say does not happen.
import {check, createMailbox, equal, openBrowser, record, run, serve,
        startRelay} from './harness.mjs';

const relay = await startRelay();
const pictures = await serve(relay, (_, answer) => answer.end());
const recorder = await record(relay);
recorder.connect(relay);
const browser = await openBrowser({
    trust: [relay], hosts: {'images.example': pictures.port}});
const share = await createMailbox(relay);

/** What is said once all that was begun in the page has come to its end. */
async function saidAfter(inside, url = share.url) {
    const visit = await browser.visit(url);
    await visit.page.evaluate(inside);
    await visit.page.evaluate(() => new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
    }));
    await visit.close();
    return visit;
}

async function a_page_of_a_relay_is_shown_and_nothing_is_said() {
    const visit = await browser.visit(share.url);
    equal(visit.answer.status(), 200, 'status');
    equal(visit.requests, [share.url.split('#')[0],
                           `${relay.url}/v1/picture/general.png`], 'requests');
    equal(visit.said, [], 'said');
    await visit.close();
}

async function a_script_that_runs_is_noticed() {
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
        const {said} = await saidAfter(`${name}()`);
        equal(said, [`trip: ${name}()`], 'said');
    }
}

async function a_script_that_the_policy_stops_is_noticed() {
    const {said} = await saidAfter(() => {
        const script = document.createElement('script');
        script.textContent = 'alert()';
        document.head.append(script);
    });
    check(said.includes('trip: script-src-elem forbids inline'), 'no trip');
    check(said.some((word) => word.startsWith('console: ')), 'no word');
}

async function an_image_that_the_policy_stops_is_noticed() {
    const {said} = await saidAfter(() => new Promise((done) => {
        const image = new Image();
        image.onerror = done;
        image.src = 'https://images.example/a.png';
    }));
    check(said.includes('trip: img-src forbids https://images.example/a.png'),
          said.join());
    equal(pictures.requests, [], 'requests');
}

async function a_request_to_anybody_else_is_noticed_and_arrives_nowhere() {
    const visit = await browser.visit(share.url);
    for (const url of ['https://images.example/b.png', 'https://a.example/',
                       'https://localhost/']) {
        const answer = await visit.page.goto(url).catch(() => null);
        equal(answer?.status() ?? null,
              url.includes('images') ? 200 : null, url);
        check(visit.requests.includes(url), `${url} was not noticed`);
    }
    check(pictures.requests.some(({url}) => url === '/b.png'), 'not asked');
    await visit.close();
}

async function a_certificate_that_is_not_trusted_is_refused() {
    const other = await startRelay();
    const visit = await browser.visit(share.url);
    const failure = await visit.page.goto(`${other.url}/`).catch(String);
    check(String(failure).includes('ERR_CERT'), failure);
    await visit.close();
}

async function a_recorder_has_all_that_a_browser_sends() {
    const visit = await browser.visit(
        share.url.replace(relay.url, `https://${recorder.host}`),
        {locale: 'de-CH'});
    equal(visit.answer.status(), 200, 'status');
    await visit.close();
    const sent = recorder.sent().toString('latin1');
    for (const words of [`GET ${share.path}?v=a HTTP/1.1\r\n`,
                         `Host: ${recorder.host}\r\n`,
                         'Accept-Language: de-CH'])
        check(sent.includes(words), `${words} is not recorded`);
    check(recorder.received().includes('HTTP/1.1 200 OK'), 'no answer');
}

await run([
    a_page_of_a_relay_is_shown_and_nothing_is_said,
    a_script_that_runs_is_noticed,
    a_script_that_the_policy_stops_is_noticed,
    an_image_that_the_policy_stops_is_noticed,
    a_request_to_anybody_else_is_noticed_and_arrives_nowhere,
    a_certificate_that_is_not_trusted_is_refused,
    a_recorder_has_all_that_a_browser_sends,
]);
