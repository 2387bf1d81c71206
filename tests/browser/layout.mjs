// What a person would see is wrong with a page: looked for by the browser's
// own geometry, and by pictures.

export const PHONE = {width: 390, height: 844};
export const NARROW = {width: 320, height: 640};
export const DESKTOP = {width: 1280, height: 800};

/**
 * In the page: what is wider than it may be, as sentences. One character that
 * is wider than the page, as one with a hundred accents, can only be cut off.
 */
function findTrouble() {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth)
        found.push(`it scrolls sideways: ${root.scrollWidth} px of ` +
                   `${root.clientWidth}`);
    const card = document.querySelector('main').getBoundingClientRect();
    const characters = new Intl.Segmenter('en', {granularity: 'grapheme'});
    const isOutside = (text, start, end, widest) => {
        const range = document.createRange();
        range.setStart(text, start);
        range.setEnd(text, end);
        return [...range.getClientRects()].some(({left, right, width}) =>
            width > 0 && width < widest &&
            (left < card.left - 1 || right > card.right + 1));
    };
    const walker = document.createTreeWalker(document.body,
                                             NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        if (!isOutside(text, 0, text.length, Infinity))
            continue;
        for (const {index, segment} of characters.segment(text.data))
            if (isOutside(text, index, index + segment.length,
                          card.width / 2)) {
                found.push(`<${text.parentElement.localName}> leaves the ` +
                           `card at ${index} with ${segment}`);
                break;
            }
    }
    const blocks = [...document.querySelectorAll('img,p,h1,h2,li')]
        .map((element) => [element, element.getBoundingClientRect()]);
    for (const [i, [element, {bottom}]] of blocks.slice(1).entries())
        if (blocks[i][1].bottom > bottom - 1)
            found.push(`<${element.localName}> is not below what is before`);
    return found;
}

/** What is wrong with the layout of a page at this size. */
export async function troubleAt(page, size) {
    await page.setViewportSize(size);
    return page.evaluate(findTrouble);
}

/** The whole page as a picture, moving nothing and without a caret. */
export function picture(page, options) {
    return page.screenshot({fullPage: true, animations: 'allow', ...options});
}

/**
 * Whether the ink of an element leaves its box: whether the page around that
 * looks the same when the element is hidden.
 */
export async function inkLeaves(page, selector) {
    const element = page.locator(selector);
    const look = (visibility) => element.evaluate(
        (found, value) => { found.style.visibility = value; }, visibility)
        .then(() => picture(page, {mask: [element], type: 'jpeg',
                                   quality: 100}));
    const hidden = await look('hidden');
    return !hidden.equals(await look(''));
}
