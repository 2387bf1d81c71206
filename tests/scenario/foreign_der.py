"""Car key certificates in DER, read and written without a line of our code.

    certificate = Certificate(der)
    certificate.grant()     # as the members of a KeyCreationRequest
    make(key, signer, grant, ...)   # DER, signed with signer.sign()

Written from RFC 5280, X.690 and "Certificates" in docs/formats.md.
"""
import secrets

ARC = '2.25.182699292988453813516644499464118056658'
VEHICLE, ENTITLEMENTS, VALIDITY, USAGE, USES = (
    f'{ARC}.{number}' for number in range(1, 6))
BASIC, KEY_USAGE, SUBJECT_KEY, AUTHORITY_KEY, EXTENDED = (
    '2.5.29.19', '2.5.29.15', '2.5.29.14', '2.5.29.35', '2.5.29.37')
ECDSA_SHA256 = '1.2.840.10045.4.3.2'
COMMON_NAME = '2.5.4.3'

BOOLEAN, INTEGER, BITS, OCTETS, OID, UTF8 = 1, 2, 3, 4, 6, 12
UTC_TIME, TIME, SEQUENCE, SET = 23, 24, 0x30, 0x31
VERSION_FIELD, EXTENSIONS_FIELD = 0xa0, 0xa3
SIGN, SIGN_AND_ISSUE = b'\x07\x80', b'\x02\x84'


class Malformed(Exception):
    """This is not the DER that it should be."""


def tlv(tag, *parts):
    """One element of these contents."""
    content = b''.join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    return bytes([tag, 128 + len(digits)]) + digits + content


def split(data):
    """The elements that these bytes are: (tag, content), nothing behind."""
    found = []
    while data:
        if len(data) < 2:
            raise Malformed('cut off')
        tag, size, head = data[0], data[1], 2
        if size > 128:
            head += size - 128
            size = int.from_bytes(data[2:head], 'big')
        if len(data) < head + size:
            raise Malformed('cut off')
        element = data[:head + size]
        found.append((tag, data[head:head + size]))
        if tlv(*found[-1]) != element:
            raise Malformed('a length in another form')
        data = data[head + size:]
    return found


def only(data, tag):
    """The content of the one element that these bytes are."""
    elements = split(data)
    if len(elements) != 1 or elements[0][0] != tag:
        raise Malformed(f'not one element of tag {tag}')
    return elements[0][1]


def number(value):
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, 'big'))


def read_number(content):
    value = int.from_bytes(content, 'big', signed=True)
    if value < 0 or number(value) != tlv(INTEGER, content):
        raise Malformed('an integer in another form')
    return value


def identifier(dotted):
    """An object identifier (X.690 §8.19)."""
    first, second, *rest = map(int, dotted.split('.'))
    content = b''
    for arc in [first * 40 + second, *rest]:
        digits = [arc & 127]
        while arc := arc >> 7:
            digits.insert(0, arc & 127 | 128)
        content += bytes(digits)
    return tlv(OID, content)


def moment(text):
    """YYYY-MM-DDThh:mm:ssZ as GeneralizedTime."""
    return tlv(TIME, text.translate({ord(c): None for c in '-:T'}).encode())


def read_moment(tag, content):
    """Either kind of time (RFC 5280 §4.1.2.5)."""
    text = content.decode()
    if tag == UTC_TIME:
        text = ('20' if text < '50' else '19') + text
    elif tag != TIME:
        raise Malformed('no time')
    if len(text) != 15 or text[14] != 'Z' or not text[:14].isdigit():
        raise Malformed('a time in another form')
    return (f'{text[:4]}-{text[4:6]}-{text[6:8]}T'
            f'{text[8:10]}:{text[10:12]}:{text[12:14]}Z')


class Certificate:
    """What a certificate says; its signature is for others to check."""

    def __init__(self, der):
        self.der = der
        self.signed = split(only(der, SEQUENCE))[0]
        fields = split(self.signed[1])
        if fields[0] != (VERSION_FIELD, number(2)):
            raise Malformed('not of version 3')
        self.issuer, validity, self.subject, key = (
            content for _, content in fields[3:7])
        self.window = [read_moment(*time) for time in split(validity)]
        self.key = tlv(SEQUENCE, key)
        self.extensions = self.read_extensions(dict(fields)[EXTENSIONS_FIELD])

    @staticmethod
    def read_extensions(data):
        """{identifier: (critical, value)}, each once."""
        found = {}
        for _, extension in split(only(data, SEQUENCE)):
            kind, *critical, value = split(extension)
            name = tlv(*kind)
            if name in found or critical not in ([], [(BOOLEAN, b'\xff')]):
                raise Malformed('an extension twice, or half critical')
            found[name] = (bool(critical), value[1])
        return found

    def value(self, kind, critical=False, tag=SEQUENCE):
        """The content of the one element that an extension is, or None."""
        is_critical, value = self.extensions.get(identifier(kind),
                                                 (critical, None))
        if is_critical != critical:
            raise Malformed(f'{kind}: critical: {is_critical}')
        return None if value is None else only(value, tag)

    def sharing(self):
        """What basic constraints and key usage say, which must agree."""
        constraints = split(self.value(BASIC, True))
        usage = self.value(KEY_USAGE, True, BITS)
        if not constraints and usage == SIGN:
            return 0
        ca, (tag, length) = constraints
        if ca != (BOOLEAN, b'\xff') or tag != INTEGER or \
                usage != SIGN_AND_ISSUE:
            raise Malformed('rights that do not agree')
        return read_number(length) + 1

    def grant(self):
        """The members of the terms, but for `share`."""
        if self.value(EXTENDED, True) != identifier(USAGE):
            raise Malformed('not for car keys alone')
        window = [read_moment(*t) for t in split(self.value(VALIDITY))]
        if window != self.window:
            raise Malformed('two windows')
        uses = self.value(USES, tag=INTEGER)
        grant = {'vehicle': self.value(VEHICLE, tag=UTF8).decode(),
                 'entitlements': [name.decode() for _, name in
                                  split(self.value(ENTITLEMENTS))],
                 'notBefore': window[0], 'notAfter': window[1],
                 'sharing': self.sharing()}
        if uses is not None:
            grant['uses'] = read_number(uses)
        return grant


def name_of(text):
    """A distinguished name of one common name; its content."""
    return tlv(SET, tlv(SEQUENCE, identifier(COMMON_NAME),
                        tlv(UTF8, text.encode())))


def extension(kind, value, critical=False):
    mark = tlv(BOOLEAN, b'\xff') if critical else b''
    return tlv(SEQUENCE, identifier(kind), mark, tlv(OCTETS, value))


def rights(sharing):
    """Basic constraints and key usage."""
    ca = [tlv(BOOLEAN, b'\xff'), number(sharing - 1)] if sharing else []
    usage = SIGN_AND_ISSUE if sharing else SIGN
    return [extension(BASIC, tlv(SEQUENCE, *ca), True),
            extension(KEY_USAGE, tlv(BITS, usage), True)]


def granted(grant):
    """The extensions of a grant."""
    window = tlv(SEQUENCE, moment(grant['notBefore']),
                 moment(grant['notAfter']))
    names = [tlv(UTF8, name.encode()) for name in grant['entitlements']]
    found = [extension(EXTENDED, tlv(SEQUENCE, identifier(USAGE)), True),
             extension(VEHICLE, tlv(UTF8, grant['vehicle'].encode())),
             extension(ENTITLEMENTS, tlv(SEQUENCE, *names)),
             extension(VALIDITY, window)]
    if 'uses' in grant:
        found.append(extension(USES, number(grant['uses'])))
    return found


def key_identifier(certificate):
    """The content of a certificate's subject key identifier."""
    return only(certificate.extensions[identifier(SUBJECT_KEY)][1], OCTETS)


def make(key, grant, issuer, issuer_key, subject='A friend'):
    """A certificate for the public half of `key`: its DER."""
    algorithm = tlv(SEQUENCE, identifier(ECDSA_SHA256))
    own_identifier = secrets.token_bytes(20)
    before, after = (  # RFC 5280: UTCTime until 2049
        tlv(UTC_TIME, moment(grant[edge])[4:])
        for edge in ('notBefore', 'notAfter'))
    extensions = rights(grant.get('sharing', 0)) + [
        extension(SUBJECT_KEY, tlv(OCTETS, own_identifier)),
        extension(AUTHORITY_KEY,
                  tlv(SEQUENCE, tlv(0x80, key_identifier(issuer))))]
    signed = tlv(
        SEQUENCE, tlv(VERSION_FIELD, number(2)),
        number(secrets.randbits(120) | 1), algorithm,
        tlv(SEQUENCE, issuer.subject), tlv(SEQUENCE, before, after),
        tlv(SEQUENCE, name_of(subject)), key.der,
        tlv(EXTENSIONS_FIELD, tlv(SEQUENCE, *extensions, *granted(grant))))
    return tlv(SEQUENCE, signed, algorithm,
               tlv(BITS, b'\0', issuer_key.sign_bytes(signed)))
