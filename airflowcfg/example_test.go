package airflowcfg_test

import (
	"context"
	"fmt"

	"github.com/secretchain/secrets/airflowcfg"
	_ "github.com/secretchain/secrets/envbackend"
	_ "github.com/secretchain/secrets/localfs"
)

// Nil options find the file as Airflow does; here the file is given, and the environment is blank.
func ExampleOpen() {
	ctx := context.Background()
	chain, err := airflowcfg.Open(ctx, &airflowcfg.Options{
		Path:    "testdata/example/airflow.cfg",
		Environ: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer chain.Close()
	found, err := chain.LookupConnection(ctx, "smtp_default")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Value, "from", found.Layer)
	// Output: smtps://user:***@relay.example.com:465 from localfs
}

func ExampleDescribe() {
	description, err := airflowcfg.Describe(context.Background(), &airflowcfg.Options{
		Path: "testdata/example/airflow.cfg",
		Environ: func(name string) (string, bool) {
			if name == "AIRFLOW__SECRETS__USE_CACHE" {
				return "False", true
			}
			return "", false
		},
	})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(description)
	// Output:
	// Configuration file: testdata/example/airflow.cfg
	//
	// Options
	//   [secrets] backend            airflow.secrets.local_filesystem.LocalFilesystemBackend  airflow.cfg:2
	//   [secrets] backend_kwargs     *** (connections_file_path)                              airflow.cfg:3
	//   [secrets] backends_order     custom,environment_variable,metastore                    default
	//   [database] sql_alchemy_conn  ""                                                       default
	//   [core] fernet_key            ""                                                       default
	//   [secrets] use_cache          False                                                    AIRFLOW__SECRETS__USE_CACHE, hides airflow.cfg:4
	//   [secrets] cache_ttl_seconds  900                                                      default
	//   [core] multi_team            False                                                    default
	//
	// Search path
	//   1  custom                localfs  [secrets] backend is set
	//   2  environment_variable  env      needs no setting
	//   -  metastore             skipped  [database] sql_alchemy_conn is not set
	//
	// Cache: off
}
