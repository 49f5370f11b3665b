package secrets

import "fmt"

// Connection is how to reach one system.
type Connection struct {
	ID, Type, Description, Host, Schema, Login string
	Password                                   Secret
	Port                                       int    // 0: none
	Extra                                      Secret // text of one JSON object, or empty
}

func Parse(text string) (Connection, error)            { panic("skeleton") }
func ParseURI(text string) (Connection, error)         { panic("skeleton") }
func ParseJSON(text string) (Connection, error)        { panic("skeleton") }
func (c Connection) URI() Secret                       { panic("skeleton") }
func (c Connection) JSON() Secret                      { panic("skeleton") }
func (c Connection) ExtraMap() (map[string]any, error) { panic("skeleton") }
func (c Connection) DecodeExtra(v any) error           { panic("skeleton") }
func (c Connection) Equal(d Connection) bool           { panic("skeleton") }
func (c Connection) String() string                    { panic("skeleton") }
func (c Connection) Validate() error                   { panic("skeleton") }
func (c Connection) Format(f fmt.State, _ rune)        { panic("skeleton") }

type SyntaxError struct {
	Form, Part string
	Offset     int
	Reason     string
}

func (e *SyntaxError) Error() string { return "" }
func (e *SyntaxError) Unwrap() error { return ErrMalformed }
