"""Placeholders in scripts, judged by the shells of this machine: what is printed is the value, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.expr.shell import problems, rewrite
from mlspec.expr.template import placeholders

SHELLS = [
    shell for shell in (["sh"], ["bash", "--posix"], ["busybox", "sh"], ["ksh"], ["mksh"], ["yash"]) if shutil.which(shell[0])
]
LISTS = {"inputs.all": ["MLSPEC_INPUT_ALL_0", "MLSPEC_INPUT_ALL_1"]}
AWKWARD = "a $HOME `id` $(id) \"q\" 's' {{ x }} ${y} \\ \\n * é\n;|&><#!~\t-e"


def variables(address: str) -> list[str]:
    return LISTS.get(address, [f"MLSPEC_{address.upper().replace('.', '_')}"])


def is_list(address: str) -> bool:
    return address in LISTS


def output_of(shell: list[str], script: str, **values: str) -> str:
    environment = {"PATH": os.environ["PATH"], **{f"MLSPEC_WITH_{name.upper()}": value for name, value in values.items()}}
    environment |= {"MLSPEC_INPUT_ALL_0": "first file", "MLSPEC_INPUT_ALL_1": "$second"}
    done = subprocess.run([*shell, "-e", "-c", rewrite(script, variables)], env=environment, capture_output=True)
    assert done.returncode == 0, (script, rewrite(script, variables), done.stderr)
    return done.stdout.decode()


PRINTED = {
    "plain": ("printf %s ${{ with.x }}", "{x}"),
    "glued": ("printf %s a${{ with.x }}b${{with.x}}", "a{x}b{x}"),
    "double": ('printf %s "<${{ with.x }}>"', "<{x}>"),
    "assignment": ('v=${{ with.x }}; printf %s "$v"', "{x}"),
    "substitution": ('printf %s "$(printf %s ${{ with.x }})"', "{x}"),
    "double in substitution in double": ('printf %s "$(printf %s "${{ with.x }}")"', "{x}"),
    "backticks": ('printf %s "`printf %s ${{ with.x }}`"', "{x}"),
    "backtick ends within quotes": ("printf %s `printf %s a # it's` ${{ with.x }}", "a{x}"),
    "default": ("printf %s ${unset:-${{ with.x }}}", "{x}"),
    "default in double": ('printf %s "${unset:-${{ with.x }}}"', "{x}"),
    "document": ("cat <<END\n'${{ with.x }}' \"\nEND\nprintf %s ${{ with.x }}", "'{x}' \"\n{x}"),
    "document with tabs": ("cat <<-END\n\t<${{ with.x }}>\n\tEND\nprintf %s ${{ with.x }}", "<{x}>\n{x}"),
    "substitution in document": ("cat <<END\n$(printf %s ${{ with.x }})\nEND", "{x}\n"),
    "two documents": ("cat <<A; cat <<'B'\n${{ with.x }}\nA\nit's\nB\nprintf %s ${{ with.x }}", "{x}\nit's\n{x}"),
    "document in substitution": ('v=$(cat <<END\nit\'s ${{ with.x }}\nEND\n); printf %s "$v" ${{ with.x }}', "it's {x}{x}"),
    "after a comment": ("# it's ${{ with.x }}\nprintf %s ${{ with.x }} # it's", "{x}"),
    "after no comment": ("printf %s a#'b' $#'c' ${#unset}'d' ${{ with.x }}", "a#b0c0d{x}"),
    "comment in substitution": ("v=$(# it's\nprintf %s a); printf %s $v ${{ with.x }}", "a{x}"),
    "hash after substitution": ("printf %s $(printf a)#'b' ${{ with.x }}", "a#b{x}"),
    "hash after an escaped blank": (r"printf %s \ #'b' ${{ with.x }}", " #b{x}"),
    "continued line": ("printf %s \\\n${{ with.x }} \\\n# it's\n", "{x}"),
    "single quotes before": ("printf %s 'it\"s' ${{ with.x }}", 'it"s{x}'),
    "escaped quote before": (r"printf %s \' \" ${{ with.x }}", "'\"{x}"),
    "escaped quote in double": (r'printf %s "\"" "${{ with.x }}"', '"{x}'),
    "case in substitution": ('v=$(case a in b) ;; (a) printf "it\'s";; esac); printf %s $v ${{ with.x }}', "it's{x}"),
    "word case": ('v="$(printf %s case)"; printf %s $v\' \' "${{ with.x }}"', "case {x}"),
    "case pattern": ("case ${{ with.x }} in ${{ with.x }}) printf yes;; *) printf no;; esac", "yes"),
    "subshell": ('(printf %s ${{ with.x }}); f() { printf %s "$1"; }; f ${{ with.x }}', "{x}{x}"),
    "arithmetic before": ("printf %s $((1 << 2)) $(( (1+2) * 3 )) ${{ with.x }}", "49{x}"),
    "shift in a document": ("cat <<END\n$((1<<3))\nEND\nprintf %s ${{ with.x }}", "8\n{x}"),
    "literal": ("printf %s $${{ a }} \"$${{\" '$${{'\ncat <<END\n$${{\nEND\ncat <<'END'\n$${{\nEND", "${{a}}${{${{${{\n${{\n"),
    "list": ("printf '<%s>' ${{ inputs.all }}", "<first file><$second>"),
    "list in a loop": ("for f in ${{ inputs.all }}; do printf '<%s>' \"$f\"; done", "<first file><$second>"),
    "list in substitution": ("printf %s \"$(printf '<%s>' ${{ inputs.all }})\"", "<first file><$second>"),
}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("name", PRINTED)
def test_what_the_shell_prints_is_the_value(name: str, shell: list[str]) -> None:
    script, expected = PRINTED[name]
    assert problems(script, placeholders(script), is_list) == []
    assert output_of(shell, script, x=AWKWARD) == expected.replace("{x}", AWKWARD)


REFUSED = {
    "single": ("echo '${{ with.x }}'", "single quotes"),
    "single in a substitution": ("echo \"$(echo '${{ with.x }}')\"", "single quotes"),
    "single in backticks": ("echo `echo '${{ with.x }}'`", "single quotes"),
    "quoted document": ("cat <<'END'\n${{ with.x }}\nEND", "end word is quoted"),
    "document quoted by a backslash": ("cat <<\\END\n${{ with.x }}\nEND", "end word is quoted"),
    "document quoted in part": ('cat <<E"N"D\n${{ with.x }}\nEND', "end word is quoted"),
    "arithmetic": ("echo $((1 + ${{ with.x }}))", "computed"),
    "arithmetic in double": ('echo "$(( (1) + ${{ with.x }}))"', "computed"),
    "backslash": (r"echo \${{ with.x }}", "backslash"),
    "backslash in double": (r'echo "\${{ with.x }}"', "backslash"),
    "backslash in a document": ("cat <<END\n\\${{ with.x }}\nEND", "backslash"),
    "nested backticks": (r"echo `echo \`echo ${{ with.x }}\``", "backticks within"),
    "quote in a quoted default": ("echo \"${a:-'${{ with.x }}'}\"", "different shells"),
    "end word": ("cat <<${{ with.x }}\nEND", "end word"),
    "list in double": ('echo "${{ inputs.all }}"', "several words"),
    "list in a document": ("cat <<END\n${{ inputs.all }}\nEND", "several words"),
    "list in an assignment": ("x=${{ inputs.all }}", "stand alone"),
    "list with a tail": ("cat ${{ inputs.all }}/part", "stand alone"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_placeholder_without_safe_expansion_is_refused_where_it_stands(name: str) -> None:
    script, reason = REFUSED[name]
    (problem,) = problems(script, placeholders(script), is_list)
    assert script[problem.start : problem.end].startswith("${{") and script[problem.start : problem.end].endswith("}}")
    assert reason in problem.message


def test_a_comment_may_hold_anything_and_is_not_resolved() -> None:
    script = "# ${{ inputs.all }} $${{ '${{ no.such.thing }}'\ntrue"

    def expansion(address: str) -> list[str]:
        raise AssertionError(f"{address} was resolved")

    assert problems(script, placeholders(script), is_list) == []
    assert rewrite(script, expansion) == "# ${{ inputs.all }} ${{ '${{ no.such.thing }}'\ntrue"


def test_problems_come_in_the_order_of_the_script() -> None:
    script = "echo '${{ with.a }}' \"${{ inputs.all }}\" '${{ with.b }}'"
    found = problems(script, placeholders(script), is_list)
    assert [problem.start for problem in found] == sorted(problem.start for problem in found)
    assert len(found) == 3


text_values = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
plain_text = st.text("abc=/-{}", min_size=1, max_size=4)


@st.composite
def double_quoted(draw: st.DrawFn, depth: int) -> tuple[str, str]:
    """What stands between double quotes, and what it expands to; `{x}` is the value."""
    kinds = ["text", "value", "quote"] + (["substitution", "backticks", "default"] if depth else [])
    match draw(st.sampled_from(kinds)):
        case "text":
            text = draw(st.text("ab #'()|;<>\n", max_size=5))
            return text, text
        case "value":
            return "${{ with.x }}", "{x}"
        case "quote":
            return draw(st.sampled_from([(r"\"", '"'), (r"\$", "$"), (r"\`", "`"), (r"\\", "\\")]))
        case "substitution":
            script, expected = draw(commands(depth - 1))
            return f"$( {script}\nprintf .)", f"{expected}."  # `$((` would be arithmetic
        case "backticks":
            inside = draw(st.sampled_from(["${{ with.x }}", '"${{ with.x }}"', "$(printf %s a)${{ with.x }}"]))
            expected = "a{x}" if "printf" in inside else "{x}"
            return f"`printf '%s.' {inside}`", f"{expected}."
        case _:
            return "${unset:-${{ with.x }}}", "{x}"


@st.composite
def words(draw: st.DrawFn, depth: int) -> tuple[str, str]:
    """One word of a command."""
    script, expected = "", ""
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.sampled_from(["plain", "value", "single", "double", "hash", "literal"])):
            case "plain":
                text = draw(plain_text)
                part = text, text
            case "value":
                part = "${{ with.x }}", "{x}"
            case "single":
                text = draw(st.text('ab"`$#\\()\n ', max_size=4))
                part = f"'{text}'", text
            case "double":
                inner, result = draw(double_quoted(depth))
                part = f'"{inner}"', result
            case "hash":
                part = "a#", "a#"
            case _:
                part = "$${{", "${{"
        script, expected = script + part[0], expected + part[1]
    return script, expected


@st.composite
def commands(draw: st.DrawFn, depth: int) -> tuple[str, str]:
    """Commands on lines of their own, and what they print."""
    script, expected = "", ""
    for _ in range(draw(st.integers(1, 3))):
        word, value = draw(words(depth))
        match draw(st.sampled_from(["simple", "comment", "case", "subshell", "document", "quoted document", "if"])):
            case "simple":
                part = f"printf %s {word}", value
            case "comment":
                part = f"printf %s {word} # it's \"${{{{ with.x }}}}` $(", value
            case "case":
                part = f"case a in b) ;; a) printf %s {word};; esac", value
            case "subshell":
                part = f"(printf %s {word})", value
            case "document":
                inner, result = draw(double_quoted(depth).filter(lambda pair: '"' not in pair[0] and "E" not in pair[0]))
                part = f"cat <<END\n'\"{inner}\nEND", f"'\"{result}\n"
            case "quoted document":
                part = "cat <<'END'\n\"'`$( $${{\nEND", "\"'`$( ${{\n"
            case _:
                part = f"if case a in a) true;; esac; then printf %s {word}; fi", value
        script, expected = script + part[0] + "\n", expected + part[1]
    return script, expected


@settings(max_examples=300, deadline=None)
@given(commands(2), text_values)
def test_no_nesting_of_constructs_changes_a_value(pair: tuple[str, str], value: str) -> None:
    script, expected = pair
    assert problems(script, placeholders(script), is_list) == []
    for shell in SHELLS[:2]:
        assert output_of(shell, script, x=value) == expected.replace("{x}", value)
