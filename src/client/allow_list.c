/* See <tigress/allow_list.h>. */
#include <tigress/allow_list.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/authority.h"

enum { FILE_MAX = 1024 * 1024 };

struct entry {
    struct entry *next;
    struct authority at;
    bool is_suffix; /* at.host is what comes behind the leading dot */
};

struct tg_allow_list {
    struct entry *entries;
};

enum tg_err
tg_allow_list_new(struct tg_allow_list **out)
{
    struct tg_allow_list *list = tg_alloc(sizeof(*list));

    if (list == NULL)
        return TG_E_NOMEM;
    *out = list;
    return TG_OK;
}

void
tg_allow_list_free(struct tg_allow_list *list)
{
    if (list == NULL)
        return;
    while (list->entries != NULL) {
        struct entry *first = list->entries;

        list->entries = first->next;
        tg_free(first);
    }
    tg_free(list);
}

static enum tg_err
add(struct tg_allow_list *list, struct tg_span text)
{
    struct entry *entry;
    enum tg_err err;

    if ((entry = tg_alloc(sizeof(*entry))) == NULL)
        return TG_E_NOMEM;
    entry->is_suffix = text.len > 0 && text.ptr[0] == '.';
    if (entry->is_suffix) {
        text.ptr++;
        text.len--;
    }
    if ((err = authority_parse(text, &entry->at)) != TG_OK) {
        tg_free(entry);
        return err;
    }
    entry->next = list->entries;
    list->entries = entry;
    return TG_OK;
}

enum tg_err
tg_allow_list_add(struct tg_allow_list *list, const char *entry)
{
    return add(list, tg_span_text(entry));
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The line at the front of *rest, without comment and surrounding blanks. */
static struct tg_span
take_line(struct tg_span *rest)
{
    const uint8_t *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    struct tg_span line = {rest->ptr, len};
    const uint8_t *comment;

    rest->ptr += end != NULL ? len + 1 : len;
    rest->len -= end != NULL ? len + 1 : len;
    if (line.len > 0 && (comment = memchr(line.ptr, '#', line.len)) != NULL)
        line.len = (size_t)(comment - line.ptr);
    while (line.len > 0 && is_blank(line.ptr[0])) {
        line.ptr++;
        line.len--;
    }
    while (line.len > 0 && is_blank(line.ptr[line.len - 1]))
        line.len--;
    return line;
}

enum tg_err
tg_allow_list_read(struct tg_allow_list *list, struct tg_span text,
                   size_t *bad_line)
{
    size_t number = 0;

    while (text.len > 0) {
        struct tg_span line = take_line(&text);
        enum tg_err err;

        number++;
        if (line.len == 0)
            continue;
        if ((err = add(list, line)) == TG_OK)
            continue;
        if (err == TG_E_FORMAT && bad_line != NULL)
            *bad_line = number;
        return err;
    }
    return TG_OK;
}

/* The whole of a file, up to FILE_MAX bytes. */
static enum tg_err
read_file(FILE *file, struct tg_buf *out)
{
    enum tg_err err;
    size_t got;

    do {
        if (out->len > FILE_MAX)
            return TG_E_LIMIT;
        if ((err = tg_buf_reserve(out, BUFSIZ)) != TG_OK)
            return err;
        got = fread(out->ptr + out->len, 1, BUFSIZ, file);
        out->len += got;
    } while (got > 0);
    return ferror(file) ? TG_E_IO : TG_OK;
}

enum tg_err
tg_allow_list_load(struct tg_allow_list *list, const char *path,
                   size_t *bad_line)
{
    struct tg_buf text = TG_BUF_EMPTY;
    FILE *file = fopen(path, "re");
    enum tg_err err;

    if (file == NULL)
        return errno == ENOENT ? TG_E_NOT_FOUND : TG_E_IO;
    if ((err = read_file(file, &text)) == TG_OK)
        err = tg_allow_list_read(list, tg_span_buf(&text), bad_line);
    tg_buf_free(&text);
    fclose(file);
    return err;
}

static bool
entry_allows(const struct entry *entry, const struct authority *at)
{
    size_t host_len = strlen(at->host);
    size_t entry_len = strlen(entry->at.host);

    if (entry->at.port != at->port)
        return false;
    if (!entry->is_suffix)
        return strcmp(entry->at.host, at->host) == 0;
    /* The dot must be there: "evilexample.com" is not in ".example.com". */
    return host_len > entry_len + 1 &&
           at->host[host_len - entry_len - 1] == '.' &&
           strcmp(at->host + host_len - entry_len, entry->at.host) == 0;
}

bool
tg_allow_list_has(const struct tg_allow_list *list, const char *relay)
{
    struct authority at;

    if (authority_parse(tg_span_text(relay), &at) != TG_OK)
        return false;
    for (const struct entry *e = list->entries; e != NULL; e = e->next)
        if (entry_allows(e, &at))
            return true;
    return false;
}
