// SOURCES:
//
// Lists: order, removal while walking, the links of members and heads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/lib/list.h"

#define N 5

struct item {
    int before;
    struct list link;
    int value;
};

static struct item items[N];
static struct list head;

static int setup(void **state)
{
    (void)state;
    list_init(&head);
    for (int i = 0; i < N; i++)
        items[i] = (struct item){.value = i};
    return 0;
}

// The list's values as a decimal number, read forwards; checks the backward links on the way.
static int digits(void)
{
    int v = 0;
    list_for_each(pos, &head)
    {
        assert_ptr_equal(pos->next->prev, pos);
        assert_ptr_equal(pos->prev->next, pos);
        v = v * 10 + container_of(pos, struct item, link)->value;
    }
    return v;
}

static void test_empty(void **state)
{
    struct list fixed = LIST_INIT(fixed);
    (void)state;
    assert_true(list_empty(&head));
    assert_true(list_empty(&fixed));
    assert_null(list_pop_front(&head));
    assert_false(list_linked(&items[0].link));
    assert_int_equal(digits(), 0);
}

static void test_order(void **state)
{
    (void)state;
    list_push_back(&head, &items[2].link);
    list_push_back(&head, &items[3].link);
    list_push_front(&head, &items[1].link);
    assert_int_equal(digits(), 123);
    list_insert(&items[4].link, &items[1].link, &items[2].link);
    assert_int_equal(digits(), 1423);
    assert_false(list_empty(&head));
    assert_true(list_linked(&items[1].link));
}

static void test_pop(void **state)
{
    (void)state;
    list_push_back(&head, &items[1].link);
    list_push_back(&head, &items[2].link);
    assert_ptr_equal(list_pop_front(&head), &items[1].link);
    assert_false(list_linked(&items[1].link));
    assert_int_equal(digits(), 2);
    assert_ptr_equal(list_pop_front(&head), &items[2].link);
    assert_true(list_empty(&head));
}

static void test_delete(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        list_push_back(&head, &items[i].link);
    list_del(&items[2].link);
    assert_int_equal(digits(), 134); // 0134
    list_del(&items[0].link);
    list_del(&items[4].link);
    assert_int_equal(digits(), 13);
    list_push_back(&head, &items[0].link); // may come back
    assert_int_equal(digits(), 130);
}

static void test_delete_while_walking(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        list_push_back(&head, &items[i].link);
    list_for_each_safe(pos, &head)
    {
        if (container_of(pos, struct item, link)->value % 2 == 0)
            list_del(pos);
    }
    assert_int_equal(digits(), 13);
    list_for_each_safe(pos, &head) list_del(pos);
    assert_true(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty, setup),
        cmocka_unit_test_setup(test_order, setup),
        cmocka_unit_test_setup(test_pop, setup),
        cmocka_unit_test_setup(test_delete, setup),
        cmocka_unit_test_setup(test_delete_while_walking, setup),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
