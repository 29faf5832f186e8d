//! The `domcaps` program: everything is in the library, so that tests call the same function.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    domcaps::run(&arguments, &mut std::io::stdout().lock(), &mut std::io::stderr().lock())
}
