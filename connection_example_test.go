package secrets_test

import (
	"errors"
	"fmt"

	"github.com/secretchain/secrets"
)

func ExampleParse() {
	for _, text := range []string{
		"postgresql://airflow:s3cr%2Ft@db.example.com:5432/sales?sslmode=require",
		`{"conn_type": "smtp", "host": "mail.example.com", "password": "s3cr/t", "port": 587}`,
	} {
		c, err := secrets.Parse(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Type, c.Host, c.Port, c.Password.Reveal())
		fmt.Println(c)
	}
	// Output:
	// postgres db.example.com 5432 s3cr/t
	// postgres://airflow:***@db.example.com:5432/sales?***
	// smtp mail.example.com 587 s3cr/t
	// smtp://:***@mail.example.com:587
}

func ExampleParseURI_malformed() {
	_, err := secrets.ParseURI("aws://AKIAIOSFODNN7EXAMPLE:wJalr/XUtnFEMI@")
	fmt.Println(errors.Is(err, secrets.ErrMalformed))
	fmt.Println(err)
	// Output:
	// true
	// malformed URI: port, at byte 27: not a number from 0 to 65535; if this is no port, percent-encode / ? # [ ] in login or password: %2F %3F %23 %5B %5D, write an IPv6 address in brackets, and a : in the host as %3A
}

func ExampleConnection_DecodeExtra() {
	c, err := secrets.ParseJSON(`{"conn_type": "aws", "extra": {"region_name": "eu-west-1", "retries": {"max_attempts": 10}}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	var extra struct {
		Region  string `json:"region_name"`
		Retries struct {
			MaxAttempts int `json:"max_attempts"`
		}
	}
	if err := c.DecodeExtra(&extra); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(extra.Region, extra.Retries.MaxAttempts)
	// Output: eu-west-1 10
}

func ExampleConnection_URI() {
	c := secrets.Connection{
		Type: "google_cloud_platform", Login: "me", Password: secrets.NewSecret("p@ss/word"), Host: "example.com",
		Extra: secrets.NewSecret(`{"project": "sales", "scope": "a b"}`),
	}
	fmt.Println(c.URI())
	fmt.Println(c.URI().Reveal())
	fmt.Println(c.JSON().Reveal())
	// Output:
	// ***
	// google-cloud-platform://me:p%40ss%2Fword@example.com/?project=sales&scope=a+b
	// {"conn_type": "google_cloud_platform", "host": "example.com", "login": "me", "password": "p@ss/word", "extra": {"project": "sales", "scope": "a b"}}
}
