"""What the text of a student's C file, and the assembly that the compiler makes of it, may hold.

C code may include headers of the kernel and the compiler's four, nothing else; assembly may use the directives that
the compiler itself uses, so that neither brings a file of the host into the kernel. Both functions return complaints;
what they cannot read for certain they refuse. They are the first of three fences: the compiler's list of what it read
is looked at as well (core/submission.py), and it runs where nothing else is to be read (core/sandbox.py).
"""
import re

SYSTEM_HEADERS = ('stdbool.h', 'stdint.h', 'stddef.h', 'stdarg.h')
DIRECTIVES = ('define', 'undef', 'if', 'ifdef', 'ifndef', 'elif', 'else', 'endif', 'error', 'warning')
PRAGMAS = re.compile(r'pragma\s+(GCC\s+(diagnostic|unroll)\b|once\b)')
MOST_COMPLAINTS = 10

# ---- C

SPLICE = re.compile(r'\\[ \t\f\v]*\r?\n')
RAW_STRING = re.compile(r'(?<![\w$])(u8|u|U|L)?R"')
TOKEN = re.compile(r'''(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')'''
                   r'''|(?P<open>["'][^\n]*)''', re.S)
WORDS = ((re.compile(r'\b_Pragma\b'), '_Pragma'), (re.compile(r'has_(include|embed)'), '__has_include'),
         (re.compile(r'%:'), 'the digraph %:'))


def without_comments(text):
    """(code with each comment as one blank, the same with strings emptied)."""
    code = TOKEN.sub(lambda m: ' ' if m['comment'] else m[0], text)
    bare = TOKEN.sub(lambda m: ' ' if m['comment'] else m[0][0] * 2, text)
    return code, bare


def directive(line, headers):
    """What is wrong with a line that starts with #, behind that; '' when nothing is."""
    name = re.match(r'\s*(\w*)', line)[1]
    if name == 'include':
        m = re.fullmatch(r'\s*include\s*(?:"([^"<>]*)"|<([^"<>]*)>)\s*', line)
        if not m:
            return 'an #include names its header'
        if m[1] in headers or m[2] in SYSTEM_HEADERS:
            return ''
        wanted = ', '.join(f'<{h}>' for h in SYSTEM_HEADERS)
        shown = m[0].split('include', 1)[1].strip()[:100]
        return f'#include {shown}: only headers of kernel/ ("kernel/vm/as.h") and {wanted}'
    if name == 'pragma':
        return '' if PRAGMAS.match(line.strip()) else f'#{line.strip()[:60]}'
    if name in DIRECTIVES or not line.strip():
        return ''
    return f'#{line.strip()[:60]}'


def c_source(data, headers):
    """Complaints about the bytes of a C file. headers: paths of the kernel's."""
    text = data.decode('latin-1').removeprefix('\xef\xbb\xbf')
    if re.search(r'[\0-\x08\x0e-\x1f\x7f]|\r(?!\n)', text):
        return ['it holds control characters: is it text?']
    text = SPLICE.sub('', text)
    complaints = ['raw strings (R"..")'] if RAW_STRING.search(text) else []
    code, bare = without_comments(text)
    if not bare.isascii():
        complaints.append('letters outside comments and strings that are not ASCII')
    for line, empty in zip(code.split('\n'), bare.split('\n')):
        complaints += [name for pattern, name in WORDS if pattern.search(empty)]
        m = re.match(r'\s*(?:#|%:)(.*)', line.rstrip('\r'))
        wrong = directive(m[1], headers) if m else ''
        complaints += [wrong] if wrong else []
    return list(dict.fromkeys(complaints))[:MOST_COMPLAINTS]


# ---- assembly

ALLOWED = frozenset('''.2byte .4byte .8byte .align .ascii .asciz .attribute .balign .bss .byte .comm .data .dword
    .file .globl .global .half .hidden .ident .lcomm .loc .local .long .option .p2align .popsection .previous
    .pushsection .quad .section .set .short .size .skip .sleb128 .space .string .text .type .uleb128 .weak .word
    .zero'''.split())
CFI = re.compile(r'\.cfi_[a-z_]+')
STRINGS = frozenset('.ascii .asciz .string .file .section .pushsection .ident .attribute'.split())  # may have one
SECTION = re.compile(r'\s*\.(text(\.(?!entry|uaccess)[\w.$]+)?|s?(rodata|data|bss)[\w.$]*|debug_\w+|note\.GNU-stack'
                     r'|comment)\s*(,.*)?')
# whatever a lexer thinks of it, this stands nowhere outside a string
NEVER = re.compile(r'incbin|altmacro|\.\s*(include|macro|irp|irpc|rept)\b', re.I)
STRING = re.compile(r'"(?:[^"\\]|\\.)*("|\\?$)')  # to the end of the line when it has no end: looked at once
LABEL = re.compile(r'\s*[\w.$]+\s*:')


def statement(text):
    """What is wrong with one statement, its strings emptied; '' when nothing is."""
    at = 0
    label = LABEL.match(text)
    while label:
        at = label.end()
        label = LABEL.match(text, at)
    text = text[at:].strip()
    if not text:
        return ''
    name = re.match(r'[A-Za-z_.][\w.]*', text)
    if not name or re.match(r'\s*=', text[name.end():]):
        return 'a statement that is no instruction'
    word = name[0].lower()
    if not word.startswith('.'):
        return 'a string in an instruction' if '"' in text else ''
    if word not in ALLOWED and not CFI.fullmatch(word):
        return f'the directive {word[:40]}'
    if '"' in text and word not in STRINGS:
        return f'a string behind {word}'
    if word in ('.section', '.pushsection') and not SECTION.fullmatch(text[name.end():]):
        return f'section {text[name.end():].strip()[:40]}'
    return ''


def assembly_line(line):
    """What is wrong with a line; '' when nothing is."""
    empty = STRING.sub(lambda m: '""' if m[1] == '"' else '"', line)
    code, _, comment = empty.partition('#')
    if NEVER.search(code) or NEVER.search(comment):
        return 'what brings in other files'
    if code.replace('""', '').count('"') or re.search(r"[^\t -~]|['\\`]|/[*/]", code):
        return 'characters that are no assembly'
    for part in code.split(';'):
        wrong = statement(part)
        if wrong:
            return wrong
    return ''


def assembly(text):
    """Complaints about what the compiler wrote: inline assembly is in it as it stands in the source."""
    if text.startswith('#'):  # "#NO_APP" there: the assembler would read the rest by other rules
        return ['assembly that begins with a comment']
    complaints, place = {}, ''
    for line in text.split('\n'):
        m = re.match(r'# (\d+) "([\w./-]+)" 1$', line)  # the compiler says whose statement follows
        place = f' (line {m[1]})' if m else place
        wrong = assembly_line(line)
        if wrong:
            complaints[f'in assembly{place}: {wrong}'] = None
        if line.startswith(' #NO_APP'):
            place = ''
    return list(complaints)[:MOST_COMPLAINTS]
