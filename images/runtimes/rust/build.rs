//! Puts what the program is made of into `--version`: the compiler, and the libraries as Cargo.lock has them.

use std::{env, fs, process::Command};

fn main() {
    let compiler = Command::new(env::var("RUSTC").unwrap()).arg("--version").output().unwrap().stdout;
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    let version = |name: &str| {
        let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{name}\"\n"))).unwrap();
        entry.split("version = \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let said = String::from_utf8(compiler).unwrap();
    println!(
        "cargo::rustc-env=VERSIONS={}, axum {}, tokio {}, tokio-postgres {}",
        said.trim(),
        version("axum"),
        version("tokio"),
        version("tokio-postgres")
    );
    println!("cargo::rerun-if-changed=Cargo.lock");
}
