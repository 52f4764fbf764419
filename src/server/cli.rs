//! The command line.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use super::{
    config::Config,
    doctor, secret_key,
    start::{self, StartError},
    telemetry,
};
use crate::storage::Store;

/// A team dashboard with an embedded LLM gateway.
#[derive(Debug, Parser)]
#[command(name = "tallygate", version, about)]
struct Cli {
    /// The configuration file; environment variables win over it.
    #[arg(long, env = "TALLYGATE_CONFIG", default_value = "Leptos.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the product (the default).
    Serve,
    /// Brings the database's schema up to date and stops.
    Migrate,
    /// Accounts that run the platform.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Data to look around with.
    Demo {
        #[command(subcommand)]
        command: DemoCommand,
    },
    /// The key that secrets are sealed with.
    Secrets {
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// Checks configuration, database, secrets and books of an installation.
    Doctor,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Makes an account platform admin, and the account itself where it is missing; prints a link for setting its password.
    Create {
        /// The account's address.
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum SecretsCommand {
    /// Seals every secret with the first key of TALLYGATE_SECRET_KEY. To change the key, set it to `new,old`, start the server again, run
    /// this, and take the old one out.
    Reseal,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Writes demo data into an empty platform, and prints its accounts and a key. Run again, it prints them again.
    Seed {
        /// The same seed gives the same data.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// So many calls besides, of a team of 200 members over 90 days.
        #[arg(long, default_value_t = 0)]
        calls: u64,
    },
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::load(&cli.config) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    telemetry::start(&config.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = runtime.block_on(run(cli.command.unwrap_or(Command::Serve), config));
    // Work on the blocking pool that nobody waits for any more must not hold the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match outcome {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn run(command: Command, config: Config) -> Result<ExitCode, StartError> {
    match command {
        Command::Serve => start::serve(config).await?,
        Command::Migrate => {
            start::make_data_dir(&config.storage.data_dir)?;
            let store = Store::connect(config.storage.database_url.expose()).await?;
            store.migrate().await?;
            store.close().await;
            println!("The database is up to date.");
        }
        Command::Admin { command: AdminCommand::Create { email } } => {
            let services = start::open_services(&config).await?;
            let link = services.create_admin(&email).await?;
            services.store.close().await;
            println!("Set a password within a day at {link}");
        }
        Command::Demo { command: DemoCommand::Seed { seed, calls } } => {
            let _lock = start::lock_data_dir(&config.storage.data_dir)?;
            let services = start::open_services(&config).await?;
            let demo = match calls {
                0 => services.seed_demo(seed).await?,
                calls => services.seed_demo_calls(seed, calls).await?,
            };
            services.store.close().await;
            print!("{demo}");
        }
        Command::Secrets { command: SecretsCommand::Reseal } => {
            let services = start::open_services(&config).await?;
            let resealed = secret_key::reseal(&services).await?;
            services.store.close().await;
            println!("Sealed anew: {} secrets of providers, {} links in mails.", resealed.providers, resealed.mails);
            println!("Only the first key of TALLYGATE_SECRET_KEY is needed from now on.");
        }
        Command::Doctor => return Ok(if doctor::run(&config).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
    }
    Ok(ExitCode::SUCCESS)
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("tallygate: {error}");
    ExitCode::FAILURE
}
