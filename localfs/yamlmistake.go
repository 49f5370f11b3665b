package localfs

import (
	"strconv"
	"strings"
)

// The parser's words that are fixed and so may be shown. Those of its upper half, which sees tokens, come with a line that
// is counted from 0, those of the lower with one that is counted from 1; on the first line both leave it out.
var (
	yamlOfTokens = []string{
		"did not find expected ',' or ']'",
		"did not find expected ',' or '}'",
		"did not find expected '-' indicator",
		"did not find expected key",
		"did not find expected node content",
		"did not find expected <document start>",
		"found undefined tag handle",
		"found incompatible YAML document",
	}
	yamlOfText = []string{
		"could not find expected ':'",
		"did not find expected comment or line break",
		"found a tab character that violates indentation",
		"found a tab character where an indentation space is expected",
		"found character that cannot start any token",
		"found unexpected document indicator",
		"found unexpected end of stream",
		"found unknown escape character",
		"mapping keys are not allowed in this context",
		"mapping values are not allowed in this context",
		"block sequence entries are not allowed in this context",
		"exceeded max depth",
	}
)

// yamlMistake takes the line and, if it is one of the fixed ones, the reason out of the parser's error about text. The rest
// stays here: it may quote the file. Line 0 is not known.
func yamlMistake(err error, text string) (line int, reason string) {
	words := strings.TrimPrefix(err.Error(), "yaml: ")
	switch {
	case strings.HasPrefix(words, "unknown anchor "):
		return 0, "not YAML: an alias (*name) of nothing; put a text that begins with * in quotes"
	case words == "control characters are not allowed":
		before := text[:max(0, strings.IndexFunc(text, notInYAML))]
		return 1 + strings.Count(before, "\n"), "not YAML: " + words
	}
	line = 1
	if rest, ok := strings.CutPrefix(words, "line "); ok {
		var number string
		number, words, _ = strings.Cut(rest, ": ")
		line, _ = strconv.Atoi(number)
		if oneOf(yamlOfTokens, words) != "" {
			line++
		}
	}
	for _, known := range [][]string{yamlOfTokens, yamlOfText} {
		if found := oneOf(known, words); found != "" {
			return line, "not YAML: " + found
		}
	}
	return line, "not YAML: check indentation, quotes and colons"
}

// oneOf returns which of known is in words, or "".
func oneOf(known []string, words string) string {
	for _, k := range known {
		if strings.Contains(words, k) {
			return k
		}
	}
	return ""
}

// notInYAML reports a control character that no YAML file holds.
func notInYAML(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return false
	}
	return r < 0x20 || 0x7f <= r && r < 0xa0 || r == 0xfffe || r == 0xffff
}
