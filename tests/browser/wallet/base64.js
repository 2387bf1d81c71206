// Base64 (RFC 4648), strictly: what is read is what would be written.

export function toBase64(bytes) {
    return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));
}

/** §4, with padding. null: it is not. */
export function fromBase64(text) {
    let bytes;
    try {
        bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    } catch {
        return null;
    }
    return toBase64(bytes) === text ? bytes : null;
}

/** §4 or §5, the padding whole or left out. null: it is neither. */
export function fromAnyBase64(text) {
    if (/[+/]/.test(text) && /[-_]/.test(text))
        return null;
    const standard = text.replaceAll('-', '+').replaceAll('_', '/');
    const digits = standard.replace(/={1,2}$/, '');
    if (digits !== standard && standard.length % 4 !== 0)
        return null;
    return fromBase64(digits.padEnd(Math.ceil(digits.length / 4) * 4, '='));
}
