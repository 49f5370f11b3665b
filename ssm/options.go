package ssm

import (
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/awsclient"
)

// Options are Airflow's arguments. The zero Options, and nil, are Airflow's defaults. Options are not changed after they
// were given to a function.
type Options struct {
	// AWS says how to reach AWS and log in. Only Open uses it; New refuses it.
	AWS

	// Connections, Variables and Config are the prefixes of the three kinds; backend.Off switches one off.
	// Zero: airflow/connections, airflow/variables, airflow/config.
	Connections backend.Prefix `json:"connections_prefix"`
	Variables   backend.Prefix `json:"variables_prefix"`
	Config      backend.Prefix `json:"config_prefix"`
	// ConnectionsPattern, VariablesPattern and ConfigPattern limit which ids are looked up, and paid for. Zero: all.
	ConnectionsPattern backend.Pattern `json:"connections_lookup_pattern"`
	VariablesPattern   backend.Pattern `json:"variables_lookup_pattern"`
	ConfigPattern      backend.Pattern `json:"config_lookup_pattern"`
	// Team is the team whose own names are looked up first. "": no teams.
	Team string
}

// The parts of Options that both stores on AWS share.
type (
	// AWS says how to reach AWS and log in. Zero: as every AWS program does, by the AWS_ environment variables, the
	// shared configuration files, container credentials and instance metadata. Its fields, and Airflow's names for them:
	//
	//	Region, Profile                    region_name, profile_name
	//	AccessKeyID                        aws_access_key_id
	//	SecretAccessKey, SessionToken      aws_secret_access_key, aws_session_token (a secrets.Secret each)
	//	RoleARN, AssumeRole                role_arn, assume_role_kwargs
	//	AssumeRoleMethod                   assume_role_method: assume_role, assume_role_with_web_identity
	//	WebIdentityFederation              assume_role_with_web_identity_federation: file, google
	//	WebIdentityTokenFile               assume_role_with_web_identity_token_file
	//	WebIdentityAudience                assume_role_with_web_identity_federation_audience
	//	Endpoint                           endpoint_url; not for STS
	//	Endpoints                          service_config: URLs by "ssm" and "sts"
	//	Client                             config_kwargs
	//	Verify                             verify
	//	UseSSL, APIVersion                 use_ssl, api_version
	AWS = awsclient.Options
	// AssumeRole holds further parameters of the login to AWS.RoleARN: SessionName, ExternalID, DurationSeconds, Policy,
	// PolicyARNs, Tags, TransitiveTagKeys, SourceIdentity.
	AssumeRole = awsclient.AssumeRole
	// ClientConfig tunes the SDK's client: MaxAttempts (0: 3), RetryMode ("standard", "adaptive"), ConnectTimeout (0: 10 s),
	// ReadTimeout (0: 20 s), MaxConnections, Proxies by scheme, ClientCert and ClientKey, FIPS, DualStack, AppID.
	ClientConfig = awsclient.ClientConfig
	// Verify is how the server's certificate is checked: the path of a CABundle, or Off for tests.
	Verify = awsclient.Verify
)
