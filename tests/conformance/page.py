"""The preview page as a browser would read it, and its policy."""
import base64
import hashlib
import html.parser


class Page(html.parser.HTMLParser):
    """Tags, OpenGraph values, visible text, styles, links of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags = []          # (name, sorted names of attributes)
        self.properties = {}    # og:… → content
        self.addresses = []     # values of href, src and the like
        self.styles = []
        self.text = ""
        self.head = ""
        self._inside = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, tuple(sorted(values))))
        if tag == "meta" and (values.get("property") or "").startswith("og:"):
            name = values["property"]
            if name in self.properties:
                raise ValueError(f"{name} given twice")
            self.properties[name] = values.get("content")
        self.addresses += [value or "" for name, value in attrs
                           if name in ("href", "src", "srcset", "action",
                                       "data", "poster", "formaction",
                                       "background", "ping")]
        if tag not in ("meta", "img", "link", "br", "hr", "input"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if "style" in self._inside:
            self.styles.append(data)
        elif "head" not in self._inside:
            self.text += data


def policy(answer):
    """Content-Security-Policy as {directive: [sources]}."""
    values = answer.all("content-security-policy")
    if len(values) != 1:
        raise ValueError(f"{len(values)} policies")
    found = {}
    for part in values[0].split(";"):
        name, *sources = part.split()
        if name in found:
            raise ValueError(f"directive {name} twice")
        found[name.lower()] = sources
    return found


def style_source(style):
    """The source expression that allows this inline style."""
    digest = hashlib.sha256(style.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
