package awswire

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// WebIdentityToken is the one token of a web identity that the server believes.
const WebIdentityToken = "web-identity-token-example"

// RefusedRole is a role that nobody may assume.
const RefusedRole = "arn:aws:iam::" + Account + ":role/refused"

// serveSTS speaks the query protocol.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		writeSTSFailure(w, &Failure{http.StatusBadRequest, "MalformedQueryString", ""})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	action := form.Get("Action")
	var refused error
	switch action {
	case "AssumeRole":
		refused = s.authenticate(r, "sts", body)
	case "AssumeRoleWithWebIdentity":
		if form.Get("WebIdentityToken") != WebIdentityToken {
			refused = &Failure{http.StatusBadRequest, "InvalidIdentityToken", "Token is not supported"}
		}
	default:
		refused = &Failure{http.StatusBadRequest, "InvalidAction", ""}
	}
	call := Call{Operation: "sts." + action}
	for _, name := range []string{"RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "SourceIdentity", "Policy",
		"PolicyArns.member.1.arn", "Tags.member.1.Key", "Tags.member.1.Value", "TransitiveTagKeys.member.1"} {
		if form.Has(name) {
			call.Names = append(call.Names, name+"="+form.Get(name))
		}
	}
	s.calls = append(s.calls, call)
	if refused == nil && form.Get("RoleArn") == RefusedRole {
		refused = &Failure{http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::" + Account + ":user/somebody is not authorized"}
	}
	if f, failed := refused.(*Failure); failed {
		writeSTSFailure(w, f)
		return
	}
	s.made++
	key := aws.Credentials{
		AccessKeyID: "ASIAWIRE" + strconv.Itoa(s.made), SecretAccessKey: "session-" + strconv.Itoa(s.made),
		SessionToken: "token-" + strconv.Itoa(s.made), CanExpire: true, Expires: time.Now().Add(time.Hour),
	}
	s.keys[key.AccessKeyID] = key
	writeXML(w, http.StatusOK, action+"Response", stsResult(action, key, form.Get("RoleSessionName")))
}

func stsResult(action string, key aws.Credentials, session string) string {
	var b strings.Builder
	element := func(name, text string) {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(text))
		b.WriteString("</" + name + ">")
	}
	b.WriteString("<" + action + "Result><Credentials>")
	element("AccessKeyId", key.AccessKeyID)
	element("SecretAccessKey", key.SecretAccessKey)
	element("SessionToken", key.SessionToken)
	element("Expiration", key.Expires.UTC().Format(time.RFC3339))
	b.WriteString("</Credentials><AssumedRoleUser>")
	element("Arn", "arn:aws:sts::"+Account+":assumed-role/role/"+session)
	element("AssumedRoleId", "AROAWIRE:"+session)
	b.WriteString("</AssumedRoleUser></" + action + "Result>")
	return b.String()
}

func writeSTSFailure(w http.ResponseWriter, f *Failure) {
	var message strings.Builder
	_ = xml.EscapeText(&message, []byte(f.Message))
	writeXML(w, f.Status, "ErrorResponse", "<Error><Type>Sender</Type><Code>"+f.Code+"</Code><Message>"+message.String()+"</Message></Error>")
}

func writeXML(w http.ResponseWriter, status int, root, inner string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<" + root + ` xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` + inner + "</" + root + ">"))
}
