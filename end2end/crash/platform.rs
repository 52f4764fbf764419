//! The product's own binary over a data directory and a database, and what a team with a key needs.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tallygate::{
    domain::{
        api_keys::NewApiKey,
        catalog::{Deployment, Modality, NewModel, Prices, Tier},
        money::{DOLLAR, Price},
        teams::{AccessMode, NewTeam},
        time::UnixMs,
    },
    server::{config::Config, start::open_services},
    service::{Caller, Services, accounts::new_account::NewAccount, catalog::ProviderInput},
};

/// An installation.
pub struct Platform {
    folder: tempfile::TempDir,
    database_url: String,
    binary: PathBuf,
}

impl Platform {
    /// An empty one. The binary is copied, so that a build in between does not change what is tested.
    pub fn new(database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let binary = folder.path().join("tallygate");
        let of_tests = env!("CARGO_BIN_EXE_tallygate").into();
        std::fs::copy(std::env::var_os("TALLYGATE_TEST_SERVER").unwrap_or(of_tests), &binary).expect("the binary is there");
        let database_url =
            database_url.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("data/tallygate.db").display()));
        Self { folder, database_url, binary }
    }

    /// Its data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn variables(&self) -> [(&'static str, String); 7] {
        [
            ("TALLYGATE_DATA_DIR", self.data_dir().display().to_string()),
            ("TALLYGATE_DATABASE_URL", self.database_url.clone()),
            ("TALLYGATE_ALLOWED_UPSTREAMS", "127.0.0.1".into()),
            ("TALLYGATE_METRICS_ADDR", "off".into()),
            ("TALLYGATE_LOG", "warn".into()),
            ("TALLYGATE_SECRET_KEY", "07".repeat(32)),
            ("LEPTOS_ENV", "PROD".into()),
        ]
    }

    /// Services over the same database, beside the server.
    pub async fn services(&self) -> Services {
        let variables = self.variables();
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let config = Config::read("", &find).expect("a configuration");
        open_services(&config).await.expect("services start")
    }

    /// A team that may call the model `witness` at an upstream; gives a key.
    pub async fn set_up(&self, upstream: &str) -> String {
        let services = self.services().await;
        let mut tx = services.store.begin().await.expect("a transaction");
        let account = NewAccount {
            email: "maya@northwind.example".into(),
            email_normalized: "maya@northwind.example".into(),
            name: "Maya Okafor".into(),
            password_hash: "!".into(),
            platform_admin: true,
            email_confirmed: true,
            at: services.clock.now(),
        };
        let owner = Caller::system(services.insert_account(&mut tx, &account).await.expect("an account"));
        tx.commit().await.expect("it commits");
        let provider = ProviderInput {
            name: "witness".into(),
            kind: "openai".into(),
            base_url: upstream.into(),
            ..ProviderInput::default()
        };
        services.create_provider(&owner, provider).await.expect("a provider");
        let model = NewModel {
            name: "witness".into(),
            aliases: vec![],
            tier: Tier::General,
            modality: Modality::Chat,
            prices: Prices { input: Some(Price(3 * DOLLAR)), cached: None, output: Some(Price(15 * DOLLAR)) },
            context_window: 100_000,
            max_output: 1_000,
            default_output: None,
            tokenizer: None,
            prices_from: None,
            restricted: Some(false),
            enabled: true,
            deployments: vec![Deployment { provider: "witness".into(), model: "upstream".into() }],
        };
        services.create_model(&owner, model).await.expect("a model");
        let new = NewTeam {
            name: "Atlas".into(),
            slug: Some("atlas".into()),
            organization: String::new(),
            mode: AccessMode::Inherit,
            self_service: true,
        };
        services.create_team_with_organization(&owner, "Northwind Labs", new).await.expect("a team");
        let key = NewApiKey::parse("load", "", None::<UnixMs>, services.clock.now()).expect("a key's input");
        let key = services.create_key(&owner, "atlas", key).await.expect("a key");
        services.store.close().await;
        key.key
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&self) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let url = format!("http://127.0.0.1:{port}");
        let process = Command::new(&self.binary)
            .arg("serve")
            .env_clear()
            .envs(self.variables())
            .env("TALLYGATE_ADDR", format!("127.0.0.1:{port}"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .stdin(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut server = Server { process, url };
        let begun = Instant::now();
        while !is_ready(&server.url).await {
            assert!(server.process.try_wait().expect("a state").is_none(), "the server ended by itself");
            assert!(begun.elapsed() < Duration::from_secs(30), "the server is not ready after 30 s");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }
}

async fn is_ready(url: &str) -> bool {
    reqwest::get(format!("{url}/readyz")).await.is_ok_and(|answer| answer.status() == 200)
}

/// A running server.
pub struct Server {
    process: Child,
    pub url: String,
}

impl Server {
    /// SIGKILL. When this returns the process is gone.
    pub fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// SIGTERM: gives whether it ended well.
    pub async fn stop(mut self) -> bool {
        let told = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status().expect("kill runs");
        assert!(told.success());
        let begun = Instant::now();
        loop {
            match self.process.try_wait().expect("a state") {
                Some(status) => return status.success(),
                None => assert!(begun.elapsed() < Duration::from_secs(45), "the server does not stop"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test must not leave a server behind; of one that has ended already there is nothing to kill.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
