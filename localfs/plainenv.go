package localfs

import "github.com/secretchain/secrets/internal/dotenv"

// readPlainEnv reads the conventional .env dialect, with quotes, comments, export and $NAME. Of a repeated name the last
// value counts. A blank value of a connection is none.
func readPlainEnv(text string, b *builder) {
	vars, err := dotenv.Parse([]byte(text))
	if err != nil {
		b.broke(err.Line, err.Reason)
		return
	}
	b.expect(len(vars))
	for key, value := range vars {
		b.add(entry{key: key, text: value})
	}
}
