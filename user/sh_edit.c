// Line editor of the interactive shell. The console is in raw mode while it runs: every key comes at once and
// nothing is echoed.
//
// A line may be longer than the screen is wide (SCREEN_COLUMNS): it then shows through a window that moves
// with the cursor. So the line stays on one row of the terminal, and redrawing it is a carriage return, the
// text, "clear to the end of the row" and the cursor put back. The line is UTF-8: the cursor moves by
// characters, and the bytes that continue one (10xxxxxx) take no column.
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/sh.h"
#include "user/user.h"

#define SCREEN_COLUMNS 80
#define OUTPUT_MAX     512 // a whole redraw: SCREEN_COLUMNS characters of up to 4 bytes, and the escape sequences

#define CTRL(letter) ((letter) - '@')
#define ESCAPE       27
#define DELETE       127

enum key {
    KEY_END_OF_INPUT = -1,
    KEY_NONE = 256, // above every byte
    KEY_LEFT,
    KEY_RIGHT,
    KEY_UP,
    KEY_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
};

struct editor {
    const char *prompt;
    char *buf; // always terminated
    int max;   // size of buf
    int len;
    int pos;           // cursor: a byte of buf
    int left;          // first byte that shows
    int history;       // line of the history that shows, history_count() for the one being typed
    const char *typed; // that one, while another shows
};

struct output {
    int n;
    char buf[OUTPUT_MAX];
};

// What does not fit is cut off: it would not fit on the screen either.
static void put(struct output *o, const char *s, int n)
{
    if (n > OUTPUT_MAX - o->n)
        n = OUTPUT_MAX - o->n;
    memmove(o->buf + o->n, s, n);
    o->n += n;
}

static bool continues(char c)
{
    return ((uchar)c & 0xc0) == 0x80;
}

// Columns that s[n] takes on the screen; 0 when n is negative.
static int columns(const char *s, int n)
{
    int columns = 0;
    for (int i = 0; i < n; i++)
        columns += !continues(s[i]);
    return columns;
}

// Where the character in front of pos starts.
static int before(struct editor *ed, int pos)
{
    do
        pos--;
    while (pos > 0 && continues(ed->buf[pos]));
    return pos;
}

// Where the character behind the one at pos starts.
static int behind(struct editor *ed, int pos)
{
    do
        pos++;
    while (pos < ed->len && continues(ed->buf[pos]));
    return pos;
}

// ---- the screen

// Columns for the text. The last one of the row stays empty: a terminal wraps when it is written.
static int window(struct editor *ed)
{
    return SCREEN_COLUMNS - 1 - (int)strlen(ed->prompt);
}

// Whether the window may stay where it is: the cursor is in it, and not so far to the left that one does not
// see what it is about to reach.
static bool window_fits(struct editor *ed)
{
    int column = columns(ed->buf + ed->left, ed->pos - ed->left);
    if (ed->left == 0)
        return column <= window(ed);
    return ed->pos > ed->left && column >= window(ed) / 4 && column <= window(ed);
}

// Brings the cursor into the window: into its middle, so that the next keys do not scroll again at once.
static void scroll(struct editor *ed)
{
    if (window_fits(ed))
        return;
    ed->left = ed->pos;
    for (int i = window(ed) / 2; i > 0 && ed->left > 0; i--)
        ed->left = before(ed, ed->left);
}

// ESC [ n C moves n columns to the right.
static void put_cursor(struct output *o, int column)
{
    char digits[] = {ESCAPE, '[', '0' + column / 10, '0' + column % 10, 'C'};
    put(o, "\r", 1);
    if (column > 0) // 0 would count as 1
        put(o, digits, sizeof(digits));
}

// The whole row in a single write, or the cursor would be seen running to and fro.
static void redraw(struct editor *ed)
{
    struct output o = {.n = 0};
    scroll(ed);
    int end = ed->left, prompt = strlen(ed->prompt);
    for (int i = window(ed); i > 0 && end < ed->len; i--)
        end = behind(ed, end);
    put(&o, "\r", 1);
    put(&o, ed->prompt, prompt);
    put(&o, ed->buf + ed->left, end - ed->left);
    put(&o, "\033[K", 3);
    put_cursor(&o, prompt + columns(ed->buf + ed->left, ed->pos - ed->left));
    write(2, o.buf, o.n);
}

static void beep(void)
{
    write(2, "\a", 1);
}

// ---- the keyboard

static int read_byte(void)
{
    uchar c;
    return read(0, &c, 1) == 1 ? c : KEY_END_OF_INPUT;
}

// The letter that ends an escape sequence, or the number of one that ends in a tilde.
static enum key escape_key(int c)
{
    static const struct {
        int c;
        enum key key;
    } keys[] = {
        {'A', KEY_UP},  {'B', KEY_DOWN},      {'C', KEY_RIGHT},      {'D', KEY_LEFT},   {'H', KEY_HOME},
        {'F', KEY_END}, {'1', KEY_HOME},      {'7', KEY_HOME},       {'3', KEY_DELETE}, {'4', KEY_END},
        {'8', KEY_END}, {'b', KEY_WORD_LEFT}, {'f', KEY_WORD_RIGHT},
    };
    for (uint i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].c == c)
            return keys[i].key;
    return KEY_NONE;
}

// Behind an ESCAPE: a letter, or [ or O, numbers with semicolons, and a letter or a tilde. A second number
// means a modifier, with which the horizontal arrows go by words.
static int read_escape(void)
{
    int c = read_byte(), first = 0;
    bool modifier = false;
    if (c != '[' && c != 'O')
        return c < 0 ? c : c == 'b' || c == 'f' ? (int)escape_key(c) : KEY_NONE;
    while ((c = read_byte()) == ';' || (c >= '0' && c <= '9')) {
        modifier |= c == ';';
        if (first == 0)
            first = c;
    }
    enum key key = escape_key(c == '~' ? first : c);
    if (modifier && (key == KEY_LEFT || key == KEY_RIGHT))
        return key == KEY_LEFT ? KEY_WORD_LEFT : KEY_WORD_RIGHT;
    return c < 0 ? c : (int)key;
}

// A byte, or one of enum key.
static int read_key(void)
{
    int c = read_byte();
    return c == ESCAPE ? read_escape() : c;
}

// ---- changes

// At the end of the line the terminal shows the right thing by itself, without a redraw.
static void insert(struct editor *ed, const char *s, int n)
{
    if (ed->len + n >= ed->max) {
        beep();
        return;
    }
    memmove(ed->buf + ed->pos + n, ed->buf + ed->pos, ed->len - ed->pos + 1);
    memmove(ed->buf + ed->pos, s, n);
    ed->len += n;
    ed->pos += n;
    if (ed->pos == ed->len && window_fits(ed))
        write(2, s, n);
    else
        redraw(ed);
}

// The same for the last character of the line.
static void erase(struct editor *ed, int from, int to)
{
    bool single = to == ed->pos && from == before(ed, to);
    memmove(ed->buf + from, ed->buf + to, ed->len - to + 1);
    ed->len -= to - from;
    ed->pos = from;
    if (single && from == ed->len && window_fits(ed))
        write(2, "\b \b", 3);
    else
        redraw(ed);
}

static void move(struct editor *ed, int pos)
{
    ed->pos = pos;
    redraw(ed);
}

// Words end at blanks only, as Ctrl-W of the console has it.
static int word_left(struct editor *ed)
{
    int pos = ed->pos;
    while (pos > 0 && ed->buf[pos - 1] == ' ')
        pos--;
    while (pos > 0 && ed->buf[pos - 1] != ' ')
        pos--;
    return pos;
}

static int word_right(struct editor *ed)
{
    int pos = ed->pos;
    while (pos < ed->len && ed->buf[pos] == ' ')
        pos++;
    while (pos < ed->len && ed->buf[pos] != ' ')
        pos++;
    return pos;
}

// Shows the line of the history that is `by` away.
static void recall(struct editor *ed, int by)
{
    int want = ed->history + by;
    const char *line = want == history_count() ? ed->typed : history_get(want);
    if (line == 0) {
        beep();
        return;
    }
    if (ed->history == history_count())
        ed->typed = mem_copy(ed->buf, ed->len);
    ed->history = want;
    ed->len = strlen(line) < (uint)ed->max ? (int)strlen(line) : ed->max - 1;
    memmove(ed->buf, line, ed->len);
    ed->buf[ed->len] = 0;
    ed->left = 0;
    move(ed, ed->len);
}

// Replaces the word at the cursor's left by what it can only mean.
static void complete(struct editor *ed)
{
    char *more = complete_word(ed->buf, ed->pos);
    if (more == 0)
        beep();
    else if (*more == 0) // the choices were listed
        redraw(ed);
    else
        insert(ed, more, strlen(more));
}

static void clear_screen(struct editor *ed)
{
    write(2, "\033[H\033[2J", 7);
    redraw(ed);
}

static void handle_motion(struct editor *ed, int key)
{
    switch (key) {
    case KEY_LEFT:
    case CTRL('B'):
        if (ed->pos > 0)
            move(ed, before(ed, ed->pos));
        break;
    case KEY_RIGHT:
    case CTRL('F'):
        if (ed->pos < ed->len)
            move(ed, behind(ed, ed->pos));
        break;
    case KEY_WORD_LEFT:
        move(ed, word_left(ed));
        break;
    case KEY_WORD_RIGHT:
        move(ed, word_right(ed));
        break;
    case KEY_HOME:
    case CTRL('A'):
        move(ed, 0);
        break;
    case KEY_END:
    case CTRL('E'):
        move(ed, ed->len);
        break;
    case KEY_UP:
        recall(ed, -1);
        break;
    case KEY_DOWN:
    case CTRL('N'):
        recall(ed, 1);
        break;
    }
}

// Keys that change the line; the others only move in it.
static void handle_key(struct editor *ed, int key)
{
    char c = (char)key;
    switch (key) {
    case '\b':
    case DELETE:
        if (ed->pos > 0)
            erase(ed, before(ed, ed->pos), ed->pos);
        break;
    case KEY_DELETE:
    case CTRL('D'):
        if (ed->pos < ed->len)
            erase(ed, ed->pos, behind(ed, ed->pos));
        break;
    case CTRL('K'):
        erase(ed, ed->pos, ed->len);
        break;
    case CTRL('U'):
        erase(ed, 0, ed->pos);
        break;
    case CTRL('W'):
        erase(ed, word_left(ed), ed->pos);
        break;
    case CTRL('L'):
        clear_screen(ed);
        break;
    case '\t':
        complete(ed);
        break;
    default:
        if (key >= ' ' && key < KEY_NONE)
            insert(ed, &c, 1);
        else
            handle_motion(ed, key);
    }
}

// Until a key ends the line.
static int edit(struct editor *ed)
{
    for (;;) {
        int key = read_key();
        switch (key) {
        case '\r':
        case '\n':
            if (ed->pos != ed->len)
                move(ed, ed->len);
            write(2, "\n", 1);
            return ed->len;
        case CTRL('C'):
            write(2, "^C\n", 3);
            return EDIT_DROP;
        case KEY_END_OF_INPUT:
            return EDIT_END;
        case CTRL('D'):
            if (ed->len > 0)
                break;
            write(2, "\n", 1);
            return EDIT_END;
        }
        handle_key(ed, key);
    }
}

// Reads one line from the console. Cooked mode is back when it returns: commands run in that.
int edit_line(const char *prompt, char *buf, int max)
{
    struct editor ed = {.prompt = prompt, .buf = buf, .max = max, .history = history_count()};
    struct mem_mark mark = mem_mark();
    buf[0] = 0;
    ttyctl(TTY_RAW, 0);
    write(2, prompt, strlen(prompt));
    int result = edit(&ed);
    ttyctl(TTY_COOKED, 0);
    mem_release(mark);
    return result;
}
