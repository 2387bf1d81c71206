// Every page in every look: kept as pictures, and held to what a person needs.
import {readFileSync} from 'node:fs';
import * as path from 'node:path';

import {artifacts, check, createMailbox, equal, npm, openBrowser, run,
        startRelay} from './harness.mjs';
import {WITH_STORES, allKinds, beyondStatus} from './kinds.mjs';
import {DESKTOP, NARROW, PHONE, inkLeaves, picture, troubleAt}
    from './layout.mjs';

const AXE = readFileSync(npm.resolve('axe-core/axe.min.js'), 'utf8');
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                   'best-practice'];
const SCHEMES = ['light', 'dark'];

const relay = await startRelay({conf: WITH_STORES});
const browser = await openBrowser({trust: [relay]});
const kinds = await allKinds(relay);
const screenshots = artifacts('screenshots');

/** look(visit, kind) at each, one window for each language. */
async function lookAt(chosen, options, look) {
    const windows = new Map();
    for (const kind of chosen) {
        const {locale, url} = kind;
        if (windows.has(locale))
            await windows.get(locale).go(url);
        else
            windows.set(locale, await browser.visit(url, {locale, ...options}));
        await look(windows.get(locale), kind);
    }
    for (const visit of windows.values())
        await visit.close();
}

const english = kinds.filter(({language}) => language === 'en');

function called(...parts) {
    return path.join(screenshots, `${parts.join('-')}.png`);
}

async function every_page_is_kept_as_a_picture_in_every_look() {
    await lookAt(kinds, {}, async ({page, answer, said}, kind) => {
        equal(answer.status(), kind.status, kind.name);
        equal(await page.getAttribute('html', 'lang'), kind.language, 'lang');
        if (kind.title)
            equal(await page.textContent('h1'), kind.title, 'heading');
        const backs = new Set();
        for (const colorScheme of SCHEMES) {
            await page.emulateMedia({colorScheme});
            backs.add(await page.evaluate(
                () => getComputedStyle(document.body).backgroundColor));
            for (const size of [PHONE, NARROW, DESKTOP]) {
                const name = [kind.name, kind.language, colorScheme,
                              size.width];
                equal(await troubleAt(page, size), [], name.join(' '));
                await picture(page, {path: called(...name)});
            }
        }
        equal(backs.size, 2, 'backgrounds');
        equal(beyondStatus(said), [], 'said');
    });
}

async function axe_finds_nothing_to_complain_about() {
    await lookAt(kinds, {inside: AXE}, async ({page}, kind) => {
        for (const colorScheme of SCHEMES) {
            await page.emulateMedia({colorScheme});
            const {violations, incomplete, passes} = await page.evaluate(
                (values) => globalThis.axe.run(document, {
                    runOnly: {type: 'tag', values}}), STANDARDS);
            const told = [...violations, ...incomplete].map(
                ({id, nodes}) => [id, nodes.map(({html}) => html)]);
            equal(told, [], `${kind.name} ${kind.language} ${colorScheme}`);
            check(passes.some(({id}) => id === 'color-contrast'),
                  'the contrast was not looked at');
        }
    });
}

async function a_title_from_right_to_left_begins_on_the_right() {
    const share = await createMailbox(relay, {
        title: 'مفتاح السيارة الزرقاء', description: 'מפתח לסוף השבוע (2)'},
        {vertical: 'c'});
    for (const colorScheme of SCHEMES) {
        const visit = await browser.visit(share.url, {colorScheme});
        const {page} = visit;
        for (const name of ['h1', 'h1 + p']) {
            const {direction, gap} = await page.evaluate((selector) => {
                const element = document.querySelector(selector);
                const range = document.createRange();
                range.selectNodeContents(element);
                const {direction, paddingRight} = getComputedStyle(element);
                return {direction, gap: element.getBoundingClientRect().right -
                    parseFloat(paddingRight) -
                    range.getBoundingClientRect().right};
            }, name);
            equal(direction, 'rtl', name);
            check(Math.abs(gap) < 2, `${name} ends ${gap} px before its box`);
        }
        for (const size of [NARROW, DESKTOP, PHONE])
            equal(await troubleAt(page, size), [], `${size.width}`);
        check(!await inkLeaves(page, 'h1'), 'ink of h1 leaves it');
        await picture(page, {path: called('right-to-left', colorScheme,
                                          PHONE.width)});
        await visit.close();
    }
}

async function at_200_percent_everything_is_there_and_nothing_scrolls() {
    const half = {width: DESKTOP.width / 2, height: DESKTOP.height / 2};
    const zoom = {viewport: half, deviceScaleFactor: 2};
    await lookAt(english, zoom, async ({page}, {name}) => {
        equal(await troubleAt(page, half), [], `${name} zoomed`);
        await picture(page, {path: called(name, 'zoom-200')});
    });
    await lookAt(english, {}, async ({page}, {name}) => {
        const sizes = await page.evaluate(() => {
            const size = () => parseFloat(
                getComputedStyle(document.querySelector('p')).fontSize);
            const before = size();
            document.documentElement.style.fontSize = '200%';
            return [before, size()];
        });
        equal(sizes[1], 2 * sizes[0], 'font size');
        equal(await troubleAt(page, PHONE), [], `${name} large`);
        await picture(page, {path: called(name, 'text-200')});
    });
}

/** In the page: the words that do not stand on one line, but for a hyphen. */
function brokenWords() {
    const found = [];
    const walker = document.createTreeWalker(document.querySelector('main'),
                                             NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
        for (const {0: word, index} of
            walker.currentNode.data.matchAll(/[^\s-]+/g)) {
            const range = document.createRange();
            range.setStart(walker.currentNode, index);
            range.setEnd(walker.currentNode, index + word.length);
            if (new Set([...range.getClientRects()].map(({top}) => top))
                .size > 1)
                found.push(word);
        }
    return found;
}

async function large_text_on_a_small_phone_breaks_no_word() {
    const small = {width: 360, height: 740};
    const {url} = await createMailbox(relay, {
        title: "Anna's car", description: 'Drive it this weekend'},
        {vertical: 'c'});
    const own = {name: 'annas', language: 'en', locale: 'en-GB', url};
    await lookAt([own, ...kinds], {viewport: small},
                 async ({page}, {name, language}) => {
        await page.evaluate(() => {
            document.documentElement.style.fontSize = '200%';
        });
        equal(await page.evaluate(brokenWords), [], `${name} ${language}`);
        equal(await troubleAt(page, small), [], `${name} ${language}`);
        await picture(page, {path: called(name, language, 'text-200-small')});
    });
}

async function nothing_moves_whether_motion_is_reduced_or_not() {
    await lookAt(english, {}, async ({page}, {name}) => {
        await page.emulateMedia({reducedMotion: 'no-preference'});
        const moving = await page.evaluate(() => [
            ...document.getAnimations().map(String),
            ...[...document.querySelectorAll('*')].filter((element) => {
                const {transitionDuration, animationName, scrollBehavior} =
                    getComputedStyle(element);
                return transitionDuration !== '0s' ||
                    animationName !== 'none' || scrollBehavior !== 'auto';
            }).map(({localName}) => localName)]);
        equal(moving, [], name);
        const shown = await picture(page);
        await page.emulateMedia({reducedMotion: 'reduce'});
        check(shown.equals(await picture(page)), `${name} looks different`);
    });
}

/** In the page: what has not the system's own color. */
function ownColors() {
    const colorOf = (name) => {
        const probe = document.createElement('i');
        probe.style.color = name;
        document.body.append(probe);
        const {color} = getComputedStyle(probe);
        probe.remove();
        return color;
    };
    const [ink, link] = ['CanvasText', 'LinkText'].map(colorOf);
    return [...document.querySelectorAll('h1,h2,p,li,time,a')]
        .filter((element) => getComputedStyle(element).color !==
                (element.localName === 'a' ? link : ink))
        .map(({outerHTML}) => outerHTML);
}

async function with_forced_colors_the_systems_own_are_used() {
    const forced = {forcedColors: 'active'};
    await lookAt(english, forced, async ({page}, {name}) => {
        equal(await page.evaluate(ownColors), [], name);
        equal(await troubleAt(page, PHONE), [], name);
        await picture(page, {path: called(name, 'forced-colors')});
    });
}

async function the_keyboard_reaches_the_links_alone_and_shows_where_it_is() {
    for (const colorScheme of SCHEMES) {
        const visit = await browser.visit(english[0].url, {colorScheme});
        const {page} = visit;
        const links = await page.locator('a').all();
        equal(links.length, WITH_STORES.length, 'links');
        for (const [i, link] of links.entries()) {
            await link.scrollIntoViewIfNeeded();
            const box = await link.boundingBox();
            const clip = {x: box.x - 5, y: box.y - 5,
                          width: box.width + 10, height: box.height + 10};
            const before = await page.screenshot({clip});
            await page.keyboard.press('Tab');
            check(await link.evaluate((a) => a === document.activeElement),
                  `${i + 1} times Tab does not reach the link`);
            const {style, width} = await link.evaluate((a) => ({
                style: getComputedStyle(a).outlineStyle,
                width: parseFloat(getComputedStyle(a).outlineWidth)}));
            check(style !== 'none' && width >= 1, 'there is no outline');
            check(!before.equals(await page.screenshot({clip})),
                  'one cannot see where the keyboard is');
            await picture(page, {path: called('focus', i + 1, colorScheme)});
        }
        await page.keyboard.press('Tab');
        equal(await page.evaluate(() => document.activeElement?.localName),
              'body', 'after the last link');
        await visit.close();
    }
}

async function without_javascript_the_page_is_the_same() {
    const shown = new Map();
    for (const javaScriptEnabled of [true, false])
        await lookAt(english, {javaScriptEnabled}, async ({page}, {name}) => {
            const now = await picture(page);
            check(shown.get(name)?.equals(now) ?? javaScriptEnabled,
                  `${name} looks different`);
            shown.set(name, now);
        });
}

await run([
    every_page_is_kept_as_a_picture_in_every_look,
    axe_finds_nothing_to_complain_about,
    a_title_from_right_to_left_begins_on_the_right,
    at_200_percent_everything_is_there_and_nothing_scrolls,
    large_text_on_a_small_phone_breaks_no_word,
    nothing_moves_whether_motion_is_reduced_or_not,
    with_forced_colors_the_systems_own_are_used,
    the_keyboard_reaches_the_links_alone_and_shows_where_it_is,
    without_javascript_the_page_is_the_same,
]);
