package secrets

import "strings"

// connection decodes the parts that split has found.
func (u *uriParser) connection(extra extraType) Connection {
	login, password := cutByte(u.userInfo, ':')
	c := Connection{
		Type:     normalizeType(u.lower(u.scheme)),
		Host:     u.hostName(),
		Schema:   unquote(strings.TrimPrefix(u.path, "/")),
		Login:    unquote(login),
		Password: NewSecret(unquote(password)), // blank is none: §3.4, step 6
		Port:     u.port,
		Extra:    NewSecret(u.carried),
	}
	if u.query != "" {
		c.Extra = NewSecret(extraOfQuery(u.query, extra))
	}
	return c
}

// hostName is §3.4, steps 8 and 9, with rule L1: the host stands behind its protocol.
func (u *uriParser) hostName() string {
	host := u.plainHostName()
	if u.protocol != "" && host != "" {
		return u.lower(u.protocol) + "://" + host
	}
	return host
}

func (u *uriParser) plainHostName() string {
	text := u.host
	n := strings.IndexByte(text, '%')
	if n < 0 {
		return u.lower(text)
	}
	if plain := u.lower(text[:n]); plain != text[:n] {
		text = plain + text[n:]
	}
	host := unquote(text)
	if strings.Contains(host, "/") {
		text, _ = cutByte(u.hostPort, ':')
		return unquote(text)
	}
	return host
}

// lower lower-cases a part of the text as Python does, except that a final Σ becomes σ as any other.
func (u *uriParser) lower(part string) string {
	if u.has&(upperCase|beyondASCII) == 0 {
		return part
	}
	if u.has&beyondASCII != 0 {
		part = strings.ReplaceAll(part, "İ", "i̇")
	}
	return strings.ToLower(part)
}

// normalizeType is §3.2 step 2, for both forms.
func normalizeType(t string) string {
	if t == "postgresql" {
		return "postgres"
	}
	if strings.IndexByte(t, '-') < 0 {
		return t
	}
	var scratch [64]byte
	out := append(scratch[:0], t...)
	for i, c := range out {
		if c == '-' {
			out[i] = '_'
		}
	}
	return string(out)
}
