"""§5 ReadDisplayInformation: the page for people and messengers."""
import time
import urllib.parse

import clock
from client import new_id
from page import Page, policy, style_source
from share import create, make, payload, rights, valid_body
from tap import equal, fail, row, status, test, that

HOSTILE = [
    "<script>alert(1)</script>", "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)", "\" autofocus onfocus=\"alert(1)",
    "<a href=\"https://phish.example/\">tap</a>", "<!-- -->", "-->", "]]>",
    "&lt;b&gt; &amp;amp; &#60;", "<plaintext>", "<base href=//phish.example>",
    "<meta http-equiv=refresh content=0;url=//phish.example>", "`${1}`",
    "{{7*7}}", "%s %n %3C", "\\u003cscript\\u003e", "&", "<", "\"", "'",
]
KNOWN = ("og:title", "og:description", "og:image", "og:type", "og:url")


def _shown(relay, title="Key of the blue car", text="Open and drive",
           image="https://images.example/car.png"):
    share = make(relay, displayInformation={
        "title": title, "description": text, "imageURL": image})
    answer = status(share.preview(), 200)
    return share, answer, Page(answer.text())


# R-PRE-2
@test
def the_preview_is_html_5_in_utf_8(relay):
    _, answer, _ = _shown(relay)
    kind = (answer.header("content-type") or "").lower().replace(" ", "")
    equal(kind, "text/html;charset=utf-8", "Content-Type")
    that(answer.text().lower().startswith("<!doctype html>"), "no doctype")


# R-PRE-2
@test
def the_head_has_the_opengraph_properties(relay):
    share, _, page = _shown(relay)
    want = {"og:title": "Key of the blue car",
            "og:description": "Open and drive",
            "og:image": "https://images.example/car.png",
            "og:type": "website", "og:url": share.url}
    for name in KNOWN:
        with row(name):
            equal(page.properties.get(name), want[name], name)


# R-PRE-2
@test
def og_url_has_neither_query_nor_fragment(relay):
    share = make(relay)
    answer = share.preview(target=share.path + "?v=c&secret=1")
    page = Page(status(answer, 200).text())
    equal(page.properties.get("og:url"), share.url, "og:url")
    that("secret" not in answer.text(), "the query is on the page")


# R-PRE-2
@test
def the_page_tells_a_person_what_is_offered_and_until_when(relay):
    share, _, page = _shown(relay)
    that("Key of the blue car" in page.text, "the title is not shown")
    that("Open and drive" in page.text, "the description is not shown")
    year = share.expiration[:4]
    that(year in page.text, "until when is not shown")
    that(len(page.text.split()) > 15, "what to do next is not shown")
    tags = [tag for tag, _ in page.tags]
    that("title" in tags and "h1" in tags, "no title, no heading")
    html = next(names for tag, names in page.tags if tag == "html")
    that("lang" in html, "the language is not told")


# R-PRE-2
@test
def the_page_speaks_the_language_that_the_reader_likes_best(relay):
    share = make(relay)
    for asked, given in ((None, "en"), ("de-CH, en;q=0.5", "de"),
                         ("fr, es;q=0.2", "es"), ("fr", "en"),
                         ("de;q=oops", "en"), ("fr|de;q=0.5", "de"),
                         ("es;q=0.3|de|fr", "de")):
        extra = [("Accept-Language", line)
                 for line in (asked or "").split("|") if line]
        for path in (share.path, "/v1/m/" + new_id()):
            with row(f"{asked} {path[:8]}"):
                answer = relay.call("GET", path, extra)
                equal(answer.header("content-language"), given, "language")
                equal(answer.header("vary"), "Accept-Language", "Vary")
                that(f'<html lang="{given}">' in answer.text(), "no lang")


# R-PRE-2
@test
def the_vertical_chooses_the_words(relay):
    share = make(relay)
    words = {Page(share.preview(target=share.path + query).text()).text
             for query in ("", "?v=a", "?v=x", "?v=h", "?v=c")}
    equal(len(words), 3, "pages that differ")


# R-PRE-2
@test
def a_share_without_a_picture_that_can_be_shown_has_one_of_the_relay(relay):
    for query, name in (("", "general"), ("?v=h", "home"), ("?v=c", "car")):
        share = make(relay, displayInformation={
            "title": "t", "description": "d", "imageURL": "https://[::1]/x"})
        answer = share.preview(target=share.path + query)
        page = Page(status(answer, 200).text())
        url = page.properties["og:image"]
        with row(name):
            equal(url, share.url.partition("/v1/")[0] +
                  f"/v1/picture/{name}.png", "og:image")
            equal(page.properties["og:image:width"], "1200", "width")
            equal(page.properties["og:image:height"], "630", "height")
            equal(policy(answer)["img-src"], [url], "img-src")


# R-PRE-2
@test
def the_pictures_of_the_relay_are_kept_for_long(relay):
    for name in ("general", "home", "car"):
        with row(name):
            path = f"/v1/picture/{name}.png"
            answer = status(relay.call("GET", path), 200)
            equal(answer.header("content-type"), "image/png", "Content-Type")
            that(answer.body.startswith(b"\x89PNG\r\n"), "no PNG")
            that("max-age=" in answer.header("cache-control"), "not kept")
            head = status(relay.call("HEAD", path), 200)
            equal(head.body, b"", "body of HEAD")
            equal(head.header("content-length"), str(len(answer.body)),
                  "Content-Length of HEAD")
            equal(status(relay.call("POST", path), 405).header("allow"),
                  "GET, HEAD", "Allow")
    status(relay.call("GET", "/v1/picture/boat.png"), 404)


# R-PRE-1
@test
def a_preview_never_binds_and_never_counts(relay):
    share = make(relay)
    with share.unchanged():
        for claim in (None, share.recipient, share.stranger):
            sent = [] if claim is None else [("Mailbox-Device-Claim", claim)]
            for method in ("GET", "HEAD"):
                status(share.preview(method, sent), 200)
    share.is_free()
    status(share.preview(), 200)
    share.belongs_to(share.recipient)


# R-HTTP-1, R-PRE-2
@test
def head_works_as_get(relay):
    share = make(relay)
    for path, code in ((share.path, 200), (f"/v1/m/{new_id()}", 404)):
        with row(str(code)):
            got = status(share.preview("GET", target=path), code)
            head = status(share.preview("HEAD", target=path), code)
            equal(head.body, b"", "body")
            leave = ("date", "connection")
            equal(sorted(h for h in head.headers if h[0] not in leave),
                  sorted(h for h in got.headers if h[0] not in leave),
                  "headers")


# R-PRE-1, §13
@test
def a_body_on_get_is_ignored(relay):
    share = make(relay)
    sent = [("Content-Type", "application/json")]
    status(relay.call("GET", share.path, sent, b"{"), 200)
    share.is_free()


def _safe(answer, page, image=None):
    """R-PRE-3 for one page. `image`: the only address it may load."""
    for name, want in (("referrer-policy", "no-referrer"),
                       ("x-content-type-options", "nosniff"),
                       ("x-frame-options", "DENY")):
        equal(answer.header(name), want, name)
    that("noindex" in (answer.header("x-robots-tag") or ""), "X-Robots-Tag")
    rules = policy(answer)
    equal(rules.get("default-src"), ["'none'"], "default-src")
    for name, sources in rules.items():
        if name not in ("img-src", "style-src"):
            that(sources in (["'none'"], []), f"{name} {sources}")
    styles = [style_source(style) for style in page.styles]
    equal(sorted(rules.get("style-src", [])), sorted(set(styles)),
          "style-src against the page's styles")
    _image_alone(rules.get("img-src", ["'none'"]), image)
    _no_script(page)


def _image_alone(sources, image):
    if image is None:
        equal(sources, ["'none'"], "img-src")
        return
    equal(len(sources), 1, "sources of images")
    that("*" not in sources[0], f"img-src {sources}")
    allowed = urllib.parse.unquote(sources[0].rstrip("/"))
    that(urllib.parse.unquote(image).startswith(allowed),
         f"img-src {sources} is more than {image}")


def _no_script(page):
    for tag, names in page.tags:
        that(tag in ("html", "head", "meta", "title", "style", "body", "main",
                     "h1", "h2", "h3", "p", "img", "time", "strong", "em",
                     "section", "article", "header", "footer", "div", "span",
                     "ol", "ul", "li", "dl", "dt", "dd", "small", "a", "b",
                     "link", "br", "figure"), f"<{tag}> on the page")
        that(not any(name.startswith("on") for name in names),
             f"<{tag}> has {names}")
        that("style" not in names, "an inline style attribute")


# RFC 9110 §8.8.3, §13.1.2
@test
def the_relays_pictures_are_sent_once(relay):
    tags = []
    for name in ("general", "home", "car"):
        path = f"/v1/picture/{name}.png"
        first = status(relay.call("GET", path), 200)
        tags.append(first.header("etag"))
        that(tags[-1].startswith('"'), f"no strong tag: {tags[-1]}")
        for method in ("GET", "HEAD"):
            known = [("If-None-Match", tags[-1])]
            again = status(relay.call(method, path, known), 304)
            equal(again.body, b"", "body")
            equal(again.header("etag"), tags[-1], "ETag")
            equal(again.header("cache-control"),
                  first.header("cache-control"), "Cache-Control")
            other = [("If-None-Match", '"1"')]
            status(relay.call(method, path, other), 200)
        wrong = [("If-None-Match", "no tag")]
        status(relay.call("GET", path, wrong), 200)
    equal(len(set(tags)), 3, "different tags")


# R-PRE-3
@test
def the_page_has_no_script_and_a_strict_policy(relay):
    image = "https://images.example/car.png"
    _, answer, page = _shown(relay, image=image)
    _safe(answer, page, image)
    for address in page.addresses:
        that(address.startswith("https://"), f"address {address}")


# R-PRE-3
@test
def hostile_titles_and_descriptions_stay_text(relay):
    _, _, plain = _shown(relay)
    for text in HOSTILE:
        with row(text):
            _, answer, page = _shown(relay, title=text, text=text)
            equal(page.tags, plain.tags, "tags")
            equal(page.properties.get("og:title"), text, "og:title")
            equal(page.properties.get("og:description"), text, "description")
            that(text in page.text, "it is not shown as it is")
            _safe(answer, page, "https://images.example/car.png")


# R-PRE-3
@test
def hostile_image_addresses_open_nothing(relay):
    _, _, plain = _shown(relay)
    for tail in ("/a;script-src%20*", "/a;script-src", "/a,default-src",
                 "/a'b", "/a&quot;b", "/?a=1&b=2", "/%22onerror=1", "/a*",
                 "/a(b)", "/;%20img-src%20*", ":8443/a"):
        with row(tail):
            image = "https://images.example" + tail
            _, answer, page = _shown(relay, image=image)
            equal(page.tags, plain.tags, "tags")
            equal(page.properties.get("og:image"), image, "og:image")
            that("," not in answer.header("content-security-policy"),
                 "a comma begins a second policy")
            _safe(answer, page, image)


# R-PRE-3, R-CREATE-2
@test
def image_addresses_that_could_open_more_are_refused_or_harmless(relay):
    for image in ('https://images.example/"onerror="alert(1)',
                  "https://images.example/<script>", "https://*/a.png",
                  "https://*.example/a.png", "https://images.example:*/a",
                  "https://images.example;script-src/a",
                  "https://'unsafe-inline'/a", "https://a,b/c",
                  "https://images.example\\@phish.example/a"):
        with row(image):
            display = {"title": "t", "description": "d", "imageURL": image}
            answer = create(relay, valid_body(displayInformation=display))
            if status(answer, 200, 400).status == 200:
                path = "/v1/m/" + answer.json()["urlLink"][-36:]
                got = status(relay.call("GET", path), 200)
                shown = got.header("content-security-policy")
                that("*" not in shown and "unsafe" not in shown
                     and "script-src" not in shown and "," not in shown,
                     "the policy was opened")
                _no_script(Page(got.text()))


# R-PRE-3, R-URL-1
@test
def the_page_holds_nothing_secret(relay):
    share = make(relay, bound=True)
    answer = status(share.preview(), 200)
    for secret in (payload()["data"], share.initiator, share.recipient):
        that(secret not in answer.text().lower(), "a secret is on the page")
        that(secret not in answer.text(), "a secret is on the page")


# R-PRE-4
@test
def a_mailbox_that_is_gone_answers_with_a_page_for_people(relay):
    share = make(relay)
    title = valid_body()["displayInformation"]["title"]
    style = Page(share.preview().text()).styles
    status(share.delete(), 200)
    for path in (share.path, f"/v1/m/{new_id()}", share.path + "?v=c",
                 share.path + "/", "/v1/m/", share.path + "/x"):
        with row("deleted" if share.id in path else "never existed"):
            answer = status(share.preview(target=path), 404)
            kind = answer.header("content-type") or ""
            that(kind.startswith("text/html"), f"Content-Type {kind}")
            page = Page(answer.text())
            _safe(answer, page)
            that(len(page.text.split()) > 5, "it says nothing to a person")
            that(title not in answer.text(), "the title is still there")
            equal(page.styles, style, "style")


# R-PRE-4, D3
@test
def gone_and_never_there_look_the_same(relay):
    share = make(relay)
    status(share.delete(), 200)
    gone = status(share.preview(), 404)
    never = status(share.preview(target=f"/v1/m/{new_id()}"), 404)
    equal(gone.body, never.body, "page")


# R-PRE-2, R-UPD-1
@test
def the_preview_is_the_same_after_reads_and_updates(relay):
    share = make(relay, mailboxConfiguration=rights("RWD"))
    before = status(share.preview(), 200).body
    share.bind()
    status(share.update(), 200)
    equal(status(share.preview(), 200).body, before, "page")


# R-PRE-4, R-CREATE-4
@test
def the_preview_ends_with_the_mailbox(relay):
    share = make(relay, mailboxConfiguration={"lifetime": 1})
    end = clock.seconds(share.expiration)
    for _ in range(100):
        answer = share.preview()
        if answer.status == 404:
            break
        that(clock.of(answer) < end, "shown after its end")
        time.sleep(0.05)
    else:
        fail("it never ends")
