//! Cloud providers with settings of their own, walked through on a terminal: what is asked, what Enter alone means, what is
//! written, and what is said to prove the rest.

use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::pty::{Key, Person};

const TALL: (u16, u16) = (45, 110);
/// A key that nothing free of charge proves, with its Enter.
const PASTED: &str = "3f9a1c0e7b2d4856a1f0c9e8d7b6a5f4";

struct Walk {
    args: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    files: &'static [&'static str],
    /// What is seen, and what is answered with Enter.
    steps: &'static [(&'static str, &'static str)],
    /// What goose's config holds in the end.
    written: &'static [(&'static str, &'static str)],
    says: &'static str,
}

const WALKS: [Walk; 8] = [
    Walk {
        args: &["bedrock"],
        environment: &[("AWS_PROFILE", "work"), ("AWS_REGION", "eu-west-1")],
        files: &[".aws/config"],
        steps: &[
            ("Amazon Bedrock: AWS region (eu-west-1)", ""),
            ("Enter uses the credentials of AWS", ""),
            (
                "credentials of AWS are found ($AWS_PROFILE, ~/.aws/config)",
                "",
            ),
            ("Amazon Bedrock: AWS profile in ~/.aws (work)", ""),
        ],
        written: &[("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", "work")],
        says: "`aws sts get-caller-identity` shows whether they are good at all",
    },
    Walk {
        args: &["bedrock"],
        environment: &[],
        files: &[".aws/credentials"],
        steps: &[
            ("AWS region (us-east-1)", "ap-south-1"),
            ("Enter uses the credentials of AWS", ""),
            ("credentials of AWS are found (~/.aws/credentials)", ""),
            ("AWS profile in ~/.aws (default)", ""),
        ],
        written: &[("AWS_REGION", "ap-south-1"), ("AWS_PROFILE", "")],
        says: "aws sts get-caller-identity",
    },
    Walk {
        args: &["sagemaker"],
        environment: &[],
        files: &[".aws/credentials"],
        steps: &[
            ("Amazon SageMaker: endpoint name", "my-endpoint"),
            ("credentials of AWS are found", ""),
            ("Amazon SageMaker: AWS region (us-east-1)", "eu-west-1"),
            ("Amazon SageMaker: AWS profile in ~/.aws (default)", "work"),
        ],
        written: &[
            ("SAGEMAKER_ENDPOINT_NAME", "my-endpoint"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_PROFILE", "work"),
        ],
        says: "aws sts get-caller-identity",
    },
    Walk {
        args: &["vertex"],
        environment: &[],
        files: &[".config/gcloud/application_default_credentials.json"],
        steps: &[
            ("Google Vertex AI: Google Cloud project id", "mine"),
            ("Google Vertex AI: Google Cloud location (us-central1)", ""),
            ("credentials of Google Cloud are found", ""),
        ],
        written: &[("GCP_PROJECT_ID", "mine"), ("GCP_LOCATION", "us-central1")],
        says: "gcloud auth application-default print-access-token",
    },
    Walk {
        args: &["azure"],
        environment: &[],
        files: &[".azure/azureProfile.json"],
        steps: &[
            (
                "Where does Azure OpenAI run? (https://NAME.openai.azure.com)",
                "me.openai.azure.com/openai/v1",
            ),
            ("Azure OpenAI: deployment name", "my-gpt"),
            ("Enter uses the credentials of Azure", ""),
            ("credentials of Azure are found", ""),
        ],
        written: &[
            ("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com"),
            ("AZURE_OPENAI_DEPLOYMENT_NAME", "my-gpt"),
        ],
        says: "az account get-access-token",
    },
    Walk {
        args: &["azure_foundry"],
        environment: &[],
        files: &[".azure/azureProfile.json"],
        steps: &[
            (
                "(https://NAME.services.ai.azure.com)",
                "https://me.services.ai.azure.com",
            ),
            ("Enter uses the credentials of Azure", ""),
            ("credentials of Azure are found", ""),
        ],
        written: &[("AZURE_FOUNDRY_ENDPOINT", "https://me.services.ai.azure.com")],
        says: "az account get-access-token",
    },
    Walk {
        args: &["snowflake"],
        environment: &[],
        files: &[],
        steps: &[
            (
                "Where does Snowflake Cortex run? (https://ACCOUNT.snowflakecomputing.com)",
                "me.snowflakecomputing.com",
            ),
            ("Snowflake Cortex access token (hidden)", PASTED),
            ("Go on with this access token all the same? [Y/n]", ""),
        ],
        written: &[("SNOWFLAKE_HOST", "https://me.snowflakecomputing.com")],
        says: "goose uses Snowflake Cortex",
    },
    Walk {
        args: &["databricks"],
        environment: &[],
        files: &[".config/goose/databricks/oauth/abc.json"],
        steps: &[
            (
                "Where does Databricks run? (https://NAME.cloud.databricks.com)",
                "dbc-1.cloud.databricks.com",
            ),
            (
                "Databricks access token (hidden; Enter lets goose sign in)",
                "",
            ),
        ],
        written: &[("DATABRICKS_HOST", "https://dbc-1.cloud.databricks.com")],
        says: "goose has signed in to Databricks before",
    },
];

#[test]
fn every_cloud_asks_for_what_goose_reads_and_names_the_credentials_it_will_use() {
    for walk in WALKS {
        let internet = Internet::new();
        let mut home = Home::new()
            .online(&internet)
            .with_config("GOOSE_DISABLE_KEYRING: true\n");
        home.set("SHELL", "/bin/bash");
        home.keeps_secret(PASTED);
        for (name, value) in walk.environment {
            home.set(name, value);
        }
        for file in walk.files {
            home.write(file, "{}");
        }
        let mut person = Person::at(&home, TALL, walk.args);
        for (question, answer) in walk.steps {
            person.sees(question);
            if *answer == PASTED {
                person.waits_for_hidden_input();
            }
            person.types(&format!("{answer}\r"));
        }
        person.says_yes_to_the_rest().sees(walk.says).sees("next:");
        person.gives_the_terminal_back(0);
        let config = home.config_yaml();
        for (name, value) in walk.written {
            let written = config[*name].as_str().unwrap_or_default();
            assert_eq!(written, *value, "{:?} {name}", walk.args);
        }
        assert_eq!(internet.strays(), Vec::<String>::new());
    }
}

#[test]
fn credentials_that_are_not_there_are_looked_for_again() {
    let internet = Internet::new();
    let home = Home::new().online(&internet);
    let mut person = Person::at(&home, TALL, &["vertex", "--set", "GCP_PROJECT_ID=mine"]);
    person
        .sees("Google Cloud location")
        .presses(Key::Enter)
        .sees("no credentials of Google Cloud are found on this machine")
        .sees("gcloud auth application-default login")
        .sees("Look again? [Y/n]");
    home.write(".config/gcloud/application_default_credentials.json", "{}");
    person
        .presses(Key::Enter)
        .sees("Go on with them? [Y/n]")
        .presses(Key::Enter)
        .says_yes_to_the_rest();
    person.gives_the_terminal_back(0);
}

#[test]
fn without_credentials_the_next_step_makes_them() {
    let internet = Internet::new();
    let mut home = Home::new().online(&internet);
    home.write_program("bin/goose", "#!/bin/sh\necho 1.52.0\n");
    home.put_on_path("bin");
    let mut person = Person::at(&home, TALL, &["vertex", "--set", "GCP_PROJECT_ID=mine"]);
    person
        .sees("Google Cloud location")
        .presses(Key::Enter)
        .sees("Look again? [Y/n]")
        .types("n")
        .sees("Set it up all the same? [y/N]")
        .types("y")
        .says_yes_to_the_rest()
        .sees("next: run `gcloud auth application-default login`, then run `goose session`");
    person.gives_the_terminal_back(0);
}
