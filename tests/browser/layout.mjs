// What a person would see is wrong with a page: looked for by the browser's
// own geometry, and by pictures.

export const PHONE = {width: 390, height: 844};
export const NARROW = {width: 320, height: 640};
export const DESKTOP = {width: 1280, height: 800};

/** In the page: what is wider than it may be, as sentences. */
function findTrouble() {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth)
        found.push(`it scrolls sideways: ${root.scrollWidth} px of ` +
                   `${root.clientWidth}`);
    const card = document.querySelector('main').getBoundingClientRect();
    const walker = document.createTreeWalker(document.body,
                                             NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const {left, right, width} of range.getClientRects())
            if (width > 0 && (left < card.left - 1 || right > card.right + 1))
                found.push(`<${text.parentElement.localName}> has text from ` +
                           `${left} to ${right}, the card is from ` +
                           `${card.left} to ${card.right}`);
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

/** In the page: where an element is, in whole pixels outward; null: none. */
function boxOf(selector) {
    const element = document.querySelector(selector);
    if (!element)
        return null;
    const box = element.getBoundingClientRect();
    const root = document.documentElement;
    return {left: Math.floor(box.left), right: Math.ceil(box.right),
            top: Math.floor(box.top + scrollY),
            bottom: Math.ceil(box.bottom + scrollY),
            width: root.clientWidth, height: root.scrollHeight};
}

/**
 * Whether the ink of an element stays in its box: hidden or not, all around
 * it looks the same. Returns the sides where it does not.
 */
export async function inkOutside(page, selector) {
    const box = await page.evaluate(boxOf, selector);
    const sides = {
        above: {x: 0, y: 0, width: box.width, height: box.top},
        below: {x: 0, y: box.bottom, width: box.width,
                height: box.height - box.bottom},
        before: {x: 0, y: box.top, width: box.left,
                 height: box.bottom - box.top},
        behind: {x: box.right, y: box.top, width: box.width - box.right,
                 height: box.bottom - box.top},
    };
    const look = async () => {
        const found = {};
        for (const [side, clip] of Object.entries(sides))
            found[side] = clip.width > 0 && clip.height > 0
                ? await picture(page, {clip}) : Buffer.alloc(0);
        return found;
    };
    const shown = await look();
    await page.evaluate((name) => {
        document.querySelector(name).style.visibility = 'hidden';
    }, selector);
    const hidden = await look();
    await page.evaluate((name) => {
        document.querySelector(name).style.visibility = '';
    }, selector);
    return Object.keys(sides).filter(
        (side) => !shown[side].equals(hidden[side]));
}
