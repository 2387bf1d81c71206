"""CPace over ristretto255, in Python alone: a second opinion on libtigress.

    a = Pake('initiator', '012345', context, session, b'offer')
    b = Pake('recipient', '012345', context, session, b'request')
    a.finish(b.share, b'request'); b.finish(a.share, b'offer')
    a.check(b.tag()) and b.check(a.tag())

    cpace.py --vectors       the published vectors (cpace_vectors.py), as TAP

Written from RFC 9496, draft-irtf-cfrg-cpace-21 and docs/formats.md, for tests:
it takes no care to hide anything from who measures its time.
"""
import hashlib
import hmac
import secrets
import sys

# The field and the curve edwards25519, RFC 9496 §4.1.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)
IDENTITY_BYTES = bytes(32)

DSI = b'CPaceRistretto255'
BLOCK = 128  # SHA-512's
SCALAR_BITS = 252


class Refused(ValueError):
    """A share that no honest side could have sent."""


def is_negative(x):
    return x % P & 1


def absolute(x):
    return -x % P if is_negative(x) else x % P


def sqrt_ratio(u, v):
    """Whether u/v is a square, and the root of it or of SQRT_M1*u/v (§4.2)."""
    root = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * root * root % P
    if check in (-u % P, -u * SQRT_M1 % P):
        root = root * SQRT_M1 % P
    return check in (u % P, -u % P), absolute(root)


# What these are squares of is given in §4.1; where both roots would do, the
# RFC's choice of sign is kept, since encodings depend on it.
SQRT_AD_MINUS_ONE = -sqrt_ratio(-D - 1, 1)[1] % P
INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1)**2 % P


def decode(data):
    """The point that 32 bytes stand for (§4.3.1); Refused if there is none."""
    s = int.from_bytes(data, 'little')
    if len(data) != 32 or s >= P or is_negative(s):
        raise Refused('no canonical encoding')
    ss = s * s % P
    u1, u2 = 1 - ss, 1 + ss
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    den_x = inverse * u2 % P
    x = absolute(2 * s * den_x)
    y = u1 * inverse * den_x * v % P
    t = x * y % P
    if not was_square or is_negative(t) or y == 0:
        raise Refused('no encoding of an element')
    return x, y, 1, t


def encode(point):
    """The 32 bytes of a point, the same for all of its class (§4.3.2)."""
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    _, inverse = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t % P
    den = den2
    if is_negative(t * z_inverse):
        x, y = y * SQRT_M1 % P, x * SQRT_M1 % P
        den = den1 * INVSQRT_A_MINUS_D % P
    if is_negative(x * z_inverse):
        y = -y % P
    return absolute(den * (z - y)).to_bytes(32, 'little')


def add(p, q):
    """The sum in extended coordinates, complete for this curve
    (RFC 8032 §5.1.4)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    """scalar times point, bit by bit."""
    total = IDENTITY
    for bit in bin(scalar)[2:]:
        total = add(total, total)
        if bit == '1':
            total = add(total, point)
    return total


def map_to_point(data):
    """Half of the one-way map (§4.3.4)."""
    t = (int.from_bytes(data, 'little') & (2**255 - 1)) % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio(u, v)
    c = P - 1
    if not was_square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P
    w2, w3 = (1 - s * s) % P, (1 + s * s) % P
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def derive(data):
    """The element that 64 uniform bytes are mapped to (§4.3.4)."""
    return add(map_to_point(data[:32]), map_to_point(data[32:]))


def sha512(data):
    return hashlib.sha512(data).digest()


def prepend_length(data):
    """The length in LEB128, then the bytes."""
    length, out = len(data), b''
    while length >= 128:
        out += bytes([length & 127 | 128])
        length >>= 7
    return out + bytes([length]) + data


def lv_cat(*parts):
    return b''.join(map(prepend_length, parts))


def generator_string(prs, context, session):
    used = len(prepend_length(DSI)) + len(prepend_length(prs)) + 1
    padding = bytes(max(0, BLOCK - used))
    return lv_cat(DSI, prs, padding, context, session)


def draw_scalar():
    """252 random bits, as the draft recommends; not zero."""
    return secrets.randbits(SCALAR_BITS) or draw_scalar()


def scalar_mult_vfy(scalar, share):
    """The product's encoding. Refused where the draft says to abort."""
    product = encode(multiply(scalar, decode(share)))
    if product == IDENTITY_BYTES:
        raise Refused('the identity')
    return product


class Pake:
    """One run, as one side sees it."""

    def __init__(self, role, pin, context, session, associated, scalar=None):
        if role not in ('initiator', 'recipient'):
            raise ValueError(f'no role: {role}')
        prs = pin.encode() if isinstance(pin, str) else pin
        generator = derive(sha512(generator_string(prs, context, session)))
        self.is_initiator = role == 'initiator'
        self.session = session
        self.scalar = scalar or draw_scalar()
        self.share = encode(multiply(self.scalar, generator))
        self.own = lv_cat(self.share, associated)
        self.other = self.isk = None

    def finish(self, other_share, other_associated):
        """Take the other's share and associated data. Refused when the share
        is no element, the identity, or our own come back."""
        if other_share == self.share:
            raise Refused('our own share')
        product = scalar_mult_vfy(self.scalar, other_share)
        self.other = lv_cat(other_share, other_associated)
        transcript = (self.own + self.other if self.is_initiator else
                      self.other + self.own)
        self.isk = sha512(lv_cat(DSI + b'_ISK', self.session, product) +
                          transcript)

    def mac(self, message):
        key = sha512(b'CPaceMac' + self.session + self.isk)
        return hmac.digest(key, message, 'sha512')

    def tag(self):
        """What proves to the other that this side knows the PIN."""
        return self.mac(self.own)

    def check(self, tag):
        """Whether the other side has proved it."""
        return hmac.compare_digest(self.mac(self.other), tag)


if __name__ == '__main__':
    if sys.argv[1:] != ['--vectors']:
        sys.exit('usage: cpace.py --vectors')
    import cpace_vectors
    sys.exit(cpace_vectors.main())
