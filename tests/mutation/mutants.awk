# Lists the mutants of a source file, one a line: its line, the mutation, and the line as it is to be, by tabs.
#
#   awk -f tests/mutation/mutants.awk FILE
#
# Works on text that clang-format has laid out: a binary operator stands between blanks, a template's bracket does not.
# Comments, strings, directives and declarations of constants stay as they are.

function is_code(text) {
  if (text ~ /^[ \t]*(#|\/\/|namespace|using|template|static_assert|constexpr|const auto k[A-Z])/) return 0
  if (text ~ /\.reserve\(/) return 0  # how often memory is taken decides nothing
  if (text ~ /^[ \t]*(static )?constexpr/ || text ~ /^[ \t]*assert\(/) return 0
  return text ~ /[^ \t]/
}

# Blanks in place of what stands in quotes or after //, so that places stay the same.
function code_of(text,    out, i, c, quote) {
  out = ""
  quote = ""
  for (i = 1; i <= length(text); ++i) {
    c = substr(text, i, 1)
    if (quote != "") {
      if (c == "\\") {
        out = out "__"
        ++i
        continue
      }
      if (c == quote) quote = ""
      out = out (quote == "" ? c : "_")
    } else {
      if (c == "/" && substr(text, i + 1, 1) == "/") break
      if (c == "\"" || (c == "'" && substr(text, i - 1, 1) !~ /[0-9A-Fa-f]/)) quote = c
      out = out c
    }
  }
  return out
}

function tell(what, text) {
  printf "%d\t%s\t%s\n", NR, what, text
}

# Each place of `from` in the code becomes `to`, one after the other.
function replace_each(from, to,    at, rest, place) {
  rest = code
  at = 0
  while ((place = index(rest, from)) > 0) {
    at += place
    tell("`" trimmed(from) "` becomes `" trimmed(to) "`",
         substr($0, 1, at - 1) to substr($0, at + length(from)))
    rest = substr(code, at + 1)
  }
}

function leave_out_not(from,    at, rest, place) {
  rest = code
  at = 0
  while ((place = index(rest, from)) > 0) {
    at += place
    if (substr(code, at + 2, 1) != "=") tell("`!` is left out", substr($0, 1, at) substr($0, at + 2))
    rest = substr(code, at + 1)
  }
}

function trimmed(text) {
  gsub(/^ +| +$/, "", text)
  return text
}

# Where the bracket at `open` is closed, on the same line; 0 where it is not.
function closing(text, open,    depth, i, c) {
  depth = 0
  for (i = open; i <= length(text); ++i) {
    c = substr(text, i, 1)
    if (c == "(") ++depth
    if (c == ")" && --depth == 0) return i
  }
  return 0
}

function negate_condition(    open, close_at, condition, from, semicolon) {
  if (!match(code, /(^|[^a-z_])(if|while) \(/)) return
  open = RSTART + RLENGTH - 1
  close_at = closing(code, open)
  if (close_at == 0) return
  from = open + 1
  condition = substr(code, from, close_at - from)
  while ((semicolon = index(condition, "; ")) > 0) {
    from += semicolon + 1
    condition = substr(condition, semicolon + 2)
  }
  if (condition ~ /^(const )?auto /) return
  tell("the condition is negated", substr($0, 1, from - 1) "!(" substr($0, from, close_at - from) ")" substr($0, close_at))
}

function next_number(    rest, at, digits, before, after) {
  rest = code
  at = 0
  while (match(rest, /[0-9]+/)) {
    before = substr(code, at + RSTART - 1, 1)
    after = substr(code, at + RSTART + RLENGTH, 1)
    digits = substr(rest, RSTART, RLENGTH)
    if (before !~ /[A-Za-z_0-9.'<]/ && after !~ /[A-Za-z_.'>]/ && length(digits) < 7) {
      tell("`" digits "` becomes `" (digits + 1) "`",
           substr($0, 1, at + RSTART - 1) (digits + 1) substr($0, at + RSTART + RLENGTH))
    }
    at += RSTART + RLENGTH - 1
    rest = substr(code, at + 1)
  }
}

{
  if (!is_code($0)) next
  code = code_of($0)
  if (code !~ /[^ \t]/) next
  replace_each(" == ", " != ")
  replace_each(" != ", " == ")
  replace_each(" < ", " <= ")
  replace_each(" <= ", " < ")
  replace_each(" > ", " >= ")
  replace_each(" >= ", " > ")
  replace_each(" && ", " || ")
  replace_each(" || ", " && ")
  if (code !~ /"/) replace_each(" + ", " - ")  # texts are joined by it
  replace_each(" - ", " + ")
  replace_each(" & ", " | ")
  replace_each("return true", "return false")
  replace_each("return false", "return true")
  replace_each("return ok()", "return fail(ErrorCode::failed, \"mutant\")")
  leave_out_not("(!")
  leave_out_not(" !")
  negate_condition()
  if (code !~ /"/) next_number()  # a number in a text decides nothing
  # A refusal, an early end or an effect that is left out.
  if (code ~ /^ *if \(.*\) (return|continue|break).*;$/ || code ~ /^ *TRY\(.*;$/ ||
      code ~ /^ *[a-z_][A-Za-z_0-9.:]*(->[a-z_]+)?\(.*\);$/ || code ~ /^ *(\+\+|--)?[a-z_.]+( [-+|&]?= .*)?;$/) {
    if (code !~ /^ *(return|break|continue|default)/) tell("the line is left out", "")
  }
}
