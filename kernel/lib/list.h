// Doubly linked lists with the links inside the members. An empty list points at itself; a member that is on
// no list has null links.
#ifndef KERNEL_LIB_LIST_H
#define KERNEL_LIB_LIST_H
#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(head)                                                                                      \
    {                                                                                                        \
        &(head), &(head)                                                                                     \
    }
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define list_for_each(pos, head)        for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
// the body may take pos off the list
#define list_for_each_safe(pos, head)                                                                        \
    for (struct list *pos = (head)->next, *next_ = pos->next; pos != (head); pos = next_, next_ = pos->next)

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}
static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}
static inline bool list_linked(const struct list *item)
{
    return item->next != 0;
}

static inline void list_insert(struct list *item, struct list *prev, struct list *next)
{
    item->prev = prev;
    item->next = next;
    prev->next = item;
    next->prev = item;
}

static inline void list_push_front(struct list *head, struct list *item)
{
    list_insert(item, head, head->next);
}
static inline void list_push_back(struct list *head, struct list *item)
{
    list_insert(item, head->prev, head);
}

static inline void list_del(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->next = item->prev = 0;
}

// First member taken off, 0 when empty.
static inline struct list *list_pop_front(struct list *head)
{
    struct list *item = head->next;
    if (item == head)
        return 0;
    list_del(item);
    return item;
}

#endif
