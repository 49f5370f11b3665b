"""Writes what Python does with each text: configparser.json, expand.json (the variables and home directories that Airflow
puts into values) and shlex.json (how a command line is split).

Run it with Python 3.11 or newer from this folder when a case is added: python3 generate.py
"""

import configparser
import io
import json
import os
import shlex

TEXTS = {
    "empty": "",
    "plain": "[a]\nx = 1\ny: 2\n",
    "no final newline": "[a]\nx = 1",
    "no blanks": "[a]\nx=1\ny:2\n",
    "first delimiter wins": "[a]\nx = b:c\ny: d=e\nurl = postgresql://u:p@h:5432/d?a=b\n",
    "delimiter at once": "[a]\nx=:y\nz:=y\n",
    "blank value": "[a]\nx =\ny=\nz = \n",
    "keys keep their case": "[a]\nBackend_KWARGS = {}\n",
    "key with blanks": "[a]\nx y  = 1\n",
    "section case kept": "[A]\nx = 1\n[a]\nx = 2\n",
    "section blanks kept": "[ a ]\nx = 1\n",
    "text after section": "[a] ; not a comment\nx = 1\n",
    "bracket in section": "[a]b]\nx = 1\n",
    "section with equals": "[team=secrets]\nbackend = x\n",
    "section and option on one line": "[a] = b\nx = 1\n",
    "bracket option": "[a]\n[b = 1\n",
    "blank section name": "[]\nx = 1\n",
    "blank section name later": "[a]\n[]\n",
    "section of one blank": "[ ]\nx = 1\n",
    "indented section": "  [a]\n  x = 1\n",
    "section never continues": "[a]\n  x = 1\n    y = 2\n",
    "indented header continues a value": "[a]\nx = 1\n  [b]\ny = 2\n",
    "hash comment": "# c\n[a]\n# c\nx = 1\n",
    "semicolon comment": "; c\n[a]\n  ; c\nx = 1\n",
    "no inline comments": "[a]\nx = 1 # c\ny = 2 ; c\nz = #3\n",
    "hash in the key": "[a]\na#b = 1\n",
    "comment inside a value": "[a]\nx = 1\n  # c\n  2\n",
    "comment at the margin inside a value": "[a]\nx = 1\n# c\n  2\n",
    "continuation": "[a]\nx = 1\n  2\n\t3\ny = 4\n",
    "continuation of a blank value": "[a]\nx =\n  1\n  2\n",
    "continuation looks like an option": "[a]\nx = {\n  \"url\": \"http://h\",\n  \"a\" = 1}\n",
    "continuation less deep": "[a]\n  x = 1\n y = 2\n",
    "continuation equally deep": "[a]\n  x = 1\n  y = 2\n",
    "continuation after less deep": "[a]\n    x = 1\n  y = 2\n    z\n",
    "blank line inside a value": "[a]\nx = 1\n\n  2\n",
    "blank lines inside and after": "[a]\nx = 1\n\n\n  2\n\n\ny = 3\n",
    "blank line with spaces": "[a]\nx = 1\n   \n  2\n",
    "blank line between comments": "[a]\nx = 1\n\n# c\n\n  2\n",
    "json over lines": "[a]\nx = {\"p\": \"q\",\n     \"r\": [1,\n     2]}\n",
    "json ends at the margin": "[a]\nx = {\n  \"p\": 1\n}\n",
    "list at the margin": "[a]\nx = [1,\n2]\n",
    "before the first section": "x = 1\n[a]\n",
    "continuation before the first section": "  x\n",
    "comment before the first section": "# only this\n",
    "no delimiter": "[a]\nx\n",
    "no key": "[a]\n= 1\n",
    "no key with colon": "[a]\n : 1\n",
    "section twice": "[a]\nx = 1\n[b]\n[a]\ny = 2\n",
    "option twice": "[a]\nx = 1\ny = 2\nx = 3\n",
    "option twice in other case": "[a]\nx = 1\nX = 2\n",
    "option in two sections": "[a]\nx = 1\n[b]\nx = 2\n",
    "default": "[DEFAULT]\nx = 1\n[a]\ny = 2\n[b]\nx = 3\n",
    "default after": "[a]\ny = 2\n[DEFAULT]\nx = 1\n",
    "default twice": "[DEFAULT]\nx = 1\n[a]\n[DEFAULT]\ny = 2\n",
    "default twice with one option": "[DEFAULT]\nx = 1\n[a]\n[DEFAULT]\nx = 2\n",
    "default in lower case": "[default]\nx = 1\n[a]\ny = 2\n",
    "default without section": "[DEFAULT]\nx = 1\n",
    "crlf": "[a]\r\nx = 1\r\n  2\r\ny = 3\r\n",
    "cr": "[a]\rx = 1\ry = 2\r",
    "mixed line ends": "[a]\nx = 1\r\n\ry = 2\n\r\n",
    "form feed is a blank": "[a]\n\fx = 1\ny = \f2\f\n",
    "vertical tab does not end a line": "[a]\nx = 1\v2\n",
    "line separator does not end a line": "[a]\nx = 1\u20282\n",
    "next line is a blank": "[a]\nx = \u00851\u0085\n",
    "file separator is a blank": "[a]\nx = \u001c1\u001f\n",
    "no-break space is a blank": "[a]\n\u00a0x\u00a0=\u00a01\u00a0\n",
    "indent counts letters": "[a]\n\u00a0\u00a0x = 1\n   y = 2\n",
    "zero width space is none": "[a]\n\u200bx = 1\n",
    "byte order mark": "\ufeff[a]\nx = 1\n",
    "nul": "[a]\nx = 1\u00002\n",
    "unicode": "[\u00e4]\nschl\u00fcssel = w\u00e4rt \u2603\n",
    "upper unicode key": "[a]\n\u00c4RGER = 1\n",
    "percent twice": "[a]\nx = 50%% of p%%40ss\n",
    "percent four": "[a]\nx = %%%%\n",
    "percent alone": "[a]\nx = 50%\n",
    "percent and letter": "[a]\nx = p%40ss\n",
    "percent elsewhere": "[a]\nx = 50%\ny = 1\n",
    "reference": "[a]\nhome = /h\nx = %(home)s/f\n",
    "reference in another case": "[a]\nhome = /h\nx = %(HOME)s/f\n",
    "reference in upper case": "[a]\nHOME = /h\nhome = /g\nx = %(HOME)s/f\n",
    "reference to default": "[DEFAULT]\nhome = /h\n[a]\nx = %(home)s/f\n",
    "reference from default": "[DEFAULT]\nx = %(home)s/f\nhome = /d\n[a]\nhome = /h\n",
    "reference to another section": "[a]\nx = %(home)s\n[b]\nhome = /h\n",
    "reference missing": "[a]\nx = %(home)s\n",
    "reference to itself": "[a]\nx = %(x)s\n",
    "reference in a circle": "[a]\nx = %(y)s\ny = %(x)s\n",
    "reference without s": "[a]\ny = 1\nx = %(y)d\n",
    "reference not closed": "[a]\ny = 1\nx = %(y\n",
    "reference of nothing": "[a]\nx = %()s\n",
    "reference then percent": "[a]\ny = 1%%\nx = %(y)s%%(y)s\n",
    "reference over lines": "[a]\nx = 1\n  %(y)s\ny = 2\n",
    "reference nine deep": "[a]\n" + "".join(f"k{i} = %(k{i + 1})s\n" for i in range(9)) + "k9 = end\n",
    "reference ten deep": "[a]\n" + "".join(f"k{i} = %(k{i + 1})s\n" for i in range(10)) + "k10 = end\n",
    "reference eleven deep": "[a]\n" + "".join(f"k{i} = %(k{i + 1})s\n" for i in range(11)) + "k11 = end\n",
    "quotes kept": "[a]\nx = \"1\"\ny = '2'\n",
    "backslash kept": "[a]\nx = 1\\\ny = 2\\n\n",
    "dollar kept": "[a]\nx = $HOME ${HOME}\n",
    "airflow sample": "[core]\n# comment\nsql_alchemy_conn = sqlite:////a.db\n\n[secrets]\nbackend =\nbackend_kwargs =\n",
}


def read(text):
    parser = configparser.ConfigParser()
    parser.optionxform = str  # as Airflow does, since before 1.10.10: options keep their case
    try:
        parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    except configparser.Error as error:
        first = error.errors[0][0] if getattr(error, "errors", None) else error.lineno
        return {"error": type(error).__name__, "line": first}
    sections = {}
    for name in parser.sections():
        options = sections[name] = {}
        for option in parser.options(name):
            try:
                options[option] = {"value": parser.get(name, option)}
            except configparser.InterpolationError as error:
                options[option] = {"error": type(error).__name__}
    return {"sections": sections}


ENVIRONMENT = {
    "HOME": "/home/me",
    "A": "1",
    "B": "$A",
    "C": "${B}${B}",
    "SELF": "$SELF",
    "BLANK": "",
    "TILDE": "~/x",
    "FIRST": "$",
    "_u1": "underscore",
    "\u00e4": "umlaut",
    "a b": "blank",
}

EXPAND = [
    "", "plain", "$A", "${A}", "x$A.y", "$A$A", "$AB", "${A}B", "$B", "$C", "$SELF", "${SELF}", "$BLANK", "a${BLANK}b", "$UNSET", "${UNSET}",
    "${UNSET}$A", "$", "$$", "$$A", "$ A", "${", "${A", "${}", "$}", "${A}}", "$1", "$-", "a$", "$A-$B", "$_u1", "$\u00e4", "${\u00e4}", "${a b}",
    "~", "~/", "~/x", "~/$A", "a~", "/~", " ~", "$TILDE", "x$TILDE", "~no-such-user-here/x", "${FIRST}A", "$FIRST$A", "p$word", "{A}", "${{A}}", "$a",
    "\\$A", "%A%", "line\n$A",
]

COMMANDS = [
    "", " ", "a", "a b", "a  b\tc\nd\re", " a ", "'a b' c", '"a b" c', "a'b'c", "''", "a ''", "a '' b", '""', "'", '"', "a 'b", 'a "b',
    "a\\ b", "\\a", "a\\", "'a\\b'", '"a\\b"', '"a\\"b"', '"a\\\\b"', '"a\\\'b"', "'a\"b'", "\"a'b\"", "a # b", "a;b", "a|b > c && d", "$HOME `x` $(y)",
    "bash -c 'echo hi'", "a\\\nb", "\u00e4 '\u00fc'", "a\x0bb", "a\u00a0b", "\\'a\\'", "a=\"b c\"d", "'a''b'", "'a'\"b\"",
]


def expand(text):
    while True:
        expanded = os.path.expanduser(os.path.expandvars(text))
        if expanded == text:
            return text
        text = expanded


def split(text):
    try:
        return {"args": shlex.split(text)}
    except ValueError as error:
        return {"error": str(error)}


def write(name, value):
    with open(name, "w", encoding="utf-8", newline="\n") as out:
        json.dump(value, out, indent=1)
        out.write("\n")


write("configparser.json", [{"name": n, "text": t, **read(t)} for n, t in TEXTS.items()])
os.environ.clear()
os.environ.update(ENVIRONMENT)
write("expand.json", {"environment": ENVIRONMENT, "cases": [{"text": t, "want": expand(t)} for t in EXPAND]})
write("shlex.json", [{"text": t, **split(t)} for t in COMMANDS])
