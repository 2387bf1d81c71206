/* The style of the pages: a card in the middle, light or dark as the reader
 * has it. The policy header names it by its hash; a test computes the hash
 * again, so that neither changes without the other. Only page.c includes it.
 *
 * What somebody wrote (it has a dir) is cut off at its box: a stack of accents
 * would lie over our own words. The box is a little wider than the letters,
 * since some lean out of their place. What is around the text does not grow
 * with large letters on a small phone, where they need the room. */
#ifndef WIRE_PAGE_STYLE_H
#define WIRE_PAGE_STYLE_H

#define PAGE_STYLE                                                           \
    ":root{color-scheme:light dark;--back:#f3f2ef;--card:#fff;"              \
    "--ink:#1d1d1f;--soft:#5c5c63;--line:#dedcd7}"                           \
    "@media(prefers-color-scheme:dark){:root{--back:#161618;--card:#222226;" \
    "--ink:#f1f0ee;--soft:#a9a8ae;--line:#3a3a40}}"                          \
    "*{box-sizing:border-box}"                                               \
    "body{margin:0;min-height:100vh;display:flex;align-items:center;"        \
    "justify-content:center;padding:min(1.5rem,4vw);background:var(--back);" \
    "color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif}"             \
    "main{width:100%;max-width:27rem;background:var(--card);"                \
    "border:1px solid var(--line);border-radius:1rem;overflow:hidden}"       \
    "img{display:block;width:100%;max-height:15rem;object-fit:cover}"        \
    ".text{padding:min(1.5rem,5vw);overflow-wrap:anywhere}"                  \
    ".kind{margin:0 0 .25rem;font-size:.9375rem;color:var(--soft)}"          \
    "p,ol{margin:0 0 1rem}"                                                  \
    "h1{margin:0 0 .3em;font-size:min(1.5rem,1rem + 3vw);line-height:1.3}"   \
    "[dir]{overflow:hidden;padding:.1em .2em;margin:-.1em -.2em .9em}"       \
    "h1[dir]{margin-bottom:.2em}"                                            \
    "ol{padding-inline-start:1.25rem}"                                       \
    "li{margin:0 0 .25rem}"                                                  \
    "a{color:inherit}"                                                       \
    ".until{padding-bottom:1rem;border-bottom:1px solid var(--line);"        \
    "color:var(--soft)}"                                                     \
    "h2{margin:0 0 .25rem;font-size:1.0625rem}"                              \
    ".small{margin:0;font-size:.9375rem;color:var(--soft)}"

/* base64 of its SHA-256 */
#define PAGE_STYLE_HASH "U2fiFP0ldL0anbnvnJ46e/9HDaEUBS/H5BvH4pIs9+o="

#endif
