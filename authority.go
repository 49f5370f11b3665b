package secrets

import "strings"

// authority is §3.4: login, password, host and port, up to the first of / ? #.
func (u *uriParser) authority() bool {
	begin, text := u.pos, u.text[u.pos:u.end]
	u.pos = u.end

	hostAt := strings.LastIndexByte(text, '@') + 1 // step 4
	if hostAt == 0 && strings.HasPrefix(u.text[u.pos:], "#") && strings.Contains(u.text[u.pos:], "@") {
		return u.fail("password", u.pos, encodeReserved)
	}
	u.userInfo, u.hostPort = text[:max(0, hostAt-1)], text[hostAt:]
	host, port, ok := u.splitHostPort(u.hostPort, begin+hostAt)
	if !ok || !u.brackets(text, begin, hostAt) || !u.compatible(text, begin) {
		return false
	}
	u.host = host
	return u.cutPort(port, u.end-len(port))
}

const encodeReserved = "percent-encode / ? # [ ] in login or password: %2F %3F %23 %5B %5D"

// splitHostPort is step 7: the host's text, out of its brackets, and the port's.
func (u *uriParser) splitHostPort(text string, at int) (host, port string, ok bool) {
	if !strings.HasPrefix(text, "[") {
		host, port = cutByte(text, ':')
		return host, port, true
	}
	host, rest, closed := strings.Cut(text[1:], "]")
	port, colon := strings.CutPrefix(rest, ":")
	switch {
	case !closed || !isIPLiteral(host):
		return "", "", u.fail("host", at, "brackets may hold nothing but an IPv6 address")
	case rest != "" && !colon:
		return "", "", u.fail("host", at+len(host)+2, "text after the brackets of an IPv6 address; only :port may follow them")
	}
	return host, port, true
}

// cutByte is strings.Cut at a byte.
func cutByte(s string, c byte) (before, after string) {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// brackets is step 2 for the brackets that are not around the host.
func (u *uriParser) brackets(text string, begin, hostAt int) bool {
	if u.has&bracket == 0 {
		return true
	}
	if strings.HasPrefix(text[hostAt:], "[") {
		text = text[:hostAt] // splitHostPort and port have checked the rest, or will
	}
	if i := strings.IndexAny(text, "[]"); i >= 0 {
		return u.fail("host", begin+i, "brackets outside an IPv6 address; "+encodeReserved)
	}
	return true
}

// compatible is step 3: no character of the authority may turn into a separator under Unicode's NFKC.
func (u *uriParser) compatible(text string, begin int) bool {
	if u.has&beyondASCII == 0 {
		return true
	}
	for i, r := range text {
		if becomesSeparator(r) {
			return u.fail("host", begin+i, "a character that Unicode counts as equal to one of / ? # @ : ; percent-encode it")
		}
	}
	return true
}

// becomesSeparator reports whether the NFKC form of r holds one of / ? # @ :. These are all such characters:
// the code points c >= U+0080 for which Python's unicodedata.normalize("NFKC", chr(c)) holds one; Unicode 14 and 15 agree.
func becomesSeparator(r rune) bool {
	switch r {
	case 0x2047, 0x2048, 0x2049, // ⁇ ⁈ ⁉
		0x2100, 0x2101, 0x2105, 0x2106, // ℀ ℁ ℅ ℆
		0x2A74,                         // ⩴
		0xFE13, 0xFE16, 0xFE55, 0xFE56, // ︓ ︖ ﹕ ﹖
		0xFE5F, 0xFE6B, // ﹟ ﹫
		0xFF03, 0xFF0F, 0xFF1A, 0xFF1F, 0xFF20: // ＃ ／ ： ？ ＠
		return true
	}
	return false
}

// cutPort is step 10.
func (u *uriParser) cutPort(text string, at int) bool {
	port, ok := parsePort(text)
	if !ok {
		return u.fail("port", at, "not a number from 0 to 65535; if this is no port, "+encodeReserved+
			", write an IPv6 address in brackets, and a : in the host as %3A")
	}
	u.port = port
	return true
}

// parsePort reads the ASCII digits of a port from 0 to 65535; blank is none.
func parsePort(text string) (port int, ok bool) {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
		if port = port*10 + int(text[i]-'0'); port > maxPort {
			return 0, false
		}
	}
	return port, true
}

const maxPort = 65535

// isIPLiteral reports whether s may stand in brackets: an IPv6 address, perhaps with a zone, or an IPvFuture literal.
func isIPLiteral(s string) bool {
	if strings.Contains(s, "[") {
		return false
	}
	if version, ok := strings.CutPrefix(s, "v"); ok {
		digits, address, ok := strings.Cut(version, ".")
		return ok && address != "" && digits != "" && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
	}
	address, zone, zoned := strings.Cut(s, "%")
	if zoned && (zone == "" || strings.Contains(zone, "%")) {
		return false
	}
	return isIPv6(address)
}

// isIPv6 reports whether s is an IPv6 address as RFC 4291, section 2.2, writes one.
func isIPv6(s string) bool {
	head, tail, compressed := strings.Cut(s, "::")
	if !compressed {
		return groups(s, true) == 8
	}
	h, t := groups(head, false), groups(tail, true)
	return h >= 0 && t >= 0 && h+t < 8
}

// groups returns how many 16-bit groups s holds, -1 if it is malformed. An IPv4 address may be the last two of an address.
func groups(s string, last bool) int {
	if s == "" {
		return 0
	}
	for n := 1; ; n++ {
		group, rest, more := strings.Cut(s, ":")
		if last && !more && isIPv4(group) {
			return n + 1
		}
		if len(group) == 0 || len(group) > 4 || strings.Trim(group, "0123456789abcdefABCDEF") != "" {
			return -1
		}
		if !more {
			return n
		}
		s = rest
	}
}

func isIPv4(s string) bool {
	for part := range 4 {
		number, rest, more := strings.Cut(s, ".")
		value, ok := parsePort(number)
		if !ok || number == "" || value > 255 || len(number) > 1 && number[0] == '0' || more != (part < 3) {
			return false
		}
		s = rest
	}
	return true
}
