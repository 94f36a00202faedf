//! The `kgl-inspect` program; all of it is in the library.

fn main() -> kgl_cli::Exit {
    kgl_cli::main(kgl_inspect::run)
}
