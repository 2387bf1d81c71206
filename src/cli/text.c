/* See text.h. */
#include "text.h"

#include <string.h>

struct tg_span
text_of(const char *s)
{
    return (struct tg_span){(const uint8_t *)s, s == NULL ? 0 : strlen(s)};
}

/* Bytes that the lead byte announces, and the bits of it that count;
 * 0 when it cannot lead. */
static size_t
lead_length(uint8_t lead, uint32_t *bits)
{
    if (lead < 0x80) {
        *bits = lead;
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        *bits = lead & 0x1F;
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        *bits = lead & 0x0F;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *bits = lead & 0x07;
        return 4;
    }
    return 0;
}

/* Overlong forms, surrogates and what lies beyond Unicode (RFC 3629 §3). */
static bool
is_well_formed(uint32_t code, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    return code >= least[len] && code <= 0x10FFFF &&
           (code < 0xD800 || code > 0xDFFF);
}

size_t
text_next(struct tg_span text, uint32_t *code, bool *valid)
{
    uint32_t bits = 0;
    size_t len = lead_length(text.ptr[0], &bits);

    *code = text.ptr[0];
    *valid = false;
    if (len == 0 || len > text.len)
        return 1;
    for (size_t i = 1; i < len; i++) {
        if ((text.ptr[i] & 0xC0) != 0x80)
            return 1;
        bits = bits << 6 | (text.ptr[i] & 0x3F);
    }
    if (!is_well_formed(bits, len))
        return 1;
    *code = bits;
    *valid = true;
    return len;
}

bool
text_is_unsafe(uint32_t code)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x00, 0x1F},      {0x7F, 0x9F},      {0x061C, 0x061C},
        {0x200B, 0x200F},  {0x2028, 0x202E},  {0x2060, 0x206F},
        {0xFEFF, 0xFEFF},  {0xFFF9, 0xFFFB},  {0xE0000, 0xE007F},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

void
text_print(FILE *to, struct tg_span text)
{
    for (size_t at = 0; at < text.len;) {
        struct tg_span rest = {text.ptr + at, text.len - at};
        uint32_t code;
        bool valid;
        size_t len = text_next(rest, &code, &valid);

        if (!valid)
            fprintf(to, "\\x{%02X}", code);
        else if (text_is_unsafe(code))
            fprintf(to, "\\u{%02X}", code);
        else if (code == '\\')
            fputs("\\\\", to);
        else
            fwrite(rest.ptr, 1, len, to);
        at += len;
    }
}

/* One character inside a JSON string. Above the basic plane JSON wants a
 * surrogate pair (RFC 8259 §7). */
static void
print_json_unsafe(FILE *to, uint32_t code)
{
    if (code < 0x10000) {
        fprintf(to, "\\u%04x", code);
        return;
    }
    fprintf(to, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10),
            0xDC00 + ((code - 0x10000) & 0x3FF));
}

void
text_print_json(FILE *to, struct tg_span text)
{
    fputc('"', to);
    for (size_t at = 0; at < text.len;) {
        struct tg_span rest = {text.ptr + at, text.len - at};
        uint32_t code;
        bool valid;
        size_t len = text_next(rest, &code, &valid);

        if (!valid)
            print_json_unsafe(to, 0xFFFD);
        else if (text_is_unsafe(code))
            print_json_unsafe(to, code);
        else if (code == '"' || code == '\\')
            fprintf(to, "\\%c", (char)code);
        else
            fwrite(rest.ptr, 1, len, to);
        at += len;
    }
    fputc('"', to);
}

static bool
is_json_space(uint32_t code)
{
    return code == ' ' || code == '\t' || code == '\r' || code == '\n';
}

void
text_print_compact(FILE *to, struct tg_span json)
{
    bool in_string = false;
    bool escaped = false;

    for (size_t at = 0; at < json.len;) {
        struct tg_span rest = {json.ptr + at, json.len - at};
        uint32_t code;
        bool valid;
        size_t len = text_next(rest, &code, &valid);

        at += len;
        if (!in_string && is_json_space(code))
            continue;
        if (code == '"' && !escaped)
            in_string = !in_string;
        escaped = code == '\\' && !escaped;
        if (valid && text_is_unsafe(code))
            print_json_unsafe(to, code);
        else
            fwrite(rest.ptr, 1, len, to);
    }
}
