/* See queue.h. A table by mark finds the doorbell that waits already; a heap
 * for each service has the next that is due on top. What is in flight is in the
 * table alone. */
#include "push/queue.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

enum { SLOTS_FEWEST = 64, HEAP_FEWEST = 64 };

/* What is in no heap: it is in flight. */
static const size_t nowhere = SIZE_MAX;

struct node {
    struct queued item; /* first: a queued is its node */
    struct node *next;  /* in the same slot */
    size_t place;       /* in its heap */
    uint64_t number;    /* of two that are due at once the older goes first */
    size_t len;         /* of the bytes */
    uint8_t bytes[];    /* type and data */
};

struct heap {
    struct node **nodes;
    size_t count;
    size_t cap;
};

struct queue {
    struct node **slots;
    size_t slot_count; /* a power of two */
    size_t count;
    size_t most;
    uint64_t added;
    struct heap heaps[QUEUE_SERVICES];
};

struct queue *
queue_new(size_t most)
{
    struct queue *queue = tg_alloc(sizeof(*queue));
    size_t slots = SLOTS_FEWEST;
    size_t size;

    if (queue == NULL)
        return NULL;
    while (slots < most && tg_mul(slots, 2, &size))
        slots = size;
    if (!tg_mul(slots, sizeof(*queue->slots), &size) ||
        (queue->slots = tg_alloc(size)) == NULL) {
        tg_free(queue);
        return NULL;
    }
    queue->slot_count = slots;
    queue->most = most;
    return queue;
}

static void
node_free(struct node *node)
{
    tg_wipe(node, sizeof(*node) + node->len);
    tg_free(node);
}

void
queue_free(struct queue *queue)
{
    if (queue == NULL)
        return;
    for (size_t i = 0; i < queue->slot_count; i++) {
        struct node *next;

        for (struct node *node = queue->slots[i]; node != NULL; node = next) {
            next = node->next;
            node_free(node);
        }
    }
    for (size_t i = 0; i < QUEUE_SERVICES; i++)
        tg_free(queue->heaps[i].nodes);
    tg_free(queue->slots);
    tg_free(queue);
}

/* ---- the heap ---------------------------------------------------------- */

static bool
is_before(const struct node *a, const struct node *b)
{
    return a->item.due != b->item.due ? a->item.due < b->item.due
                                      : a->number < b->number;
}

static void
heap_set(struct heap *heap, size_t place, struct node *node)
{
    heap->nodes[place] = node;
    node->place = place;
}

/* Up from `place`, as far as it belongs. */
static void
heap_rise(struct heap *heap, size_t place, struct node *node)
{
    while (place > 0 && is_before(node, heap->nodes[(place - 1) / 2])) {
        heap_set(heap, place, heap->nodes[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_set(heap, place, node);
}

/* Down from `place`, likewise. */
static void
heap_sink(struct heap *heap, size_t place, struct node *node)
{
    for (;;) {
        size_t child = 2 * place + 1;

        if (child + 1 < heap->count &&
            is_before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (child >= heap->count || is_before(node, heap->nodes[child]))
            break;
        heap_set(heap, place, heap->nodes[child]);
        place = child;
    }
    heap_set(heap, place, node);
}

/* Room for as many as there may ever be: putting back cannot fail. */
static bool
heap_reserve(struct heap *heap, size_t count)
{
    size_t cap = heap->cap > 0 ? heap->cap : HEAP_FEWEST;
    struct node **nodes;
    size_t size;

    if (count <= heap->cap)
        return true;
    while (cap < count)
        if (!tg_mul(cap, 2, &cap))
            return false;
    if (!tg_mul(cap, sizeof(struct node *), &size) ||
        (nodes = tg_realloc(heap->nodes, size)) == NULL)
        return false;
    heap->nodes = nodes;
    heap->cap = cap;
    return true;
}

static void
heap_push(struct heap *heap, struct node *node)
{
    assert(heap->count < heap->cap);
    heap_rise(heap, heap->count++, node);
}

static struct node *
heap_pop(struct heap *heap)
{
    struct node *top = heap->nodes[0];

    heap->count--;
    if (heap->count > 0)
        heap_sink(heap, 0, heap->nodes[heap->count]);
    top->place = nowhere;
    return top;
}

/* ---- the table --------------------------------------------------------- */

/* A mark is a digest already. */
static struct node **
slot_of(const struct queue *queue, const struct doorbell_mark *mark)
{
    uint64_t number;

    memcpy(&number, mark->bytes, sizeof(number));
    return &queue->slots[number & (queue->slot_count - 1)];
}

static struct node *
find(const struct queue *queue, const struct doorbell_mark *mark)
{
    struct node *node = *slot_of(queue, mark);

    while (node != NULL && memcmp(node->item.mark.bytes, mark->bytes,
                                  sizeof(mark->bytes)) != 0)
        node = node->next;
    return node;
}

static struct node *
node_new(const struct doorbell *bell, const struct doorbell_mark *mark)
{
    size_t len = bell->type.len + bell->data.len;
    struct node *node = tg_alloc(sizeof(*node) + len);

    if (node == NULL)
        return NULL;
    node->len = len;
    memcpy(node->bytes, bell->type.ptr, bell->type.len);
    memcpy(node->bytes + bell->type.len, bell->data.ptr, bell->data.len);
    node->item.bell = (struct doorbell){
        .until = bell->until,
        .type = {node->bytes, bell->type.len},
        .data = {node->bytes + bell->type.len, bell->data.len}};
    node->item.mark = *mark;
    return node;
}

enum queue_adding
queue_add(struct queue *queue, const struct doorbell *bell,
          const struct doorbell_mark *mark, size_t service, tg_mono_ms now)
{
    struct node *node = find(queue, mark);
    struct node **slot = slot_of(queue, mark);

    assert(service < QUEUE_SERVICES);
    if (node != NULL) {
        if (node->item.bell.until < bell->until)
            node->item.bell.until = bell->until;
        node->item.is_wanted_again = node->item.is_in_flight;
        return QUEUE_FOLDED;
    }
    if (queue->count >= queue->most)
        return QUEUE_FULL;
    if (!heap_reserve(&queue->heaps[service], queue->count + 1) ||
        (node = node_new(bell, mark)) == NULL)
        return QUEUE_NO_MEMORY;
    node->item.service = service;
    node->item.due = now;
    node->number = queue->added++;
    node->next = *slot;
    *slot = node;
    queue->count++;
    heap_push(&queue->heaps[service], node);
    return QUEUE_ADDED;
}

/* ---- taking, and back -------------------------------------------------- */

struct queued *
queue_take(struct queue *queue, size_t service, tg_mono_ms now)
{
    struct heap *heap = &queue->heaps[service];
    struct node *node;

    if (heap->count == 0 || heap->nodes[0]->item.due > now)
        return NULL;
    node = heap_pop(heap);
    node->item.is_in_flight = true;
    return &node->item;
}

tg_mono_ms
queue_next_due(const struct queue *queue, size_t service)
{
    const struct heap *heap = &queue->heaps[service];

    return heap->count > 0 ? heap->nodes[0]->item.due : -1;
}

void
queue_put_back(struct queue *queue, struct queued *item, tg_mono_ms due)
{
    /* What was rung meanwhile is this very doorbell. */
    item->is_wanted_again = false;
    item->is_in_flight = false;
    item->due = due;
    heap_push(&queue->heaps[item->service], (struct node *)item);
}

void
queue_done(struct queue *queue, struct queued *item, tg_mono_ms now)
{
    struct node *node = (struct node *)item;
    struct node **at = slot_of(queue, &item->mark);

    assert(node->place == nowhere);
    if (item->is_wanted_again) {
        item->route = 0;
        item->tries = 0;
        item->was_renewed = false;
        queue_put_back(queue, item, now);
        return;
    }
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    queue->count--;
    node_free(node);
}

size_t
queue_count(const struct queue *queue)
{
    return queue->count;
}
