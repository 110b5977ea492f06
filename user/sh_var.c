// Variables: a list of names and values. There is no environment to pass them on to programs; a subshell has
// them because it is a fork.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

struct var {
    struct var *next;
    char *value; // malloc'ed
    char name[]; // in the same block as this
};

static struct var *vars;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// A letter or _, then letters, digits and _. 0 when there is no name.
uint var_name_len(const char *s)
{
    uint n = 0;
    if (is_letter(s[0]))
        while (is_letter(s[n]) || (s[n] >= '0' && s[n] <= '9'))
            n++;
    return n;
}

bool var_name_ok(const char *s, uint n)
{
    return n > 0 && var_name_len(s) == n;
}

// The link to the variable, or to the end of the list.
static struct var **find(const char *name)
{
    struct var **link = &vars;
    while (*link != 0 && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    return link;
}

const char *var_get(const char *name)
{
    struct var *v = *find(name);
    return v != 0 ? v->value : 0;
}

void var_set(const char *name, const char *value)
{
    char *copy = malloc(strlen(value) + 1);
    struct var *v = *find(name);
    if (v == 0 && copy != 0 && (v = malloc(sizeof(*v) + strlen(name) + 1)) != 0) {
        *v = (struct var){.next = vars};
        strcpy(v->name, name);
        vars = v;
    }
    if (v == 0 || copy == 0) {
        complain("out of memory");
        free(copy);
        return;
    }
    free(v->value);
    v->value = strcpy(copy, value);
}

void var_unset(const char *name)
{
    struct var **link = find(name), *v = *link;
    if (v == 0)
        return;
    *link = v->next;
    free(v->value);
    free(v);
}
