package localfs

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const unknownTag = "a tag other than !!str, !!int, !!float, !!bool, !!null, !!map and !!seq: write the value itself"

// scalar returns a node's text or, if it is no text, its JSON. What is not in quotes is read by the rules of YAML 1.1, as
// Airflow reads it: yes and off are booleans, 017 is 15, 1:30 is 90. Dates stay the text they are written as.
func scalar(n *yaml.Node) (text string, isJSON bool, problem *mistake) {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.Tag
	}
	if tag == "" && n.Style&quoted != 0 || tag == "!!str" || tag == "!!timestamp" {
		return n.Value, false, nil
	}
	json, kind := resolve(n.Value)
	switch {
	case tag == "!!float" && kind == yamlInt:
		json, kind = json+".0", yamlFloat
	case tag == "!!null" && n.Value == "":
	case tag == "":
	case tag == "!!int" && kind == yamlInt, tag == "!!float" && kind == yamlFloat, tag == "!!bool" && kind == yamlBool, tag == "!!null" && kind == yamlNull:
	case tag == "!!int", tag == "!!float", tag == "!!bool", tag == "!!null":
		return "", false, &mistake{n.Line, "the value is not what its tag says"}
	default:
		return "", false, &mistake{n.Line, unknownTag}
	}
	switch kind {
	case yamlText:
		return n.Value, false, nil
	case yamlBeyond:
		return "", false, &mistake{n.Line, "a number that JSON cannot write: put it in quotes"}
	}
	return json, true, nil
}

type yamlKind uint8

const (
	yamlText yamlKind = iota
	yamlNull
	yamlBool
	yamlInt
	yamlFloat
	yamlBeyond // a number without JSON
)

// resolve says what a text without quotes is, and its JSON.
func resolve(s string) (json string, kind yamlKind) {
	if s == "" {
		return "null", yamlNull
	}
	switch s[0] {
	case '~', 'n', 'N', 'y', 'Y', 't', 'T', 'f', 'F', 'o', 'O':
		switch s {
		case "~", "null", "Null", "NULL":
			return "null", yamlNull
		case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
			return "true", yamlBool
		case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
			return "false", yamlBool
		}
	case '-', '+', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return number(s)
	}
	return "", yamlText
}

// number reads the integers and floats of YAML 1.1.
func number(s string) (json string, kind yamlKind) {
	sign, digits := "", s
	if s[0] == '-' || s[0] == '+' {
		digits = s[1:]
		if s[0] == '-' {
			sign = "-"
		}
	}
	switch digits {
	case "":
		return "", yamlText
	case ".inf", ".Inf", ".INF":
		return "", yamlBeyond
	case ".nan", ".NaN", ".NAN":
		if digits == s {
			return "", yamlBeyond
		}
		return "", yamlText
	}
	for i := range len(digits) { // most texts that begin like a number are none
		if c := digits[i]; (c < '0' || c > '9') && !strings.ContainsRune("_.:+-abcdefABCDEFxE", rune(c)) {
			return "", yamlText
		}
	}
	plain := strings.ReplaceAll(digits, "_", "")
	switch {
	case digits[0] == '0' && len(digits) > 1:
		if base, rest := basePrefix(digits, plain); base != 0 && only(rest, base) {
			if rest == "" {
				return "", yamlText
			}
			n, err := strconv.ParseUint(rest, base, 64)
			if err != nil {
				return "", yamlBeyond
			}
			return signed(sign, strconv.FormatUint(n, 10)), yamlInt
		}
	case digits[0] != '.' && digits[0] != '_' && plain != "" && only(plain, 10):
		return signed(sign, plain), yamlInt
	case strings.Contains(digits, ":") && !strings.Contains(digits, "."):
		return sexagesimal(sign, digits)
	}
	return float(sign, s, digits)
}

// basePrefix returns the base of an integer that begins with 0, and its digits.
func basePrefix(digits, plain string) (base int, rest string) {
	switch digits[1] {
	case 'b':
		return 2, strings.TrimPrefix(plain, "0b")
	case 'x':
		return 16, strings.TrimPrefix(plain, "0x")
	}
	return 8, plain
}

// only reports whether s has digits of base and nothing else.
func only(s string, base int) bool {
	for i := range len(s) {
		c := s[i]
		digit := 99
		switch {
		case '0' <= c && c <= '9':
			digit = int(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			digit = int(c|0x20-'a') + 10
		}
		if digit >= base {
			return false
		}
	}
	return true
}

func signed(sign, digits string) string {
	if digits == "0" {
		return digits
	}
	return sign + digits
}

// sexagesimal reads 1:30, which is 90.
func sexagesimal(sign, digits string) (string, yamlKind) {
	n, is, fits := base60(digits)
	switch {
	case !is || digits[0] == '0':
		return "", yamlText
	case !fits:
		return "", yamlBeyond
	}
	return sign + strconv.FormatUint(n, 10), yamlInt
}

// base60 reads numbers below 60 that follow a first one, each after a colon.
func base60(s string) (n uint64, is, fits bool) {
	parts := strings.Split(s, ":")
	head := strings.ReplaceAll(parts[0], "_", "")
	if s[0] < '0' || s[0] > '9' || !only(head, 10) {
		return 0, false, false
	}
	n, err := strconv.ParseUint(head, 10, 64)
	fits = err == nil
	for _, p := range parts[1:] {
		if p == "" || len(p) > 2 || !only(p, 10) || len(p) == 2 && p[0] > '5' {
			return 0, false, false
		}
		sixtieth, _ := strconv.ParseUint(p, 10, 64)
		fits = fits && n <= (math.MaxUint64-sixtieth)/60
		n = n*60 + sixtieth
	}
	return n, true, fits
}

// float reads [-+]?1.5e+3, .5e+3 without a sign, and [-+]?1:30.5 without an exponent.
func float(sign, s, digits string) (string, yamlKind) {
	whole, frac, ok := strings.Cut(digits, ".")
	exponent := ""
	if i := strings.IndexAny(frac, "eE"); i >= 0 {
		frac, exponent = frac[:i], frac[i:]
		if len(exponent) < 3 || exponent[1] != '-' && exponent[1] != '+' || !only(exponent[2:], 10) {
			return "", yamlText
		}
	}
	switch {
	case !ok, strings.HasPrefix(whole, "_"):
		return "", yamlText
	case whole == "" && (digits != s || frac == "" || frac[0] == '_'):
		return "", yamlText
	case strings.Contains(whole, ":"):
		n, is, fits := base60(whole)
		switch {
		case !is || exponent != "":
			return "", yamlText
		case !fits:
			return "", yamlBeyond
		}
		whole = strconv.FormatUint(n, 10)
	}
	whole, frac = strings.ReplaceAll(whole, "_", ""), strings.ReplaceAll(frac, "_", "")
	if !only(whole, 10) || !only(frac, 10) {
		return "", yamlText
	}
	return sign + cmp.Or(strings.TrimLeft(whole, "0"), "0") + "." + cmp.Or(frac, "0") + exponent, yamlFloat
}
