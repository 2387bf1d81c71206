/* Feeds every file of a directory to a fuzz target, so that what was once
 * found stays found in each test run, whatever the compiler. Speaks TAP.
 *
 * usage: fuzz_x DIRECTORY
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { PATH_MOST = 4096, INPUT_MOST = 1 << 20 };

static int
is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The whole file in a block of just its size, so that a sanitizer sees a read
 * of one byte too many. NULL when it cannot be read. */
static uint8_t *
read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    struct stat st;

    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &st) == 0 && st.st_size <= INPUT_MOST) {
        *len = (size_t)st.st_size;
        data = malloc(*len > 0 ? *len : 1);
    }
    if (data != NULL && fread(data, 1, *len, file) != *len) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

static int
replay(const char *directory, const char *name, int number)
{
    char path[PATH_MOST];
    size_t len = 0;
    uint8_t *data;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    if ((data = read_file(path, &len)) == NULL) {
        printf("not ok %d - %s cannot be read\n", number, name);
        return 1;
    }
    printf("# %s\n", name); /* before: it may be the one that crashes */
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, len);
    printf("ok %d - %s\n", number, name);
    free(data);
    return 0;
}

int
main(int argc, char **argv)
{
    struct dirent **entries;
    int failed = 0;
    int count;

    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    count = scandir(argv[1], &entries, is_shown, alphasort);
    if (count < 1) {
        fprintf(stderr, "%s: %s\n", argv[1],
                count < 0 ? strerror(errno) : "has no inputs");
        return 1;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        failed += replay(argv[1], entries[i]->d_name, i + 1);
        free(entries[i]);
    }
    free(entries);
    return failed > 0;
}
