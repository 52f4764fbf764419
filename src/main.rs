//! Starts the server.

fn main() -> std::process::ExitCode {
    tallygate::server::cli::main()
}
