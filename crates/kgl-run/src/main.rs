//! `kgl-run`: a verb of a competition becomes a run. The manual is the crate's.

fn main() -> kgl_cli::Exit {
    kgl_cli::main(kgl_run::run)
}
